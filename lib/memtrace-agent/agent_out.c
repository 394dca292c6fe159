/* Hello, arenas, and the producer's side of a ring.  Linux only. */

#include <sys/mman.h>
#include <sys/resource.h>
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
/*
 * Patience with a collector, in steps: with one that is busy, and with one
 * whose clock stands still.
 */
#define OUT_STEP_US	100000
#define OUT_STEPS	100u
#define OUT_STEPS_STILL	10u
#define OUT_RETRY_US	1000000u	/* before it is asked again */
#define OUT_TURN_MS	100u	/* patience with who is asking already */

#define OUT_PATH	sizeof(((struct sockaddr_un *)0)->sun_path)

static char			out_path[OUT_PATH];
static struct mt_hello		out_hello;
static struct mt_session_page	*out_session;	/* for a forked child, */
static struct mt_bell		*out_bell;	/* likewise */
static struct mt_lost		out_nowhere;	/* before its hello */
static pid_t			out_collector;	/* 0: not known */
static struct mt_arena		*out_relic;	/* see agent_out_forked() */
static bool			out_refused;	/* a forked child is untraced */
static struct mt_arena * _Atomic out_arena[OUT_ARENAS];
static bool			out_heard;	/* the last hello */
static _Atomic uint32_t		out_growing;	/* 1: a thread asks for more */
static _Atomic uint64_t		out_retry_us;	/* nobody does before */

/* What comes with a welcome. */
struct out_got {
	struct mt_session_page	*page;
	struct mt_bell		*bell;
	struct mt_arena		*arena[MT_ARENAS_FIRST];
	unsigned		 n;
};

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

	if (getsockopt(s, SOL_SOCKET, SO_PEERCRED, &peer, &len) == -1 ||
	    len != sizeof(peer) || !out_is_ours(peer.uid))
		return (false);
	out_collector = peer.pid;
	return (true);
}

static int
out_connect(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct timeval patience = { 0, OUT_STEP_US };
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

/* Wait for the answer, as long as there is hope. */
static ssize_t
out_receive(int s, struct msghdr *m)
{
	uint64_t clock = 0, now;
	unsigned i, still = 0;
	ssize_t n = -1;

	for (i = 0; i < OUT_STEPS && still < OUT_STEPS_STILL; i++) {
		n = recvmsg(s, m, MSG_CMSG_CLOEXEC);
		if (n != -1 || (errno != EAGAIN && errno != EINTR))
			break;
		if (out_session == NULL)
			continue;
		now = atomic_load(&out_session->clock_us);
		still = now == clock ? still + 1 : 0;
		clock = now;
	}
	return (n);
}

/* The answer and its descriptors, -1 where there is none. */
static bool
out_welcome(int s, struct mt_welcome *w, int fd[MT_WELCOME_FDS])
{
	const size_t size = MT_WELCOME_FDS * sizeof(int);
	union {
		struct cmsghdr	align;
		char		buf[CMSG_SPACE(MT_WELCOME_FDS * sizeof(int))];
	} control;
	struct iovec iov = { w, sizeof(*w) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control.buf,
	    .msg_controllen = sizeof(control.buf) };
	struct cmsghdr *c;
	ssize_t n;

	if ((n = out_receive(s, &m)) == -1)
		return (false);
	c = CMSG_FIRSTHDR(&m);
	if (c != NULL && c->cmsg_level == SOL_SOCKET &&
	    c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(size))
		memcpy(fd, CMSG_DATA(c), size);
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
out_map(int fd, size_t size, int prot, size_t offset)
{
	void *p;

	if (fd == -1 || !out_is_sound(fd, offset + size))
		return (NULL);
	p = agent_real.mmap(NULL, size, prot, MAP_SHARED, fd, (off_t)offset);
	return (p == MAP_FAILED ? NULL : p);
}

static void
out_unmap(void *p, size_t size)
{
	if (p != NULL)
		(void)agent_real.munmap(p, size);
}

/*
 * More arenas than are needed now only where addresses cost nothing: a limit
 * on them is the program's.
 */
static unsigned
out_arenas(const struct mt_welcome *w)
{
	struct rlimit rl;

	if (w->arenas <= 1 || getrlimit(RLIMIT_AS, &rl) == -1 ||
	    rl.rlim_cur != RLIM_INFINITY)
		return (1);
	return (w->arenas < MT_ARENAS_FIRST ? w->arenas : MT_ARENAS_FIRST);
}

static bool
out_is_arena(const struct mt_arena *a)
{
	return (a->magic == MT_ARENA_MAGIC && a->nrings == MT_ARENA_RINGS &&
	    a->ring_words == MT_RING_WORDS &&
	    a->data_offset == MT_ARENA_DATA_OFFSET);
}

/* Map what came with the welcome, unless it is not what we expect. */
static bool
out_take(const struct mt_welcome *w, const int fd[MT_WELCOME_FDS],
    struct out_got *g)
{
	struct mt_arena *a;
	unsigned i;

	g->page = out_map(fd[0], MT_SESSION_BYTES, PROT_READ, 0);
	g->bell = out_map(fd[1], MT_SESSION_BYTES, PROT_READ | PROT_WRITE, 0);
	for (i = out_arenas(w); g->n < i; g->arena[g->n++] = a) {
		a = out_map(fd[2], MT_ARENA_BYTES, PROT_READ | PROT_WRITE,
		    g->n * MT_ARENA_BYTES);
		if (a == NULL)
			break;
	}
	for (i = 0; i < g->n; i++)
		if (!out_is_arena(g->arena[i]))
			return (false);
	return (g->page != NULL && g->bell != NULL && g->n > 0 &&
	    g->page->magic == MT_SESSION_MAGIC);
}

static void
out_drop(struct out_got *g)
{
	out_unmap(g->page, MT_SESSION_BYTES);
	out_unmap(g->bell, MT_SESSION_BYTES);
	while (g->n > 0)
		out_unmap(g->arena[--g->n], MT_ARENA_BYTES);
}

/*
 * One exchange with the collector; true if it gave us arenas.  Sets out_heard
 * if there was an answer.
 */
static bool
out_ask(struct out_got *g)
{
	int fd[MT_WELCOME_FDS] = { -1, -1, -1 };
	struct mt_welcome w;
	bool ok;
	int s;

	memset(g, 0, sizeof(*g));
	out_heard = false;
	if ((s = out_connect()) == -1)
		return (false);
	out_heard = send(s, &out_hello, sizeof(out_hello), MSG_NOSIGNAL) ==
	    sizeof(out_hello) && out_welcome(s, &w, fd);
	ok = out_heard && w.verdict == MT_TRACE && out_take(&w, fd, g);
	for (unsigned i = 0; i < MT_WELCOME_FDS; i++)
		if (fd[i] != -1)
			(void)close(fd[i]);
	(void)close(s);
	if (ok)
		agent->flags = w.flags;
	else
		out_drop(g);
	return (ok);
}

/* The first exchange of a process. */
static bool
out_begin(void)
{
	struct out_got g;
	unsigned i;

	if (!out_ask(&g))
		return (false);
	agent->session = out_session = g.page;
	agent->bell = out_bell = g.bell;
	agent->lost = &g.arena[0]->lost;
	out_hello.kind = MT_HELLO_MORE;
	atomic_store(&out_retry_us, 0);
	for (i = 0; i < g.n; i++)
		atomic_store(&out_arena[i], g.arena[i]);
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
	agent->bell = out_bell;
	agent->lost = &out_nowhere;
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
	struct mt_session_page *page = out_session;
	struct mt_bell *bell = out_bell;

	/* The child of one that could not say hello. */
	if (out_refused)
		return (false);
	out_hello.kind = MT_HELLO_FORKED;
	out_hello.pid = (uint32_t)getpid();
	if (!out_begin()) {
		out_refused = true;
		if (!out_heard)
			atomic_fetch_add(&bell->unheard, 1);
		return (false);
	}
	out_unmap(page, MT_SESSION_BYTES);
	out_unmap(bell, MT_SESSION_BYTES);
	out_unmap(out_relic, MT_ARENA_BYTES);
	out_relic = NULL;
	return (true);
}

bool
agent_out_is_ours(void)
{
	return (agent_syscall(SYS_getpid) == (long)out_hello.pid);
}

void
agent_out_unfollowed(int n)
{
	if (out_bell != NULL)
		atomic_fetch_add(&out_bell->unfollowed, (uint32_t)n);
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

	atomic_store_explicit(&a->used, 1, memory_order_release);
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

static void
out_grow(unsigned i)
{
	struct out_got g;
	uint64_t later = UINT64_MAX;

	if (out_ask(&g)) {
		out_unmap(g.page, MT_SESSION_BYTES);
		out_unmap(g.bell, MT_SESSION_BYTES);
		atomic_store(&out_arena[i], g.arena[0]);
		return;
	}
	/* Who has said no need not be asked again. */
	if (!out_heard)
		later = atomic_load(&agent->session->clock_us) + OUT_RETRY_US;
	atomic_store(&out_retry_us, later);
}

/* Another arena in the place i; false if there is none to be had now. */
static bool
out_more(unsigned i)
{
	unsigned tries;

	for (tries = 0; tries < OUT_TURN_MS; tries++) {
		if (atomic_load(&out_arena[i]) != NULL)
			return (true);
		if (atomic_load(&out_retry_us) >
		    atomic_load(&agent->session->clock_us))
			return (false);
		if (atomic_exchange(&out_growing, 1) == 0) {
			if (atomic_load(&out_arena[i]) == NULL)
				out_grow(i);
			atomic_store(&out_growing, 0);
		} else
			agent_futex_wait(&out_growing, 1, 1);
	}
	return (false);
}

bool
agent_out_claim(struct agent_thread *t)
{
	struct mt_arena *a;
	unsigned i;

	if (out_inherit(t))
		return (true);
	for (i = 0; i < OUT_ARENAS; i++) {
		if (atomic_load(&out_arena[i]) == NULL && !out_more(i))
			return (false);
		a = atomic_load(&out_arena[i]);
		if (out_claim_in(a, t))
			return (true);
	}
	return (false);
}

bool
agent_out_is_deserted(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	bool refused;
	int s;

	if (out_collector > 0 &&
	    agent_syscall(SYS_kill, out_collector, 0) == -ESRCH)
		return (true);
	/* One that has been killed answers no more, even as a zombie. */
	s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s == -1)
		return (false);
	memcpy(sun.sun_path, out_path, sizeof(sun.sun_path));
	refused = connect(s, (struct sockaddr *)&sun, sizeof(sun)) == -1 &&
	    errno == ECONNREFUSED;
	(void)close(s);
	return (refused);
}

void
agent_out_abandon(void)
{
	atomic_store(&agent->phase, AGENT_OFF);
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
