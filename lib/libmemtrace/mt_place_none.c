/* For systems on which nobody has made local sockets safe to use yet. */

#include "mt_place.h"

bool
mt_place_address(struct sockaddr_un *sun, int dir, const char *name)
{
	(void)sun;
	(void)dir;
	(void)name;
	return (false);
}

bool
mt_place_is_friend(int sock)
{
	(void)sock;
	return (false);
}
