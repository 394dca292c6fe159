/* Call frame information. */

#include <string.h>

#include "agent_cfi.h"

#define CFI_REMEMBERED	4	/* rows; compilers need one */
#define CFI_LENGTH_MAX	(1u << 20)	/* of an entry */

/* How pointers are written; the low half of the byte, and what is added. */
#define PE_OMIT		0xff
#define PE_FORMAT	0x0f
#define PE_BASE		0x70
#define PE_PCREL	0x10
#define PE_DATAREL	0x30
#define PE_INDIRECT	0x80
#define PE_TABLE	0x3b	/* datarel, signed, 4 bytes: what linkers do */

struct cfi_entry {
	struct agent_cfi_bytes	cie;	/* initial instructions */
	struct agent_cfi_bytes	fde;	/* instructions */
	uintptr_t		start;	/* of the code */
	uintptr_t		end;
	uint64_t		code_align;
	int64_t			data_align;
	uint8_t			ra;
	uint8_t			encoding;
	bool			signal;
	bool			augmented;	/* 'z' */
};

/* ---- Bytes ----------------------------------------------------------- */

uint64_t
agent_cfi_number(struct agent_cfi_bytes *b, unsigned n)
{
	uint64_t v = 0;

	if ((size_t)(b->end - b->p) < n) {
		b->bad = true;
		b->p = b->end;
		return (0);
	}
	memcpy(&v, b->p, n);
	b->p += n;
	return (v);
}

uint64_t
agent_cfi_uleb(struct agent_cfi_bytes *b)
{
	uint64_t byte, v = 0;
	unsigned shift = 0;

	do {
		byte = agent_cfi_number(b, 1);
		if (shift < 64)
			v |= (byte & 0x7f) << shift;
		shift += 7;
	} while ((byte & 0x80) != 0 && !b->bad);
	return (v);
}

int64_t
agent_cfi_sleb(struct agent_cfi_bytes *b)
{
	uint64_t byte, v = 0;
	unsigned shift = 0;

	do {
		byte = agent_cfi_number(b, 1);
		if (shift < 64)
			v |= (byte & 0x7f) << shift;
		shift += 7;
	} while ((byte & 0x80) != 0 && !b->bad);
	if (shift < 64 && (byte & 0x40) != 0)
		v |= ~(uint64_t)0 << shift;
	return ((int64_t)v);
}

/* A pointer as the encoding says; only those that can occur in here. */
static uintptr_t
cfi_pointer(struct agent_cfi_bytes *b, uint8_t encoding, uintptr_t data)
{
	uintptr_t at = (uintptr_t)b->p, v;

	switch (encoding & PE_FORMAT) {
	case 0x00:
	case 0x04:
	case 0x0c:
		v = (uintptr_t)agent_cfi_number(b, 8);
		break;
	case 0x01:
		v = (uintptr_t)agent_cfi_uleb(b);
		break;
	case 0x02:
		v = (uintptr_t)agent_cfi_number(b, 2);
		break;
	case 0x03:
		v = (uintptr_t)agent_cfi_number(b, 4);
		break;
	case 0x09:
		v = (uintptr_t)agent_cfi_sleb(b);
		break;
	case 0x0a:
		v = (uintptr_t)(int16_t)agent_cfi_number(b, 2);
		break;
	case 0x0b:
		v = (uintptr_t)(int32_t)agent_cfi_number(b, 4);
		break;
	default:
		b->bad = true;
		return (0);
	}
	if ((encoding & PE_BASE) == PE_PCREL)
		v += at;
	else if ((encoding & PE_BASE) == PE_DATAREL)
		v += data;
	else if ((encoding & PE_BASE) != 0)
		b->bad = true;
	return (v);
}

/* ---- Entries --------------------------------------------------------- */

/* An entry, without its length and the word behind that. */
static bool
cfi_open(uintptr_t p, const struct agent_object *o, struct agent_cfi_bytes *b,
    uintptr_t *second, uintptr_t *second_at)
{
	uint32_t len, word;

	if (p < o->start || p + 8 > o->end || p + 8 < p ||
	    !agent_object_readable(p, 8))
		return (false);
	memcpy(&len, (const void *)p, 4);
	memcpy(&word, (const void *)(p + 4), 4);
	if (len < 4 || len > CFI_LENGTH_MAX || len > o->end - p - 4 ||
	    !agent_object_readable(p + 4, len))
		return (false);
	b->p = (const uint8_t *)p + 8;
	b->end = (const uint8_t *)p + 4 + len;
	b->bad = false;
	*second = word;
	*second_at = p + 4;
	return (true);
}

/* What follows the augmentation string "z...". */
static void
cfi_augmentation(struct cfi_entry *e, struct agent_cfi_bytes *b,
    const char *text)
{
	uint64_t len = agent_cfi_uleb(b);
	const uint8_t *end = b->p + len;

	if (len > (size_t)(b->end - b->p)) {
		b->bad = true;
		return;
	}
	e->augmented = true;
	for (text++; *text != '\0'; text++)
		if (*text == 'R')
			e->encoding = (uint8_t)agent_cfi_number(b, 1);
		else if (*text == 'P')
			(void)cfi_pointer(b, (uint8_t)agent_cfi_number(b, 1) &
			    (uint8_t)~PE_INDIRECT, 0);
		else if (*text == 'L')
			(void)agent_cfi_number(b, 1);
		else if (*text == 'S')
			e->signal = true;
		else if (*text != 'B')
			break;
	b->p = end;
}

static bool
cfi_open_cie(struct cfi_entry *e, uintptr_t p, const struct agent_object *o)
{
	struct agent_cfi_bytes *b = &e->cie;
	uintptr_t id, at;
	const char *text;
	uint64_t version;

	if (!cfi_open(p, o, b, &id, &at) || id != 0)
		return (false);
	version = agent_cfi_number(b, 1);
	text = (const char *)b->p;
	b->p = memchr(b->p, '\0', (size_t)(b->end - b->p));
	if (b->p == NULL || (version != 1 && version != 3))
		return (false);
	b->p++;
	e->code_align = agent_cfi_uleb(b);
	e->data_align = agent_cfi_sleb(b);
	e->ra = (uint8_t)(version == 1 ? agent_cfi_number(b, 1) :
	    agent_cfi_uleb(b));
	e->signal = e->augmented = false;
	e->encoding = 0;
	if (*text == 'z')
		cfi_augmentation(e, b, text);
	else if (*text != '\0')
		return (false);
	return (!b->bad && e->ra < AGENT_ARCH_REGS);
}

static bool
cfi_open_fde(struct cfi_entry *e, uintptr_t p, const struct agent_object *o)
{
	struct agent_cfi_bytes *b = &e->fde;
	uintptr_t at, cie, data = (uintptr_t)o->frames;
	uint64_t len;

	if (!cfi_open(p, o, b, &cie, &at) || cie == 0 || cie > at ||
	    !cfi_open_cie(e, at - cie, o))
		return (false);
	e->start = cfi_pointer(b, e->encoding, data);
	e->end = e->start + cfi_pointer(b, e->encoding & PE_FORMAT, data);
	if (e->augmented) {
		len = agent_cfi_uleb(b);
		if (len > (size_t)(b->end - b->p))
			return (false);
		b->p += len;
	}
	return (!b->bad);
}

/* The sorted table of an object: pairs of code and entry. */
struct cfi_table {
	const uint8_t	*pairs;
	uintptr_t	 data;
	uint32_t	 n;
};

static bool
cfi_table(const struct agent_object *o, struct cfi_table *t)
{
	uintptr_t p = (uintptr_t)o->frames;
	struct agent_cfi_bytes b = { o->frames, (const uint8_t *)o->end,
	    false };
	uint8_t head[4];

	if (p < o->start || p + 32 > o->end || !agent_object_readable(p, 32))
		return (false);
	memcpy(head, b.p, sizeof(head));
	b.p += sizeof(head);
	if (head[0] != 1 || head[1] == PE_OMIT || head[2] == PE_OMIT ||
	    head[3] != PE_TABLE)
		return (false);
	(void)cfi_pointer(&b, head[1], p);
	t->n = (uint32_t)cfi_pointer(&b, head[2], p);
	t->pairs = b.p;
	t->data = p;
	return (!b.bad && t->n > 0 && t->n <= (o->end - (uintptr_t)b.p) / 8);
}

static uintptr_t
cfi_pair(const struct cfi_table *t, uint32_t i, unsigned half)
{
	int32_t v;

	memcpy(&v, t->pairs + 8 * (size_t)i + 4 * half, sizeof(v));
	return (t->data + (uintptr_t)(intptr_t)v);
}

static bool
cfi_search(uintptr_t ip, struct agent_object *o, struct cfi_entry *e)
{
	uint32_t high, low = 0, mid;
	struct cfi_table t;

	if (!agent_object_find(ip, o) || o->frames == NULL ||
	    !cfi_table(o, &t))
		return (false);
	for (high = t.n; high - low > 1;) {
		mid = low + (high - low) / 2;
		if (cfi_pair(&t, mid, 0) <= ip)
			low = mid;
		else
			high = mid;
	}
	return (cfi_open_fde(e, cfi_pair(&t, low, 1), o) &&
	    ip >= e->start && ip < e->end);
}

/* ---- Instructions ---------------------------------------------------- */

/* Running the instructions up to a place in the code. */
struct cfi_run {
	struct agent_cfi_row	*row;
	const struct cfi_entry	*e;
	uintptr_t		 loc;
	uintptr_t		 stop;	/* the row for this place */
	unsigned		 nkept;
	bool			 done;
	struct agent_cfi_row	 initial;
	struct agent_cfi_row	 kept[CFI_REMEMBERED];
};

static void
cfi_set(struct cfi_run *r, uint64_t reg, enum agent_cfi_how how,
    int64_t value)
{
	struct agent_cfi_rule *rule;

	/* Of registers that we do not follow, vectors for instance. */
	if (reg >= AGENT_ARCH_REGS)
		return;
	rule = &r->row->reg[reg];
	rule->how = (uint8_t)how;
	rule->value = (int32_t)value;
}

/* An expression: where it is, as seen from base. */
static int64_t
cfi_expression(struct cfi_run *r, struct agent_cfi_bytes *b)
{
	int64_t at = b->p - r->row->base;
	uint64_t len = agent_cfi_uleb(b);

	if (len > (size_t)(b->end - b->p))
		b->bad = true;
	else
		b->p += len;
	if (at != (int32_t)at)
		b->bad = true;
	return (at);
}

static void
cfi_cfa(struct cfi_run *r, struct agent_cfi_bytes *b, uint64_t reg,
    int64_t offset)
{
	if (reg >= AGENT_ARCH_REGS || offset != (int32_t)offset) {
		b->bad = true;
		return;
	}
	r->row->cfa.how = AGENT_CFI_IS;
	r->row->cfa.reg = (uint8_t)reg;
	r->row->cfa.value = (int32_t)offset;
}

static void
cfi_restore(struct cfi_run *r, uint64_t reg)
{
	if (reg < AGENT_ARCH_REGS)
		r->row->reg[reg] = r->initial.reg[reg];
}

static void
cfi_advance(struct cfi_run *r, uint64_t delta)
{
	r->loc += (uintptr_t)(delta * r->e->code_align);
	r->done = r->loc > r->stop;
}

/* remember_state and restore_state. */
static void
cfi_remember(struct cfi_run *r, struct agent_cfi_bytes *b, bool restore)
{
	if (restore ? r->nkept == 0 : r->nkept == CFI_REMEMBERED)
		b->bad = true;
	else if (restore)
		*r->row = r->kept[--r->nkept];
	else
		r->kept[r->nkept++] = *r->row;
}

/* Those of the CFA. */
static bool
cfi_execute_cfa(struct cfi_run *r, struct agent_cfi_bytes *b, uint8_t op)
{
	int64_t data = r->e->data_align;
	uint64_t reg;

	switch (op) {
	case 0x0c:	/* def_cfa */
		reg = agent_cfi_uleb(b);
		cfi_cfa(r, b, reg, (int64_t)agent_cfi_uleb(b));
		break;
	case 0x12:	/* def_cfa_sf */
		reg = agent_cfi_uleb(b);
		cfi_cfa(r, b, reg, agent_cfi_sleb(b) * data);
		break;
	case 0x0d:	/* def_cfa_register */
		cfi_cfa(r, b, agent_cfi_uleb(b), r->row->cfa.value);
		break;
	case 0x0e:	/* def_cfa_offset */
		cfi_cfa(r, b, r->row->cfa.reg, (int64_t)agent_cfi_uleb(b));
		break;
	case 0x13:	/* def_cfa_offset_sf */
		cfi_cfa(r, b, r->row->cfa.reg, agent_cfi_sleb(b) * data);
		break;
	case 0x0f:	/* def_cfa_expression */
		r->row->cfa.how = AGENT_CFI_IS_EXPR;
		r->row->cfa.value = (int32_t)cfi_expression(r, b);
		break;
	default:
		return (false);
	}
	return (true);
}

/* Those that say where a register is. */
static bool
cfi_execute_rule(struct cfi_run *r, struct agent_cfi_bytes *b, uint8_t op)
{
	int64_t data = r->e->data_align;
	uint64_t reg = agent_cfi_uleb(b);

	switch (op) {
	case 0x05:	/* offset_extended */
		cfi_set(r, reg, AGENT_CFI_AT, (int64_t)agent_cfi_uleb(b) *
		    data);
		break;
	case 0x06:	/* restore_extended */
		cfi_restore(r, reg);
		break;
	case 0x07:	/* undefined */
		cfi_set(r, reg, AGENT_CFI_UNDEFINED, 0);
		break;
	case 0x08:	/* same_value */
		cfi_set(r, reg, AGENT_CFI_SAME, 0);
		break;
	case 0x09:	/* register */
		cfi_set(r, reg, AGENT_CFI_REGISTER,
		    (int64_t)agent_cfi_uleb(b));
		break;
	case 0x10:	/* expression */
		cfi_set(r, reg, AGENT_CFI_AT_EXPR, cfi_expression(r, b));
		break;
	case 0x11:	/* offset_extended_sf */
		cfi_set(r, reg, AGENT_CFI_AT, agent_cfi_sleb(b) * data);
		break;
	case 0x14:	/* val_offset */
		cfi_set(r, reg, AGENT_CFI_IS, (int64_t)agent_cfi_uleb(b) *
		    data);
		break;
	case 0x15:	/* val_offset_sf */
		cfi_set(r, reg, AGENT_CFI_IS, agent_cfi_sleb(b) * data);
		break;
	case 0x16:	/* val_expression */
		cfi_set(r, reg, AGENT_CFI_IS_EXPR, cfi_expression(r, b));
		break;
	default:
		return (false);
	}
	return (true);
}

static void
cfi_execute_one(struct cfi_run *r, struct agent_cfi_bytes *b)
{
	uint8_t op = (uint8_t)agent_cfi_number(b, 1);

	if ((op & 0xc0) == 0x40)		/* advance_loc */
		cfi_advance(r, op & 0x3f);
	else if ((op & 0xc0) == 0x80)		/* offset */
		cfi_set(r, op & 0x3f, AGENT_CFI_AT,
		    (int64_t)agent_cfi_uleb(b) * r->e->data_align);
	else if ((op & 0xc0) == 0xc0)		/* restore */
		cfi_restore(r, op & 0x3f);
	else if (op == 0x01) {			/* set_loc */
		r->loc = cfi_pointer(b, r->e->encoding, 0);
		r->done = r->loc > r->stop;
	} else if (op >= 0x02 && op <= 0x04)	/* advance_loc1, 2, 4 */
		cfi_advance(r, agent_cfi_number(b, 1u << (op - 2)));
	else if (op == 0x0a || op == 0x0b)
		cfi_remember(r, b, op == 0x0b);
	else if (op == 0x2e)			/* GNU_args_size */
		(void)agent_cfi_uleb(b);
	/* nop; 0x2d is the signature of AArch64's return addresses. */
	else if (op != 0x00 && op != 0x2d && !cfi_execute_cfa(r, b, op) &&
	    !cfi_execute_rule(r, b, op))
		b->bad = true;
}

static bool
cfi_execute(struct cfi_run *r, struct agent_cfi_bytes b)
{
	while (b.p < b.end && !b.bad && !r->done)
		cfi_execute_one(r, &b);
	return (!b.bad);
}

/* The row of an entry for a place in its code. */
static __attribute__((__noinline__)) bool
cfi_row(const struct cfi_entry *e, const struct agent_object *o,
    uintptr_t ip, struct agent_cfi_row *row)
{
	struct cfi_run r;

	memset(row, 0, sizeof(*row));
	row->base = o->frames;
	row->ra = e->ra;
	row->signal = e->signal;
	r.row = row;
	r.e = e;
	r.loc = e->start;
	r.stop = UINTPTR_MAX;
	r.nkept = 0;
	r.done = false;
	if (!cfi_execute(&r, e->cie))
		return (false);
	r.initial = *row;
	r.stop = ip;
	return (cfi_execute(&r, e->fde));
}

bool
agent_cfi_find(uintptr_t ip, struct agent_cfi_row *row)
{
	struct agent_object o;
	struct cfi_entry e;

	return (cfi_search(ip, &o, &e) && cfi_row(&e, &o, ip, row));
}

bool
agent_cfi_function(uintptr_t ip, uintptr_t *start, uintptr_t *end)
{
	struct agent_object o;
	struct cfi_entry e;

	if (!cfi_search(ip, &o, &e))
		return (false);
	*start = e.start;
	*end = e.end;
	return (true);
}

static bool
cfi_same_frame(const struct agent_cfi_row *a, const struct agent_cfi_row *b)
{
	return (a->cfa.how == b->cfa.how && a->cfa.reg == b->cfa.reg &&
	    a->cfa.value == b->cfa.value &&
	    memcmp(a->reg, b->reg, sizeof(a->reg)) == 0);
}

bool
agent_cfi_elsewhere(uintptr_t ip, uintptr_t *start, uintptr_t *end)
{
	struct agent_cfi_row row, there;
	struct agent_object o;
	struct cfi_table t;
	struct cfi_entry e;
	uintptr_t own;
	uint32_t i, found = 0;

	if (!cfi_search(ip, &o, &e) || !cfi_row(&e, &o, ip, &row) ||
	    !cfi_table(&o, &t))
		return (false);
	own = e.start;
	for (i = 0; i < t.n; i++) {
		if (!cfi_open_fde(&e, cfi_pair(&t, i, 1), &o) ||
		    e.start == own || !cfi_row(&e, &o, e.start, &there) ||
		    !cfi_same_frame(&row, &there))
			continue;
		*start = e.start;
		*end = e.end;
		found++;
	}
	return (found == 1);
}
