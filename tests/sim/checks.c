/* SPDX-License-Identifier: MIT */
#include "world_parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void check_failed(const struct world *w, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fprintf(stderr, "seed %" PRIu64 ", at %" PRId64 " ms: ", w->seed, w->now);
	vfprintf(stderr, format, args);
	fprintf(stderr, "\nreplay: sim --seed %" PRIu64 "\n", w->seed);
	va_end(args);
	exit(1);
}

size_t check_first_waiting(struct world *w, struct site *site, size_t order)
{
	size_t *first = &site->first_of_order[order];
	while (*first && w->sent[*first].stage >= STAGE_FINAL)
		*first = w->sent[*first].next;
	return *first;
}

void check_sent(struct world *w, struct site *site, size_t at)
{
	struct sent *c = &w->sent[at];
	size_t order = (size_t)c->item.order;
	check(w, c->stage == STAGE_WAITING, "comment %zu sent in stage %d", at, c->stage);
	check(w, check_first_waiting(w, site, order) == at, "comment %zu overtakes", at);
	check(w, !w->order_busy[order], "order %zu twice under way", order);
	check(w, !w->id_busy[c->number], "number %zu twice under way", c->number);
	check(w, w->order_until[order] <= w->now, "order %zu sent in doubt", order);
	check(w, w->id_until[c->number] <= w->now, "number %zu sent in doubt", c->number);
	check(w, c->item.not_before <= w->now, "comment %zu sent before its time", at);
	c->stage = STAGE_FLYING;
	c->is_decided = false;
	w->order_busy[order] = w->id_busy[c->number] = true;
}

void check_batch(struct world *w, const struct site *site, const struct task *task)
{
	const struct schedule_policy *policy = &site->policy;
	size_t bytes = 0;
	for (size_t i = 0; i < task->count; i++)
		bytes += w->sent[task->refs[i].index].item.bytes;
	check(w, site->flights < policy->connections, "too many connections");
	check(w, task->count <= policy->batch_comments, "batch of %zu", task->count);
	check(w, task->count <= 1 || bytes <= policy->batch_bytes, "%zu bytes", bytes);
}

static size_t index_of(const struct world *w, const struct decision *d)
{
	const struct sim_job *job = d->job;
	check(w, d->index >= job->first && d->index < job->first + job->count,
		"a decision on comment %u, which is not of its job", d->index);
	return d->index;
}

static void check_rejection(
	const struct world *w, const struct decision *d, const struct model_comment *m)
{
	if (d->cause == CAUSE_ANSWER)
		check(w, m->vice == VICE_ORPHAN || m->vice == VICE_FORBIDDEN,
			"a good comment was rejected");
}

static void take_decision(struct world *w, const struct decision *d)
{
	size_t at = index_of(w, d);
	struct sent *c = &w->sent[at];
	const struct sim_job *job = d->job;
	check(w, c->stage != STAGE_FINAL, "comment %zu decided again", at);
	check(w, c->stage != STAGE_GONE || !c->is_decided, "comment %zu was removed", at);
	bool is_final = d->outcome <= OUTCOME_REJECTED;
	if (d->outcome <= OUTCOME_ALREADY)
		check(w, w->models[c->number].times_stored > 0, "delivered, not stored");
	if (d->outcome == OUTCOME_ALREADY)
		check(w, !c->item.was_posted, "already, but it was posted");
	if (d->outcome == OUTCOME_REJECTED)
		check_rejection(w, d, &w->models[c->number]);
	c->is_decided = true;
	c->ended = w->now;
	c->item.attempts = d->attempts;
	c->item.not_before = is_final ? 0 : d->due;
	if (job->is_removed)
		c->stage = STAGE_GONE;
	else
		c->stage = is_final ? STAGE_FINAL : STAGE_WAITING;
	w->settled += is_final && !job->is_removed;
}

size_t check_decisions(struct world *w, struct site *site)
{
	size_t count = 0;
	struct decision decision;
	for (; schedule_decision(site->schedule, &decision); count++)
		take_decision(w, &decision);
	return count;
}

void check_hold(struct world *w, struct site *site)
{
	struct schedule_state state;
	schedule_state(site->schedule, &state);
	bool is_held = state.hold != HOLD_NONE;
	if (is_held && !site->is_held) {
		site->held_since = w->now;
		site->probes = 0;
		site->allowed = PROBES_AT_FIRST;
	}
	site->is_held = is_held;
	if (!is_held || w->model.names_times)
		return;
	uint64_t lasted = (uint64_t)(w->now - site->held_since);
	uint64_t most = site->allowed + lasted / (5 * MSEC_MINUTE);
	check(w, site->probes <= most, "%" PRIu64 " probes", site->probes);
}

/* An order with a bad comment may wait long; so may a number shared with one. */
static bool may_wait(const struct world *w, const struct sent *c)
{
	for (size_t i = 1; i <= w->sent_count; i++) {
		const struct sent *other = &w->sent[i];
		bool is_late =
			other->stage < STAGE_FINAL || w->now - other->ended < LATEST_TURN;
		if (is_late && w->models[other->number].vice &&
			(other->item.order == c->item.order ||
				other->number == c->number))
			return true;
	}
	return false;
}

void check_nobody_starved(struct world *w)
{
	for (size_t i = 1; i <= w->sent_count; i++) {
		const struct sent *c = &w->sent[i];
		if (c->stage < STAGE_FINAL && w->now - c->item.arrived > LATEST_TURN)
			check(w, may_wait(w, c), "comment %zu starves", i);
	}
}
