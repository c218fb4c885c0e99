#ifndef GATEWAY_TOOL_FORESIGHT_H
#define GATEWAY_TOOL_FORESIGHT_H
/* SPDX-License-Identifier: MIT
 *
 * foresight - what will become of a failed file once it is back in incoming/
 *
 * Knows: which of it can be told beforehand, and from where: the file is read by the very
 * code that the gateway has; the journal knows what the shop has, what it did not accept
 * and what it may still be storing; the lock and state.json know whether anything will
 * take the file. Must not know: who moves it. Promises: nothing is told that is not on
 * record; what cannot be read is passed over in silence, as the file is moved all the same.
 * Cost: the journal is read once for a site, from the time of its oldest failed file on
 * (all of it if one bears no time, as it was put there by hand), and only when a file is
 * valid. What is kept of it is about the comments of the one file that is asked about, or
 * of all failed files, which then are read, too.
 */
#include <stdbool.h>

struct buf;
struct foresight;
struct moment;
struct tool_site;

/* Both are as of now, and the site is borrowed. is_one: one file only is asked about. */
struct foresight *foresight_open(
	const struct tool_site *site, const struct moment *now, bool is_one);
void foresight_close(struct foresight *f);

/* About a file of failed/, in words; nothing if nothing is foreseen. */
void foresight_tell(struct foresight *f, const char *name, struct buf *note);

#endif
