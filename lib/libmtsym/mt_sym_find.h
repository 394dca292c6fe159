/*
 * The file of a module.  A file may have been replaced since the run, and
 * names from another one would be wrong, so its build-id has to be that of
 * the module.  Where the module has none, nothing may have touched the file
 * since the run began.  If the file is gone or another one, the debug file of
 * that build-id will do.
 */

#ifndef MT_SYM_FIND_H
#define MT_SYM_FIND_H

#include <memtrace.h>

#define MT_SYM_NOTE	200	/* bytes */

/*
 * A descriptor of the file, or -1.  The note is "" or says what is wrong,
 * which does not mean that there is no descriptor.
 */
int	mt_sym_find(const struct mt_module *, uint64_t start_time_ns,
	    char note[MT_SYM_NOTE]);

#endif /* MT_SYM_FIND_H */
