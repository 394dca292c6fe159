/*
 * Fuzz target: whatever a peer says to the live feed's server, it must not
 * crash, leak or hang, and only who is local or knows the token may become a
 * viewer.
 *
 * The first byte says who it is and how much is heard at a time: a peer
 * through the local socket, one through a network, or one through a network
 * who knows the token and seals what he says.
 */

#include <sys/socket.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz_cost.h"
#include "mt_collect_viewer.h"

enum fuzz_peer { FUZZ_LOCAL, FUZZ_NET, FUZZ_SEALED, FUZZ_PEERS };

#define FUZZ_PIECE	64u	/* bytes at a time, at most */

/* Steps that an input may take, for each byte and at all. */
#define STEPS_PER_BYTE	UINT64_C(20000)
#define STEPS		UINT64_C(200000)

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct fuzz {
	enum fuzz_peer	 peer;
	struct mt_collect_viewer *v;
	struct mt_seal	*seal;
	int		 fd;
	uint64_t	 now;
};

static const struct mt_token fuzz_token = {
	.said = "0123456789abcdef0123456789ABCDE",
	.token = "a token that nobody else knows."
};

static void
fuzz_check(const struct mt_collect_viewer *v, enum fuzz_peer peer, bool came)
{
	fuzz_require(!came || v->state == MT_VIEWER_IN);
	fuzz_require(v->state < MT_VIEWER_GREETED || peer != FUZZ_NET);
	fuzz_require(v->in_len < MT_COLLECT_VIEWER_IN);
	fuzz_require(v->interval_us == 0 || v->interval_us >= 100000);
	fuzz_require(v->out_len <= MT_COLLECT_VIEWER_IN);
}

/* He says this; false: he is sent away. */
static bool
fuzz_say(struct fuzz *f, const void *data, size_t n)
{
	uint8_t scratch[256];
	bool came, moved;

	fuzz_require(send(f->fd, data, n, MSG_NOSIGNAL) == (ssize_t)n);
	f->now += 1000;
	if (!mt_collect_viewer_hear(f->v, &fuzz_token, f->now, &came))
		return (false);
	fuzz_check(f->v, f->peer, came);
	if (!mt_collect_viewer_send(f->v, &moved))
		return (false);
	while (f->seal == NULL &&
	    recv(f->fd, scratch, sizeof(scratch), MSG_DONTWAIT) > 0)
		continue;
	return (true);
}

/* A record of his, whatever is in it. */
static bool
fuzz_record(struct fuzz *f, const uint8_t *data, size_t n)
{
	uint8_t out[MT_MIRROR_RECORD + FUZZ_PIECE + MT_SEAL_TAG];

	out[0] = (uint8_t)(n + MT_SEAL_TAG);
	out[1] = 0;
	fuzz_require(mt_seal_close(f->seal, out + MT_MIRROR_RECORD, data, n));
	return (fuzz_say(f, out, MT_MIRROR_RECORD + n + MT_SEAL_TAG));
}

/* The greeting of who knows the token has to be taken. */
static void
fuzz_greet(struct fuzz *f)
{
	uint8_t data[MT_MIRROR_HEAD + MT_SEAL_GREETING];

	mt_mirror_head(data);
	fuzz_require(mt_seal_new(&f->seal, MT_SEAL_VIEWER, fuzz_token.token,
	    data, MT_MIRROR_HEAD, NULL) == MT_OK);
	fuzz_require(mt_seal_write(f->seal, data + MT_MIRROR_HEAD, NULL, 0));
	fuzz_require(fuzz_say(f, data, sizeof(data)));
	fuzz_require(f->v->state == MT_VIEWER_GREETED);
	fuzz_require(recv(f->fd, data, sizeof(data), MSG_DONTWAIT) ==
	    (ssize_t)sizeof(data));
	fuzz_require(mt_seal_read(f->seal, NULL, data + MT_MIRROR_HEAD,
	    MT_SEAL_GREETING));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint8_t from[MT_COLLECT_VIEWER_FROM];
	struct fuzz f = { .now = 0 };
	const uint8_t *p;
	size_t k, piece;
	int sv[2];

	if (n == 0)
		return (0);
	fuzz_cost_begin();
	f.peer = data[0] % FUZZ_PEERS;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == -1 ||
	    (f.v = mt_collect_viewer_new(sv[0],
	    f.peer == FUZZ_LOCAL ? NULL : from, 0)) == NULL)
		abort();
	f.fd = sv[1];
	if (f.peer == FUZZ_SEALED)
		fuzz_greet(&f);
	piece = (size_t)data[0] / FUZZ_PEERS % FUZZ_PIECE + 1;
	for (p = data + 1; p < data + n; p += k) {
		k = (size_t)(data + n - p) < piece ? (size_t)(data + n - p) :
		    piece;
		if (!(f.seal != NULL ? fuzz_record(&f, p, k) :
		    fuzz_say(&f, p, k)))
			break;
	}
	mt_seal_free(f.seal);
	mt_collect_viewer_free(f.v);
	(void)close(f.fd);
	fuzz_cost_end(n, STEPS_PER_BYTE, STEPS);
	return (0);
}
