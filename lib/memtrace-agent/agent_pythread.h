/* Names of threads, from the Thread object that is being started. */

#ifndef AGENT_PYTHREAD_H
#define AGENT_PYTHREAD_H

#include <pthread.h>

/* As pthread_create; the new thread calls agent_thread_name() first. */
int	agent_pythread_create(pthread_t *, const pthread_attr_t *,
	    void *(*start)(void *), void *arg);

#endif /* AGENT_PYTHREAD_H */
