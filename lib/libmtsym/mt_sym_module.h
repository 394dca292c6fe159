/* One module: everything that is known of its addresses. */

#ifndef MT_SYM_MODULE_H
#define MT_SYM_MODULE_H

#include <elfutils/libdwfl.h>

#include <memtrace.h>

#include "mt_sym_dwarf.h"
#include "mt_sym_find.h"
#include "mt_sym_table.h"
#include "mt_sym_wire.h"

struct mt_sym_namer;

struct mt_sym_module {
	char			 note[MT_SYM_NOTE];
	bool			 is_open;	/* there is something in it */
	bool			 is_expected;	/* the note is */
	Dwfl			*dwfl;
	Dwfl_Module		*mod;
	uint64_t		 bias;	/* from the module's addresses */
	struct mt_sym_table	 table;
	struct mt_sym_dwarf	 dwarf;
	struct mt_sym_namer	*namer;
};

/* What cannot be had is left out and noted. */
void	mt_sym_module_open(struct mt_sym_module *, const struct mt_module *,
	    uint64_t start_time_ns);
void	mt_sym_module_close(struct mt_sym_module *);

/*
 * Put a message about the addresses: the note; whether it is an expected
 * one; for each address the number of its frames; and for each of these, the
 * outermost first, function, file and line.
 */
void	mt_sym_module_put(struct mt_sym_module *, const struct mt_module *,
	    struct mt_sym_out *);

#endif /* MT_SYM_MODULE_H */
