/* Functions of a module by their addresses, from its DWARF. */

#ifndef MT_SYM_DWARF_H
#define MT_SYM_DWARF_H

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MT_SYM_FRAMES	128

/* A function; addresses are those of the DWARF. */
struct mt_sym_function {
	uint64_t	low;
	uint64_t	high;
	Dwarf_Die	die;
};

/* A range of addresses of a compilation unit. */
struct mt_sym_range {
	uint64_t	low;
	uint64_t	high;
	uint32_t	unit;
};

/* Its functions are looked for when the first is wanted. */
struct mt_sym_unit {
	Dwarf_Die		 die;
	struct mt_sym_function	*function;
	size_t			 n;
	size_t			 cap;
	bool			 is_read;
};

struct mt_sym_dwarf {
	struct mt_sym_unit	*unit;
	size_t			 nunits;
	size_t			 units_cap;
	struct mt_sym_range	*range;		/* sorted */
	size_t			 nranges;
	size_t			 ranges_cap;
	uint64_t		 bias;	/* of the module's addresses */
};

/* One of the functions at an address. */
struct mt_sym_frame {
	const char	*name;		/* NULL: none */
	bool		 is_linkage;	/* a symbol's: it may be mangled */
	const char	*file;		/* NULL: unknown */
	int		 line;		/* 0: unknown */
};

/* False if out of memory.  Without DWARF there are no units. */
bool	mt_sym_dwarf_init(struct mt_sym_dwarf *, Dwfl_Module *);
void	mt_sym_dwarf_fini(struct mt_sym_dwarf *);

/*
 * The functions at an address, the outermost first.  If only file and line
 * are known, it is one frame without a name.
 */
size_t	mt_sym_dwarf_find(struct mt_sym_dwarf *, uint64_t,
	    struct mt_sym_frame[MT_SYM_FRAMES]);

#endif /* MT_SYM_DWARF_H */
