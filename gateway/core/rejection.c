/* SPDX-License-Identifier: MIT */
#include "core/rejection.h"

#include <string.h>

#include "base/buf.h"
#include "base/words.h"

static const char *const names[] = {
	[CAUSE_ANSWER] = NULL,
	[CAUSE_EXHAUSTED] = "max_attempts",
	[CAUSE_GAVE_UP] = "give_up",
};

const char *rejection_cause_name(enum decision_cause cause)
{
	return names[cause];
}

enum decision_cause rejection_cause_named(const char *name)
{
	for (enum decision_cause i = CAUSE_EXHAUSTED; name && i <= CAUSE_GAVE_UP; i++)
		if (!strcmp(names[i], name))
			return i;
	return CAUSE_ANSWER;
}

static bool is_empty(const char *text)
{
	return !text || !*text;
}

bool rejection_say(struct buf *out, const struct rejection *rejection)
{
	enum decision_cause cause = rejection_cause_named(rejection->cause);
	if (!rejection->result || strcmp(rejection->result, "rejected") != 0)
		return false;
	if (cause == CAUSE_EXHAUSTED)
		buf_add_format(out,
			_("the shop broke on it %u times, which is max_attempts"),
			rejection->attempts);
	else if (cause == CAUSE_GAVE_UP)
		buf_add_text(out, _("it waited longer than give_up allows"));
	else if (!rejection->cause && is_empty(rejection->code) &&
		 is_empty(rejection->message))
		buf_add_text(
			out, _("the shop gave no result: this order takes no comments"));
	else
		return false;
	return true;
}
