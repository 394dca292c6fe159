/* What a collector says to viewers besides tables, and what they say. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mt_feed_wire.h"

bool
mt_mirror_place(unsigned i, unsigned port, char dir[MT_MIRROR_PATH],
    char file[MT_MIRROR_PATH])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	int n;

	if (runtime == NULL || *runtime != '/' ||
	    strlen(runtime) > MT_MIRROR_PATH / 2)
		i++;
	if (i > 1)
		return (false);
	if (i == 0)
		n = snprintf(dir, MT_MIRROR_PATH, "%s/memtrace", runtime);
	else
		n = snprintf(dir, MT_MIRROR_PATH, "/tmp/memtrace-%lu",
		    (unsigned long)geteuid());
	if (n < 0 || n > (int)MT_MIRROR_PATH - 16)
		return (false);
	(void)snprintf(file, MT_MIRROR_PATH, "%.*s/live-%u",
	    (int)MT_MIRROR_PATH - 17, dir, port & 0xffff);
	return (true);
}

enum mt_status
mt_mirror_greeted(const uint8_t in[MT_MIRROR_GREETING],
    const uint8_t secret[MT_MIRROR_SECRET], unsigned *interval_ms)
{
	uint8_t token[MT_FEED_TOKEN];
	uint32_t version, ms;

	if (!mt_feed_get_greeting(in, &version, &ms, token) ||
	    !mt_feed_is_equal(token, secret, MT_FEED_TOKEN))
		return (MT_ERR_FORMAT);
	*interval_ms = ms;
	return (version == MT_FEED_VERSION ? MT_OK : MT_ERR_VERSION);
}

void
mt_mirror_greet(uint8_t out[MT_MIRROR_GREETING],
    const uint8_t secret[MT_MIRROR_SECRET])
{
	mt_feed_put_greeting(out, MT_FEED_VERSION, 0, secret + MT_FEED_TOKEN);
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
