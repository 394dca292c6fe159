/* Metadata of captures in reports. */

#include <sys/wait.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fe_alloc.h"
#include "fe_meta.h"
#include "fe_size.h"
#include "fe_time.h"
#include "fe_warn.h"

static const char *
keep(const char *s)
{
	return (fe_strdup(s == NULL ? "" : s));
}

void
fe_metas_add(struct fe_metas *ms, const char *file, const struct mt_meta *m)
{
	struct mt_meta *copy;

	ms->meta = fe_grow(ms->meta, ms->n, sizeof(*ms->meta), &ms->cap[0]);
	ms->file = fe_grow(ms->file, ms->n, sizeof(*ms->file), &ms->cap[1]);
	ms->file[ms->n] = fe_strdup(file);
	copy = &ms->meta[ms->n++];
	*copy = *m;
	copy->command_line = keep(m->command_line);
	copy->python_version = keep(m->python_version);
	copy->python_allocator = keep(m->python_allocator);
}

/* The strings of a copy are ours, whatever their type in the library. */
static void
discard(const char *s)
{
	free((void *)(uintptr_t)s);
}

void
fe_metas_fini(struct fe_metas *ms)
{
	for (size_t i = 0; i < ms->n; i++) {
		discard(ms->meta[i].command_line);
		discard(ms->meta[i].python_version);
		discard(ms->meta[i].python_allocator);
		free(ms->file[i]);
	}
	free(ms->meta);
	free(ms->file);
	memset(ms, 0, sizeof(*ms));
}

int
fe_meta_exit_status(const struct mt_meta *m)
{
	if (!m->has_exit_status)
		return (-1);
	if (WIFEXITED(m->exit_status))
		return (WEXITSTATUS(m->exit_status));
	if (WIFSIGNALED(m->exit_status))
		return (128 + WTERMSIG(m->exit_status));
	return (-1);
}

/* ---- JSON ------------------------------------------------------------ */

/* What is written: of one capture or of several.  NULL and -1 are unknown. */
struct view {
	struct mt_meta	m;
	bool		has_pid;
	int		exit_status;
};

static void
put_time(struct fe_json *j, const char *key, uint64_t ns)
{
	char buf[FE_TIME_MAX];

	fe_json_key(j, key);
	fe_json_string(j, fe_time(buf, ns));
}

static void
put_string(struct fe_json *j, const char *key, const char *s)
{
	fe_json_key(j, key);
	fe_json_string(j, s);
}

static void
put_uint(struct fe_json *j, const char *key, uint64_t v)
{
	fe_json_key(j, key);
	fe_json_uint(j, v);
}

static void
put_uint_or_null(struct fe_json *j, const char *key, bool known, uint64_t v)
{
	fe_json_key(j, key);
	if (known)
		fe_json_uint(j, v);
	else
		fe_json_null(j);
}

static void
put_bool(struct fe_json *j, const char *key, bool v)
{
	fe_json_key(j, key);
	fe_json_bool(j, v);
}

static void
put_fields(struct fe_json *j, const struct view *v)
{
	const struct mt_meta *m = &v->m;
	const bool totals = (m->flags & MT_CAPTURE_NO_TOTALS) == 0;

	put_time(j, "start_time", m->start_time_ns);
	put_time(j, "end_time", m->end_time_ns);
	put_uint_or_null(j, "total_allocations", totals,
	    m->total_allocations);
	put_uint_or_null(j, "total_bytes_allocated", totals, m->total_bytes);
	put_uint(j, "peak_memory", m->peak_bytes);
	put_uint(j, "leaked_allocations", m->leaked_allocations);
	put_uint(j, "leaked_bytes", m->leaked_bytes);
	put_uint(j, "lost_events", m->lost_events);
	put_string(j, "command_line", m->command_line);
	put_uint_or_null(j, "pid", v->has_pid, m->pid);
	put_uint_or_null(j, "exit_status", v->exit_status >= 0,
	    (uint64_t)v->exit_status);
	put_string(j, "python_version", m->python_version);
	put_string(j, "python_allocator", m->python_allocator);
	put_bool(j, "has_native_traces", m->has_native_traces);
	put_bool(j, "trace_python_allocators", m->trace_python_allocators);
	put_bool(j, "still_recording", (m->flags & MT_CAPTURE_RECORDING) != 0);
	put_uint(j, "lost_threads", m->lost_threads);
	put_uint(j, "lost_bytes", m->lost_bytes);
}

static const char *
text_or_null(const char *s)
{
	return (*s == '\0' ? NULL : s);
}

static void
view_of(struct view *v, const struct mt_meta *m)
{
	v->m = *m;
	v->m.command_line = text_or_null(m->command_line);
	v->m.python_version = text_or_null(m->python_version);
	v->m.python_allocator = text_or_null(m->python_allocator);
	v->has_pid = m->pid != 0;
	v->exit_status = fe_meta_exit_status(m);
}

static const char *
common(const char *a, const char *b)
{
	return (a != NULL && b != NULL && strcmp(a, b) == 0 ? a : NULL);
}

static void
merge(struct view *v, const struct view *w)
{
	struct mt_meta *m = &v->m;
	const struct mt_meta *n = &w->m;

	if (n->start_time_ns < m->start_time_ns)
		m->start_time_ns = n->start_time_ns;
	/* One unknown end makes the last end unknown. */
	if (m->end_time_ns != 0 &&
	    (n->end_time_ns == 0 || n->end_time_ns > m->end_time_ns))
		m->end_time_ns = n->end_time_ns;
	m->total_allocations += n->total_allocations;
	m->total_bytes += n->total_bytes;
	m->peak_bytes += n->peak_bytes;
	m->leaked_allocations += n->leaked_allocations;
	m->leaked_bytes += n->leaked_bytes;
	m->lost_events += n->lost_events;
	m->lost_threads += n->lost_threads;
	m->lost_bytes += n->lost_bytes;
	m->command_line = common(m->command_line, n->command_line);
	m->python_version = common(m->python_version, n->python_version);
	m->python_allocator = common(m->python_allocator,
	    n->python_allocator);
	v->has_pid = v->has_pid && w->has_pid && m->pid == n->pid;
	if (v->exit_status != w->exit_status)
		v->exit_status = -1;
	m->flags |= n->flags & (MT_CAPTURE_NO_TOTALS | MT_CAPTURE_RECORDING);
	m->has_native_traces |= n->has_native_traces;
	m->trace_python_allocators |= n->trace_python_allocators;
}

static void
put_each(const struct fe_metas *ms, struct fe_json *j)
{
	struct view v;

	fe_json_key(j, "captures");
	fe_json_array(j);
	for (size_t i = 0; i < ms->n; i++) {
		view_of(&v, &ms->meta[i]);
		fe_json_object(j);
		put_string(j, "file", ms->file[i]);
		put_fields(j, &v);
		fe_json_end(j);
	}
	fe_json_end(j);
}

void
fe_metas_json_begin(const struct fe_metas *ms, struct fe_json *j)
{
	struct view all, v;

	memset(&all, 0, sizeof(all));
	fe_json_object(j);
	for (size_t i = 0; i < ms->n; i++) {
		view_of(&v, &ms->meta[i]);
		if (i == 0)
			all = v;
		else
			merge(&all, &v);
	}
	if (ms->n > 0)
		put_fields(j, &all);
	if (ms->n > 1)
		put_each(ms, j);
}

void
fe_metas_json(const struct fe_metas *ms, struct fe_json *j)
{
	fe_metas_json_begin(ms, j);
	fe_json_end(j);
}

/* ---- What is missing ------------------------------------------------- */

/* What is still being recorded cannot be whole, and is not broken. */
static void
warn_cut(const char *file, bool recording, uint64_t lost)
{
	if (recording)
		fe_note(file, "still being recorded, this is what there is so "
		    "far");
	else if (lost > 0)
		fe_warning(file, "cut short, the last %" PRIu64 " byte%s of "
		    "the file could not be read", lost,
		    lost == 1 ? "" : "s");
	else
		fe_warning(file, "cut short, the recording did not end "
		    "properly");
}

/* "12 events of 3 threads were lost, at least 4.000kB allocated" */
static void
warn_lost(const char *file, const struct mt_meta *m)
{
	char of[48] = "", size[FE_SIZE_MAX], bytes[FE_SIZE_MAX + 32] = "";

	if (m->lost_threads > 0)
		(void)snprintf(of, sizeof(of), " of %" PRIu64 " thread%s",
		    m->lost_threads, m->lost_threads == 1 ? "" : "s");
	if (m->lost_bytes > 0)
		(void)snprintf(bytes, sizeof(bytes), ", at least %s allocated",
		    fe_size(size, m->lost_bytes));
	fe_warning(file, "%" PRIu64 " event%s%s %s lost%s", m->lost_events,
	    m->lost_events == 1 ? "" : "s", of,
	    m->lost_events == 1 ? "was" : "were", bytes);
}

bool
fe_meta_warn(const char *file, const struct mt_meta *m)
{
	const bool recording = (m->flags & MT_CAPTURE_RECORDING) != 0;
	const bool cut = (m->flags & MT_CAPTURE_CUT) != 0;

	if (cut)
		warn_cut(file, recording, m->lost_bytes_of_file);
	if (m->flags & MT_CAPTURE_DAMAGED)
		fe_warning(file, "damaged, unreadable parts were skipped");
	if (m->flags & MT_CAPTURE_DISK_FULL)
		fe_warning(file, "the disk was full, not all events could "
		    "be written");
	if (m->lost_events > 0)
		warn_lost(file, m);
	return (m->lost_events > 0 || (cut && !recording) ||
	    (m->flags & (MT_CAPTURE_DAMAGED | MT_CAPTURE_DISK_FULL)) != 0);
}
