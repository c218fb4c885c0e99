/* SPDX-License-Identifier: MIT */
#include "core/spoken.h"

#include <stddef.h>
#include <string.h>

#include "base/words.h"

static const char *const names[] = {
	/* what became of a comment, or of a file that was to be retried */
	N_("delivered"),
	N_("already"),
	N_("rejected"),
	N_("deferred"),
	N_("unknown"),
	N_("posted"),
	N_("waiting"),
	N_("failed"),
	N_("withdrawn"),
	N_("invalid"),
	N_("moved"),
	N_("left"),
	/* why a site is not sent to, or cannot be looked at */
	N_("unreachable"),
	N_("unclear"),
	N_("refusing"),
	N_("key-refused"),
	N_("website-refused"),
	N_("stores-nothing"),
	N_("machine-trouble"),
	N_("no-space"),
	N_("power-loss"),
	N_("no-state"),
	N_("no-permission"),
	N_("no-spool"),
};

const char *spoken(const char *name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], name))
			return _(names[i]);
	return name;
}
