/*
 * Where viewers of the live feed come in: a local socket, for the user and
 * root only, and, if that was asked for, a port of a network, for who knows
 * the token.  Both stand in a directory of the user's own, under the number
 * of the port, which without a network is but a number.
 */

#ifndef MT_COLLECT_PORT_H
#define MT_COLLECT_PORT_H

#include <mt_place.h>
#include <mt_token.h>

struct mt_collect_port {
	unsigned	port;
	int		net;		/* listening, does not block, or -1 */
	int		local;		/* likewise */
	struct mt_token	token;
	/* The place, with the file, whose lock tells that we live. */
	int		dir;
	int		file_fd;
	char		dir_path[MT_PLACE_PATH];
	char		file[MT_TOKEN_NAME];	/* "" if there is none */
	char		sock[MT_TOKEN_NAME];
	bool		is_hidden;	/* viewers have to be told of it */
};

/*
 * Listen: on a network if there is an address or a port; address NULL is the
 * loopback then, port 0 any that is free.
 */
enum mt_status	mt_collect_port_init(struct mt_collect_port *,
		    const char *address, unsigned port, struct mt_error *);
/* Removes file and socket; may be called again. */
void		mt_collect_port_fini(struct mt_collect_port *);

/* ---- mt_collect_place.c, for mt_collect_port.c ---- */

/*
 * Find a place, and take the number there: port, or any if that is 0.  Then
 * listen on the local socket; without one, local stays -1.  MT_ERR_LIMIT:
 * another memray-run has the number.
 */
enum mt_status	mt_collect_place_init(struct mt_collect_port *,
		    struct mt_error *);
/* Write the token into the file, for those who come through the network. */
enum mt_status	mt_collect_place_publish(struct mt_collect_port *,
		    struct mt_error *);
void		mt_collect_place_fini(struct mt_collect_port *);

#endif /* MT_COLLECT_PORT_H */
