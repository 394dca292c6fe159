/*
 * The port of the live feed, and the secret without which nobody gets
 * anything: in a file that nobody but the user can read, in a directory of
 * his own.  The file is locked as long as the port is there, so that those of
 * collectors that were killed can be told, and removed.
 */

#ifndef MT_COLLECT_PORT_H
#define MT_COLLECT_PORT_H

#include <mt_mirror.h>

struct mt_collect_port {
	int		fd;		/* listening, does not block */
	unsigned	port;
	uint8_t		secret[MT_MIRROR_SECRET];
	char		file[MT_MIRROR_PATH];	/* "" if there is none */
	int		file_fd;	/* that holds the lock */
};

/* address NULL: the loopback; port 0: any that is free. */
enum mt_status	mt_collect_port_init(struct mt_collect_port *,
		    const char *address, unsigned port, struct mt_error *);
/* Removes the file; may be called again. */
void		mt_collect_port_fini(struct mt_collect_port *);

#endif /* MT_COLLECT_PORT_H */
