/*
 * What the agent tells the collector: 64-bit words in a shared ring.
 *
 * Everything in libmtwire also runs inside the traced process.  Nothing here
 * allocates, locks, calls stdio or touches errno; all of it is
 * async-signal-safe.  The words never leave the machine, so they are in host
 * order; both ends come from one build (the hello checks MT_WIRE_VERSION).
 * The file format is another matter: see memtrace(5).
 *
 * Each thread of the traced process writes to a ring of its own.  A record
 * is one word, or one word and its operands:
 *
 *	bits 56-63	operation, enum mt_op
 *	bits 48-55	auxiliary number of the operation
 *	bits  0-47	address or value
 *
 * Or, if bit 63 is set, it is MT_OP_ALLOC in one word: MT_SMALL_*; if bits 61
 * and 62 are, too, with an MT_OP_TOP before it: MT_STEP_*.
 *
 * Events (MT_OP_ALLOC, FREE, UNMAP, NOP, MARK) are numbered process-wide,
 * without gaps, starting at 0; the number orders them between rings.  It is
 * implied, one more than that of the ring's previous event, unless an
 * MT_OP_SEQ record comes before the event.  A thread reserves the numbers of
 * its events before it publishes them: that of a free before the memory is
 * given back, that of an allocation after the memory was obtained.
 */

#ifndef MT_WIRE_H
#define MT_WIRE_H

#include <stdint.h>

#define MT_WIRE_VERSION	5u

enum mt_allocator {
#define MT_ALLOCATOR(number, name, text)	MT_ALLOCATOR_##name = (number),
#include "mt_allocator.def"
#undef MT_ALLOCATOR
	MT_ALLOCATOR_COUNT = 18		/* one more than the highest number */
};

enum mt_op {
	MT_OP_PAD = 0,		/* never written: memory not yet reached */
	/* Events, which have a number. */
	MT_OP_ALLOC = 1,	/* aux allocator, address; next word: bytes */
	MT_OP_FREE = 2,		/* aux allocator, address */
	MT_OP_UNMAP = 3,	/* address; next word: bytes, whole pages */
	MT_OP_NOP = 4,		/* a number that was reserved in vain */
	MT_OP_MARK = 5,		/* aux: enum mt_mark */
	/* State of the thread, applies to the events after it. */
	MT_OP_SEQ = 16,		/* bits 0-55: number of the next event */
	MT_OP_TIME = 17,	/* microseconds on the session's clock */
	MT_OP_POP = 18,		/* remove this many frames from the top, or
				   all if it is MT_WORD_VALUE_MASK */
	MT_OP_PUSH = 19,	/* a called frame, see MT_FRAME_* */
	MT_OP_TOP = 20,		/* replace the top frame by this one */
	MT_OP_NPUSH = 21,	/* as PUSH, a native frame: MT_NATIVE_* */
	MT_OP_NTOP = 22,	/* as TOP */
	/* Descriptions: address bits hold the payload bytes that follow. */
	MT_OP_CODE = 32,	/* struct mt_code_desc, name, file, table */
	MT_OP_THREAD = 33,	/* struct mt_thread_desc, name; starts a ring */
	MT_OP_INFO = 34,	/* a key, NUL, a value: metadata */
	MT_OP_NOTE = 35,	/* a line of text for the user */
	MT_OP_LOST = 36,	/* this many events could not be recorded */
	MT_OP_MODULE = 37,	/* struct mt_module_desc, path, build-id */
	MT_OP_TABLE = 38	/* struct mt_table_desc, a piece of a table */
};

/*
 * A key of MT_OP_INFO that is not metadata: the path of the program that is
 * about to replace this one by exec(2), or "" when that failed.
 */
#define MT_INFO_EXEC	"exec"

/* Of any word's MT_WORD_OP(). */
#define MT_OP_IS_EVENT(op)						\
	(((op) >= MT_OP_ALLOC && (op) <= MT_OP_MARK) ||	\
	    (op) >= MT_WORD_OP(MT_SMALL))
/* A frame comes to be on top. */
#define MT_OP_IS_HOP(op)						\
	((op) >= MT_OP_PUSH && (op) <= MT_OP_NTOP)
#define MT_OP_HAS_PAYLOAD(op)						\
	(((op) >= MT_OP_CODE && (op) <= MT_OP_NOTE) ||	\
	    (op) == MT_OP_MODULE || (op) == MT_OP_TABLE)

enum mt_mark {
	MT_MARK_START = 1,	/* the user's code begins */
	MT_MARK_END = 2		/* the script has ended: what lives is leaked */
};

#define MT_WORD(op, aux, value)						\
	((uint64_t)(op) << 56 | (uint64_t)(aux) << 48 |			\
	    ((uint64_t)(value) & MT_WORD_VALUE_MASK))
#define MT_WORD_VALUE_MASK	0xffffffffffffull
#define MT_WORD_OP(w)		((unsigned)((w) >> 56))
#define MT_WORD_AUX(w)		((unsigned)((w) >> 48) & 0xff)
#define MT_WORD_VALUE(w)	((w) & MT_WORD_VALUE_MASK)
#define MT_WORD_SEQ(w)		((w) & 0xffffffffffffffull)

/*
 * An allocation of fewer than MT_SMALL_BYTES at a multiple of MT_SMALL_ALIGN:
 * bits 58-62 are the allocator, bits 44-57 the bytes, bits 0-43 the address
 * divided by MT_SMALL_ALIGN.
 */
#define MT_SMALL		0x8000000000000000ull
#define MT_SMALL_ALIGN		16u
#define MT_SMALL_BYTES		16384u
/* The address in units; more than 44 bits if that is not whole, or too high. */
#define MT_SMALL_UNITS(addr)						\
	((uint64_t)(addr) >> 4 | (uint64_t)(addr) << 60)
#define MT_SMALL_FITS(addr, bytes)					\
	((MT_SMALL_UNITS(addr) >> 44 |					\
	    (uint64_t)(bytes) / MT_SMALL_BYTES) == 0)
#define MT_SMALL_WORD(allocator, addr, bytes)				\
	(MT_SMALL | (uint64_t)(allocator) << 58 | (uint64_t)(bytes) << 44 | \
	    MT_SMALL_UNITS(addr))
#define MT_SMALL_ALLOCATOR(w)	((unsigned)((w) >> 58) & 0x1f)
#define MT_SMALL_SIZE(w)	((w) >> 44 & (MT_SMALL_BYTES - 1))
#define MT_SMALL_ADDR(w)	(((w) & 0xfffffffffffull) * MT_SMALL_ALIGN)

/*
 * The same of even fewer bytes, with malloc(3) or the interpreter's, by a top
 * frame that has gone on by a few instructions: bit 60 tells the allocators
 * apart, bits 52-59 are the step in units of 2 bytes plus 128, bits 43-51
 * the bytes, bits 0-42 the address divided by MT_SMALL_ALIGN.  No allocator
 * has a number of 24 or more, so MT_SMALL_* never looks like this.
 */
#define MT_STEP			0xe000000000000000ull
#define MT_STEP_BYTES		512u
#define MT_STEP_HAS(allocator)						\
	((allocator) == MT_ALLOCATOR_MALLOC ||				\
	    (allocator) == MT_ALLOCATOR_PYMALLOC_MALLOC)
#define MT_STEP_BIAS		256	/* bytes */
#define MT_STEP_FITS(addr, bytes, step)					\
	((MT_SMALL_UNITS(addr) >> 43 | ((uint64_t)(bytes) |		\
	    ((uint64_t)(step) + MT_STEP_BIAS)) / MT_STEP_BYTES) == 0)
#define MT_STEP_WORD(allocator, addr, bytes, step)			\
	(((uint64_t)(step) + MT_STEP_BIAS + (MT_STEP >> 51 |		\
	    ((allocator) != MT_ALLOCATOR_MALLOC ? 1u << 9 : 0))) << 51 | \
	    (uint64_t)(bytes) << 43 | MT_SMALL_UNITS(addr))
#define MT_STEP_IS(w)		((w) >= MT_STEP)
#define MT_STEP_ALLOCATOR(w)						\
	(((w) >> 60 & 1) != 0 ? MT_ALLOCATOR_PYMALLOC_MALLOC :		\
	    MT_ALLOCATOR_MALLOC)
#define MT_STEP_STEP(w)		((int)((w) >> 51 & 0x1fe) - MT_STEP_BIAS)
/* All that tells where the frame has gone. */
#define MT_STEP_HOP(w)		((w) & (MT_STEP | 0xff0000000000000ull))
#define MT_STEP_SIZE(w)		((w) >> 43 & (MT_STEP_BYTES - 1))
#define MT_STEP_ADDR(w)		(((w) & 0x7ffffffffffull) * MT_SMALL_ALIGN)

/*
 * MT_OP_PUSH and MT_OP_TOP: bits 0-23 are the code id, bits 32-55 and, above
 * those, bits 24-31 the instruction offset in bytes plus MT_FRAME_BIAS (a
 * frame that has not started has an offset of -2 or less).  Offsets that do
 * not fit become MT_FRAME_NOWHERE, which means the first line of the function.
 */
#define MT_FRAME_BIAS		4
#define MT_FRAME_NOWHERE	0u
#define MT_FRAME_WORD(op, id, off)					\
	((uint64_t)(op) << 56 | (uint64_t)((off) & 0xffffffu) << 32 |	\
	    (uint32_t)((off) & 0xff000000u) | (uint32_t)(id))
#define MT_FRAME_ID(w)		((uint32_t)(w) & MT_FRAME_ID_MAX)
#define MT_FRAME_OFFSET(w)						\
	(((uint32_t)((w) >> 32) & 0xffffffu) | ((uint32_t)(w) & 0xff000000u))
#define MT_FRAME_MAX_OFFSET	0x7ffffff0u
#define MT_FRAME_ID_MAX		0xffffffu

/*
 * MT_OP_NPUSH and MT_OP_NTOP: bits 0-35 are an address as the module was
 * linked, bits 36-55 the module.  The address is that of the last byte of the
 * call instruction, so that it lies in the line of the call; for a frame that
 * a signal interrupted, that of the instruction.
 */
#define MT_NATIVE_ADDR_BITS	36
#define MT_NATIVE_ADDR_MASK	((1ull << MT_NATIVE_ADDR_BITS) - 1)
#define MT_NATIVE_NOWHERE	0u	/* an address that does not fit */
#define MT_NATIVE_WORD(op, module, addr)				\
	((uint64_t)(op) << 56 | (uint64_t)(module) << MT_NATIVE_ADDR_BITS | \
	    (uint64_t)(addr))
#define MT_NATIVE_MODULE(w)						\
	((uint32_t)((w) >> MT_NATIVE_ADDR_BITS) & MT_MODULE_MAX)
#define MT_NATIVE_ADDR(w)	((w) & MT_NATIVE_ADDR_MASK)
#define MT_MODULE_MAX		0xfffffu

/* How the table of a code object maps offsets to lines. */
enum mt_table {
	MT_TABLE_NONE = 0,	/* no table: every offset is the first line */
	MT_TABLE_LNOTAB = 1,	/* co_lnotab, CPython 3.8 and 3.9 */
	MT_TABLE_LINES310 = 2,	/* co_linetable of 3.10 */
	MT_TABLE_LOCATIONS = 3,	/* co_linetable of 3.11 and later */
	MT_TABLE_OFFSET_IS_LINE = 4, /* the offset is the line number itself */
	/*
	 * In captures only.  Not code but a module, whose path is the file:
	 * the table is its build-id, the offset an address as it was linked.
	 */
	MT_TABLE_MODULE = 5,
	MT_TABLE_NATIVE = 6	/* as 4, of a function that is not Python's */
};

#define MT_CODE_STRING_MAX	4096u		/* bytes; longer ones are cut */
#define MT_CODE_TABLE_MAX	(8u << 20)	/* bytes; no longer ones */
#define MT_CODE_PIECE_MAX	(64u << 10)	/* bytes of it in a record */

/*
 * A code object: this, then the qualified name, the file name (both UTF-8
 * as far as Python's own strings are, without NUL) and the line table,
 * without padding between them; zero bytes fill the last word.
 * An id is described once, but possibly after another ring has used it.
 * A table of more than MT_CODE_PIECE_MAX bytes comes before the description,
 * in pieces, and is not in it.
 */
struct mt_code_desc {
	uint32_t	id;		/* from 1 to MT_FRAME_ID_MAX */
	uint32_t	first_line;
	uint16_t	name_len;	/* bytes */
	uint16_t	file_len;
	uint32_t	table_len;
	uint32_t	table_kind;	/* enum mt_table */
	uint32_t	flags;		/* co_flags */
};

/* A piece of a line table: this, then its bytes. */
struct mt_table_desc {
	uint32_t	id;		/* of the code object */
	uint32_t	offset;		/* 0, then where the last one ended */
};

#define MT_BUILD_ID_MAX		64u	/* bytes; longer ones are cut */

/*
 * A module: an executable or a shared library as it is mapped; this, then its
 * path and its build-id, as above.  A module is described once, but possibly
 * after another ring has used it.  What is mapped where another module was
 * has an id of its own.
 */
struct mt_module_desc {
	uint32_t	id;		/* counts from 1 */
	uint16_t	path_len;	/* bytes */
	uint16_t	build_id_len;
	uint64_t	start;		/* addresses in the process */
	uint64_t	end;
	uint64_t	bias;		/* what was added to linked addresses */
};

/* First record of a thread's ring; its name follows, as above. */
struct mt_thread_desc {
	uint64_t	tid;		/* kernel's thread id */
	uint64_t	pthread;	/* as threading.get_ident() */
};

/* Words needed for a payload of n bytes. */
#define MT_PAYLOAD_WORDS(n)	(((n) + 7) / 8)

#endif /* MT_WIRE_H */
