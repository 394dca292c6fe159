/* Private places and their sockets, as Linux has them. */

#include <sys/socket.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mt_place.h"

bool
mt_place_address(struct sockaddr_un *sun, int dir, const char *name)
{
	int n;

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	n = snprintf(sun->sun_path, sizeof(sun->sun_path),
	    "/proc/self/fd/%d/%s", dir, name);
	return (n > 0 && (size_t)n < sizeof(sun->sun_path));
}

bool
mt_place_is_friend(int sock)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	    len == sizeof(peer) && (peer.uid == geteuid() || peer.uid == 0));
}
