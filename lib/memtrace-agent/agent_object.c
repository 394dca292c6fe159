/* Loaded objects and readable memory.  Linux and its C libraries only. */

#include <dlfcn.h>
#include <errno.h>
#include <link.h>

#include "agent_object.h"
#include "agent_sys.h"

#define OBJECT_PAGE	4096u	/* or a part of one */

/*
 * struct dl_find_object of glibc 2.35 and later, as it is on machines where
 * .eh_frame_hdr needs no base.
 */
struct object_found {
	unsigned long long	 flags;
	char			*start;
	char			*end;
	struct link_map		*map;
	const uint8_t		*frames;
	unsigned long long	 reserved[7];
};

/* Finds an object without a lock; NULL where the C library is older. */
static int	(*object_fast)(void *, struct object_found *);

void
agent_object_init(void)
{
	object_fast = (int (*)(void *, struct object_found *))(uintptr_t)
	    dlsym(RTLD_DEFAULT, "_dl_find_object");
}

struct object_search {
	uintptr_t		 ip;
	struct agent_object	*out;
	bool			 found;
};

static int
object_look(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct object_search *s = arg;
	struct agent_object *o = s->out;
	const ElfW(Phdr) *ph = info->dlpi_phdr, *end = ph + info->dlpi_phnum;
	uintptr_t from, to;

	(void)size;
	o->start = UINTPTR_MAX;
	o->end = 0;
	o->bias = info->dlpi_addr;
	o->frames = NULL;
	o->name = info->dlpi_name;
	for (; ph < end; ph++) {
		from = o->bias + ph->p_vaddr;
		to = from + ph->p_memsz;
		if (ph->p_type == PT_GNU_EH_FRAME)
			o->frames = (const uint8_t *)from;
		if (ph->p_type != PT_LOAD)
			continue;
		from &= ~(uintptr_t)(OBJECT_PAGE - 1);
		o->start = from < o->start ? from : o->start;
		o->end = to > o->end ? to : o->end;
	}
	s->found = s->ip >= o->start && s->ip < o->end;
	return (s->found);
}

bool
agent_object_find(uintptr_t ip, struct agent_object *o)
{
	struct object_search s = { ip, o, false };
	struct object_found f;

	if (object_fast == NULL) {
		(void)dl_iterate_phdr(object_look, &s);
		return (s.found);
	}
	if (object_fast((void *)ip, &f) != 0)
		return (false);
	o->start = (uintptr_t)f.start;
	o->end = (uintptr_t)f.end;
	o->bias = f.map->l_addr;
	o->frames = f.frames;
	o->name = f.map->l_name;
	return (true);
}

static int
object_count(struct dl_phdr_info *info, size_t size, void *arg)
{
	if (size >= offsetof(struct dl_phdr_info, dlpi_subs) +
	    sizeof(info->dlpi_subs))
		*(uint64_t *)arg = info->dlpi_subs;
	return (1);
}

uint64_t
agent_object_unloads(void)
{
	uint64_t n = 0;

	(void)dl_iterate_phdr(object_count, &n);
	return (n);
}

/*
 * The kernel reads the set before it looks at what is to be done with it,
 * which is nonsense, so nothing happens.
 */
static bool
object_page(uintptr_t p)
{
	return (agent_syscall(SYS_rt_sigprocmask, ~0u, p & ~(uintptr_t)7, NULL,
	    8) != -EFAULT);
}

bool
agent_object_readable(uintptr_t p, size_t len)
{
	uintptr_t page = p & ~(uintptr_t)(OBJECT_PAGE - 1);

	/* To the kernel, NULL is no set at all. */
	if (p + len < p || page == 0)
		return (false);
	for (; page < p + len; page += OBJECT_PAGE)
		if (!object_page(page))
			return (false);
	return (true);
}
