/* The end of a program's output. */

#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fe_alloc.h>
#include <fe_text.h>

#include "live_log.h"

#define ESC	'\033'

bool
live_log_open(struct live_log *l, const char *path)
{
	memset(l, 0, sizeof(*l));
	l->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return (l->fd != -1);
}

static void
forget(struct live_log *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->line[i]);
	l->n = 0;
}

void
live_log_close(struct live_log *l)
{
	forget(l);
	if (l->fd != -1)
		(void)close(l->fd);
	l->fd = -1;
}

/*
 * Where the escape sequence at s ends: colours of a program that takes the
 * log for a terminal would be in the way of its words.
 */
static const char *
skip_escape(const char *s, const char *end)
{
	if (++s == end || *s != '[')
		return (s);
	for (s++; s < end; s++)
		if (*s >= '@' && *s <= '~')
			return (s + 1);
	return (s);
}

/* What a terminal would show of the line [s, end), clean. */
static char *
visible(const char *s, const char *end)
{
	char *raw, *o, *clean;

	while (end > s && end[-1] == '\r')
		end--;
	o = raw = fe_alloc((size_t)(end - s), 1, 1);
	while (s < end) {
		if (*s == ESC) {
			s = skip_escape(s, end);
			continue;
		}
		/* A progress bar starts over; a NUL would end the string. */
		if (*s == '\r')
			o = raw;
		else if (*s == '\t')
			*o++ = ' ';
		else if (*s != '\0')
			*o++ = *s;
		s++;
	}
	*o = '\0';
	clean = fe_text_clean(raw, false);
	free(raw);
	return (clean);
}

/* Start of the last LIVE_LOG_LINES lines of [s, end). */
static const char *
last_lines(const char *s, const char *end)
{
	const char *p = end;
	size_t n = 0;

	/* The newline that ends the last line begins no other. */
	if (p > s && p[-1] == '\n')
		p--;
	for (; p > s; p--)
		if (p[-1] == '\n' && ++n == LIVE_LOG_LINES)
			break;
	return (p);
}

static void
split(struct live_log *l, const char *s, const char *end)
{
	const char *nl;

	forget(l);
	for (s = last_lines(s, end); s < end; s = nl < end ? nl + 1 : end) {
		if ((nl = memchr(s, '\n', (size_t)(end - s))) == NULL)
			nl = end;
		l->line[l->n++] = visible(s, nl);
	}
}

bool
live_log_update(struct live_log *l)
{
	static char buf[LIVE_LOG_BYTES];
	struct stat st;
	uint64_t size, from;
	const char *s = buf, *nl;
	ssize_t n;

	if (l->fd == -1 || fstat(l->fd, &st) == -1 || st.st_size < 0)
		return (false);
	if ((size = (uint64_t)st.st_size) == l->size)
		return (false);
	from = size > sizeof(buf) ? size - sizeof(buf) : 0;
	if ((n = pread(l->fd, buf, sizeof(buf), (off_t)from)) == -1)
		return (false);
	/* The first line is not whole if the file begins before it. */
	if (from > 0 && (nl = memchr(buf, '\n', (size_t)n)) != NULL)
		s = nl + 1;
	split(l, s, buf + n);
	l->size = size;
	return (true);
}
