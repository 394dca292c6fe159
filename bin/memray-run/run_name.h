/* The capture: its name, and how it comes into being. */

#ifndef RUN_NAME_H
#define RUN_NAME_H

#include <sys/stat.h>
#include <sys/types.h>

#include <stdbool.h>

#include <mt_collect.h>

struct run_target;

/* A capture of another process. */
struct run_other {
	char	*name;
	dev_t	 dev;		/* of the file that we have made */
	ino_t	 ino;
};

struct run_capture {
	int	 fd;		/* -1 as long as there is none */
	char	*name;		/* for messages */
	bool	 keep;		/* there is something in it */
	bool	 is_file;	/* of this name; else a stream */
	bool	 unnamed;	/* there are native frames without names */
	bool	 many;		/* there will be others: no stream will do */
	pid_t	 pid;		/* of the program */
	int	 stream_fd;	/* our caller's descriptor, or -1 */
	bool	 is_new;	/* the file was made by us */
	dev_t	 dev;		/* of the file */
	ino_t	 ino;
	struct run_other *others;
	size_t	 nothers;
	size_t	 others_cap;
	char	*fresh;		/* name of a file that is to replace one, */
	struct stat old;	/* which is this; the writer thread's own */
};

/*
 * Open what -o names: a file, a FIFO, a device, "-" or /dev/fd/N.  An
 * existing file is replaced if force.  Returns 0, or -1 after a line on
 * standard error.
 */
int	run_name_open(struct run_capture *, const char *output, bool force);

/*
 * Create memray-<subject>.<pid>.bin beside the script or, where that is not
 * possible, in the current directory.  Returns as above.
 */
int	run_name_create(struct run_capture *, const struct run_target *,
	    pid_t pid, bool force);

/*
 * Create the number-th capture of another process, <name>.<pid>[.<number>],
 * replacing what is there, and say what it is called.  A name that ends with
 * .<pid> of the program loses that first, as memray has it.  This is a
 * mt_collect_create_fn: it is called by another thread, and prints nothing.
 */
int	run_name_child(void *capture, pid_t, unsigned number,
	    char name[MT_COLLECT_NAME]);

/* Write to this descriptor instead, which becomes the capture's. */
void	run_name_replace(struct run_capture *, int fd);

/*
 * A new file for a capture that has grown, and its end: a mt_collect_renew_fn
 * and a mt_collect_renewed_fn.
 */
int	run_name_renew(void *capture, pid_t, unsigned number, int old);
int	run_name_renewed(void *capture, pid_t, unsigned number, int fd);

/* Close it and, unless it is to be kept, remove the file that we created. */
void	run_name_fini(struct run_capture *);

#endif /* RUN_NAME_H */
