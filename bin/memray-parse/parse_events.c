/* The events of a capture, line by line: millions a second. */

#include "parse.h"

#define EVENTS	4096	/* read at a time */

static void
put_who(struct fe_buf *b, const struct mt_event *ev)
{
	PARSE_UINT(b, "time_ns", ev->time_ns);
	PARSE_UINT(b, "thread", ev->thread);
}

static void
put_range(struct fe_buf *b, const struct mt_event *ev)
{
	PARSE_HEX(b, "address", ev->addr);
	PARSE_UINT(b, "size", ev->size);
}

static void
put_event(struct fe_buf *b, const struct mt_event *ev)
{
	switch (ev->type) {
	case MT_EVENT_ALLOC:
		fe_buf_str(b, "ALLOCATION");
		PARSE_UINT(b, "number", ev->ref);
		put_who(b, ev);
		PARSE_UINT(b, "node", ev->node);
		fe_buf_str(b, "\tallocator=");
		fe_buf_str(b, mt_allocator_name(ev->allocator));
		put_range(b, ev);
		break;
	case MT_EVENT_FREE:
		fe_buf_str(b, "FREE");
		PARSE_UINT(b, "number", ev->ref);
		put_who(b, ev);
		break;
	default:
		fe_buf_str(b, "UNMAP");
		put_who(b, ev);
		put_range(b, ev);
		break;
	}
	fe_buf_char(b, '\n');
}

enum mt_status
parse_events(struct fe_buf *b, struct mt_capture *c, uint64_t *n,
    struct mt_error *e)
{
	static struct mt_event events[EVENTS];
	enum mt_status st;
	size_t got;

	*n = 0;
	while ((st = mt_capture_events(c, events, EVENTS, &got, e)) ==
	    MT_OK) {
		*n += got;
		for (size_t i = 0; i < got; i++)
			put_event(b, &events[i]);
		/* Nobody may take the lines any more. */
		if (ferror(b->out) != 0)
			return (MT_OK);
	}
	return (st == MT_END ? MT_OK : st);
}
