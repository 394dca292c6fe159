/* Threads of the collector: they leave signals to the program's own. */

#ifndef MT_COLLECT_THREAD_H
#define MT_COLLECT_THREAD_H

#include <pthread.h>

#include <memtrace.h>

enum mt_status	mt_collect_thread_new(pthread_t *, void *(*)(void *),
		    void *arg, struct mt_error *);

#endif /* MT_COLLECT_THREAD_H */
