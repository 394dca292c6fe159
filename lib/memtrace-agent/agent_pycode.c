/* Code objects and their ids. */

#include <sys/mman.h>

#include <string.h>

#include "agent_early.h"
#include "agent_out.h"
#include "agent_pyapi.h"
#include "agent_pycheck.h"
#include "agent_pycode.h"
#include "agent_pystr.h"
#include "agent_sys.h"

#define PYCODE_SLOTS	4096u	/* to begin with; a power of two */
#define PYCODE_DEAD	((uintptr_t)1)

struct pycode_slot {
	_Atomic uintptr_t	code;	/* 0: never used */
	_Atomic uint32_t	id;
};

struct pycode_table {
	uint32_t		mask;
	uint32_t		used;	/* slots that are not 0 */
	struct pycode_slot	slot[];
};

/*
 * Kept outside struct agent: a forked child must still be able to call the
 * interpreter's own tp_dealloc.  Tables that were outgrown are never freed,
 * since somebody may still be reading; all of them together are smaller than
 * the current one.
 */
static struct {
	struct pycode_table * _Atomic	table;
	_Atomic uint32_t		lock;
	_Atomic uint32_t		last_id;
	const struct agent_pyoffsets	*o;
	void				(*dealloc)(char *);
	_Atomic bool			told_table;
	_Atomic bool			told_ids;
} pc;

static inline uint32_t
pycode_hash(const char *code)
{
	uint64_t h = (uintptr_t)code >> 4;

	return ((uint32_t)(h * 0x9e3779b97f4a7c15ull >> 32));
}

static struct pycode_table *
pycode_new(uint32_t slots)
{
	struct pycode_table *tab;

	tab = agent_real.mmap(NULL, sizeof(*tab) +
	    slots * sizeof(tab->slot[0]), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (tab == MAP_FAILED)
		return (NULL);
	tab->mask = slots - 1;
	return (tab);
}

/* A leaf lock, held for a few instructions, with all signals blocked. */
static void
pycode_lock(uint64_t *signals)
{
	agent_signals_block(signals);
	while (atomic_exchange_explicit(&pc.lock, 1, memory_order_acquire))
		(void)agent_syscall(SYS_sched_yield);
}

static void
pycode_unlock(const uint64_t *signals)
{
	atomic_store_explicit(&pc.lock, 0, memory_order_release);
	agent_signals_restore(signals);
}

static struct pycode_slot *
pycode_slot(struct pycode_table *tab, const char *code)
{
	struct pycode_slot *s;
	uint32_t i;
	uintptr_t key;

	for (i = pycode_hash(code);; i++) {
		s = &tab->slot[i & tab->mask];
		key = atomic_load_explicit(&s->code, memory_order_acquire);
		if (key == (uintptr_t)code)
			return (s);
		if (key == 0)
			return (NULL);
	}
}

uint32_t
agent_pycode_find(const char *code)
{
	struct pycode_slot *s;

	s = pycode_slot(atomic_load_explicit(&pc.table, memory_order_acquire),
	    code);
	return (s == NULL ? 0 :
	    atomic_load_explicit(&s->id, memory_order_relaxed));
}

static void
pycode_put(struct pycode_table *tab, uintptr_t code, uint32_t id)
{
	struct pycode_slot *s;
	uint32_t i;
	uintptr_t key;

	for (i = pycode_hash((const char *)code);; i++) {
		s = &tab->slot[i & tab->mask];
		key = atomic_load_explicit(&s->code, memory_order_relaxed);
		if (key == 0 || key == PYCODE_DEAD)
			break;
	}
	tab->used += key == 0;
	atomic_store_explicit(&s->id, id, memory_order_relaxed);
	atomic_store_explicit(&s->code, code, memory_order_release);
}

/* A table with room for one more; NULL if there is no memory. */
static struct pycode_table *
pycode_grown(void)
{
	struct pycode_table *new, *tab = atomic_load(&pc.table);
	uint32_t i;
	uintptr_t key;

	if (tab->used <= tab->mask / 2)
		return (tab);
	if ((new = pycode_new(2 * (tab->mask + 1))) == NULL)
		return (NULL);
	for (i = 0; i <= tab->mask; i++) {
		key = atomic_load(&tab->slot[i].code);
		if (key != 0 && key != PYCODE_DEAD)
			pycode_put(new, key, atomic_load(&tab->slot[i].id));
	}
	atomic_store_explicit(&pc.table, new, memory_order_release);
	return (new);
}

/* The id of a code object, and whether this call gave it. */
static uint32_t
pycode_add(const char *code, bool *is_new)
{
	struct pycode_table *tab;
	uint64_t signals;
	uint32_t id;

	*is_new = false;
	pycode_lock(&signals);
	if ((id = agent_pycode_find(code)) == 0 &&
	    atomic_load(&pc.last_id) < MT_FRAME_ID_MAX &&
	    (tab = pycode_grown()) != NULL) {
		id = atomic_fetch_add(&pc.last_id, 1) + 1;
		pycode_put(tab, (uintptr_t)code, id);
		*is_new = true;
	}
	pycode_unlock(&signals);
	return (id);
}

/* Say once what is not known. */
static void
pycode_tell(struct agent_thread *t, _Atomic bool *told, const char *text)
{
	if (!atomic_exchange(told, true))
		agent_out_text(t, MT_OP_NOTE, text, strlen(text));
}

/* A table that is too long for one record. */
static bool
pycode_pieces(struct agent_thread *t, const struct mt_code_desc *code,
    const uint8_t *table)
{
	struct mt_table_desc d = { .id = code->id };
	struct agent_bytes b;
	uint32_t i, n;
	size_t size;

	for (; d.offset < code->table_len; d.offset += n) {
		n = code->table_len - d.offset;
		n = n < MT_CODE_PIECE_MAX ? n : MT_CODE_PIECE_MAX;
		size = sizeof(d) + n;
		if (!agent_out_room(t, 1 + MT_PAYLOAD_WORDS(size)))
			return (false);
		agent_out_word(t, MT_WORD(MT_OP_TABLE, 0, size));
		b = (struct agent_bytes){ t, 0, 0 };
		for (i = 0; i < sizeof(d); i++)
			agent_bytes_put(&b, ((const uint8_t *)&d)[i]);
		for (i = 0; i < n; i++)
			agent_bytes_put(&b, table[d.offset + i]);
		agent_bytes_end(&b);
	}
	return (true);
}

static const char *
pycode_field(const char *code, uint16_t offset)
{
	const char *p;

	memcpy(&p, code + offset, sizeof(p));
	return (p);
}

/*
 * The line table of a code object, from *bytes on: its length is that of all,
 * and in_desc is how much of it goes with the description.  It is sent here
 * if it is long.  False if there is no room for it any more.
 */
static bool
pycode_table(struct agent_thread *t, const char *code, struct mt_code_desc *d,
    const uint8_t **bytes, uint32_t *in_desc)
{
	const struct agent_pyoffsets *o = pc.o;
	const char *table = pycode_field(code, o->co_table);
	uint64_t len = 0;

	if (table != NULL)
		memcpy(&len, table + o->ob_size, 8);
	d->table_kind = o->table_kind;
	if (len > MT_CODE_TABLE_MAX) {
		/* Half a table would give wrong lines. */
		pycode_tell(t, &pc.told_table, "a function is too long for "
		    "the lines of its allocations: they show as its first");
		d->table_kind = MT_TABLE_NONE;
		len = 0;
	}
	d->table_len = *in_desc = (uint32_t)len;
	*bytes = (const uint8_t *)table + o->bytes_data;
	if (len <= MT_CODE_PIECE_MAX)
		return (true);
	*in_desc = 0;
	return (pycode_pieces(t, d, *bytes));
}

static void
pycode_describe(struct agent_thread *t, const char *code, uint32_t id)
{
	const struct agent_pyoffsets *o = pc.o;
	struct mt_code_desc d = { .id = id };
	struct agent_bytes b = { t, 0, 0 };
	struct agent_pystr name, file;
	const uint8_t *table;
	uint32_t table_len;
	size_t i, size;

	agent_pystr_get(o, pycode_field(code, o->co_qualname != 0 ?
	    o->co_qualname : o->co_name), &name);
	agent_pystr_get(o, pycode_field(code, o->co_filename), &file);
	memcpy(&d.first_line, code + o->co_firstlineno, 4);
	memcpy(&d.flags, code + o->co_flags, 4);
	d.name_len = (uint16_t)agent_pystr_bytes(&name, MT_CODE_STRING_MAX);
	d.file_len = (uint16_t)agent_pystr_bytes(&file, MT_CODE_STRING_MAX);
	if (!pycode_table(t, code, &d, &table, &table_len))
		return;
	size = sizeof(d) + d.name_len + d.file_len + table_len;
	if (!agent_out_room(t, 1 + MT_PAYLOAD_WORDS(size)))
		return;
	agent_out_word(t, MT_WORD(MT_OP_CODE, 0, size));
	for (i = 0; i < sizeof(d); i++)
		agent_bytes_put(&b, ((const uint8_t *)&d)[i]);
	agent_pystr_put(&name, d.name_len, &b);
	agent_pystr_put(&file, d.file_len, &b);
	for (i = 0; i < table_len; i++)
		agent_bytes_put(&b, table[i]);
	agent_bytes_end(&b);
}

uint32_t
agent_pycode_id(struct agent_thread *t, const char *code)
{
	uint32_t id;
	bool is_new;

	if (AGENT_LIKELY((id = agent_pycode_find(code)) != 0))
		return (id);
	id = pycode_add(code, &is_new);
	if (id == 0)
		pycode_tell(t, &pc.told_ids, "no more functions "
		    "can be described: the frames of others are not shown");
	if (is_new && pc.o != NULL)
		pycode_describe(t, code, id);
	else if (is_new)
		agent_pycheck_describe(t, code, id);
	return (id);
}

/*
 * A slot before a free one need not be kept as a bridge, and then neither
 * need the dead ones before it: so programs that make and drop code objects
 * all the time do not fill the table with dead ones.
 */
static void
pycode_remove(struct pycode_table *tab, struct pycode_slot *s)
{
	uint32_t i = (uint32_t)(s - tab->slot);

	atomic_store(&s->code, PYCODE_DEAD);
	if (atomic_load(&tab->slot[(i + 1) & tab->mask].code) != 0)
		return;
	for (; atomic_load(&tab->slot[i & tab->mask].code) == PYCODE_DEAD;
	    i--) {
		atomic_store(&tab->slot[i & tab->mask].code, 0);
		tab->used--;
	}
}

/* Stands in for PyCode_Type.tp_dealloc. */
static void
pycode_dealloc(char *code)
{
	struct pycode_slot *s;
	uint64_t signals;

	if (atomic_load_explicit(&agent->phase, memory_order_relaxed) ==
	    AGENT_TRACING && agent_pycode_find(code) != 0) {
		pycode_lock(&signals);
		s = pycode_slot(atomic_load(&pc.table), code);
		if (s != NULL) {
			pycode_remove(atomic_load(&pc.table), s);
			atomic_fetch_add(&agent->code_deaths, 1);
		}
		pycode_unlock(&signals);
	}
	pc.dealloc(code);
}

bool
agent_pycode_init(const struct agent_pyoffsets *o)
{
	char *slot = agent_pyapi.code_type + (agent_pyapi.free_threaded ? 64 :
	    48);
	void (*wrapper)(char *) = pycode_dealloc;

	pc.o = o;
	if (atomic_load(&pc.table) == NULL)
		atomic_store(&pc.table, pycode_new(PYCODE_SLOTS));
	if (atomic_load(&pc.table) == NULL)
		return (false);
	if (pc.dealloc == NULL) {
		memcpy(&pc.dealloc, slot, sizeof(pc.dealloc));
		memcpy(slot, &wrapper, sizeof(wrapper));
	}
	return (true);
}

/* Another thread of the parent may have held it. */
void
agent_pycode_forked(void)
{
	atomic_store(&pc.lock, 0);
}

/* In place, where an interrupted pycode_dealloc() may be reading. */
void
agent_pycode_begin(void)
{
	struct pycode_table *tab = atomic_load(&pc.table);
	uint32_t mask;
	size_t size;

	atomic_store(&pc.last_id, 0);
	atomic_store(&pc.told_table, false);
	atomic_store(&pc.told_ids, false);
	if (tab == NULL)
		return;
	mask = tab->mask;
	size = sizeof(*tab) + ((size_t)mask + 1) * sizeof(tab->slot[0]);
	if (madvise(tab, size, MADV_DONTNEED) == -1)
		memset(tab, 0, size);
	tab->mask = mask;
}
