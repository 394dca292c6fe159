/* Errors of the collector, in the caller's struct mt_error. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "mt_collect_error.h"

enum mt_status
mt_collect_fail(struct mt_error *e, enum mt_status st, const char *fmt, ...)
{
	va_list ap;

	if (e == NULL)
		return (st);
	e->sys = st == MT_ERR_SYS ? errno : 0;
	va_start(ap, fmt);
	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return (st);
}
