/* Files that could be run: where they are, what the kernel makes of them. */

#include <sys/stat.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run_file.h"
#include "run_util.h"

#define SHEBANG_MAX	256	/* the kernel reads no more of a #! line */

int
run_file_executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return (errno);
	if (S_ISDIR(st.st_mode))
		return (EISDIR);
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0)
		return (errno);
	return (S_ISREG(st.st_mode) ? 0 : EACCES);
}

int
run_file_find(const char *name, char **path)
{
	const char *dir, *search = getenv("PATH");
	int error, found = ENOENT;
	size_t len;
	char *p;

	if (*name == '\0')
		return (ENOENT);
	if (strchr(name, '/') != NULL) {
		if ((error = run_file_executable(name)) == 0)
			*path = run_format("%s", name);
		return (error);
	}
	for (dir = search != NULL ? search : _PATH_DEFPATH; dir != NULL;
	    dir = dir[len] == ':' ? dir + len + 1 : NULL) {
		len = strcspn(dir, ":");
		/* An empty element means the current directory. */
		p = run_format("%.*s/%s", len != 0 ? (int)len : 1,
		    len != 0 ? dir : ".", name);
		if ((error = run_file_executable(p)) == 0) {
			*path = p;
			return (0);
		}
		free(p);
		if (error == EACCES)
			found = EACCES;
	}
	return (found);
}

static bool
is_python_name(const char *word, size_t len)
{
	const char *base = word;

	for (size_t i = 0; i < len; i++)
		if (word[i] == '/')
			base = word + i + 1;
	return (strncmp(base, "python", 6) == 0 ||
	    strncmp(base, "pypy", 4) == 0);
}

static bool
is_env_name(const char *word, size_t len)
{
	return ((len == 3 && memcmp(word, "env", 3) == 0) ||
	    (len > 4 && memcmp(word + len - 4, "/env", 4) == 0));
}

/*
 * Does a #! line, without the #! itself, start a Python?  Also through
 * env(1), possibly with -S and with variables set.
 */
static bool
starts_python(const char *line)
{
	const char *blank = " \t\r";
	size_t len;

	line += strspn(line, blank);
	len = strcspn(line, blank);
	if (!is_env_name(line, len))
		return (is_python_name(line, len));
	for (;;) {
		line += len;
		line += strspn(line, blank);
		if ((len = strcspn(line, blank)) == 0)
			return (false);
		if (strncmp(line, "-S", 2) == 0 && len > 2) {
			line += 2;	/* "-Spython3" */
			len -= 2;
		}
		if (*line != '-' && memchr(line, '=', len) == NULL)
			return (is_python_name(line, len));
	}
}

int
run_file_kind(const char *path, enum run_file_kind *kind)
{
	char line[SHEBANG_MAX + 1];
	ssize_t n;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) == -1)
		return (errno);
	n = read(fd, line, SHEBANG_MAX);
	(void)close(fd);
	if (n < 0)
		return (errno);
	line[n] = '\0';
	*kind = RUN_FILE_OTHER;
	if (n >= 4 && memcmp(line, "\177ELF", 4) == 0) {
		*kind = RUN_FILE_ELF;
	} else if (n >= 2 && memcmp(line, "#!", 2) == 0) {
		line[strcspn(line, "\n")] = '\0';
		*kind = starts_python(line + 2) ?
		    RUN_FILE_PYTHON : RUN_FILE_INTERPRETED;
	}
	return (0);
}

bool
run_file_is_named_python(const char *path)
{
	const char *dot = strrchr(run_basename(path), '.');

	return (dot != NULL && (strcmp(dot, ".py") == 0 ||
	    strcmp(dot, ".pyw") == 0 || strcmp(dot, ".pyz") == 0));
}

/* What the linkers write is in the first page. */
bool
run_file_is_static(const char *path)
{
	union {
		Elf64_Ehdr	head;
		unsigned char	bytes[4096];
	} page;
	const Elf64_Phdr *ph;
	size_t end, i;
	int fd;

	memset(&page, 0, sizeof(page));
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1)
		return (false);
	if (read(fd, page.bytes, sizeof(page)) == -1)
		page.bytes[0] = 0;
	(void)close(fd);
	end = page.head.e_phoff + page.head.e_phnum * sizeof(*ph);
	if (memcmp(page.bytes, ELFMAG, SELFMAG) != 0 ||
	    page.head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    page.head.e_phentsize != sizeof(*ph) ||
	    page.head.e_phoff % _Alignof(Elf64_Phdr) != 0 ||
	    end < page.head.e_phoff || end > sizeof(page))
		return (false);
	ph = (const void *)(page.bytes + page.head.e_phoff);
	for (i = 0; i < page.head.e_phnum; i++)
		if (ph[i].p_type == PT_INTERP)
			return (false);
	return (true);
}
