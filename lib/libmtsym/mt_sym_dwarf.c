/*
 * Functions by address, from DWARF.  Ranges of units and functions are found
 * once and kept, since libdw's own way goes through all of a unit for every
 * address.
 */

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "mt_sym_dwarf.h"

#define DEPTH	64	/* of DIEs within DIEs */

static bool
grow(void **p, size_t *cap, size_t n, size_t size)
{
	size_t want = *cap == 0 ? 64 : 2 * *cap;
	void *q;

	if (n < *cap)
		return (true);
	q = reallocarray(*p, want, size);
	if (q == NULL)
		return (false);
	*p = q;
	*cap = want;
	return (true);
}

/* ---- Units ------------------------------------------------------------ */

static bool
add_range(struct mt_sym_dwarf *d, uint64_t low, uint64_t high)
{
	void *p = d->range;

	if (!grow(&p, &d->ranges_cap, d->nranges, sizeof(*d->range)))
		return (false);
	d->range = p;
	d->range[d->nranges].low = low;
	d->range[d->nranges].high = high;
	d->range[d->nranges++].unit = (uint32_t)d->nunits;
	return (true);
}

static bool
add_unit(struct mt_sym_dwarf *d, Dwarf_Die *die)
{
	Dwarf_Addr base, low, high;
	void *p = d->unit;
	ptrdiff_t at = 0;

	if (!grow(&p, &d->units_cap, d->nunits, sizeof(*d->unit)))
		return (false);
	d->unit = p;
	memset(&d->unit[d->nunits], 0, sizeof(*d->unit));
	d->unit[d->nunits].die = *die;
	while ((at = dwarf_ranges(die, at, &base, &low, &high)) > 0)
		if (low < high && !add_range(d, low, high))
			return (false);
	d->nunits++;
	return (true);
}

static int
compare_ranges(const void *va, const void *vb)
{
	const struct mt_sym_range *a = va, *b = vb;

	if (a->low != b->low)
		return (a->low < b->low ? -1 : 1);
	return (a->unit < b->unit ? -1 : a->unit > b->unit);
}

bool
mt_sym_dwarf_init(struct mt_sym_dwarf *d, Dwfl_Module *mod)
{
	Dwarf_Die *die = NULL;
	Dwarf_Addr bias;

	memset(d, 0, sizeof(*d));
	if (dwfl_module_getdwarf(mod, &bias) == NULL)
		return (true);
	d->bias = bias;
	while ((die = dwfl_module_nextcu(mod, die, &bias)) != NULL)
		if (!add_unit(d, die))
			return (false);
	if (d->nranges > 0)
		qsort(d->range, d->nranges, sizeof(*d->range),
		    compare_ranges);
	return (true);
}

void
mt_sym_dwarf_fini(struct mt_sym_dwarf *d)
{
	size_t i;

	for (i = 0; i < d->nunits; i++)
		free(d->unit[i].function);
	free(d->unit);
	free(d->range);
	memset(d, 0, sizeof(*d));
}

/* The unit of the last range that begins before the address, if it is in. */
static struct mt_sym_unit *
find_unit(struct mt_sym_dwarf *d, uint64_t pc)
{
	size_t low = 0, high = d->nranges, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (d->range[mid].low <= pc)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == 0 || pc >= d->range[low - 1].high)
		return (NULL);
	return (&d->unit[d->range[low - 1].unit]);
}

/* ---- Functions of a unit ---------------------------------------------- */

static bool
add_function(struct mt_sym_unit *u, Dwarf_Die *die)
{
	Dwarf_Addr base, low, high;
	struct mt_sym_function *f;
	ptrdiff_t at = 0;
	void *p;

	while ((at = dwarf_ranges(die, at, &base, &low, &high)) > 0) {
		if (low >= high)
			continue;
		p = u->function;
		if (!grow(&p, &u->cap, u->n, sizeof(*f)))
			return (false);
		u->function = p;
		f = &u->function[u->n++];
		f->low = low;
		f->high = high;
		f->die = *die;
	}
	return (true);
}

/* Functions are in units, in name spaces and in classes. */
static bool
read_functions(struct mt_sym_unit *u, Dwarf_Die *parent, unsigned depth)
{
	Dwarf_Die die;

	if (depth == 0 || dwarf_child(parent, &die) != 0)
		return (true);
	do {
		switch (dwarf_tag(&die)) {
		case DW_TAG_subprogram:
			if (!add_function(u, &die))
				return (false);
			break;
		case DW_TAG_namespace:
		case DW_TAG_class_type:
		case DW_TAG_structure_type:
		case DW_TAG_union_type:
		case DW_TAG_enumeration_type:
		case DW_TAG_module:
		case DW_TAG_imported_unit:
			if (!read_functions(u, &die, depth - 1))
				return (false);
			break;
		default:
			break;
		}
	} while (dwarf_siblingof(&die, &die) == 0);
	return (true);
}

static int
compare_functions(const void *va, const void *vb)
{
	const struct mt_sym_function *a = va, *b = vb;

	return (a->low < b->low ? -1 : a->low > b->low);
}

static const struct mt_sym_function *
find_function(struct mt_sym_unit *u, uint64_t pc)
{
	size_t low = 0, high, mid;

	if (!u->is_read) {
		u->is_read = true;
		(void)read_functions(u, &u->die, DEPTH);
		if (u->n > 0)
			qsort(u->function, u->n, sizeof(*u->function),
			    compare_functions);
	}
	for (high = u->n; low < high;) {
		mid = low + (high - low) / 2;
		if (u->function[mid].low <= pc)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == 0 || pc >= u->function[low - 1].high)
		return (NULL);
	return (&u->function[low - 1]);
}

/* ---- Frames ----------------------------------------------------------- */

static void
set_name(struct mt_sym_frame *f, Dwarf_Die *die)
{
	Dwarf_Attribute attr;

	f->name = NULL;
	f->is_linkage = true;
	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attr) != NULL ||
	    dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attr) != NULL)
		f->name = dwarf_formstring(&attr);
	if (f->name != NULL)
		return;
	f->is_linkage = false;
	if (dwarf_attr_integrate(die, DW_AT_name, &attr) != NULL)
		f->name = dwarf_formstring(&attr);
}

static Dwarf_Word
number(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attr;
	Dwarf_Word v;

	if (dwarf_attr(die, name, &attr) == NULL ||
	    dwarf_formudata(&attr, &v) != 0)
		return (0);
	return (v);
}

/* Where the function that was inlined is called: in the frame around it. */
static void
set_call(struct mt_sym_frame *f, Dwarf_Die *unit, Dwarf_Die *inlined)
{
	Dwarf_Word file = number(inlined, DW_AT_call_file);
	Dwarf_Word line = number(inlined, DW_AT_call_line);
	Dwarf_Files *files;
	size_t n;

	if (dwarf_getsrcfiles(unit, &files, &n) == 0 && file < n)
		f->file = dwarf_filesrc(files, file, NULL, NULL);
	f->line = line <= INT32_MAX ? (int)line : 0;
}

/* Is it one of those that can have inlined functions in them? */
static bool
is_block(Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_inlined_subroutine:
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
		return (true);
	default:
		return (false);
	}
}

/* The child that is around the address; false if there is none. */
static bool
child_at(Dwarf_Die *parent, uint64_t pc, Dwarf_Die *die)
{
	if (dwarf_child(parent, die) != 0)
		return (false);
	do {
		if (is_block(die) && dwarf_haspc(die, pc) > 0)
			return (true);
	} while (dwarf_siblingof(die, die) == 0);
	return (false);
}

static size_t
inlined(Dwarf_Die *unit, const Dwarf_Die *function, uint64_t pc,
    struct mt_sym_frame *frame)
{
	Dwarf_Die die = *function, child;
	unsigned depth;
	size_t n = 1;

	set_name(&frame[0], &die);
	for (depth = 0; depth < DEPTH * 4 && child_at(&die, pc, &child);
	    depth++) {
		die = child;
		if (dwarf_tag(&die) != DW_TAG_inlined_subroutine)
			continue;
		if (n == MT_SYM_FRAMES)
			break;
		set_call(&frame[n - 1], unit, &die);
		memset(&frame[n], 0, sizeof(*frame));
		set_name(&frame[n++], &die);
	}
	return (n);
}

size_t
mt_sym_dwarf_find(struct mt_sym_dwarf *d, uint64_t address,
    struct mt_sym_frame frame[MT_SYM_FRAMES])
{
	const struct mt_sym_function *f;
	uint64_t pc = address - d->bias;
	struct mt_sym_unit *u;
	Dwarf_Line *line;
	size_t n = 1;

	u = find_unit(d, pc);
	if (u == NULL)
		return (0);
	memset(&frame[0], 0, sizeof(*frame));
	f = find_function(u, pc);
	if (f != NULL)
		n = inlined(&u->die, &f->die, pc, frame);
	line = dwarf_getsrc_die(&u->die, pc);
	if (line == NULL)
		return (f == NULL ? 0 : n);
	frame[n - 1].file = dwarf_linesrc(line, NULL, NULL);
	if (dwarf_lineno(line, &frame[n - 1].line) != 0 ||
	    frame[n - 1].line < 0)
		frame[n - 1].line = 0;
	return (n);
}
