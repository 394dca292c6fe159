/* Hello, arenas, and the producer's side of a ring. */

#ifndef AGENT_OUT_H
#define AGENT_OUT_H

#include "agent.h"
#include "mt_hello.h"

/* The collector's socket; comes first.  False if the path is too long. */
bool	agent_out_init(const char *path);

/*
 * Say hello to the collector.  True if it wants this process traced: session
 * page and first arena are then mapped.
 */
bool	agent_out_hello(uint32_t hexversion, const char *version,
	    bool supported);

/*
 * In the child of a fork: lets go of the parent's memory.  What the block of
 * the calling thread, which may be NULL, points to remains, but is private.
 */
void	agent_out_forked(const struct agent_thread *);

/* Then hello; once it was heard, nothing of the parent's remains. */
bool	agent_out_hello_forked(void);

/* Not in the child of a vfork(2), which runs in our memory. */
bool	agent_out_is_ours(void);

/*
 * Tell the collector that this process will run the program at path without
 * us: a Python, or what may start one.
 */
void	agent_out_untraceable(const char *path, enum mt_why, bool is_python);

/* So many more processes than before are not recorded as nobody follows. */
void	agent_out_unfollowed(int n);

/*
 * Claim a ring for the calling thread, the one that the block has if its last
 * thread left it, and set ring, data, head and limits of t.  False if there is
 * none to be had.
 */
bool	agent_out_claim(struct agent_thread *t);

/* The thread is about to end, and writes until it is gone. */
void	agent_out_leave(struct agent_thread *t);

/*
 * For who waits for a collector that does not move, where the kernel would not
 * say that it is dead.
 */
bool	agent_out_is_deserted(void);

/* The collector has died: record nothing any more. */
void	agent_out_abandon(void);

/*
 * Make room for n words, at most half a ring, waiting for the collector
 * if need be (agent_wait.c).  False if the collector is gone, or nobody reads
 * the ring: the event is then to be counted as lost.
 */
bool	agent_out_wait(struct agent_thread *t, uint64_t n);

/* Has the ring that nobody read been read? */
bool	agent_out_is_read(const struct agent_thread *t);

/* An event that is not recorded, and the bytes that it allocated. */
void	agent_out_lost(uint64_t bytes);

#define AGENT_OUT_ROOM	8u	/* words: an event with its state */

static inline bool
agent_out_room(struct agent_thread *t, uint64_t n)
{
	return (AGENT_LIKELY(t->head + n <= t->limit) ||
	    agent_out_wait(t, n));
}

static inline void
agent_out_word(struct agent_thread *t, uint64_t w)
{
	t->data[t->head++ & (MT_RING_WORDS - 1)] = w;
}

/* Let the collector see everything so far: whole records only. */
static inline void
agent_out_publish(struct agent_thread *t)
{
	atomic_store_explicit(&t->ring->head, t->head, memory_order_release);
}

/* The last word of a record, and publish. */
static inline void
agent_out_last(struct agent_thread *t, uint64_t w)
{
	uint64_t *data = t->data, head = t->head;
	struct mt_ring *ring = t->ring;

	data[head & (MT_RING_WORDS - 1)] = w;
	t->head = ++head;
	atomic_store_explicit(&ring->head, head, memory_order_release);
}

/* Bytes that become the payload of a record, eight to a word. */
struct agent_bytes {
	struct agent_thread	*t;
	uint64_t		 word;
	unsigned		 shift;
};

static inline void
agent_bytes_put(struct agent_bytes *b, uint8_t c)
{
	b->word |= (uint64_t)c << b->shift;
	if ((b->shift += 8) == 64) {
		agent_out_word(b->t, b->word);
		b->word = 0;
		b->shift = 0;
	}
}

static inline void
agent_bytes_end(struct agent_bytes *b)
{
	if (b->shift != 0)
		agent_out_word(b->t, b->word);
}

/* A whole record of text, cut at 1 KB: MT_OP_INFO, MT_OP_NOTE. */
void	agent_out_text(struct agent_thread *t, enum mt_op, const char *,
	    size_t len);

#endif /* AGENT_OUT_H */
