/* Processes that are not recorded, in the result of a run. */

#include <stdio.h>
#include <string.h>

#include "mt_collect_untraced.h"

void
mt_collect_untraced_add(struct mt_collect_result *r, pid_t pid,
    const char *what, const char *why)
{
	char *to = r->untraced;
	size_t at = strlen(to), size = sizeof(r->untraced);
	int n;

	n = snprintf(to + at, size - at, "%sprocess %ld%s%s: %s",
	    at > 0 ? "\n" : "", (long)pid, *what != '\0' ? ", " : "", what,
	    why);
	if (n < 0 || (size_t)n >= size - at)
		to[at] = '\0';
	for (; to[at] != '\0'; at++)
		if ((to[at] < ' ' && (to[at] != '\n' || at == 0)) ||
		    to[at] == 0x7f)
			to[at] = '?';
}

void
mt_collect_untraced_version(struct mt_collect_result *r, pid_t pid,
    const struct mt_hello *h)
{
	char why[96];

	r->unsupported++;
	if (r->traced == 0)
		memcpy(r->py_version, h->py_version, sizeof(r->py_version));
	(void)snprintf(why, sizeof(why), "Python %.*s is not supported",
	    (int)strcspn(h->py_version, " "), h->py_version);
	mt_collect_untraced_add(r, pid, "", why);
}

/* Behind the name of a program, or "it". */
static const char *
why_text(uint32_t why)
{
	switch (why) {
	case MT_WHY_PRIVILEGED:
		return ("has more privileges than its caller");
	case MT_WHY_STATIC:
		return ("is statically linked");
	case MT_WHY_LATE:
		return ("had begun before that could be seen");
	default:
		return ("does not load the agent");
	}
}

void
mt_collect_untraced_python(struct mt_collect_result *r, pid_t pid,
    const struct mt_hello *h)
{
	char why[64];

	r->untraceable++;
	(void)snprintf(why, sizeof(why), "it %s", why_text(h->why));
	mt_collect_untraced_add(r, pid, h->py_version, why);
}

/* The last one is the most likely to have kept a Python from us. */
void
mt_collect_untraced_opaque(struct mt_collect_result *r,
    const struct mt_hello *h)
{
	(void)snprintf(r->opaque, sizeof(r->opaque), "%s %s", h->py_version,
	    why_text(h->why));
}
