#ifndef GATEWAY_TOOL_PAST_H
#define GATEWAY_TOOL_PAST_H
/* SPDX-License-Identifier: MIT
 *
 * past - what is on record about a file: why it failed, what its comments wait for
 *
 * Knows: where reasons lie and how their first line is read; which part of the journal
 * tells what is under way in sending/. Must not know: what is made of it.
 */
#include <stdbool.h>

#include "base/times.h"

struct history;
struct spool;

/* The first line of a failed file's reason, without the name; to be freed, never NULL:
 * "" where there is none. *written (or NULL): when, or 0. */
char *past_headline(const struct spool *spool, const char *name, usec_t *written);

/* The journal from its last complete checkpoint on, ready to be asked; NULL where it
 * cannot be read. */
struct history *past_open(const struct spool *spool);
void past_close(struct history **history);

#endif
