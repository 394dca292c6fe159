/* What the program was as a process, from /proc.  Linux only. */

#include <sys/wait.h>

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run_image.h"

/* The beginning of /proc/<pid>/<name>; its length, 0 if there is none. */
static size_t
image_read(pid_t pid, const char *name, void *to, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return (0);
	n = read(fd, to, size);
	(void)close(fd);
	return (n > 0 ? (size_t)n : 0);
}

struct image_rights {
	unsigned long	uid;		/* effective, */
	unsigned long	gid;		/* likewise */
	uint64_t	caps;		/* permitted */
};

/* The second number of a line of numbers. */
static unsigned long
image_second(const char *line)
{
	char *end;

	(void)strtoul(line, &end, 10);
	return (strtoul(end, NULL, 10));
}

static bool
image_rights(pid_t pid, struct image_rights *r)
{
	const char *uid, *gid, *caps;
	char text[4096];

	text[image_read(pid, "status", text, sizeof(text) - 1)] = '\0';
	uid = strstr(text, "\nUid:");
	gid = strstr(text, "\nGid:");
	caps = strstr(text, "\nCapPrm:");
	if (uid == NULL || gid == NULL || caps == NULL)
		return (false);
	r->uid = image_second(uid + 5);
	r->gid = image_second(gid + 5);
	r->caps = strtoull(caps + 8, NULL, 16);
	return (true);
}

void
run_image_begin(struct run_image *im, pid_t pid)
{
	struct image_rights own, its;

	im->privileged = image_rights(getpid(), &own) &&
	    image_rights(pid, &its) && (its.uid != own.uid ||
	    its.gid != own.gid || (its.caps & ~own.caps) != 0);
}

void
run_image_end(struct run_image *im, pid_t pid)
{
	siginfo_t si = { .si_pid = 0 };
	struct image_rights its;

	if (waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) != 0 ||
	    si.si_pid != pid || !image_rights(pid, &its))
		return;
	im->other_user = its.uid != geteuid();
	im->uid = (uid_t)its.uid;
}
