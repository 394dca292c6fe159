/* Names of threads. */

#include <string.h>

#include "agent_early.h"
#include "agent_pyapi.h"
#include "agent_pystack.h"
#include "agent_pystr.h"
#include "agent_pythread.h"
#include "agent_thread.h"

#define PYTHREAD_NAME	64

struct pythread_start {
	void	*(*start)(void *);
	void	*arg;
	char	 name[PYTHREAD_NAME];
};

static const struct agent_pyoffsets *
pythread_row(void)
{
	return (agent_pyoffsets_find(agent_pyapi.hexversion,
	    agent_pyapi.free_threaded));
}

/* Is this Thread.start() of threading.py? */
static bool
pythread_is_start(const struct agent_pyoffsets *o, const char *code)
{
	struct agent_pystr s;
	const char *p;
	char file[256];
	size_t len;

	memcpy(&p, code + o->co_name, sizeof(p));
	agent_pystr_get(o, p, &s);
	if (!agent_pystr_is(&s, "start"))
		return (false);
	memcpy(&p, code + o->co_filename, sizeof(p));
	agent_pystr_get(o, p, &s);
	agent_pystr_copy(&s, file, sizeof(file));
	len = strlen(file);
	return (strcmp(file, "<frozen threading>") == 0 ||
	    (len >= 12 && strcmp(file + len - 12, "threading.py") == 0));
}

/*
 * The name of a Thread, as the object itself has it.  Its class, which may
 * be the user's code, is not asked: it may have a property of that name.
 */
static void *
pythread_name_of(void *thread)
{
	void *dict, *name = NULL;

	if ((dict = agent_pyapi.generic_get_dict(thread, NULL)) != NULL) {
		if ((name = agent_pyapi.dict_get(dict, "_name")) != NULL)
			agent_pyapi.incref(name);
		agent_pyapi.decref(dict);
	}
	return (name);
}

/* Does an attribute of the object end in this text? */
static bool
pythread_attr_ends(void *object, const char *attr, const char *end)
{
	void *value = agent_pyapi.get_attr(object, attr);
	const char *text;
	bool ends = false;
	size_t n;

	if (value == NULL)
		return (false);
	if ((text = agent_pyapi.str_utf8(value)) != NULL)
		ends = (n = strlen(text)) >= strlen(end) &&
		    strcmp(text + n - strlen(end), end) == 0;
	agent_pyapi.decref(value);
	return (ends);
}

/* The Thread whose start() is running, a new reference, or NULL. */
static void *
pythread_self(void *frame)
{
	void *code, *get = NULL, *key, *locals = NULL, *self = NULL;

	if ((code = agent_pyapi_code(frame)) == NULL)
		return (NULL);
	if (pythread_attr_ends(code, "co_name", "start") &&
	    (pythread_attr_ends(code, "co_filename", "threading.py") ||
	    pythread_attr_ends(code, "co_filename", "<frozen threading>")))
		locals = agent_pyapi.get_attr(frame, "f_locals");
	if (locals != NULL)
		get = agent_pyapi.get_attr(locals, "get");
	key = get == NULL ? NULL : agent_pyapi.str_from("self");
	if (key != NULL) {
		self = agent_pyapi.call(get, key, NULL);
		agent_pyapi.decref(key);
	}
	if (get != NULL)
		agent_pyapi.decref(get);
	if (locals != NULL)
		agent_pyapi.decref(locals);
	agent_pyapi.decref(code);
	return (self);
}

/* By the public functions, where the frames cannot be read. */
static void
pythread_name_slow(char *out)
{
	void *frame = agent_pyapi.eval_frame(), *name, *self;
	const char *text;

	if (frame == NULL || (self = pythread_self(frame)) == NULL)
		return;
	if ((name = pythread_name_of(self)) != NULL) {
		if ((text = agent_pyapi.str_utf8(name)) != NULL)
			strncpy(out, text, PYTHREAD_NAME - 1);
		agent_pyapi.decref(name);
	}
	agent_pyapi.decref(self);
}

static void
pythread_name_fast(const struct agent_pyoffsets *o, char *out)
{
	const char *code, *local;
	struct agent_pystr s;
	void *name, *self;

	if ((code = agent_pystack_top(&local)) == NULL || local == NULL ||
	    !pythread_is_start(o, code))
		return;
	memcpy(&self, &local, sizeof(self));
	if ((name = pythread_name_of(self)) == NULL)
		return;
	agent_pystr_get(o, name, &s);
	agent_pystr_copy(&s, out, PYTHREAD_NAME);
	agent_pyapi.decref(name);
}

/* The name of the Thread that the calling code starts, if it does. */
static void
pythread_name(char *out)
{
	if (!agent_pyapi_attached() || agent_pyapi.err_occurred() != NULL)
		return;
	if (agent_pystack_mode() == AGENT_WALK_FRAMES)
		pythread_name_fast(pythread_row(), out);
	else
		pythread_name_slow(out);
	agent_pyapi.err_clear();
}

/* The name stays on the stack of the thread for as long as it runs. */
static void *
pythread_main(void *arg)
{
	struct pythread_start s = *(struct pythread_start *)arg;

	agent_real.free(arg);
	agent_thread_name(s.name);
	return (s.start(s.arg));
}

int
agent_pythread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*start)(void *), void *arg)
{
	struct pythread_start *s;
	int error;

	if ((s = agent_real.malloc(sizeof(*s))) == NULL)
		return (agent_real.pthread_create(thread, attr, start, arg));
	s->start = start;
	s->arg = arg;
	memset(s->name, 0, sizeof(s->name));
	pythread_name(s->name);
	error = agent_real.pthread_create(thread, attr, pythread_main, s);
	if (error != 0)
		agent_real.free(s);
	return (error);
}
