/* Moments as users write them. */

#include <string.h>
#include <time.h>

#include "fe_select.h"

#define SECOND		UINT64_C(1000000000)
#define SECONDS_MAX	(UINT64_MAX / SECOND - 1)

/* What is left to read. */
struct text {
	const char	*p;
	bool		 bad;
};

static bool
is_digit(char c)
{
	return (c >= '0' && c <= '9');
}

/* Between min_digits and max_digits digits. */
static uint64_t
number(struct text *t, unsigned min_digits, unsigned max_digits)
{
	uint64_t n = 0;
	unsigned i;

	for (i = 0; i < max_digits && is_digit(*t->p); i++)
		n = n * 10 + (uint64_t)(*t->p++ - '0');
	t->bad |= i < min_digits;
	return (n);
}

static bool
skip(struct text *t, char c)
{
	if (*t->p != c)
		return (false);
	t->p++;
	return (true);
}

static void
expect(struct text *t, char c)
{
	if (!skip(t, c))
		t->bad = true;
}

/* A point and decimals, if there is one; more than nine are cut off. */
static uint64_t
decimals(struct text *t)
{
	uint64_t ns = 0, unit = SECOND / 10;

	if (!skip(t, '.') && !skip(t, ','))
		return (0);
	t->bad |= !is_digit(*t->p);
	for (; is_digit(*t->p); t->p++, unit /= 10)
		ns += (uint64_t)(*t->p - '0') * unit;
	return (ns);
}

static bool
parse_seconds(const char *s, uint64_t *ns)
{
	struct text t = { s, false };
	uint64_t seconds;

	seconds = number(&t, 1, 19);
	*ns = seconds * SECOND + decimals(&t);
	return (!t.bad && *t.p == '\0' && seconds <= SECONDS_MAX);
}

/* Z, +02:00, -0330, +01 or nothing: seconds to be subtracted. */
static int64_t
zone(struct text *t)
{
	int64_t hours, minutes = 0;
	bool negative;

	if (skip(t, 'Z') || *t->p == '\0')
		return (0);
	negative = *t->p == '-';
	if (!skip(t, '-'))
		expect(t, '+');
	hours = (int64_t)number(t, 2, 2);
	if (skip(t, ':') || is_digit(*t->p))
		minutes = (int64_t)number(t, 2, 2);
	t->bad |= hours > 23 || minutes > 59;
	minutes += hours * 60;
	return ((negative ? -minutes : minutes) * 60);
}

static void
parse_clock(struct text *t, struct tm *tm, uint64_t *ns)
{
	tm->tm_hour = (int)number(t, 2, 2);
	expect(t, ':');
	tm->tm_min = (int)number(t, 2, 2);
	if (skip(t, ':')) {
		tm->tm_sec = (int)number(t, 2, 2);
		*ns = decimals(t);
	}
	t->bad |= tm->tm_hour > 23 || tm->tm_min > 59 || tm->tm_sec > 60;
}

/* The 31st of February is in March, and no date. */
static bool
parse_date(const char *s, uint64_t *ns)
{
	struct text t = { s, false };
	int64_t offset, seconds;
	struct tm tm;
	int day;

	memset(&tm, 0, sizeof(tm));
	*ns = 0;
	tm.tm_year = (int)number(&t, 4, 4) - 1900;
	expect(&t, '-');
	tm.tm_mon = (int)number(&t, 2, 2) - 1;
	expect(&t, '-');
	tm.tm_mday = day = (int)number(&t, 2, 2);
	if (!skip(&t, 'T'))
		expect(&t, ' ');
	parse_clock(&t, &tm, ns);
	offset = zone(&t);
	if (t.bad || *t.p != '\0' || tm.tm_mon < 0 || tm.tm_mon > 11)
		return (false);
	seconds = (int64_t)timegm(&tm) - offset;
	if (tm.tm_mday != day || seconds < 0 ||
	    (uint64_t)seconds > SECONDS_MAX)
		return (false);
	*ns += (uint64_t)seconds * SECOND;
	return (true);
}

bool
fe_select_parse_time(const char *s, struct fe_select_time *t)
{
	uint64_t ns;

	if (parse_seconds(s, &ns))
		t->absolute = false;
	else if (parse_date(s, &ns))
		t->absolute = true;
	else
		return (false);
	t->ns = ns;
	t->given = true;
	return (true);
}
