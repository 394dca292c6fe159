/*
 * Code that is hard to unwind, for tests of native stacks: called with
 * ctypes, from native_app.py.  Compiled without frame pointers.
 */

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

#define NOINLINE	__attribute__((__noinline__))

extern "C" {
typedef void	callback(int);
int	native_exceptions(int);
int	native_alloca(int);
int	native_aligned(int);
int	native_recurse(int);
int	native_signal(int, int);
int	native_thread(int);
int	native_thread_python(callback *);
int	native_coroutine(int);
int	native_outer(callback *);
int	native_inner(int);
}

static volatile int	sink;

/* Keeps a call from becoming a jump. */
static NOINLINE int
touch(size_t n)
{
	char *p = (char *)malloc(n);

	p[0] = (char)n;
	sink += p[0];
	free(p);
	return (sink);
}

/* ---- Exceptions in flight -------------------------------------------- */

struct guard {
	int	n;

	/* Runs while the stack is unwound for an exception. */
	~guard() { sink += touch(100 + (size_t)n); }
};

static NOINLINE void
throw_at(int depth)
{
	guard g = { depth };

	if (depth == 0)
		throw std::runtime_error(std::string(100, 'x'));
	throw_at(depth - 1);
	sink++;
}

int
native_exceptions(int n)
{
	int caught = 0;

	for (int i = 0; i < n; i++)
		try {
			throw_at(i % 7);
		} catch (const std::exception &e) {
			caught += touch(strlen(e.what())) != -1;
		}
	return (caught);
}

/* ---- Frames of odd sizes --------------------------------------------- */

int
native_alloca(int n)
{
	char *p = (char *)alloca((size_t)n % 777 + 16);

	memset(p, n, 16);
	sink += p[n % 16];
	return (n > 0 ? native_alloca(n - 1) + touch(64) : sink);
}

int
native_aligned(int n)
{
	alignas(128) volatile char big[256];

	big[n & 255] = (char)n;
	return (n > 0 ? native_aligned(n - 1) + touch(64) + big[0] : sink);
}

int
native_recurse(int n)
{
	if (n == 0)
		return (touch(32));
	int r = native_recurse(n - 1) + 1;
	if (n % 2000 == 0)
		r += touch(48);
	return (r);
}

/* ---- Signals --------------------------------------------------------- */

static void
handler(int)
{
	sink += touch(200);
}

static NOINLINE int
raise_here(int n)
{
	if (n > 0)
		return (raise_here(n - 1) + 1);
	raise(SIGUSR1);
	return (sink);
}

/* Between two instructions, wherever that is. */
static NOINLINE int
spin(int n)
{
	volatile double x = 1;

	for (int i = 0; i < n; i++)
		x = x * 1.000001 + (double)strlen("signal");
	return ((int)x);
}

int
native_signal(int n, int other_stack)
{
	struct sigaction sa, old, old_alarm;
	stack_t ss, old_ss;
	timer_t timer;
	struct sigevent ev;
	struct itimerspec often = { { 0, 200000 }, { 0, 200000 } };

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = handler;
	sa.sa_flags = SA_RESTART | (other_stack ? SA_ONSTACK : 0);
	ss.ss_sp = malloc(65536);
	ss.ss_size = 65536;
	ss.ss_flags = 0;
	if (other_stack)
		sigaltstack(&ss, &old_ss);
	sigaction(SIGUSR1, &sa, &old);
	sigaction(SIGUSR2, &sa, &old_alarm);
	for (int i = 0; i < n; i++)
		sink += raise_here(i % 5);
	memset(&ev, 0, sizeof(ev));
	ev.sigev_notify = SIGEV_SIGNAL;
	ev.sigev_signo = SIGUSR2;
	if (timer_create(CLOCK_MONOTONIC, &ev, &timer) == 0) {
		timer_settime(timer, 0, &often, NULL);
		for (int i = 0; i < n; i++)
			sink += spin(10000);
		timer_delete(timer);
	}
	sigaction(SIGUSR1, &old, NULL);
	sigaction(SIGUSR2, &old_alarm, NULL);
	if (other_stack)
		sigaltstack(&old_ss, NULL);
	free(ss.ss_sp);
	return (sink);
}

/* ---- Threads and stacks of our own ----------------------------------- */

static void *
thread_main(void *arg)
{
	for (int i = 0; i < *(int *)arg; i++)
		sink += native_recurse(i % 20) + touch(300);
	return (NULL);
}

int
native_thread(int n)
{
	pthread_t t[3];

	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, thread_main, &n);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	return (0);
}

static void *
thread_python(void *arg)
{
	for (int i = 0; i < 20; i++)
		((callback *)arg)(i);
	return (NULL);
}

int
native_thread_python(callback *f)
{
	pthread_t t;

	pthread_create(&t, NULL, thread_python, (void *)f);
	return (pthread_join(t, NULL));
}

static ucontext_t	main_context, own_context;

static void
coroutine(void)
{
	for (;;) {
		sink += native_recurse(3) + touch(500);
		swapcontext(&own_context, &main_context);
	}
}

int
native_coroutine(int n)
{
	char *stack = (char *)malloc(65536);

	getcontext(&own_context);
	own_context.uc_stack.ss_sp = stack;
	own_context.uc_stack.ss_size = 65536;
	own_context.uc_link = NULL;
	makecontext(&own_context, coroutine, 0);
	for (int i = 0; i < n; i++) {
		swapcontext(&main_context, &own_context);
		sink += touch(600);
	}
	free(stack);
	return (0);
}

/* ---- Into Python and back -------------------------------------------- */

int
native_outer(callback *f)
{
	f(1);
	return (touch(700));
}

int
native_inner(int n)
{
	char *p = (char *)malloc((size_t)n);

	p[0] = 1;
	sink += p[0];
	free(p);
	return (sink);
}
