/*
 * Preloaded into a Python: an audit hook as an embedding program installs it,
 * before there is an interpreter.  The events are written to standard error
 * at the end, so that none is made by that.
 */

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char	audit_text[1 << 20];
static size_t	audit_used;

static int
audit_hook(const char *event, void *args, void *data)
{
	size_t len = strlen(event);

	(void)args;
	(void)data;
	if (audit_used + len + 1 < sizeof(audit_text)) {
		memcpy(audit_text + audit_used, event, len);
		audit_text[audit_used + len] = '\n';
		audit_used += len + 1;
	}
	return (0);
}

__attribute__((__constructor__)) static void
audit_begin(void)
{
	int (*add)(int (*)(const char *, void *, void *), void *);
	void *p = dlsym(RTLD_DEFAULT, "PySys_AddAuditHook");

	if (p == NULL)
		return;
	memcpy(&add, &p, sizeof(add));
	(void)add(audit_hook, NULL);
}

__attribute__((__destructor__)) static void
audit_end(void)
{
	size_t at = 0;
	ssize_t n = 1;

	for (; at < audit_used && n > 0; at += (size_t)n)
		n = write(2, audit_text + at, audit_used - at);
}
