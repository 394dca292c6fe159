/*
 * How much memory may be spent on a file: so much for any, and so much more
 * for each of its bytes, so that a small file cannot take a machine down.
 *
 * Every table that is made of a file is charged to an account, struct
 * mt_budget, before memory is allocated for it.  Accounts of what is open at
 * the same time share a pool, which has the limit: those of a file, of what
 * is made of it for a while, and of a report on several files, whose limit is
 * the sum of theirs.  When an account is closed, all that was charged to it
 * is free for others, so only what is freed before need be given back.
 *
 * Where an account is a pointer, NULL stands for one without a limit: the
 * tables of a program that runs are charged to nobody.
 */

#ifndef MT_BUDGET_H
#define MT_BUDGET_H

#include "memtrace.h"

#define MT_BUDGET_BASE		UINT64_C(64000000)
#define MT_BUDGET_PER_BYTE	256

struct mt_pool;

/* All zeroes: no limit yet. */
struct mt_budget {
	struct mt_pool	*pool;
	uint64_t	 used;
	uint64_t	 wanted;	/* when more was refused: of the pool */
};

/*
 * An account with a pool for a file of so many bytes; MEMTRACE_MEMORY_MAX in
 * the environment is another limit.
 */
enum mt_status	mt_budget_open(struct mt_budget *, uint64_t bytes,
		    struct mt_error *);
/* The file has become longer by so many bytes. */
void		mt_budget_extend(struct mt_budget *, uint64_t bytes);
/* Charge an account to the pool of another one, and its own pool with it. */
void		mt_budget_share(struct mt_budget *,
		    const struct mt_budget *with);
void		mt_budget_close(struct mt_budget *);

/* Charge bytes; false if there are not as many left. */
bool		mt_budget_take(struct mt_budget *, uint64_t bytes);
/* Give back what was charged before; more than that is all of it. */
void		mt_budget_give(struct mt_budget *, uint64_t bytes);

/*
 * As malloc(3), calloc(3), realloc(3) and free(3); NULL also if an account
 * refuses, which leaves everything as it was.  Sizes are those charged.
 */
void		*mt_budget_malloc(struct mt_budget *, size_t bytes);
void		*mt_budget_calloc(struct mt_budget *, size_t n, size_t size);
void		*mt_budget_realloc(struct mt_budget *, void *, size_t old,
		    size_t bytes);
void		 mt_budget_free(struct mt_budget *, void *, size_t bytes);
/* Make *p, of *cap members of that size, hold n; false if it cannot. */
bool		 mt_budget_grow(struct mt_budget *, void **p, size_t *cap,
		    size_t n, size_t size);

/*
 * What to return instead of a status: if memory was missing because an
 * account refused it, the error says how much was wanted.
 */
enum mt_status	mt_budget_status(const struct mt_budget *, enum mt_status,
		    struct mt_error *);

#endif /* MT_BUDGET_H */
