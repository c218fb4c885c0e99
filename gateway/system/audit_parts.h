#ifndef GATEWAY_SYSTEM_AUDIT_PARTS_H
#define GATEWAY_SYSTEM_AUDIT_PARTS_H
/* SPDX-License-Identifier: MIT
 *
 * audit_parts - what audit's two halves share: audit.c writes, audit_read.c reads what
 * earlier runs wrote. For nobody else.
 */
#include "system/audit.h"

enum { AUDIT_NAME_MAX = SPOOL_DAY_LEN + sizeof(AUDIT_SUFFIX) };

/* The latest day's file whose name comes before that one, or of all of them; "": none. */
int audit_find_file(
	const struct spool *spool, const char *before, char name[AUDIT_NAME_MAX]);

/* The lines that audit_replay() hands out. latest: the file that was written to last among
 * those they are from; left "" if none was. */
int audit_hand_out(const struct spool *spool, audit_reader reader, void *context,
	char latest[AUDIT_NAME_MAX]);

#endif
