/*
 * Fuzz target: whatever a peer says to the live feed's server, it must not
 * crash, leak or hang, and only who says the secret may become a viewer.
 *
 * The first byte says how much is heard at a time.
 */

#include <sys/socket.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mt_collect_viewer.h"


int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
fuzz_require(bool ok)
{
	if (!ok)
		abort();
}

static void
fuzz_check(const struct mt_collect_viewer *v, const uint8_t *all, bool came,
    const uint8_t *secret)
{
	fuzz_require(!came || memcmp(all + 16, secret,
	    MT_MIRROR_SECRET / 2) == 0);
	fuzz_require(v->in_len < MT_COLLECT_VIEWER_IN);
	fuzz_require(v->interval_us == 0 || v->interval_us >= 100000);
	fuzz_require(v->out_len <= MT_MIRROR_GREETING);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint8_t secret[MT_MIRROR_SECRET] = "0123456789abcdef";
	struct mt_collect_viewer *v;
	const uint8_t *p;
	uint64_t now = 0;
	bool came, moved;
	size_t k, piece;
	int sv[2];

	if (n == 0)
		return (0);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == -1 ||
	    (v = mt_collect_viewer_new(sv[0], now)) == NULL)
		abort();
	piece = (size_t)data[0] + 1;
	for (p = data + 1; p < data + n; p += k) {
		k = (size_t)(data + n - p) < piece ? (size_t)(data + n - p) :
		    piece;
		fuzz_require(send(sv[1], p, k, MSG_NOSIGNAL) == (ssize_t)k);
		now += 1000;
		if (!mt_collect_viewer_hear(v, secret, now, &came))
			break;
		fuzz_check(v, data + 1, came, secret);
		if (!mt_collect_viewer_send(v, &moved))
			break;
	}
	mt_collect_viewer_free(v);
	(void)close(sv[1]);
	return (0);
}
