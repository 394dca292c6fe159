/* When the user's code runs. */

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "agent_fork.h"
#include "agent_native.h"
#include "agent_out.h"
#include "agent_pyalloc.h"
#include "agent_pyapi.h"
#include "agent_pycheck.h"
#include "agent_pyend.h"
#include "agent_pyhook.h"
#include "agent_pystack.h"
#include "agent_record.h"
#include "agent_sys.h"
#include "agent_thread.h"
#include "mt_hello.h"

static _Atomic uint32_t	pyhook_installed;
static _Atomic bool	pyhook_polling;
static bool		pyhook_started;
static _Atomic bool	pyhook_tracing;	/* survives a fork */
static bool		pyhook_polled;	/* a hook was called */
static bool		pyhook_sees;	/* malloc(3) of the interpreter */

/*
 * A program that embeds interpreters: one after the other, perhaps, and what
 * it does in between is recorded as well.
 */
enum pyhook_stage {
	PYHOOK_ALONE,		/* it is a Python, and ends as one */
	PYHOOK_RUNS,		/* an interpreter that is embedded */
	PYHOOK_ENDS,		/* that is being finalized */
	PYHOOK_GONE,		/* no interpreter */
	PYHOOK_BEGINS		/* another one, before the user's code */
};
static _Atomic uint32_t	pyhook_stage;
static uintptr_t	pyhook_ender;	/* the thread that finalizes */

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
	if (!agent_pyapi.is_initialized() &&
	    agent_pyapi.add_audit_hook(pyhook_audit, NULL) == 0)
		return;
	atomic_store(&agent->phase, AGENT_OFF);
	agent_out_untraceable("", MT_WHY_LATE, true);
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
 * Another interpreter is there when the one before is seen to be gone.  The
 * thread that ends it does so for good, others just may have no state.
 */
AGENT_COLD void
agent_pyhook_again(void)
{
	uint32_t stage = atomic_load(&pyhook_stage);
	void *ts;

	if ((stage != PYHOOK_ENDS && stage != PYHOOK_GONE) ||
	    pyhook_ender != (uintptr_t)pthread_self())
		return;
	ts = agent_pyapi.gil_tstate();
	if (stage == PYHOOK_ENDS && ts == NULL)
		atomic_store(&pyhook_stage, PYHOOK_GONE);
	if (stage == PYHOOK_GONE && ts != NULL) {
		atomic_store(&pyhook_stage, PYHOOK_BEGINS);
		if (!agent_pyapi.is_initialized())
			(void)agent_pyapi.add_audit_hook(pyhook_audit, NULL);
	}
}
/*
 * Other threads' states are about to be freed: no walk may go on while that
 * happens, and none may begin.
 */
static void
pyhook_stop_walks(void)
{
	_Atomic uint32_t never = 0;

	atomic_store(&agent->stop_walk, 1);
	if (agent_thread_is_alone())
		return;
	if (!agent_barrier())
		agent_futex_wait(&never, 0, 20);
	agent_thread_quiesce();
}

/* Nothing more is known of stacks until there is another interpreter. */
static void
pyhook_pause(struct agent_thread *t)
{
	agent_pystack_reset(t);
	if (t->native != NULL)
		agent_native_reset(t->native);
	if (agent_out_room(t, 1)) {
		agent_out_word(t, MT_WORD(MT_OP_POP, 0, MT_WORD_VALUE_MASK));
		agent_out_publish(t);
	}
	pyhook_ender = (uintptr_t)pthread_self();
	atomic_store(&pyhook_stage, PYHOOK_ENDS);
}

/* The script has ended, its threads and its own atexit callbacks as well. */
static void *
pyhook_end(void *self, void *args)
{
	const bool alone = atomic_load(&pyhook_stage) == PYHOOK_ALONE;
	struct agent_thread *t;

	(void)self;
	(void)args;
	if ((t = agent_enter()) != NULL) {
		pyhook_stop_walks();
		if (t->native != NULL)
			agent_native_statistics(t);
		if (alone) {
			agent_record_mark(t, MT_MARK_END);
			atomic_store(&agent->phase, AGENT_OFF);
		} else {
			pyhook_pause(t);
		}
		agent_leave(t);
	}
	if (alone)
		atomic_store(&pyhook_tracing, false);
	agent_pyapi.incref(agent_pyapi.none);
	return (agent_pyapi.none);
}

static struct agent_pymethod	pyhook_at_end = { "memtrace_end", pyhook_end,
    AGENT_PY_NOARGS, NULL };

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

static void
pyhook_tell_malloc(struct agent_thread *t)
{
	static const char note[] = "the program has a malloc of its own: "
	    "what others than Python take from it is not recorded";

	if (!pyhook_sees)
		agent_out_text(t, MT_OP_NOTE, note, sizeof(note) - 1);
}

/* What the interpreter's own allocators have to tell. */
static void
pyhook_allocators(void)
{
	if ((agent->flags & MT_FLAG_PYTHON_ALLOCATORS) != 0) {
		agent_pyalloc_install();
		return;
	}
	if (agent_pystack_mode() == AGENT_WALK_API)
		agent_pyalloc_guard();
	if (!pyhook_sees)
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
	bool reads;

	pyhook_started = true;
	pyhook_sees = pyhook_sees_malloc();
	agent_pyend_register(&pyhook_at_end);
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
	pyhook_tell_malloc(t);
	pyhook_allocators();
	agent_leave(t);
	atomic_store(&pyhook_tracing, true);
}

bool
agent_pyhook_tracing(void)
{
	return (atomic_load(&pyhook_tracing));
}

/* An interpreter after the first one in a program that embeds them. */
static void
pyhook_resume(void)
{
	struct agent_thread *t;

	/* What we do here is audited, too. */
	atomic_store(&pyhook_stage, PYHOOK_RUNS);
	agent_pyend_register(&pyhook_at_end);
	if ((t = agent_enter()) == NULL)
		return;
	pyhook_allocators();
	atomic_store(&agent->stop_walk, 0);
	agent_leave(t);
}

/* What an interpreter imports by itself before it runs anything. */
static bool
pyhook_is_startup(void *args)
{
	static const char *const names[] = { "site", "readline",
	    "rlcompleter" };
	const char *name = agent_pyapi.str_utf8(agent_pyapi.tuple_get(args,
	    0));
	size_t i;

	if (name == NULL)
		agent_pyapi.err_clear();
	for (i = 0; name != NULL && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return (true);
	return (name == NULL);
}

/*
 * Is this a program's own call of an interpreter, rather than what that does
 * by itself?  Until the user's code runs, there are Python frames whenever it
 * does anything that is audited, but for a few imports.
 */
static bool
pyhook_is_embedded(const char *event, void *args)
{
	return (strncmp(event, "cpython.", 8) != 0 &&
	    agent_pyapi.is_initialized() &&
	    agent_pyapi.eval_frame() == NULL &&
	    (strcmp(event, "import") != 0 || !pyhook_is_startup(args)));
}

static int
pyhook_audit(const char *event, void *args, void *data)
{
	(void)data;
	if (event[0] == 'c' && agent_pyapi.hexversion < 0x030c0000 &&
	    strcmp(event, "cpython.PyInterpreterState_New") == 0)
		agent_pyapi.has_others = true;
	if (pyhook_started) {
		if (AGENT_UNLIKELY(atomic_load_explicit(&pyhook_stage,
		    memory_order_relaxed) == PYHOOK_BEGINS) &&
		    pyhook_is_embedded(event, args))
			pyhook_resume();
	} else if (atomic_load(&agent->phase) != AGENT_WAITING) {
		return (0);
	} else if (strncmp(event, "cpython.run_", 12) == 0) {
		pyhook_start();
	} else if (pyhook_is_embedded(event, args)) {
		atomic_store(&pyhook_stage, PYHOOK_RUNS);
		pyhook_start();
	}
	return (0);
}
