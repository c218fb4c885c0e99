/* SPDX-License-Identifier: MIT */
#include "checks.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { SEARCH_MOST = 10 };

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

static msec_t latest(msec_t a, msec_t b)
{
	return a > b ? a : b;
}

/* Who comes to the front stands there since the last of those before it ended. One that
 * was withdrawn while it waited for a probe's word ends with that word. */
size_t check_first_waiting(struct world *w, struct site *site, size_t order)
{
	size_t *first = &site->first_of_order[order];
	while (*first && w->sent[*first].stage >= STAGE_FINAL &&
		!w->sent[*first].is_accused) {
		const struct sent *gone = &w->sent[*first];
		*first = gone->next;
		w->sent[*first].first = (struct standing){
			.earliest = latest(gone->first.earliest, gone->ended.earliest),
			.since = latest(gone->first.since, gone->ended.since),
		};
	}
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
	check(w, c->due <= w->now, "comment %zu sent before its time", at);
	check(w, site->quiet_until <= w->now, "comment %zu sent amid the quiet", at);
	c->stage = STAGE_FLYING;
	c->is_decided = false;
	c->is_foremost = false;
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

/* The longest search halves 500 until one is left; a probe or a hold ends it. */
static void count_refusal(const struct world *w, const struct site *site, struct sent *c)
{
	if (c->spell != site->spell)
		c->refusals = 0;
	c->spell = site->spell;
	c->refusals++;
	check(w, c->refusals <= SEARCH_MOST, "refused %u times in one search",
		c->refusals);
}

static void check_outcome(
	const struct world *w, const struct decision *d, const struct sent *c)
{
	if (d->outcome <= OUTCOME_ALREADY)
		check(w, w->models[c->number].times_stored > 0, "delivered, not stored");
	if (d->outcome == OUTCOME_ALREADY)
		check(w, !c->item.was_posted, "already, but it was posted");
	if (d->outcome == OUTCOME_REJECTED)
		check_rejection(w, d, &w->models[c->number]);
	if (d->outcome == OUTCOME_REJECTED && d->cause != CAUSE_ANSWER)
		check(w, c->in_doubt_until <= w->now, "given up in doubt");
}

static void keep_waiting(
	struct world *w, struct site *site, struct sent *c, const struct decision *d)
{
	c->item.not_before = c->due = d->due;
	if (d->due > w->now) {
		c->is_untried = false;
		c->refusals = 0;
		c->own = (struct standing){d->due, d->due};
	} else {
		c->own = (struct standing){site->asked, w->now};
		c->is_accused = true;
		c->refused_after = site->last_task;
		count_refusal(w, site, c);
	}
}

/* As the journal tells it to the next run. */
static void note_series(struct site *site, const struct sent *c, const struct decision *d)
{
	struct schedule_past *past = &site->past;
	if (d->outcome <= OUTCOME_ALREADY)
		past->refused_count = 0;
	if (d->is_refused && past->refused_count < HOLD_SILENT_REFUSALS)
		past->refused[past->refused_count++] = c->item.id;
}

static void take_decision(struct world *w, struct site *site, const struct decision *d)
{
	size_t at = index_of(w, d);
	struct sent *c = &w->sent[at];
	const struct sim_job *job = d->job;
	check(w, c->stage != STAGE_FINAL, "comment %zu decided again", at);
	check(w, c->stage != STAGE_GONE || !c->is_decided, "comment %zu was removed", at);
	bool is_final = d->outcome <= OUTCOME_REJECTED;
	check_outcome(w, d, c);
	c->is_decided = true;
	c->ended = (struct standing){site->asked, w->now};
	c->is_accused = false;
	c->item.attempts = d->attempts;
	c->item.tries = d->tries;
	c->item.seen = d->seen;
	c->item.cap = d->cap;
	c->item.was_deferred = d->outcome == OUTCOME_DEFERRED;
	c->item.was_unknown = d->outcome == OUTCOME_UNKNOWN;
	note_series(site, c, d);
	if (job->is_removed)
		c->stage = STAGE_GONE;
	else
		c->stage = is_final ? STAGE_FINAL : STAGE_WAITING;
	if (!is_final)
		keep_waiting(w, site, c, d);
	w->settled += is_final && !job->is_removed;
}

size_t check_decisions(struct world *w, struct site *site)
{
	size_t count = 0;
	struct decision decision;
	for (; schedule_decision(site->schedule, &decision); count++)
		take_decision(w, site, &decision);
	return count;
}

void check_stored_once(struct world *w)
{
	for (size_t i = 1; i <= w->sent_count; i++) {
		const struct model_comment *m = &w->models[i];
		check(w, !m->times_doubled, "number %zu stored %u times", i,
			m->times_stored);
		w->figures->doubled += m->times_doubled;
		w->figures->repeated += m->times_repeated;
		w->figures->overdue += m->times_overdue;
	}
}
