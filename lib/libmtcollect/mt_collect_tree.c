/* The processes of the program that are traced. */

#include <sys/resource.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mt_collect_command.h"
#include "mt_collect_hello.h"
#include "mt_collect_os.h"
#include "mt_collect_tree.h"
#include "mt_collect_untraced.h"

#define LIFE_US		100000u	/* a process is asked so often */
#define SAMPLES_MAX	32u	/* processes looked at in a tick */
#define COMMAND_MAX	4096u	/* bytes of a command line */
#define DESCRIPTORS	4u	/* of each process; see mt_collect.h */
#define DESCRIPTORS_MORE 32u	/* of other things */

static bool
follows(const struct mt_collect_tree *t)
{
	return ((t->options->agent_flags & MT_FLAG_FOLLOW) != 0);
}

static struct mt_collect_member *
find(struct mt_collect_tree *t, pid_t pid)
{
	unsigned i;

	for (i = 0; i < t->n; i++)
		if (t->member[i].pid == pid && !t->member[i].given_up)
			return (&t->member[i]);
	return (NULL);
}

/* A free entry, or NULL. */
static struct mt_collect_member *
member_new(struct mt_collect_tree *t)
{
	struct mt_collect_member *m, *grown;
	unsigned n;

	if ((m = find(t, 0)) != NULL)
		return (m);
	n = t->n == 0 ? 8 : 2 * t->n;
	if ((grown = realloc(t->member, n * sizeof(*grown))) == NULL)
		return (NULL);
	memset(grown + t->n, 0, (n - t->n) * sizeof(*grown));
	m = grown + t->n;
	t->member = grown;
	t->n = n;
	return (m);
}

/* ---- Ends ------------------------------------------------------------ */

static void
spare_close(struct mt_collect_member *m)
{
	if (m->spare != -1)
		(void)close(m->spare);
	m->spare = -1;
}

static void
member_finish(struct mt_collect_tree *t, struct mt_collect_member *m,
    const struct mt_collect_end *how)
{
	const struct mt_collect_result *r = t->result;
	struct mt_collect_end end = *how;

	if (follows(t))
		end.untraced = r->ignored + r->unsupported + r->untraceable +
		    mt_collect_session_unheard(t->session);
	mt_collect_drain_finish(t->drain, m->image, &end);
	spare_close(m);
	memset(m, 0, sizeof(*m));
}

/*
 * Without children to follow, the capture is finished when the program has
 * ended, whose status is more than nothing.
 */
static void
member_ended(struct mt_collect_tree *t, struct mt_collect_member *m,
    const struct mt_collect_end *end)
{
	if (m->ended)
		return;
	m->ended = true;
	if (m->watch != -1)
		(void)close(m->watch);
	m->watch = -1;
	t->running--;
	if (follows(t))
		member_finish(t, m, end);
	else {
		mt_collect_drain_ended(t->drain, m->image);
		m->end = *end;
	}
}

static bool
watch_status(const struct mt_collect_member *m, int *status)
{
	return (m->watch != -1 && mt_collect_os_status(m->watch, status));
}

static void
member_gone(struct mt_collect_tree *t, struct mt_collect_member *m)
{
	struct mt_collect_end end;

	memset(&end, 0, sizeof(end));
	end.time_us = mt_collect_session_tick(t->session);
	/*
	 * The watch tells of those that have been waited for, /proc of others:
	 * it may happen to be in between.
	 */
	end.has_status = watch_status(m, &end.status) ||
	    mt_collect_proc_status(&m->image->proc, &end.status) ||
	    watch_status(m, &end.status);
	member_ended(t, m, &end);
}

static void
member_replaced(struct mt_collect_tree *t, struct mt_collect_member *m)
{
	struct mt_collect_end end;

	memset(&end, 0, sizeof(end));
	end.time_us = mt_collect_session_tick(t->session);
	end.replaced = true;
	member_ended(t, m, &end);
}

void
mt_collect_tree_watch(struct mt_collect_tree *t, uint32_t tag)
{
	struct mt_collect_member *m;

	if (tag - t->tag >= t->n)
		return;
	/* The tag may be that of a member before this one. */
	m = &t->member[tag - t->tag];
	if (m->pid != 0 && m->watch != -1 &&
	    mt_collect_os_has_ended(m->watch))
		member_gone(t, m);
}

void
mt_collect_tree_child(struct mt_collect_tree *t, pid_t pid, int status)
{
	struct mt_collect_member *m;
	struct mt_collect_end end;

	if (pid <= 0 || (m = find(t, pid)) == NULL)
		return;
	memset(&end, 0, sizeof(end));
	end.time_us = mt_collect_session_tick(t->session);
	end.has_status = true;
	end.status = status;
	member_ended(t, m, &end);
}

/* ---- Hellos ---------------------------------------------------------- */

/* What is known at once, for a capture that has no proper end. */
static void
first_metadata(struct mt_collect_tree *t, struct mt_collect_image *im,
    const char *command, const struct mt_hello *h)
{
	struct mt_recorder *r = im->recorder;
	pid_t parent;

	(void)mt_recorder_text(r, "command_line", command, NULL);
	(void)mt_recorder_number(r, "pid", (uint64_t)im->pid, NULL);
	if ((parent = mt_collect_proc_parent(&im->proc)) > 0)
		(void)mt_recorder_number(r, "parent_pid", (uint64_t)parent,
		    NULL);
	(void)mt_recorder_text(r, "python_version", h->py_version, NULL);
	(void)mt_recorder_number(r, "has_native_traces",
	    (t->options->agent_flags & MT_FLAG_NATIVE) != 0, NULL);
	(void)mt_recorder_number(r, "trace_python_allocators",
	    (t->options->agent_flags & MT_FLAG_PYTHON_ALLOCATORS) != 0, NULL);
}

/* What a process gets, besides arenas. */
static bool
welcome(const struct mt_collect_tree *t, int conn, int arenas, unsigned n)
{
	const int fds[MT_WELCOME_FDS] = { t->session->fd, t->session->bell_fd,
	    arenas };

	return (mt_collect_hello_trace(conn, t->options->agent_flags, fds,
	    n));
}

/* An image for the peer, who has heard of it; NULL with errno if not. */
static struct mt_collect_image *
image_new(struct mt_collect_tree *t, int conn, pid_t pid, unsigned *arenas)
{
	struct mt_collect_arena *a;
	struct mt_collect_image *im;
	bool sent;
	int fd;

	*arenas = MT_ARENAS_FIRST;
	if ((a = mt_collect_arena_make(&fd, arenas)) == NULL)
		return (NULL);
	if (mt_collect_image_new(&im, pid, t->queue,
	    t->options->recorder_flags, a, NULL) != MT_OK) {
		(void)close(fd);
		errno = ENOMEM;
		return (NULL);
	}
	/* Nothing can fail any more, so the drain will have it. */
	sent = welcome(t, conn, fd, *arenas);
	(void)close(fd);
	if (sent)
		return (im);
	mt_collect_image_free(im);
	errno = EPIPE;
	return (NULL);
}

static void
watch(struct mt_collect_tree *t, struct mt_collect_member *m)
{
	m->watch = mt_collect_os_watch(m->pid);
	if (m->watch == -1)
		return;
	if (!mt_collect_os_poll_add(t->poll, m->watch,
	    t->tag + (uint32_t)(m - t->member))) {
		(void)close(m->watch);
		m->watch = -1;
	}
}

/*
 * The capture of a process that is traced must not fail for want of a
 * descriptor when it is created later.
 */
static bool
has_descriptors(const struct mt_collect_tree *t)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1 ||
	    rl.rlim_cur == RLIM_INFINITY || t->running == 0 ||
	    (t->running + 1) * DESCRIPTORS + DESCRIPTORS_MORE <= rl.rlim_cur)
		return (true);
	errno = EMFILE;
	return (false);
}

static bool
trace(struct mt_collect_tree *t, int conn, pid_t pid,
    const struct mt_hello *h, const char *command)
{
	struct mt_collect_member *m;

	if (!has_descriptors(t))
		return (false);
	errno = ENOMEM;
	if ((m = member_new(t)) == NULL ||
	    (m->image = image_new(t, conn, pid, &m->arenas)) == NULL)
		return (false);
	m->pid = pid;
	m->spare = -1;
	/* In another pid namespace, thread ids mean nothing to us. */
	m->image->own_tids = h->pid != (uint32_t)pid;
	if (follows(t) || pid == t->program)
		atomic_store(&m->image->fate, MT_COLLECT_KEPT);
	m->image->question = mt_collect_command_is_question(command);
	first_metadata(t, m->image, t->result->traced == 0 || !follows(t) ?
	    t->command_line : command, h);
	if (t->result->traced++ == 0 || !follows(t))
		memcpy(t->result->py_version, h->py_version,
		    sizeof(t->result->py_version));
	t->running++;
	watch(t, m);
	mt_collect_drain_image(t->drain, m->image);
	return (true);
}

/* The one image that is recorded, without children to follow. */
static struct mt_collect_member *
chosen(struct mt_collect_tree *t)
{
	struct mt_collect_member *m;

	for (m = t->member; m != NULL && m < t->member + t->n; m++)
		if (m->pid != 0 && !m->given_up)
			return (m);
	return (NULL);
}

/* Also of one that was gone before there could be a watch. */
static bool
has_ended(const struct mt_collect_member *m)
{
	return (m->watch != -1 ? mt_collect_os_has_ended(m->watch) :
	    kill(m->pid, 0) == -1 && errno == ESRCH);
}

/*
 * Is there room for one more?  Without children to follow, there is if the one
 * that has been recorded is over and turns out to be nothing.
 */
static bool
has_room(struct mt_collect_tree *t)
{
	struct mt_collect_member *m;

	if (follows(t) || (m = chosen(t)) == NULL)
		return (true);
	if (!m->ended && has_ended(m))
		member_gone(t, m);
	m->given_up = m->ended && mt_collect_image_give_way(m->image);
	return (m->given_up);
}

static void
ignore(struct mt_collect_tree *t, int conn)
{
	t->result->ignored++;
	(void)mt_collect_hello_ignore(conn);
}

/* The arguments of the peer. */
static void
command_of(pid_t pid, char *to, size_t size)
{
	struct mt_collect_proc proc;

	mt_collect_proc_open(&proc, pid);
	mt_collect_proc_command(&proc, to, size);
	mt_collect_proc_close(&proc);
}

static bool
is_ending(pid_t pid)
{
	struct mt_collect_proc proc;
	bool ending;

	mt_collect_proc_open(&proc, pid);
	ending = mt_collect_proc_is_ending(&proc);
	mt_collect_proc_close(&proc);
	return (ending);
}

/*
 * No memory for the peer.  One that was killed before it had our answer has
 * done nothing that could be missed.
 */
static void
not_traced(struct mt_collect_tree *t, int conn, pid_t pid)
{
	int error = errno;
	char why[128];

	if (error == EPIPE && is_ending(pid))
		return;
	(void)snprintf(why, sizeof(why), "no shared memory: %s",
	    error == EPIPE ? "it gave up waiting" : strerror(error));
	mt_collect_untraced_add(t->result, pid, "", why);
	t->result->starved++;
	ignore(t, conn);
}

/*
 * Without children to follow, only the first is traced.  Who says hello again
 * was replaced by exec(2): nothing more comes from its rings.
 */
static void
hello_process(struct mt_collect_tree *t, int conn, pid_t pid,
    const struct mt_hello *h)
{
	char command[COMMAND_MAX];
	struct mt_collect_member *m;

	if ((m = find(t, pid)) != NULL) {
		if (h->kind == MT_HELLO_FORKED || (m->watch != -1 &&
		    mt_collect_os_has_ended(m->watch)))
			member_gone(t, m);
		else
			member_replaced(t, m);
	}
	if (!has_room(t)) {
		ignore(t, conn);
		return;
	}
	command_of(pid, command, sizeof(command));
	if (follows(t) && mt_collect_command_is_helper(command)) {
		(void)mt_collect_hello_ignore(conn);
		return;
	}
	if (!trace(t, conn, pid, h, command))
		not_traced(t, conn, pid);
}

/*
 * An arena that the drain thread has, and nobody else: a new one, or the one
 * that its process did not wait for.
 */
static bool
spare_arena(struct mt_collect_tree *t, struct mt_collect_member *m)
{
	struct mt_collect_arena *a;
	unsigned n = 1;

	if (m->spare != -1)
		return (true);
	if (m->arenas == MT_COLLECT_ARENAS_MAX ||
	    (a = mt_collect_arena_make(&m->spare, &n)) == NULL) {
		m->spare = -1;
		return (false);
	}
	mt_collect_drain_arena(t->drain, m->image, a);
	m->arenas++;
	return (true);
}

static void
hello_more(struct mt_collect_tree *t, int conn, pid_t pid)
{
	struct mt_collect_member *m;

	if ((m = find(t, pid)) == NULL || m->ended || !spare_arena(t, m))
		(void)mt_collect_hello_ignore(conn);
	else if (welcome(t, conn, m->spare, 1))
		spare_close(m);
}

void
mt_collect_tree_hello(struct mt_collect_tree *t, int conn, pid_t pid,
    const struct mt_hello *h)
{
	switch (h->kind) {
	case MT_HELLO_PROCESS:
	case MT_HELLO_FORKED:
	case MT_HELLO_MORE:
		if (t->is_over)
			(void)mt_collect_hello_ignore(conn);
		else if (h->kind == MT_HELLO_MORE)
			hello_more(t, conn, pid);
		else
			hello_process(t, conn, pid, h);
		break;
	case MT_HELLO_UNSUPPORTED:
		mt_collect_untraced_version(t->result, pid, h);
		(void)mt_collect_hello_ignore(conn);
		break;
	case MT_HELLO_UNTRACEABLE:
		mt_collect_untraced_python(t->result, pid, h);
		break;
	case MT_HELLO_OPAQUE:
		mt_collect_untraced_opaque(t->result, h);
		break;
	default:
		break;
	}
}

/* ---- Now and then ---------------------------------------------------- */

/*
 * The program's own memory: pages of the rings that it has written to are
 * resident in it, but ours.
 */
static void
sample(struct mt_collect_tree *t, struct mt_collect_member *m, uint64_t now)
{
	struct mt_sample s;
	uint64_t ours;

	if (!mt_collect_proc_memory(&m->image->proc, &s.rss, &s.anon_rss))
		return;
	ours = atomic_load_explicit(&m->image->process->touched,
	    memory_order_relaxed);
	ours += 2 * MT_SESSION_BYTES;
	s.rss -= ours < s.rss - s.anon_rss ? ours : s.rss - s.anon_rss;
	s.time_ns = now * 1000;
	s.heap = 0;
	mt_collect_drain_sample(t->drain, m->image, &s);
}

/* All in turns, so that hundreds of processes cost no more than some. */
static void
sample_some(struct mt_collect_tree *t, uint64_t now)
{
	struct mt_collect_member *m;
	unsigned done, i;

	for (done = i = 0; i < t->n && done < SAMPLES_MAX; i++) {
		m = &t->member[t->sample_at++ % t->n];
		if (m->pid == 0 || m->ended || now < m->sample_us)
			continue;
		m->sample_us = now + t->options->sample_ms * 1000 - 500;
		sample(t, m, now);
		done++;
	}
}

void
mt_collect_tree_tick(struct mt_collect_tree *t, uint64_t now)
{
	struct mt_collect_member *m;

	sample_some(t, now);
	if (now < t->life_us)
		return;
	t->life_us = now + LIFE_US;
	for (m = t->member; m != NULL && m < t->member + t->n; m++)
		if (m->pid != 0 && !m->ended && m->watch == -1 &&
		    has_ended(m))
			member_gone(t, m);
}

/* For mt_collect_proc_each(): one who may be about to say hello. */
static bool
is_expected(void *arg, pid_t pid, const struct mt_collect_proc *p)
{
	const struct mt_collect_tree *t = arg;
	char command[COMMAND_MAX];
	unsigned i;

	for (i = 0; i < t->n; i++)
		if (t->member[i].pid == pid)
			return (false);
	mt_collect_proc_command(p, command, sizeof(command));
	return (!mt_collect_command_is_helper(command));
}

bool
mt_collect_tree_expects(const struct mt_collect_tree *t, const char *socket)
{
	/* The callback takes what it is given as it is. */
	return (mt_collect_proc_each(socket, is_expected,
	    (void *)(uintptr_t)t));
}

/* ---- The end --------------------------------------------------------- */

void
mt_collect_tree_end(struct mt_collect_tree *t, pid_t program, int status)
{
	struct mt_collect_member *m;
	struct mt_collect_end end;

	mt_collect_tree_child(t, program, status);
	for (m = t->member; m != NULL && m < t->member + t->n; m++) {
		if (m->pid == 0)
			continue;
		if (m->ended) {
			end = m->end;
		} else {
			memset(&end, 0, sizeof(end));
			end.time_us = mt_collect_session_tick(t->session);
		}
		if (!follows(t) && !end.has_status) {
			end.has_status = true;
			end.status = status;
		}
		member_finish(t, m, &end);
	}
	t->running = 0;
}

void
mt_collect_tree_fini(struct mt_collect_tree *t)
{
	unsigned i;

	for (i = 0; i < t->n; i++) {
		if (t->member[i].pid == 0)
			continue;
		if (t->member[i].watch != -1)
			(void)close(t->member[i].watch);
		spare_close(&t->member[i]);
	}
	free(t->member);
	t->member = NULL;
	t->n = 0;
}
