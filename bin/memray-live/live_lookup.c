/* Questions and answers, which are captures. */

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fe_alloc.h>
#include <fe_self.h>
#include <mt_file.h>
#include <mt_record.h>

#include "live_names.h"

#define PROGRAM	"memray-symbolize"
#define MALLOC	1u	/* in captures, see memtrace(5) */

extern char **environ;

/* ---- The question ------------------------------------------------------ */

/* Blocks of the recorder go right into the file. */
static enum mt_status
put_block(void *writer, enum mt_block_type type, void *data, size_t len,
    struct mt_error *e)
{
	enum mt_status st = mt_writer_put(writer, type, data, len, e);

	free(data);
	return (st);
}

/* The codes of all modules, by their numbers. */
static enum mt_status
put_modules(struct mt_recorder *r, const struct live_names *n,
    uint32_t *code, struct mt_error *e)
{
	enum mt_status st = MT_OK;
	const struct live_module *m;

	for (size_t i = 0; i < n->nmodules && st == MT_OK; i++) {
		m = &n->module[i];
		st = mt_recorder_code_new(r, &code[i], e);
		if (st == MT_OK)
			st = mt_recorder_code_describe(r, code[i],
			    &(struct mt_code){ .function = "",
			    .file = m->path, .table = m->build_id,
			    .table_len = m->build_id_len,
			    .table_kind = m->kind }, e);
	}
	return (st);
}

/* An allocation at each address; its size tells which one it is. */
static enum mt_status
put_addresses(struct mt_recorder *r, const struct live_names *n,
    const uint32_t *code, size_t count, struct mt_error *e)
{
	const struct live_spot *s = &n->spot[n->nknown];
	enum mt_status st;
	uint32_t node, thread;

	st = mt_recorder_thread_new(r, 1, "", &thread, e);
	for (size_t i = 0; i < count && st == MT_OK; i++) {
		st = mt_recorder_node(r, 0, code[s[i].module],
		    (int32_t)s[i].address, &node, e);
		if (st == MT_OK)
			st = mt_recorder_alloc(r, thread, node, MALLOC,
			    i + 1, i + 1, e);
	}
	return (st);
}

static enum mt_status
put_all(struct mt_writer *w, const struct live_names *n, size_t count,
    struct mt_error *e)
{
	const struct mt_sink sink = { put_block, w };
	uint32_t *code = fe_alloc(n->nmodules, sizeof(*code), 0);
	struct mt_recorder *r;
	enum mt_status st;

	st = mt_recorder_new(&r, &sink, MT_RECORDER_AGGREGATE, e);
	if (st == MT_OK)
		st = mt_recorder_number(r, "has_native_traces", 1, e);
	if (st == MT_OK)
		st = put_modules(r, n, code, e);
	if (st == MT_OK)
		st = put_addresses(r, n, code, count, e);
	if (st == MT_OK)
		st = mt_recorder_finish(r, e);
	mt_recorder_free(r);
	free(code);
	return (st);
}

/*
 * A run that began at the beginning of time: nothing but a build-id can say
 * that a file is the one, for this may be another machine.
 */
static enum mt_status
put_question(int fd, const struct live_names *n, size_t count,
    struct mt_error *e)
{
	struct mt_writer *w;
	enum mt_status st;

	st = mt_writer_new(&w, fd, MT_WRITER_NO_COMPRESS, 0, e);
	if (st == MT_OK)
		st = put_all(w, n, count, e);
	if (st == MT_OK)
		st = mt_writer_finish(w, e);
	mt_writer_free(w);
	return (st);
}

/* ---- The process ------------------------------------------------------- */

/* With signals as they are for everybody else; errors are not for a screen. */
static int
spawn(const char *path, pid_t *pid, int in, int out)
{
	static char name[] = PROGRAM, mute[] = "-q", output[] = "-o",
	    dash[] = "-";
	char *const argv[] = { name, mute, output, dash, dash, NULL };
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int error;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	if ((error = posix_spawn_file_actions_init(&fa)) != 0)
		return (error);
	(void)posix_spawnattr_init(&attr);
	(void)posix_spawnattr_setsigmask(&attr, &none);
	(void)posix_spawnattr_setsigdefault(&attr, &all);
	(void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
	    POSIX_SPAWN_SETSIGDEF);
	if ((error = posix_spawn_file_actions_adddup2(&fa, in, 0)) == 0 &&
	    (error = posix_spawn_file_actions_adddup2(&fa, out, 1)) == 0 &&
	    (error = posix_spawn_file_actions_addopen(&fa, 2, "/dev/null",
	    O_WRONLY, 0)) == 0)
		error = posix_spawn(pid, path, &fa, &attr, argv, environ);
	(void)posix_spawn_file_actions_destroy(&fa);
	(void)posix_spawnattr_destroy(&attr);
	return (error);
}

/* Both files are without a name, so nothing is left of them. */
static bool
start(struct live_lookup *l, int in, char trouble[LIVE_TROUBLE_MAX])
{
	char *path = fe_self_beside(PROGRAM);
	int error, out = mt_file_memory("names");

	error = path == NULL || out == -1 ? errno :
	    spawn(path, &l->pid, in, out);
	if (error == 0) {
		l->answer = out;
	} else {
		l->pid = 0;
		if (out != -1)
			(void)close(out);
		(void)snprintf(trouble, LIVE_TROUBLE_MAX, "%s: %s",
		    path == NULL ? PROGRAM : path, strerror(error));
	}
	free(path);
	return (error == 0);
}

bool
live_lookup_ask(struct live_names *n, size_t count,
    char trouble[LIVE_TROUBLE_MAX])
{
	int in = mt_file_memory("addresses");
	struct mt_error e;
	bool ok = false;

	if (in == -1) {
		(void)snprintf(trouble, LIVE_TROUBLE_MAX, "%s",
		    strerror(errno));
		return (false);
	}
	if (put_question(in, n, count, &e) != MT_OK)
		(void)snprintf(trouble, LIVE_TROUBLE_MAX, "%s", e.text);
	else if (lseek(in, 0, SEEK_SET) == 0)
		ok = start(&n->lookup, in, trouble);
	(void)close(in);
	n->lookup.n = ok ? count : 0;
	return (ok);
}

/* ---- The answer -------------------------------------------------------- */

static bool
open_answer(int fd, struct mt_capture **c, char trouble[LIVE_TROUBLE_MAX])
{
	struct mt_error e;

	if (mt_capture_open_fd(c, fd, &e) == MT_OK)
		return (true);
	(void)snprintf(trouble, LIVE_TROUBLE_MAX, PROGRAM ": %s", e.text);
	return (false);
}

enum live_answer
live_lookup_answer(struct live_lookup *l, struct mt_capture **c,
    char trouble[LIVE_TROUBLE_MAX])
{
	bool ok = false;
	pid_t got;
	int status;

	got = waitpid(l->pid, &status, WNOHANG);
	if (got == 0 || (got == -1 && errno == EINTR))
		return (LIVE_ANSWER_NONE);
	l->pid = 0;
	if (got != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		ok = open_answer(l->answer, c, trouble);
	else
		(void)snprintf(trouble, LIVE_TROUBLE_MAX, PROGRAM " failed%s%s",
		    got != -1 && WIFSIGNALED(status) ? ": " : "",
		    got != -1 && WIFSIGNALED(status) ?
		    strsignal(WTERMSIG(status)) : "");
	(void)close(l->answer);
	return (ok ? LIVE_ANSWER_CAME : LIVE_ANSWER_FAILED);
}

void
live_lookup_stop(struct live_lookup *l)
{
	if (l->pid == 0)
		return;
	(void)kill(l->pid, SIGKILL);
	while (waitpid(l->pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	(void)close(l->answer);
	l->pid = 0;
}
