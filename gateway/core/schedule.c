/* SPDX-License-Identifier: MIT
 *
 * What waits is in the queue, what the shop forbids is in the shop, whether the site may
 * be sent to is in the holding, who goes together is the batch's. Here they meet.
 */
#include "core/schedule.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "core/schedule_parts.h"

static struct flight *land(struct schedule *s, uint64_t number)
{
	struct flight **link = &s->flights;
	while (*link && (*link)->number != number)
		link = &(*link)->next;
	struct flight *f = *link;
	assert(f);
	*link = f->next;
	s->flight_count--;
	if (f->is_probe)
		s->hold.is_probing = false;
	for (size_t i = 0; i < f->count; i++)
		shop_release(s->shop, queue_order(f->entries[i]), f->entries[i]->id);
	return f;
}

/* Makes a task of what was picked. */
static void launch(struct schedule *s, bool is_probe, msec_t now, struct task *task)
{
	size_t count = s->batch.count;
	size_t bytes = 0;
	struct flight *f = xcalloc(1, sizeof(*f) + count * sizeof(struct entry *));
	s->refs = xgrow(s->refs, &s->ref_room, count, sizeof(*s->refs));
	for (size_t i = 0; i < count; i++) {
		struct entry *e = s->batch.picked[i];
		queue_set_mood(&s->queue, e, MOOD_FRESH);
		bytes += e->bytes;
		f->entries[i] = e;
		s->refs[i] = (struct schedule_ref){e->job->name, e->index};
	}
	f->number = ++s->number;
	f->started = now;
	f->is_probe = is_probe;
	f->count = count;
	f->next = s->flights;
	s->flights = f;
	s->flight_count++;
	if (is_probe) {
		s->hold.is_probing = true;
		s->hold.was_empty = !count;
	}
	*task = (struct task){
		.kind = count ? TASK_POST : TASK_PROBE,
		.number = f->number,
		.refs = s->refs,
		.count = count,
		.bytes = bytes,
	};
}

/* When there may be something to send, as far as only time is needed for it. */
static msec_t ready_at(const struct schedule *s, msec_t now)
{
	if (queue_first(&s->queue.fresh) || queue_first(&s->queue.suspect))
		return now;
	const struct entry *e = queue_first_due(&s->queue);
	return e ? e->wait.due : MSEC_NEVER;
}

/* Fills task, or says when to ask again. */
static msec_t next_post(struct schedule *s, bool is_probe, msec_t now, struct task *task)
{
	msec_t at = ready_at(s, now);
	if (now < s->quiet_until)
		return at > s->quiet_until ? at : s->quiet_until;
	struct batch_source source = {&s->queue, s->shop, &s->policy};
	batch_pick(&s->batch, &source, is_probe ? 1 : s->batch.limit, now);
	if (s->batch.count)
		launch(s, is_probe, now, task);
	return ready_at(s, now);
}

/* One comment in doubt already, if any can go. */
static void pick_doubted(struct schedule *s, msec_t now)
{
	struct batch_source source = {&s->queue, s->shop, &s->policy};
	if (now >= s->quiet_until)
		batch_pick_line(&s->batch, &source, &s->queue.suspect, 1, now);
}

static msec_t next_probe(struct schedule *s, msec_t now, struct task *task)
{
	if (s->hold.is_probing)
		return MSEC_NEVER;
	if (now < s->hold.next_try)
		return s->hold.next_try;

	enum probe probe = hold_probe(&s->hold, &s->policy);
	if (s->hold.is_asking)
		s->batch.suspects_first = false; /* who is beyond suspicion tells more */
	if (probe == PROBE_COMMENT) {
		msec_t at = next_post(s, true, now, task);
		if (task->kind != TASK_NONE || s->hold.cause == HOLD_STORES_NOTHING)
			return at;
	}
	s->batch.count = 0;
	if (probe == PROBE_DOUBTED)
		pick_doubted(s, now);
	launch(s, true, now, task);
	return now;
}

/* What may be stored yet is not given up before its wait has ended. */
static void give_up(struct schedule *s, struct job *job)
{
	queue_unwatch(&s->queue, job);
	const struct link *end = &job->entries;
	for (struct link *at = job->entries.next, *next; at != end; at = next) {
		struct entry *e = ring_member(at, struct entry, in_job);
		next = at->next;
		bool may_wait = e->place == PLACE_TIMED || e->place == PLACE_BEHIND;
		bool in_doubt = may_wait && e->mood == MOOD_UNKNOWN;
		if (e->place == PLACE_OUT || in_doubt)
			continue;
		schedule_decide(s, e, OUTCOME_REJECTED, CAUSE_GAVE_UP, 0);
		queue_discard(&s->queue, e);
	}
}

/* When the oldest job is given up. */
static msec_t over_at(const struct schedule *s)
{
	const struct job *oldest = queue_oldest(&s->queue);
	if (!s->policy.give_up || !oldest)
		return MSEC_NEVER;
	return oldest->age.due + s->policy.give_up;
}

/* What time alone changes, also while nothing may be sent: a comment whose job is over
 * or whose attempts are may have stayed for the end of its doubt. */
static msec_t changes_at(const struct schedule *s)
{
	const struct entry *e = queue_first_due(&s->queue);
	msec_t over = over_at(s);
	if (s->ending_count)
		over = msec_min(over, s->endings[0]);
	return s->policy.give_up && e ? msec_min(over, e->wait.due) : over;
}

static void catch_up(struct schedule *s, msec_t now)
{
	if (s->seen_releases != shop_releases(s->shop)) {
		s->seen_releases = shop_releases(s->shop);
		queue_unblock(&s->queue);
	}
	while (over_at(s) <= now)
		give_up(s, queue_oldest(&s->queue));
	while (s->ending_count && s->endings[0] <= now)
		memmove(s->endings, s->endings + 1,
			--s->ending_count * sizeof(*s->endings));
	for (struct entry *e; (e = queue_first_due(&s->queue)) && e->wait.due <= now;) {
		queue_leave(&s->queue, e);
		schedule_put_back(s, e, now);
	}
}

static void free_flights(struct flight *f)
{
	while (f) {
		struct flight *next = f->next;
		free(f);
		f = next;
	}
}

struct schedule *schedule_new(const struct schedule_policy *policy, struct shop *shop,
	uint64_t seed, msec_t now)
{
	struct schedule *s = xcalloc(1, sizeof(*s));
	s->policy = *policy;
	s->shop = shop;
	s->first_tick = MSEC_NEVER;
	s->quiet_until = now;
	s->seen_releases = shop_releases(shop);
	queue_init(&s->queue);
	batch_init(&s->batch);
	hold_init(&s->hold, seed);
	return s;
}

void schedule_free(struct schedule *s)
{
	if (!s)
		return;
	while (s->flights)
		free(land(s, s->flights->number));
	free_flights(s->accused);
	queue_done(&s->queue);
	batch_done(&s->batch);
	free(s->endings);
	free(s->refs);
	free(s->decisions);
	free(s);
}

void schedule_set_policy(struct schedule *s, const struct schedule_policy *policy)
{
	bool is_new_rhythm = policy->interval != s->policy.interval;
	s->policy = *policy;
	if (s->batch.limit > policy->batch_comments)
		s->batch.limit = policy->batch_comments;
	if (is_new_rhythm) {
		s->first_tick = MSEC_NEVER;
		queue_hurry(&s->queue);
	}
	hold_hurry(&s->hold);
}

void schedule_resume(struct schedule *s, const struct schedule_past *past, msec_t now)
{
	s->stored = past->stored;
	s->stored_mail = past->stored_mail;
	hold_resume(&s->hold, past, now);
}

void schedule_quiet_until(struct schedule *s, msec_t until)
{
	s->quiet_until = until;
}

void schedule_add(struct schedule *s, const struct schedule_item *item, msec_t now)
{
	if (s->policy.interval && s->first_tick == MSEC_NEVER)
		s->first_tick = now;
	bool is_early = item->not_before > now;
	bool is_last = item->was_unknown && item->attempts >= s->policy.max_attempts;
	msec_t doubted = shop_doubted_until(s->shop, item->id, now);
	msec_t at = is_early ? item->not_before : now;
	msec_t due = schedule_next_tick(s, at > doubted ? at : doubted);
	bool is_timed = due > now || is_last;
	struct entry *e = queue_add(&s->queue, item, is_timed ? due : item->not_before);
	e->was_posted = e->was_posted || doubted;
	if (doubted || is_last)
		queue_set_mood(&s->queue, e, MOOD_UNKNOWN);
	else if (is_early)
		queue_set_mood(&s->queue, e, MOOD_DEFERRED);
	if (is_last)
		schedule_note_ending(s, e, due);
}

void schedule_remove(struct schedule *s, const void *job)
{
	queue_forget(&s->queue, job);
}

void schedule_next(struct schedule *s, msec_t now, struct task *task)
{
	*task = (struct task){.kind = TASK_NONE};
	catch_up(s, now);
	msec_t at = MSEC_NEVER;
	if (s->flight_count < s->policy.connections)
		at = hold_is_shut(&s->hold) ? next_probe(s, now, task)
					    : next_post(s, false, now, task);
	if (task->kind == TASK_NONE)
		task->ask_again = msec_min(at, changes_at(s));
}

void schedule_cancel(struct schedule *s, uint64_t number)
{
	schedule_put_off(s, number, NULL, 0);
}

void schedule_put_off(struct schedule *s, uint64_t number, const void *job, msec_t until)
{
	auto_free struct flight *f = land(s, number);
	for (size_t i = f->count; i-- > 0;) {
		struct entry *e = f->entries[i];
		if (e->job->is_withdrawn) {
			queue_drop(&s->queue, e);
			continue;
		}
		queue_watch(&s->queue, e->job);
		if (e->job->name == job)
			queue_wait(&s->queue, e, until);
		else
			queue_ready_first(&s->queue, e);
	}
}

void schedule_done(
	struct schedule *s, uint64_t number, const struct task_report *report, msec_t now)
{
	auto_free struct flight *f = land(s, number);
	schedule_take_answer(s, &f, report, now);
}

bool schedule_decision(struct schedule *s, struct decision *decision)
{
	if (s->decision_next == s->decision_count) {
		s->decision_next = s->decision_count = 0;
		return false;
	}
	*decision = s->decisions[s->decision_next++];
	return true;
}

void schedule_state(const struct schedule *s, struct schedule_state *state)
{
	const size_t *moods = s->queue.moods;
	*state = (struct schedule_state){
		.hold = s->hold.cause,
		.held_since = s->hold.since,
		.next_try = s->hold.next_try,
		.is_told = s->hold.is_told,
		.stored = s->stored,
		.stored_mail = s->stored_mail,
		.deferred = moods[MOOD_DEFERRED],
		.unknown = moods[MOOD_UNKNOWN],
	};
}
