/*
 * Symbols of Rust that begin with _R, between the files that read them.  The
 * grammar is that of "v0" in the book of rustc.
 */

#ifndef MT_SYM_RUST_V0_H
#define MT_SYM_RUST_V0_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MT_SYM_RUST_DEPTH	128u	/* of things within things */
#define MT_SYM_RUST_MAX		65536u	/* bytes of a name */

struct mt_sym_rust {
	const char	*s;		/* behind _R */
	size_t		 len;
	size_t		 at;
	unsigned	 depth;
	unsigned	 lifetimes;	/* bound where we are */
	bool		 quiet;		/* read, but do not write */
	bool		 bad;		/* it makes no sense; final */
	char		*out;		/* malloc(3) */
	size_t		 n;
	size_t		 cap;
};

/* ---- mt_sym_rust.c ---- */

void	mt_sym_rust_put(struct mt_sym_rust *, const char *, size_t);
void	mt_sym_rust_text(struct mt_sym_rust *, const char *);
void	mt_sym_rust_number(struct mt_sym_rust *, uint64_t);

/* ---- mt_sym_rust_path.c ---- */

/* The next character, and nothing else, is taken if it is that one. */
bool	mt_sym_rust_eat(struct mt_sym_rust *, char);
/* The next character; NUL and bad at the end. */
char	mt_sym_rust_next(struct mt_sym_rust *);
uint64_t mt_sym_rust_base62(struct mt_sym_rust *);
/* One more than a number behind this tag, or 0 without the tag. */
uint64_t mt_sym_rust_optional(struct mt_sym_rust *, char tag);
/* A name; where it is. */
void	mt_sym_rust_identifier(struct mt_sym_rust *, const char **, size_t *,
	    bool *punycode);
void	mt_sym_rust_put_identifier(struct mt_sym_rust *, const char *, size_t,
	    bool punycode);
/*
 * Something within something; false, and bad, if it is too deep.  Each true
 * needs a leave.
 */
bool	mt_sym_rust_enter(struct mt_sym_rust *);
void	mt_sym_rust_leave(struct mt_sym_rust *);
/* Read again what is at an earlier place, with this function. */
void	mt_sym_rust_again(struct mt_sym_rust *,
	    void (*)(struct mt_sym_rust *, bool), bool);
/* A path; as a value, generic arguments have "::" in front. */
void	mt_sym_rust_path(struct mt_sym_rust *, bool value);
/* The same, but a list of generic arguments may stay open. */
bool	mt_sym_rust_open_path(struct mt_sym_rust *);

/* ---- mt_sym_rust_type.c ---- */

void	mt_sym_rust_type(struct mt_sym_rust *, bool);
void	mt_sym_rust_const(struct mt_sym_rust *, bool);
/* A lifetime by its number: 0 is '_, 1 the innermost that is bound. */
void	mt_sym_rust_lifetime(struct mt_sym_rust *, uint64_t);

#endif /* MT_SYM_RUST_V0_H */
