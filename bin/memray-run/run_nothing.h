/* Why nothing was recorded. */

#ifndef RUN_NOTHING_H
#define RUN_NOTHING_H

struct mt_collect_result;
struct run_ran;

/* Print a line about it, of what is known for certain. */
void	run_nothing(const struct mt_collect_result *, const struct run_ran *);

#endif /* RUN_NOTHING_H */
