/* Captures: open, close, and the tables handed out. */

#include <stdlib.h>
#include <string.h>

#include "mt_capture.h"
#include "mt_deflate.h"
#include "mt_memray.h"

bool
mt_capture_keep(struct mt_capture *c, void *p)
{
	void *keep = c->keep;

	if (!mt_budget_grow(&c->budget, &keep, &c->keep_cap, c->nkeep + 1,
	    sizeof(*c->keep))) {
		free(p);
		return (false);
	}
	c->keep = keep;
	c->keep[c->nkeep++] = p;
	return (true);
}

void
mt_capture_set_sites(struct mt_capture *c, struct mt_site *sites, size_t n)
{
	mt_budget_free(&c->budget, c->sites, c->sites_cap * sizeof(*sites));
	c->sites = sites;
	c->nsites = c->sites_cap = n;
	c->has_sites = true;
}

static enum mt_status
mt_capture_head(struct mt_capture *c, struct mt_error *e)
{
	uint8_t head[MT_FILE_HEAD_BYTES];
	enum mt_status st;
	size_t n;

	st = mt_source_read(&c->source, 0, head, sizeof(head), &n, e);
	if (st != MT_OK)
		return (st);
	st = mt_block_get_file_head(&c->head, head, n, e);
	c->meta.start_time_ns = c->head.start_time_ns;
	return (st);
}

/*
 * A capture of memray becomes one of ours, and is read as such.  Its events
 * take time and disk space, and most reports do without them.
 */
static enum mt_status
mt_capture_convert(struct mt_capture *c, struct mt_memray_result *r,
    struct mt_error *e)
{
	uint8_t head[MT_FILE_HEAD_BYTES];
	struct mt_source tables;
	enum mt_status st;
	size_t n;

	memset(r, 0, sizeof(*r));
	st = mt_source_read(&c->source, 0, head, sizeof(head), &n, e);
	if (st != MT_OK || !mt_memray_is(head, n))
		return (st);
	st = mt_memray_convert(&tables, &c->source, false, &c->budget, r, e);
	if (st != MT_OK)
		return (st);
	c->memray = c->source;
	c->has_memray = !r->aggregated;
	if (r->aggregated)
		mt_source_close(&c->memray);
	c->source = tables;
	return (MT_OK);
}

enum mt_status
mt_capture_convert_events(struct mt_capture *c, struct mt_error *e)
{
	struct mt_memray_result r;
	struct mt_source events;
	enum mt_status st;
	unsigned flags;

	st = mt_memray_convert(&events, &c->memray, true, &c->budget, &r, e);
	if (st != MT_OK)
		return (st);
	mt_source_close(&c->memray);
	c->has_memray = false;
	mt_source_close(&c->source);
	c->source = events;
	c->nblocks = 0;
	mt_capture_rewind(c);
	/* What it lacks is known. */
	flags = c->meta.flags;
	st = mt_capture_find(c, e);
	c->meta.flags = flags;
	return (st);
}

/* What the metadata lacks can be summed up over the sites. */
static void
mt_capture_totals(struct mt_capture *c)
{
	struct mt_site sum = { 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	size_t i;

	for (i = 0; i < c->nsites; i++) {
		sum.allocations += c->sites[i].allocations;
		sum.bytes += c->sites[i].bytes;
		sum.peak_bytes += c->sites[i].peak_bytes;
		sum.leaked_allocations += c->sites[i].leaked_allocations;
		sum.leaked_bytes += c->sites[i].leaked_bytes;
	}
	if ((c->has & MT_HAS_ALLOCATIONS) == 0)
		c->meta.total_allocations = sum.allocations;
	if ((c->has & MT_HAS_BYTES) == 0)
		c->meta.total_bytes = sum.bytes;
	if ((c->has & MT_HAS_PEAK) == 0)
		c->meta.peak_bytes = sum.peak_bytes;
	if ((c->has & MT_HAS_LEAKED_ALLOCATIONS) == 0)
		c->meta.leaked_allocations = sum.leaked_allocations;
	if ((c->has & MT_HAS_LEAKED_BYTES) == 0)
		c->meta.leaked_bytes = sum.leaked_bytes;
}

static enum mt_status
mt_capture_read_all(struct mt_capture *c, struct mt_error *e)
{
	struct mt_memray_result memray;
	enum mt_status st;

	st = mt_capture_convert(c, &memray, e);
	if (st == MT_OK)
		st = mt_capture_head(c, e);
	if (st == MT_OK)
		st = mt_capture_find(c, e);
	if (st == MT_OK)
		st = mt_capture_load(c, e);
	if (st != MT_OK)
		return (st);
	c->dec.max_node = (uint32_t)c->nnodes;
	c->dec.max_thread = (uint32_t)c->nthreads;
	if (!c->has_sites) {
		st = mt_capture_rebuild(c, e);
		if (st != MT_OK)
			return (st);
	}
	st = mt_capture_expand_native(c, e);
	if (st != MT_OK)
		return (st);
	mt_capture_totals(c);
	if (c->has_memray)
		c->meta.flags &= ~(unsigned)MT_CAPTURE_AGGREGATED;
	c->meta.flags |= memray.flags;
	c->meta.lost_bytes_of_file += memray.lost_bytes;
	if (c->source.recording && (c->meta.flags & MT_CAPTURE_CUT) != 0)
		c->meta.flags |= MT_CAPTURE_RECORDING;
	/* In the file it counts from the start. */
	if (c->has & MT_HAS_PEAK_TIME)
		c->meta.peak_time_ns += c->meta.start_time_ns;
	return (MT_OK);
}

struct mt_capture *
mt_capture_new(const struct mt_source *source)
{
	struct mt_capture *c;

	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return (NULL);
	c->source = *source;
	c->native.strings.hash.budget = &c->budget;
	c->native.code_index.budget = &c->budget;
	c->native.spot_index.budget = &c->budget;
	c->dec.budget = &c->budget;
	c->meta.command_line = "";
	c->meta.python_version = "";
	c->meta.python_allocator = "";
	return (c);
}

enum mt_status
mt_capture_open_source(struct mt_capture **out, struct mt_source *source,
    struct mt_error *e)
{
	struct mt_capture *c;
	enum mt_status st;

	*out = NULL;
	c = mt_capture_new(source);
	if (c == NULL) {
		mt_source_close(source);
		return (mt_error_set(e, MT_ERR_NOMEM, "out of memory"));
	}
	st = mt_budget_open(&c->budget, source->size, e);
	c->inflate = mt_inflate_new();
	if (st == MT_OK && c->inflate == NULL)
		st = mt_error_set(e, MT_ERR_NOMEM, "out of memory");
	if (st == MT_OK)
		st = mt_budget_status(&c->budget, mt_capture_read_all(c, e),
		    e);
	if (st != MT_OK) {
		mt_capture_close(c);
		return (st);
	}
	*out = c;
	return (MT_OK);
}

enum mt_status
mt_capture_open(struct mt_capture **out, const char *path, struct mt_error *e)
{
	struct mt_source source;
	enum mt_status st;

	*out = NULL;
	st = mt_source_open(&source, path, e);
	if (st != MT_OK)
		return (st);
	return (mt_capture_open_source(out, &source, e));
}

enum mt_status
mt_capture_open_fd(struct mt_capture **out, int fd, struct mt_error *e)
{
	struct mt_source source;
	enum mt_status st;

	*out = NULL;
	st = mt_source_open_fd(&source, fd, e);
	if (st != MT_OK)
		return (st);
	return (mt_capture_open_source(out, &source, e));
}

void
mt_capture_close(struct mt_capture *c)
{
	size_t i;

	if (c == NULL)
		return;
	mt_source_close(&c->source);
	if (c->has_memray)
		mt_source_close(&c->memray);
	mt_events_dec_fini(&c->dec);
	mt_inflate_free(c->inflate);
	for (i = 0; i < c->nkeep; i++)
		free(c->keep[i]);
	free(c->keep);
	free(c->blocks);
	free(c->codes);
	free(c->nodes);
	free(c->threads);
	free(c->sites);
	free(c->stamp);
	free(c->ids.row);
	free(c->samples);
	mt_capture_free_more(c);
	mt_capture_free_native(c);
	mt_buf_fini(&c->index);
	free(c->stored.data);
	free(c->table.data);
	free(c->payload.data);
	mt_budget_close(&c->budget);
	free(c);
}

const struct mt_meta *
mt_capture_meta(const struct mt_capture *c)
{
	return (&c->meta);
}

size_t
mt_capture_codes(const struct mt_capture *c, const struct mt_code **codes)
{
	if (codes != NULL)
		*codes = c->codes;
	return (c->ncodes);
}

size_t
mt_capture_nodes(const struct mt_capture *c, const struct mt_node **nodes)
{
	if (nodes != NULL)
		*nodes = c->nodes;
	return (c->nnodes);
}

size_t
mt_capture_sites(const struct mt_capture *c, const struct mt_site **sites)
{
	if (sites != NULL)
		*sites = c->sites;
	return (c->nsites);
}

size_t
mt_capture_threads(const struct mt_capture *c,
    const struct mt_thread **threads)
{
	if (threads != NULL)
		*threads = c->threads;
	return (c->nthreads);
}

enum mt_status
mt_capture_samples(struct mt_capture *c, const struct mt_sample **samples,
    size_t *n, struct mt_error *e)
{
	enum mt_status st;

	if ((c->loaded & MT_LOADED_SAMPLES) == 0) {
		st = mt_capture_load_samples(c, e);
		if (st != MT_OK)
			return (mt_budget_status(&c->budget, st, e));
		c->loaded |= MT_LOADED_SAMPLES;
	}
	*samples = c->samples;
	*n = c->nsamples;
	return (MT_OK);
}
