/*
 * The file of a module.  A file may have been replaced since the run, and
 * names from another one would be wrong, so its build-id has to be that of
 * the module.  Where the module has none, nothing may have touched the file
 * since the run began.  If the file is gone or another one, the debug file of
 * that build-id will do.
 */

#ifndef MT_SYM_FIND_H
#define MT_SYM_FIND_H

#include <stdbool.h>

#include <memtrace.h>

#define MT_SYM_NOTE	200	/* bytes */

/*
 * A descriptor of the file, or -1.  The note is "" or says what is wrong,
 * which does not mean that there is no descriptor.
 */
int	mt_sym_find(const struct mt_module *, uint64_t start_time_ns,
	    char note[MT_SYM_NOTE]);

/*
 * Whether servers may be asked: their library keeps what they say in a
 * directory that the environment names, and that may be somebody else's.
 */
bool	mt_sym_find_may_ask(void);

#endif /* MT_SYM_FIND_H */
