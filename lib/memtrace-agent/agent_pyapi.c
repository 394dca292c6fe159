/* The interpreter's public functions, found by name. */

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "agent_pyapi.h"
#include "agent_pyoffsets.h"
#include "mt_wire.h"

struct agent_pyapi agent_pyapi;

static const struct agent_pyoffsets pyoffsets[] = {
#define AGENT_PYOFFSETS(minor_, ft, ip, shim, table, shift, ts, tid, cf,\
    prev, code, fip, own, tlbci, loc, line, flg, file, nam, qual, tab,	\
    byt, first, tlb, asc, com) {					\
	.minor = minor_, .free_threaded = ft, .ip_kind = ip,		\
	.shim_owner = shim, .table_kind = table, .kind_shift = shift,	\
	.ts_frame = ts, .ts_thread = tid, .cframe_frame = cf,		\
	.f_previous = prev,						\
	.f_code = code, .f_ip = fip, .f_owner = own, .f_tlbc_index = tlbci,\
	.f_localsplus = loc, .co_firstlineno = line, .co_flags = flg,	\
	.co_filename = file, .co_name = nam, .co_qualname = qual,	\
	.co_table = tab, .co_bytecode = byt, .co_firsttraceable = first,\
	.co_tlbc = tlb, .str_ascii = asc, .str_compact = com,		\
	.ob_type = ft ? 24 : 8, .ob_size = ft ? 32 : 16,		\
	.tp_basicsize = ft ? 48 : 32, .tp_dealloc = ft ? 64 : 48,	\
	.str_state = ft ? 48 : 32,					\
	.bytes_data = ft ? 48 : 32 },
#include "agent_pyoffsets.def"
#undef AGENT_PYOFFSETS
};

const struct agent_pyoffsets *
agent_pyoffsets_find(uint32_t hexversion, bool free_threaded)
{
	size_t i;

	if (hexversion >> 24 != 3)
		return (NULL);
	for (i = 0; i < sizeof(pyoffsets) / sizeof(pyoffsets[0]); i++)
		if (pyoffsets[i].minor == (hexversion >> 16 & 0xff) &&
		    pyoffsets[i].free_threaded == free_threaded)
			return (&pyoffsets[i]);
	return (NULL);
}

static const struct {
	const char	*name;
	size_t		 where;
	bool		 needed;
} pysymbols[] = {
#define SYM(name, field, needed)					\
	{ name, offsetof(struct agent_pyapi, field), needed }
	SYM("Py_GetVersion", get_version, true),
	SYM("Py_IsInitialized", is_initialized, true),
	SYM("PyGILState_GetThisThreadState", this_tstate, true),
	/* The same thing under the names that it had. */
	SYM("_PyThreadState_UncheckedGet", gil_tstate, false),
	SYM("PyThreadState_GetUnchecked", gil_tstate, false),
	SYM("PySys_AddAuditHook", add_audit_hook, true),
	SYM("PyObject_GetAttrString", get_attr, true),
	SYM("PyObject_GenericGetDict", generic_get_dict, true),
	SYM("PyObject_CallFunctionObjArgs", call, true),
	SYM("PyCFunction_NewEx", new_function, true),
	SYM("PyUnicode_FromString", str_from, true),
	SYM("PyUnicode_AsUTF8", str_utf8, true),
	SYM("PyTuple_GetItem", tuple_get, true),
	SYM("PyUnicode_EncodeFSDefault", encode_fs, true),
	SYM("PyBytes_AsString", bytes_text, true),
	SYM("Py_IncRef", incref, true),
	SYM("Py_DecRef", decref, true),
	SYM("PyErr_Occurred", err_occurred, true),
	SYM("PyErr_Fetch", err_fetch, true),
	SYM("PyErr_Restore", err_restore, true),
	SYM("PyLong_AsLong", long_as_long, true),
	SYM("PyErr_Clear", err_clear, true),
	SYM("PyDict_GetItemString", dict_get, true),
	SYM("PyImport_GetModuleDict", modules, true),
	SYM("PyImport_Inittab", builtins, true),
	SYM("PySys_GetObject", sys_get, true),
	SYM("PyModule_GetDef", module_def, true),
	SYM("PyModule_FromDefAndSpec2", module_new, true),
	SYM("PyModule_ExecDef", module_exec, true),
	SYM("PyCallIter_New", call_iter, true),
	SYM("PyTuple_Pack", tuple, true),
	SYM("PyMem_GetAllocator", get_allocator, true),
	SYM("PyMem_SetAllocator", set_allocator, true),
	SYM("PyEval_GetFrame", eval_frame, true),
	SYM("PyFrame_GetLineNumber", frame_line, true),
	SYM("PyFrame_GetCode", frame_code, false),
	SYM("PyCode_Type", code_type, true),
	SYM("PyFrame_Type", frame_type, true),
	SYM("_Py_NoneStruct", none, true),
	SYM("_PyMem_GetCurrentAllocatorName", allocator_name, false),
	SYM("PyGC_Disable", gc_disable, false),
	SYM("PyGC_Enable", gc_enable, false),
	SYM("_PyRuntime", runtime, false),
	SYM("_Py_NegativeRefcount", is_debug, false),
#undef SYM
};

/* "3.11.7 (main, ...)" as PY_VERSION_HEX without its level. */
static uint32_t
pyversion_parse(const char *s)
{
	unsigned long major, minor, micro = 0;
	char *end;

	major = strtoul(s, &end, 10);
	if (*end != '.')
		return (0);
	minor = strtoul(end + 1, &end, 10);
	if (*end == '.')
		micro = strtoul(end + 1, &end, 10);
	return ((uint32_t)(major << 24 | (minor & 0xff) << 16 |
	    (micro & 0xff) << 8 | 0xf0));
}

enum agent_pykind
agent_pyapi_find(void *handle)
{
	char *api = (char *)&agent_pyapi;
	const unsigned long *version;
	size_t i, missing = 0;
	void *p;

	for (i = 0; i < sizeof(pysymbols) / sizeof(pysymbols[0]); i++) {
		p = dlsym(handle, pysymbols[i].name);
		if (p == NULL && pysymbols[i].needed)
			missing++;
		if (p == NULL && i == 0)
			return (AGENT_PY_NONE);
		if (p != NULL)
			memcpy(api + pysymbols[i].where, &p, sizeof(p));
	}
	agent_pyapi.handle = handle;
	if (agent_pyapi.gil_tstate == NULL)
		missing++;
	agent_pyapi.hexversion = pyversion_parse(agent_pyapi.get_version());
	if ((version = dlsym(handle, "Py_Version")) != NULL)
		agent_pyapi.hexversion = (uint32_t)*version;
	agent_pyapi.free_threaded = strstr(agent_pyapi.get_version(),
	    "free-threading build") != NULL;
	return (missing == 0 && agent_pyapi.hexversion >= 0x03080000 ?
	    AGENT_PY_OK : AGENT_PY_UNSUPPORTED);
}

size_t
agent_pyapi_member(const char *type, const char *name)
{
	const bool ft = agent_pyapi.free_threaded;
	const char *m, *member_name;
	uint64_t offset;

	memcpy(&m, type + (ft ? 256 : 240), sizeof(m)); /* tp_members */
	for (; m != NULL; m += 40) {
		memcpy(&member_name, m, sizeof(member_name));
		if (member_name == NULL)
			break;
		memcpy(&offset, m + 16, sizeof(offset));
		if (strcmp(member_name, name) == 0)
			return ((size_t)offset);
	}
	return (0);
}

void *
agent_pyapi_code(void *frame)
{
	void *code = NULL;
	size_t at;

	if (agent_pyapi.frame_code != NULL)
		return (agent_pyapi.frame_code(frame));
	at = agent_pyapi_member(agent_pyapi.frame_type, "f_code");
	if (at != 0)
		memcpy(&code, (char *)frame + at, sizeof(code));
	if (code != NULL)
		agent_pyapi.incref(code);
	return (code);
}
