/* Line tables that are too long for one record. */

#include <sys/types.h>

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"

/* A piece of a table, which is what b has; returns where it ends. */
static uint32_t
piece(struct producer *p, uint32_t id, const uint8_t *b, uint32_t from,
    uint32_t n)
{
	static uint8_t payload[sizeof(struct mt_table_desc) +
	    MT_CODE_PIECE_MAX];
	const struct mt_table_desc d = { id, from };

	memcpy(payload, &d, sizeof(d));
	memcpy(payload + sizeof(d), b + from, n);
	producer_payload(p, MT_OP_TABLE, payload, sizeof(d) + n);
	producer_publish(p);
	(void)drain(0);
	return (from + n);
}

ATF_TC(table_in_pieces);
ATF_TC_HEAD(table_in_pieces, tc)
{
	atf_tc_set_md_var(tc, "descr", "a line table of any length, also if "
	    "another thread's comes meanwhile, or one was given up");
}
ATF_TC_BODY(table_in_pieces, tc)
{
	static uint8_t b[3 * MT_CODE_PIECE_MAX + 5];
	struct mt_code_desc d = { .id = 1, .table_len = sizeof(b) };
	uint64_t sum = 0;
	uint32_t at = 0, n;
	size_t i;

	begin();
	for (i = 0; i < sizeof(b); i++)
		sum = 31 * sum + (b[i] = (uint8_t)(i * i >> 7));
	(void)piece(&prod[0], 2, b, 0, 100);
	while (at < sizeof(b)) {
		n = (uint32_t)sizeof(b) - at;
		(void)piece(&prod[1], 3, b, 0, 9);
		at = piece(&prod[0], 1, b, at,
		    n < MT_CODE_PIECE_MAX ? n : MT_CODE_PIECE_MAX);
	}
	producer_payload(&prod[0], MT_OP_CODE, (const uint8_t *)&d,
	    sizeof(d));
	producer_publish(&prod[0]);
	(void)drain(0);
	ATF_CHECK_EQ(MT_COLLECT_LIVE, proc->state);
	ATF_CHECK_EQ(sizeof(b), rec->table_len);
	ATF_CHECK_EQ(sum, rec->table_sum);
	ATF_CHECK_EQ(9, proc->tables);
	end();
}

ATF_TC(tables_without_end);
ATF_TC_HEAD(tables_without_end, tc)
{
	atf_tc_set_md_var(tc, "descr", "no table is longer than it may be");
}
ATF_TC_BODY(tables_without_end, tc)
{
	static uint8_t b[MT_CODE_TABLE_MAX + MT_CODE_PIECE_MAX];
	uint32_t at = 0;

	begin();
	while (at < MT_CODE_TABLE_MAX)
		at = piece(&prod[0], 1, b, at, MT_CODE_PIECE_MAX);
	ATF_CHECK_EQ(MT_COLLECT_LIVE, proc->state);
	(void)piece(&prod[0], 1, b, at, MT_CODE_PIECE_MAX);
	ATF_CHECK_EQ(MT_COLLECT_DAMAGED, proc->state);
	end();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, table_in_pieces);
	ATF_TP_ADD_TC(tp, tables_without_end);
	return (atf_no_error());
}
