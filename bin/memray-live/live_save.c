/* Snapshots. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "live_save.h"
#include "live_ui.h"

#define NAME_BYTES	64
#define TRIES		10000u

/* A new file, for us alone; -1 with errno set. */
static int
create(char name[NAME_BYTES], uint64_t pid)
{
	int fd;

	for (unsigned i = 1; i <= TRIES; i++) {
		(void)snprintf(name, NAME_BYTES, "memray-live.%" PRIu64
		    ".%u.bin", pid, i);
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC |
		    O_NOFOLLOW, 0600);
		if (fd != -1 || errno != EEXIST)
			return (fd);
	}
	return (-1);
}

static bool
save(struct live_ui *u, size_t proc, char name[NAME_BYTES])
{
	const struct mt_feed_process *p = &u->watch->proc[proc].info;
	struct mt_error e;
	bool ok;
	int fd;

	if ((fd = create(name, p->pid)) == -1) {
		live_ui_say(u, "%s: %s", name, strerror(errno));
		return (false);
	}
	memset(&e, 0, sizeof(e));
	ok = mt_feed_save(u->watch->feed, proc, fd, &e) == MT_OK;
	if (close(fd) == -1 && ok) {
		ok = false;
		(void)snprintf(e.text, sizeof(e.text), "%s", strerror(errno));
	}
	if (!ok) {
		(void)unlink(name);
		live_ui_say(u, "%s: %s", name, e.text);
	}
	return (ok);
}

void
live_save(struct live_ui *u)
{
	const struct live_watch *w = u->watch;
	char name[NAME_BYTES];
	size_t n = 0;

	for (size_t i = 0; i < w->nprocs; i++) {
		if (!live_watch_has(w, i) || w->proc[i].info.capture == NULL)
			continue;
		if (!save(u, i, name))
			return;
		n++;
	}
	if (n == 0)
		live_ui_say(u, "There is nothing to save");
	else if (n == 1)
		live_ui_say(u, "Saved; memray-summary --leaks %s", name);
	else
		live_ui_say(u, "Saved %zu captures, the last is %s", n, name);
}
