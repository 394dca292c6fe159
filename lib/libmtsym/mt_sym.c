/* Many modules: children read them, and here it is all put together. */

#include <sys/mman.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mt_record.h>

#include "mt_sym.h"
#include "mt_sym_child.h"
#include "mt_sym_dwarf.h"
#include "mt_sym_wire.h"

#define JOBS_MAX	4u
#define NONE		UINT32_MAX	/* no module */
#define UNREAD		"its symbols could not be read"

/* A child, and what it has said so far. */
struct job {
	pid_t			 pid;
	int			 fd;		/* -1: there is no child */
	uint32_t		 module;	/* that it is at, or NONE */
	struct mt_sym_out	 heard;
};

struct mt_sym {
	struct mt_sym_work	 work;
	size_t			 n;		/* modules */
	const struct mt_sym_options *options;
	struct mt_sym_result	*result;
	struct mt_sym_out	*message;	/* no data: none has come */
	size_t			 done;
	struct job		 job[JOBS_MAX];
	unsigned		 jobs;
};

static enum mt_status
fail(struct mt_error *e, enum mt_status st, const char *text)
{
	if (e != NULL) {
		e->sys = st == MT_ERR_SYS ? errno : 0;
		(void)snprintf(e->text, sizeof(e->text), "%s", text);
	}
	return (st);
}

/* ---- Groups ----------------------------------------------------------- */

static int
compare_modules(const struct mt_module *a, const struct mt_module *b)
{
	int c = strcmp(a->path, b->path);

	if (c != 0)
		return (c);
	if (a->build_id_len != b->build_id_len)
		return (a->build_id_len < b->build_id_len ? -1 : 1);
	return (a->build_id_len == 0 ? 0 : memcmp(a->build_id, b->build_id,
	    a->build_id_len));
}

static int
compare_order(const void *va, const void *vb, void *modules)
{
	const struct mt_module *m = modules;
	uint32_t a = *(const uint32_t *)va, b = *(const uint32_t *)vb;
	int c = compare_modules(&m[a], &m[b]);

	return (c != 0 ? c : a < b ? -1 : a > b);
}

static bool
make_groups(struct mt_sym_work *w, size_t n)
{
	uint32_t i;

	w->order = calloc(n + 1, sizeof(*w->order));
	w->start = calloc(n + 1, sizeof(*w->start));
	if (w->order == NULL || w->start == NULL)
		return (false);
	for (i = 0; i < n; i++)
		w->order[i] = i;
	qsort_r(w->order, n, sizeof(*w->order), compare_order,
	    (void *)(uintptr_t)w->module);
	for (i = 0; i < n; i++)
		if (i == 0 || compare_modules(&w->module[w->order[i - 1]],
		    &w->module[w->order[i]]) != 0)
			w->start[w->ngroups++] = i;
	w->start[w->ngroups] = (uint32_t)n;
	return (true);
}

/* ---- Children --------------------------------------------------------- */

static void
start(struct mt_sym *s, struct job *j)
{
	j->module = NONE;
	j->fd = -1;
	if (atomic_load(s->work.next) >= s->work.ngroups)
		return;
	j->pid = mt_sym_child(&s->work, &j->fd);
	if (j->pid == -1)
		j->fd = -1;
}

static void
set_note(struct mt_sym_result *r, const char *note)
{
	free(r->note);
	r->note = strdup(note);
}

static void
done(struct mt_sym *s)
{
	s->done++;
	if (s->options->progress != NULL)
		s->options->progress(s->options->progress_arg, s->done, s->n);
}

/* The child died: this is what becomes of the rest of its group. */
static void
give_up(struct mt_sym *s, uint32_t module, const char *note)
{
	const struct mt_sym_work *w = &s->work;
	uint32_t i;

	for (i = 0; i < s->n; i++)
		if (s->message[i].data == NULL && compare_modules(
		    &w->module[i], &w->module[module]) == 0) {
			set_note(&s->result[i], note);
			done(s);
		}
}

/* The child has ended: well, or in the middle of a module. */
static void
ended(struct mt_sym *s, struct job *j)
{
	char note[80] = UNREAD;
	int status = 0;

	(void)close(j->fd);
	j->fd = -1;
	while (waitpid(j->pid, &status, 0) == -1 && errno == EINTR)
		continue;
	j->heard.len = 0;
	if (j->module == NONE)
		return;
	if (WIFSIGNALED(status))
		(void)snprintf(note, sizeof(note), "%s (%s)",
		    WTERMSIG(status) == SIGXCPU ?
		    "reading its symbols took too long" :
		    "reading its symbols failed",
		    strsignal(WTERMSIG(status)));
	give_up(s, j->module, note);
	start(s, j);
}

/* A message about the module; false if it makes no sense. */
static bool
take(struct mt_sym *s, uint32_t module, const uint8_t *p, uint32_t len)
{
	struct mt_sym_out *m = &s->message[module];

	if (m->data != NULL || (m->data = malloc((size_t)len + 1)) == NULL)
		return (false);
	memcpy(m->data, p, len);
	m->len = len;
	done(s);
	return (true);
}

/* What was heard is numbers of modules and, behind most, messages. */
static bool
understand(struct mt_sym *s, struct job *j)
{
	struct mt_sym_in in = { j->heard.data, j->heard.data + j->heard.len,
	    false };
	uint32_t len, module;
	size_t left;

	while ((left = (size_t)(in.end - in.p)) >= 4) {
		memcpy(&module, in.p, 4);
		if (module >= s->n)
			return (false);
		j->module = module;
		if (left < 8)
			break;
		memcpy(&len, in.p + 4, 4);
		if (len > MT_SYM_MESSAGE_MAX)
			return (false);
		if (left < 8 + (size_t)len)
			break;
		if (!take(s, module, in.p + 8, len))
			return (false);
		in.p += 8 + (size_t)len;
		j->module = NONE;
	}
	j->heard.len = (size_t)(in.end - in.p);
	memmove(j->heard.data, in.p, j->heard.len);
	return (true);
}

static void
hear(struct mt_sym *s, struct job *j)
{
	uint8_t buf[65536];
	ssize_t n;

	n = read(j->fd, buf, sizeof(buf));
	if (n == -1 && errno == EINTR)
		return;
	if (n > 0)
		mt_sym_put_bytes(&j->heard, buf, (size_t)n);
	if (n > 0 && !j->heard.failed && understand(s, j))
		return;
	if (n > 0)
		(void)kill(j->pid, SIGKILL);
	ended(s, j);
}

/* Until all children have ended. */
static void
listen_all(struct mt_sym *s)
{
	struct pollfd p[JOBS_MAX];
	struct job *of[JOBS_MAX];
	nfds_t i, n;

	for (;;) {
		for (i = n = 0; i < s->jobs; i++)
			if (s->job[i].fd != -1) {
				p[n].fd = s->job[i].fd;
				p[n].events = POLLIN;
				of[n++] = &s->job[i];
			}
		if (n == 0)
			return;
		if (poll(p, n, -1) == -1)
			continue;
		for (i = 0; i < n; i++)
			if (p[i].revents != 0)
				hear(s, of[i]);
	}
}

static unsigned
jobs(const struct mt_sym_options *o, size_t n)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned jobs = o->jobs;

	if (jobs == 0)
		jobs = cpus > 0 && cpus < (long)JOBS_MAX ? (unsigned)cpus :
		    JOBS_MAX;
	if (jobs > JOBS_MAX)
		jobs = JOBS_MAX;
	return (n < jobs ? (unsigned)n : jobs);
}

/* ---- Messages --------------------------------------------------------- */

/* Frames of an address, into *to if it is not NULL. */
static enum mt_status
get_frames(struct mt_sym_in *in, struct mt_symbols *to, uint32_t address,
    size_t *named, struct mt_error *e)
{
	struct mt_frame frame[MT_SYM_FRAMES];
	uint32_t i, n = mt_sym_get(in);

	if (n > MT_SYM_FRAMES)
		in->bad = true;
	for (i = 0; i < n && !in->bad; i++) {
		frame[i].function = mt_sym_get_string(in);
		frame[i].file = mt_sym_get_string(in);
		frame[i].line = mt_sym_get(in);
	}
	if (in->bad)
		return (MT_OK);
	*named += n > 0;
	return (to == NULL ? MT_OK :
	    mt_symbols_address(to, address, frame, n, e));
}

/* The message about a module, as far as it makes sense. */
static enum mt_status
get_module(const struct mt_sym *s, size_t i, struct mt_symbols *to,
    struct mt_sym_result *r, struct mt_error *e)
{
	const struct mt_module *m = &s->work.module[i];
	struct mt_sym_in in = { s->message[i].data, NULL, false };
	enum mt_status st = MT_OK;
	size_t k, named = 0;

	if (in.p == NULL)
		return (MT_OK);
	in.end = in.p + s->message[i].len;
	if (r != NULL)
		set_note(r, mt_sym_get_string(&in));
	else
		(void)mt_sym_get_string(&in);
	k = mt_sym_get(&in);
	if (r != NULL)
		r->is_expected = k != 0;
	for (k = 0; k < m->naddresses && !in.bad && st == MT_OK; k++)
		st = get_frames(&in, to, m->address[k], &named, e);
	if (r != NULL)
		r->resolved = named;
	return (st);
}

enum mt_status
mt_sym_payload(const struct mt_sym *s, size_t first, size_t n, void **data,
    size_t *len, struct mt_error *e)
{
	struct mt_symbols *to;
	enum mt_status st;
	size_t i;

	*data = NULL;
	st = mt_symbols_new(&to, e);
	for (i = first; i < first + n && st == MT_OK; i++) {
		st = mt_symbols_module(to, s->work.module[i].code,
		    s->result[i].note, e);
		if (st == MT_OK)
			st = get_module(s, i, to, NULL, e);
	}
	if (st == MT_OK)
		st = mt_symbols_finish(to, data, len, e);
	mt_symbols_free(to);
	return (st);
}

const struct mt_sym_result *
mt_sym_results(const struct mt_sym *s)
{
	return (s->result);
}

/* ---- Life ------------------------------------------------------------- */

static enum mt_status
run(struct mt_sym *s, struct mt_error *e)
{
	unsigned j;
	size_t i;

	s->jobs = jobs(s->options, s->work.ngroups);
	for (j = 0; j < s->jobs; j++)
		start(s, &s->job[j]);
	listen_all(s);
	for (i = 0; i < s->n; i++) {
		(void)get_module(s, i, NULL, &s->result[i], NULL);
		if (s->result[i].note == NULL)
			set_note(&s->result[i], UNREAD);
		if (s->result[i].note == NULL)
			return (fail(e, MT_ERR_NOMEM, "out of memory"));
	}
	return (MT_OK);
}

enum mt_status
mt_sym_new(struct mt_sym **out, const struct mt_module *module, size_t n,
    const struct mt_sym_options *options, struct mt_error *e)
{
	struct mt_sym *s;
	enum mt_status st;
	void *shared;

	*out = NULL;
	if (n >= NONE)
		return (fail(e, MT_ERR_LIMIT, "too many modules"));
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return (fail(e, MT_ERR_NOMEM, "out of memory"));
	s->options = options;
	s->n = n;
	s->work.module = module;
	s->work.start_time_ns = options->start_time_ns;
	s->message = calloc(n + 1, sizeof(*s->message));
	s->result = calloc(n + 1, sizeof(*s->result));
	shared = mmap(NULL, 2 * sizeof(*s->work.next), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	s->work.next = shared == MAP_FAILED ? NULL : shared;
	s->work.spent_ms = s->work.next == NULL ? NULL : s->work.next + 1;
	if (s->message == NULL || s->result == NULL || s->work.next == NULL ||
	    !make_groups(&s->work, n))
		st = fail(e, MT_ERR_NOMEM, "out of memory");
	else
		st = run(s, e);
	if (st != MT_OK) {
		mt_sym_free(s);
		return (st);
	}
	*out = s;
	return (MT_OK);
}

void
mt_sym_free(struct mt_sym *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->n && s->message != NULL; i++)
		free(s->message[i].data);
	for (i = 0; i < s->n && s->result != NULL; i++)
		free(s->result[i].note);
	for (i = 0; i < s->jobs; i++)
		free(s->job[i].heard.data);
	if (s->work.next != NULL)
		(void)munmap(s->work.next, 2 * sizeof(*s->work.next));
	free(s->work.order);
	free(s->work.start);
	free(s->message);
	free(s->result);
	free(s);
}
