/*
 * The agent: the part of the toolkit that lives in the traced process.
 *
 * It runs inside somebody else's program, in the middle of malloc(3).  So:
 * nothing is allocated through the hooked allocator, no lock is held across
 * a call into the program's code, errno is preserved, no stdio, at most 4 KB
 * of stack, and every failure only turns recording off.
 *
 *	agent.c		 life cycle: constructor, start, stop, fork
 *	agent_hooks.def	 the one list of wrapped functions; agent_hooks.c
 *	agent_early.c	 memory for calls that come before the real functions
 *	agent_out.c	 hello, arenas, the producer's side of a ring
 *	agent_thread.c	 per-thread state, claim of a ring, names
 *	agent_record.c	 events: stack delta, numbers, words
 *	agent_pyapi.c	 the interpreter's public functions, found by name
 *	agent_pyoffsets.def  layout, one row per CPython minor version
 *	agent_pystack.c	 walk of the interpreter's frame chain
 *	agent_pycode.c	 code objects, described once, forgotten when they die
 *	agent_pycheck.c	 self-check of the walk, and the slow way
 *	agent_pyhook.c	 audit hook, atexit: when the user's code runs
 */

#ifndef AGENT_H
#define AGENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mt_ring.h"
#include "mt_wire.h"

#define AGENT_EXPORT	__attribute__((__visibility__("default")))
#define AGENT_HOT	__attribute__((__hot__))
#define AGENT_COLD	__attribute__((__cold__, __noinline__))
#define AGENT_LIKELY(x)		__builtin_expect(!!(x), 1)
#define AGENT_UNLIKELY(x)	__builtin_expect(!!(x), 0)

struct agent_pyoffsets;

/* What the hooks look at on every call. */
enum agent_phase {
	AGENT_OFF = 0,		/* inert: not ours to trace, or over */
	AGENT_WAITING = 1,	/* a Python, before the user's code: poll */
	AGENT_TRACING = 2
};

/*
 * The one struct of the agent.  It lives in a page that the kernel empties
 * in the child of a fork, however the fork is made: a child finds AGENT_OFF.
 */
struct agent {
	_Atomic uint32_t	phase;		/* enum agent_phase */
	bool			multi;		/* numbers need an atomic add */
	_Atomic uint32_t	stop_walk;	/* 1: no new frame walks */
	const char		*single_threaded; /* glibc's flag, or NULL */
	struct mt_session_page	*session;
	_Alignas(64) _Atomic uint64_t seq;	/* number of the next event */
	_Alignas(64) _Atomic uint64_t code_deaths; /* described codes that died */
};
extern struct agent	*agent;		/* never NULL */

/* ---- Frames ---------------------------------------------------------- */

/*
 * One frame as last seen: the key fields decide whether it is unchanged, the
 * word is what was sent for it.
 */
struct agent_frame {
	const char	*frame;		/* the interpreter's frame */
	uintptr_t	 code;		/* its code object */
	uintptr_t	 ip;		/* instruction pointer or offset, raw */
	uint32_t	 id;		/* of the code object */
	uint32_t	 offset;	/* biased, as in MT_FRAME_WORD */
};

/*
 * The stack of a thread as the collector knows it: frames[0] is the top,
 * i.e. newest frame LAST: index n - 1 is the top, index 0 the bottom.
 */
struct agent_stack {
	struct agent_frame	*frames;	/* bottom first */
	uint32_t		 n;
	uint32_t		 cap;
	struct agent_frame	*walk;		/* scratch of the walk, top first */
	uint32_t		 walk_cap;
	uint64_t		 code_deaths;	/* agent->code_deaths at that time */
};

struct agent_thread {
	struct mt_ring		*ring;
	uint64_t		*data;		/* of the ring */
	uint64_t		 head;		/* not yet published above ring->head */
	uint64_t		 limit;		/* head at which to look at tail again */
	uint64_t		 next_seq;	/* that the collector would assume */
	uint64_t		 time_us;	/* last sent */
	uint64_t		 lost;		/* events not yet reported as lost */
	_Atomic uint32_t	 in_walk;	/* 1: reading the interpreter's frames */
	bool			 busy;		/* re-entry guard */
	struct agent_stack	 stack;
	char			 name[64];	/* Python's name of the thread */
};

#endif /* AGENT_H */
