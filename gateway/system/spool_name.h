#ifndef GATEWAY_SYSTEM_SPOOL_NAME_H
#define GATEWAY_SYSTEM_SPOOL_NAME_H
/* SPDX-License-Identifier: MIT
 *
 * spool_name - which names are drops, and how one is made to fit where it goes
 *
 * spool_drop_name(), which takes such a name apart, spool_is_reason() and
 * spool_is_day() are declared with the spool.
 */
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct buf;
struct intake;

/* What was claimed before is a drop if it was one then: a retry matches the pattern. */
bool spool_name_is_drop(const char *name, const struct intake *intake);

/* At most `max` bytes of it, whole characters. The middle gives way: the head says whose
 * it is, the tail what kind. */
void spool_name_shorten(struct buf *b, const char *name, size_t max);

/* NAME~2.xml for NAME.xml: the suffix stays, so that moved back it is still a drop. A
 * stamp has a dot too, which begins no suffix. */
void spool_name_number(const char *name, int number, char numbered[NAME_MAX + 1]);
/* Whether a drop that was called `name` may be called `drop` by now: so, or numbered. */
bool spool_name_may_be(const char *name, const char *drop);

#endif
