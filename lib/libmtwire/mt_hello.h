/*
 * How a process gets its shared memory: the agent connects to the
 * collector's SOCK_SEQPACKET socket, sends one struct mt_hello, receives one
 * struct mt_welcome with the descriptors of the session page, of the bell and
 * of a file with arenas (SCM_RIGHTS, in this order; none if the verdict is not
 * MT_TRACE), maps them and closes everything.  The first arenas are for more
 * threads than most programs have, since later the program may be another
 * user's or have no descriptor left.  An agent that runs out of rings all the
 * same says hello again, with MT_HELLO_MORE.
 */

#ifndef MT_HELLO_H
#define MT_HELLO_H

#include <stdint.h>

/*
 * In the environment of the traced program: the path of the socket, after
 * MT_ENV_FOLLOW if the programs that it executes are to be traced as well.
 * If they are not, the agent removes this variable, and itself from
 * LD_PRELOAD, from the environment of the first Python process, before the
 * interpreter sees it.
 */
#define MT_ENV_SOCKET	"MEMTRACE_SOCKET"
#define MT_ENV_FOLLOW	'+'

/*
 * In LD_PRELOAD the agent stands in front of what the user has there, so that
 * a preloaded allocator is what it calls; but behind the run-time library of a
 * sanitizer, which insists on being the first: names that contain these.
 */
#define MT_PRELOAD_FIRST	{ "libasan.", "libtsan.", "liblsan.",	\
				    "libhwasan.", "libclang_rt." }

#define MT_HELLO_MAGIC	0x6d7468656c6c6f31ull

enum mt_hello_kind {
	MT_HELLO_PROCESS = 1,	/* a new process image with a CPython in it */
	MT_HELLO_MORE = 2,	/* another arena for a process that has one */
	MT_HELLO_UNSUPPORTED = 3, /* a CPython that the agent cannot trace */
	MT_HELLO_FORKED = 4,	/* the child of a fork of a traced process */
	MT_HELLO_UNTRACEABLE = 5, /* is about to execute a Python that will not
				     load the agent; py_version is its name */
	MT_HELLO_OPAQUE = 6	/* likewise something else, and there was no
				   Python yet: what it starts is not seen */
};

/* Why a program does not load the agent. */
enum mt_why {
	MT_WHY_NONE = 0,
	MT_WHY_PRIVILEGED = 1,	/* set-user-ID, set-group-ID, capabilities */
	MT_WHY_STATIC = 2,	/* no dynamic linker */
	MT_WHY_LATE = 4		/* loaded, but it was running already */
};

struct mt_hello {
	uint64_t	magic;
	uint32_t	version;	/* MT_WIRE_VERSION */
	uint32_t	kind;		/* enum mt_hello_kind */
	union {
		uint32_t py_hexversion;	/* PY_VERSION_HEX */
		uint32_t why;		/* enum mt_why */
	};
	uint32_t	pid;		/* as the process sees itself */
	char		py_version[64];	/* as sys.version begins; with a NUL */
};

enum mt_verdict {
	MT_TRACE = 1,
	MT_IGNORE = 2		/* run on untraced, and ask no more */
};

/* What to record, in the flags of the welcome. */
#define MT_FLAG_PYTHON_ALLOCATORS	1u	/* raw, mem, obj domains */
#define MT_FLAG_FOLLOW			2u	/* children as well */
#define MT_FLAG_NATIVE			4u	/* native stacks, too */

#define MT_WELCOME_FDS	3u

struct mt_welcome {
	uint64_t	magic;
	uint32_t	version;
	uint32_t	verdict;	/* enum mt_verdict */
	uint32_t	flags;		/* MT_FLAG_* */
	uint32_t	arenas;		/* in the file, one after the other */
};

#endif /* MT_HELLO_H */
