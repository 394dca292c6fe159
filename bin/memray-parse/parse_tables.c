/* What a capture holds besides events, line by line. */

#include <err.h>
#include <stdlib.h>

#include <fe_text.h>
#include <mt_record.h>

#include "parse.h"

void
parse_text(struct fe_buf *b, const char *field, const char *value)
{
	char *clean = fe_text_clean(value, true);

	fe_buf_str(b, field);
	fe_buf_str(b, clean);
	free(clean);
}

static void
put_header(struct fe_buf *b, const struct mt_capture *c, const char *file)
{
	unsigned major, minor;

	mt_capture_version(c, &major, &minor);
	parse_text(b, "HEADER\tfile=", file);
	PARSE_UINT(b, "major", major);
	PARSE_UINT(b, "minor", minor);
	PARSE_UINT(b, "start_time_ns", mt_capture_meta(c)->start_time_ns);
	fe_buf_char(b, '\n');
}

static void
meta_text(struct fe_buf *b, const char *key, const char *value)
{
	fe_buf_str(b, "META\t");
	fe_buf_str(b, key);
	parse_text(b, "=", value);
	fe_buf_char(b, '\n');
}

static void
meta_uint(struct fe_buf *b, const char *key, uint64_t v)
{
	fe_buf_str(b, "META\t");
	fe_buf_str(b, key);
	fe_buf_char(b, '=');
	fe_buf_uint(b, v);
	fe_buf_char(b, '\n');
}

static void
put_meta(struct fe_buf *b, const struct mt_meta *m)
{
	meta_text(b, "command_line", m->command_line);
	meta_uint(b, "pid", m->pid);
	meta_text(b, "python_version", m->python_version);
	meta_text(b, "python_allocator", m->python_allocator);
	meta_uint(b, "end_time_ns", m->end_time_ns);
	if (m->has_exit_status) {
		fe_buf_str(b, "META\texit_status=");
		fe_buf_int(b, m->exit_status);
		fe_buf_char(b, '\n');
	}
	meta_uint(b, "total_allocations", m->total_allocations);
	meta_uint(b, "total_bytes", m->total_bytes);
	meta_uint(b, "peak_bytes", m->peak_bytes);
	meta_uint(b, "peak_time_ns", m->peak_time_ns);
	meta_uint(b, "leaked_allocations", m->leaked_allocations);
	meta_uint(b, "leaked_bytes", m->leaked_bytes);
	meta_uint(b, "lost_events", m->lost_events);
	meta_uint(b, "has_native_traces", m->has_native_traces);
	meta_uint(b, "trace_python_allocators", m->trace_python_allocators);
	meta_uint(b, "lost_threads", m->lost_threads);
	meta_uint(b, "lost_bytes", m->lost_bytes);
}

static void
put_state(struct fe_buf *b, const struct mt_meta *m)
{
	fe_buf_str(b, "STATE");
	PARSE_UINT(b, "cut", (m->flags & MT_CAPTURE_CUT) != 0);
	PARSE_UINT(b, "damaged", (m->flags & MT_CAPTURE_DAMAGED) != 0);
	PARSE_UINT(b, "aggregated", (m->flags & MT_CAPTURE_AGGREGATED) != 0);
	PARSE_UINT(b, "rebuilt", (m->flags & MT_CAPTURE_REBUILT) != 0);
	PARSE_UINT(b, "disk_full", (m->flags & MT_CAPTURE_DISK_FULL) != 0);
	PARSE_UINT(b, "lost_bytes_of_file", m->lost_bytes_of_file);
	PARSE_UINT(b, "recording", (m->flags & MT_CAPTURE_RECORDING) != 0);
	fe_buf_char(b, '\n');
}

static const char *
block_name(uint32_t type)
{
	static const char *const names[] = {
		[MT_BLOCK_META] = "meta", [MT_BLOCK_CODES] = "codes",
		[MT_BLOCK_NODES] = "nodes", [MT_BLOCK_THREADS] = "threads",
		[MT_BLOCK_EVENTS] = "events", [MT_BLOCK_SAMPLES] = "samples",
		[MT_BLOCK_SITES] = "sites", [MT_BLOCK_INDEX] = "index",
		[MT_BLOCK_END] = "end", [MT_BLOCK_CHANGES] = "changes",
		[MT_BLOCK_TEMPORARY] = "temporary",
		[MT_BLOCK_SIZES] = "sizes",
		[MT_BLOCK_LIFETIMES] = "lifetimes",
		[MT_BLOCK_TIMELINE] = "timeline",
		[MT_BLOCK_SYMBOLS] = "symbols"
	};
	const size_t n = sizeof(names) / sizeof(names[0]);

	return (type < n && names[type] != NULL ? names[type] : "unknown");
}

static enum mt_status
put_blocks(struct fe_buf *b, const struct mt_capture *c, struct mt_error *e)
{
	struct mt_block_info info;
	enum mt_status st;

	for (size_t i = 0;
	    (st = mt_capture_block(c, i, &info, e)) == MT_OK; i++) {
		fe_buf_str(b, "BLOCK");
		PARSE_UINT(b, "offset", info.offset);
		PARSE_UINT(b, "type", info.type);
		fe_buf_str(b, "\tname=");
		fe_buf_str(b, block_name(info.type));
		PARSE_UINT(b, "flags", info.flags);
		PARSE_UINT(b, "raw_bytes", info.raw_bytes);
		PARSE_UINT(b, "stored_bytes", info.stored_bytes);
		fe_buf_char(b, '\n');
	}
	return (st == MT_END ? MT_OK : st);
}

static void
put_threads(struct fe_buf *b, const struct mt_capture *c)
{
	const struct mt_thread *t;
	size_t n = mt_capture_threads(c, &t);

	for (size_t i = 0; i < n; i++) {
		fe_buf_str(b, "THREAD");
		PARSE_UINT(b, "id", i);
		PARSE_UINT(b, "tid", t[i].tid);
		parse_text(b, "\tname=", t[i].name);
		fe_buf_char(b, '\n');
	}
}

static void
put_codes(struct fe_buf *b, const struct mt_capture *c)
{
	const struct mt_code *codes;
	size_t n = mt_capture_codes(c, &codes);

	for (size_t i = 0; i < n; i++) {
		fe_buf_str(b, "CODE");
		PARSE_UINT(b, "id", i);
		parse_text(b, "\tfunction=", codes[i].function);
		parse_text(b, "\tfile=", codes[i].file);
		PARSE_UINT(b, "first_line", codes[i].first_line);
		PARSE_UINT(b, "table_kind", codes[i].table_kind);
		PARSE_UINT(b, "table_bytes", codes[i].table_len);
		fe_buf_char(b, '\n');
	}
}

static enum mt_status
put_modules(struct fe_buf *b, struct mt_capture *c, struct mt_error *e)
{
	const struct mt_module *m;
	enum mt_status st;
	size_t n;

	if ((st = mt_capture_modules(c, &m, &n, e)) != MT_OK)
		return (st);
	for (const struct mt_module *end = m + n; m < end; m++) {
		fe_buf_str(b, "MODULE");
		PARSE_UINT(b, "code", m->code);
		parse_text(b, "\tpath=", m->path);
		fe_buf_str(b, "\tbuild_id=");
		for (size_t i = 0; i < m->build_id_len; i++) {
			fe_buf_char(b, "0123456789abcdef"[
			    m->build_id[i] >> 4]);
			fe_buf_char(b, "0123456789abcdef"[
			    m->build_id[i] & 15]);
		}
		PARSE_UINT(b, "addresses", m->naddresses);
		PARSE_UINT(b, "unresolved", m->unresolved);
		parse_text(b, "\tnote=", m->note != NULL ? m->note :
		    "not looked up");
		fe_buf_char(b, '\n');
	}
	return (MT_OK);
}

/* Node 0, the root, is in no capture. */
static void
put_nodes(struct fe_buf *b, const struct mt_capture *c)
{
	const struct mt_code *codes;
	const struct mt_node *nodes;
	size_t n = mt_capture_nodes(c, &nodes);
	size_t ncodes = mt_capture_codes(c, &codes);
	struct mt_lines *lines = mt_lines_new(codes, ncodes);

	if (lines == NULL)
		err(1, NULL);
	for (size_t i = 1; i < n; i++) {
		fe_buf_str(b, "NODE");
		PARSE_UINT(b, "id", i);
		PARSE_UINT(b, "parent", nodes[i].parent);
		PARSE_UINT(b, "code", nodes[i].code);
		PARSE_INT(b, "offset", nodes[i].offset);
		PARSE_UINT(b, "line", mt_lines_get(lines, nodes[i].code,
		    nodes[i].offset));
		fe_buf_char(b, '\n');
	}
	mt_lines_free(lines);
}

static void
put_sites(struct fe_buf *b, const struct mt_capture *c)
{
	const struct mt_site *s;
	size_t n = mt_capture_sites(c, &s);

	for (const struct mt_site *end = s + n; s < end; s++) {
		fe_buf_str(b, "SITE");
		PARSE_UINT(b, "thread", s->thread);
		PARSE_UINT(b, "node", s->node);
		fe_buf_str(b, "\tallocator=");
		fe_buf_str(b, mt_allocator_name(s->allocator));
		PARSE_UINT(b, "allocations", s->allocations);
		PARSE_UINT(b, "bytes", s->bytes);
		PARSE_UINT(b, "peak_allocations", s->peak_allocations);
		PARSE_UINT(b, "peak_bytes", s->peak_bytes);
		PARSE_UINT(b, "leaked_allocations", s->leaked_allocations);
		PARSE_UINT(b, "leaked_bytes", s->leaked_bytes);
		fe_buf_char(b, '\n');
	}
}

static enum mt_status
put_samples(struct fe_buf *b, struct mt_capture *c, struct mt_error *e)
{
	const struct mt_sample *s;
	enum mt_status st;
	size_t n;

	if ((st = mt_capture_samples(c, &s, &n, e)) != MT_OK)
		return (st);
	for (const struct mt_sample *end = s + n; s < end; s++) {
		fe_buf_str(b, "SAMPLE");
		PARSE_UINT(b, "time_ns", s->time_ns);
		PARSE_UINT(b, "heap", s->heap);
		PARSE_UINT(b, "rss", s->rss);
		PARSE_UINT(b, "anon_rss", s->anon_rss);
		fe_buf_char(b, '\n');
	}
	return (MT_OK);
}

enum mt_status
parse_tables(struct fe_buf *b, struct mt_capture *c, const char *file,
    struct mt_error *e)
{
	enum mt_status st;

	put_header(b, c, file);
	put_meta(b, mt_capture_meta(c));
	put_state(b, mt_capture_meta(c));
	if ((st = put_blocks(b, c, e)) != MT_OK)
		return (st);
	put_threads(b, c);
	put_codes(b, c);
	if ((st = put_modules(b, c, e)) != MT_OK)
		return (st);
	put_nodes(b, c);
	put_sites(b, c);
	if ((st = parse_more(b, c, e)) != MT_OK)
		return (st);
	return (put_samples(b, c, e));
}
