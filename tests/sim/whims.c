/* SPDX-License-Identifier: MIT
 *
 * Policies are drawn within what the simulated shops allow: none of them is at work for
 * longer than request_timeout and ten minutes.
 */
#include "checks.h"

struct schedule_policy whim_policy(struct world *w)
{
	static const unsigned counts[] = {1, 7, 50, 500};
	static const size_t bytes[] = {3000, 30000, 768UL * 1024};
	static const msec_t intervals[] = {3 * MSEC_MINUTE, 10 * MSEC_MINUTE, MSEC_HOUR};
	static const msec_t unknown_waits[] = {10 * MSEC_MINUTE, 25 * MSEC_MINUTE};
	static const msec_t shortest[] = {100, 10 * MSEC_SECOND};
	static const msec_t longest[] = {MSEC_MINUTE, 30 * MSEC_MINUTE};
	static const unsigned attempts[] = {1, 3, 5};
	bool is_usual = world_one_in(w, 2);
	bool has_rhythm = world_one_in(w, 4);
	msec_t interval = intervals[world_draw(w, 3)];
	return (struct schedule_policy){
		.connections = (unsigned)(1 + world_draw(w, 4)),
		.batch_comments = counts[world_draw(w, 4)],
		.batch_bytes = bytes[world_draw(w, 3)],
		.request_target = 5 * MSEC_SECOND,
		.unknown_wait = unknown_waits[is_usual ? 0 : world_draw(w, 2)],
		.retry_min = is_usual ? MSEC_SECOND : shortest[world_draw(w, 2)],
		.retry_max = is_usual ? 10 * MSEC_MINUTE : longest[world_draw(w, 2)],
		.interval = has_rhythm && !w->by_runs ? interval : 0,
		.give_up = world_one_in(w, 6) ? (1 + world_draw(w, 6)) * MSEC_HOUR : 0,
		.max_attempts = is_usual ? 5 : attempts[world_draw(w, 3)],
	};
}

void whim_withdraw(struct world *w, struct sim_job *job)
{
	struct site *site = &w->sites[job->site];
	if (job->is_removed)
		return;
	job->is_removed = true;
	schedule_remove(site->schedule, job);
	for (size_t i = job->first; i < job->first + job->count; i++) {
		struct sent *c = &w->sent[i];
		w->settled += c->stage < STAGE_FINAL;
		if (c->stage == STAGE_WAITING) {
			c->stage = STAGE_GONE;
			c->is_decided = true;
			c->ended = (struct standing){site->asked, w->now};
		}
	}
}

/* What was under way when a gateway ended is in doubt, whatever the shop says. */
static void lose_flight(struct world *w, struct site *site, struct flight *f)
{
	world_land(w, f);
	world_note_doubts(w, f);
	for (size_t i = 0; i < f->count; i++) {
		struct sent *c = &w->sent[f->comments[i]];
		bool is_gone = ((struct sim_job *)c->item.job)->is_removed;
		c->stage = is_gone ? STAGE_GONE : STAGE_WAITING;
		c->ended = (struct standing){w->now, w->now};
		c->item.was_posted = true;
		w->models[c->number].forsaken_at = w->now;
		shop_doubt(w->shop, c->item.order, c->item.id,
			w->now + site->policy.unknown_wait);
	}
	world_free_buffers(f);
}

/* What the site's journal says of the shop. */
static void note_past(const struct world *w, struct site *site)
{
	struct schedule_state state;
	schedule_state(site->schedule, &state);
	site->past.hold = state.hold;
	site->past.held_since = msec_min(state.held_since, w->now);
	site->past.told = state.is_told ? state.next_try : 0;
	site->past.stored = state.stored;
	site->past.stored_mail = state.stored_mail;
}

static void begin_anew(struct world *w, struct site *site)
{
	site->schedule =
		schedule_new(&site->policy, w->shop, chance_draw(&w->chance), w->now);
	site->asked = w->now;
	site->first_tick = MSEC_NEVER;
	site->is_asking = false;
	site->last_task = 0;
	site->turn_count = 0;
	site->spell++;
	site->quiet_until = w->now;
	schedule_resume(site->schedule, &site->past, w->now);
	check_resumed_hold(w, site);
}

static void enter_all(struct world *w, size_t number)
{
	for (size_t i = 1; i <= w->sent_count; i++) {
		struct sent *c = &w->sent[i];
		const struct sim_job *job = c->item.job;
		if (job->site != number)
			continue;
		c->is_accused = false;
		if (c->stage == STAGE_WAITING)
			world_enter(w, c);
	}
}

void whim_run_anew(struct world *w, size_t number)
{
	struct site *site = &w->sites[number];
	note_past(w, site);
	schedule_free(site->schedule);
	begin_anew(w, site);
	enter_all(w, number);
}

/* What is left of a site's comments after a crash, as its journal tells it. */
static void restart(struct world *w, size_t number)
{
	struct site *site = &w->sites[number];
	if (world_one_in(w, 4)) /* the machine was off, and what is in doubt is anew */
		w->now += world_draw(w, 12 * MSEC_HOUR);
	note_past(w, site);
	schedule_free(site->schedule);
	for (size_t i = 0; i < FLIGHTS; i++) {
		if (w->flights[i].is_used && w->flights[i].site == number)
			lose_flight(w, site, &w->flights[i]);
	}
	begin_anew(w, site);
	if (world_one_in(w, 2)) { /* the machine lost power */
		site->quiet_until = w->now + site->policy.unknown_wait;
		schedule_quiet_until(site->schedule, site->quiet_until);
	}
	enter_all(w, number);
}

/* Those that wait only for the old rhythm may go. */
static void change_policy(struct world *w, size_t number)
{
	struct site *site = &w->sites[number];
	struct schedule_policy policy = whim_policy(w);
	bool is_new_rhythm = policy.interval != site->policy.interval;
	check_new_policy(w, site, &policy);
	if (!is_new_rhythm)
		return;
	site->first_tick = MSEC_NEVER;
	for (size_t i = 1; i <= w->sent_count; i++) {
		struct sent *c = &w->sent[i];
		const struct sim_job *job = c->item.job;
		if (job->site == number && c->is_untried && c->due > w->now) {
			c->due = w->now;
			c->own = (struct standing){site->asked, w->now};
		}
	}
}

void whim_follow(struct world *w)
{
	size_t number = (size_t)world_draw(w, (msec_t)w->site_count);
	switch (world_draw(w, 8)) {
	case 0:
		restart(w, number);
		break;
	case 1:
		change_policy(w, number);
		break;
	case 2:
		w->now += world_draw(w, 48 * MSEC_HOUR); /* the machine sleeps */
		break;
	default:
		if (w->job_count)
			whim_withdraw(w, &w->jobs[world_draw(w, (msec_t)w->job_count)]);
		break;
	}
	w->next_whim = w->now + world_draw(w, 4 * MSEC_HOUR);
	if (w->next_whim > w->last_arrival)
		w->next_whim = MSEC_NEVER;
}
