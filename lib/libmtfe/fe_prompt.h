/*
 * A line that is being typed, such as what to search for.  While there is
 * one, give it the keys, and draw it with fe_screen_prompt().
 */

#ifndef FE_PROMPT_H
#define FE_PROMPT_H

#include <stddef.h>
#include <stdint.h>

#define FE_PROMPT_BYTES	256

enum fe_prompt_state {
	FE_PROMPT_MORE,		/* go on */
	FE_PROMPT_DONE,		/* Enter */
	FE_PROMPT_CANCEL	/* Escape, or Backspace in an empty line */
};

struct fe_prompt {
	char	text[FE_PROMPT_BYTES];	/* UTF-8 */
	size_t	n;			/* bytes */
};

/* An empty line. */
void	fe_prompt_init(struct fe_prompt *);

/*
 * Take a key: characters are added, Backspace removes the last, Control-U all
 * and Control-W the last word.  What does not fit, and keys that are no
 * characters, are ignored.
 */
enum fe_prompt_state	fe_prompt_key(struct fe_prompt *, uint32_t key);

#endif /* FE_PROMPT_H */
