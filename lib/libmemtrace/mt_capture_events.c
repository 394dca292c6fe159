/* Reading the events of a capture. */

#include "mt_capture.h"

/* Find and open the next block of events; MT_END if there is none. */
static enum mt_status
mt_capture_next_block(struct mt_capture *c, struct mt_error *e)
{
	struct mt_capture_block *b;
	enum mt_status st;
	size_t len;

	for (;;) {
		while (c->next_block < c->nblocks &&
		    c->blocks[c->next_block].type != MT_BLOCK_EVENTS)
			c->next_block++;
		if (c->next_block == c->nblocks)
			return (MT_END);
		b = &c->blocks[c->next_block];
		st = mt_capture_read(c, &c->next_block, &c->payload, &len, e);
		if (st == MT_OK)
			st = mt_events_dec_start(&c->dec, c->payload.data,
			    len, e);
		if (st == MT_OK) {
			b->known = true;
			b->first_alloc = c->dec.allocs;
			b->time_ns = c->dec.time_ns;
		}
		if (st != MT_ERR_FORMAT)
			return (st);
		c->meta.flags |= MT_CAPTURE_DAMAGED;
	}
}

/* From nodes of the file to those that were made of them. */
static void
mt_capture_event_nodes(const struct mt_capture *c, struct mt_event *ev,
    size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		ev[i].node = ev[i].node < c->native.nnode_of ?
		    c->native.node_of[ev[i].node] : 0;
}

enum mt_status
mt_capture_events(struct mt_capture *c, struct mt_event *ev, size_t n,
    size_t *got, struct mt_error *e)
{
	enum mt_status st;
	size_t k;

	*got = 0;
	if (c->has_memray) {
		st = mt_capture_convert_events(c, e);
		if (st != MT_OK)
			return (mt_budget_status(&c->budget, st, e));
	}
	while (*got < n) {
		if (!c->decoding) {
			st = mt_capture_next_block(c, e);
			if (st != MT_OK)
				return (*got > 0 ? MT_OK :
				    mt_budget_status(&c->budget, st, e));
			c->decoding = true;
		}
		k = mt_events_dec_next(&c->dec, ev + *got, n - *got);
		if (c->native.node_of != NULL)
			mt_capture_event_nodes(c, ev + *got, k);
		*got += k;
		if (c->dec.bad)
			c->meta.flags |= MT_CAPTURE_DAMAGED;
		if (*got < n)
			c->decoding = false;
	}
	return (MT_OK);
}

void
mt_capture_rewind(struct mt_capture *c)
{
	c->next_block = 0;
	c->decoding = false;
}

/*
 * Only forward, so that a wrong index costs events, but no end of time.  A
 * block that continues another one has no numbers of its own, which are 0
 * then, so they are only trusted where they grow.
 */
void
mt_capture_skip_time(struct mt_capture *c, uint64_t time_ns)
{
	const struct mt_capture_block *b;
	uint64_t best = 0;
	size_t i, to = 0;

	for (i = 0; i < c->nblocks; i++) {
		b = &c->blocks[i];
		if (b->known && b->time_ns < time_ns && b->time_ns > best) {
			best = b->time_ns;
			to = i;
		}
	}
	if (to >= c->next_block) {
		c->next_block = to;
		c->decoding = false;
	}
}

void
mt_capture_skip_alloc(struct mt_capture *c, uint64_t number)
{
	const struct mt_capture_block *b;
	uint64_t best = 0;
	size_t i, to = 0;

	/* No further than need be, for this is asked again and again. */
	for (i = c->next_block; i < c->nblocks; i++) {
		b = &c->blocks[i];
		if (b->type == MT_BLOCK_EVENTS &&
		    (!b->known || b->first_alloc > number))
			break;
		if (b->known && b->first_alloc > best) {
			best = b->first_alloc;
			to = i;
		}
	}
	if (to >= c->next_block) {
		c->next_block = to;
		c->decoding = false;
	}
}
