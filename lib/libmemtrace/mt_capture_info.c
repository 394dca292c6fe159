/* How a capture is made up, for who wants to look at the format itself. */

#include "mt_capture.h"

void
mt_capture_version(const struct mt_capture *c, unsigned *major,
    unsigned *minor)
{
	*major = c->head.major;
	*minor = c->head.minor;
}

enum mt_status
mt_capture_block(const struct mt_capture *c, size_t i,
    struct mt_block_info *info, struct mt_error *e)
{
	uint8_t head[MT_BLOCK_HEAD_BYTES];
	struct mt_block_head h;
	enum mt_status st;
	size_t n;

	if (i >= c->nblocks)
		return (MT_END);
	st = mt_source_read(&c->source, c->blocks[i].offset, head,
	    sizeof(head), &n, e);
	if (st != MT_OK)
		return (st);
	/* The index may be wrong, and a file may change while it is read. */
	if (n < sizeof(head) || !mt_block_get_head(&h, head))
		return (mt_error_set(e, MT_ERR_FORMAT,
		    "no block where the index says"));
	info->offset = c->blocks[i].offset;
	info->type = h.type;
	info->flags = h.flags;
	info->raw_bytes = h.raw_len;
	info->stored_bytes = h.stored_len;
	return (MT_OK);
}
