/*
 * Threads that live for a moment: n of them, some at a time, with stacks of a
 * size, or of the usual one if that is 0.
 */

#include <pthread.h>
#include <stdlib.h>

#define AT_ONCE	64

int	churn(int n, int at_once, size_t stack);

static void *
churn_main(void *arg)
{
	(void)arg;
	return (malloc(1000));
}

/* How many blocks there are in the end. */
int
churn(int n, int at_once, size_t stack)
{
	pthread_t t[AT_ONCE];
	pthread_attr_t attr;
	void *block;
	int done = 0, i, k;

	if (pthread_attr_init(&attr) != 0 || (stack != 0 &&
	    pthread_attr_setstacksize(&attr, stack) != 0))
		return (-1);
	for (i = 0; i < n; i += k) {
		for (k = 0; k < at_once && i + k < n; k++)
			if (pthread_create(&t[k], &attr, churn_main, NULL) != 0)
				return (-1);
		for (int j = 0; j < k; j++)
			done += pthread_join(t[j], &block) == 0 &&
			    block != NULL;
	}
	return (done);
}
