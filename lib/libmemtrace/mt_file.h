/*
 * libmemtrace: files that somebody else may have a hand in.  Who may do what
 * to whom is in memtrace(7), SECURITY CONSIDERATIONS.
 *
 * What is looked at here by its name is used by its descriptor.  Descriptors
 * are close-on-exec.  Failures are -1 with errno; nothing is left behind then.
 */

#ifndef MT_FILE_H
#define MT_FILE_H

#include <sys/stat.h>

#include <memtrace.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A file without a name in this directory, for reading and writing; and one in
 * mt_place_tmpdir().
 */
MT_API int		mt_file_nameless(const char *dir);
MT_API int		mt_file_temporary(void);

/*
 * A file in memory, without a name that leads to it, that nobody can execute;
 * seals can be put on it.  The name is for /proc.
 */
MT_API int		mt_file_memory(const char *name);

/*
 * Open a plain file for reading whose name comes from outside: nothing but a
 * plain file is ever opened, since opening alone has effects on pipes and
 * devices.  errno is EINVAL for anything else.
 */
MT_API int		mt_file_open(const char *path, struct stat *);

/*
 * Open the plain file of that name for reading and, if may_write, for writing,
 * to change it in place.  A symbolic link is followed only if it is ours or
 * the superuser's, as who owns it decides where it leads; otherwise errno is
 * ELOOP.
 */
MT_API int		mt_file_edit(const char *path, bool may_write);

/*
 * Where a file that is to be written has its name: path, or what a symbolic
 * link of that name leads to, under the same rule.  *to is to be freed, and
 * untouched on failure.  A link that leads nowhere is its own place.
 */
MT_API int		mt_file_place(const char *path, char **to);

/*
 * Create a file for its owner alone, under a name that has none yet (errno is
 * EEXIST), or under one beside it, which replaces it when it is whole:
 * <directory>/.<name>.XXXXXX.  *fresh is to be freed.
 */
MT_API int		mt_file_create(const char *path);
MT_API int		mt_file_create_beside(const char *path, char **fresh);

#ifdef __cplusplus
}
#endif

#endif /* MT_FILE_H */
