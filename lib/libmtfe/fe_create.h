/*
 * How all programs come by the files that they write.  What is made of a
 * capture is as private as the capture: a new file is its owner's alone
 * (0600).  One that is there already is replaced only if that was asked for,
 * by a new one that takes its name; where the directory does not let us do
 * that, our own file is written over.  A symbolic link or a FIFO that is
 * neither ours nor the superuser's is refused: who put it there decides who
 * reads what we write.
 */

#ifndef FE_CREATE_H
#define FE_CREATE_H

#include <sys/types.h>

#include <stdbool.h>

enum fe_create_status {
	FE_CREATE_OK,
	FE_CREATE_EXISTS,	/* and it was not to be replaced */
	FE_CREATE_STRANGE,	/* it is somebody else's link or FIFO */
	FE_CREATE_DIR,		/* it is a directory */
	FE_CREATE_ODD,		/* it is no file, FIFO or device */
	FE_CREATE_STREAM,	/* it is a FIFO or device, with FILES only */
	FE_CREATE_ERRNO		/* see errno */
};

#define FE_CREATE_FORCE	1u	/* replace what is there */
#define FE_CREATE_FILES	2u	/* nothing but plain files will do */

struct fe_create {
	int	 fd;		/* the caller's to close; -1: none */
	bool	 is_new;	/* made by us */
	char	*place;		/* name of the file; NULL: it is a stream */
	char	*fresh;		/* its name until it replaces place, or NULL */
	dev_t	 dev;		/* of the file */
	ino_t	 ino;
};

/*
 * Open what is to be written.  Opening a FIFO waits for its reader, as in a
 * shell.  Unless the status is OK, there is nothing to be given back.
 */
enum fe_create_status	fe_create_open(struct fe_create *, const char *name,
			    unsigned flags);

/* The same for a file of that very name: a link there is replaced. */
enum fe_create_status	fe_create_file(struct fe_create *, const char *name,
			    bool force);

/* Give it its name, if it has another one so far.  False: see errno. */
bool	fe_create_commit(struct fe_create *);

/* It is no good: remove it, unless its name is another's by now. */
void	fe_create_discard(struct fe_create *);

/* Frees the names; the descriptor stays. */
void	fe_create_fini(struct fe_create *);

/*
 * The number of the descriptor that is meant by "-" (1), /dev/stdout,
 * /dev/stderr, /dev/fd/N or /proc/self/fd/N; -1 for any other name.
 */
int	fe_create_descriptor(const char *name);

#endif /* FE_CREATE_H */
