/* What a capture holds about sites besides their totals, line by line. */

#include <mt_record.h>

#include "parse.h"

/* Only what is in the file is a record of it. */
static bool
has_block(const struct mt_capture *c, uint32_t type)
{
	struct mt_block_info info;

	for (size_t i = 0; mt_capture_block(c, i, &info, NULL) == MT_OK; i++)
		if (info.type == type)
			return (true);
	return (false);
}

static enum mt_status
put_temporary(struct fe_buf *b, struct mt_capture *c, struct mt_error *e)
{
	const struct mt_temporary *t;
	enum mt_status st;
	size_t n;

	if ((st = mt_capture_temporaries(c, &t, &n, e)) != MT_OK)
		return (st);
	for (const struct mt_temporary *end = t + n; t < end; t++) {
		fe_buf_str(b, "TEMPORARY");
		PARSE_UINT(b, "site", t->site);
		PARSE_UINT(b, "bits", t->bin);
		PARSE_UINT(b, "allocations", t->allocations);
		PARSE_UINT(b, "bytes", t->bytes);
		fe_buf_char(b, '\n');
	}
	return (MT_OK);
}

static enum mt_status
put_sizes(struct fe_buf *b, struct mt_capture *c, struct mt_error *e)
{
	const struct mt_histogram *h;
	enum mt_status st;

	if ((st = mt_capture_histogram(c, &h, e)) != MT_OK)
		return (st);
	fe_buf_str(b, "HISTOGRAM");
	PARSE_UINT(b, "smallest", h->smallest);
	PARSE_UINT(b, "largest", h->largest);
	fe_buf_char(b, '\n');
	for (size_t i = 0; i < h->nbuckets; i++) {
		fe_buf_str(b, "BUCKET");
		PARSE_UINT(b, "smallest", h->buckets[i].smallest);
		PARSE_UINT(b, "largest", h->buckets[i].largest);
		PARSE_UINT(b, "allocations", h->buckets[i].allocations);
		fe_buf_char(b, '\n');
	}
	for (size_t i = 0; i < h->nsites; i++) {
		fe_buf_str(b, "SIZE");
		PARSE_UINT(b, "site", h->sites[i].site);
		PARSE_UINT(b, "bits", h->sites[i].bits);
		PARSE_UINT(b, "allocations", h->sites[i].allocations);
		fe_buf_char(b, '\n');
	}
	return (MT_OK);
}

static enum mt_status
put_lifetimes(struct fe_buf *b, struct mt_capture *c, struct mt_error *e)
{
	const struct mt_lifetimes *l;
	enum mt_status st;

	if ((st = mt_capture_lifetimes(c, &l, e)) != MT_OK)
		return (st);
	fe_buf_str(b, "LIFETIMES");
	PARSE_UINT(b, "interval_ns", l->interval_ns);
	PARSE_UINT(b, "intervals", l->intervals);
	fe_buf_char(b, '\n');
	for (size_t i = 0; i < l->n; i++) {
		const struct mt_lifetime *r = &l->rows[i];

		fe_buf_str(b, "LIFETIME");
		PARSE_UINT(b, "site", r->site);
		PARSE_UINT(b, "from", r->from);
		fe_buf_str(b, "\tto=");
		if (r->to == MT_NEVER)
			fe_buf_str(b, "never");
		else
			fe_buf_uint(b, r->to);
		PARSE_UINT(b, "allocations", r->allocations);
		PARSE_UINT(b, "bytes", r->bytes);
		fe_buf_char(b, '\n');
	}
	return (MT_OK);
}

enum mt_status
parse_more(struct fe_buf *b, struct mt_capture *c, struct mt_error *e)
{
	static const struct {
		uint32_t	type;
		enum mt_status	(*put)(struct fe_buf *, struct mt_capture *,
				    struct mt_error *);
	} tables[] = {
		{ MT_BLOCK_TEMPORARY, put_temporary },
		{ MT_BLOCK_SIZES, put_sizes },
		{ MT_BLOCK_LIFETIMES, put_lifetimes }
	};
	enum mt_status st = MT_OK;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (!has_block(c, tables[i].type))
			continue;
		st = tables[i].put(b, c, e);
		/* A table that is damaged and cannot be made again. */
		if (st != MT_OK && st != MT_ERR_FORMAT)
			return (st);
	}
	return (MT_OK);
}
