/* What a collector says to viewers besides tables, and what they say. */

#include <string.h>

#include "mt_feed_wire.h"

void
mt_mirror_head(uint8_t head[MT_MIRROR_HEAD])
{
	memcpy(head, MT_FEED_MAGIC, MT_FEED_MAGIC_BYTES);
	mt_put_u32(head + MT_FEED_MAGIC_BYTES, MT_FEED_VERSION);
}

unsigned
mt_mirror_version(const uint8_t head[MT_MIRROR_HEAD])
{
	return (memcmp(head, MT_FEED_MAGIC, MT_FEED_MAGIC_BYTES) != 0 ? 0 :
	    mt_get_u32(head + MT_FEED_MAGIC_BYTES));
}

/*
 * Both said a half of the secret behind 16 bytes.  This one opens nothing, so
 * it does no harm that it is said.
 */
bool
mt_mirror_old(const uint8_t said[MT_MIRROR_OLD], const struct mt_token *t,
    uint8_t answer[MT_MIRROR_OLD])
{
	if (!mt_feed_is_equal(said + 16, t->said, 16))
		return (false);
	mt_mirror_head(answer);
	mt_put_u32(answer + MT_MIRROR_HEAD, 0);
	memcpy(answer + 16, t->said + 16, 16);
	return (true);
}

bool
mt_mirror_request(const uint8_t in[MT_MIRROR_REQUEST], unsigned *interval_ms)
{
	if (mt_get_u32(in) != MT_REQUEST_INTERVAL)
		return (false);
	*interval_ms = mt_get_u32(in + 4);
	return (true);
}

size_t
mt_mirror_info(uint8_t out[MT_MIRROR_FRAME], uint64_t start_time_ns,
    uint64_t collector)
{
	mt_feed_put_head(out, MT_FRAME_INFO, 0, 16);
	mt_put_u64(out + MT_FEED_HEAD, start_time_ns);
	mt_put_u64(out + MT_FEED_HEAD + 8, collector);
	return (MT_FEED_HEAD + 16);
}

size_t
mt_mirror_update(uint8_t out[MT_MIRROR_FRAME], uint64_t time_ns)
{
	mt_feed_put_head(out, MT_FRAME_UPDATE, 0, 8);
	mt_put_u64(out + MT_FEED_HEAD, time_ns);
	return (MT_FEED_HEAD + 8);
}

size_t
mt_mirror_over(uint8_t out[MT_MIRROR_FRAME], int wait_status)
{
	mt_feed_put_head(out, MT_FRAME_OVER, 0, 8);
	mt_put_u32(out + MT_FEED_HEAD, wait_status != -1);
	mt_put_u32(out + MT_FEED_HEAD + 4, wait_status == -1 ? 0 :
	    (uint32_t)wait_status);
	return (MT_FEED_HEAD + 8);
}
