/* Functions by name and file. */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <fe_alloc.h>
#include <mt_secret.h>

#include "live_funcs.h"

#define SLOTS		1024u
#define NO_STACK	"<no Python stack>"

/* With the NUL, behind what was hashed to h before. */
static uint64_t
hash_string(uint64_t secret, uint64_t h, const char *s)
{
	do
		h = mt_secret_fold(h + (unsigned char)*s, secret);
	while (*s++ != '\0');
	return (h);
}

/* The slot of a function, or the empty one where it belongs. */
static uint32_t *
slot_of(const struct live_funcs *f, uint64_t hash, const char *name,
    const char *file)
{
	size_t i = (size_t)(hash ^ hash >> 32);
	const struct live_func *fn;

	for (;; i++) {
		uint32_t *slot = &f->slot[i & (f->nslots - 1)];

		if (*slot == 0)
			return (slot);
		fn = &f->func[*slot - 1];
		if (fn->hash == hash && strcmp(fn->name, name) == 0 &&
		    strcmp(fn->file, file) == 0)
			return (slot);
	}
}

static void
set_slots(struct live_funcs *f, size_t n)
{
	const struct live_func *fn;

	free(f->slot);
	f->slot = fe_alloc(n, sizeof(*f->slot), 0);
	memset(f->slot, 0, n * sizeof(*f->slot));
	f->nslots = n;
	for (uint32_t i = 0; i < f->n; i++) {
		fn = &f->func[i];
		*slot_of(f, fn->hash, fn->name, fn->file) = i + 1;
	}
}

void
live_funcs_init(struct live_funcs *f)
{
	memset(f, 0, sizeof(*f));
	f->secret = mt_secret();
	set_slots(f, SLOTS);
	(void)live_funcs_get(f, NO_STACK, "");
}

uint32_t
live_funcs_get(struct live_funcs *f, const char *name, const char *file)
{
	uint64_t h = hash_string(f->secret,
	    hash_string(f->secret, 0, name), file);
	uint32_t *slot = slot_of(f, h, name, file);

	if (*slot != 0)
		return (*slot - 1);
	f->func = fe_grow(f->func, f->n, sizeof(*f->func), &f->cap);
	f->func[f->n].name = fe_strdup(name);
	f->func[f->n].file = fe_strdup(file);
	f->text += strlen(name) + strlen(file) + 2;
	f->func[f->n].hash = h;
	f->func[f->n].heir = (uint32_t)f->n;
	*slot = (uint32_t)++f->n;
	if (f->n > f->nslots / 2)
		set_slots(f, f->nslots * 2);
	return ((uint32_t)f->n - 1);
}

void
live_funcs_fini(struct live_funcs *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->func[i].name);
		free(f->func[i].file);
	}
	free(f->func);
	free(f->slot);
}
