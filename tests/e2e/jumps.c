/*
 * A handler that jumps out of whatever of the agent it has interrupted, and
 * another thread that allocates meanwhile.  Without an agent there are no
 * jumps.
 */

#include <sys/time.h>

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#define JUMPS	200
#define CALLS	3000000
#define AFTER	100000

int	run(void);

static sigjmp_buf		 env;
static volatile unsigned long	 begin, end;	/* of the agent's code */
static volatile int		 jumps;
static _Atomic int		 over;

static void
find_agent(void)
{
	char line[1024], mode[8];
	unsigned long from, to;
	FILE *f = fopen("/proc/self/maps", "r");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strstr(line, "/agent.so") != NULL &&
		    sscanf(line, "%lx-%lx %7s", &from, &to, mode) == 3 &&
		    mode[2] == 'x') {
			begin = from;
			end = to;
		}
	if (f != NULL)
		(void)fclose(f);
}

static unsigned long
interrupted(const ucontext_t *u)
{
#ifdef __x86_64__
	return ((unsigned long)u->uc_mcontext.gregs[REG_RIP]);
#else
	return ((unsigned long)u->uc_mcontext.pc);
#endif
}

static void
handler(int sig, siginfo_t *info, void *context)
{
	unsigned long pc = interrupted(context);

	(void)sig;
	(void)info;
	if (jumps < JUMPS && pc >= begin && pc < end) {
		jumps++;
		siglongjmp(env, 1);
	}
}

static void *
other(void *arg)
{
	(void)arg;
	while (!over) {
		free(malloc(55));
		(void)usleep(150);
	}
	return (NULL);
}

static void
set_timer(int us)
{
	struct itimerval v = { { 0, us }, { 0, us } };

	(void)setitimer(ITIMER_REAL, &v, NULL);
}

/* Returns how many blocks it has got. */
int
run(void)
{
	struct sigaction sa = { .sa_sigaction = handler,
	    .sa_flags = SA_SIGINFO };
	volatile int made = 0, after = 0;
	void *volatile p;
	sigset_t set, old;
	pthread_t t;

	find_agent();
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGALRM);
	(void)pthread_sigmask(SIG_BLOCK, &set, &old);
	if (pthread_create(&t, NULL, other, NULL) != 0)
		return (-1);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	(void)sigaction(SIGALRM, &sa, NULL);
	(void)sigsetjmp(env, 1);
	set_timer(200);
	/* The hooks that were jumped out of were called from this depth. */
	while ((jumps < JUMPS && made < CALLS) || after < AFTER) {
		p = malloc(77);
		free(p);
		made++;
		after += jumps == JUMPS || made >= CALLS;
	}
	set_timer(0);
	over = 1;
	(void)pthread_join(t, NULL);
	return (made);
}
