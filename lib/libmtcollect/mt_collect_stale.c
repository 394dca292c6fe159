/* What collectors that were killed have left behind. */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mt_collect_stale.h"

#define STALE_NAME	"memtrace.??????"
#define STALE_AGE	10	/* seconds; a new one is not listening yet */
#define STALE_PATH	128	/* more than fits into a socket's address */
#define STALE_MAX	64	/* removed at once */

/* Is the socket there, and nobody behind it? */
static bool
stale_socket(const char *path)
{
	struct sockaddr_un sun;
	bool refused;
	int s;

	if (strlen(path) >= sizeof(sun.sun_path))
		return (false);
	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	strcpy(sun.sun_path, path);
	s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s == -1)
		return (false);
	refused = connect(s, (struct sockaddr *)&sun, sizeof(sun)) == -1 &&
	    errno == ECONNREFUSED;
	(void)close(s);
	return (refused);
}

static bool
stale_dir(int fd, const char *name)
{
	struct stat st;

	return (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode) && (st.st_mode & 0777) == 0700 &&
	    st.st_uid == geteuid() && st.st_mtime < time(NULL) - STALE_AGE);
}

/* The directory is ours alone, so nobody puts a link into it meanwhile. */
static bool
stale_remove(const char *parent, const char *name)
{
	char dir[STALE_PATH], file[STALE_PATH + 16];
	int n;

	n = snprintf(dir, sizeof(dir), "%s/%s", parent, name);
	if (n < 0 || (size_t)n >= sizeof(dir))
		return (false);
	(void)snprintf(file, sizeof(file), "%s/s", dir);
	if (!stale_socket(file))
		return (false);
	(void)unlink(file);
	(void)snprintf(file, sizeof(file), "%s/agent.so", dir);
	(void)unlink(file);
	return (rmdir(dir) == 0);
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
		if (fnmatch(STALE_NAME, e->d_name, 0) == 0 &&
		    stale_dir(dirfd(dir), e->d_name))
			removed += stale_remove(parent, e->d_name);
	(void)closedir(dir);
}
