/*
 * libmemtrace: the file that tells viewers of a live feed that it is there
 * and, if a network leads to it, has its token.  See memtrace-live(5).
 */

#ifndef MT_TOKEN_H
#define MT_TOKEN_H

#include <memtrace.h>
#include <mt_seal.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MT_TOKEN_NAME	32u	/* bytes */
#define MT_TOKEN_TEXT	(2 * (2 * MT_SEAL_TOKEN + 1))

struct mt_token {
	/* Half of this viewers of version 1 tell everybody. */
	uint8_t	said[MT_SEAL_TOKEN];
	uint8_t	token[MT_SEAL_TOKEN];
};

/* Names in a place, of the file and of the socket beside it. */
MT_API void	mt_token_name(char file[MT_TOKEN_NAME],
		    char sock[MT_TOKEN_NAME], unsigned port);

/* The contents of the file, without an end; returns their length. */
MT_API size_t	mt_token_text(char text[MT_TOKEN_TEXT],
		    const struct mt_token *);
/*
 * And back.  False: it is no such file.  The version is that of the protocol
 * to be spoken with the token; 0: there is none, and no network leads there.
 */
MT_API bool	mt_token_parse(struct mt_token *, unsigned *version,
		    const char *text, size_t n);

#ifdef __cplusplus
}
#endif

#endif /* MT_TOKEN_H */
