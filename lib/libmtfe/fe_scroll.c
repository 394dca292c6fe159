/* A list that is longer than the screen. */

#include "fe_key.h"
#include "fe_scroll.h"

#define CONTROL(c)	((c) & 0x1fu)

static void
show_current(struct fe_scroll *s)
{
	if (s->current < s->top)
		s->top = s->current;
	if (s->height > 0 && s->current >= s->top + s->height)
		s->top = s->current - s->height + 1;
}

void
fe_scroll_fit(struct fe_scroll *s, size_t n, size_t height)
{
	s->n = n;
	s->height = height;
	fe_scroll_to(s, s->current);
	/* No empty lines below the last row while others are hidden. */
	if (s->top + height > n)
		s->top = n > height ? n - height : 0;
}

void
fe_scroll_to(struct fe_scroll *s, size_t row)
{
	s->current = s->n == 0 ? 0 : row < s->n ? row : s->n - 1;
	show_current(s);
}

static void
up(struct fe_scroll *s, size_t rows)
{
	fe_scroll_to(s, s->current > rows ? s->current - rows : 0);
}

bool
fe_scroll_key(struct fe_scroll *s, uint32_t key)
{
	size_t page = s->height > 1 ? s->height - 1 : 1;

	switch (key) {
	case FE_KEY_UP:
	case 'k':
		up(s, 1);
		return (true);
	case FE_KEY_DOWN:
	case 'j':
		fe_scroll_to(s, s->current + 1);
		return (true);
	case FE_KEY_PAGE_UP:
	case CONTROL('b'):
		up(s, page);
		return (true);
	case FE_KEY_PAGE_DOWN:
	case CONTROL('f'):
		fe_scroll_to(s, s->current + page);
		return (true);
	case FE_KEY_HOME:
	case 'g':
		fe_scroll_to(s, 0);
		return (true);
	case FE_KEY_END:
	case 'G':
		fe_scroll_to(s, s->n);
		return (true);
	default:
		return (false);
	}
}
