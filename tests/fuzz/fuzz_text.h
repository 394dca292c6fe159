/*
 * What reports may look like: rules of the formats and of memtrace(7), NAMES,
 * in words that share nothing with the code that writes them.
 */

#ifndef FUZZ_TEXT_H
#define FUZZ_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* UTF-8 with nothing that changes a terminal but the ends of lines, tabs. */
bool	fuzz_text_is_plain(const char *, size_t);
/* The same, and one value of JSON. */
bool	fuzz_text_is_json(const char *, size_t);
/*
 * The same, lines that all have as many fields as the first one, quotes in
 * pairs, and no field that a spreadsheet would take for a formula.
 */
bool	fuzz_text_is_csv(const char *, size_t);

#endif /* FUZZ_TEXT_H */
