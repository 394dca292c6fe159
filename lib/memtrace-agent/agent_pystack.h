/*
 * The Python stack of the calling thread, as a difference to the last one.
 *
 * The chain of frames is read from the interpreter's own structures, at an
 * allocation and only then: never in a free, where greenlets may be between
 * two stacks.
 */

#ifndef AGENT_PYSTACK_H
#define AGENT_PYSTACK_H

#include <string.h>

#include "agent.h"
#include "agent_pyoffsets.h"

enum agent_walk {
	AGENT_WALK_NONE,	/* no Python stacks */
	AGENT_WALK_FRAMES,	/* the frame chain, by agent_pyoffsets.def */
	AGENT_WALK_API		/* the public functions; slow */
};

/*
 * Choose how to walk from now on.  The row may be NULL with AGENT_WALK_NONE
 * and AGENT_WALK_API.
 */
void	agent_pystack_init(enum agent_walk, const struct agent_pyoffsets *);

enum agent_walk	agent_pystack_mode(void);

/* Tell the collector how the stack of this thread has changed. */
void	agent_pystack_update(struct agent_thread *);

/*
 * The layout as the walk needs it, and what follows from it.  Set once, before
 * tracing starts; not in struct agent, which forks empty.
 */
struct agent_layout {
	_Alignas(MT_CACHE_LINE) uintptr_t ip_mask;	/* of the ip field */
	uintptr_t	code_mask;
	bool		is_pointer;	/* ip points into the code object */
	bool		has_cframe;	/* between tstate and frame */
	bool		can_advance;	/* see agent_pystack_advance() */
	uint8_t		ip_shift;	/* bytes in an ip step, log 2 */
	uint16_t	ts_thread;
	uint16_t	ts_frame;
	uint16_t	cframe_frame;
	uint16_t	previous;
	uint16_t	code;
	uint16_t	ip;
	uint16_t	firsttraceable;
};
extern struct agent_layout agent_layout;

static inline uintptr_t
agent_load(const char *p, size_t offset)
{
	uintptr_t v;

	memcpy(&v, p + offset, sizeof(v));
	return (v);
}

static inline const char *
agent_load_ptr(const char *p, size_t offset)
{
	return ((const char *)agent_load(p, offset));
}

static inline int32_t
agent_load_int(const char *p, size_t offset)
{
	int32_t v;

	memcpy(&v, p + offset, sizeof(v));
	return (v);
}

/* The code object in a code field: some versions tag the pointer. */
static inline const char *
agent_pystack_code(uintptr_t field)
{
	return ((const char *)(field & agent_layout.code_mask));
}

/* Without frames, to begin with. */
void	agent_pystack_reset(struct agent_thread *);

static inline uintptr_t
agent_pystack_ip(const char *frame)
{
	return (agent_load(frame, agent_layout.ip) & agent_layout.ip_mask);
}

/* The newest frame of a thread state, or NULL. */
static inline const char *
agent_pystack_newest(const char *ts)
{
	const char *f;

	f = agent_load_ptr(ts, agent_layout.ts_frame);
	if (agent_layout.has_cframe && f != NULL)
		f = agent_load_ptr(f, agent_layout.cframe_frame);
	return (f);
}

/*
 * The frame is the same one as last time and has gone on to another
 * instruction: if it still runs the same code, its new offset follows from
 * the old one, by *step bytes.  False if there is more to find out.
 */
static AGENT_INLINE bool
agent_pystack_advance(struct agent_frame *e, uintptr_t ip, bool pointer,
    int64_t *step)
{
	int64_t by = (int64_t)(ip - e->ip), offset;

	if (!pointer)
		by *= 1 << agent_layout.ip_shift;
	offset = e->offset + by;
	if (agent_load(e->frame, agent_layout.code) != e->code ||
	    (uint64_t)(offset - e->first) > e->span)
		return (false);
	e->ip = ip;
	e->offset = (uint32_t)offset;
	*step = by;
	return (true);
}

/*
 * Room for n entries in the stack's array; false if there is no memory.  For
 * the implementations of a walk.
 */
bool	agent_pystack_reserve(struct agent_stack *, uint32_t n);
/*
 * Tell the collector that the gone topmost frames it knows are replaced by
 * those that are in the array from index keep on.
 */
void	agent_pystack_emit(struct agent_thread *, uint32_t gone,
	    uint32_t keep);

/* Walk the calling thread into an array, the top first; for the self-check. */
uint32_t agent_pystack_walk(struct agent_thread *, struct agent_frame *,
	    uint32_t max);

/* The innermost C frame that runs Python, as 3.11 and 3.12 note it, or NULL. */
const char *agent_pystack_cframe(void);

/* The code object and first local variable of the top frame, or NULL. */
const char *agent_pystack_top(const char **local);

#endif /* AGENT_PYSTACK_H */
