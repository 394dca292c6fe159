/* Hello, arenas, and the producer's side of a ring.  Linux only. */

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent_early.h"
#include "agent_out.h"
#include "agent_sys.h"
#include "mt_hello.h"

#define OUT_ARENAS	256u	/* 4096 threads at a time */
#define OUT_CHECK_MS	50	/* how often a blocked thread looks around */
#define OUT_HELLO_S	5	/* patience with a collector that is busy */

#define OUT_PATH	sizeof(((struct sockaddr_un *)0)->sun_path)

static char			out_path[OUT_PATH];
static struct mt_hello		out_hello;
static struct mt_session_page	*out_session;	/* for a forked child */
static struct mt_arena		*out_relic;	/* see agent_out_forked() */
static bool			out_refused;	/* a forked child is untraced */
static struct mt_arena * _Atomic out_arena[OUT_ARENAS];
static bool			out_heard;	/* the last hello */
static _Atomic uint32_t		out_growing;	/* 1: a thread asks for more */

/*
 * The collector is our user's, or the superuser's if this process has changed
 * its user since.  Anybody else may have got hold of the name of the socket.
 */
static bool
out_is_ours(uid_t uid)
{
	return (uid == geteuid() || uid == 0);
}

static bool
out_trusts(int s)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return (getsockopt(s, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	    len == sizeof(peer) && out_is_ours(peer.uid));
}

static int
out_connect(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct timeval patience = { OUT_HELLO_S, 0 };
	int s;

	s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (s == -1)
		return (-1);
	memcpy(sun.sun_path, out_path, sizeof(sun.sun_path));
	(void)setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience,
	    sizeof(patience));
	(void)setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &patience,
	    sizeof(patience));
	if (connect(s, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    !out_trusts(s)) {
		(void)close(s);
		return (-1);
	}
	return (s);
}

/* Receive the answer and at most two descriptors, -1 where there is none. */
static bool
out_welcome(int s, struct mt_welcome *w, int fd[2])
{
	union {
		struct cmsghdr	align;
		char		buf[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct iovec iov = { w, sizeof(*w) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control.buf,
	    .msg_controllen = sizeof(control.buf) };
	struct cmsghdr *c;
	ssize_t n;

	do
		n = recvmsg(s, &m, MSG_CMSG_CLOEXEC);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return (false);
	c = CMSG_FIRSTHDR(&m);
	if (c != NULL && c->cmsg_level == SOL_SOCKET &&
	    c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(2 * sizeof(int)))
		memcpy(fd, CMSG_DATA(c), 2 * sizeof(int));
	return (n == sizeof(*w) && w->magic == MT_HELLO_MAGIC &&
	    w->version == MT_WIRE_VERSION);
}

/*
 * Memory that became shorter would kill this process with SIGBUS.  A seal says
 * that it cannot; where the system has no such memory, a file has to do that
 * nobody but our user and the superuser can have opened.
 */
static bool
out_is_sound(int fd, size_t size)
{
	struct stat st;
	int seals;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    st.st_size < (off_t)size)
		return (false);
	seals = fcntl(fd, F_GET_SEALS);
	if (seals != -1 && (seals & F_SEAL_SHRINK) != 0)
		return (true);
	return (out_is_ours(st.st_uid) && (st.st_mode & 077) == 0 &&
	    st.st_nlink == 0);
}

static void *
out_map(int fd, size_t size)
{
	void *p;

	if (fd == -1 || !out_is_sound(fd, size))
		return (NULL);
	p = agent_real.mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	return (p == MAP_FAILED ? NULL : p);
}

/* Map what came with the welcome, unless it is not what we expect. */
static bool
out_take(const int fd[2], struct mt_session_page **page, struct mt_arena **a)
{
	*page = out_map(fd[0], MT_SESSION_BYTES);
	*a = out_map(fd[1], MT_ARENA_BYTES);
	return (*page != NULL && *a != NULL &&
	    (*page)->magic == MT_SESSION_MAGIC &&
	    (*a)->magic == MT_ARENA_MAGIC &&
	    (*a)->nrings == MT_ARENA_RINGS &&
	    (*a)->ring_words == MT_RING_WORDS &&
	    (*a)->data_offset == MT_ARENA_DATA_OFFSET);
}

/*
 * One exchange with the collector; true if it gave us an arena.  Sets
 * out_heard if there was an answer.
 */
static bool
out_ask(struct mt_session_page **page, struct mt_arena **a)
{
	struct mt_welcome w;
	int fd[2] = { -1, -1 };
	bool ok;
	int s;

	*page = NULL;
	*a = NULL;
	out_heard = false;
	if ((s = out_connect()) == -1)
		return (false);
	out_heard = send(s, &out_hello, sizeof(out_hello), MSG_NOSIGNAL) ==
	    sizeof(out_hello) && out_welcome(s, &w, fd);
	ok = out_heard && w.verdict == MT_TRACE && out_take(fd, page, a);
	for (int i = 0; i < 2; i++)
		if (fd[i] != -1)
			(void)close(fd[i]);
	(void)close(s);
	if (ok)
		agent->flags = w.flags;
	if (!ok && *page != NULL)
		(void)agent_real.munmap(*page, MT_SESSION_BYTES);
	if (!ok && *a != NULL)
		(void)agent_real.munmap(*a, MT_ARENA_BYTES);
	return (ok);
}

/* The first exchange of a process. */
static bool
out_begin(void)
{
	struct mt_session_page *page;
	struct mt_arena *a;

	if (!out_ask(&page, &a))
		return (false);
	agent->session = out_session = page;
	out_hello.kind = MT_HELLO_MORE;
	atomic_store(&out_arena[0], a);
	return (true);
}

bool
agent_out_init(const char *path)
{
	if (strlen(path) >= sizeof(out_path))
		return (false);
	strcpy(out_path, path);
	out_hello.magic = MT_HELLO_MAGIC;
	out_hello.version = MT_WIRE_VERSION;
	return (true);
}

bool
agent_out_hello(uint32_t hexversion, const char *version, bool supported)
{
	out_hello.kind = supported ? MT_HELLO_PROCESS : MT_HELLO_UNSUPPORTED;
	out_hello.py_hexversion = hexversion;
	out_hello.pid = (uint32_t)getpid();
	strncpy(out_hello.py_version, version,
	    sizeof(out_hello.py_version) - 1);
	return (out_begin());
}

/*
 * In place of an arena, memory of our own, of which only the ring of t can be
 * used; the rest has but addresses, so that no limit is in the way.
 */
static void
out_keep(struct mt_arena *a, const struct agent_thread *t)
{
	if (agent_real.mmap(a, MT_ARENA_BYTES, PROT_NONE, MAP_PRIVATE |
	    MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
		return;
	(void)mprotect(a, MT_ARENA_DATA_OFFSET, PROT_READ | PROT_WRITE);
	(void)mprotect(t->data, (size_t)MT_RING_WORDS * sizeof(t->data[0]),
	    PROT_READ | PROT_WRITE);
	out_relic = a;
}

/*
 * The fork may have been made in a signal handler that came into a hook.  When
 * the handler returns, the hook goes on in the child as well: it finds the
 * session, and in place of the parent's ring memory that nobody reads.
 */
void
agent_out_forked(const struct agent_thread *t)
{
	struct mt_arena *a;
	unsigned i;

	agent->session = out_session;
	for (i = 0; i < OUT_ARENAS; i++) {
		if ((a = atomic_load(&out_arena[i])) == NULL)
			continue;
		if (t != NULL && (uintptr_t)t->ring - (uintptr_t)a <
		    MT_ARENA_BYTES)
			out_keep(a, t);
		else
			(void)agent_real.munmap(a, MT_ARENA_BYTES);
		atomic_store(&out_arena[i], NULL);
	}
	atomic_store(&out_growing, 0);
}

bool
agent_out_hello_forked(void)
{
	struct mt_session_page *parents = out_session;

	/* The child of one that could not say hello. */
	if (out_refused)
		return (false);
	out_hello.kind = MT_HELLO_FORKED;
	out_hello.pid = (uint32_t)getpid();
	if (!out_begin()) {
		out_refused = true;
		if (!out_heard)
			atomic_fetch_add(&parents->unheard, 1);
		return (false);
	}
	(void)agent_real.munmap(parents, MT_SESSION_BYTES);
	if (out_relic != NULL)
		(void)agent_real.munmap(out_relic, MT_ARENA_BYTES);
	out_relic = NULL;
	return (true);
}

bool
agent_out_is_ours(void)
{
	return (agent_syscall(SYS_getpid) == (long)out_hello.pid);
}

void
agent_out_untraceable(const char *path, enum mt_why why, bool is_python)
{
	struct mt_hello h = out_hello;
	int s;

	h.kind = is_python ? MT_HELLO_UNTRACEABLE : MT_HELLO_OPAQUE;
	h.why = (uint32_t)why;
	h.pid = (uint32_t)getpid();
	memset(h.py_version, 0, sizeof(h.py_version));
	strncpy(h.py_version, path, sizeof(h.py_version) - 1);
	if ((s = out_connect()) == -1)
		return;
	(void)send(s, &h, sizeof(h), MSG_NOSIGNAL);
	(void)close(s);
}

/* The ring is this owner's, and becomes the thread's. */
static bool
out_own(struct mt_ring *r, uint64_t owner, struct agent_thread *t)
{
	uint64_t ours = MT_RING_OWNER(MT_RING_USED, t->tid,
	    (owner >> 34) + 1);

	if (!atomic_compare_exchange_strong(&r->owner, &owner, ours))
		return (false);
	t->owner = ours;
	return (true);
}

/* Behind what is there, be it of a thread that is gone. */
static void
out_start(struct agent_thread *t)
{
	t->head = atomic_load(&t->ring->head);
	t->limit = t->soft = t->head;
	atomic_store(&t->soft_hot, 0);
}

/* The ring that the block had when its last thread ended. */
static bool
out_inherit(struct agent_thread *t)
{
	if (t->owner == 0 || (!out_own(t->ring, t->owner, t) &&
	    !out_own(t->ring, MT_RING_WITH(t->owner, MT_RING_LEAVING), t)))
		return (false);
	out_start(t);
	return (true);
}

void
agent_out_leave(struct agent_thread *t)
{
	uint64_t owner = t->owner;

	(void)atomic_compare_exchange_strong(&t->ring->owner, &owner,
	    MT_RING_WITH(owner, MT_RING_LEAVING));
}

static bool
out_claim_in(struct mt_arena *a, struct agent_thread *t)
{
	struct mt_ring *r;
	uint64_t owner;
	unsigned i;

	for (i = 0; i < MT_ARENA_RINGS; i++) {
		r = &a->ring[i];
		owner = atomic_load(&r->owner);
		if (MT_RING_STATE(owner) != MT_RING_FREE ||
		    !out_own(r, owner, t))
			continue;
		t->ring = r;
		t->data = mt_arena_data(a, i);
		out_start(t);
		return (true);
	}
	return (false);
}

/* Another arena in the place i; false if it is not for us to ask. */
static bool
out_grow(unsigned i)
{
	struct mt_session_page *page;
	struct mt_arena *a;
	bool ok;

	if (atomic_exchange(&out_growing, 1) != 0) {
		/* As long as the other one is patient, so are we. */
		agent_futex_wait(&out_growing, 1, 1);
		return (true);
	}
	if ((ok = out_ask(&page, &a))) {
		(void)agent_real.munmap(page, MT_SESSION_BYTES);
		atomic_store(&out_arena[i], a);
	}
	atomic_store(&out_growing, 0);
	return (ok);
}

bool
agent_out_claim(struct agent_thread *t)
{
	struct mt_arena *a;
	unsigned i = 0, tries;

	if (out_inherit(t))
		return (true);
	for (tries = 0; i < OUT_ARENAS && tries < 10000; tries++) {
		if ((a = atomic_load(&out_arena[i])) == NULL) {
			if (!out_grow(i))
				return (false);
		} else if (out_claim_in(a, t))
			return (true);
		else
			i++;
	}
	return (false);
}

void
agent_out_abandon(void)
{
	atomic_store(&agent->phase, AGENT_OFF);
}

static void
out_ring_bell(void)
{
	struct mt_session_page *s = agent->session;

	if (atomic_load(&s->bell) == 1 && atomic_exchange(&s->bell, 0) == 1)
		agent_futex_wake(&s->bell);
}

static uint64_t
out_free(struct agent_thread *t)
{
	return (MT_RING_WORDS - (t->head -
	    atomic_load_explicit(&t->ring->tail, memory_order_acquire)));
}

/*
 * The next time the producer looks at the tail is when it has filled half of
 * what is free, so that it wakes a sleeping collector in good time.
 */
static void
out_set_limit(struct agent_thread *t, uint64_t n, uint64_t free)
{
	uint64_t half = free / 2;

	t->limit = t->head + (half > n ? half : n);
	t->soft = t->limit - t->head < AGENT_OUT_ROOM ? t->head :
	    t->limit - AGENT_OUT_ROOM + 1;
	atomic_store_explicit(&t->soft_hot, atomic_load_explicit(&t->hot,
	    memory_order_relaxed) ? t->soft : 0, memory_order_relaxed);
}

AGENT_COLD bool
agent_out_wait(struct agent_thread *t, uint64_t n)
{
	uint64_t free;

	while ((free = out_free(t)) < n) {
		/* Over; or forked in a hook, and nobody reads this ring. */
		if (atomic_load(&agent->phase) != AGENT_TRACING)
			return (false);
		agent_out_publish(t);
		atomic_store(&t->ring->waiting, 1);
		out_ring_bell();
		if (out_free(t) < n)
			agent_futex_wait(&t->ring->waiting, 1, OUT_CHECK_MS);
		if (atomic_load(&agent->session->lifeline) & MT_OWNER_DIED) {
			agent_out_abandon();
			return (false);
		}
	}
	if (free < MT_RING_WORDS / 2)
		out_ring_bell();
	out_set_limit(t, n, free);
	return (true);
}

void
agent_out_text(struct agent_thread *t, enum mt_op op, const char *text,
    size_t len)
{
	struct agent_bytes b = { t, 0, 0 };

	if (len > 1024)
		len = 1024;
	if (!agent_out_room(t, 1 + MT_PAYLOAD_WORDS(len)))
		return;
	agent_out_word(t, MT_WORD(op, 0, len));
	for (size_t i = 0; i < len; i++)
		agent_bytes_put(&b, (uint8_t)text[i]);
	agent_bytes_end(&b);
	agent_out_publish(t);
}
