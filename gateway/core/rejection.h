#ifndef GATEWAY_CORE_REJECTION_H
#define GATEWAY_CORE_REJECTION_H
/* SPDX-License-Identifier: MIT
 *
 * rejection - why a comment is rejected, where no code of the shop says it
 *
 * Knows: the causes by the names that the journal has for them, and what each means.
 * Must not know: where the record of it was kept.
 */
#include <stdbool.h>

#include "core/schedule.h"

struct buf;

/* NULL: the shop's own word. One that is not known here (a later gateway's) is none. */
const char *rejection_cause_name(enum decision_cause cause);
enum decision_cause rejection_cause_named(const char *name);

/* An outcome as the journal has it; texts are NULL where it says nothing. */
struct rejection {
	const char *result, *cause, *code, *message;
	unsigned attempts;
};

/* False, and nothing added: it is none, or what the shop said is all there is to say. */
bool rejection_say(struct buf *out, const struct rejection *rejection);

#endif
