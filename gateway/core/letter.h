#ifndef GATEWAY_CORE_LETTER_H
#define GATEWAY_CORE_LETTER_H
/* SPDX-License-Identifier: MIT
 *
 * letter - sentences as lines of eighty characters, with a margin
 *
 * Lines are broken between words, after these have their final length, in whatever
 * language. A word that is longer than a line has one for itself. Must not know: what is
 * said.
 */
struct buf;

/* What stands left of the first line of a paragraph, and of its others. */
struct margin {
	const char *first, *rest;
};

void letter_add(struct buf *out, const struct margin *margin, const char *text);
void letter_say(struct buf *out, const struct margin *margin, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
