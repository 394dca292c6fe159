/* Threads that share an id, for there are too many of them. */

#include <stdlib.h>
#include <string.h>

#include "mt_recorder.h"

#define REST	"other threads"

/* A copy of a name with an N for each number in it; NULL if out of memory. */
static char *
kind_of(const char *name)
{
	char *kind, *to;

	if ((kind = to = malloc(strlen(name) + 1)) == NULL)
		return (NULL);
	while (*name != '\0')
		if (*name >= '0' && *name <= '9') {
			name += strspn(name, "0123456789");
			*to++ = 'N';
		} else
			*to++ = *name++;
	*to = '\0';
	return (kind);
}

static struct mt_recorder_kind *
kind_find(const struct mt_recorder *r, const char *name)
{
	uint32_t i;

	for (i = 0; i < r->nkinds; i++)
		if (strcmp(r->kinds[i].name, name) == 0)
			return (&r->kinds[i]);
	return (NULL);
}

/* The name becomes the kind's, or is freed. */
static enum mt_status
kind_add(struct mt_recorder *r, char *name, uint32_t *id, struct mt_error *e)
{
	struct mt_recorder_kind *kinds;
	enum mt_status st;

	kinds = realloc(r->kinds, (r->nkinds + 1) * sizeof(*kinds));
	if (kinds == NULL) {
		free(name);
		return (mt_recorder_no_memory(e));
	}
	r->kinds = kinds;
	st = mt_recorder_thread_new(r, 0, name, id, e);
	kinds[r->nkinds].name = name;
	kinds[r->nkinds++].id = *id;
	return (st);
}

enum mt_status
mt_recorder_thread_share(struct mt_recorder *r, uint64_t tid,
    const char *name, uint32_t *id, struct mt_error *e)
{
	const struct mt_recorder_kind *known;
	char *kind;

	*id = 0;
	if (r->nthreads < MT_RECORDER_THREADS)
		return (mt_recorder_thread_new(r, tid, name, id, e));
	if ((kind = kind_of(name)) == NULL)
		return (mt_recorder_no_memory(e));
	known = kind_find(r, kind);
	if (known == NULL && r->nkinds >= MT_RECORDER_THREADS) {
		free(kind);
		if ((kind = strdup(REST)) == NULL)
			return (mt_recorder_no_memory(e));
		known = kind_find(r, kind);
	}
	if (known == NULL)
		return (kind_add(r, kind, id, e));
	free(kind);
	*id = known->id;
	return (mt_recorder_report(r, e));
}

void
mt_recorder_forget_kinds(struct mt_recorder *r)
{
	uint32_t i;

	for (i = 0; i < r->nkinds; i++)
		free(r->kinds[i].name);
	free(r->kinds);
}
