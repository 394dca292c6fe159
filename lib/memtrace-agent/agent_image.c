/* What a file will be when it is executed.  Linux only. */

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include <elf.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "agent_image.h"

#define IMAGE_PYTHON	"python"
#define IMAGE_HELPER	"from multiprocessing.resource_tracker import"
#define IMAGE_CAPS	"security.capability"

/* A dynamic linker is what loads the agent. */
static bool
image_is_static(int fd)
{
	Elf64_Ehdr eh;
	Elf64_Phdr ph;
	unsigned i;

	if (pread(fd, &eh, sizeof(eh), 0) != sizeof(eh) ||
	    memcmp(eh.e_ident, ELFMAG, SELFMAG) != 0 ||
	    eh.e_ident[EI_CLASS] != ELFCLASS64 ||
	    eh.e_phentsize != sizeof(ph))
		return (false);
	for (i = 0; i < eh.e_phnum; i++)
		if (pread(fd, &ph, sizeof(ph), (off_t)(eh.e_phoff +
		    i * sizeof(ph))) == sizeof(ph) && ph.p_type == PT_INTERP)
			return (false);
	return (true);
}

/* Does the attribute of a file give capabilities, which root has anyway? */
static bool
image_has_caps(int fd)
{
	struct {
		uint32_t	magic;		/* bit 0: effective */
		uint32_t	permitted;	/* the first 32 */
		uint32_t	inheritable;
		uint32_t	more[3];	/* the others, and an owner */
	} caps;
	ssize_t n;

	memset(&caps, 0, sizeof(caps));
	n = fgetxattr(fd, IMAGE_CAPS, &caps, sizeof(caps));
	return (n > 0 && geteuid() != 0 && ((caps.magic & 1) != 0 ||
	    caps.permitted != 0 || caps.more[0] != 0));
}

/* For a program that gets more than its caller has, nothing is preloaded. */
static bool
image_is_privileged(int fd, const struct stat *st)
{
	struct statvfs fs;

	if (!((st->st_mode & S_ISUID) != 0 && st->st_uid != geteuid()) &&
	    !((st->st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
	    st->st_gid != getegid()) && !image_has_caps(fd))
		return (false);
	return (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 &&
	    (fstatvfs(fd, &fs) == -1 || (fs.f_flag & ST_NOSUID) == 0));
}

/* Of a script, it is the interpreter that counts. */
static bool
image_is_script(int fd)
{
	char c[2];

	return (pread(fd, c, 2, 0) == 2 && c[0] == '#' && c[1] == '!');
}

enum mt_why
agent_image_why(const char *path)
{
	enum mt_why why = MT_WHY_NONE;
	struct stat st;
	int fd;

	/* A file that may be executed, but not read, is not looked into. */
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1)
		return (MT_WHY_NONE);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    !image_is_script(fd)) {
		if (image_is_privileged(fd, &st))
			why = MT_WHY_PRIVILEGED;
		else if (image_is_static(fd))
			why = MT_WHY_STATIC;
	}
	(void)close(fd);
	return (why);
}

static const char *
image_base(const char *path)
{
	const char *base = strrchr(path, '/');

	return (base == NULL ? path : base + 1);
}

/* As "python3.11" in the arguments of another program. */
static bool
image_names_python(const char *arg)
{
	const char *base = image_base(arg);

	if (strncmp(base, IMAGE_PYTHON, sizeof(IMAGE_PYTHON) - 1) != 0)
		return (false);
	base += sizeof(IMAGE_PYTHON) - 1;
	return (base[strspn(base, "0123456789.")] == '\0');
}

bool
agent_image_is_python(const char *path, char *const argv[], enum mt_why why)
{
	size_t i;

	if (strncmp(image_base(path), IMAGE_PYTHON,
	    sizeof(IMAGE_PYTHON) - 1) == 0)
		return (true);
	if (why != MT_WHY_PRIVILEGED || argv == NULL || argv[0] == NULL)
		return (false);
	for (i = 1; i < 16 && argv[i] != NULL; i++)
		if (image_names_python(argv[i]))
			return (true);
	return (false);
}

/* Is there a word, or the last part of a path, that begins like it? */
static bool
image_mentions_python(const char *text)
{
	const char *at = text;

	for (; (at = strstr(at, IMAGE_PYTHON)) != NULL; at++)
		if (at == text || strchr(" \t\n/;&|(\"'`", at[-1]) != NULL)
			return (true);
	return (false);
}

/* As "/bin/sh -c 'exec python3 app.py'". */
static bool
image_asks_shell(const char *path, char *const argv[])
{
	const char *base = image_base(path);
	size_t len = strlen(base);

	return (len >= 2 && strcmp(base + len - 2, "sh") == 0 &&
	    argv != NULL && argv[0] != NULL && argv[1] != NULL &&
	    strcmp(argv[1], "-c") == 0 && argv[2] != NULL &&
	    image_mentions_python(argv[2]));
}

/* Does the first line of a script name a Python? */
static bool
image_is_python_script(const char *path)
{
	char line[128];
	ssize_t n;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1)
		return (false);
	n = pread(fd, line, sizeof(line) - 1, 0);
	(void)close(fd);
	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return (line[0] == '#' && line[1] == '!' &&
	    image_mentions_python(line));
}

bool
agent_image_runs_python(const char *path, char *const argv[])
{
	size_t i;

	/* A helper of the interpreter's own counts as little as it records. */
	for (i = 0; argv != NULL && i < 16 && argv[i] != NULL; i++)
		if (strstr(argv[i], IMAGE_HELPER) != NULL)
			return (false);
	return (strncmp(image_base(path), IMAGE_PYTHON,
	    sizeof(IMAGE_PYTHON) - 1) == 0 || image_asks_shell(path, argv) ||
	    image_is_python_script(path));
}
