/* SPDX-License-Identifier: MIT */
#include "top/delivery.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/words.h"
#include "core/envelope.h"
#include "core/rejection.h"
#include "core/response.h"
#include "system/log.h"

/* The largest comment that a file can bring, every byte of it escaped, fits. */
#define ENVELOPE_MAX_BYTES ((size_t)512 * 1024 * 1024)
enum { MEANING_BYTES = 1024, FRAME_BYTES = 1024 /* around the comments */ };

/* What an exchange is about: kept until its reply is understood. */
struct errand {
	struct errand *next, **link; /* in the list of the site */
	struct site *site;
	struct exchange *exchange;
	uint64_t task;
	char *key;    /* that it was sent with: the shop may say it back */
	size_t count; /* 0: a probe */
	struct schedule_ref refs[];
};

static struct errand *errand_new(struct site *site, const struct task *task)
{
	size_t refs_size = task->count * sizeof(task->refs[0]);
	struct errand *errand = xcalloc(1, sizeof(*errand) + refs_size);
	errand->site = site;
	errand->task = task->number;
	errand->key = xstrdup(site->config->key);
	errand->count = task->count;
	if (refs_size)
		memcpy(errand->refs, task->refs, refs_size);
	errand->link = &site->errands;
	errand->next = site->errands;
	if (errand->next)
		errand->next->link = &errand->next;
	site->errands = errand;
	return errand;
}

/* Also ends its exchange if that is still under way. */
static void errand_free(struct errand *errand)
{
	*errand->link = errand->next;
	if (errand->next)
		errand->next->link = errand->link;
	exchange_free(errand->exchange);
	explicit_bzero(errand->key, strlen(errand->key));
	free(errand->key);
	free(errand);
}

static const struct comment *comment_of(const struct schedule_ref *ref)
{
	const struct job *job = ref->job;
	return document_comment(job->document, ref->index);
}

/* --- outcomes --- */

static enum progress_state state_after(enum outcome outcome)
{
	static const enum progress_state states[] = {
		[OUTCOME_DELIVERED] = PROGRESS_DELIVERED,
		[OUTCOME_ALREADY] = PROGRESS_ALREADY,
		[OUTCOME_REJECTED] = PROGRESS_REJECTED,
		[OUTCOME_DEFERRED] = PROGRESS_DEFERRED,
		[OUTCOME_UNKNOWN] = PROGRESS_UNKNOWN,
	};
	return states[outcome];
}

/* What code and words of the shop do not say. */
static void add_meaning(struct buf *out, const struct progress *p)
{
	if (p->state == PROGRESS_ALREADY)
		buf_add_text(
			out, _("the shop had a comment of this number before this "
			       "file was sent; if its text differs, this one was not "
			       "stored"));
	else
		rejection_say(out, &(struct rejection){
					   .result = progress_name(p->state),
					   .cause = rejection_cause_name(p->cause),
					   .code = p->code,
					   .message = p->message,
					   .attempts = p->attempts,
				   });
}

static void log_outcome(const struct site *site, const struct job *job, size_t index)
{
	const struct progress *p = &job->comments[index];
	const struct comment *c = document_comment(job->document, index);
	bool is_strange = p->state == PROGRESS_ALREADY || p->state == PROGRESS_REJECTED;
	enum config_level level = is_strange ? LEVEL_WARNING : LEVEL_DEBUG;
	if (!log_is_written(level))
		return;
	char attempts[16] = ""; /* 0 would read as "never tried" */
	if (p->attempts)
		snprintf(attempts, sizeof(attempts), "%u", p->attempts);
	auto_buf struct buf meaning = {.max_bytes = MEANING_BYTES};
	add_meaning(&meaning, p);
	log_event(level, site->config->name, job->name, "outcome",
		log_text("outcome", progress_name(p->state)),
		log_text("order", c->web_order_number), log_text("comment", c->id),
		log_text("attempts", attempts), log_text("code", p->code),
		log_text("message", p->message), log_text("meaning", buf_peek(&meaning)));
}

static void note_decision(
	struct progress *p, const struct decision *decision, const struct moment *now)
{
	bool waits = decision->outcome == OUTCOME_DEFERRED && decision->due > now->up;
	p->attempts = decision->attempts;
	p->tries = decision->tries;
	p->cap = decision->cap;
	p->seen = decision->seen;
	p->cause = decision->cause;
	p->since = now->up;
	p->wait = waits ? decision->due - now->up : 0;
}

static void record_outcome(
	struct site *site, const struct moment *now, const struct decision *decision)
{
	const struct job *job = decision->job;
	const struct progress *p = &job->comments[decision->index];
	const struct comment *c = document_comment(job->document, decision->index);
	site_record_comment(site, now, job, decision->index,
		&(struct record){
			.event = EVENT_OUTCOME,
			.result = progress_name(p->state),
			.attempt = p->attempts,
			.tries = p->tries,
			.seen = p->seen,
			.cap = p->cap,
			.wait = (unsigned)p->wait,
			.refused = decision->is_refused,
			.mail = p->state == PROGRESS_DELIVERED && c->send_mail,
			.cause = rejection_cause_name(p->cause),
			.code = p->code[0] ? p->code : NULL,
			.message = p->message,
		});
}

/* As the next run will know it: see past_shop. */
static void note_series(struct site *site, const struct decision *decision)
{
	const struct job *job = decision->job;
	const struct comment *c = document_comment(job->document, decision->index);
	if (decision->is_refused)
		series_add(&site->refused, c->web_order_number, c->id);
	else if (decision->outcome == OUTCOME_DELIVERED ||
		 decision->outcome == OUTCOME_ALREADY)
		series_end(&site->refused);
}

static void take_decision(
	struct site *site, const struct moment *now, const struct decision *decision)
{
	struct job *job = decision->job;
	site_uncount_job(site, job);
	job_note(job, decision->index, state_after(decision->outcome));
	site_count_job(site, job);
	note_decision(&job->comments[decision->index], decision, now);
	note_series(site, decision);
	tally_outcome(&site->tally, decision->outcome, now->up, now->wall);
	record_outcome(site, now, decision);
	log_outcome(site, job, decision->index);
	if (job->is_stopped)
		site_close_job(site, now, job);
	else if (!job->open && job->state == JOB_SENDING)
		site_finish_job(site, job, END_COMPLETE);
}

static void take_decisions(struct site *site, const struct moment *now)
{
	struct decision decision;
	while (schedule_decision(site->schedule, &decision))
		take_decision(site, now, &decision);
}

/* --- hold and open --- */

/* What passes by itself is warned of once, under whatever names; what needs a person,
 * whenever it comes to that. */
static void say_hold(const struct site *site, const struct moment *now,
	const struct schedule_state *state)
{
	bool is_grave = site->hold == HOLD_NONE || hold_needs_person(state->hold);
	log_event(is_grave ? LEVEL_WARNING : LEVEL_INFO, site->config->name, NULL, "hold",
		log_text("reason", hold_name(state->hold)),
		log_text("shop_said", site->hold_words),
		log_text("remedy", _(hold_remedy(state->hold))),
		log_number("next_try_s", (state->next_try - now->up + 999) / 1000));
}

static void say_open(const struct site *site)
{
	log_event(LEVEL_INFO, site->config->name, NULL, "open",
		log_text("was", hold_name(site->hold)));
}

/* On record is also each time that the shop has named, for the next run. */
static void note_hold(struct site *site, const struct moment *now)
{
	struct schedule_state state;
	schedule_state(site->schedule, &state);
	bool is_held = state.hold != HOLD_NONE;
	msec_t told = is_held && state.is_told ? state.next_try : 0;
	bool is_news = state.hold != site->hold;
	if (is_held && (is_news || (told && told != site->told)))
		site_record_hold(site, now, &state);
	else if (is_news)
		site_record(site, now, &(struct record){.event = EVENT_OPEN});
	if (is_news && is_held)
		say_hold(site, now, &state);
	else if (is_news)
		say_open(site);
	site->hold = state.hold;
	site->told = told;
}

/* --- the reply --- */

/* What the shop said stays with each comment until its outcome is decided. */
static void note_words(const struct errand *errand, const struct response *response)
{
	for (size_t i = 0; i < errand->count; i++) {
		bool has_result = response->answer == ANSWER_RESULTS;
		site_note_words(errand->site, errand->refs[i].job, errand->refs[i].index,
			has_result ? response->results[i].code : NULL,
			has_result ? response->results[i].message : response->words);
	}
}

static void report(const struct errand *errand, const struct response *response,
	msec_t took, const struct moment *now)
{
	auto_free enum result *results = xcalloc(errand->count, sizeof(*results));
	for (size_t i = 0; i < errand->count && response->answer == ANSWER_RESULTS; i++)
		results[i] = response->results[i].result;
	schedule_done(errand->site->schedule, errand->task,
		&(struct task_report){
			.answer = response->answer,
			.blame = response->blame,
			.unpaired = response->unpaired,
			.retry_after = response->retry_after,
			.took = took,
			.results = results,
		},
		now->up);
}

static void understand(const struct errand *errand, const struct exchange *exchange,
	struct response *response)
{
	struct reply reply;
	auto_free const char **orders = xcalloc(errand->count, sizeof(*orders));
	for (size_t i = 0; i < errand->count; i++)
		orders[i] = comment_of(&errand->refs[i])->web_order_number;
	exchange_reply(exchange, &reply);
	reply.secret = errand->key;
	response_read(&reply, orders, errand->count, response);
}

static void log_exchange(
	const struct errand *errand, const struct response *response, msec_t took)
{
	static const char *const answers[] = {
		[ANSWER_RESULTS] = "results",
		[ANSWER_REFUSED] = "refused",
		[ANSWER_NOTHING] = "nothing-stored",
		[ANSWER_UNKNOWN] = "unknown",
	};
	log_event(LEVEL_DEBUG, errand->site->config->name, NULL,
		errand->count ? "exchange" : "probe",
		log_text("answer", answers[response->answer]),
		log_number("comments", errand->count), log_number("ms", took),
		log_text("words", response->words));
}

void delivery_take(struct exchange *exchange, const struct moment *now)
{
	struct errand *errand = exchange_cookie(exchange);
	struct site *site = errand->site;
	auto_with(response_done) struct response response = {0};
	msec_t took = exchange_took(exchange);
	understand(errand, exchange, &response);
	log_exchange(errand, &response, took);
	tally_answer(&site->tally, response.answer, errand->count, took, now->up);
	note_words(errand, &response);
	if (response.answer != ANSWER_RESULTS) {
		free(site->hold_words);
		site->hold_words = xstrdup(response.words ? response.words : "");
	}
	report(errand, &response, took, now);
	take_decisions(site, now);
	note_hold(site, now);
	errand_free(errand);
}

void delivery_abandon(struct site *site)
{
	while (site->errands)
		errand_free(site->errands);
}

/* --- the request --- */

/* 0, -ENOENT: withdrawn, -ESTALE: other bytes than those that were read, or trouble. */
static int look_at_claim(const struct site *site, const struct job *job)
{
	struct stat st;
	int r = spool_look(site->spool, FOLDER_SENDING, job->name, &st);
	if (r < 0)
		return r;
	struct version version = version_of(&st);
	return version_is(&version, &job->version) ? 0 : -ESTALE;
}

/* *bad: the first job of the batch that may not be sent, or NULL. */
static int look_at_claims(
	const struct site *site, const struct task *task, struct job **bad)
{
	const struct job *last = NULL;
	*bad = NULL;
	for (size_t i = 0; i < task->count; i++) {
		struct job *job = task->refs[i].job;
		if (job == last)
			continue;
		last = job;
		int r = look_at_claim(site, job);
		if (r == -ENOENT || r == -ESTALE || site_is_damage(r))
			*bad = job;
		if (r < 0)
			return r;
	}
	return 0;
}

static int record_postings(
	struct site *site, const struct moment *now, const struct task *task)
{
	for (size_t i = 0; i < task->count; i++) {
		const struct job *job = task->refs[i].job;
		site_record_comment(site, now, job, task->refs[i].index,
			&(struct record){.event = EVENT_POSTING});
	}
	return audit_write(site->audit);
}

static void write_envelope(
	const struct site *site, const struct task *task, struct buf *out)
{
	auto_free const struct comment **comments =
		xcalloc(task->count, sizeof(const struct comment *));
	for (size_t i = 0; i < task->count; i++)
		comments[i] = comment_of(&task->refs[i]);
	buf_init(out, ENVELOPE_MAX_BYTES);
	buf_make_room(out, FRAME_BYTES + task->bytes);
	envelope_write(out, site->config->key, site->config->website_code, comments,
		task->count);
	assert(buf_finish(out) == 0); /* max_file_size is far below what would not fit */
}

static void post(struct site *site, const struct task *task)
{
	struct errand *errand = errand_new(site, task);

	auto_buf struct buf envelope = {0};
	write_envelope(site, task, &envelope);
	size_t len = envelope.len;
	errand->exchange = transport_post(
		site->transport, site->endpoint, buf_take(&envelope), len, errand);
	for (size_t i = 0; i < task->count; i++) {
		struct job *job = task->refs[i].job;
		site_uncount_job(site, job);
		job_note(job, task->refs[i].index, PROGRESS_POSTED);
		site_count_job(site, job);
	}
}

/* Trouble of one file stops no other: it waits, and the rest of the task goes without. */
static int give_back(struct site *site, const struct moment *now, const struct task *task,
	struct job *bad, int r)
{
	if (bad && site_is_damage(r)) {
		site_blame_job(site, bad, r);
		schedule_put_off(site->schedule, task->number, bad,
			now->up + site->config->rescan);
		return 0;
	}
	schedule_cancel(site->schedule, task->number);
	if (!bad)
		return r;
	site_stop_job(site, now, bad, r == -ENOENT ? END_WITHDRAWN : END_CHANGED);
	return 0;
}

/* 0 also when the task was given back because one of its files is no longer what it was:
 * the schedule is asked again then. */
static int start(struct site *site, const struct moment *now, const struct task *task)
{
	struct job *bad = NULL;
	int r = look_at_claims(site, task, &bad);
	if (r == 0)
		r = record_postings(site, now, task);
	if (r < 0)
		return give_back(site, now, task, bad, r);
	post(site, task);
	return 0;
}

int delivery_send(struct site *site, const struct moment *now)
{
	for (;;) {
		struct task task;
		schedule_next(site->schedule, now->up, &task);
		take_decisions(site, now);
		note_hold(site, now);
		site->ask_again = task.ask_again;
		if (task.kind == TASK_NONE)
			return 0;
		int r = start(site, now, &task);
		if (r < 0)
			return r;
	}
}
