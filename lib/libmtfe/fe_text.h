/*
 * Text that came out of a capture, made fit for terminals and pipes: names
 * in a program may hold anything, also what moves a cursor.
 */

#ifndef FE_TEXT_H
#define FE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FE_TEXT_BAD	UINT32_MAX

/*
 * Decode the first character of the n > 0 bytes at s into *cp and return its
 * length.  A byte that starts no valid UTF-8 is FE_TEXT_BAD, of length 1.
 */
size_t	fe_text_next(const char *s, size_t n, uint32_t *cp);

/* Cells that a character takes on a terminal: 0, 1 or 2. */
unsigned	fe_text_cells(uint32_t cp);

/*
 * Whether a character must not be printed as it is, in any format: control
 * characters, what ends or reorders a line, and FE_TEXT_BAD.  None of them
 * is beyond U+FFFF.
 */
bool	fe_text_is_unsafe(uint32_t cp);

/*
 * A copy of s, to be freed: always valid UTF-8, on one line, with \n, \t,
 * \xNN or \uNNNN for unsafe characters, which bytes that are not UTF-8 are,
 * too.  If reversible, a backslash becomes two.
 */
char	*fe_text_clean(const char *s, bool reversible);

/*
 * The same for a field of a table that a program reads, always reversible:
 * \xNN also stands for ASCII characters that are in `separators`, and \xNN
 * or \uNNNN for a first one that makes a spreadsheet take the field for a
 * formula (= + - @, and these in full width).
 */
char	*fe_text_field(const char *s, const char *separators);

/*
 * Shorten the clean text s of n bytes in its middle: keep [0, *head), which
 * takes at most head_cells, and [*tail, n), which takes at most tail_cells.
 * The caller has found that all of it takes more than both.
 */
void	fe_text_cut(const char *s, size_t n, unsigned head_cells,
	    unsigned tail_cells, size_t *head, size_t *tail);

/* Cells of a clean text. */
unsigned	fe_text_width(const char *s, size_t n);

#endif /* FE_TEXT_H */
