/* Processes that are not recorded, in the result of a run. */

#ifndef MT_COLLECT_UNTRACED_H
#define MT_COLLECT_UNTRACED_H

#include <sys/types.h>

#include "mt_collect.h"
#include "mt_hello.h"

/* A line about a process; what it runs may be "". */
void	mt_collect_untraced_add(struct mt_collect_result *, pid_t,
	    const char *what, const char *why);

/* Hellos of MT_HELLO_UNSUPPORTED, MT_HELLO_UNTRACEABLE, MT_HELLO_OPAQUE. */
void	mt_collect_untraced_version(struct mt_collect_result *, pid_t,
	    const struct mt_hello *);
void	mt_collect_untraced_python(struct mt_collect_result *, pid_t,
	    const struct mt_hello *);
void	mt_collect_untraced_opaque(struct mt_collect_result *,
	    const struct mt_hello *);

#endif /* MT_COLLECT_UNTRACED_H */
