/* What directories that we are told of are worth.  Linux only. */

#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mt_place.h"

#define LINKS_MAX	16	/* followed on the way to a directory */
#define NOBODY		65534	/* stands for users without a number here */

/* In a user namespace: does the number stand for all that have none? */
static bool
is_unmapped(uid_t uid)
{
	unsigned long first, outside, n;
	bool mapped = false;
	FILE *fp;

	if (uid != NOBODY || (fp = fopen("/proc/self/uid_map", "re")) == NULL)
		return (false);
	while (!mapped && fscanf(fp, "%lu %lu %lu", &first, &outside, &n) == 3)
		mapped = uid >= first && uid - first < n;
	(void)fclose(fp);
	return (!mapped);
}

bool
mt_place_trusts(uid_t uid)
{
	return (uid == geteuid() || uid == 0 || is_unmapped(uid));
}

static enum mt_place_worth
worse(enum mt_place_worth a, enum mt_place_worth b)
{
	return (a < b ? a : b);
}

/* What one place on the way is worth; a link counts by its owner alone. */
static enum mt_place_worth
rank(const struct stat *st)
{
	const bool trusted = mt_place_trusts(st->st_uid);

	errno = EACCES;
	if (!trusted)
		return (MT_PLACE_STRANGE);
	if (S_ISLNK(st->st_mode))
		return (MT_PLACE_PRIVATE);
	errno = ENOTDIR;
	if (!S_ISDIR(st->st_mode))
		return (MT_PLACE_STRANGE);
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
	    (st->st_mode & S_ISVTX) == 0)
		return (MT_PLACE_OPEN);
	return (st->st_uid == geteuid() && (st->st_mode & 077) == 0 ?
	    MT_PLACE_PRIVATE : MT_PLACE_SAFE);
}

static enum mt_place_worth look_at(const char *path, unsigned links);

/* The link at path[0, n) leads to a directory of this worth. */
static enum mt_place_worth
follow(const char *path, size_t n, unsigned links)
{
	char link[PATH_MAX], target[PATH_MAX], to[2 * PATH_MAX];
	size_t dir;
	ssize_t len;

	(void)snprintf(link, sizeof(link), "%.*s", (int)n, path);
	len = readlink(link, target, sizeof(target) - 1);
	if (len == -1)
		return (MT_PLACE_STRANGE);
	target[len] = '\0';
	errno = ELOOP;
	if (links >= LINKS_MAX)
		return (MT_PLACE_STRANGE);
	dir = (size_t)(strrchr(link, '/') - link) + 1;
	(void)snprintf(to, sizeof(to), "%.*s%s", *target == '/' ? 0 :
	    (int)dir, link, target);
	return (look_at(to, links + 1));
}

/*
 * From the root on: whoever can put something else in the place of one of the
 * directories above can do so with all that is below.
 */
static enum mt_place_worth
look_at(const char *path, unsigned links)
{
	enum mt_place_worth way = MT_PLACE_PRIVATE, last = MT_PLACE_STRANGE;
	char prefix[PATH_MAX];
	struct stat st;
	size_t n;

	errno = EINVAL;
	if (*path != '/' || strlen(path) >= sizeof(prefix))
		return (MT_PLACE_STRANGE);
	for (n = 1; n != 0 && way != MT_PLACE_STRANGE;) {
		(void)snprintf(prefix, sizeof(prefix), "%.*s", (int)n, path);
		if (lstat(prefix, &st) != 0)
			return (MT_PLACE_STRANGE);
		last = rank(&st);
		if (S_ISLNK(st.st_mode) && last != MT_PLACE_STRANGE)
			last = follow(path, n, links);
		/* A directory that others see is still a way. */
		if (last != MT_PLACE_SAFE)
			way = worse(way, last);
		n += strspn(path + n, "/");
		n = path[n] == '\0' ? 0 : n + strcspn(path + n, "/");
	}
	return (worse(way, last));
}

enum mt_place_worth
mt_place_worth(const char *path)
{
	return (look_at(path, 0));
}

/* One that is not there is what the user has to hear of. */
const char *
mt_place_tmpdir(void)
{
	const char *dir = getenv("TMPDIR");

	if (dir == NULL || *dir != '/')
		return ("/tmp");
	return (mt_place_worth(dir) != MT_PLACE_STRANGE || errno == ENOENT ||
	    errno == ENOTDIR ? dir : "/tmp");
}
