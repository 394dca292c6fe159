/*
 * Writes a capture with native frames, as a run would.
 *
 *	usage: mk_native [-c] file path build-id address ...
 *
 * "f" of app.py calls the addresses (hexadecimal) of the module, each from the
 * one before, and the last one allocates 4711 bytes; f itself allocates 15.
 * The build-id is hexadecimal, or "" if there is none.  With -c the capture
 * was cut short.
 */

#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <mt_record.h>
#include <mt_wire.h>

static enum mt_status
put(void *arg, enum mt_block_type type, void *data, size_t len,
    struct mt_error *e)
{
	enum mt_status st = mt_writer_put(arg, type, data, len, e);

	free(data);
	return (st);
}

static void
check(enum mt_status st, const struct mt_error *e)
{
	if (st != MT_OK)
		errx(1, "%s", e->text);
}

static size_t
unhex(const char *s, uint8_t *to, size_t max)
{
	unsigned byte;
	size_t n;

	for (n = 0; n < max && sscanf(s + 2 * n, "%2x", &byte) == 1; n++)
		to[n] = (uint8_t)byte;
	return (n);
}

static void
put_codes(struct mt_recorder *r, const char *path, const char *id)
{
	uint8_t build_id[64];
	struct mt_code code = { "f", "app.py", 1, NULL, 0,
	    MT_TABLE_OFFSET_IS_LINE };
	struct mt_error e;
	uint32_t n;

	check(mt_recorder_code_new(r, &n, &e), &e);
	check(mt_recorder_code_describe(r, n, &code, &e), &e);
	code.function = "";
	code.file = path;
	code.first_line = 0;
	code.table = build_id;
	code.table_len = unhex(id, build_id, sizeof(build_id));
	code.table_kind = MT_TABLE_MODULE;
	check(mt_recorder_code_new(r, &n, &e), &e);
	check(mt_recorder_code_describe(r, n, &code, &e), &e);
}

static void
put_events(struct mt_recorder *r, char *const *address)
{
	uint32_t node = 0, thread;
	struct mt_error e;

	check(mt_recorder_thread_new(r, 1, "", &thread, &e), &e);
	check(mt_recorder_node(r, 0, 1, 7, &node, &e), &e);
	check(mt_recorder_alloc(r, thread, node, MT_ALLOCATOR_MALLOC, 16, 15,
	    &e), &e);
	for (; *address != NULL; address++)
		check(mt_recorder_node(r, node, 2, (int32_t)strtoul(*address,
		    NULL, 16), &node, &e), &e);
	check(mt_recorder_alloc(r, thread, node, MT_ALLOCATOR_MALLOC, 4096,
	    4711, &e), &e);
}

int
main(int argc, char *argv[])
{
	bool cut = argc > 1 && strcmp(argv[1], "-c") == 0;
	struct mt_sink sink = { put, NULL };
	struct mt_recorder *r;
	struct mt_writer *w;
	struct mt_error e;
	int fd;

	argv += cut;
	if (argc - cut < 5)
		errx(2, "usage: mk_native [-c] file path build-id address ...");
	fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd == -1)
		err(1, "%s", argv[1]);
	check(mt_writer_new(&w, fd, 0, (uint64_t)time(NULL) * 1000000000u,
	    &e), &e);
	sink.arg = w;
	check(mt_recorder_new(&r, &sink, 0, &e), &e);
	put_codes(r, argv[2], argv[3]);
	put_events(r, argv + 4);
	check(cut ? mt_recorder_flush(r, &e) : mt_recorder_finish(r, &e), &e);
	if (!cut)
		check(mt_writer_finish(w, &e), &e);
	mt_recorder_free(r);
	mt_writer_free(w);
	return (close(fd) == 0 ? 0 : 1);
}
