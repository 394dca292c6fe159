/*
 * Keys, as fe_screen_key() decodes them: a character is its Unicode code
 * point (so Enter is FE_KEY_ENTER, and Control-F is 6), all others are beyond
 * Unicode.
 */

#ifndef FE_KEY_H
#define FE_KEY_H

#define FE_KEY_TAB	9u
#define FE_KEY_ENTER	10u
#define FE_KEY_ESC	27u

enum fe_key {
	FE_KEY_NONE = 0x110000,	/* the time is over */
	FE_KEY_INPUT,		/* the other descriptor is readable */
	FE_KEY_RESIZE,		/* the screen has another size: draw it */
	FE_KEY_QUIT,		/* a signal, or the terminal is gone */
	FE_KEY_UP,
	FE_KEY_DOWN,
	FE_KEY_LEFT,
	FE_KEY_RIGHT,
	FE_KEY_PAGE_UP,
	FE_KEY_PAGE_DOWN,
	FE_KEY_HOME,
	FE_KEY_END,
	FE_KEY_BACKSPACE,
	FE_KEY_DELETE,
	FE_KEY_BACKTAB,
	FE_KEY_F1,
	FE_KEY_OTHER,		/* a key that has no name here */
	FE_KEY_CLICK,		/* the mouse: see fe_screen_mouse() */
	FE_KEY_WHEEL_UP,
	FE_KEY_WHEEL_DOWN
};

#endif /* FE_KEY_H */
