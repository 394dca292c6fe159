/* A process that reads modules, one after the other. */

#ifndef MT_SYM_CHILD_H
#define MT_SYM_CHILD_H

#include <sys/types.h>

#include <stdatomic.h>

#include <memtrace.h>

/*
 * What all children share.  Modules that are the same are a group: those at
 * places start[g] to start[g + 1] - 1 of the order.
 */
struct mt_sym_work {
	const struct mt_module	*module;
	uint32_t		*order;		/* of their numbers */
	uint32_t		*start;
	uint32_t		 ngroups;
	uint64_t		 start_time_ns;
	_Atomic uint32_t	*next;		/* group, in shared memory */
	_Atomic uint32_t	*spent_ms;	/* of processors; likewise */
};

/* Memory that it may take for a module in a file of so many bytes. */
uint64_t mt_sym_child_memory(uint64_t file_bytes);

/* Start one.  Returns its pid and where to read from, or -1. */
pid_t	mt_sym_child(const struct mt_sym_work *, int *fd);

#endif /* MT_SYM_CHILD_H */
