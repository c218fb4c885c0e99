/* SPDX-License-Identifier: MIT
 *
 * A comment can go when it is the first of its order, its own instant has come, and the
 * shop may get its order and number. Two things then bound its wait, without a look at
 * how good or bad anybody is.
 *
 *   Nobody is forgotten: while a site is open and a connection free, none of them waits.
 *   Nobody is passed over: the two lines take turns, so of the batches that go meanwhile
 *     one more than half at most begins with a comment that came later, and one for each
 *     refusal (it asks for a probe, which may be a comment).
 *
 * Who stood before it goes at most ten times in one search. So with n comments before it
 * and m later ones that are refused, it waits for 20 (n + m) + 1 batches at most.
 */
#include "checks.h"

#include "base/alloc.h"

#define LATEST_TURN (12 * MSEC_HOUR)

static msec_t latest(msec_t a, msec_t b)
{
	return a > b ? a : b;
}

/* Since when it can go, if its turn has come at all. */
static msec_t can_go_since(
	const struct world *w, const struct site *site, const struct sent *c)
{
	size_t order = (size_t)c->item.order;
	if (c->is_accused || w->order_busy[order] || w->id_busy[c->number])
		return MSEC_NEVER;
	msec_t own = latest(c->own.since, c->first.since);
	msec_t doubt = latest(w->order_until[order], w->id_until[c->number]);
	msec_t freed = latest(w->order_freed[order], w->id_freed[c->number]);
	return latest(latest(own, site->quiet_until), latest(doubt, freed));
}

static void check_not_passed_over(
	const struct world *w, const struct site *site, const struct sent *c)
{
	msec_t since = can_go_since(w, site, c);
	uint64_t before = 0;
	uint64_t later = 0;
	size_t i = site->turn_count;
	for (; i > 0 && site->turns[i - 1].at > since; i--) {
		const struct turn *turn = &site->turns[i - 1];
		bool is_before = turn->is_search || turn->earliest <= since;
		before += is_before;
		later += !is_before;
	}
	uint64_t slips = site->slips - (i ? site->turns[i - 1].slips : 0);
	check(w, later <= before + slips + 1, "comment %zu passed over, %zu turns to %zu",
		(size_t)(c - w->sent), (size_t)later, (size_t)before);
}

void check_turn(struct world *w, struct site *site, const struct task *task)
{
	for (size_t i = 0; i < task->count; i++) {
		const struct sent *c = &w->sent[task->refs[i].index];
		(void)check_first_waiting(w, site, (size_t)c->item.order);
		check_not_passed_over(w, site, c);
	}
	const struct sent *first = &w->sent[task->refs[0].index];
	site->turns = xgrow(site->turns, &site->turn_room, site->turn_count + 1,
		sizeof(*site->turns));
	site->turns[site->turn_count++] = (struct turn){
		.at = w->now,
		.earliest = latest(first->own.earliest, first->first.earliest),
		.is_search = first->is_foremost,
		.slips = site->slips,
	};
}

void check_nobody_forgotten(struct world *w, struct site *site)
{
	bool is_free = !site->is_held && !site->is_asking &&
		       site->flights < site->policy.connections;
	for (size_t order = 0; is_free && order < ORDERS + SITES; order++) {
		size_t at = check_first_waiting(w, site, order);
		const struct sent *c = &w->sent[at];
		if (at && c->stage == STAGE_WAITING)
			check(w, can_go_since(w, site, c) > w->now,
				"comment %zu could go", at);
	}
}

/* The instants that may turn out to be none: who has become due may stand behind
 * another's doubt or, if it was to end then, have been withdrawn; a job that is to be
 * given up may be all under way or in doubt; a held site that is tried with comments may
 * have none. While it is held, becoming due is an instant only because of give_up. */
static bool is_instant(
	const struct world *w, const struct site *site, const struct sent *c)
{
	bool may_go = !site->is_held && !site->is_asking;
	bool may_end = site->policy.give_up || c->stage == STAGE_GONE;
	bool is_due = w->now == c->due || w->now == w->id_until[c->number] ||
		      w->now == w->order_until[c->item.order];
	return (is_due && (may_go || may_end)) ||
	       w->now == c->item.arrived + site->policy.give_up;
}

void check_idle_wake(struct world *w, const struct site *site)
{
	bool is_named = w->now == site->quiet_until ||
			(site->is_held && w->now == site->next_try);
	for (size_t i = 1; i <= w->sent_count && !is_named; i++)
		is_named = is_instant(w, site, &w->sent[i]);
	check(w, is_named, "woken for nothing");
	w->figures->idle_wakes++;
}

void check_nobody_starved(struct world *w)
{
	for (size_t i = 0; i < w->site_count; i++) {
		struct site *site = &w->sites[i];
		for (size_t order = 0; order < ORDERS + SITES; order++) {
			size_t at = check_first_waiting(w, site, order);
			const struct sent *c = &w->sent[at];
			if (!at || w->models[c->number].vice)
				continue;
			msec_t since = can_go_since(w, site, c);
			check(w, since == MSEC_NEVER || w->now - since <= LATEST_TURN,
				"comment %zu starves", at);
		}
	}
}
