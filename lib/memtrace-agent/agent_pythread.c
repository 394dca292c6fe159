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
 * The name of the Thread that the calling code starts.  Its attribute is read
 * without asking the object's own class, which may be the user's code.
 */
static void
pythread_name(char *out)
{
	const struct agent_pyoffsets *o = pythread_row();
	const char *code, *local;
	struct agent_pystr s;
	void *key, *name = NULL, *self;

	if (o == NULL || !agent_pyapi_attached() ||
	    agent_pyapi.err_occurred() != NULL ||
	    (code = agent_pystack_top(&local)) == NULL || local == NULL ||
	    !pythread_is_start(o, code))
		return;
	memcpy(&self, &local, sizeof(self));
	if ((key = agent_pyapi.str_from("_name")) != NULL) {
		name = agent_pyapi.generic_get_attr(self, key);
		agent_pyapi.decref(key);
	}
	agent_pyapi.err_clear();
	if (name == NULL)
		return;
	agent_pystr_get(o, name, &s);
	agent_pystr_copy(&s, out, PYTHREAD_NAME);
	agent_pyapi.decref(name);
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
	s->name[0] = '\0';
	pythread_name(s->name);
	error = agent_real.pthread_create(thread, attr, pythread_main, s);
	if (error != 0)
		agent_real.free(s);
	return (error);
}
