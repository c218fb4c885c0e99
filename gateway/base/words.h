#ifndef GATEWAY_BASE_WORDS_H
#define GATEWAY_BASE_WORDS_H
/* SPDX-License-Identifier: MIT
 *
 * words - sentences for people, in their language
 *
 * _() marks a sentence and translates it where it is said, N_() only marks one that
 * stands in a table, words_count() has the form for a number. English is the source, and
 * what is said without a translation. Names that programs read (events, results, states,
 * fields) are never translated.
 *
 * Catalogues are those of gettext, made by its tools, but read here: gettext(3) gives
 * translations only in a locale that is installed, and a small server has none but
 * C.UTF-8, for which newer libraries of C translate nothing (glibc 2.39). It would also
 * open files in the midst of the core.
 *
 * Knows: the form of a catalogue (bytes). Must not know: files, the locale.
 */
#include <stddef.h>

#define _(text) words_find(text)
#define N_(text) text

/* Speaks by this catalogue from now on; NULL: English. Borrowed as long as it is in use.
 * -EINVAL, and nothing changes, if it is broken, or counts otherwise than English or
 * French. Formats come from it: it must be as trusted as the program. */
int words_use(const void *catalogue, size_t len);

const char *words_find(const char *english) __attribute__((format_arg(1)));
const char *words_count(const char *one, const char *many, size_t count)
	__attribute__((format_arg(1), format_arg(2)));

#endif
