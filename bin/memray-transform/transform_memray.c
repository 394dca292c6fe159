/*
 * A capture that memray 1.20 opens: of all allocations, if there is one
 * capture that has them, else an aggregated one, in which captures add up.
 */

#include <stdlib.h>

#include <fe_alloc.h>

#include "transform_memray.h"

#define VERSION		13u
#define NSEC_PER_MSEC	UINT64_C(1000000)

/* By our numbers, which were memray's until version 11 of its format. */
unsigned
memray_allocator(unsigned allocator)
{
	static const uint8_t numbers[] = {
		6, 6, MEMRAY_FREE, 8, 7, 9, 10, 11, 12, 13, MEMRAY_MMAP,
		MEMRAY_MUNMAP, 2, 3, MEMRAY_PYMALLOC_REALLOC,
		MEMRAY_PYMALLOC_FREE, MEMRAY_MMAP /* mremap */
	};

	/* It has none for sbrk. */
	return (allocator < sizeof(numbers) ? numbers[allocator] :
	    numbers[0]);
}

static unsigned
python_allocator(const char *name)
{
	static const char *const names[] = { "pymalloc", "pymalloc_debug",
	    "malloc", "other", "mimalloc", "mimalloc_debug" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return (i + 1);
	return (4);
}

/* The number of records of allocations is for memray's progress bar. */
static void
put_header(const struct transform *t, struct fe_buf *b, bool aggregated,
    uint32_t version, uint64_t end_ns)
{
	const struct mt_meta *m = &t->metas.meta[0];

	fe_buf_put(b, "memray", sizeof("memray"));
	memray_put_u32(b, VERSION);
	memray_put_u32(b, version);
	memray_put_byte(b, 0);
	memray_put_byte(b, aggregated);
	memray_put_u64(b, aggregated ? 0 : 2 * m->total_allocations -
	    m->leaked_allocations);
	memray_put_u64(b, 0);
	memray_put_u64(b, m->start_time_ns / NSEC_PER_MSEC);
	memray_put_u64(b, end_ns / NSEC_PER_MSEC);
	memray_put_string(b, transform_command(t));
	memray_put_u32(b, (uint32_t)m->pid);
	memray_put_u64(b, m->pid);
	/* No frame is memray's own. */
	memray_put_u64(b, 0);
	memray_put_byte(b, python_allocator(m->python_allocator));
	memray_put_byte(b, m->trace_python_allocators);
	memray_put_byte(b, 0);
	/* Where Python looked for modules is not in captures. */
	memray_put_byte(b, 0);
	memray_put_byte(b, 0);
	memray_put_byte(b, 0);
}

static void
fill_lines(const struct transform *t, struct memray_lines *lines)
{
	struct memray_line *line = fe_alloc(t->nplaces, sizeof(*line), 0);

	for (size_t i = 0; i < t->nplaces; i++) {
		line[i].function = t->places[i].function;
		line[i].line = t->places[i].line;
	}
	memray_lines_init(lines, line, t->nplaces,
	    t->metas.meta[0].python_version);
}

/* When it ended, or was last heard of. */
static uint64_t
end_of(const struct transform *t, const struct mt_sample *samples, size_t n)
{
	const struct mt_meta *m = &t->metas.meta[0];

	if (m->end_time_ns != 0 || n == 0)
		return (m->end_time_ns);
	return (m->start_time_ns + samples[n - 1].time_ns);
}

void
transform_memray(const struct transform *t, FILE *fp)
{
	const struct mt_sample *samples = NULL;
	struct fe_buf *b = fe_alloc(1, sizeof(*b), 0);
	struct memray_lines lines;
	bool aggregated;
	size_t n = 0;

	aggregated = t->capture == NULL || (t->metas.meta[0].flags &
	    MT_CAPTURE_AGGREGATED) != 0;
	/* Without a timeline it is still a capture. */
	if (t->capture != NULL && mt_capture_samples(t->capture, &samples, &n,
	    NULL) != MT_OK)
		n = 0;
	fe_buf_init(b, fp);
	fill_lines(t, &lines);
	put_header(t, b, aggregated, lines.version, end_of(t, samples, n));
	if (aggregated)
		memray_put_sites(t, b, &lines, samples, n);
	else
		memray_put_events(t, b, samples, n);
	(void)fe_buf_flush(b);
	memray_lines_fini(&lines);
	free(b);
}
