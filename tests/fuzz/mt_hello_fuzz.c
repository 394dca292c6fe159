/*
 * Fuzz target: processes say hello, get arenas, have threads come, take over
 * rings and go, in any order and whatever else they say.  The collector must
 * not crash, leak or hang, and promises nothing that it does not have: every
 * arena that a process was given and every event of one that keeps to the
 * rules is there in the end.
 *
 * The input is operations, two bytes each; some have more behind them.  Rounds
 * of the drain thread are operations, too, so its functions are taken in here
 * and there is no such thread.
 */

#include "mt_collect_drain.c"

#include <sys/mman.h>
#include <sys/socket.h>

#include <unistd.h>

#include "fuzz_cost.h"
#include "mt_collect_tree.h"

#define STEPS_PER_BYTE	UINT64_C(60000)
#define STEPS		UINT64_C(2000000)
/* Tables of a process by ids of codes and modules, while they grow. */
#define TABLES		(UINT64_C(8) * (MT_FRAME_ID_MAX + MT_MODULE_MAX + 2))

#define PEERS		4u
#define ARENAS		8u	/* of a process that are looked at */
#define THREADS		6u	/* of a process, at a time */
#define OPS_MAX		150u
#define MORE_MAX	6u		/* arenas that take time to make */
#define PID		0x7fff0000	/* no process has this, or higher */

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct thread {
	struct mt_ring	*ring;		/* NULL: there is no thread */
	uint64_t	*data;
	uint64_t	 owner;
	uint64_t	 head;
};

struct peer {
	struct mt_arena	*arena[ARENAS];
	unsigned	 narenas;
	struct thread	 thread[THREADS];
	uint64_t	 seq;		/* number of its next event */
	uint64_t	 allocations;
	uint32_t	 tid;
	bool		 told;		/* that it is traced */
	bool		 wild;		/* it broke the rules */
};

struct fuzz {
	struct mt_collect_options options;
	struct mt_collect_session session;
	struct mt_collect_result result;
	struct mt_collect_tree	 tree;
	struct mt_collect_drain	*drain;
	struct peer		 peer[PEERS];
	unsigned		 more;
	uint64_t		 now;
	const uint8_t		*p;
	const uint8_t		*end;
};

static unsigned
next_byte(struct fuzz *f)
{
	return (f->p < f->end ? *f->p++ : 0);
}

/* ---- What a process does ------------------------------------------------ */

static void
forget(struct peer *p)
{
	while (p->narenas > 0)
		(void)munmap(p->arena[--p->narenas], MT_ARENA_BYTES);
	memset(p, 0, sizeof(*p));
}

/* The arenas of a file, as far as we look at them. */
static void
map_arenas(struct peer *p, int fd, unsigned n)
{
	unsigned i;
	void *m;

	for (i = 0; i < n && p->narenas < ARENAS; i++) {
		m = mmap(NULL, MT_ARENA_BYTES, PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, (off_t)(i * MT_ARENA_BYTES));
		fuzz_require(m != MAP_FAILED);
		p->arena[p->narenas++] = m;
		fuzz_require(p->arena[p->narenas - 1]->magic ==
		    MT_ARENA_MAGIC);
	}
}

/* The answer, if there is one: it is whole, and so are its descriptors. */
static void
take_welcome(struct peer *p, int conn, bool first)
{
	union {
		struct cmsghdr	head;
		char		buf[CMSG_SPACE(MT_WELCOME_FDS * sizeof(int))];
	} control;
	int fds[MT_WELCOME_FDS];
	struct mt_welcome w;
	struct iovec iov = { &w, sizeof(w) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = &control, .msg_controllen = sizeof(control) };
	unsigned i;

	if (recvmsg(conn, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) == -1)
		return;
	fuzz_require(w.magic == MT_HELLO_MAGIC &&
	    (m.msg_flags & MSG_CTRUNC) == 0);
	if (w.verdict != MT_TRACE) {
		fuzz_require(w.verdict == MT_IGNORE &&
		    m.msg_controllen == 0);
		if (first)
			forget(p);
		return;
	}
	fuzz_require(m.msg_controllen == sizeof(control) && w.arenas > 0);
	memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fds));
	if (first)
		forget(p);
	p->told = true;
	map_arenas(p, fds[2], w.arenas);
	for (i = 0; i < MT_WELCOME_FDS; i++)
		(void)close(fds[i]);
}

/* With a peer that hears the answer, or is gone before it comes. */
static void
say_hello(struct fuzz *f, unsigned who, uint32_t kind, bool gone)
{
	struct mt_hello h = { .magic = MT_HELLO_MAGIC,
	    .version = MT_WIRE_VERSION, .kind = kind,
	    .pid = PID + who, .py_version = "3.99.1" };
	const bool first = kind == MT_HELLO_PROCESS || kind == MT_HELLO_FORKED;
	int sv[2];

	fuzz_require(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sv) == 0);
	if (gone)
		(void)close(sv[1]);
	if (kind >= MT_HELLO_UNSUPPORTED)
		h.why = next_byte(f);
	mt_collect_tree_hello(&f->tree, sv[0], (pid_t)(PID + who), &h);
	if (!gone) {
		take_welcome(&f->peer[who], sv[1], first);
		(void)close(sv[1]);
	} else if (first)
		forget(&f->peer[who]);
	(void)close(sv[0]);
}

static void
put_word(struct thread *t, uint64_t w)
{
	t->data[t->head++ & (MT_RING_WORDS - 1)] = w;
}

static void
publish(struct thread *t)
{
	atomic_store(&t->ring->head, t->head);
}

static void
describe(struct peer *p, struct thread *t)
{
	put_word(t, MT_WORD(MT_OP_THREAD, 0, sizeof(struct mt_thread_desc)));
	put_word(t, p->tid);
	put_word(t, p->tid);
	publish(t);
}

/* A new thread: a ring that is free, or that of one that is about to end. */
static void
begin_thread(struct peer *p, unsigned at)
{
	struct thread *t = &p->thread[at % THREADS];
	struct mt_arena *a;
	uint64_t owner;
	unsigned i;

	if (t->ring != NULL || p->narenas == 0)
		return;
	a = p->arena[at / 16 % p->narenas];
	i = at / 4 % MT_ARENA_RINGS;
	owner = atomic_load(&a->ring[i].owner);
	if (MT_RING_STATE(owner) != MT_RING_FREE &&
	    MT_RING_STATE(owner) != MT_RING_LEAVING)
		return;
	t->ring = &a->ring[i];
	t->data = mt_arena_data(a, i);
	/* Behind what is there. */
	t->head = atomic_load(&t->ring->head);
	t->owner = MT_RING_OWNER(MT_RING_USED, ++p->tid, (owner >> 34) + 1);
	atomic_store(&t->ring->owner, t->owner);
	atomic_store(&a->used, 1);
	describe(p, t);
}

static void
end_thread(struct peer *p, unsigned at)
{
	struct thread *t = &p->thread[at % THREADS];

	if (t->ring == NULL)
		return;
	atomic_store(&t->ring->owner, MT_RING_WITH(t->owner,
	    MT_RING_LEAVING));
	t->ring = NULL;
}

static void
allocate(struct peer *p, unsigned at)
{
	struct thread *t = &p->thread[at % THREADS];
	unsigned i;

	/* Nobody waits for room here. */
	for (i = 0; i < 1 + at / 32; i++) {
		if (t->ring == NULL || t->head + 8 -
		    atomic_load(&t->ring->tail) > MT_RING_WORDS)
			return;
		put_word(t, (uint64_t)MT_OP_SEQ << 56 | p->seq++);
		put_word(t, MT_SMALL_WORD(MT_ALLOCATOR_MALLOC,
		    0x100000 + 16 * p->allocations, 8));
		p->allocations++;
		publish(t);
	}
}

/* Against the rules: any word in a ring, any owner, any position. */
static void
run_wild(struct fuzz *f, struct peer *p, unsigned what)
{
	struct mt_ring *r;
	struct mt_arena *a;
	uint64_t w = 0;
	unsigned i;

	for (i = 0; i < 8; i++)
		w = w << 8 | next_byte(f);
	if (p->narenas == 0)
		return;
	p->wild = true;
	a = p->arena[what / 64 % p->narenas];
	r = &a->ring[what / 4 % MT_ARENA_RINGS];
	if (what % 4 == 0)
		atomic_store(&r->owner, w);
	else if (what % 4 == 1)
		atomic_store(&r->head, w);
	else if (what % 4 == 2) {
		mt_arena_data(a, what / 4 % MT_ARENA_RINGS)
		    [atomic_load(&r->head) & (MT_RING_WORDS - 1)] = w;
		atomic_fetch_add(&r->head, 1);
		atomic_store(&a->used, 1);
	} else {
		atomic_store(&a->lost.events, w);
		atomic_store(&a->lost.bytes, w >> 1);
	}
}

/* ---- What the collector does -------------------------------------------- */

static void
drain_round(struct fuzz *f, uint64_t later)
{
	f->now += later;
	take_news(f->drain);
	(void)drain_all(f->drain, f->now);
	finish_all(f->drain);
	chores(f->drain, f->now);
}

static struct mt_collect_member *
member_of(struct fuzz *f, unsigned who)
{
	unsigned i;

	for (i = 0; i < f->tree.n; i++)
		if (f->tree.member[i].pid == (pid_t)(PID + who) &&
		    !f->tree.member[i].ended)
			return (&f->tree.member[i]);
	return (NULL);
}

/* Does the collector have this memory, or will it in the next round? */
static bool
has_arena(const struct mt_collect_image *im, struct mt_arena *a)
{
	const struct mt_collect_process *p = im->process;
	const struct mt_collect_arena *news;
	bool has = false;
	unsigned i;

	/* A mark that no other has, where nothing else looks. */
	a->magic = ~MT_ARENA_MAGIC;
	for (i = 0; i < p->narenas; i++)
		has |= p->arena[i]->shared->magic == ~MT_ARENA_MAGIC;
	for (news = im->news.arenas; news != NULL; news = news->next)
		has |= news->shared->magic == ~MT_ARENA_MAGIC;
	a->magic = MT_ARENA_MAGIC;
	return (has);
}

/* What was promised is there. */
static void
check_arenas(struct fuzz *f)
{
	struct mt_collect_member *m;
	unsigned who, i;

	for (who = 0; who < PEERS; who++) {
		if (!f->peer[who].told ||
		    (m = member_of(f, who)) == NULL || m->image->ended)
			continue;
		for (i = 0; i < f->peer[who].narenas; i++)
			fuzz_require(has_arena(m->image,
			    f->peer[who].arena[i]));
	}
}

/* And so is each event of those that kept to the rules. */
static void
check_events(struct fuzz *f)
{
	struct mt_collect_member *m;
	struct mt_totals t;
	unsigned who;

	for (who = 0; who < PEERS; who++) {
		if (!f->peer[who].told || f->peer[who].wild ||
		    (m = member_of(f, who)) == NULL)
			continue;
		mt_recorder_totals(m->image->recorder, &t);
		fuzz_require(t.allocations == f->peer[who].allocations &&
		    m->image->process->state == MT_COLLECT_LIVE);
	}
}

/* ---- Operations --------------------------------------------------------- */

static void
operation(struct fuzz *f, unsigned op, unsigned arg)
{
	const unsigned who = arg % PEERS;

	switch (op % 12) {
	case 0:
		say_hello(f, who, MT_HELLO_PROCESS, arg >= 0xf0);
		break;
	case 1:
		say_hello(f, who, MT_HELLO_FORKED, arg >= 0xf0);
		break;
	case 2:
		if (f->more++ < MORE_MAX)
			say_hello(f, who, MT_HELLO_MORE,
			    arg >= 0xc0);
		break;
	case 3:
		if (arg / PEERS != MT_HELLO_MORE)
			say_hello(f, who, arg / PEERS, false);
		break;
	case 4:
		begin_thread(&f->peer[who], next_byte(f));
		break;
	case 5:
	case 6:
		allocate(&f->peer[who], next_byte(f));
		break;
	case 7:
		end_thread(&f->peer[who], next_byte(f));
		break;
	case 8:
	case 9:
		drain_round(f, arg * UINT64_C(1000));
		break;
	case 10:
		mt_collect_tree_child(&f->tree, (pid_t)(PID + who), 0);
		break;
	default:
		run_wild(f, &f->peer[who], next_byte(f));
		break;
	}
}

/* The drain thread asks for room on the disk; nothing is written. */
static struct mt_collect_queue *
the_queue(void)
{
	static struct mt_collect_outputs outputs;
	static struct mt_collect_queue *queue;

	if (queue == NULL)
		fuzz_require(mt_collect_queue_new(&queue, &outputs, NULL) ==
		    MT_OK);
	return (queue);
}

static void
begin(struct fuzz *f, unsigned flags)
{
	f->options.agent_flags = flags & 1 ? MT_FLAG_FOLLOW : 0;
	f->options.recorder_flags = flags & 2 ? MT_RECORDER_AGGREGATE : 0;
	f->options.sample_ms = 10;
	fuzz_require(mt_collect_session_init(&f->session, 0, NULL) == MT_OK);
	fuzz_require(mt_collect_drain_new(&f->drain, &f->session,
	    the_queue(), NULL, 0, false, NULL) == MT_OK);
	f->tree.options = &f->options;
	f->tree.session = &f->session;
	f->tree.drain = f->drain;
	f->tree.result = &f->result;
	f->tree.command_line = "x";
	f->tree.program = PID;
	f->tree.poll = -1;
}

static void
finish(struct fuzz *f)
{
	unsigned who;

	drain_round(f, 10 * MT_COLLECT_GAP_US);
	drain_round(f, 10 * MT_COLLECT_GAP_US);
	check_events(f);
	mt_collect_tree_end(&f->tree, PID, 0);
	do
		drain_round(f, 1000);
	while (f->drain->finishing);
	fuzz_require(f->drain->images == NULL);
	mt_collect_tree_fini(&f->tree);
	mt_collect_drain_free(f->drain);
	mt_collect_session_fini(&f->session);
	for (who = 0; who < PEERS; who++)
		forget(&f->peer[who]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct fuzz f;
	unsigned op, ops;

	if (n == 0)
		return (0);
	memset(&f, 0, sizeof(f));
	f.p = data + 1;
	f.end = data + n;
	fuzz_cost_begin();
	fuzz_cost_allow(PEERS * TABLES);
	begin(&f, data[0]);
	for (ops = 0; ops < OPS_MAX && f.p < f.end; ops++) {
		op = next_byte(&f);
		operation(&f, op, next_byte(&f));
		check_arenas(&f);
	}
	finish(&f);
	fuzz_cost_end(n, STEPS_PER_BYTE, STEPS);
	return (0);
}
