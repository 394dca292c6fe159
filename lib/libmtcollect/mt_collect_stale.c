/* What collectors that were killed have left behind. */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include <mt_place.h>

#include "mt_collect_stale.h"

#define STALE_NAME	"memtrace.??????"
#define STALE_AGE	10	/* seconds; a new one is not listening yet */
#define STALE_MAX	64	/* removed at once */

/* Is the socket there, and nobody behind it? */
static bool
stale_socket(int dir)
{
	struct sockaddr_un sun;
	bool refused;
	int s;

	if (!mt_place_address(&sun, dir, "s"))
		return (false);
	s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s == -1)
		return (false);
	refused = connect(s, (struct sockaddr *)&sun, sizeof(sun)) == -1 &&
	    errno == ECONNREFUSED;
	(void)close(s);
	return (refused);
}

static bool
stale_dir(int dir)
{
	struct stat st;

	return (fstat(dir, &st) == 0 && (st.st_mode & 0777) == 0700 &&
	    st.st_mtime < time(NULL) - STALE_AGE && stale_socket(dir));
}

/* The directory that was looked at is emptied, not what has its name. */
static bool
stale_remove(int parent, const char *name)
{
	int dir = mt_place_open(parent, name, false);
	bool stale;

	if (dir == -1)
		return (false);
	stale = stale_dir(dir);
	if (stale) {
		(void)unlinkat(dir, "s", 0);
		(void)unlinkat(dir, "agent.so", 0);
	}
	(void)close(dir);
	return (stale && unlinkat(parent, name, AT_REMOVEDIR) == 0);
}

void
mt_collect_stale_remove(const char *parent)
{
	struct dirent *e;
	unsigned removed = 0;
	DIR *dir;

	if (parent == NULL || (dir = opendir(parent)) == NULL)
		return;
	while (removed < STALE_MAX && (e = readdir(dir)) != NULL)
		if (fnmatch(STALE_NAME, e->d_name, 0) == 0)
			removed += stale_remove(dirfd(dir), e->d_name);
	(void)closedir(dir);
}
