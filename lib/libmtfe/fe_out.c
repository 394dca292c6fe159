/* Standard output, checked. */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "fe_out.h"

void
fe_out_init(void)
{
	/* Opened the wrong way round: every use fails as it did before. */
	static const int modes[] = { O_WRONLY, O_RDONLY, O_RDONLY };

	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) == -1)
			(void)open("/dev/null", modes[fd]);
}

/* stdio does not keep the reason of a failure. */
static bool
is_reader_gone(void)
{
	struct pollfd fd = { .fd = fileno(stdout), .events = POLLOUT };

	return (poll(&fd, 1, 0) == 1 && (fd.revents & POLLERR) != 0);
}

int
fe_out_close(int status)
{
	return (fe_out_end(status, 0));
}

int
fe_out_end(int status, int error)
{
	bool failed = error != 0 || ferror(stdout) != 0;

	errno = 0;
	if (fflush(stdout) != 0) {
		failed = true;
		error = errno;
	}
	if (failed && error == 0 && is_reader_gone())
		error = EPIPE;
	if (fclose(stdout) != 0 && !failed) {
		failed = true;
		error = errno;
	}
	if (!failed)
		return (status);
	if (error != EPIPE) {
		errno = error;
		if (error != 0)
			warn("standard output");
		else
			warnx("standard output: write error");
	}
	return (status == 0 ? 1 : status);
}
