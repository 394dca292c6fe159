/* One module: symbols and DWARF put together. */

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mt_place.h>

#include "mt_sym_module.h"
#include "mt_sym_name.h"
#include "mt_sym_path.h"

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.section_address = dwfl_offline_section_address
};

/*
 * A file names others, in which its debug information is, and libdwfl opens
 * whatever has such a name.  If the file is somebody else's, so are the names.
 */
static int
find_nothing(Dwfl_Module *mod, void **userdata, const char *name,
    Dwarf_Addr base, const char *file, const char *link, GElf_Word crc,
    char **found)
{
	(void)mod;
	(void)userdata;
	(void)name;
	(void)base;
	(void)file;
	(void)link;
	(void)crc;
	(void)found;
	return (-1);
}

static const Dwfl_Callbacks callbacks_strange = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = find_nothing,
	.section_address = dwfl_offline_section_address
};

static bool
is_strange(int fd)
{
	struct stat st;

	return (fstat(fd, &st) == -1 || !mt_place_trusts(st.st_uid));
}

/* The descriptor is libdwfl's if this succeeds. */
static bool
report(struct mt_sym_module *r, const char *path, int fd)
{
	GElf_Addr bias;

	r->dwfl = dwfl_begin(is_strange(fd) ? &callbacks_strange :
	    &callbacks);
	if (r->dwfl == NULL)
		return (false);
	dwfl_report_begin(r->dwfl);
	r->mod = dwfl_report_elf(r->dwfl, path, path, fd, 0, true);
	(void)dwfl_report_end(r->dwfl, NULL, NULL);
	if (r->mod == NULL || dwfl_module_getelf(r->mod, &bias) == NULL)
		return (false);
	r->bias = bias;
	return (true);
}

static void
say(struct mt_sym_module *r, bool expected, const char *what)
{
	(void)snprintf(r->note, sizeof(r->note), "%s", what);
	r->is_expected = expected;
}

static void
read_module(struct mt_sym_module *r, const char *path, int fd)
{
	if (!report(r, path, fd)) {
		(void)snprintf(r->note, sizeof(r->note), "damaged: %s",
		    dwfl_errmsg(-1));
		/* Otherwise it is libdwfl's. */
		if (r->mod == NULL)
			(void)close(fd);
		return;
	}
	r->namer = mt_sym_namer_new();
	if (r->namer == NULL || !mt_sym_table_init(&r->table, r->mod) ||
	    !mt_sym_dwarf_init(&r->dwarf, r->mod))
		say(r, false, "out of memory");
	else if (r->table.n == 0 && r->dwarf.nunits == 0)
		say(r, true, "it has no symbols");
	else
		r->is_open = true;
}

void
mt_sym_module_open(struct mt_sym_module *r, const struct mt_module *m,
    uint64_t start_time_ns)
{
	int fd;

	memset(r, 0, sizeof(*r));
	/* Not a file: the kernel's own code, and the like. */
	if (*m->path == '[' || *m->path == '\0') {
		say(r, true, "not a file");
		return;
	}
	(void)elf_version(EV_CURRENT);
	fd = mt_sym_find(m, start_time_ns, r->note);
	if (fd != -1)
		read_module(r, m->path, fd);
}

void
mt_sym_module_close(struct mt_sym_module *r)
{
	mt_sym_table_fini(&r->table);
	mt_sym_dwarf_fini(&r->dwarf);
	mt_sym_namer_free(r->namer);
	dwfl_end(r->dwfl);
}

static void
put_frame(struct mt_sym_module *r, const struct mt_sym_frame *f,
    struct mt_sym_out *out)
{
	char *path = f->file == NULL ? NULL : mt_sym_path(f->file);

	mt_sym_put_string(out, f->is_linkage ?
	    mt_sym_name(r->namer, f->name) : f->name);
	mt_sym_put_string(out, path == NULL ? "" : path);
	mt_sym_put(out, (uint32_t)f->line);
	free(path);
}

/* Whether a name is mangled, so that it says more than that in the DWARF. */
static bool
is_mangled(const char *name)
{
	return (strncmp(name, "_Z", 2) == 0 || strncmp(name, "_R", 2) == 0);
}

static void
put_address(struct mt_sym_module *r, uint64_t address,
    struct mt_sym_out *out)
{
	struct mt_sym_frame frame[MT_SYM_FRAMES];
	const char *symbol;
	size_t i, n;

	address += r->bias;
	n = mt_sym_dwarf_find(&r->dwarf, address, frame);
	symbol = mt_sym_table_find(&r->table, address);
	if (n == 0 && symbol != NULL) {
		memset(&frame[0], 0, sizeof(frame[0]));
		n = 1;
	}
	if (n > 0 && symbol != NULL && (frame[0].name == NULL ||
	    (!frame[0].is_linkage && is_mangled(symbol)))) {
		frame[0].name = symbol;
		frame[0].is_linkage = true;
	}
	/* What is around a function that has no name is not known, either. */
	for (i = n; i > 0 && frame[i - 1].name != NULL &&
	    *frame[i - 1].name != '\0';)
		i--;
	mt_sym_put(out, (uint32_t)(n - i));
	for (; i < n; i++)
		put_frame(r, &frame[i], out);
}

void
mt_sym_module_put(struct mt_sym_module *r, const struct mt_module *m,
    struct mt_sym_out *out)
{
	size_t i;

	mt_sym_put_string(out, r->note);
	mt_sym_put(out, r->is_expected);
	for (i = 0; i < m->naddresses; i++)
		if (r->is_open)
			put_address(r, m->address[i], out);
		else
			mt_sym_put(out, 0);
}
