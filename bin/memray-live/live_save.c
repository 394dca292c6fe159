/* Snapshots. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mt_file.h>
#include <mt_record.h>

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
		fd = mt_file_create(name);
		if (fd != -1 || errno != EEXIST)
			return (fd);
	}
	return (-1);
}

/* ---- Names ------------------------------------------------------------- */

/* The names of a module, as far as they are known. */
static enum mt_status
put_module(struct mt_symbols *s, struct live_names *n,
    const struct mt_module *m, struct mt_error *e)
{
	uint32_t module = live_names_module(n, m->path, m->build_id,
	    m->build_id_len, 0);
	struct mt_frame to[MT_FRAMES_MAX];
	const struct live_frame *frame;
	enum mt_status st;
	size_t count;

	if (module == LIVE_NAMES_NONE || n->module[module].note == NULL)
		return (MT_OK);
	st = mt_symbols_module(s, m->code, n->module[module].note, e);
	for (size_t i = 0; i < m->naddresses && st == MT_OK; i++) {
		count = live_names_get(n, module, m->address[i], &frame);
		if (count == 0)
			continue;
		for (size_t k = 0; k < count; k++) {
			to[k].function = n->funcs->func[frame[k].func].name;
			to[k].file = n->funcs->func[frame[k].func].file;
			to[k].line = frame[k].line;
		}
		st = mt_symbols_address(s, m->address[i], to, count, e);
	}
	return (st);
}

static enum mt_status
put_names(struct mt_capture *c, struct live_names *n, int fd,
    struct mt_error *e)
{
	const struct mt_module *m;
	struct mt_symbols *s = NULL;
	enum mt_status st;
	void *data = NULL;
	size_t len, nmodules;

	st = mt_capture_modules(c, &m, &nmodules, e);
	if (st == MT_OK && nmodules == 0)
		return (MT_OK);
	if (st == MT_OK)
		st = mt_symbols_new(&s, e);
	for (size_t i = 0; st == MT_OK && i < nmodules; i++)
		st = put_module(s, n, &m[i], e);
	if (st == MT_OK)
		st = mt_symbols_finish(s, &data, &len, e);
	if (st == MT_OK)
		st = mt_capture_extend(c, fd, MT_BLOCK_SYMBOLS, data, len, e);
	free(data);
	mt_symbols_free(s);
	return (st);
}

/* What is on the screen is in the file, which is read to see what it wants. */
static enum mt_status
add_names(struct live_names *n, int fd, struct mt_error *e)
{
	struct mt_capture *c;
	enum mt_status st;

	if (n->nknown == 0)
		return (MT_OK);
	st = mt_capture_open_fd(&c, fd, e);
	if (st != MT_OK)
		return (st);
	st = put_names(c, n, fd, e);
	mt_capture_close(c);
	return (st);
}

/* ---- The file ---------------------------------------------------------- */

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
	ok = mt_feed_save(u->watch->feed, proc, fd, &e) == MT_OK &&
	    add_names(&u->watch->names, fd, &e) == MT_OK;
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
	else if (live_names_pending(&w->names))
		live_ui_say(u, "Saved, but not all names were there; "
		    "memray-symbolize %s", n == 1 ? name : "memray-live.*.bin");
	else if (n == 1)
		live_ui_say(u, "Saved; memray-summary %s%s",
		    w->view == LIVE_VIEW_PEAK ? "" : "--leaks ", name);
	else
		live_ui_say(u, "Saved %zu captures, the last is %s", n, name);
}
