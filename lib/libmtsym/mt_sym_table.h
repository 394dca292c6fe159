/*
 * Symbols of a module by their addresses: .symtab, or .dynsym and what
 * .gnu_debugdata has besides, of the module or its debug file.
 */

#ifndef MT_SYM_TABLE_H
#define MT_SYM_TABLE_H

#include <elfutils/libdwfl.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mt_sym_symbol {
	uint64_t	 address;
	uint64_t	 size;		/* 0: unknown */
	const char	*name;
	uint32_t	 rank;		/* the highest of an address counts */
};

struct mt_sym_table {
	struct mt_sym_symbol	*symbol;
	size_t			 n;
	size_t			 cap;
	bool			 is_full;	/* local functions are there */
};

/* False if out of memory.  Names live as long as the module. */
bool		 mt_sym_table_init(struct mt_sym_table *, Dwfl_Module *);
void		 mt_sym_table_fini(struct mt_sym_table *);
/* The function at an address, or NULL: never just the nearest one. */
const char	*mt_sym_table_find(const struct mt_sym_table *, uint64_t);

#endif /* MT_SYM_TABLE_H */
