/*
 * Modules of a process.  In the capture a module is a code without a name,
 * whose file is the module and whose line table is its build-id.
 */

#include <stdlib.h>
#include <string.h>

#include "mt_collect_decode.h"
#include "mt_wire.h"

/* In the map of modules, which holds the capture's code id plus one. */
#define MODULE_DESCRIBED	0x80000000u

static bool
modules_grow(struct mt_collect_process *p, uint32_t id)
{
	uint32_t *modules, n;

	for (n = p->nmodules == 0 ? 64 : p->nmodules; n <= id; n *= 2)
		continue;
	modules = realloc(p->modules, n * sizeof(*modules));
	if (modules == NULL)
		return (recorded(p, MT_ERR_NOMEM));
	memset(modules + p->nmodules, 0,
	    (n - p->nmodules) * sizeof(*modules));
	p->modules = modules;
	p->nmodules = n;
	return (true);
}

bool
mt_collect_native_find(struct mt_collect_process *p, uint32_t id,
    uint32_t *code)
{
	if (id == 0 || id > MT_MODULE_MAX)
		return (bad(p, "module out of range"));
	if (id >= p->nmodules && !modules_grow(p, id))
		return (false);
	if (p->modules[id] == 0) {
		if (!recorded(p, mt_recorder_code_new(p->recorder, code,
		    &p->error)))
			return (false);
		p->modules[id] = *code + 1;
	}
	*code = (p->modules[id] & ~MODULE_DESCRIBED) - 1;
	return (true);
}

bool
mt_collect_native_describe(struct mt_collect_process *p, const uint8_t *b,
    size_t n)
{
	struct mt_code code = { .function = "",
	    .table_kind = MT_TABLE_MODULE };
	struct mt_module_desc d;
	char path[MT_CODE_STRING_MAX + 1];
	uint32_t id;

	if (n < sizeof(d))
		return (bad(p, "short module"));
	memcpy(&d, b, sizeof(d));
	b += sizeof(d);
	if (d.path_len > MT_CODE_STRING_MAX ||
	    d.build_id_len > MT_BUILD_ID_MAX ||
	    n != sizeof(d) + d.path_len + d.build_id_len)
		return (bad(p, "malformed module"));
	if (!mt_collect_native_find(p, d.id, &id))
		return (false);
	if (p->modules[d.id] & MODULE_DESCRIBED)
		return (bad(p, "module described twice"));
	p->modules[d.id] |= MODULE_DESCRIBED;
	memcpy(path, b, d.path_len);
	path[d.path_len] = '\0';
	code.file = path;
	code.table = b + d.path_len;
	code.table_len = d.build_id_len;
	return (recorded(p, mt_recorder_code_describe(p->recorder, id, &code,
	    &p->error)));
}
