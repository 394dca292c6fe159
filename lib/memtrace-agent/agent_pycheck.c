/* Self-check of the frame walk, and stacks by the public functions. */

#include <string.h>

#include "agent_early.h"
#include "agent_out.h"
#include "agent_pyalloc.h"
#include "agent_pyapi.h"
#include "agent_pycheck.h"
#include "agent_pycode.h"

#define PYCHECK_FRAMES	32
#define PYCHECK_NOTE	128	/* bytes */

static struct {
	struct agent_thread	*t;	/* while the self-check runs */
	bool			 same;
	struct agent_frame	 frames[PYCHECK_FRAMES];
} pycheck;

static bool
pycheck_code_type(const struct agent_pyoffsets *o)
{
	const char *type = agent_pyapi.code_type;
	uint64_t size;

	memcpy(&size, type + o->tp_basicsize, sizeof(size));
	return (agent_pyapi_member(type, "co_filename") == o->co_filename &&
	    agent_pyapi_member(type, "co_name") == o->co_name &&
	    agent_pyapi_member(type, "co_firstlineno") == o->co_firstlineno &&
	    (o->ip_kind != AGENT_IP_POINTER || size == o->co_bytecode));
}

/*
 * What 3.13 and later say of themselves at the start of _PyRuntime.  The
 * positions are those of struct _Py_DebugOffsets of each version.
 */
static bool
pycheck_debug_offsets(const struct agent_pyoffsets *o)
{
	static const struct {
		uint8_t		minor;
		uint16_t	current_frame, previous, executable, instr,
				owner;
	} at[] = {
		{ 13, 184, 232, 240, 248, 264 },
		{ 14, 208, 256, 264, 272, 288 },
		{ 15, 208, 320, 328, 336, 352 },
	};
	const char *r = agent_pyapi.runtime;
	uint64_t v[6];
	size_t i;

	for (i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		if (at[i].minor != o->minor)
			continue;
		if (r == NULL || memcmp(r, "xdebugpy", 8) != 0)
			return (false);
		memcpy(&v[0], r + at[i].current_frame, 8);
		memcpy(&v[1], r + at[i].previous, 8);
		memcpy(&v[2], r + at[i].executable, 8);
		memcpy(&v[3], r + at[i].instr, 8);
		memcpy(&v[4], r + at[i].owner, 8);
		memcpy(&v[5], r + 16, 8);
		return (v[0] == (uint64_t)o->ts_frame &&
		    v[1] == o->f_previous && v[2] == o->f_code &&
		    v[3] == o->f_ip && v[4] == o->f_owner &&
		    v[5] == o->free_threaded);
	}
	return (true);
}

/* Does one frame of ours agree with the interpreter's own view of it? */
static bool
pycheck_frame(void *frame, const struct agent_frame *ours)
{
	void *code = agent_pyapi_code(frame);
	void *lasti = agent_pyapi.get_attr(frame, "f_lasti");
	bool same = false;

	if (code != NULL && lasti != NULL)
		same = (uintptr_t)code == (ours->code & ~(uintptr_t)3) &&
		    agent_pyapi.long_as_long(lasti) ==
		    (long)ours->offset - MT_FRAME_BIAS;
	if (code != NULL)
		agent_pyapi.decref(code);
	if (lasti != NULL)
		agent_pyapi.decref(lasti);
	return (same);
}

/* Called by the innermost function of the known stack. */
static void *
pycheck_compare(void *self, void *args)
{
	void *back, *frame = agent_pyapi.eval_frame();
	uint32_t i = 0, n;

	(void)self;
	(void)args;
	n = agent_pystack_walk(pycheck.t, pycheck.frames, PYCHECK_FRAMES);
	agent_pyapi.incref(frame);
	while (frame != NULL && frame != agent_pyapi.none) {
		if (i == n || !pycheck_frame(frame, &pycheck.frames[i]))
			break;
		i++;
		back = agent_pyapi.get_attr(frame, "f_back");
		agent_pyapi.decref(frame);
		frame = back;
	}
	pycheck.same = frame == agent_pyapi.none && i == n && n >= 4;
	if (frame != NULL)
		agent_pyapi.decref(frame);
	agent_pyapi.incref(agent_pyapi.none);
	return (agent_pyapi.none);
}

/* Of a module that is always there; a new reference, or NULL. */
static void *
pycheck_function(const char *module, const char *name)
{
	void *m = agent_pyapi.dict_get(agent_pyapi.modules(), module);

	return (m == NULL ? NULL : agent_pyapi.get_attr(m, name));
}

static void
pycheck_free(void *const *objects, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (objects[i] != NULL)
			agent_pyapi.decref(objects[i]);
}

/*
 * Run the known stack; true if both views of it were the same.  Its functions
 * are there already, since to compile some is an event for audit hooks: from
 * the bottom, one that calls another one (twice), the method of a class, and
 * a generator in it that asks an iterator, which is ours.
 */
static bool
pycheck_run(struct agent_thread *t)
{
	static struct agent_pymethod method = { "check", pycheck_compare,
	    AGENT_PY_NOARGS, NULL };
	void *call, *class, *fn, *iter = NULL, *loader = NULL, *path = NULL,
	    *result = NULL;

	pycheck.t = t;
	pycheck.same = false;
	call = pycheck_function("_frozen_importlib",
	    "_call_with_frames_removed");
	class = pycheck_function("_frozen_importlib_external", "FileFinder");
	path = agent_pyapi.str_from("/");
	fn = agent_pyapi.new_function(&method, NULL, NULL);
	if (fn != NULL)
		iter = agent_pyapi.call_iter(fn, agent_pyapi.none);
	if (iter != NULL)
		loader = agent_pyapi.tuple(2, agent_pyapi.none, iter);
	if (call != NULL && class != NULL && path != NULL && loader != NULL)
		result = agent_pyapi.call(call, call, class, path, loader,
		    NULL);
	agent_pyapi.err_clear();
	pycheck_free((void *[]){ call, class, fn, iter, loader, path,
	    result }, 7);
	return (result != NULL && pycheck.same);
}

/* Why the frames cannot be read, or NULL: then they are from now on. */
static const char *
pycheck_frames(struct agent_thread *t, const struct agent_pyoffsets *o)
{
	if (o == NULL)
		return ("the layout of this Python version is not known");
	if (!pycheck_code_type(o) || !pycheck_debug_offsets(o))
		return ("the layout of this Python is not that of its version");
	if (!agent_pycode_init(o))
		return ("there is no memory for the code objects");
	agent_pystack_init(AGENT_WALK_FRAMES, o);
	return (pycheck_run(t) ? NULL :
	    "the self-check of the frame walk failed");
}

/*
 * The public functions take locks and may let other threads run.  Under the
 * GIL that does no harm, but without, who allocates may hold those locks.
 * Debug builds from 3.14 on abort when an object dies in an allocation.
 */
static enum agent_walk
pycheck_other_walk(void)
{
	const bool aborts = agent_pyapi.is_debug != NULL &&
	    agent_pyapi.hexversion >= 0x030e0000;

	return (!agent_pyapi.free_threaded && !aborts &&
	    agent_pycode_init(NULL) ?
	    AGENT_WALK_API : AGENT_WALK_NONE);
}

static void
pycheck_tell(struct agent_thread *t, const char *why, enum agent_walk walk)
{
	const char *then = walk == AGENT_WALK_API ?
	    "; stacks come from its public API, which is slow" :
	    "; there are no Python stacks";
	char text[PYCHECK_NOTE];
	size_t n = strnlen(why, sizeof(text) / 2);
	size_t m = strnlen(then, sizeof(text) - n);

	memcpy(text, why, n);
	memcpy(text + n, then, m);
	agent_out_text(t, MT_OP_NOTE, text, n + m);
}

bool
agent_pycheck_choose(struct agent_thread *t, const struct agent_pyoffsets *o,
    bool api)
{
	const char *why = "the frames of this Python are not read, as asked "
	    "for";
	enum agent_walk walk;

	if (!api && (why = pycheck_frames(t, o)) == NULL)
		return (true);
	walk = pycheck_other_walk();
	agent_pystack_init(walk, NULL);
	pycheck_tell(t, why, walk);
	return (false);
}

/* ---- The slow way ---------------------------------------------------- */

/* Append the frames of this thread, the top first; code is borrowed. */
static void
pycheck_collect(struct agent_stack *s)
{
	void *back, *code, *frame = agent_pyapi.eval_frame();
	struct agent_frame *e;

	if (frame != NULL)
		agent_pyapi.incref(frame);
	while (frame != NULL && frame != agent_pyapi.none) {
		if (!agent_pystack_reserve(s, s->n + 1))
			break;
		e = &s->frames[s->n++];
		code = agent_pyapi_code(frame);
		e->frame = NULL;
		e->code = (uintptr_t)code;
		e->ip = (uintptr_t)agent_pyapi.frame_line(frame);
		e->id = 0;
		/* The running frame keeps it alive. */
		if (code != NULL)
			agent_pyapi.decref(code);
		back = agent_pyapi.get_attr(frame, "f_back");
		agent_pyapi.decref(frame);
		frame = back;
	}
	if (frame != NULL)
		agent_pyapi.decref(frame);
}

/* Frames, from the bottom, that the two stacks have in common. */
static uint32_t
pycheck_common(const struct agent_stack *s, uint32_t old)
{
	const struct agent_frame *a = s->frames, *b = &s->frames[s->n];
	uint32_t i, n = s->n - old;

	for (i = 0; i < old && i < n; i++)
		if (a[i].code != b[-1 - (int64_t)i].code ||
		    a[i].ip != b[-1 - (int64_t)i].ip ||
		    agent_pycode_find((const char *)a[i].code) != a[i].id)
			break;
	return (i);
}

static void
pycheck_replace(struct agent_thread *t, uint32_t old)
{
	struct agent_stack *s = &t->stack;
	uint32_t i, keep, n = s->n - old;
	struct agent_frame e;

	keep = pycheck_common(s, old);
	for (i = 0; i < n / 2; i++) {
		e = s->frames[old + i];
		s->frames[old + i] = s->frames[s->n - 1 - i];
		s->frames[s->n - 1 - i] = e;
	}
	for (i = keep; i < n; i++) {
		e = s->frames[old + i];
		e.id = e.code == 0 ? 0 :
		    agent_pycode_id(t, (const char *)e.code);
		e.offset = (uint32_t)e.ip + MT_FRAME_BIAS;
		if (e.offset > MT_FRAME_MAX_OFFSET)
			e.offset = MT_FRAME_NOWHERE;
		s->frames[old + i] = e;
	}
	memmove(&s->frames[keep], &s->frames[old + keep],
	    (n - keep) * sizeof(e));
	s->n = n;
	agent_pystack_emit(t, old - keep, keep);
}

void
agent_pycheck_update(struct agent_thread *t)
{
	void *type, *value, *traceback;
	uint32_t old = t->stack.n;
	int gc = 0;

	/*
	 * Without the GIL nothing can be asked, nor while the interpreter gets
	 * an arena for its small objects: no Python stack.
	 */
	if (agent_pyapi_attached() && !agent_pyalloc_inside()) {
		agent_pyapi.err_fetch(&type, &value, &traceback);
		if (agent_pyapi.gc_disable != NULL)
			gc = agent_pyapi.gc_disable();
		pycheck_collect(&t->stack);
		if (gc != 0)
			(void)agent_pyapi.gc_enable();
		agent_pyapi.err_restore(type, value, traceback);
	}
	pycheck_replace(t, old);
}

static void
pycheck_text(void *code, const char *name, const char **text, void **ref)
{
	void *bytes;

	*ref = agent_pyapi.get_attr(code, name);
	*text = *ref == NULL ? NULL : agent_pyapi.str_utf8(*ref);
	/* The name of a file may be what no UTF-8 is. */
	if (*text == NULL && *ref != NULL) {
		agent_pyapi.err_clear();
		bytes = agent_pyapi.encode_fs(*ref);
		agent_pyapi.decref(*ref);
		if ((*ref = bytes) != NULL)
			*text = agent_pyapi.bytes_text(bytes);
	}
	if (*text == NULL) {
		agent_pyapi.err_clear();
		*text = "<unknown>";
	}
}

void
agent_pycheck_describe(struct agent_thread *t, const char *code, uint32_t id)
{
	struct mt_code_desc d = { .id = id,
	    .table_kind = MT_TABLE_OFFSET_IS_LINE };
	struct agent_bytes b = { t, 0, 0 };
	const char *text[2];
	void *object, *ref[3];
	size_t i, k, len[2];

	memcpy(&object, &code, sizeof(object));
	pycheck_text(object, agent_pyapi.hexversion >= 0x030b0000 ?
	    "co_qualname" : "co_name", &text[0], &ref[0]);
	pycheck_text(object, "co_filename", &text[1], &ref[1]);
	ref[2] = agent_pyapi.get_attr(object, "co_firstlineno");
	if (ref[2] != NULL)
		d.first_line = (uint32_t)agent_pyapi.long_as_long(ref[2]);
	for (i = 0; i < 2; i++)
		len[i] = strnlen(text[i], MT_CODE_STRING_MAX);
	d.name_len = (uint16_t)len[0];
	d.file_len = (uint16_t)len[1];
	if (agent_out_room(t, 1 + MT_PAYLOAD_WORDS(sizeof(d) + len[0] +
	    len[1]))) {
		agent_out_word(t, MT_WORD(MT_OP_CODE, 0, sizeof(d) + len[0] +
		    len[1]));
		for (i = 0; i < sizeof(d); i++)
			agent_bytes_put(&b, ((const uint8_t *)&d)[i]);
		for (k = 0; k < 2; k++)
			for (i = 0; i < len[k]; i++)
				agent_bytes_put(&b, (uint8_t)text[k][i]);
		agent_bytes_end(&b);
	}
	for (i = 0; i < 3; i++)
		if (ref[i] != NULL)
			agent_pyapi.decref(ref[i]);
}
