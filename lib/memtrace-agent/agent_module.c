/* Modules.  Linux only. */

#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>

#include "agent_early.h"
#include "agent_module.h"
#include "agent_object.h"
#include "agent_out.h"
#include "agent_pyapi.h"
#include "agent_sys.h"
#include "agent_unwind.h"

#define MODULES_MAX	4096u	/* of a process, ever; more have no name */
#define MODULE_PATH	1024u	/* bytes sent; longer ones are cut */
#define MODULE_HEAD	4096u	/* bytes that tell modules apart */

struct module {
	uintptr_t	start;
	uintptr_t	end;
	uintptr_t	bias;
	uint64_t	print;		/* of path and contents */
	uint32_t	id;
	uint32_t	class;		/* enum agent_module_class */
	uint32_t	generation;	/* that it was last seen in */
};

/*
 * Modules are appended under the lock, and never moved: readers go over as
 * many as have been published, the last ones first.
 */
static struct {
	struct module		*module;	/* MODULES_MAX of them */
	_Atomic uint32_t	 n;
	_Atomic uint32_t	 lock;
	uint64_t		 unloads;
	uintptr_t		 python;	/* an address of each */
	uintptr_t		 libc;
	uintptr_t		 ldso;
	bool			 program_is_python;
} mod;

_Atomic uint32_t	agent_module_generation;

/* Is the name of the program that of an interpreter, not of an application? */
static bool
module_is_launcher(void)
{
	char path[MODULE_PATH], *base;
	long n;

	n = agent_syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", path,
	    sizeof(path) - 1);
	if (n <= 0)
		return (false);
	path[n] = '\0';
	base = strrchr(path, '/');
	return (strncmp(base == NULL ? path : base + 1, "python", 6) == 0);
}

bool
agent_module_init(void)
{
	void *p;

	if (mod.module != NULL)
		return (true);
	p = agent_real.mmap(NULL, MODULES_MAX * sizeof(struct module),
	    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return (false);
	agent_object_init();
	mod.module = p;
	mod.python = (uintptr_t)agent_pyapi.get_version;
	mod.libc = (uintptr_t)agent_real.pthread_create;
	mod.ldso = (uintptr_t)getauxval(AT_BASE);
	mod.program_is_python = module_is_launcher();
	mod.unloads = agent_object_unloads();
	return (true);
}

/* Another thread of the parent may have held it. */
void
agent_module_forked(void)
{
	atomic_store(&mod.lock, 0);
}

void
agent_module_begin(void)
{
	atomic_store(&mod.n, 0);
}

static void
module_lock(uint64_t *signals)
{
	agent_signals_block(signals);
	while (atomic_exchange_explicit(&mod.lock, 1, memory_order_acquire))
		(void)agent_syscall(SYS_sched_yield);
}

static void
module_unlock(const uint64_t *signals)
{
	atomic_store_explicit(&mod.lock, 0, memory_order_release);
	agent_signals_restore(signals);
}

/* ---- What a module is ------------------------------------------------ */

static uint64_t
module_print(uint64_t h, const uint8_t *p, size_t n)
{
	while (n-- > 0)
		h = (h ^ *p++) * 0x100000001b3ull;
	return (h);
}

/* The program headers of an object, if they are where they should be. */
static const ElfW(Phdr) *
module_headers(const struct agent_object *o, unsigned *n)
{
	const ElfW(Ehdr) *eh = (const ElfW(Ehdr) *)o->start;

	if (o->end - o->start < MODULE_HEAD ||
	    !agent_object_readable(o->start, MODULE_HEAD) ||
	    memcmp(eh->e_ident, ELFMAG, SELFMAG) != 0 ||
	    eh->e_phentsize != sizeof(ElfW(Phdr)) || eh->e_phoff % 8 != 0 ||
	    eh->e_phoff > MODULE_HEAD ||
	    eh->e_phnum > (MODULE_HEAD - eh->e_phoff) / sizeof(ElfW(Phdr)))
		return (NULL);
	*n = eh->e_phnum;
	return ((const ElfW(Phdr) *)(o->start + eh->e_phoff));
}

/* The build-id among the notes of a segment. */
static const uint8_t *
module_note(const uint8_t *p, const uint8_t *end, size_t *len)
{
	ElfW(Nhdr) nh;
	size_t name, desc;

	while ((size_t)(end - p) >= sizeof(nh)) {
		memcpy(&nh, p, sizeof(nh));
		p += sizeof(nh);
		name = ((size_t)nh.n_namesz + 3) & ~(size_t)3;
		desc = ((size_t)nh.n_descsz + 3) & ~(size_t)3;
		if (name > (size_t)(end - p) ||
		    desc > (size_t)(end - p) - name)
			break;
		if (nh.n_type == NT_GNU_BUILD_ID && nh.n_namesz == 4 &&
		    memcmp(p, "GNU", 4) == 0) {
			*len = nh.n_descsz;
			return (p + name);
		}
		p += name + desc;
	}
	return (NULL);
}

static const uint8_t *
module_build_id(const struct agent_object *o, size_t *len)
{
	const ElfW(Phdr) *ph;
	const uint8_t *id = NULL;
	unsigned n = 0;
	uintptr_t at;

	ph = module_headers(o, &n);
	for (; id == NULL && n > 0; n--, ph++) {
		at = o->bias + ph->p_vaddr;
		if (ph->p_type != PT_NOTE || at < o->start || at > o->end ||
		    ph->p_memsz > o->end - at ||
		    !agent_object_readable(at, ph->p_memsz))
			continue;
		id = module_note((const uint8_t *)at,
		    (const uint8_t *)at + ph->p_memsz, len);
	}
	return (id);
}

/* The path of an object: absolute, as far as there is one. */
static size_t
module_path(const struct agent_object *o, char path[MODULE_PATH])
{
	size_t at = 0, len = strlen(o->name);
	long n;

	if (len == 0) {
		n = agent_syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe",
		    path, MODULE_PATH);
		return (n > 0 ? (size_t)n : 0);
	}
	if (strchr(o->name, '/') != NULL && o->name[0] != '/' &&
	    (n = agent_syscall(SYS_getcwd, path, MODULE_PATH)) > 0) {
		at = (size_t)n;		/* with the NUL, for which / comes */
		path[at - 1] = '/';
	}
	if (len > MODULE_PATH - at)
		len = MODULE_PATH - at;
	memcpy(path + at, o->name, len);
	return (at + len);
}

static enum agent_module_class
module_classify(const struct agent_object *o)
{
	uintptr_t own = (uintptr_t)&agent_module_generation;

	if (own >= o->start && own < o->end)
		return (AGENT_MODULE_AGENT);
	if ((mod.python >= o->start && mod.python < o->end) ||
	    (o->name[0] == '\0' && mod.program_is_python))
		return (AGENT_MODULE_PYTHON);
	if ((mod.libc >= o->start && mod.libc < o->end) ||
	    (mod.ldso >= o->start && mod.ldso < o->end))
		return (AGENT_MODULE_LIBC);
	return (AGENT_MODULE_OTHER);
}

/* ---- Descriptions ---------------------------------------------------- */

static void
module_describe(struct agent_thread *t, const struct module *m,
    const char *path, size_t path_len, const uint8_t *id, size_t id_len)
{
	struct mt_module_desc d = { .id = m->id, .start = m->start,
	    .end = m->end, .bias = m->bias };
	struct agent_bytes b = { t, 0, 0 };
	size_t i, size;

	if (id_len > MT_BUILD_ID_MAX)
		id_len = MT_BUILD_ID_MAX;
	d.path_len = (uint16_t)path_len;
	d.build_id_len = (uint16_t)id_len;
	size = sizeof(d) + path_len + id_len;
	if (!agent_out_room(t, 1 + MT_PAYLOAD_WORDS(size)))
		return;
	agent_out_word(t, MT_WORD(MT_OP_MODULE, 0, size));
	for (i = 0; i < sizeof(d); i++)
		agent_bytes_put(&b, ((const uint8_t *)&d)[i]);
	for (i = 0; i < path_len; i++)
		agent_bytes_put(&b, (uint8_t)path[i]);
	for (i = 0; i < id_len; i++)
		agent_bytes_put(&b, id[i]);
	agent_bytes_end(&b);
}

/* A module that is as it was, or a new one; NULL if there are too many. */
static struct module *
module_enter(const struct agent_object *o, uint64_t print,
    uint32_t generation, bool *is_new)
{
	uint32_t i, n = atomic_load(&mod.n);
	struct module *m;

	*is_new = false;
	for (i = 0; i < n; i++) {
		m = &mod.module[i];
		if (m->start != o->start || m->end != o->end ||
		    m->bias != o->bias || m->print != print)
			continue;
		__atomic_store_n(&m->generation, generation, __ATOMIC_RELEASE);
		return (m);
	}
	if (n == MODULES_MAX)
		return (NULL);
	m = &mod.module[n];
	m->start = o->start;
	m->end = o->end;
	m->bias = o->bias;
	m->print = print;
	m->id = n + 1;
	m->class = module_classify(o);
	m->generation = generation;
	*is_new = true;
	atomic_store_explicit(&mod.n, n + 1, memory_order_release);
	return (m);
}

static AGENT_COLD const struct module *
module_learn(struct agent_thread *t, uintptr_t code, uint32_t generation)
{
	char path[MODULE_PATH];
	size_t id_len = 0, path_len;
	struct agent_object o;
	struct module *m;
	const uint8_t *id;
	uint64_t print, signals;
	bool is_new;

	if (!agent_object_find(code, &o))
		return (NULL);
	path_len = module_path(&o, path);
	id = module_build_id(&o, &id_len);
	print = module_print(0xcbf29ce484222325ull, (const uint8_t *)path,
	    path_len);
	if (agent_object_readable(o.start, MODULE_HEAD))
		print = module_print(print, (const uint8_t *)o.start,
		    MODULE_HEAD);
	module_lock(&signals);
	m = module_enter(&o, print, generation, &is_new);
	module_unlock(&signals);
	if (m != NULL && is_new)
		module_describe(t, m, path, path_len, id, id_len);
	return (m);
}

static inline const struct module *
module_find(uintptr_t code, uint32_t generation)
{
	uint32_t i;
	const struct module *m;

	for (i = atomic_load_explicit(&mod.n, memory_order_acquire); i > 0;
	    i--) {
		m = &mod.module[i - 1];
		if (code - m->start < m->end - m->start &&
		    __atomic_load_n(&m->generation, __ATOMIC_ACQUIRE) ==
		    generation)
			return (m);
	}
	return (NULL);
}

uint64_t
agent_module_word(struct agent_thread *t, uintptr_t code,
    enum agent_module_class *class)
{
	uint32_t generation = atomic_load_explicit(&agent_module_generation,
	    memory_order_acquire);
	const struct module *m = module_find(code, generation);
	uintptr_t addr;

	if (m == NULL && (m = module_learn(t, code, generation)) == NULL) {
		*class = AGENT_MODULE_NONE;
		return (0);
	}
	*class = (enum agent_module_class)m->class;
	addr = code - m->bias;
	if (addr > MT_NATIVE_ADDR_MASK)
		addr = MT_NATIVE_NOWHERE;
	return (MT_NATIVE_WORD(MT_OP_NPUSH, m->id, addr));
}

/* ---- Unloading ------------------------------------------------------- */

void
agent_module_unloading(void)
{
	atomic_fetch_add(&agent_module_generation, 1);
	agent_unwind_forget();
}

AGENT_COLD void
agent_module_poll(void)
{
	uint64_t n = agent_object_unloads();

	if (__atomic_exchange_n(&mod.unloads, n, __ATOMIC_RELAXED) != n)
		agent_module_unloading();
}
