/*
 * The agent: the part of the toolkit that lives in the traced process.
 *
 * It runs inside somebody else's program, in the middle of malloc(3).  So:
 * nothing is allocated through the hooked allocator, no lock is held across
 * a call into the program's code, errno is preserved, no stdio, at most 4 KB
 * of stack, and every failure only turns recording off.
 *
 *	agent.c		 life cycle: constructor, start, stop, fork
 *	agent_page.c	 the one struct
 *	agent_hooks.def	 the one list of wrapped functions; agent_hooks.c
 *	agent_deepbind.c dlopen(3), and libraries that look past us
 *	agent_early.c	 memory for calls that come before the real functions
 *	agent_out.c	 hello, arenas, the producer's side of a ring
 *	agent_fork.c	 children of fork; agent_exec.c programs executed
 *	agent_image.c	 whether these will load us
 *	agent_wait.c	 waiting for room in a ring, and how that ends
 *	agent_thread.c	 per-thread state, claim of a ring, names
 *	agent_share.c	 threads without a ring of their own
 *	agent_record.c	 events: stack delta, words; agent_hot.h
 *	agent_number.c	 their numbers
 *	agent_pyapi.c	 the interpreter's public functions, found by name
 *	agent_pyoffsets.def  layout, one row per CPython minor version
 *	agent_pystr.c	 the interpreter's strings as UTF-8
 *	agent_pystack.c	 walk of the interpreter's frame chain
 *	agent_pycode.c	 code objects, described once, forgotten when they die
 *	agent_pycheck.c	 self-check of the walk, and the slow way
 *	agent_pythread.c names of threads
 *	agent_native.c	 native stacks; agent_native.h lists their parts
 *	agent_pyalloc.c	 the interpreter's own allocators
 *	agent_pyhook.c	 audit hook: when the user's code runs
 *	agent_pyend.c	 when an interpreter ends
 */

#ifndef AGENT_H
#define AGENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent_arch.h"
#include "mt_ring.h"
#include "mt_wire.h"

#define AGENT_EXPORT	__attribute__((__visibility__("default")))
#define AGENT_HOT	__attribute__((__hot__))
#define AGENT_COLD	__attribute__((__cold__, __noinline__))
#define AGENT_INLINE	inline __attribute__((__always_inline__))
#define AGENT_LIKELY(x)		__builtin_expect(!!(x), 1)
#define AGENT_UNLIKELY(x)	__builtin_expect(!!(x), 0)

struct agent_native;
struct agent_pyoffsets;

/* What the hooks look at on every call. */
enum agent_phase {
	AGENT_OFF = 0,		/* inert: not ours to trace, or over */
	AGENT_WAITING = 1,	/* a Python, before the user's code: poll */
	AGENT_TRACING = 2,
	AGENT_FORKED = 3	/* forked in a hook, which is still to end */
};

struct agent {
	_Atomic uint32_t	phase;		/* enum agent_phase */
	_Atomic uint32_t	stop_walk;	/* 1: no new frame walks */
	uint32_t		flags;		/* of the welcome, MT_FLAG_* */
	bool			api_walk;	/* stacks by the API */
	bool			has_barrier;	/* membarrier(2) is there */
	const struct mt_session_page *session;
	struct mt_bell		*bell;
	struct mt_lost		*lost;
	/* The numbers of events, see agent_number.h. */
	struct agent_thread	* _Atomic numbers;
	_Atomic uint32_t	 taking;
	_Alignas(64) _Atomic uint64_t seq;
	_Alignas(64) _Atomic uint64_t code_deaths; /* of described ones */
};

/*
 * The one struct of the agent, in pages of its own, which the kernel empties
 * in the child of a fork, however the fork is made: a child finds AGENT_OFF.
 */
extern struct agent_page {
	_Alignas(AGENT_ARCH_PAGE) struct agent	agent;
} agent_page;
static struct agent *const agent = &agent_page.agent;

/* Before anything is written there.  False if the kernel cannot do that. */
bool	agent_page_init(void);

/* ---- Frames ---------------------------------------------------------- */

/*
 * One frame of the interpreter's chain as last seen: frame, code and ip are
 * compared to tell whether it is unchanged; id and offset are what was sent
 * for it.  A frame that tracebacks do not show has the id 0; the offset then
 * is AGENT_FRAME_SHIM if it stands for an entry from C, else 0.
 *
 * As long as the frame runs this code, an offset from first on, and no more
 * than span above it, follows from this one by how far the instruction field
 * has moved.
 */
struct agent_frame {
	const char	*frame;
	uintptr_t	 code;		/* its code field, raw */
	uintptr_t	 ip;		/* its instruction field, raw */
	uint32_t	 id;
	uint32_t	 offset;	/* biased, as in MT_FRAME_WORD */
	uint32_t	 first;		/* likewise; UINT32_MAX: none follows */
	uint32_t	 span;
};

#define AGENT_FRAME_SHIM	1u
#define AGENT_NO_TSTATE		((const char *)1)

#define AGENT_FRAME_INDEX	256	/* a power of two */

/* The stack of a thread as the collector knows it. */
struct agent_stack {
	struct agent_frame	*top;		/* matches none if n is 0 */
	struct agent_frame	*frames;	/* the bottom first */
	uint32_t		 n;
	uint32_t		 cap;
	uint64_t		 code_deaths;	/* agent->code_deaths then */
	uint32_t		 kept;	/* as they were when last merged */
	/* Where in frames an address was last: a hint, verified on use. */
	uint32_t		 index[AGENT_FRAME_INDEX];
};

/* What every event needs comes first: two cache lines. */
struct agent_thread {
	void			*busy;	/* frame of the running hook */
	struct mt_ring		*ring;
	uint64_t		*data;		/* of the ring */
	uint64_t		 head;		/* ring->head, or ahead of it */
	uint64_t		 soft;	/* below it is AGENT_OUT_ROOM */
	_Atomic uint64_t	 soft_hot; /* so, if it is hot; else 0 */
	uint64_t		 next_seq;	/* that the collector assumes */
	uint64_t		 time_us;	/* last sent */
	_Atomic bool		 alone;	/* it numbers for itself */
	_Atomic bool		 counting; /* having looked at that */
	_Atomic bool		 hot;	/* likewise: agent_hot_alloc() is it */
	uint32_t		 in_row; /* events without others between */
	/* The thread's state when last seen, or AGENT_NO_TSTATE. */
	const char		*tstate;
	uintptr_t		 pthread;	/* pthread_self() */
	struct agent_native	*native; /* NULL: no native stacks */
	struct agent_stack	 stack;
	uint64_t		 limit;	/* head at which to look at the tail */
	_Atomic uint32_t	 in_walk;	/* 1: reading frames */
	uint32_t		 tid;
	uint64_t		 owner;	/* of the ring, when it became ours */
	_Atomic bool		 leaving; /* the thread is about to end */
	bool			 shared;	/* see agent_share.h */
	bool			 deaf;	/* nobody reads the ring, */
	uint64_t		 deaf_tail; /* of which that was the tail */
	struct agent_thread	*next;	/* all blocks ever made */
};

#endif /* AGENT_H */
