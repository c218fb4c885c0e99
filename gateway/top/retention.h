#ifndef GATEWAY_TOP_RETENTION_H
#define GATEWAY_TOP_RETENTION_H
/* SPDX-License-Identifier: MIT
 *
 * retention - deletes what is older than keep_sent and keep_audit, a little at a time
 *
 * Knows: the days in sent/ (of this server's calendar) and in audit/ (UTC). A day goes
 * when all of it is older than the setting. Looks once an hour, deletes a few files in a
 * turn, so that a million old files hold nothing up.
 * Promises: never touches failed/, nor the files of audit/ from which the gateway goes on
 * after a crash (audit_find_border); deletes regular files only, and days by their names
 * only. What it cannot delete is said once an hour and left.
 */
#include <stdbool.h>

#include "system/clock.h"

struct site;

/* *more: there is more to delete, and a turn should follow at once. */
void retention_work(struct site *site, const struct moment *now, bool *more);
/* When it looks again; MSEC_NEVER: nothing is to be deleted, ever. */
msec_t retention_due(const struct site *site);

#endif
