/* SPDX-License-Identifier: MIT */
#include "top/trust.h"

#include "base/words.h"
#include "system/log.h"

enum trust { TRUSTED, STILL_QUIET, POWER_LOST, END_MISSING };

static const struct {
	const char *event, *meaning;
} distrusts[] = {
	[STILL_QUIET] = {"power-loss",
		N_("an earlier run could not trust the end of the journal: nothing is "
		   "sent until unknown_wait has passed since then")},
	[POWER_LOST] = {"power-loss",
		N_("the last run ended without a word and the machine was started again: "
		   "nothing is sent until unknown_wait has passed, because the end of "
		   "the journal may be lost")},
	[END_MISSING] = {"journal-cut",
		N_("the latest file in audit/ was taken away: nothing is sent until "
		   "unknown_wait has passed, because what it said is lost")},
};

/* *since: from then on it is waited. */
static enum trust judge_end(const struct site *site, msec_t up, msec_t *since)
{
	const char *last_boot = history_boot(site->history);
	msec_t lasted = 0;
	const char *quiet_boot = history_quiet(site->history, since, &lasted);
	if (quiet_boot && lasted >= site->config->unknown_wait)
		quiet_boot = NULL; /* it was over before that boot was */
	if (!site_is_this_boot(quiet_boot))
		*since = up;
	if (audit_is_cut(site->audit)) {
		*since = up;
		return END_MISSING;
	}
	if (!history_ended_cleanly(site->history) && last_boot &&
		!site_is_this_boot(last_boot)) {
		*since = up;
		return POWER_LOST;
	}
	return quiet_boot ? STILL_QUIET : TRUSTED;
}

void trust_keep_quiet(struct site *site, const struct moment *now)
{
	msec_t since = 0;
	enum trust trust = judge_end(site, now->up, &since);
	msec_t until = since + site->config->unknown_wait;
	if (trust == TRUSTED || now->up >= until)
		return;
	site->quiet_since = since;
	schedule_quiet_until(site->schedule, until);
	log_event(LEVEL_WARNING, site->config->name, NULL, distrusts[trust].event,
		log_number("quiet_s", (until - now->up) / MSEC_SECOND),
		log_text("meaning", _(distrusts[trust].meaning)));
}
