/*
 * Wrappers of dlopen(3) and dlmopen(3): libraries that look past us.
 *
 * With RTLD_DEEPBIND a library finds the functions of its own dependencies
 * first, and so the C library's malloc(3) rather than ours, and gives back
 * with it what others got from ours.  Which function it finds is its affair:
 * it may bring an allocator of its own.  So nothing is changed but what the C
 * library's names stand for: from the first such library on, whoever finds
 * there a function that one of our hooks would call finds the hook.
 *
 * The C library looks at who calls dlopen(3), for what is relative to the
 * caller, so the wrappers do not call it but jump to it.
 *
 * Linux and its C libraries only.
 */

#include <sys/mman.h>

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "agent_early.h"
#include "agent_out.h"
#include "agent_sys.h"
#include "agent_thread.h"

#define DEEPBIND_WAITS	100	/* of a millisecond */

enum { DEEPBIND_NEW, DEEPBIND_BUSY, DEEPBIND_DONE };
static _Atomic uint32_t	deepbind_state;
static bool		deepbind_malloc;	/* that one is ours now */
static _Atomic bool	deepbind_told;

/* A hook, and the function that it calls. */
static struct deepbind_hook {
	const char	*name;
	size_t		 real;	/* where in agent_real */
	uintptr_t	 hook;
} deepbind_hook[] = {
#define AGENT_HOOK(result, name, params)				\
	{ #name, offsetof(struct agent_real, name), 0 },
#define AGENT_HOOK_OURS(name)
#include "agent_hooks.def"
#undef AGENT_HOOK
#undef AGENT_HOOK_OURS
};

#define DEEPBIND_HOOKS	(sizeof(deepbind_hook) / sizeof(deepbind_hook[0]))

/* The names that an object exports, by its dynamic section. */
struct deepbind_names {
	uintptr_t	 bias;
	ElfW(Sym)	*sym;
	size_t		 n;
	const char	*str;
	const char	*soname;
	int		 prot;	/* of where they are */
};

static const void *
deepbind_at(uintptr_t bias, ElfW(Addr) p)
{
	/* Where the section cannot be written, nothing was added to it. */
	return ((const void *)(p < bias ? bias + p : p));
}

/* How many names the chains of a DT_GNU_HASH table end with. */
static size_t
deepbind_count(const uint32_t *h)
{
	const uint32_t *bucket = h + 4 + h[2] * (sizeof(ElfW(Addr)) / 4);
	const uint32_t *chain = bucket + h[0];
	uint32_t i, last = 0;

	for (i = 0; i < h[0]; i++)
		last = bucket[i] > last ? bucket[i] : last;
	if (last < h[1])
		return (h[1]);
	while ((chain[last - h[1]] & 1) == 0)
		last++;
	return ((size_t)last + 1);
}

static void
deepbind_dynamic(struct deepbind_names *o, const ElfW(Dyn) *d)
{
	const uint32_t *hash = NULL, *gnu_hash = NULL;
	size_t soname = 0;

	for (; d->d_tag != DT_NULL; d++) {
		if (d->d_tag == DT_SYMTAB)
			o->sym = (ElfW(Sym) *)(uintptr_t)deepbind_at(o->bias,
			    d->d_un.d_ptr);
		else if (d->d_tag == DT_STRTAB)
			o->str = deepbind_at(o->bias, d->d_un.d_ptr);
		else if (d->d_tag == DT_HASH)
			hash = deepbind_at(o->bias, d->d_un.d_ptr);
		else if (d->d_tag == DT_GNU_HASH)
			gnu_hash = deepbind_at(o->bias, d->d_un.d_ptr);
		else if (d->d_tag == DT_SONAME)
			soname = d->d_un.d_val;
	}
	if (o->sym == NULL || o->str == NULL)
		return;
	o->soname = o->str + soname;
	o->n = gnu_hash != NULL ? deepbind_count(gnu_hash) :
	    hash != NULL ? hash[1] : 0;
}

/* False if nothing is exported. */
static bool
deepbind_names(const struct dl_phdr_info *info, struct deepbind_names *o)
{
	const ElfW(Phdr) *ph = info->dlpi_phdr, *end = ph + info->dlpi_phnum;

	memset(o, 0, sizeof(*o));
	o->bias = info->dlpi_addr;
	for (; ph < end; ph++)
		if (ph->p_type == PT_DYNAMIC)
			deepbind_dynamic(o, (const ElfW(Dyn) *)(o->bias +
			    ph->p_vaddr));
	for (ph = info->dlpi_phdr; ph < end; ph++)
		if (ph->p_type == PT_LOAD && (uintptr_t)o->sym - o->bias -
		    ph->p_vaddr < ph->p_memsz)
			o->prot = ((ph->p_flags & PF_R) != 0 ? PROT_READ : 0) |
			    ((ph->p_flags & PF_X) != 0 ? PROT_EXEC : 0);
	return (o->n > 0 && o->soname != NULL);
}

static bool
deepbind_is_function(const ElfW(Sym) *s)
{
	return (s->st_shndx != SHN_UNDEF && (s->st_info & 0xf) == STT_FUNC);
}

static struct deepbind_hook *
deepbind_find(const char *name)
{
	size_t i;

	for (i = 0; i < DEEPBIND_HOOKS; i++)
		if (strcmp(deepbind_hook[i].name, name) == 0)
			return (&deepbind_hook[i]);
	return (NULL);
}

/* Where our hooks are, whoever else may have functions of these names. */
static int
deepbind_ours(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct deepbind_names o;
	struct deepbind_hook *h;
	struct agent_page *page = arg;
	bool is_ours = false;
	size_t i;

	(void)size;
	for (i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
		    (uintptr_t)page - info->dlpi_addr -
		    info->dlpi_phdr[i].p_vaddr < info->dlpi_phdr[i].p_memsz)
			is_ours = true;
	if (!is_ours || !deepbind_names(info, &o))
		return (is_ours);
	for (i = 0; i < o.n; i++)
		if (deepbind_is_function(&o.sym[i]) &&
		    (h = deepbind_find(o.str + o.sym[i].st_name)) != NULL)
			h->hook = o.bias + o.sym[i].st_value;
	return (1);
}

/* The hook that is to be found in place of a function, or NULL. */
static const struct deepbind_hook *
deepbind_instead(const struct deepbind_names *o, const ElfW(Sym) *s)
{
	const struct deepbind_hook *h;
	uintptr_t real;

	if (!deepbind_is_function(s) ||
	    (h = deepbind_find(o->str + s->st_name)) == NULL || h->hook == 0)
		return (NULL);
	memcpy(&real, (const char *)&agent_real + h->real, sizeof(real));
	return (real == o->bias + s->st_value ? h : NULL);
}

static void
deepbind_write(struct deepbind_names *o)
{
	const struct deepbind_hook *h;
	size_t i;

	for (i = 0; i < o->n; i++) {
		if ((h = deepbind_instead(o, &o->sym[i])) == NULL)
			continue;
		if (strcmp(h->name, "malloc") == 0)
			deepbind_malloc = true;
		/* Others may be looking for the name at this moment. */
		__atomic_store_n(&o->sym[i].st_value, h->hook - o->bias,
		    __ATOMIC_RELEASE);
	}
}

/* The C library itself, and what was no part of it before glibc 2.34. */
static bool
deepbind_is_libc(const char *soname)
{
	return (strncmp(soname, "libc.so.", 8) == 0 ||
	    strncmp(soname, "libpthread.so.", 14) == 0 ||
	    strncmp(soname, "libdl.so.", 9) == 0);
}

static int
deepbind_libc(struct dl_phdr_info *info, size_t size, void *arg)
{
	uintptr_t from, page = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;
	struct deepbind_names o;
	size_t len;

	(void)size;
	(void)arg;
	if (!deepbind_names(info, &o) || !deepbind_is_libc(o.soname))
		return (0);
	from = (uintptr_t)o.sym & ~page;
	len = (((uintptr_t)(o.sym + o.n) + page) & ~page) - from;
	if (agent_syscall(SYS_mprotect, from, len, PROT_READ | PROT_WRITE) !=
	    0)
		return (0);
	deepbind_write(&o);
	(void)agent_syscall(SYS_mprotect, from, len, o.prot);
	return (0);
}

/* Once; another thread that is about to do the same waits, but not for ever. */
static void
deepbind_redirect(void)
{
	uint32_t state = DEEPBIND_NEW;
	unsigned i;

	if (atomic_compare_exchange_strong(&deepbind_state, &state,
	    DEEPBIND_BUSY)) {
		(void)dl_iterate_phdr(deepbind_ours, &agent_page);
		(void)dl_iterate_phdr(deepbind_libc, NULL);
		atomic_store(&deepbind_state, DEEPBIND_DONE);
	}
	for (i = 0; i < DEEPBIND_WAITS && atomic_load(&deepbind_state) ==
	    DEEPBIND_BUSY; i++)
		agent_futex_wait(&deepbind_state, DEEPBIND_BUSY, 1);
}

/* Say once that what a library allocates is not seen. */
static void
deepbind_tell(void)
{
	static const char note[] = "a library that was loaded apart from the "
	    "others has an allocator of its own: what it allocates is not "
	    "recorded";
	struct agent_thread *t;

	if (atomic_load(&agent->phase) != AGENT_TRACING ||
	    atomic_exchange(&deepbind_told, true) ||
	    (t = agent_enter()) == NULL)
		return;
	agent_out_text(t, MT_OP_NOTE, note, sizeof(note) - 1);
	agent_leave(t);
}

static void *
deepbind_nothing(const char *file, int mode)
{
	(void)file;
	(void)mode;
	return (NULL);
}

static void *
deepbind_nothing_in(long ns, const char *file, int mode)
{
	(void)ns;
	(void)file;
	(void)mode;
	return (NULL);
}

/* What is to be known before a library is loaded. */
static void
deepbind_prepare(int mode)
{
	int saved = errno;

	if ((mode & RTLD_DEEPBIND) == 0 ||
	    atomic_load(&agent->phase) == AGENT_OFF)
		return;
	if (atomic_load(&deepbind_state) != DEEPBIND_DONE)
		deepbind_redirect();
	if (!deepbind_malloc)
		deepbind_tell();
	errno = saved;
}

/* The functions to go on with. */
void	*(*agent_deepbind_pick(const char *, int))(const char *, int);
void	*(*agent_deepbind_pick_in(long, const char *, int))(long,
	    const char *, int);

void *
(*agent_deepbind_pick(const char *file, int mode))(const char *, int)
{
	(void)file;
	if (agent_real.dlopen == NULL && !agent_real_init())
		return (deepbind_nothing);
	deepbind_prepare(mode);
	return (agent_real.dlopen != NULL ? agent_real.dlopen :
	    deepbind_nothing);
}

void *
(*agent_deepbind_pick_in(long ns, const char *file, int mode))(long,
    const char *, int)
{
	(void)file;
	if (agent_real.dlmopen == NULL && !agent_real_init())
		return (deepbind_nothing_in);
	/* Another namespace has a C library of its own. */
	if (ns == LM_ID_BASE)
		deepbind_prepare(mode);
	else if (atomic_load(&agent->phase) == AGENT_TRACING)
		deepbind_tell();
	return (agent_real.dlmopen != NULL ? agent_real.dlmopen :
	    deepbind_nothing_in);
}

__asm__ (
    AGENT_ARCH_JUMP("dlopen", "agent_deepbind_pick")
    AGENT_ARCH_JUMP("dlmopen", "agent_deepbind_pick_in"));
