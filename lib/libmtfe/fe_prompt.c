/* A line that is being typed. */

#include "fe_key.h"
#include "fe_prompt.h"

#define CONTROL(c)	((c) & 0x1fu)

void
fe_prompt_init(struct fe_prompt *p)
{
	p->n = 0;
	p->text[0] = '\0';
}

static void
cut(struct fe_prompt *p, size_t n)
{
	p->n = n;
	p->text[n] = '\0';
}

static void
remove_character(struct fe_prompt *p)
{
	size_t n = p->n;

	while (n > 0 && ((unsigned char)p->text[--n] & 0xc0) == 0x80)
		continue;
	cut(p, n);
}

static void
remove_word(struct fe_prompt *p)
{
	size_t n = p->n;

	while (n > 0 && p->text[n - 1] == ' ')
		n--;
	while (n > 0 && p->text[n - 1] != ' ')
		n--;
	cut(p, n);
}

static void
add_character(struct fe_prompt *p, uint32_t cp)
{
	static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t len = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;

	if (p->n + len >= sizeof(p->text))
		return;
	for (size_t i = len; i-- > 1; cp >>= 6)
		p->text[p->n + i] = (char)(0x80 | (cp & 0x3f));
	p->text[p->n] = (char)(first[len] | cp);
	cut(p, p->n + len);
}

enum fe_prompt_state
fe_prompt_key(struct fe_prompt *p, uint32_t key)
{
	switch (key) {
	case FE_KEY_ENTER:
		return (FE_PROMPT_DONE);
	case FE_KEY_ESC:
		return (FE_PROMPT_CANCEL);
	case FE_KEY_BACKSPACE:
		if (p->n == 0)
			return (FE_PROMPT_CANCEL);
		remove_character(p);
		break;
	case CONTROL('u'):
		cut(p, 0);
		break;
	case CONTROL('w'):
		remove_word(p);
		break;
	default:
		if (key >= ' ' && key < FE_KEY_NONE &&
		    !(key >= 0x7f && key < 0xa0))
			add_character(p, key);
		break;
	}
	return (FE_PROMPT_MORE);
}
