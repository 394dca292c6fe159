/*
 * usage: events_dump [-l] [-m bytes] capture
 *
 * Print the events of a capture, one a line, fields separated by tabs:
 *
 *	alloc	size	allocator	thread's name	frames...
 *	free	size	number of the allocation
 *	unmap	size	address
 *
 * A frame is function:file:line; the innermost comes first.  -m leaves out
 * what is smaller.  -l prints what was live at the end of the script instead,
 * a line per site:
 *
 *	leak	allocations	bytes	allocator	name	frames...
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <memtrace.h>

#define BATCH	4096

/* The capture that is open; all of a program as short as this one. */
static struct {
	struct mt_capture	*capture;
	const struct mt_code	*codes;
	const struct mt_node	*nodes;
	const struct mt_site	*sites;
	const struct mt_thread	*threads;
	size_t			 nsites;
	uint64_t		*size;		/* of each allocation */
	size_t			 count;
	size_t			 cap;
	uint64_t		 min;
} dump;

static void
print_stack(uint32_t thread, uint32_t node)
{
	const struct mt_code *c;
	const struct mt_node *n;

	printf("\t%s", dump.threads[thread].name);
	for (; node != 0; node = n->parent) {
		n = &dump.nodes[node];
		c = &dump.codes[n->code];
		printf("\t%s:%s:%u", c->function, c->file,
		    mt_line_of(c, n->offset));
	}
	putchar('\n');
}

static void
remember(uint64_t size)
{
	if (dump.count == dump.cap) {
		dump.cap = dump.cap == 0 ? BATCH : 2 * dump.cap;
		dump.size = reallocarray(dump.size, dump.cap,
		    sizeof(*dump.size));
		if (dump.size == NULL)
			err(1, NULL);
	}
	dump.size[dump.count++] = size;
}

static void
print_event(const struct mt_event *e)
{
	switch (e->type) {
	case MT_EVENT_ALLOC:
		remember(e->size);
		if (e->size < dump.min)
			break;
		printf("alloc\t%ju\t%s", (uintmax_t)e->size,
		    mt_allocator_name(e->allocator));
		print_stack(e->thread, e->node);
		break;
	case MT_EVENT_FREE:
		if (e->ref >= dump.count)
			errx(1, "free of an allocation to come");
		if (dump.size[e->ref] >= dump.min)
			printf("free\t%ju\t%ju\n",
			    (uintmax_t)dump.size[e->ref],
			    (uintmax_t)e->ref);
		break;
	case MT_EVENT_UNMAP:
		if (e->size >= dump.min)
			printf("unmap\t%ju\t%#jx\n", (uintmax_t)e->size,
			    (uintmax_t)e->addr);
		break;
	default:
		errx(1, "event of type %u", e->type);
	}
}

static void
print_events(void)
{
	static struct mt_event events[BATCH];
	struct mt_error error;
	enum mt_status st;
	size_t n;

	while ((st = mt_capture_events(dump.capture, events, BATCH, &n,
	    &error)) == MT_OK)
		for (size_t i = 0; i < n; i++)
			print_event(&events[i]);
	if (st != MT_END)
		errx(1, "%s", error.text);
}

static void
print_leaks(void)
{
	const struct mt_site *s;

	for (s = dump.sites; s < dump.sites + dump.nsites; s++) {
		if (s->leaked_allocations == 0)
			continue;
		printf("leak\t%ju\t%ju\t%s", (uintmax_t)s->leaked_allocations,
		    (uintmax_t)s->leaked_bytes,
		    mt_allocator_name(s->allocator));
		print_stack(s->thread, s->node);
	}
}

static void
open_capture(const char *path)
{
	struct mt_error error;

	if (mt_capture_open(&dump.capture, path, &error) != MT_OK)
		errx(1, "%s: %s", path, error.text);
	(void)mt_capture_codes(dump.capture, &dump.codes);
	(void)mt_capture_nodes(dump.capture, &dump.nodes);
	(void)mt_capture_threads(dump.capture, &dump.threads);
	dump.nsites = mt_capture_sites(dump.capture, &dump.sites);
}

int
main(int argc, char **argv)
{
	bool leaks = false;
	int c;

	while ((c = getopt(argc, argv, "lm:")) != -1) {
		if (c == 'l')
			leaks = true;
		else if (c == 'm')
			dump.min = strtoull(optarg, NULL, 10);
		else
			return (2);
	}
	if (argc - optind != 1)
		errx(2, "usage: events_dump [-l] [-m bytes] capture");
	open_capture(argv[optind]);
	if (leaks)
		print_leaks();
	else
		print_events();
	if (fflush(stdout) == EOF)
		err(1, "standard output");
	mt_capture_close(dump.capture);
	free(dump.size);
	return (0);
}
