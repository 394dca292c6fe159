/* Symbols by address. */

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "mt_sym_table.h"

/* How far back a symbol is looked for that is around another one. */
#define BACK	16u

/* A symbol without a size ends here, whatever follows. */
#define UNSIZED	65536u

static bool
is_code(Elf *elf, GElf_Word shndx)
{
	GElf_Shdr shdr;
	Elf_Scn *scn;

	if (shndx == SHN_UNDEF || shndx >= SHN_LORESERVE)
		return (false);
	scn = elf_getscn(elf, shndx);
	return (scn != NULL && gelf_getshdr(scn, &shdr) != NULL &&
	    (shdr.sh_flags & SHF_EXECINSTR) != 0);
}

/*
 * Of several names at one address: what has a size, is a function, and is
 * public; then the name with the fewest underscores in front, and the
 * shortest.
 */
static uint32_t
rank(const GElf_Sym *sym, const char *name)
{
	unsigned type = GELF_ST_TYPE(sym->st_info);
	unsigned bind = GELF_ST_BIND(sym->st_info);
	size_t under = strspn(name, "_"), len = strlen(name);
	uint32_t r = 0;

	r |= sym->st_size > 0 ? 1u << 30 : 0;
	r |= type != STT_NOTYPE ? 1u << 29 : 0;
	r |= bind == STB_GLOBAL ? 2u << 27 : bind == STB_WEAK ? 1u << 27 : 0;
	r |= (under < 7 ? 7 - (uint32_t)under : 0) << 20;
	r |= len < 0xffff ? 0xffff - (uint32_t)len : 0;
	return (r);
}

static bool
add(struct mt_sym_table *t, const struct mt_sym_symbol *s)
{
	struct mt_sym_symbol *p;
	size_t cap;

	if (t->n == t->cap) {
		cap = t->cap == 0 ? 1024 : 2 * t->cap;
		p = reallocarray(t->symbol, cap, sizeof(*p));
		if (p == NULL)
			return (false);
		t->symbol = p;
		t->cap = cap;
	}
	t->symbol[t->n++] = *s;
	return (true);
}

/* False if out of memory. */
static bool
add_symbol(struct mt_sym_table *t, Dwfl_Module *mod, int i)
{
	struct mt_sym_symbol s;
	GElf_Word shndx;
	GElf_Addr addr;
	unsigned type;
	GElf_Sym sym;
	Elf *elf;

	s.name = dwfl_module_getsym_info(mod, i, &sym, &addr, &shndx, &elf,
	    NULL);
	if (s.name == NULL || *s.name == '\0' || *s.name == '$' ||
	    shndx == SHN_UNDEF)
		return (true);
	type = GELF_ST_TYPE(sym.st_info);
	if (type != STT_FUNC && type != STT_GNU_IFUNC &&
	    (type != STT_NOTYPE || elf == NULL || !is_code(elf, shndx)))
		return (true);
	if (type == STT_FUNC && GELF_ST_BIND(sym.st_info) == STB_LOCAL)
		t->is_full = true;
	s.address = addr;
	s.size = sym.st_size;
	s.rank = rank(&sym, s.name);
	return (add(t, &s));
}

static int
compare(const void *va, const void *vb)
{
	const struct mt_sym_symbol *a = va, *b = vb;

	if (a->address != b->address)
		return (a->address < b->address ? -1 : 1);
	if (a->rank != b->rank)
		return (a->rank > b->rank ? -1 : 1);
	return (strcmp(a->name, b->name));
}

bool
mt_sym_table_init(struct mt_sym_table *t, Dwfl_Module *mod)
{
	int i, n = dwfl_module_getsymtab(mod);
	size_t k, to = 0;

	memset(t, 0, sizeof(*t));
	for (i = 1; i < n; i++)
		if (!add_symbol(t, mod, i))
			return (false);
	if (t->n == 0)
		return (true);
	qsort(t->symbol, t->n, sizeof(*t->symbol), compare);
	for (k = 1; k < t->n; k++)
		if (t->symbol[k].address != t->symbol[to].address)
			t->symbol[++to] = t->symbol[k];
	t->n = to + 1;
	return (true);
}

void
mt_sym_table_fini(struct mt_sym_table *t)
{
	free(t->symbol);
	memset(t, 0, sizeof(*t));
}

const char *
mt_sym_table_find(const struct mt_sym_table *t, uint64_t address)
{
	const struct mt_sym_symbol *s;
	size_t low = 0, high = t->n, mid, back;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (t->symbol[mid].address <= address)
			low = mid + 1;
		else
			high = mid;
	}
	for (back = 0; back < BACK && back < low; back++) {
		s = &t->symbol[low - 1 - back];
		if (s->size > 0 && address - s->address < s->size)
			return (s->name);
	}
	/*
	 * Assembly may say no size.  Where local functions have no symbols,
	 * this may be one of them.
	 */
	if (low == 0 || !t->is_full)
		return (NULL);
	s = &t->symbol[low - 1];
	return (s->size == 0 && address - s->address < UNSIZED ? s->name :
	    NULL);
}
