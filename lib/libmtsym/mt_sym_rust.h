/* Names of functions of Rust, of both manners of mangling. */

#ifndef MT_SYM_RUST_H
#define MT_SYM_RUST_H

/*
 * The name, without hashes, to be freed; NULL if the symbol is not Rust's,
 * makes no sense, or there is no memory.
 */
char	*mt_sym_rust(const char *symbol);

#endif /* MT_SYM_RUST_H */
