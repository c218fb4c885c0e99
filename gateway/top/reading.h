#ifndef GATEWAY_TOP_READING_H
#define GATEWAY_TOP_READING_H
/* SPDX-License-Identifier: MIT
 *
 * reading - a claim becomes comments that are with the schedule, or a bad document
 *
 * Knows: the order `reading` - parse - `read`, what a document that breaks off or changes
 * meanwhile means, and how what the journal knew of a claim goes on.
 * Must not know: how drops are found, when comments are sent.
 * Errors: machine trouble, -errno; the job stays first in site->unread.
 */
#include "top/site.h"

/* Reads what is in site->unread, in order: all of it or, once the turn has lasted long,
 * one more of them. */
int reading_work(struct site *site, const struct moment *now);

/* The turn that began now has lasted so long that exchanges, signals and the service
 * manager are to be heard before anything more is read. */
bool reading_has_lasted(const struct moment *now);

#endif
