/* When the user's code runs. */

#include <errno.h>
#include <string.h>
#include <time.h>

#include "agent_fork.h"
#include "agent_native.h"
#include "agent_out.h"
#include "agent_pyalloc.h"
#include "agent_pyapi.h"
#include "agent_pycheck.h"
#include "agent_pyhook.h"
#include "agent_record.h"
#include "agent_sys.h"
#include "agent_thread.h"
#include "mt_hello.h"

static _Atomic uint32_t	pyhook_installed;
static _Atomic bool	pyhook_polling;
static bool		pyhook_started;
static _Atomic bool	pyhook_tracing;	/* survives a fork */
static bool		pyhook_polled;	/* a hook was called */

static int	pyhook_audit(const char *, void *, void *);

/* This thread has a state of an interpreter that is about to begin. */
static void
pyhook_install(void)
{
	atomic_store(&pyhook_installed, 1);
	/*
	 * Later, installing would be announced to hooks that exist already,
	 * and they would run in the middle of malloc.
	 */
	if (agent_pyapi.is_initialized() ||
	    agent_pyapi.add_audit_hook(pyhook_audit, NULL) != 0)
		atomic_store(&agent->phase, AGENT_OFF);
}

AGENT_COLD void
agent_pyhook_poll(void)
{
	int saved = errno;

	pyhook_polled = true;
	/* Asking may allocate: thread-local storage of a loaded library. */
	if (atomic_load(&pyhook_installed) != 0 ||
	    atomic_exchange(&pyhook_polling, true))
		return;
	if (agent_pyapi.gil_tstate() != NULL)
		pyhook_install();
	atomic_store(&pyhook_polling, false);
	errno = saved;
}
/*
 * Other threads' states are about to be freed: no walk may go on while that
 * happens, and none may begin.
 */
static void
pyhook_stop_walks(void)
{
	struct timespec ms20 = { 0, 20000000 };

	atomic_store(&agent->stop_walk, 1);
	if (!agent_barrier())
		(void)nanosleep(&ms20, NULL);
	agent_thread_quiesce();
}

/* The script has ended, its threads and its own atexit callbacks as well. */
static void *
pyhook_end(void *self, void *args)
{
	struct agent_thread *t;

	(void)self;
	(void)args;
	if ((t = agent_enter()) != NULL) {
		pyhook_stop_walks();
		if (t->native != NULL)
			agent_native_statistics(t);
		agent_record_mark(t, MT_MARK_END);
		atomic_store(&agent->phase, AGENT_OFF);
		agent_leave(t);
	}
	atomic_store(&pyhook_tracing, false);
	agent_pyapi.incref(agent_pyapi.none);
	return (agent_pyapi.none);
}

/* Callbacks run last in first out, so ours, the first, is the last to run. */
static void
pyhook_register_end(void)
{
	static struct agent_pymethod method = { "memtrace_end", pyhook_end,
	    AGENT_PY_NOARGS, NULL };
	void *fn, *module, *reg = NULL, *result = NULL;

	module = agent_pyapi.import_module("atexit");
	if (module != NULL)
		reg = agent_pyapi.get_attr(module, "register");
	fn = agent_pyapi.new_function(&method, NULL, NULL);
	if (reg != NULL && fn != NULL)
		result = agent_pyapi.call_one(reg, fn, NULL);
	agent_pyapi.err_clear();
	if (result != NULL)
		agent_pyapi.decref(result);
	if (fn != NULL)
		agent_pyapi.decref(fn);
	if (reg != NULL)
		agent_pyapi.decref(reg);
	if (module != NULL)
		agent_pyapi.decref(module);
}

/*
 * Objects that mimalloc hands out never come from malloc(3), whatever their
 * size, and it has asked for most of its memory before the user's code.
 */
static void
pyhook_tell_hidden(struct agent_thread *t, const char *allocator)
{
	static const char note[] = "objects come from an allocator inside "
	    "Python: to record them, use --trace-python-allocators";

	if ((agent->flags & MT_FLAG_PYTHON_ALLOCATORS) == 0 &&
	    strncmp(allocator, "mimalloc", 8) == 0)
		agent_out_text(t, MT_OP_NOTE, note, sizeof(note) - 1);
}

static void
pyhook_send_allocator(struct agent_thread *t)
{
	static const char key[] = "python_allocator";
	const char *name = NULL;
	char text[64];
	size_t len;

	if (agent_pyapi.allocator_name != NULL)
		name = agent_pyapi.allocator_name();
	if (name == NULL)
		name = agent_pyapi.free_threaded ? "mimalloc" : "unknown";
	len = strnlen(name, sizeof(text) - sizeof(key));
	memcpy(text, key, sizeof(key));
	memcpy(text + sizeof(key), name, len);
	agent_out_text(t, MT_OP_INFO, text, sizeof(key) + len);
	pyhook_tell_hidden(t, name);
}

/*
 * Do the interpreter's calls of malloc(3) come to our hooks?  Not where the
 * executable has a malloc of its own, or a library in front of us does.
 */
static bool
pyhook_sees_malloc(void)
{
	struct agent_pyallocator raw;
	void *p;

	agent_pyapi.get_allocator(0, &raw);
	pyhook_polled = false;
	if ((p = raw.malloc(raw.ctx, 64)) != NULL)
		raw.free(raw.ctx, p);
	return (pyhook_polled);
}

/* What the interpreter's own allocators have to tell. */
static void
pyhook_allocators(struct agent_thread *t, bool sees_malloc)
{
	static const char note[] = "the program has a malloc of its own: "
	    "what others than Python take from it is not recorded";

	if (!sees_malloc)
		agent_out_text(t, MT_OP_NOTE, note, sizeof(note) - 1);
	if ((agent->flags & MT_FLAG_PYTHON_ALLOCATORS) != 0) {
		agent_pyalloc_install();
		return;
	}
	if (agent_pystack_mode() == AGENT_WALK_API)
		agent_pyalloc_guard();
	if (!sees_malloc)
		agent_pyalloc_raw();
}

/* Native stacks, if they are wanted: without them is better than not at all. */
static void
pyhook_native(void)
{
	if ((agent->flags & MT_FLAG_NATIVE) != 0 && !agent_native_init())
		agent->flags &= ~MT_FLAG_NATIVE;
}

/* The user's code is next.  The GIL is held. */
static void
pyhook_start(void)
{
	const struct agent_pyoffsets *o;
	struct agent_thread *t;
	bool reads, sees_malloc;

	pyhook_started = true;
	sees_malloc = pyhook_sees_malloc();
	pyhook_register_end();
	pyhook_native();
	agent_fork_init();
	atomic_store(&agent->phase, AGENT_TRACING);
	if ((t = agent_enter()) == NULL) {
		atomic_store(&agent->phase, AGENT_OFF);
		return;
	}
	o = agent_pyoffsets_find(agent_pyapi.hexversion,
	    agent_pyapi.free_threaded);
	reads = agent_pycheck_choose(t, o, agent->api_walk);
	if (t->native != NULL)
		agent_merge_init(reads ? o : NULL);
	pyhook_send_allocator(t);
	agent_record_mark(t, MT_MARK_START);
	pyhook_allocators(t, sees_malloc);
	agent_leave(t);
	atomic_store(&pyhook_tracing, true);
}

bool
agent_pyhook_tracing(void)
{
	return (atomic_load(&pyhook_tracing));
}

static int
pyhook_audit(const char *event, void *args, void *data)
{
	(void)args;
	(void)data;
	if (event[0] == 'c' && !pyhook_started &&
	    strncmp(event, "cpython.run_", 12) == 0 &&
	    atomic_load(&agent->phase) == AGENT_WAITING)
		pyhook_start();
	return (0);
}
