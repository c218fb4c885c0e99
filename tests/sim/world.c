/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "checks.h"

/* After the last arrival: when all that is good is settled, and when everything is. */
#define LATEST_SETTLED (72 * MSEC_HOUR)
#define LATEST_END (144 * MSEC_HOUR)
#define RUN_EVERY (10 * MSEC_MINUTE)

msec_t world_draw(struct world *w, msec_t below)
{
	return (msec_t)chance_below(&w->chance, (uint64_t)below);
}

bool world_one_in(struct world *w, uint64_t n)
{
	return chance_one_in(&w->chance, n);
}

static struct flight *free_flight(struct world *w)
{
	struct flight *f = w->flights;
	while (f->is_used)
		f++;
	return f;
}

static void launch(struct world *w, struct site *site, const struct task *task)
{
	struct flight *f = free_flight(w);
	*f = (struct flight){
		.is_used = true,
		.site = (size_t)(site - w->sites),
		.number = task->number,
		.count = task->count,
		.comments = xcalloc(task->count, sizeof(size_t)),
		.results = xcalloc(task->count, sizeof(enum result)),
		.is_probe = site->is_held || site->is_asking,
		.began = w->now,
	};
	check_probe(w, site, f);
	struct model_comment **asked =
		xcalloc(task->count, sizeof(struct model_comment *));
	for (size_t i = 0; i < task->count; i++) {
		size_t at = task->refs[i].index;
		check_sent(w, site, at);
		f->comments[i] = at;
		asked[i] = &w->models[w->sent[at].number];
	}
	f->report = shop_model_ask(&w->model, asked, f->count, w->now, f->results);
	f->end = w->now + f->report.took;
	site->flights++;
	site->last_task = task->number;
	w->figures->requests++;
	free((void *)asked);
}

void world_land(struct world *w, struct flight *f)
{
	struct site *site = &w->sites[f->site];
	for (size_t i = 0; i < f->count; i++) {
		struct sent *c = &w->sent[f->comments[i]];
		w->order_busy[c->item.order] = w->id_busy[c->number] = false;
		w->order_freed[c->item.order] = w->id_freed[c->number] = w->now;
	}
	site->flights--;
	f->is_used = false;
}

void world_free_buffers(struct flight *f)
{
	free(f->comments);
	free(f->results);
}

void world_note_doubts(struct world *w, const struct flight *f)
{
	msec_t until = w->now + w->sites[f->site].policy.unknown_wait;
	for (size_t i = 0; i < f->count; i++) {
		struct sent *c = &w->sent[f->comments[i]];
		w->order_until[c->item.order] = w->id_until[c->number] = until;
		c->in_doubt_until = until;
	}
}

static void end_flight(struct world *w, struct flight *f)
{
	struct site *site = &w->sites[f->site];
	world_land(w, f);
	site->ask_again = MSEC_NEVER; /* it is asked for this reason */
	schedule_done(site->schedule, f->number, &f->report, w->now);
	check_decisions(w, site);
	for (size_t i = 0; i < f->count; i++) {
		struct sent *c = &w->sent[f->comments[i]];
		check(w, c->is_decided, "comment %zu got no decision", f->comments[i]);
		c->item.was_posted |= f->report.answer == ANSWER_REFUSED ||
				      f->report.answer == ANSWER_UNKNOWN;
	}
	if (f->report.answer == ANSWER_UNKNOWN)
		world_note_doubts(w, f);
	check_hold(w, site, f);
	world_free_buffers(f);
}

static void cancel(struct world *w, struct site *site, const struct task *task)
{
	whim_withdraw(w, task->refs[0].job); /* it was taken away under our eyes */
	schedule_cancel(site->schedule, task->number);
	check(w, !check_decisions(w, site), "a cancelled task has decisions");
}

/* True if the task is on its way. */
static bool send_or_cancel(struct world *w, struct site *site, const struct task *task)
{
	check_batch(w, site, task);
	if (task->kind == TASK_POST && !site->is_held && !site->is_asking)
		check_turn(w, site, task);
	if (task->kind == TASK_POST && world_one_in(w, 500)) {
		cancel(w, site, task);
		return false;
	}
	launch(w, site, task);
	return true;
}

/* Asks a site until it has nothing; what it told must then hold. True if others should be
 * asked again, because what was not sent after all is free for them. */
static bool pump(struct world *w, struct site *site)
{
	bool is_woken = site->ask_again == w->now;
	bool is_freed = false;
	size_t moved = 0;
	struct task task;
	for (;; moved++) {
		schedule_next(site->schedule, w->now, &task);
		moved += check_decisions(w, site);
		if (task.kind == TASK_NONE)
			break;
		is_freed |= !send_or_cancel(w, site, &task);
	}
	check(w, task.ask_again > w->now, "asked to ask again at once");
	w->figures->wakes += is_woken;
	if (is_woken && !moved)
		check_idle_wake(w, site);
	site->ask_again = task.ask_again;
	site->asked = w->now;
	if (world_one_in(w, 16))
		check_nobody_forgotten(w, site);
	return is_freed;
}

/* A run ends when only timed waits are left. */
static void end_run(struct world *w, struct site *site)
{
	if (w->by_runs && !site->flights && !site->next_run)
		site->next_run = w->now + RUN_EVERY;
}

static void begin_run(struct world *w, size_t number)
{
	struct site *site = &w->sites[number];
	if (!site->next_run || site->next_run > w->now)
		return;
	site->next_run = 0;
	site->ask_again = MSEC_NEVER;
	whim_run_anew(w, number);
}

static void pump_all(struct world *w)
{
	bool is_freed = false;
	do {
		is_freed = false;
		for (size_t i = 0; i < w->site_count; i++)
			if (!w->sites[i].next_run)
				is_freed |= pump(w, &w->sites[i]);
	} while (is_freed);
	for (size_t i = 0; i < w->site_count; i++)
		end_run(w, &w->sites[i]);
}

static void check_early(struct world *w, struct site *site, msec_t before)
{
	if (before <= w->now + 1 || site->next_run)
		return;
	struct task task;
	msec_t at = world_one_in(w, 2) ? before - 1
				       : w->now + 1 + world_draw(w, before - w->now - 1);
	schedule_next(site->schedule, at, &task);
	check(w, task.kind == TASK_NONE, "work before the told instant");
	check(w, task.ask_again == site->ask_again, "told another instant");
	check(w, !check_decisions(w, site), "decisions before the told instant");
	w->now = site->asked = at;
	check_nobody_forgotten(w, site);
}

static msec_t tick(const struct site *site, msec_t at)
{
	msec_t interval = site->policy.interval;
	msec_t late = interval ? (at - site->first_tick) % interval : 0;
	return late ? at + interval - late : at;
}

void world_enter(struct world *w, struct sent *c)
{
	const struct sim_job *job = c->item.job;
	struct site *site = &w->sites[job->site];
	bool is_early = c->item.not_before > w->now;
	msec_t doubt = w->id_until[c->number];
	if (site->policy.interval && site->first_tick == MSEC_NEVER)
		site->first_tick = w->now;
	c->due = is_early ? c->item.not_before : w->now;
	c->due = tick(site, c->due > doubt ? c->due : doubt);
	c->own = (struct standing){c->due, c->due};
	if (c->due == w->now)
		c->own.earliest = site->asked;
	c->is_untried =
		!is_early && !c->item.attempts && w->id_until[c->number] <= w->now;
	schedule_add(site->schedule, &c->item, w->now);
}

static void add_comment(struct world *w, struct sim_job *job, size_t number, size_t order)
{
	struct site *site = &w->sites[job->site];
	size_t at = ++w->sent_count;
	job->count++;
	struct sent *c = &w->sent[at];
	c->number = number;
	c->item = (struct schedule_item){
		.job = job,
		.index = (uint32_t)at,
		.mail = w->models[number].mail,
		.order = order,
		.id = number,
		.bytes =
			world_one_in(w, 50) ? 40000 : (size_t)(500 + world_draw(w, 1000)),
		.arrived = w->now,
	};
	if (check_first_waiting(w, site, order))
		w->sent[site->last_of_order[order]].next = at;
	else
		site->first_of_order[order] = at;
	site->last_of_order[order] = at;
	world_enter(w, c);
}

/* Mostly a new number, now and then one that came lately: an exporter's repeat. */
static size_t draw_number(struct world *w)
{
	size_t at = w->sent_count + 1;
	if (at <= 20 || !world_one_in(w, 20))
		return at;
	return w->sent[at - 1 - (size_t)world_draw(w, 19)].number;
}

static struct sim_job *add_job(struct world *w, size_t site)
{
	struct sim_job *job = &w->jobs[w->job_count++];
	*job = (struct sim_job){.first = w->sent_count + 1, .site = site};
	return job;
}

static void arrive(struct world *w)
{
	struct sim_job *job = add_job(w, (size_t)world_draw(w, (msec_t)w->site_count));
	size_t count = world_one_in(w, 10) ? (size_t)world_draw(w, 200)
					   : (size_t)(1 + world_draw(w, 4));
	while (count-- && w->sent_count < COMMENTS)
		add_comment(w, job, draw_number(w),
			(size_t)world_draw(w, world_one_in(w, 3) ? 5 : ORDERS));
	w->next_arrival = w->now + world_draw(w, w->last_arrival / JOBS * 2);
	if (w->next_arrival > w->last_arrival || w->job_count == JOBS ||
		w->sent_count == COMMENTS)
		w->next_arrival = MSEC_NEVER;
}

static bool is_waited_for(const struct world *w)
{
	for (size_t i = 1; i <= w->sent_count; i++) {
		const struct sent *c = &w->sent[i];
		if (c->stage < STAGE_FINAL && c->item.order < ORDERS)
			return true;
	}
	return false;
}

/* What is deferred is counted only while others are delivered. */
static void trickle(struct world *w)
{
	w->next_trickle = is_waited_for(w) ? w->now + 30 * MSEC_MINUTE : MSEC_NEVER;
	for (size_t i = 0; w->next_trickle != MSEC_NEVER && i < w->site_count; i++) {
		w->models[w->sent_count + 1] = (struct model_comment){.mail = true};
		add_comment(w, add_job(w, i), w->sent_count + 1, ORDERS + i);
	}
}

static void change_weather(struct world *w)
{
	bool is_late = w->now >= w->last_arrival;
	w->model.weather = is_late || world_one_in(w, 2)
				   ? WEATHER_FINE
				   : (enum weather)world_draw(w, WEATHER_COUNT);
	msec_t scale = world_one_in(w, 3) ? 5 * MSEC_HOUR : 20 * MSEC_MINUTE;
	w->next_weather = is_late ? MSEC_NEVER : w->now + 1 + world_draw(w, scale);
}

static void draw_comments(struct world *w)
{
	uint64_t bad = world_one_in(w, 3) ? 20 : 200;
	for (size_t i = 1; i <= COMMENTS; i++) {
		w->models[i].mail = world_one_in(w, 2);
		if (world_one_in(w, bad))
			w->models[i].vice = (enum vice)(1 + world_draw(w, VICE_ORPHAN));
		/* Cut off for ever and no empty request to tell it by: that is one evil
		 * too many for a bound on anybody's wait. */
		if (w->models[i].vice == VICE_CUT && !w->model.knows_empty)
			w->models[i].vice = VICE_NONE;
	}
}

static void init(struct world *w, uint64_t seed, struct world_figures *figures)
{
	w->seed = w->chance = seed;
	w->now = world_draw(w, 1000000);
	w->figures = figures;
	w->last_arrival = w->now + MSEC_HOUR + world_draw(w, 48 * MSEC_HOUR);
	w->next_arrival = w->next_weather = w->now;
	w->next_trickle = w->last_arrival;
	w->next_whim =
		world_one_in(w, 3) ? MSEC_NEVER : w->now + world_draw(w, 4 * MSEC_HOUR);
	w->model = (struct shop_model){
		.chance = chance_draw(&w->chance),
		.knows_empty = !world_one_in(w, 6),
		.names_times = world_one_in(w, 4),
		.forgets = world_one_in(w, 8),
		.request_timeout = 3 * MSEC_MINUTE,
		.unknown_wait = 10 * MSEC_MINUTE,
	};
	draw_comments(w);
	w->shop = shop_new();
	w->by_runs = world_one_in(w, 4);
	w->site_count = world_one_in(w, 3) ? 2 : 1;
	for (size_t i = 0; i < w->site_count; i++) {
		struct site *site = &w->sites[i];
		site->policy = whim_policy(w);
		site->schedule = schedule_new(
			&site->policy, w->shop, chance_draw(&w->chance), w->now);
		site->ask_again = site->first_tick = MSEC_NEVER;
		site->asked = site->quiet_until = w->now;
		site->outage.is_over = true;
	}
}

static void done(struct world *w)
{
	for (size_t i = 0; i < FLIGHTS; i++) {
		if (w->flights[i].is_used)
			world_free_buffers(&w->flights[i]);
	}
	for (size_t i = 0; i < w->site_count; i++) {
		schedule_free(w->sites[i].schedule);
		free(w->sites[i].turns);
	}
	shop_free(w->shop);
}

static msec_t next_event(const struct world *w)
{
	msec_t next = msec_min(w->next_arrival, msec_min(w->next_weather, w->next_whim));
	next = msec_min(next, w->next_trickle);
	for (size_t i = 0; i < FLIGHTS; i++) {
		if (w->flights[i].is_used)
			next = msec_min(next, w->flights[i].end);
	}
	for (size_t i = 0; i < w->site_count; i++) {
		const struct site *site = &w->sites[i];
		next = msec_min(next, site->next_run ? site->next_run : site->ask_again);
	}
	return next;
}

static void let_happen(struct world *w)
{
	for (size_t i = 0; i < FLIGHTS; i++) {
		if (w->flights[i].is_used && w->flights[i].end <= w->now)
			end_flight(w, &w->flights[i]);
	}
	for (size_t i = 0; i < w->site_count; i++)
		begin_run(w, i);
	if (w->next_arrival <= w->now)
		arrive(w);
	if (w->next_trickle <= w->now)
		trickle(w);
	if (w->next_weather <= w->now)
		change_weather(w);
	if (w->next_whim <= w->now)
		whim_follow(w);
	pump_all(w);
}

static void heal(struct world *w)
{
	check_nobody_starved(w);
	for (size_t i = 1; i <= COMMENTS; i++) {
		if (w->models[i].vice == VICE_CUT)
			w->models[i].vice = VICE_NONE;
	}
	w->model.knows_empty = true; /* or a few bad ones alone could never be judged */
	w->is_healed = true;
}

static bool is_over(const struct world *w)
{
	return w->now > w->last_arrival && w->settled == w->sent_count;
}

static void step(struct world *w)
{
	msec_t next = next_event(w);
	check(w, next != MSEC_NEVER, "%zu comments are lost", w->sent_count - w->settled);
	if (world_one_in(w, 4))
		check_early(w, &w->sites[world_draw(w, (msec_t)w->site_count)], next);
	if (next > w->now)
		w->now = next;
	let_happen(w);
	if (!w->is_healed && w->now > w->last_arrival + LATEST_SETTLED)
		heal(w);
	check(w, w->now < w->last_arrival + LATEST_END, "%zu comments never end",
		w->sent_count - w->settled);
}

void world_live(uint64_t seed, struct world_figures *figures)
{
	auto_free struct world *w = xcalloc(1, sizeof(*w));
	init(w, seed, figures);
	do {
		step(w);
	} while (!is_over(w));
	check_stored_once(w);
	figures->comments += w->sent_count;
	done(w);
}
