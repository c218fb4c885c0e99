/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "world_parts.h"

static msec_t draw(struct world *w, msec_t below)
{
	return (msec_t)chance_below(&w->chance, (uint64_t)below);
}

static bool one_in(struct world *w, uint64_t n)
{
	return chance_one_in(&w->chance, n);
}

static struct schedule_policy draw_policy(struct world *w)
{
	static const unsigned counts[] = {1, 7, 50, 500};
	static const size_t bytes[] = {3000, 30000, 768UL * 1024};
	return (struct schedule_policy){
		.connections = (unsigned)(1 + draw(w, 4)),
		.batch_comments = counts[draw(w, 4)],
		.batch_bytes = bytes[draw(w, 3)],
		.request_target = 5 * MSEC_SECOND,
		.unknown_wait = 10 * MSEC_MINUTE,
		.retry_min = MSEC_SECOND,
		.retry_max = 10 * MSEC_MINUTE,
		.interval = one_in(w, 4) ? 10 * MSEC_MINUTE : 0,
		.give_up = one_in(w, 6) ? 6 * MSEC_HOUR : 0,
		.max_attempts = 5,
	};
}

static struct flight *free_flight(struct world *w)
{
	struct flight *f = w->flights;
	while (f->is_used)
		f++;
	return f;
}

static void check_probe(struct world *w, const struct site *site, const struct task *task)
{
	if (!site->is_held)
		return;
	check(w, task->count <= 1, "a batch of %zu into a hold", task->count);
	for (size_t i = 0; i < FLIGHTS; i++) {
		const struct flight *f = &w->flights[i];
		check(w, !f->is_used || !f->is_probe || &w->sites[f->site] != site,
			"two probes at once");
	}
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
	};
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
	f->is_probe = site->is_held;
	site->flights++;
	site->probes += site->is_held;
	w->figures->requests++;
	free((void *)asked);
}

static void land(struct world *w, struct flight *f)
{
	struct site *site = &w->sites[f->site];
	for (size_t i = 0; i < f->count; i++) {
		struct sent *c = &w->sent[f->comments[i]];
		w->order_busy[c->item.order] = w->id_busy[c->number] = false;
	}
	site->flights--;
	f->is_used = false;
}

static void free_buffers(struct flight *f)
{
	free(f->comments);
	free(f->results);
}

static void note_doubts(struct world *w, const struct flight *f)
{
	msec_t until = w->now + w->model.unknown_wait;
	for (size_t i = 0; i < f->count; i++) {
		struct sent *c = &w->sent[f->comments[i]];
		w->order_until[c->item.order] = w->id_until[c->number] = until;
	}
}

static void end_flight(struct world *w, struct flight *f)
{
	struct site *site = &w->sites[f->site];
	land(w, f);
	schedule_done(site->schedule, f->number, &f->report, w->now);
	check_decisions(w, site);
	for (size_t i = 0; i < f->count; i++) {
		struct sent *c = &w->sent[f->comments[i]];
		check(w, c->is_decided, "comment %zu got no decision", f->comments[i]);
		c->item.was_posted |= f->report.answer == ANSWER_REFUSED ||
				      f->report.answer == ANSWER_UNKNOWN;
	}
	if (f->report.answer == ANSWER_UNKNOWN)
		note_doubts(w, f);
	check_hold(w, site);
	free_buffers(f);
}

static void withdraw(struct world *w, struct sim_job *job)
{
	if (job->is_removed)
		return;
	job->is_removed = true;
	schedule_remove(w->sites[job->site].schedule, job);
	for (size_t i = job->first; i < job->first + job->count; i++) {
		struct sent *c = &w->sent[i];
		w->settled += c->stage < STAGE_FINAL;
		if (c->stage == STAGE_WAITING) {
			c->stage = STAGE_GONE;
			c->is_decided = true;
			c->ended = w->now;
		}
	}
}

static void cancel(struct world *w, struct site *site, const struct task *task)
{
	withdraw(w, task->refs[0].job); /* its drop was taken away under our eyes */
	schedule_cancel(site->schedule, task->number);
	check(w, !check_decisions(w, site), "a cancelled task has decisions");
}

/* Asks a site until it has nothing; what it told must then hold. */
static void pump(struct world *w, struct site *site)
{
	bool is_woken = site->ask_again == w->now;
	size_t moved = 0;
	struct task task;
	for (;; moved++) {
		schedule_next(site->schedule, w->now, &task);
		moved += check_decisions(w, site);
		if (task.kind == TASK_NONE)
			break;
		if (task.kind == TASK_POST && one_in(w, 500)) {
			cancel(w, site, &task);
			continue;
		}
		check_batch(w, site, &task);
		check_probe(w, site, &task);
		launch(w, site, &task);
		check_hold(w, site);
	}
	check(w, task.ask_again > w->now, "asked to ask again at once");
	w->idle_wakes += is_woken && !moved && !site->policy.give_up;
	site->ask_again = task.ask_again;
}

static void check_early(struct world *w, struct site *site, msec_t before)
{
	if (before <= w->now + 1)
		return;
	struct task task;
	msec_t at = w->now + 1 + draw(w, before - w->now - 1);
	schedule_next(site->schedule, at, &task);
	check(w, task.kind == TASK_NONE, "work before the told instant");
	check(w, task.ask_again == site->ask_again, "told another instant");
	check(w, !check_decisions(w, site), "decisions before the told instant");
	w->now = at;
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
		.bytes = one_in(w, 50) ? 40000 : (size_t)(500 + draw(w, 1000)),
		.arrived = w->now,
	};
	if (check_first_waiting(w, site, order))
		w->sent[site->last_of_order[order]].next = at;
	else
		site->first_of_order[order] = at;
	site->last_of_order[order] = at;
	schedule_add(site->schedule, &c->item, w->now);
}

/* Mostly a new number, now and then one that came lately: an exporter's repeat. */
static size_t draw_number(struct world *w)
{
	size_t at = w->sent_count + 1;
	if (at <= 20 || !one_in(w, 20))
		return at;
	return w->sent[at - 1 - (size_t)draw(w, 19)].number;
}

static struct sim_job *add_job(struct world *w, size_t site)
{
	struct sim_job *job = &w->jobs[w->job_count++];
	*job = (struct sim_job){.first = w->sent_count + 1, .site = site};
	return job;
}

static void arrive(struct world *w)
{
	struct sim_job *job = add_job(w, (size_t)draw(w, (msec_t)w->site_count));
	size_t count = one_in(w, 10) ? (size_t)draw(w, 200) : (size_t)(1 + draw(w, 4));
	while (count-- && w->sent_count < COMMENTS)
		add_comment(w, job, draw_number(w),
			(size_t)draw(w, one_in(w, 3) ? 5 : ORDERS));
	w->next_arrival = w->now + draw(w, w->last_arrival / JOBS * 2);
	if (w->next_arrival > w->last_arrival || w->job_count == JOBS ||
		w->sent_count == COMMENTS)
		w->next_arrival = MSEC_NEVER;
}

/* What is deferred is counted only while others are delivered. */
static void trickle(struct world *w)
{
	for (size_t i = 0; i < w->site_count; i++) {
		w->models[w->sent_count + 1] = (struct model_comment){.mail = true};
		add_comment(w, add_job(w, i), w->sent_count + 1, ORDERS);
	}
	w->next_trickle = w->now + 30 * MSEC_MINUTE;
}

static void change_weather(struct world *w)
{
	bool is_late = w->now >= w->last_arrival;
	w->model.weather = is_late || one_in(w, 2) ? WEATHER_FINE
						   : (enum weather)draw(w, WEATHER_COUNT);
	msec_t scale = one_in(w, 3) ? 5 * MSEC_HOUR : 20 * MSEC_MINUTE;
	w->next_weather = is_late ? MSEC_NEVER : w->now + 1 + draw(w, scale);
}

/* What is left of a site's comments after a crash, as its journal tells it. */
static void restart(struct world *w, size_t number)
{
	struct site *site = &w->sites[number];
	schedule_free(site->schedule);
	for (size_t i = 0; i < FLIGHTS; i++) {
		struct flight *f = &w->flights[i];
		if (!f->is_used || f->site != number)
			continue;
		land(w, f);
		note_doubts(w, f);
		for (size_t k = 0; k < f->count; k++) {
			struct sent *c = &w->sent[f->comments[k]];
			bool is_gone = ((struct sim_job *)c->item.job)->is_removed;
			c->stage = is_gone ? STAGE_GONE : STAGE_WAITING;
			c->item.was_posted = true;
			shop_doubt(w->shop, c->item.order, c->item.id,
				w->now + w->model.unknown_wait);
		}
		free_buffers(f);
	}
	site->schedule =
		schedule_new(&site->policy, w->shop, chance_draw(&w->chance), w->now);
	site->is_held = false;
	for (size_t i = 1; i <= w->sent_count; i++) {
		const struct sim_job *job = w->sent[i].item.job;
		if (job->site == number && w->sent[i].stage == STAGE_WAITING)
			schedule_add(site->schedule, &w->sent[i].item, w->now);
	}
}

/* Things that people and machines do. */
static void follow_whim(struct world *w)
{
	size_t number = (size_t)draw(w, (msec_t)w->site_count);
	struct site *site = &w->sites[number];
	switch (draw(w, 8)) {
	case 0:
		restart(w, number);
		break;
	case 1:
		site->policy = draw_policy(w);
		schedule_set_policy(site->schedule, &site->policy);
		site->allowed++;
		break;
	case 2:
		w->now += draw(w, 48 * MSEC_HOUR); /* asleep */
		break;
	default:
		if (w->job_count)
			withdraw(w, &w->jobs[draw(w, (msec_t)w->job_count)]);
		break;
	}
	w->next_whim = w->now + draw(w, 4 * MSEC_HOUR);
	if (w->next_whim > w->last_arrival)
		w->next_whim = MSEC_NEVER;
}

static void draw_comments(struct world *w)
{
	uint64_t bad = one_in(w, 3) ? 20 : 200;
	for (size_t i = 1; i <= COMMENTS; i++) {
		w->models[i].mail = one_in(w, 2);
		if (one_in(w, bad))
			w->models[i].vice = (enum vice)(1 + draw(w, VICE_ORPHAN));
		/* Cut off for ever and no empty request to tell it by: that is one evil
		 * too many for a bound on anybody's wait. */
		if (w->models[i].vice == VICE_CUT && !w->model.knows_empty)
			w->models[i].vice = VICE_NONE;
	}
}

static void init(struct world *w, uint64_t seed, struct world_figures *figures)
{
	w->seed = w->chance = seed;
	w->now = draw(w, 1000000);
	w->figures = figures;
	w->last_arrival = w->now + MSEC_HOUR + draw(w, 48 * MSEC_HOUR);
	w->next_arrival = w->next_weather = w->now;
	w->next_trickle = w->last_arrival;
	w->next_whim = one_in(w, 3) ? MSEC_NEVER : w->now + draw(w, 4 * MSEC_HOUR);
	w->model = (struct shop_model){
		.chance = chance_draw(&w->chance),
		.knows_empty = !one_in(w, 6),
		.names_times = one_in(w, 4),
		.request_timeout = 3 * MSEC_MINUTE,
		.unknown_wait = 10 * MSEC_MINUTE,
	};
	draw_comments(w);
	w->shop = shop_new();
	w->site_count = one_in(w, 3) ? 2 : 1;
	for (size_t i = 0; i < w->site_count; i++) {
		struct site *site = &w->sites[i];
		site->policy = draw_policy(w);
		site->schedule = schedule_new(
			&site->policy, w->shop, chance_draw(&w->chance), w->now);
		site->ask_again = MSEC_NEVER;
	}
}

static void done(struct world *w)
{
	for (size_t i = 0; i < FLIGHTS; i++) {
		if (w->flights[i].is_used)
			free_buffers(&w->flights[i]);
	}
	for (size_t i = 0; i < w->site_count; i++)
		schedule_free(w->sites[i].schedule);
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
	for (size_t i = 0; i < w->site_count; i++)
		next = msec_min(next, w->sites[i].ask_again);
	return next;
}

static void let_happen(struct world *w)
{
	for (size_t i = 0; i < FLIGHTS; i++) {
		if (w->flights[i].is_used && w->flights[i].end <= w->now)
			end_flight(w, &w->flights[i]);
	}
	if (w->next_arrival <= w->now)
		arrive(w);
	if (w->next_trickle <= w->now)
		trickle(w);
	if (w->next_weather <= w->now)
		change_weather(w);
	if (w->next_whim <= w->now)
		follow_whim(w);
	for (size_t i = 0; i < w->site_count; i++)
		pump(w, &w->sites[i]);
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
	if (one_in(w, 4))
		check_early(w, &w->sites[draw(w, (msec_t)w->site_count)], next);
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
	for (size_t i = 1; i <= COMMENTS; i++) {
		const struct model_comment *m = &w->models[i];
		check(w, m->times_stored <= 1, "number %zu stored %u times", i,
			m->times_stored);
	}
	/* What is due may turn out to stand behind another's doubt; that is seldom. */
	check(w, w->idle_wakes < 20 + w->sent_count / 10, "woken %zu times for nothing",
		w->idle_wakes);
	figures->comments += w->sent_count;
	done(w);
}
