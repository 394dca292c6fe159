/* The interactive view: keys. */

#include <string.h>

#include "tree_screen.h"

#define WHEEL_ROWS	3

static const char not_found[] = "Not found";
static const char partial[] = "Something is missing: see the warnings behind "
    "this screen";

/* When the last of the captures was begun. */
static uint64_t
recorded(const struct fe_metas *metas)
{
	uint64_t last = 0;

	for (size_t i = 0; i < metas->n; i++)
		if (metas->meta[i].start_time_ns > last)
			last = metas->meta[i].start_time_ns;
	return (last);
}

static void
search(struct tree_screen *s, bool back)
{
	if (!tree_view_search(&s->view, s->sought, back) &&
	    !tree_view_matches(&s->view,
	    s->view.rows[s->view.current].node, s->sought))
		s->message = not_found;
}

/* Take a key of the line that is being typed. */
static void
type(struct tree_screen *s, uint32_t key)
{
	switch (fe_prompt_key(&s->prompt, key)) {
	case FE_PROMPT_DONE:
		s->is_typing = false;
		/* Nothing: what was sought last. */
		if (s->prompt.n > 0)
			memcpy(s->sought, s->prompt.text, s->prompt.n + 1);
		search(s, false);
		break;
	case FE_PROMPT_CANCEL:
		s->is_typing = false;
		break;
	default:
		break;
	}
}

static void
open_or_close(struct tree_screen *s, uint32_t key)
{
	switch (key) {
	case FE_KEY_ENTER:
	case ' ':
		tree_view_toggle(&s->view);
		break;
	case FE_KEY_RIGHT:
	case 'l':
		tree_view_right(&s->view);
		break;
	case FE_KEY_LEFT:
	case 'h':
		tree_view_left(&s->view);
		break;
	case 'e':
		tree_view_toggle_group(&s->view);
		break;
	case 'E':
		tree_view_open_all(&s->view);
		break;
	default:
		break;
	}
}

static void
go_to_row(struct tree_screen *s, size_t row)
{
	fe_scroll_to(&s->scroll, row);
	s->view.current = s->scroll.current;
}

/* The row under the mouse, or if it is that already, open or close it. */
static void
click(struct tree_screen *s)
{
	size_t line = fe_screen_mouse_line(s->screen), row;

	row = s->scroll.top + line - TREE_FIRST_LINE;
	if (line < TREE_FIRST_LINE ||
	    line - TREE_FIRST_LINE >= s->scroll.height ||
	    fe_screen_mouse_column(s->screen) >= s->columns ||
	    row >= s->view.nrows)
		return;
	if (row == s->view.current)
		tree_view_toggle(&s->view);
	else
		go_to_row(s, row);
}

static void
command(struct tree_screen *s, uint32_t key)
{
	switch (key) {
	case '?':
	case FE_KEY_F1:
		s->is_help = true;
		break;
	case '/':
		s->is_typing = true;
		fe_prompt_init(&s->prompt);
		break;
	case 'n':
	case 'N':
		search(s, key == 'N');
		break;
	case 'i':
		tree_view_hide_import(&s->view, !s->view.hides_import);
		break;
	case 'u':
		tree_view_hide_boring(&s->view, !s->view.hides_boring);
		break;
	case FE_KEY_CLICK:
		click(s);
		break;
	case FE_KEY_WHEEL_UP:
		go_to_row(s, s->view.current > WHEEL_ROWS ?
		    s->view.current - WHEEL_ROWS : 0);
		break;
	case FE_KEY_WHEEL_DOWN:
		go_to_row(s, s->view.current + WHEEL_ROWS);
		break;
	default:
		open_or_close(s, key);
		break;
	}
}

static void
take_key(struct tree_screen *s, uint32_t key)
{
	/* A new size ends nothing. */
	if (key == FE_KEY_RESIZE)
		return;
	s->message = NULL;
	if (s->is_help) {
		s->is_help = false;
	} else if (s->is_typing) {
		type(s, key);
	} else if (fe_scroll_key(&s->scroll, key)) {
		s->view.current = s->scroll.current;
	} else {
		command(s, key);
	}
	/* What is not there yet as rows is fitted when it is drawn. */
	s->scroll.n = s->view.nrows;
	fe_scroll_to(&s->scroll, s->view.current);
}

int
tree_screen(const struct tree *t, const char *title)
{
	struct tree_screen s;
	uint32_t key;

	memset(&s, 0, sizeof(s));
	if (!fe_screen_open(&s.screen))
		return (0);
	s.tree = t;
	s.title = title;
	s.recorded_ns = recorded(&t->metas);
	s.message = t->is_partial ? partial : NULL;
	fe_screen_mouse(s.screen);
	tree_view_init(&s.view, t);
	for (;;) {
		tree_draw(&s);
		key = fe_screen_key(s.screen, -1, -1);
		if (key == FE_KEY_QUIT ||
		    (key == 'q' && !s.is_typing && !s.is_help))
			break;
		take_key(&s, key);
	}
	tree_view_fini(&s.view);
	tree_source_fini(&s.source);
	return (fe_screen_close(s.screen));
}
