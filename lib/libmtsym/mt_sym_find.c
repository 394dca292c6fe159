/* The file of a module, or another one that stands for it. */

#include <sys/stat.h>

#include <dlfcn.h>
#include <elfutils/libdwelf.h>
#include <errno.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mt_file.h>
#include <mt_place.h>

#include "mt_sym_find.h"

#define DEBUG_DIR	"/usr/lib/debug/.build-id"
#define ID_BYTES	20	/* of a build-id that are shown */
#define HEX_MAX		(2 * ID_BYTES + 1)

static void
hex(char *to, const uint8_t *id, size_t n)
{
	size_t i;

	*to = '\0';
	for (i = 0; i < n && i < ID_BYTES; i++)
		(void)snprintf(to + 2 * i, 3, "%02x", id[i]);
}

/* What the build-id of a file is to that of a module. */
enum same {
	SAME,
	OTHER,
	NO_ID,		/* one of them has none */
	NO_ELF
};

static enum same
compare(int fd, const struct mt_module *m, char has[HEX_MAX])
{
	enum same same = NO_ID;
	const void *id;
	ssize_t n;
	Elf *elf;

	*has = '\0';
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf == NULL || elf_kind(elf) != ELF_K_ELF) {
		(void)elf_end(elf);
		return (NO_ELF);
	}
	n = dwelf_elf_gnu_build_id(elf, &id);
	if (n > 0 && m->build_id_len > 0) {
		hex(has, id, (size_t)n);
		same = (size_t)n == m->build_id_len &&
		    memcmp(id, m->build_id, m->build_id_len) == 0 ? SAME :
		    OTHER;
	}
	(void)elf_end(elf);
	return (same);
}

static bool
is_older(const struct stat *sb, uint64_t time_ns)
{
	return (sb->st_ctim.tv_sec < 0 || (uint64_t)sb->st_ctim.tv_sec *
	    1000000000u + (uint64_t)sb->st_ctim.tv_nsec < time_ns);
}

/* The file where it was. */
static int
find_path(const struct mt_module *m, uint64_t start_time_ns, char *note)
{
	char has[HEX_MAX], wants[HEX_MAX];
	struct stat sb;
	enum same same;
	int fd;

	fd = mt_file_open(m->path, &sb);
	if (fd == -1) {
		(void)snprintf(note, MT_SYM_NOTE, "%s", errno == ENOENT ?
		    "there is no such file any more" :
		    errno == EINVAL ? "not a plain file" : strerror(errno));
		return (-1);
	}
	same = compare(fd, m, has);
	hex(wants, m->build_id, m->build_id_len);
	if (same == SAME || (same == NO_ID && is_older(&sb, start_time_ns)))
		return (fd);
	if (same == OTHER)
		(void)snprintf(note, MT_SYM_NOTE, "another file now: its "
		    "build-id is %s, that of the run's was %s", has, wants);
	else
		(void)snprintf(note, MT_SYM_NOTE, "%s", same == NO_ELF ?
		    "not an ELF file" :
		    "it has no build-id, and changed since the run");
	(void)close(fd);
	return (-1);
}

/* Where packages with debug information put it. */
static int
find_debug(const struct mt_module *m)
{
	char id[HEX_MAX], has[HEX_MAX], path[sizeof(DEBUG_DIR) + HEX_MAX + 10];
	struct stat sb;
	int fd;

	if (m->build_id_len < 2 || m->build_id_len > ID_BYTES)
		return (-1);
	hex(id, m->build_id, m->build_id_len);
	(void)snprintf(path, sizeof(path), DEBUG_DIR "/%.2s/%s.debug", id,
	    id + 2);
	fd = mt_file_open(path, &sb);
	if (fd != -1 && compare(fd, m, has) != SAME) {
		(void)close(fd);
		fd = -1;
	}
	return (fd);
}

/*
 * The library keeps what it was told in a directory that it makes below one of
 * these.  Who owns that decides where it leads.
 */
bool
mt_sym_find_may_ask(void)
{
	static const char *const variables[] = {
		"DEBUGINFOD_CACHE_PATH", "XDG_CACHE_HOME", "HOME"
	};
	const char *dir;

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		dir = getenv(variables[i]);
		if (dir != NULL && *dir != '\0' && access(dir, F_OK) == 0 &&
		    mt_place_worth(dir) == MT_PLACE_STRANGE)
			return (false);
	}
	return (true);
}

/* From the servers that the user has named, if the library is there. */
static int
find_server(const struct mt_module *m)
{
	const char *urls = getenv("DEBUGINFOD_URLS");
	void *(*begin)(void), (*end)(void *);
	int (*find)(void *, const unsigned char *, int, char **);
	void *client, *library, *p[3];
	char has[HEX_MAX];
	int fd = -1;

	if (urls == NULL || *urls == '\0' || m->build_id_len == 0 ||
	    m->build_id_len > ID_BYTES)
		return (-1);
	library = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL);
	if (library == NULL)
		return (-1);
	p[0] = dlsym(library, "debuginfod_begin");
	p[1] = dlsym(library, "debuginfod_find_debuginfo");
	p[2] = dlsym(library, "debuginfod_end");
	memcpy(&begin, &p[0], sizeof(p[0]));
	memcpy(&find, &p[1], sizeof(p[1]));
	memcpy(&end, &p[2], sizeof(p[2]));
	client = p[0] != NULL && p[1] != NULL && p[2] != NULL ? begin() :
	    NULL;
	if (client != NULL) {
		fd = find(client, m->build_id, (int)m->build_id_len, NULL);
		end(client);
	}
	if (fd >= 0 && compare(fd, m, has) != SAME) {
		(void)close(fd);
		fd = -1;
	}
	return (fd);
}

int
mt_sym_find(const struct mt_module *m, uint64_t start_time_ns,
    char note[MT_SYM_NOTE])
{
	int fd;

	*note = '\0';
	fd = find_path(m, start_time_ns, note);
	if (fd == -1)
		fd = find_debug(m);
	if (fd == -1)
		fd = find_server(m);
	if (fd >= 0)
		*note = '\0';
	return (fd >= 0 ? fd : -1);
}
