/* Shared between the files of libmemtrace and its unit tests only. */

#ifndef MT_PRIVATE_H
#define MT_PRIVATE_H

#include "memtrace.h"
#include "mt_budget.h"
#include "mt_record.h"

/* Fill in e (if not NULL) and return st, so that callers can return it. */
enum mt_status	mt_error_set(struct mt_error *e, enum mt_status st,
		    const char *fmt, ...)
		    __attribute__((__format__(__printf__, 3, 4)));

/* ---- Growing byte buffers and bounded cursors (mt_buf.c) ------------- */

/* Out of memory sets failed; later puts do nothing; the end user checks. */
struct mt_buf {
	uint8_t	*data;		/* malloc(3) */
	size_t	 len;
	size_t	 cap;
	bool	 failed;
};

#define MT_VARINT_MAX	10	/* bytes of a 64-bit number */

/* Make room for n more bytes; false, with failed set, if there is none. */
bool	mt_buf_reserve(struct mt_buf *, size_t n);
void	mt_buf_put(struct mt_buf *, const void *, size_t);
void	mt_buf_put_varint(struct mt_buf *, uint64_t);	/* LEB128 */
void	mt_buf_put_svarint(struct mt_buf *, int64_t);	/* zigzag, LEB128 */
void	mt_buf_put_string(struct mt_buf *, const char *, size_t);
void	mt_buf_fini(struct mt_buf *);

/* LEB128: at most MT_VARINT_MAX bytes; returns where they end. */
static inline uint8_t *
mt_varint_put(uint8_t *p, uint64_t v)
{
	while (v >= 0x80) {
		*p++ = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	*p++ = (uint8_t)v;
	return (p);
}

/* Numbers near zero, of either sign, become small ones. */
static inline uint64_t
mt_zigzag(int64_t v)
{
	return ((uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0));
}

/* Input that was not checked: after a read past the end, bad is set. */
struct mt_cursor {
	const uint8_t	*p;
	const uint8_t	*end;
	bool		 bad;
};

/* n bytes, or NULL and bad. */
const uint8_t	*mt_cursor_bytes(struct mt_cursor *, size_t n);
/* The slow half of what follows. */
uint64_t	 mt_cursor_long(struct mt_cursor *);

static inline uint64_t
mt_cursor_varint(struct mt_cursor *c)
{
	if (c->p != c->end && *c->p < 0x80)
		return (*c->p++);
	return (mt_cursor_long(c));
}

static inline int64_t
mt_unzigzag(uint64_t v)
{
	return ((int64_t)(v >> 1 ^ (0 - (v & 1))));
}

static inline int64_t
mt_cursor_svarint(struct mt_cursor *c)
{
	return (mt_unzigzag(mt_cursor_varint(c)));
}

/* ---- Events blocks (mt_events.c), the layout is in memtrace(5) -------- */

struct mt_events_enc;

struct mt_events_enc *mt_events_enc_new(void);
void	mt_events_enc_free(struct mt_events_enc *);
void	mt_events_put_alloc(struct mt_events_enc *, uint32_t thread,
	    uint32_t node, unsigned allocator, uint64_t addr, uint64_t size);
void	mt_events_put_free(struct mt_events_enc *, uint32_t thread,
	    uint64_t ref);
/*
 * The allocations and frees among these; the size of a free is its ref, and
 * those of other types are left out.
 */
void	mt_events_put(struct mt_events_enc *, const struct mt_record *,
	    size_t n);
void	mt_events_put_unmap(struct mt_events_enc *, uint32_t thread,
	    uint64_t addr, uint64_t size);
void	mt_events_put_time(struct mt_events_enc *, uint64_t time_ns);
/* Raw bytes so far, to decide when a block is full. */
size_t	mt_events_enc_bytes(const struct mt_events_enc *);
size_t	mt_events_enc_count(const struct mt_events_enc *);
/* The finished payload, malloc(3)ed; the encoder starts the next block. */
enum mt_status	mt_events_enc_take(struct mt_events_enc *, void **data,
		    size_t *len, struct mt_error *);

/* ---- Tables in blocks (mt_tables.c) ---------------------------------- */

/* Append one entry to a block's payload; ids are explicit or consecutive. */
void	mt_tables_put_meta(struct mt_buf *, const char *key,
	    const char *value);
void	mt_tables_put_code(struct mt_buf *, uint32_t id,
	    const struct mt_code *);
void	mt_tables_put_node(struct mt_buf *, uint32_t id,
	    const struct mt_node *);
void	mt_tables_put_thread(struct mt_buf *, uint32_t id,
	    const struct mt_thread *);
void	mt_tables_put_sample(struct mt_buf *, const struct mt_sample *prev,
	    const struct mt_sample *);
/* All sites of a capture are one block, column by column. */
void	mt_tables_put_sites(struct mt_buf *, const struct mt_site *, size_t n);

/* ---- Recorder, for what was recorded before (mt_recorder.c) ----------- */

/*
 * Charge what it makes of a file's records; just after mt_recorder_new().
 * The account is to be closed behind the recorder.
 */
void		mt_recorder_charge(struct mt_recorder *, struct mt_budget *);

/* Name a thread, again if need be. */
enum mt_status	mt_recorder_thread_name(struct mt_recorder *, uint32_t id,
		    uint64_t tid, const char *name, struct mt_error *);

/* Sites as finish would write them; owned by the recorder. */
enum mt_status	mt_recorder_sites(struct mt_recorder *,
		    const struct mt_site **, size_t *n, struct mt_error *);

#endif /* MT_PRIVATE_H */
