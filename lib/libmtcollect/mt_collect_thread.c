/* Threads of the collector. */

#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "mt_collect_error.h"
#include "mt_collect_thread.h"

enum mt_status
mt_collect_thread_new(pthread_t *thread, void *(*fn)(void *), void *arg,
    struct mt_error *error)
{
	sigset_t all, old;
	int rc;

	(void)sigfillset(&all);
	/* Of memory that has gone away: see mt_collect_map.h. */
	(void)sigdelset(&all, SIGBUS);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(thread, NULL, fn, arg);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc == 0)
		return (MT_OK);
	errno = rc;
	return (mt_collect_fail(error, MT_ERR_SYS, "thread"));
}
