/*
 * When an interpreter ends.
 *
 * The function atexit.register() is needed, but not the module: the program
 * would find that imported, and its audit hooks would hear of it.  So a module
 * of our own is made of the definition that the interpreter has.  From 3.10 on
 * the list of functions is the interpreter's, whichever module is asked.
 * Before, each module has one, and the last one made is asked at the end; what
 * prepares a module is therefore wrapped.
 */

#include <string.h>

#include "agent_pyend.h"

#define PYEND_API	1013	/* PYTHON_API_VERSION, all versions */
#define PYEND_EXEC	2	/* Py_mod_exec */
#define PYEND_INTERP	16	/* tstate->interp, 3.8 and 3.9 */

/* PyModuleDef of builds with the GIL, and PyModuleDef_Slot. */
struct pyend_slot {
	int	id;
	void	*value;
};

struct pyend_def {
	void			*base[5];
	const char		*name, *doc;
	ptrdiff_t		 size;
	struct agent_pymethod	*methods;
	struct pyend_slot	*slots;
};

static int	(*pyend_real_exec)(void *);	/* of atexit before 3.10 */
static struct agent_pymethod *pyend_method;
static void	*pyend_interp;		/* whose end it is, before 3.10 */

static bool
pyend_is_each(void)
{
	return (agent_pyapi.hexversion < 0x030a0000);
}

/* Functions are called last in first out, so ours, the first, is the last. */
static void
pyend_add(void *module)
{
	void *fn, *reg, *result = NULL;

	reg = agent_pyapi.get_attr(module, "register");
	fn = agent_pyapi.new_function(pyend_method, NULL, NULL);
	if (reg != NULL && fn != NULL)
		result = agent_pyapi.call(reg, fn, NULL);
	agent_pyapi.err_clear();
	if (result != NULL)
		agent_pyapi.decref(result);
	if (fn != NULL)
		agent_pyapi.decref(fn);
	if (reg != NULL)
		agent_pyapi.decref(reg);
}

static void *
pyend_current(void)
{
	char *ts = agent_pyapi.gil_tstate();
	void *interp;

	memcpy(&interp, ts + PYEND_INTERP, sizeof(interp));
	return (interp);
}

/* A module was made, and the interpreter will ask that one. */
static int
pyend_exec(void *module)
{
	int rc = pyend_real_exec(module);

	if (rc == 0 && pyend_current() == pyend_interp)
		pyend_add(module);
	return (rc);
}

static void
pyend_wrap(struct pyend_def *def)
{
	int (*ours)(void *) = pyend_exec;
	struct pyend_slot *s;

	for (s = def->slots; s != NULL && s->id != 0; s++)
		if (s->id == PYEND_EXEC && pyend_real_exec == NULL) {
			memcpy(&pyend_real_exec, &s->value, sizeof(s->value));
			memcpy(&s->value, &ours, sizeof(s->value));
		}
}

/* The definition of atexit, in the table of what is built in; or NULL. */
static void *
pyend_find(void)
{
	const struct agent_pybuiltin *b = *agent_pyapi.builtins;

	while (b->name != NULL && strcmp(b->name, "atexit") != 0)
		b++;
	return (b->name == NULL || b->init == NULL ? NULL : b->init());
}

/* The module that the interpreter has already, if it is the C one. */
static void *
pyend_loaded(const void *def)
{
	void *module = agent_pyapi.dict_get(agent_pyapi.modules(), "atexit");

	if (module != NULL && agent_pyapi.module_def(module) == def)
		return (module);
	agent_pyapi.err_clear();
	return (NULL);
}

/*
 * Of a specification only the name is asked, and this object has one.  Before
 * 3.10 the interpreter may ask the module at the end, so it is not given up.
 */
static void
pyend_make(void *def)
{
	void *module, *spec = agent_pyapi.sys_get("implementation");

	module = spec == NULL ? NULL :
	    agent_pyapi.module_new(def, spec, PYEND_API);
	if (module != NULL && pyend_is_each())
		(void)agent_pyapi.module_exec(module, def);
	else if (module != NULL) {
		pyend_add(module);
		agent_pyapi.decref(module);
	}
	agent_pyapi.err_clear();
}

void
agent_pyend_register(struct agent_pymethod *method)
{
	void *def = pyend_find(), *module;

	pyend_method = method;
	if (def != NULL && pyend_is_each()) {
		pyend_interp = pyend_current();
		pyend_wrap(def);
	}
	if (def != NULL && (module = pyend_loaded(def)) != NULL)
		pyend_add(module);
	else if (def != NULL)
		pyend_make(def);
	agent_pyapi.err_clear();
}
