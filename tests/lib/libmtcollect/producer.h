/* The other side of the rings, as simple as can be, for tests. */

#ifndef PRODUCER_H
#define PRODUCER_H

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <linux/futex.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mt_hello.h"
#include "mt_ring.h"
#include "mt_wire.h"

struct producer {
	struct mt_session_page	*page;		/* NULL: never wait */
	struct mt_ring		*ring;
	uint64_t		*data;
	uint64_t		 head;
	uint64_t		 seq;		/* that the consumer assumes */
};

/* Of the last welcome. */
static struct mt_bell *producer_bell;

static inline long
producer_futex(_Atomic uint32_t *word, int op, uint32_t value)
{
	struct timespec ts = { 0, 50000000 };

	return (syscall(SYS_futex, word, op, value, &ts, NULL, 0));
}

static inline void
producer_publish(struct producer *p)
{
	atomic_store_explicit(&p->ring->head, p->head, memory_order_release);
}

static inline void
producer_wait(struct producer *p, uint64_t n)
{
	while (p->head + n - atomic_load(&p->ring->tail) > MT_RING_WORDS) {
		atomic_store(&p->ring->waiting, 1);
		if (atomic_exchange(&producer_bell->bell, 0) == 1)
			(void)producer_futex(&producer_bell->bell, FUTEX_WAKE,
			    1);
		if (atomic_load(&p->page->lifeline) & MT_OWNER_DIED)
			_exit(42);
		if (p->head + n - atomic_load(&p->ring->tail) >
		    MT_RING_WORDS)
			(void)producer_futex(&p->ring->waiting, FUTEX_WAIT, 1);
	}
}

/* The caller waits for room for a whole record first. */
static inline void
producer_word(struct producer *p, uint64_t w)
{
	p->data[p->head++ & (MT_RING_WORDS - 1)] = w;
}

static inline void
producer_room(struct producer *p, uint64_t n)
{
	if (p->page != NULL)
		producer_wait(p, n);
}

static inline void
producer_payload(struct producer *p, enum mt_op op, const void *b, size_t n)
{
	const uint8_t *from = b;
	uint64_t w;
	size_t i, k;

	producer_room(p, 1 + MT_PAYLOAD_WORDS(n));
	producer_word(p, MT_WORD(op, 0, n));
	for (i = 0; i < n; i += 8) {
		k = n - i < 8 ? n - i : 8;
		w = 0;
		memcpy(&w, from + i, k);
		producer_word(p, w);
	}
	producer_publish(p);
}

static inline void
producer_thread(struct producer *p, uint64_t tid, const char *name)
{
	struct mt_thread_desc d = { tid, 0 };
	uint8_t b[sizeof(d) + 64];

	memcpy(b, &d, sizeof(d));
	memcpy(b + sizeof(d), name, strlen(name));
	producer_payload(p, MT_OP_THREAD, b, sizeof(d) + strlen(name));
}

static inline void
producer_code(struct producer *p, uint32_t id, const char *name,
    const char *file)
{
	struct mt_code_desc d = { .id = id, .first_line = 7 };
	uint8_t b[sizeof(d) + 256];

	d.name_len = (uint16_t)strlen(name);
	d.file_len = (uint16_t)strlen(file);
	memcpy(b, &d, sizeof(d));
	memcpy(b + sizeof(d), name, d.name_len);
	memcpy(b + sizeof(d) + d.name_len, file, d.file_len);
	producer_payload(p, MT_OP_CODE, b,
	    sizeof(d) + d.name_len + d.file_len);
}

static inline void
producer_push(struct producer *p, uint32_t id, uint32_t offset)
{
	producer_room(p, 1);
	producer_word(p, MT_FRAME_WORD(MT_OP_PUSH, id,
	    offset + MT_FRAME_BIAS));
}

/* The event's number; the caller puts the event and publishes. */
static inline void
producer_number(struct producer *p, uint64_t seq)
{
	producer_room(p, 3);
	if (seq != p->seq)
		producer_word(p, (uint64_t)MT_OP_SEQ << 56 | seq);
	p->seq = seq + 1;
}

static inline void
producer_alloc(struct producer *p, uint64_t seq, uint64_t addr, uint64_t size)
{
	producer_number(p, seq);
	if (MT_SMALL_FITS(addr, size))
		producer_word(p, MT_SMALL_WORD(MT_ALLOCATOR_MALLOC, addr,
		    size));
	else {
		producer_word(p, MT_WORD(MT_OP_ALLOC, MT_ALLOCATOR_MALLOC,
		    addr));
		producer_word(p, size);
	}
	producer_publish(p);
}

static inline void
producer_event(struct producer *p, uint64_t seq, enum mt_op op, unsigned aux,
    uint64_t addr)
{
	producer_number(p, seq);
	producer_word(p, MT_WORD(op, aux, addr));
	producer_publish(p);
}

/* ---- Rings and arenas ------------------------------------------------ */

static inline struct mt_arena *
producer_arena(void)
{
	void *m;

	m = mmap(NULL, MT_ARENA_BYTES, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return (m == MAP_FAILED ? NULL : m);
}

/* Claim ring i; false if it is not free. */
static inline bool
producer_claim(struct producer *p, struct mt_session_page *page,
    struct mt_arena *a, unsigned i)
{
	uint64_t owner = atomic_load(&a->ring[i].owner);

	if (MT_RING_STATE(owner) != MT_RING_FREE ||
	    !atomic_compare_exchange_strong(&a->ring[i].owner, &owner,
	    MT_RING_OWNER(MT_RING_USED, syscall(SYS_gettid),
	    (owner >> 34) + 1)))
		return (false);
	atomic_store(&a->used, 1);
	p->page = page;
	p->ring = &a->ring[i];
	p->data = mt_arena_data(a, i);
	p->head = 0;
	p->seq = 0;
	return (true);
}

/* ---- Hello ----------------------------------------------------------- */

static inline int
producer_connect(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int s;

	memcpy(sun.sun_path, path, strlen(path) + 1);
	s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (s != -1 && connect(s, (struct sockaddr *)&sun,
	    sizeof(sun)) == -1) {
		(void)close(s);
		return (-1);
	}
	return (s);
}

/* Of the last welcome. */
static uint32_t producer_flags, producer_arenas;

/* One exchange; the verdict, or 0 if there was none. */
static inline uint32_t
producer_ask(const char *path, uint32_t kind, uint32_t version,
    struct mt_session_page **page, struct mt_arena **arena)
{
	union {
		struct cmsghdr	align;
		char		buf[CMSG_SPACE(MT_WELCOME_FDS * sizeof(int))];
	} control;
	struct mt_hello h = { .magic = MT_HELLO_MAGIC, .version = version,
	    .kind = kind, .pid = (uint32_t)getpid(),
	    .py_version = "3.99.1 (test)" };
	struct mt_welcome w;
	struct iovec iov = { &w, sizeof(w) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control.buf,
	    .msg_controllen = sizeof(control.buf) };
	int fd[MT_WELCOME_FDS], s;

	if ((s = producer_connect(path)) == -1)
		return (0);
	if (send(s, &h, sizeof(h), MSG_NOSIGNAL) != sizeof(h) ||
	    recvmsg(s, &m, MSG_CMSG_CLOEXEC) != sizeof(w)) {
		(void)close(s);
		return (0);
	}
	(void)close(s);
	producer_flags = w.flags;
	if (w.verdict != MT_TRACE || CMSG_FIRSTHDR(&m) == NULL)
		return (w.verdict);
	memcpy(fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	*page = mmap(NULL, MT_SESSION_BYTES, PROT_READ, MAP_SHARED, fd[0], 0);
	producer_bell = mmap(NULL, MT_SESSION_BYTES, PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd[1], 0);
	*arena = mmap(NULL, MT_ARENA_BYTES, PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd[2], 0);
	producer_arenas = w.arenas;
	for (unsigned i = 0; i < MT_WELCOME_FDS; i++)
		(void)close(fd[i]);
	return (w.verdict);
}

#endif /* PRODUCER_H */
