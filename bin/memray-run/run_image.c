/* What the program was as a process, from /proc.  Linux only. */

#include <sys/wait.h>

#include <elf.h>
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
	unsigned long	uid[2];		/* real, effective */
	unsigned long	gid[2];
	uint64_t	caps;		/* permitted */
};

/* The first two numbers of a line. */
static void
image_numbers(const char *line, unsigned long n[2])
{
	char *end;

	n[0] = strtoul(line, &end, 10);
	n[1] = strtoul(end, NULL, 10);
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
	image_numbers(uid + 5, r->uid);
	image_numbers(gid + 5, r->gid);
	r->caps = strtoull(caps + 8, NULL, 16);
	return (true);
}

/*
 * What the kernel told the dynamic linker, which then ignores LD_PRELOAD; it
 * stays the same whatever the program makes of itself.  False if that cannot
 * be had: the process has ended, or has rights that we have not.
 */
static bool
image_secure(pid_t pid, bool *secure)
{
	Elf64_auxv_t v[64];
	const size_t n = image_read(pid, "auxv", v, sizeof(v)) / sizeof(v[0]);

	for (size_t i = 0; i < n; i++)
		if (v[i].a_type == AT_SECURE) {
			*secure = v[i].a_un.a_val != 0;
			return (true);
		}
	return (false);
}

/* Only an executable has given it the rights of somebody else. */
static bool
image_is_borrowed(const unsigned long id[2], unsigned long own)
{
	return (id[0] == own && id[1] != own);
}

void
run_image_begin(struct run_image *im, pid_t pid)
{
	struct image_rights own, its;

	if (image_secure(pid, &im->privileged))
		return;
	im->privileged = image_rights(getpid(), &own) &&
	    image_rights(pid, &its) && ((its.caps & ~own.caps) != 0 ||
	    image_is_borrowed(its.uid, own.uid[0]) ||
	    image_is_borrowed(its.gid, own.gid[0]));
}

void
run_image_end(struct run_image *im, pid_t pid)
{
	siginfo_t si = { .si_pid = 0 };
	struct image_rights its;

	if (waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) != 0 ||
	    si.si_pid != pid || !image_rights(pid, &its))
		return;
	im->other_user = its.uid[1] != geteuid();
	im->uid = (uid_t)its.uid[1];
}
