/* Threads that live for a moment: n of them, some at a time. */

#include <pthread.h>
#include <stdlib.h>

#define AT_ONCE	64

int	churn(int n, int at_once);

static void *
churn_main(void *arg)
{
	(void)arg;
	return (malloc(1000));
}

/* How many blocks there are in the end. */
int
churn(int n, int at_once)
{
	pthread_t t[AT_ONCE];
	void *block;
	int done = 0, i, k;

	for (i = 0; i < n; i += k) {
		for (k = 0; k < at_once && i + k < n; k++)
			if (pthread_create(&t[k], NULL, churn_main, NULL) != 0)
				return (-1);
		for (int j = 0; j < k; j++)
			done += pthread_join(t[j], &block) == 0 &&
			    block != NULL;
	}
	return (done);
}
