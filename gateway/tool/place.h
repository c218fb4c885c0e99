#ifndef GATEWAY_TOOL_PLACE_H
#define GATEWAY_TOOL_PLACE_H
/* SPDX-License-Identifier: MIT
 *
 * place - in which folder the file of a claim is now
 *
 * A claim is known by its stamp; its file may have been numbered (~2) where it went, and
 * the journal has names that are no UTF-8 without their odd bytes. A file that moves
 * as the gateway moves it is not missed, as folders are looked at in that order; one that
 * goes another way while it is looked for may be.
 */
#include <limits.h>
#include <stdbool.h>

#include "system/spool.h"

enum { PLACE_NAME_MAX = 2 * NAME_MAX + 2, PLACE_PATH_MAX = PLACE_NAME_MAX + 16 };

struct place {
	enum folder folder;
	char name[PLACE_NAME_MAX]; /* below it: "2026-11-23/STAMP_orders.xml" */
};

/* In sending/, sent/, failed/, incoming/, in this order; drop may be NULL. */
bool place_find(const struct spool *spool, const char *stamp, const char *drop,
	struct place *place);
/* In one of these folders only. */
bool place_find_in(const struct spool *spool, enum folder folder, const char *stamp,
	const char *drop, struct place *place);

/* "sent/2026-11-23/STAMP_orders.xml" */
void place_write(const struct place *place, char path[PLACE_PATH_MAX]);

#endif
