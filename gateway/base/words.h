#ifndef GATEWAY_BASE_WORDS_H
#define GATEWAY_BASE_WORDS_H
/* SPDX-License-Identifier: MIT
 *
 * words - sentences for people, in their language
 *
 * _() marks a sentence and translates it where it is said, N_() only marks one that
 * stands in a table. English is the source and what is said without a translation
 * (gettext(3)). Names that programs read (events, results, states, fields) are never
 * translated.
 */
#include <libintl.h>

#define _(text) gettext(text)
#define N_(text) text

#endif
