/* Frames of the live feed. */

#include <string.h>

#include "mt_feed_wire.h"

bool
mt_feed_is_equal(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint8_t differ = 0;

	while (n-- > 0)
		differ |= (uint8_t)(*a++ ^ *b++);
	return (differ == 0);
}

void
mt_feed_put_head(uint8_t out[MT_FEED_HEAD], unsigned type, uint32_t process,
    size_t payload)
{
	mt_put_u32(out, (uint32_t)payload);
	mt_put_u32(out + 4, type);
	mt_put_u32(out + 8, process);
}

void
mt_feed_get_head(const uint8_t in[MT_FEED_HEAD], unsigned *type,
    uint32_t *process, size_t *payload)
{
	*payload = mt_get_u32(in);
	*type = mt_get_u32(in + 4);
	*process = mt_get_u32(in + 8);
}

/* The members, in the order of the protocol. */
static void
status_members(struct mt_feed_status *s, uint64_t *member[16])
{
	uint64_t *const all[16] = {
		&s->flags, &s->pid, &s->parent_pid, &s->begin_ns, &s->time_ns,
		&s->heap, &s->live, &s->peak, &s->peak_time_ns, &s->rss,
		&s->anon_rss, &s->peak_rss, &s->allocations, &s->bytes,
		&s->lost, &s->exit_status
	};

	memcpy(member, all, sizeof(all));
}

void
mt_feed_put_status(struct mt_buf *b, const struct mt_feed_status *s)
{
	struct mt_feed_status copy = *s;
	uint64_t *member[16];
	unsigned i;

	status_members(&copy, member);
	for (i = 0; i < 16; i++)
		mt_buf_put_varint(b, *member[i]);
}

bool
mt_feed_get_status(struct mt_cursor *c, struct mt_feed_status *s)
{
	uint64_t *member[16];
	unsigned i;

	status_members(s, member);
	for (i = 0; i < 16; i++)
		*member[i] = mt_cursor_varint(c);
	return (!c->bad);
}
