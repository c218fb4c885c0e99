/* SPDX-License-Identifier: MIT
 *
 * Whatever failed goes to the end of its line, also when the shop was at fault: one text
 * that a proxy cuts off or answers with "too many requests" looks like a shop in trouble,
 * and at the front of the line it would meet every opening of the site alone.
 */
#include "core/schedule_parts.h"

#include "base/alloc.h"
#include "base/cleanup.h"

void schedule_decide(struct schedule *s, const struct entry *e, enum outcome outcome,
	enum decision_cause cause, msec_t due)
{
	s->decisions = xgrow(s->decisions, &s->decision_room, s->decision_count + 1,
		sizeof(*s->decisions));
	s->decisions[s->decision_count++] = (struct decision){
		.job = e->job->name,
		.index = e->index,
		.outcome = outcome,
		.cause = cause,
		.attempts = e->attempts,
		.tries = e->tries,
		.cap = e->cap,
		.seen = e->seen,
		.due = due,
	};
}

static void finish(struct schedule *s, struct entry *e, enum outcome outcome,
	enum decision_cause cause)
{
	schedule_decide(s, e, outcome, cause, 0);
	queue_drop(&s->queue, e);
}

static bool is_over(const struct schedule *s, const struct entry *e, msec_t now)
{
	msec_t give_up = s->policy.give_up;
	return give_up && !e->job->is_withdrawn && now - e->job->age.due >= give_up;
}

void schedule_put_back(struct schedule *s, struct entry *e, msec_t now)
{
	if (e->job->is_withdrawn) {
		queue_drop(&s->queue, e);
	} else if (is_over(s, e, now)) {
		finish(s, e, OUTCOME_REJECTED, CAUSE_GAVE_UP);
	} else if (e->mood == MOOD_UNKNOWN && e->is_last) {
		/* Its last attempt: what may be stored yet was waited for first. */
		finish(s, e, OUTCOME_REJECTED, CAUSE_EXHAUSTED);
	} else {
		queue_watch(&s->queue, e->job);
		queue_ready(&s->queue, e);
	}
}

msec_t schedule_next_tick(const struct schedule *s, msec_t at)
{
	msec_t interval = s->policy.interval;
	if (!interval || s->first_tick == MSEC_NEVER)
		return at;
	msec_t late = (at - s->first_tick) % interval;
	return late > 0 ? at + interval - late : at;
}

/* True if this was the last attempt that max_attempts allows. An attempt says something
 * about the comment only if the shop could store others meanwhile, and with mail, if it
 * could mail them. */
static bool count_attempt(struct schedule *s, struct entry *e)
{
	uint32_t stored = e->mail ? s->stored_mail : s->stored;
	bool counts = !e->attempts || stored != e->seen;
	e->seen = stored;
	if (e->tries < ENTRY_MAX_TRIES)
		e->tries++;
	if (counts && e->attempts < ENTRY_MAX_ATTEMPTS)
		e->attempts++;
	return counts && e->attempts >= s->policy.max_attempts;
}

static void set_cap(struct entry *e, size_t cap)
{
	if (cap > ENTRY_MAX_CAP)
		cap = ENTRY_MAX_CAP;
	if (!e->cap || cap < e->cap)
		e->cap = cap & ENTRY_MAX_CAP;
}

/* Its own back-off, which grows with each try. */
static void wait_long(struct schedule *s, struct entry *e, msec_t now)
{
	msec_t longest = SCHEDULE_POISON_WAIT;
	if (longest < s->policy.retry_max)
		longest = s->policy.retry_max;
	msec_t wait = SCHEDULE_POISON_WAIT;
	for (unsigned i = 1; i < e->tries && wait < longest; i++)
		wait *= 2;
	wait = hold_draw(&s->hold, msec_min(wait, longest));
	msec_t due = schedule_next_tick(s, now + wait);
	schedule_decide(s, e, OUTCOME_DEFERRED, CAUSE_ANSWER, due);
	queue_set_mood(&s->queue, e, MOOD_DEFERRED);
	queue_wait(&s->queue, e, due);
}

/* The shop broke on it, alone, and was well right after. */
static void defer(struct schedule *s, struct entry *e, msec_t now)
{
	if (count_attempt(s, e))
		finish(s, e, OUTCOME_REJECTED, CAUSE_EXHAUSTED);
	else
		wait_long(s, e, now);
}

static void punish(struct schedule *s, struct entry *e, enum blame blame, msec_t now)
{
	if (blame == BLAME_REQUEST)
		finish(s, e, OUTCOME_REJECTED, CAUSE_ANSWER);
	else
		defer(s, e, now);
	s->decisions[s->decision_count - 1].is_refused = true;
}

/* A comment that was alone is at fault, unless it is one of a series: then the shop is,
 * and its count does not change. */
static void convict_one(
	struct schedule *s, struct entry *e, const struct flight *f, msec_t now)
{
	set_cap(e, 1);
	if (e->job->is_withdrawn || is_over(s, e, now)) {
		schedule_put_back(s, e, now);
	} else if (hold_note_refusal(&s->hold, e->id)) {
		struct trouble silent = {HOLD_STORES_NOTHING, -1, f->started};
		hold_begin(&s->hold, &s->policy, &silent, now);
		schedule_put_back(s, e, now);
	} else {
		punish(s, e, f->blame, now);
	}
}

/* Halves go before all other suspects, so that the search for one ends before the next
 * begins. */
static void convict(struct schedule *s, const struct flight *f, msec_t now)
{
	if (f->count == 1) {
		convict_one(s, f->entries[0], f, now);
		return;
	}
	for (size_t i = f->count; i-- > 0;) {
		struct entry *e = f->entries[i];
		set_cap(e, (f->count + 1) / 2);
		if (e->job->is_withdrawn || is_over(s, e, now)) {
			schedule_put_back(s, e, now);
			continue;
		}
		queue_watch(&s->queue, e->job);
		queue_ready_first(&s->queue, e);
	}
}

static void acquit(struct schedule *s, const struct flight *f, msec_t now)
{
	for (size_t i = 0; i < f->count; i++)
		schedule_put_back(s, f->entries[i], now);
}

void schedule_acquit_all(struct schedule *s, msec_t now)
{
	while (s->accused) {
		auto_free struct flight *f = s->accused;
		s->accused = f->next;
		acquit(s, f, now);
	}
}

/* A good probe speaks against those that were refused before it was sent. */
static void convict_before(struct schedule *s, uint64_t probe, msec_t now)
{
	while (s->accused && s->accused->refused_after < probe) {
		auto_free struct flight *f = s->accused;
		s->accused = f->next;
		convict(s, f, now);
	}
	if (s->accused && s->hold.cause == HOLD_NONE)
		hold_ask(&s->hold, now);
}

static void accuse(struct schedule *s, struct flight *f)
{
	struct flight **end = &s->accused;
	while (*end)
		end = &(*end)->next;
	f->next = NULL;
	f->refused_after = s->number;
	*end = f;
}

/* Key or website code. Of a post that is hearsay, for a fault may quote a comment's text:
 * if it is true, the probe will hear the same. */
static bool blames_settings(enum blame blame)
{
	return blame == BLAME_KEY || blame == BLAME_WEBSITE;
}

static struct trouble trouble_of(const struct flight *f, const struct task_report *report)
{
	static const enum hold by_answer[] = {
		[ANSWER_RESULTS] = HOLD_NONE,
		[ANSWER_REFUSED] = HOLD_REFUSING,
		[ANSWER_NOTHING] = HOLD_UNREACHABLE,
		[ANSWER_UNKNOWN] = HOLD_UNCLEAR,
	};
	static const enum hold by_blame[] = {
		[BLAME_KEY] = HOLD_KEY,
		[BLAME_WEBSITE] = HOLD_WEBSITE,
	};
	bool is_named = f->is_probe && blames_settings(report->blame);
	enum hold cause = is_named ? by_blame[report->blame] : by_answer[report->answer];
	return (struct trouble){cause, report->retry_after, f->started};
}

/* The shop is at fault, not what was sent to it. */
static void hold_site(struct schedule *s, const struct flight *f,
	const struct task_report *report, msec_t now)
{
	struct trouble trouble = trouble_of(f, report);
	if (f->is_probe)
		hold_bad_probe(&s->hold, &s->policy, &trouble, now);
	else
		hold_begin(&s->hold, &s->policy, &trouble, now);
	schedule_acquit_all(s, now);
}

static void open_site(struct schedule *s, const struct flight *probe, msec_t now)
{
	if (s->hold.cause != HOLD_NONE)
		s->batch.limit = 1;
	hold_open(&s->hold, now);
	convict_before(s, probe->number, now);
}

/* Each as it was; the record of the task is closed by a decision nevertheless. */
static void return_all(struct schedule *s, const struct flight *f, msec_t now)
{
	for (size_t i = 0; i < f->count; i++) {
		struct entry *e = f->entries[i];
		if (!is_over(s, e, now))
			schedule_decide(s, e, OUTCOME_DEFERRED, CAUSE_ANSWER, now);
		schedule_put_back(s, e, now);
	}
}

/* True for a comment that meets such trouble alone once more. */
static bool is_met_again(const struct flight *f)
{
	if (f->count != 1 || f->is_probe)
		return false;
	bool is_again = f->entries[0]->met_trouble;
	f->entries[0]->met_trouble = true;
	return is_again;
}

/* Trouble that has nothing to do with what was sent, most likely. But where a proxy cuts
 * off one text whenever it sees it, that one would hold the site for ever: so a comment
 * that meets it alone again and again stands back, uncounted. */
static void take_nothing(struct schedule *s, const struct flight *f,
	const struct task_report *report, msec_t now)
{
	struct entry *e = is_met_again(f) ? f->entries[0] : NULL;
	if (e && !e->job->is_withdrawn && !is_over(s, e, now)) {
		if (e->tries < ENTRY_MAX_TRIES)
			e->tries++;
		set_cap(e, 1);
		wait_long(s, e, now);
	} else {
		return_all(s, f, now);
	}
	hold_site(s, f, report, now);
}

static void take_results(struct schedule *s, const struct flight *f,
	const struct task_report *report, msec_t now)
{
	bool delivered = false;
	for (size_t i = 0; i < f->count; i++) {
		struct entry *e = f->entries[i];
		enum result result = report->results[i];
		enum outcome outcome = OUTCOME_DELIVERED;
		if (result == RESULT_REJECTED)
			outcome = OUTCOME_REJECTED;
		else if (result == RESULT_KNOWN && !e->was_posted)
			outcome = OUTCOME_ALREADY;
		delivered |= result != RESULT_REJECTED;
		s->stored += result == RESULT_STORED;
		s->stored_mail += result == RESULT_STORED && e->mail;
		finish(s, e, outcome, CAUSE_ANSWER);
	}
	if (f->count) {
		hold_note_sound(&s->hold, delivered);
		batch_adapt(&s->batch, &s->policy, f->count, report->took);
	} else {
		s->hold.answers_empty = true;
	}
	if (f->is_probe)
		open_site(s, f, now);
}

static void take_refusal(struct schedule *s, struct flight **flight,
	const struct task_report *report, msec_t now)
{
	struct flight *f = *flight;
	for (size_t i = 0; i < f->count; i++)
		f->entries[i]->was_posted =
			true; /* what came before the fault is stored */
	if (!f->count && !blames_settings(report->blame))
		s->hold.refuses_empty = true;
	if (f->is_probe && f->count)
		set_cap(f->entries[0], 1); /* the next probe is one of another line */
	if (f->is_probe || s->hold.cause != HOLD_NONE) {
		return_all(s, f, now);
		hold_site(s, f, report, now);
		return;
	}
	for (size_t i = 0; i < f->count; i++)
		schedule_decide(s, f->entries[i], OUTCOME_DEFERRED, CAUSE_ANSWER, now);
	f->blame = report->blame;
	accuse(s, take_ptr(*flight));
	if (report->retry_after >= s->policy.retry_min) {
		struct trouble trouble = trouble_of(f, report);
		hold_begin(&s->hold, &s->policy, &trouble, now);
	} else {
		hold_ask(&s->hold, now);
	}
}

void schedule_note_ending(struct schedule *s, struct entry *e, msec_t due)
{
	e->is_last = true;
	s->endings = xgrow(
		s->endings, &s->ending_room, s->ending_count + 1, sizeof(*s->endings));
	size_t place = s->ending_count++;
	for (; place && s->endings[place - 1] > due; place--)
		s->endings[place] = s->endings[place - 1];
	s->endings[place] = due;
}

static void take_doubt(struct schedule *s, const struct flight *f,
	const struct task_report *report, msec_t now)
{
	msec_t until = now + s->policy.unknown_wait;
	for (size_t i = 0; i < f->count; i++) {
		struct entry *e = f->entries[i];
		shop_doubt(s->shop, queue_order(e), e->id, until);
		e->was_posted = true;
		set_cap(e, report->unpaired ? 1 : (f->count + 1) / 2);
		msec_t due = schedule_next_tick(s, until);
		if (f->count == 1 && count_attempt(s, e))
			schedule_note_ending(s, e, due);
		schedule_decide(s, e, OUTCOME_UNKNOWN, CAUSE_ANSWER, due);
		if (e->job->is_withdrawn) {
			queue_drop(&s->queue, e);
			continue;
		}
		queue_set_mood(&s->queue, e, MOOD_UNKNOWN);
		queue_wait(&s->queue, e, due);
	}
	hold_site(s, f, report, now);
}

void schedule_take_answer(struct schedule *s, struct flight **flight,
	const struct task_report *report, msec_t now)
{
	struct flight *f = *flight;
	switch (report->answer) {
	case ANSWER_RESULTS:
		take_results(s, f, report, now);
		break;
	case ANSWER_REFUSED:
		take_refusal(s, flight, report, now);
		break;
	case ANSWER_NOTHING:
		take_nothing(s, f, report, now);
		break;
	case ANSWER_UNKNOWN:
		take_doubt(s, f, report, now);
		break;
	}
}
