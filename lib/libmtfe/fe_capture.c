/* Opening captures. */

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fe_capture.h"
#include "fe_warn.h"

/* The handler is gone with the first signal. */
static void
ignore_once(int sig)
{
	(void)sig;
}

/* Whoever has SIGINT ignored, or has a handler, keeps that. */
static bool
begin(const char *path, struct sigaction *old)
{
	struct sigaction once = { .sa_handler = ignore_once,
	    .sa_flags = SA_RESTART | (int)SA_RESETHAND };

	return (strcmp(path, "-") == 0 &&
	    sigaction(SIGINT, NULL, old) == 0 && old->sa_handler == SIG_DFL &&
	    sigaction(SIGINT, &once, NULL) == 0);
}

struct mt_capture *
fe_capture_open(const char *path)
{
	struct sigaction old;
	const bool once = begin(path, &old);
	struct mt_capture *c;
	enum mt_status st;
	struct mt_error e;

	st = mt_capture_open(&c, path, &e);
	if (once)
		(void)sigaction(SIGINT, &old, NULL);
	if (st == MT_OK)
		return (c);
	fe_warn(path, &e);
	return (NULL);
}
