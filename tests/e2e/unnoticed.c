/*
 * What a library sees of a profiler: errno after functions that leave it
 * alone, an interpreter's allocators that are changed while in use, and
 * handlers on a stack that is disarmed while they run.
 */

#include <sys/mman.h>
#include <sys/time.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#define ERRNO	12345		/* that nobody sets */
#define PAGE	4096
#define DEPTH	40		/* of stacks, in steps of two pages */
#define SWAPS	200000
#define ROUNDS	300000

#ifndef SS_AUTODISARM
#define SS_AUTODISARM	(1U << 31)
#endif

int	errno_changes(int threads);
int	swap(void *(*)(size_t), void (*)(void *), int (*)(int, void *),
	    void (*)(int, void *));
int	handlers(void);

static _Atomic int changes;

static void
look(void)
{
	if (errno != ERRNO)
		changes++;
	errno = ERRNO;
}

static void
blocks(void)
{
	void *p, *q;

	look();
	p = malloc(1000);
	look();
	p = realloc(p, 3000);
	look();
	q = calloc(7, 100);
	look();
	free(p);
	free(q);
	look();
	p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	look();
	(void)munmap(p, PAGE);
	look();
}

/* From stacks of all depths, whose pages were not touched before. */
static int
deeper(int depth)
{
	volatile char room[2 * PAGE];

	room[0] = (char)depth;
	blocks();
	if (depth > 0)
		(void)deeper(depth - 1);
	return (room[0]);
}

static void *
thread(void *arg)
{
	errno = ERRNO;
	(void)deeper(DEPTH);
	return (arg);
}

/* How often errno was another one afterwards. */
int
errno_changes(int threads)
{
	pthread_t t;
	int i;

	(void)thread(NULL);
	for (i = 0; i < threads; i++)
		if (pthread_create(&t, NULL, thread, NULL) != 0 ||
		    pthread_join(t, NULL) != 0)
			return (-1);
	return (changes);
}

static void	*(*raw_malloc)(size_t);
static void	 (*raw_free)(void *);
static _Atomic bool swapped;

static void *
uses(void *arg)
{
	while (!swapped)
		raw_free(raw_malloc(40));
	return (arg);
}

/*
 * As an interpreter does when it ends: for a moment its domain raw has the
 * allocator that it had at first, while another thread uses it.
 */
int
swap(void *(*take)(size_t), void (*give)(void *), int (*first)(int, void *),
    void (*set)(int, void *))
{
	void *old[5];
	pthread_t t;
	int i;

	raw_malloc = take;
	raw_free = give;
	if (pthread_create(&t, NULL, uses, NULL) != 0)
		return (-1);
	for (i = 0; i < SWAPS; i++) {
		(void)first(0, old);
		set(0, old);
	}
	swapped = true;
	return (pthread_join(t, NULL) == 0 ? i : -1);
}

static void
on_alarm(int number)
{
	void *p;

	(void)number;
	p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	(void)munmap(p, PAGE);
}

/* The stack of the handlers is above all frames that they interrupt. */
int
handlers(void)
{
	char above[64 * 1024];
	stack_t stack = { .ss_sp = above, .ss_size = sizeof(above) };
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval often = { { 0, 100 }, { 0, 100 } }, never = { 0 };
	void *p;
	int i;

	stack.ss_flags = (int)SS_AUTODISARM;
	action.sa_flags = SA_ONSTACK | SA_RESTART;
	if (sigaltstack(&stack, NULL) != 0 ||
	    sigaction(SIGALRM, &action, NULL) != 0 ||
	    setitimer(ITIMER_REAL, &often, NULL) != 0)
		return (-1);
	for (i = 0; i < ROUNDS; i++) {
		p = malloc((size_t)i % 50 + 1);
		free(realloc(p, 5000));
	}
	(void)setitimer(ITIMER_REAL, &never, NULL);
	stack.ss_flags = SS_DISABLE;
	return (sigaltstack(&stack, NULL) == 0 ? i : -1);
}
