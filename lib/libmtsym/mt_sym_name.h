/*
 * Names of functions as people write them.  C++ is demangled by the C++
 * library of the system, if there is one: whoever runs C++ has it.
 */

#ifndef MT_SYM_NAME_H
#define MT_SYM_NAME_H

struct mt_sym_namer;

/* NULL if out of memory. */
struct mt_sym_namer *mt_sym_namer_new(void);
void	mt_sym_namer_free(struct mt_sym_namer *);

/*
 * The name that a symbol stands for, without version and without what the
 * compiler appended to parts and copies of a function.  Valid until the next
 * call.
 */
const char *mt_sym_name(struct mt_sym_namer *, const char *symbol);

#endif /* MT_SYM_NAME_H */
