/* The file that tells viewers of a live feed where it is. */

#include <stdio.h>

#include "mt_token.h"

void
mt_token_name(char file[MT_TOKEN_NAME], char sock[MT_TOKEN_NAME],
    unsigned port)
{
	(void)snprintf(file, MT_TOKEN_NAME, "live-%u", port & 0xffff);
	(void)snprintf(sock, MT_TOKEN_NAME, "live-%u.sock", port & 0xffff);
}

static size_t
put_line(char *to, const uint8_t secret[MT_SEAL_TOKEN])
{
	unsigned i;

	for (i = 0; i < MT_SEAL_TOKEN; i++)
		(void)snprintf(to + 2 * i, 3, "%02x", secret[i]);
	to[2 * MT_SEAL_TOKEN] = '\n';
	return (2 * MT_SEAL_TOKEN + 1);
}

size_t
mt_token_text(char text[MT_TOKEN_TEXT], const struct mt_token *t)
{
	size_t n = put_line(text, t->said);

	return (n + put_line(text + n, t->token));
}

/* A line of digits; false if it is none. */
static bool
get_line(const char *text, uint8_t secret[MT_SEAL_TOKEN])
{
	unsigned i, digit;
	char c;

	for (i = 0; i < 2 * MT_SEAL_TOKEN; i++) {
		c = text[i];
		if (c >= '0' && c <= '9')
			digit = (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			digit = (unsigned)(c - 'a') + 10;
		else
			return (false);
		secret[i / 2] = (uint8_t)((i % 2 == 0 ? 0u :
		    (unsigned)secret[i / 2] << 4) | digit);
	}
	return (text[i] == '\n');
}

bool
mt_token_parse(struct mt_token *t, unsigned *version, const char *text,
    size_t n)
{
	const size_t line = 2 * MT_SEAL_TOKEN + 1;

	*version = 0;
	if (n == 0)
		return (true);
	if (n < line || !get_line(text, t->said))
		return (false);
	*version = 1;
	if (n < 2 * line)
		return (n == line);
	*version = 2;
	return (get_line(text + line, t->token));
}
