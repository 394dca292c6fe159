/*
 * Layout of the interpreter's structures, a row per minor version.
 *
 * Constants of each minor version's final releases, the same for debug
 * builds; see agent_pyoffsets.def for where they come from.  What the
 * interpreter says of itself is compared with them before they are used.
 */

#ifndef AGENT_PYOFFSETS_H
#define AGENT_PYOFFSETS_H

#include <stdbool.h>
#include <stdint.h>

enum agent_ip {
	AGENT_IP_LASTI_BYTES,	/* f_lasti: int, bytes; 3.8, 3.9 */
	AGENT_IP_LASTI_UNITS,	/* f_lasti: int, code units; 3.10 */
	AGENT_IP_POINTER	/* a pointer into the bytecode; 3.11 on */
};

/* All in bytes; a field that a version lacks is 0 or, for hops, -1. */
struct agent_pyoffsets {
	uint8_t		minor;
	bool		free_threaded;
	uint8_t		ip_kind;	/* enum agent_ip */
	uint8_t		shim_owner;	/* least owner of non-Python frames */
	uint8_t		table_kind;	/* enum mt_table */
	uint8_t		kind_shift;	/* in the state of a string */
	int16_t		ts_frame;	/* tstate: frame or cframe */
	uint16_t	ts_thread;	/* tstate: thread_id */
	int16_t		cframe_frame;	/* cframe: current frame, or -1 */
	uint16_t	f_previous;
	uint16_t	f_code;
	uint16_t	f_ip;
	uint16_t	f_owner;
	uint16_t	f_tlbc_index;
	uint16_t	f_localsplus;
	uint16_t	ob_type;
	uint16_t	ob_size;
	uint16_t	tp_dealloc;
	uint16_t	tp_basicsize;
	uint16_t	co_firstlineno;
	uint16_t	co_flags;
	uint16_t	co_filename;
	uint16_t	co_name;
	uint16_t	co_qualname;
	uint16_t	co_table;
	uint16_t	co_bytecode;	/* co_code_adaptive */
	uint16_t	co_firsttraceable;
	uint16_t	co_tlbc;
	uint16_t	str_state;
	uint16_t	str_ascii;	/* data of a compact ASCII string */
	uint16_t	str_compact;	/* data of another compact string */
	uint16_t	bytes_data;
};

/* The row of a version, NULL if there is none. */
const struct agent_pyoffsets	*agent_pyoffsets_find(uint32_t hexversion,
				    bool free_threaded);

#endif /* AGENT_PYOFFSETS_H */
