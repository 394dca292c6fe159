/*
 * mk_capture kind file: write a capture whose summary is known, for the
 * tests of the programs that read captures.
 */

#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mt_record.h>

#include <mt_wire.h>

#define START_NS	1795340537800000000	/* 2026-11-22 09:42:17.8 UTC */

static struct mt_writer *writer;
static struct mt_recorder *rec;
static uint64_t next_addr = 0x1000;
static uint64_t start_ns = START_NS;
static uint64_t end_ns = 1100000000;	/* since the start */

static void
must(enum mt_status st, const struct mt_error *e)
{
	if (st != MT_OK)
		errx(1, "%s", e->text);
}

static enum mt_status
put(void *arg, enum mt_block_type type, void *data, size_t len,
    struct mt_error *e)
{
	enum mt_status st = mt_writer_put(arg, type, data, len, e);

	free(data);
	return (st);
}

/* A function whose instruction offsets are its line numbers. */
static uint32_t
code(const char *function, const char *file, uint32_t line)
{
	struct mt_error e;
	uint32_t id;
	struct mt_code c = { .function = function, .file = file,
	    .first_line = line, .table_kind = MT_TABLE_OFFSET_IS_LINE };

	must(mt_recorder_code_new(rec, &id, &e), &e);
	must(mt_recorder_code_describe(rec, id, &c, &e), &e);
	return (id);
}

static uint32_t
node(uint32_t parent, uint32_t function, int32_t line)
{
	struct mt_error e;
	uint32_t id;

	must(mt_recorder_node(rec, parent, function, line, &id, &e), &e);
	return (id);
}

/* n blocks, next to each other; returns the address of the first. */
static uint64_t
alloc(uint32_t where, uint64_t bytes, unsigned n)
{
	struct mt_error e;
	uint64_t first = next_addr;

	for (; n > 0; n--, next_addr += bytes)
		must(mt_recorder_alloc(rec, 0, where, MT_ALLOCATOR_MALLOC,
		    next_addr, bytes, &e), &e);
	return (first);
}

static void
release(uint64_t addr)
{
	struct mt_error e;

	must(mt_recorder_free_at(rec, 0, addr, &e), &e);
}

static void
text(const char *key, const char *value)
{
	struct mt_error e;

	must(mt_recorder_text(rec, key, value, &e), &e);
}

static void
num(const char *key, uint64_t value)
{
	struct mt_error e;

	must(mt_recorder_number(rec, key, value, &e), &e);
}

/* ---- Kinds ----------------------------------------------------------- */

/*
 * At the peak: keep 4000 bytes in 4 blocks, the third line most; half 1000
 * in 1; 5000 in all.  Leaked: 1000 of keep.
 */
static void
basic(void)
{
	uint32_t module = code("<module>", "app.py", 1);
	uint32_t main_ = code("main", "app.py", 10);
	uint32_t keep = code("keep", "lib/store.py", 20);
	uint32_t half = code("half", "lib/store.py", 30);
	uint32_t m = node(node(0, module, 5), main_, 12);
	uint32_t k22 = node(m, keep, 22), k23 = node(m, keep, 23);
	uint64_t a, b, c;

	a = alloc(k22, 1000, 1);
	b = alloc(k23, 1000, 3);
	c = alloc(node(m, half, 31), 1000, 1);
	release(c);
	release(b);
	release(b + 1000);
	release(b + 2000);
	(void)a;
}

/* fact calls itself 5 deep and allocates 100 bytes at each level. */
static void
recursion(void)
{
	uint32_t fact = code("fact", "fact.py", 1);
	uint32_t at = node(0, code("<module>", "fact.py", 1), 9);

	for (int i = 0; i < 5; i++) {
		at = node(at, fact, 2);
		(void)alloc(at, 100, 1);
	}
}

static void
unknown(void)
{
	(void)alloc(0, 64, 1);
}

static void
names(void)
{
	(void)alloc(node(0, code("tab\there", "back\\slash\n.py", 1), 1),
	    30, 1);
	(void)alloc(node(0, code("\033[31mred", "\xff.py", 1), 1), 20, 1);
	(void)alloc(node(0, code("caf\xc3\xa9",
	    "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e.py", 1), 1), 10, 1);
}

/* What separates fields and frames in one format or another. */
static void
separators(void)
{
	(void)alloc(node(0, code("a,\"b\"", "x;y|z w.py", 1), 1), 10, 1);
}

/* 60 functions, with names as long as names are. */
static void
many(void)
{
	char function[64], file[128];

	for (uint32_t i = 1; i <= 60; i++) {
		(void)snprintf(function, sizeof(function),
		    "Handler%02u.process_request", i);
		(void)snprintf(file, sizeof(file), "/srv/application/"
		    "site-packages/framework/middleware/layer_%02u.py", i);
		(void)alloc(node(0, code(function, file, i), 1),
		    100000 * i, 1);
	}
}

/* 200 000 nodes: 2000 stacks of 100 frames, in 2000 functions of 8 calls. */
static void
huge(void)
{
	uint32_t codes[2000];
	char function[64], file[64];

	for (uint32_t i = 0; i < 2000; i++) {
		(void)snprintf(function, sizeof(function), "function_%u", i);
		(void)snprintf(file, sizeof(file), "module_%u.py", i / 20);
		codes[i] = code(function, file, i);
	}
	for (uint32_t i = 0; i < 2000; i++) {
		uint32_t at = 0;

		for (uint32_t d = 0; d < 100; d++) {
			at = node(at, codes[(i * 7 + d * 13) % 2000],
			    (int32_t)((i + d) % 8 + 1));
			(void)alloc(at, 16 + d, 1);
		}
	}
}

static void
event(uint32_t thread, uint32_t where, unsigned allocator, uint64_t bytes)
{
	struct mt_error e;

	must(mt_recorder_alloc(rec, thread, where, allocator, next_addr,
	    bytes, &e), &e);
	next_addr += bytes + 16;
}

/* A stack of two library modules below the code `from`. */
static uint32_t
library(uint32_t from)
{
	uint32_t json = code("loads", "/usr/lib/python3.11/json/__init__.py",
	    100);
	uint32_t frozen = code("_find", "<frozen importlib._bootstrap>", 50);

	return (node(node(from, json, 101), frozen, 51));
}

/*
 * Two threads, five functions to allocate with, sizes from 0 to 1 MB, files
 * of the program, of a package and of the standard library; a mapping that
 * loses its middle; three points of the timeline.
 */
static void
mixed(void)
{
	uint32_t main_ = code("<module>", "/srv/app/run.py", 1);
	uint32_t part = code("Part.load", "/srv/app/shop/parts.py", 10);
	uint32_t array = code("array", "/opt/v/lib/python3.11/site-packages/"
	    "numpy/core/numeric.py", 7);
	uint32_t m = node(0, main_, 3), p = node(m, part, 12), w;
	struct mt_error e;
	uint64_t map;

	must(mt_recorder_thread_new(rec, 1235, "worker", &w, &e), &e);
	event(0, m, MT_ALLOCATOR_MALLOC, 0);
	event(0, p, MT_ALLOCATOR_CALLOC, 1);
	event(0, p, MT_ALLOCATOR_REALLOC, 10);
	must(mt_recorder_sample(rec, 1000000, 5000, 4000, &e), &e);
	event(0, library(p), MT_ALLOCATOR_MALLOC, 100);
	event(0, node(p, array, 8), MT_ALLOCATOR_MALLOC, 1000);
	event(0, node(p, array, 8), MT_ALLOCATOR_MALLOC, 1000000);
	mt_recorder_time(rec, 500000000);
	event(w, library(0), MT_ALLOCATOR_PYMALLOC_MALLOC, 64);
	event(w, 0, MT_ALLOCATOR_MALLOC, 32);
	must(mt_recorder_sample(rec, 500000000, 6000, 4500, &e), &e);
	next_addr = map = (next_addr + 4095) / 4096 * 4096;
	event(w, m, MT_ALLOCATOR_MMAP, 16384);
	must(mt_recorder_unmap(rec, w, map + 4096, 4096, &e), &e);
	must(mt_recorder_sample(rec, 600000000, 7000, 5000, &e), &e);
}

static void
one_in_each(const char *const *files, size_t n, uint32_t caller)
{
	for (size_t i = 0; i < n; i++)
		(void)alloc(node(caller, code("f", files[i], 1), 1), 1000, 1);
}

/* Files that the script calls, and library files that nobody does. */
static void
modules(void)
{
	static const char *const called[] = {
		"/srv/app/shop/__init__.py",
		"/srv/app/shop/cart/items.py",
		"/opt/v/lib/python3.11/site-packages/shop/plugin.py",
		"/usr/lib/python3/dist-packages/yaml/loader.py",
		"/usr/lib/python3.11/site-packages/six.py",
		"/home/me/elsewhere.py",
		"lib/store.py",
		"./app.py",
		"<string>"
	};
	static const char *const library[] = {
		"/usr/local/lib/python3.13t/collections/__init__.py",
		"/usr/lib64/python3.9/json/decoder.py",
		"/usr/lib/python311.zip/os.py",
		"<frozen posixpath>"
	};
	uint32_t frozen = code("_run", "<frozen runpy>", 1);
	uint32_t main_ = code("<module>", "/srv/app/run.py", 1);

	one_in_each(called, sizeof(called) / sizeof(called[0]),
	    node(node(0, frozen, 2), main_, 3));
	one_in_each(library, sizeof(library) / sizeof(library[0]), 0);
}

/*
 * python -m app: what runpy calls, which imports shop.py: 3000 bytes below the
 * import system, 5000 below the interpreter's own code, 200 in runpy itself.
 */
static void
started(void)
{
	static const char runpy[] = "<frozen runpy>";
	static const char import[] = "<frozen importlib._bootstrap>";
	uint32_t app = code("<module>", "app.py", 1);
	uint32_t at, run;

	at = node(0, code("_run_module_as_main", runpy, 170), 198);
	run = node(at, code("_run_code", runpy, 70), 88);
	at = node(run, app, 1);
	at = node(at, code("_find_and_load", import, 1000), 1027);
	at = node(at, code("_load", import, 600), 690);
	(void)alloc(node(at, code("<module>", "shop.py", 1), 2), 3000, 1);
	at = node(node(run, app, 3), code("_PyObject_MakeTpCall",
	    "Objects/call.c", 200), 214);
	(void)alloc(node(at, code("buy", "shop.py", 4), 5), 1000, 5);
	(void)alloc(run, 200, 1);
}

/* A stack of 3000 calls. */
static void
deep(void)
{
	uint32_t down = code("down", "deep.py", 1), at = 0;

	for (int i = 0; i < 3000; i++)
		at = node(at, down, 2);
	(void)alloc(at, 1000, 1);
}

static void
zeroes(void)
{
	for (unsigned i = 0; i < 3; i++)
		event(0, 0, MT_ALLOCATOR_MALLOC, 0);
}

static void
ones(void)
{
	(void)alloc(0, 1, 3);
}

/*
 * What lives when, in seconds: 1000 bytes of load from 0 to 2, 200 of parse
 * in another thread from 1.25 on, 500 of keep from 3 on.  At 2, parse has two
 * blocks that are freed after no other allocation, and after one.
 */
static void
moments(void)
{
	uint32_t main_ = node(0, code("<module>", "/srv/app/app.py", 1), 3);
	uint32_t load = node(main_, code("Table.load", "/srv/app/db.py", 1),
	    2);
	uint32_t parse = node(main_, code("parse", "/usr/lib/python3.11/json/"
	    "decoder.py", 1), 3);
	uint32_t keep = node(parse, code("keep", "/srv/app/db.py", 20), 21);
	uint64_t first, freed;
	struct mt_error e;
	uint32_t w;

	must(mt_recorder_thread_new(rec, 1235, "worker-1", &w, &e), &e);
	first = alloc(load, 1000, 1);
	mt_recorder_time(rec, 1250000000);
	event(w, parse, MT_ALLOCATOR_MALLOC, 200);
	mt_recorder_time(rec, 2000000000);
	release(first);
	release(alloc(parse, 30, 1));
	freed = alloc(parse, 40, 1);
	(void)alloc(0, 1, 1);
	release(freed);
	mt_recorder_time(rec, 3000000000);
	(void)alloc(keep, 500, 1);
	end_ns = 4000000000;
}

/* A process that began two seconds later. */
static void
child(void)
{
	num("pid", 1300);
	start_ns = START_NS + 2000000000;
	num("start_time_ns", start_ns);
	text("command_line", "app.py --worker");
	(void)alloc(node(0, code("serve", "/srv/app/worker.py", 1), 2),
	    3000, 2);
	end_ns = 1500000000;
}

static void
empty(void)
{
}

static const struct kind {
	const char	*name;
	void		(*make)(void);
	int		 status;	/* as wait(2) has it */
	uint64_t	 lost;
	bool		 cut;
} kinds[] = {
	{ "basic", basic, 3 << 8, 0, false },
	{ "child", child, 0, 0, false },
	{ "cut", basic, 0, 0, true },
	{ "deep", deep, 0, 0, false },
	{ "empty", empty, 0, 0, false },
	{ "huge", huge, 0, 0, false },
	{ "killed", basic, SIGKILL, 0, false },
	{ "lost", basic, 0, 3, false },
	{ "many", many, 0, 0, false },
	{ "mixed", mixed, 0, 0, false },
	{ "modules", modules, 0, 0, false },
	{ "moments", moments, 0, 0, false },
	{ "names", names, 0, 0, false },
	{ "ones", ones, 0, 0, false },
	{ "recursion", recursion, 0, 0, false },
	{ "separators", separators, 0, 0, false },
	{ "started", started, 0, 0, false },
	{ "unknown", unknown, 0, 0, false },
	{ "zeroes", zeroes, 0, 0, false }
};

static const struct kind *
find_kind(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return (&kinds[i]);
	errx(1, "%s: no such kind", name);
}

static void
start(int fd)
{
	struct mt_error e;
	struct mt_sink sink = { .put = put };
	uint32_t id;

	must(mt_writer_new(&writer, fd, 0, START_NS, &e), &e);
	sink.arg = writer;
	must(mt_recorder_new(&rec, &sink, 0, &e), &e);
	must(mt_recorder_thread_new(rec, 1234, "main", &id, &e), &e);
	text("command_line", "app.py --fast \"two words\"");
	text("python_version", "3.11.7");
	text("python_allocator", "pymalloc");
	num("pid", 1234);
}

static void
finish(const struct kind *k)
{
	struct mt_error e;

	mt_recorder_time(rec, end_ns);
	mt_recorder_end_of_script(rec);
	mt_recorder_lost(rec, k->lost);
	num("end_time_ns", start_ns + end_ns);
	num("exit_status", (uint64_t)k->status);
	if (k->cut) {
		must(mt_recorder_flush(rec, &e), &e);
	} else {
		must(mt_recorder_finish(rec, &e), &e);
		must(mt_writer_finish(writer, &e), &e);
	}
	mt_recorder_free(rec);
	mt_writer_free(writer);
}

int
main(int argc, char *argv[])
{
	const struct kind *k;
	int fd;

	if (argc != 3)
		errx(1, "usage: mk_capture kind file");
	k = find_kind(argv[1]);
	fd = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd == -1)
		err(1, "%s", argv[2]);
	start(fd);
	k->make();
	finish(k);
	return (close(fd) == 0 ? 0 : 1);
}
