/* Reading the events of a capture. */

#include "mt_capture.h"

/* Find and open the next block of events; MT_END if there is none. */
static enum mt_status
mt_capture_next_block(struct mt_capture *c, struct mt_error *e)
{
	enum mt_status st;
	size_t len;

	for (;;) {
		while (c->next_block < c->nblocks &&
		    c->blocks[c->next_block].type != MT_BLOCK_EVENTS)
			c->next_block++;
		if (c->next_block == c->nblocks)
			return (MT_END);
		st = mt_capture_read(c, &c->next_block, &c->payload, &len, e);
		if (st == MT_OK)
			st = mt_events_dec_start(&c->dec, c->payload.data,
			    len, e);
		if (st != MT_ERR_FORMAT)
			return (st);
		c->meta.flags |= MT_CAPTURE_DAMAGED;
	}
}

enum mt_status
mt_capture_events(struct mt_capture *c, struct mt_event *ev, size_t n,
    size_t *got, struct mt_error *e)
{
	enum mt_status st;

	*got = 0;
	if (c->has_memray) {
		st = mt_capture_convert_events(c, e);
		if (st != MT_OK)
			return (st);
	}
	while (*got < n) {
		if (!c->decoding) {
			st = mt_capture_next_block(c, e);
			if (st != MT_OK)
				return (*got > 0 ? MT_OK : st);
			c->decoding = true;
		}
		*got += mt_events_dec_next(&c->dec, ev + *got, n - *got);
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
