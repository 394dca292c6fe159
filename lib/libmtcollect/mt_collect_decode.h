/*
 * Inside of the decoder, between its files: damage, failures, codes.  What is
 * here returns false when decoding has come to its end.
 */

#ifndef MT_COLLECT_DECODE_H
#define MT_COLLECT_DECODE_H

#include "mt_collect_process.h"

/* In the map of codes, which holds the capture's id plus one. */
#define MT_COLLECT_DESCRIBED	0x80000000u

/* The protocol was broken. */
static inline bool
bad(struct mt_collect_process *p, const char *why)
{
	mt_collect_process_damage(p, why);
	return (false);
}

/* What the recorder has said. */
static inline bool
recorded(struct mt_collect_process *p, enum mt_status st)
{
	if (__builtin_expect(st == MT_OK, 1))
		return (true);
	p->state = MT_COLLECT_FAILED;
	p->status = st;
	return (false);
}

/* Slow half of what follows. */
bool	mt_collect_code_new(struct mt_collect_process *, uint32_t id);

/* The code's number in the capture; it may be described later. */
static inline bool
mt_collect_code_find(struct mt_collect_process *p, uint32_t id,
    uint32_t *code)
{
	if ((id >= p->ncodes || p->codes[id] == 0) &&
	    !mt_collect_code_new(p, id))
		return (false);
	*code = (p->codes[id] & ~MT_COLLECT_DESCRIBED) - 1;
	return (true);
}

/* The payload of the record that begins with this word; pos is behind it. */
bool	mt_collect_payload(struct mt_collect_process *,
	    struct mt_collect_ring *, uint64_t);

#endif /* MT_COLLECT_DECODE_H */
