/* The private place of a live feed: its file and its local socket. */

#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mt_collect_error.h"
#include "mt_collect_port.h"

#define BACKLOG		128
#define YOUNG		10	/* seconds: may not be locked yet */
/* Numbers that are drawn when no network has given one. */
#define FIRST		32768u
#define DRAWN		28232u	/* as Linux has them for ports */
#define DRAWS		64u

/* ---- What others have left --------------------------------------------- */

static void
remove_both(int dir, const char *name)
{
	char sock[MT_TOKEN_NAME + 8];

	(void)snprintf(sock, sizeof(sock), "%.*s.sock", (int)MT_TOKEN_NAME,
	    name);
	(void)unlinkat(dir, sock, 0);
	(void)unlinkat(dir, name, 0);
}

/*
 * Remove the file and the socket of this name unless somebody lives who holds
 * the lock, or may be about to.  Returns whether they are gone.
 */
static bool
remove_left_behind(int dir, const char *name, time_t young)
{
	struct stat st, now;
	bool left;
	int fd;

	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1 && errno == ELOOP)
		return (unlinkat(dir, name, 0) == 0);
	if (fd == -1)
		return (errno == ENOENT);
	/* Whoever was quicker may have put a new one in its place. */
	left = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_mtime <= young && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
	    fstatat(dir, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_ino == now.st_ino;
	if (left)
		remove_both(dir, name);
	(void)close(fd);
	return (left);
}

static void
sweep(int dir)
{
	const time_t young = time(NULL) - YOUNG;
	struct dirent *e;
	DIR *d;
	int fd;

	/* The descriptor goes with the directory. */
	fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return;
	if ((d = fdopendir(fd)) == NULL) {
		(void)close(fd);
		return;
	}
	while ((e = readdir(d)) != NULL)
		if (strncmp(e->d_name, "live-", 5) == 0 &&
		    strchr(e->d_name, '.') == NULL)
			(void)remove_left_behind(dir, e->d_name, young);
	(void)closedir(d);
}

/* ---- A number ---------------------------------------------------------- */

/* Whether the file that we have locked is still the one of that name. */
static bool
is_in_place(const struct mt_collect_port *p)
{
	struct stat st, now;

	return (fstat(p->file_fd, &st) == 0 && fstatat(p->dir, p->file, &now,
	    AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == now.st_ino);
}

/* -1 with EEXIST: somebody who lives has it. */
static int
claim(struct mt_collect_port *p, unsigned port)
{
	mt_token_name(p->file, p->sock, port);
	if (!remove_left_behind(p->dir, p->file, time(NULL) + YOUNG)) {
		errno = EEXIST;
		return (-1);
	}
	p->file_fd = openat(p->dir, p->file, O_WRONLY | O_CREAT | O_EXCL |
	    O_NOFOLLOW | O_CLOEXEC, 0600);
	if (p->file_fd == -1)
		return (-1);
	if (fchmod(p->file_fd, 0600) == 0 &&
	    flock(p->file_fd, LOCK_EX | LOCK_NB) == 0 && is_in_place(p))
		return (0);
	/* Somebody has taken it for one that was left behind. */
	(void)close(p->file_fd);
	p->file_fd = -1;
	errno = EEXIST;
	return (-1);
}

static int
claim_any(struct mt_collect_port *p)
{
	unsigned i, drawn;

	for (i = 0; i < DRAWS; i++) {
		if (getentropy(&drawn, sizeof(drawn)) == -1)
			return (-1);
		drawn = FIRST + drawn % DRAWN;
		if (claim(p, drawn) == 0) {
			p->port = drawn;
			return (0);
		}
		if (errno != EEXIST)
			return (-1);
	}
	return (-1);
}

/* ---- A place ----------------------------------------------------------- */

/* Those of the following, if whoever made them has ended. */
static void
sweep_places(const char *parent)
{
	struct dirent *e;
	struct stat st;
	DIR *d;
	int fd;

	if ((d = opendir(parent)) == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		if (fnmatch("memtrace-live.??????", e->d_name, 0) != 0 ||
		    (fd = mt_place_open(dirfd(d), e->d_name, false)) == -1)
			continue;
		if (fstat(fd, &st) == 0 && st.st_mtime < time(NULL) - YOUNG) {
			sweep(fd);
			(void)unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
		}
		(void)close(fd);
	}
	(void)closedir(d);
}

/* A directory that is new, where all others belong to somebody else. */
static int
new_place(char path[MT_PLACE_PATH])
{
	const char *parent = mt_place_tmpdir();
	int n;

	sweep_places(parent);
	n = snprintf(path, MT_PLACE_PATH, "%s/memtrace-live.XXXXXX", parent);
	errno = ENAMETOOLONG;
	if (n < 0 || n >= (int)MT_PLACE_PATH || mkdtemp(path) == NULL)
		return (-1);
	return (mt_place_open(AT_FDCWD, path, false));
}

static void
leave(struct mt_collect_port *p)
{
	p->file[0] = '\0';
	if (p->dir != -1)
		(void)close(p->dir);
	p->dir = -1;
}

static int
settle(struct mt_collect_port *p)
{
	sweep(p->dir);
	return (p->port == 0 ? claim_any(p) : claim(p, p->port));
}

static void
listen_local(struct mt_collect_port *p)
{
	struct sockaddr_un sun;

	if (!mt_place_address(&sun, p->dir, p->sock))
		return;
	p->local = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (p->local == -1)
		return;
	(void)unlinkat(p->dir, p->sock, 0);
	/* The mode that it is going to have, but for the umask. */
	if (fchmod(p->local, 0600) == 0 && bind(p->local,
	    (const struct sockaddr *)&sun, sizeof(sun)) == 0 &&
	    listen(p->local, BACKLOG) == 0)
		return;
	(void)close(p->local);
	p->local = -1;
}

enum mt_status
mt_collect_place_init(struct mt_collect_port *p, struct mt_error *error)
{
	unsigned i;
	int failed = ENOENT;

	for (i = 0; i <= MT_PLACE_FEEDS; i++) {
		p->is_hidden = i == MT_PLACE_FEEDS;
		p->dir = p->is_hidden ? new_place(p->dir_path) :
		    mt_place_feed(i, true, p->dir_path);
		if (p->dir != -1 && settle(p) == 0) {
			listen_local(p);
			return (MT_OK);
		}
		failed = errno;
		if (p->dir != -1)
			leave(p);
		if (failed == EEXIST)
			return (mt_collect_fail(error, MT_ERR_LIMIT,
			    "port %u is in use by another memray-run",
			    p->port));
	}
	errno = failed;
	return (mt_collect_fail(error, MT_ERR_SYS,
	    "no private place for the live feed"));
}

enum mt_status
mt_collect_place_publish(struct mt_collect_port *p, struct mt_error *error)
{
	char text[MT_TOKEN_TEXT];
	size_t n = mt_token_text(text, &p->token);
	const bool ok = write(p->file_fd, text, n) == (ssize_t)n;

	explicit_bzero(text, sizeof(text));
	return (ok ? MT_OK : mt_collect_fail(error, MT_ERR_SYS,
	    "cannot write the token"));
}

void
mt_collect_place_fini(struct mt_collect_port *p)
{
	if (p->local != -1)
		(void)close(p->local);
	p->local = -1;
	if (p->file[0] != '\0')
		remove_both(p->dir, p->file);
	if (p->file_fd != -1)
		(void)close(p->file_fd);
	p->file_fd = -1;
	if (p->file[0] != '\0' && p->is_hidden)
		(void)rmdir(p->dir_path);
	leave(p);
}
