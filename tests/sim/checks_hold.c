/* SPDX-License-Identifier: MIT
 *
 * An outage lasts from the first hold to the first comment that was answered soundly,
 * however often a good probe opened the site in between. The intervals double from
 * retry_min and are drawn from their upper half, so that an outage of length T costs, by
 * the defaults, at most 11 + T / 5 minutes probes. Two things are paid for apart: an
 * answer that names the time of the next probe (at that very time it comes, and not
 * before) allows this one; a person who changes the policy, or starts the gateway anew,
 * which asks at once and may shorten the intervals, allows as many as begin an outage.
 */
#include "checks.h"

#include <inttypes.h>

static uint64_t allowed_at_first(const struct schedule_policy *policy)
{
	uint64_t count = 1;
	for (msec_t wait = policy->retry_min; wait < policy->retry_max; wait *= 2)
		count++;
	return count;
}

static uint64_t allowed_by_time(const struct world *w, const struct site *site)
{
	msec_t shortest = (site->policy.retry_max + 1) / 2;
	return (uint64_t)((w->now - site->outage.counted_from) / shortest);
}

static void check_probe_count(const struct world *w, const struct site *site)
{
	uint64_t most = site->outage.allowed + allowed_by_time(w, site);
	check(w, site->outage.probes <= most,
		"%" PRIu64 " probes in an outage, %" PRIu64 " are allowed",
		site->outage.probes, most);
}

void check_probe(struct world *w, struct site *site, const struct flight *f)
{
	if (!f->is_probe)
		return;
	check(w, f->count <= 1, "a batch of %zu into a hold", f->count);
	for (size_t i = 0; i < FLIGHTS; i++) {
		const struct flight *other = &w->flights[i];
		check(w,
			other == f || !other->is_used || !other->is_probe ||
				&w->sites[other->site] != site,
			"two probes at once");
	}
	if (!site->is_held)
		return;
	check(w, w->now >= site->next_try, "a probe before its time");
	site->outage.probes++;
	check_probe_count(w, site);
}

/* A site that stayed open for longer than its last interval has recovered, too. */
static void begin_hold(struct world *w, struct site *site, const struct flight *f)
{
	struct outage *outage = &site->outage;
	bool goes_on =
		!outage->is_over && f->began - outage->opened <= site->policy.retry_min;
	if (!goes_on)
		*outage = (struct outage){
			.allowed = allowed_at_first(&site->policy),
			.counted_from = w->now,
		};
	outage->is_over = false;
}

/* Guilty or not, who was refused before the probe went is in line again. */
static void end_trial(struct world *w, struct site *site, const struct flight *f)
{
	bool is_for_all = f->report.answer != ANSWER_RESULTS;
	site->spell += site->is_held;
	for (size_t i = 1; i <= w->sent_count; i++) {
		struct sent *c = &w->sent[i];
		const struct sim_job *job = c->item.job;
		if (!c->is_accused || &w->sites[job->site] != site ||
			(!is_for_all && c->refused_after >= f->number))
			continue;
		c->is_accused = false;
		c->is_foremost = !is_for_all;
		c->own = (struct standing){site->asked, w->now};
		if (c->stage == STAGE_GONE)
			c->ended = c->own;
	}
}

/* A refusal waits for the probe's word, whatever it says, also if it names the time. */
static bool is_accusation(const struct flight *f, bool was_held)
{
	return f->report.answer == ANSWER_REFUSED && !f->is_probe && !was_held;
}

/* A good probe is a word about those who were refused before it was sent; a bad one, and
 * other trouble, about all. */
static void note_asking(struct site *site, const struct flight *f, bool is_accusing)
{
	bool is_good = f->report.answer == ANSWER_RESULTS;
	bool is_word = f->is_probe && site->asked_after < f->number;
	if (is_accusing) {
		site->is_asking = true;
		site->asked_after = site->last_task;
	} else if (is_word || (!is_good && site->is_held)) {
		site->is_asking = false;
	}
}

static void check_named_time(
	const struct world *w, struct site *site, const struct flight *f)
{
	msec_t retry_after = f->report.retry_after;
	if (!site->is_held || f->is_probe)
		site->is_named = false;
	if (!site->is_held || retry_after < site->policy.retry_min)
		return;
	msec_t named = msec_min(retry_after, MSEC_HOUR);
	site->is_named = true;
	check(w, site->next_try == w->now + named, "the shop named another time");
	site->outage.allowed++;
}

void check_hold(struct world *w, struct site *site, const struct flight *f)
{
	struct schedule_state state;
	schedule_state(site->schedule, &state);
	bool was_held = site->is_held;
	site->is_held = state.hold != HOLD_NONE;
	site->next_try = state.next_try;
	if (site->is_held && !was_held)
		begin_hold(w, site, f);
	if (was_held && !site->is_held)
		site->outage.opened = w->now;
	if (f->report.answer == ANSWER_RESULTS && f->count)
		site->outage.is_over = true;
	check_named_time(w, site, f);
	site->slips += f->report.answer == ANSWER_REFUSED || (f->is_probe && f->count);
	bool is_accusing = is_accusation(f, was_held);
	note_asking(site, f, is_accusing);
	if (f->is_probe || (site->is_held && !is_accusing))
		end_trial(w, site, f);
}

static void begin_count_anew(
	struct world *w, struct site *site, const struct schedule_policy *policy)
{
	struct outage *outage = &site->outage;
	outage->allowed += allowed_by_time(w, site) + 1 + allowed_at_first(policy);
	outage->counted_from = w->now;
	if (!site->is_held)
		outage->is_over = true;
}

void check_resumed_hold(struct world *w, struct site *site)
{
	struct schedule_state state;
	schedule_state(site->schedule, &state);
	check(w, (state.hold != HOLD_NONE) == site->is_held, "a restart ended a hold");
	check(w,
		!site->is_held || !site->is_named || site->next_try <= w->now ||
			state.next_try == msec_min(site->next_try, w->now + MSEC_HOUR),
		"a restart moved the time that the shop named");
	site->is_named = site->is_named && state.is_told;
	site->next_try = state.next_try;
	begin_count_anew(w, site, &site->policy);
}

void check_new_policy(
	struct world *w, struct site *site, const struct schedule_policy *policy)
{
	struct schedule_state state;
	begin_count_anew(w, site, policy);
	site->policy = *policy;
	schedule_set_policy(site->schedule, policy);
	schedule_state(site->schedule, &state);
	check(w, !site->is_named || state.next_try == site->next_try,
		"a new policy moved the time that the shop named");
	site->next_try = state.next_try;
}
