/* SPDX-License-Identifier: MIT */
#include "top/reading.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "core/envelope.h"
#include "system/io.h"
#include "system/log.h"

enum { KILLS_ENOUGH = 3 };

/* --- what the journal knew --- */

/* Unknown outcomes go on waiting; on another boot, or without a record, from now. */
static void doubt(struct site *site, const struct moment *now, struct job *job,
	size_t index, const struct past_comment *past)
{
	const struct comment *c = document_comment(job->document, index);
	bool is_this_boot = past && past->boot && !strcmp(past->boot, clock_boot_id());
	struct progress *p = &job->comments[index];
	p->since = is_this_boot ? past->since : now->up;
	job_note(job, index, PROGRESS_UNKNOWN);
	shop_doubt(site->shop, site_key(c->web_order_number), site_key(c->id),
		p->since + site->config->unknown_wait);
}

static void resume_comment(struct site *site, const struct moment *now, struct job *job,
	const struct past_comment *past)
{
	size_t index = past->number - 1;
	enum progress_state state = progress_named(past->result);
	struct progress *p = &job->comments[index];
	p->attempts = past->attempts;
	job_note_words(job, index, past->code, past->message);
	if (progress_is_final(state) || state == PROGRESS_DEFERRED)
		job_note(job, index, state);
	else
		doubt(site, now, job, index, past);
}

/* The journal's comments are those of this document, or it is another one by now. */
static bool fits(const struct job *job)
{
	char version[VERSION_TEXT_MAX];
	version_write(&job->version, version);
	if (job->past->version && strcmp(job->past->version, version) != 0)
		return false;
	for (size_t i = 0; i < job->past->count; i++) {
		const struct past_comment *past = &job->past->comments[i];
		if (past->number < 1 || past->number > job->count)
			return false;
		const struct comment *c =
			document_comment(job->document, past->number - 1);
		if (strcmp(c->web_order_number, past->order) != 0 ||
			strcmp(c->id, past->id) != 0)
			return false;
	}
	return true;
}

/* False: nothing of it may be sent any more. */
static bool resume(struct site *site, const struct moment *now, struct job *job)
{
	if (!job->past) {
		log_event(LEVEL_WARNING, site->config->name, job->claim.name, "no-record",
			log_text("meaning", "the journal does not know this claim: its "
					    "comments may have "
					    "been sent, so they wait for unknown_wait"));
		for (size_t i = 0; i < job->count; i++)
			doubt(site, now, job, i, NULL);
		return true;
	}
	if (job->past->count && !fits(job))
		return false;
	job->has_rest = job->past->has_rest;
	for (size_t i = 0; i < job->past->count; i++)
		resume_comment(site, now, job, &job->past->comments[i]);
	return true;
}

/* --- the verdict --- */

static void add_to_schedule(
	struct site *site, const struct moment *now, struct job *job, size_t index)
{
	const struct comment *c = document_comment(job->document, index);
	const struct progress *p = &job->comments[index];
	schedule_add(site->schedule,
		&(struct schedule_item){
			.job = job,
			.index = (uint32_t)index,
			.mail = c->send_mail,
			.was_posted = p->state != PROGRESS_FRESH,
			.attempts = p->attempts,
			.order = site_key(c->web_order_number),
			.id = site_key(c->id),
			.bytes = envelope_comment_bytes(c),
			.arrived = now->up - (now->wall - job->claimed) / 1000,
		},
		now->up);
}

static void take_valid(struct site *site, const struct moment *now, struct job *job,
	struct document *document)
{
	site_uncount_job(site, job);
	job_take_document(job, document);
	bool may_send = !job->is_recovered || resume(site, now, job);
	site_count_job(site, job);
	if (!may_send) {
		site_finish_job(site, job, END_CHANGED);
		return;
	}
	if (!job->open) {
		site_finish_job(site, job, END_COMPLETE);
		return;
	}
	job_move(job, JOB_SENDING);
	for (size_t i = 0; i < job->count; i++)
		if (!progress_is_final(job->comments[i].state))
			add_to_schedule(site, now, job, i);
}

static void take_bad(struct site *site, struct job *job, struct problems *problems)
{
	job->problems = xcalloc(1, sizeof(*job->problems));
	*job->problems = *problems;
	*problems = (struct problems){0};
	site_finish_job(site, job, END_BAD);
}

static void record_verdict(
	struct site *site, const struct moment *now, struct job *job, const char *message)
{
	char version[VERSION_TEXT_MAX];
	version_write(&job->version, version);
	site_record_job(site, now, job,
		&(struct record){
			.event = EVENT_READ,
			.version = version,
			.result = verdict_name(job->verdict),
			.count = job->count,
			.message = message,
		});
	log_event(LEVEL_DEBUG, site->config->name, job->claim.name, "read",
		log_text("verdict", verdict_name(job->verdict)),
		log_number("comments", job->count));
}

/* The kernel's side of a document: its bytes, and whether they were the same all along.
 */
static int read_bytes(
	const struct job *job, size_t max, char **bytes, size_t *len, bool *is_stable)
{
	/* One byte more than there should be shows that it grows, or that it is too big.
	 */
	size_t room = job->version.size < max ? job->version.size : max;
	auto_free char *read = xcalloc(room + 1, 1);
	struct stat after;
	int r = io_read(job->fd, read, room + 1, len);
	if (r == 0)
		r = io_stat(job->fd, &after);
	if (r < 0)
		return r;
	struct version version = version_of(&after);
	*is_stable = version_is(&job->version, &version);
	*bytes = take_ptr(read);
	return 0;
}

/* Back to incoming/, where only quiet makes it ready. */
static int give_back(
	struct site *site, const struct moment *now, struct job *job, const char *meaning)
{
	struct stat st;
	int r = spool_return(site->spool, job->claim.name);
	if (r < 0)
		return r;
	site_record_job(site, now, job, &(struct record){.event = EVENT_RETURNED});
	if (spool_look(site->spool, FOLDER_INCOMING, job->drop, &st) == 0) {
		struct sighting sighting = site_sighting(&st);
		intake_distrust(site->incoming, job->drop, &sighting, now->up);
	}
	log_event(LEVEL_INFO, site->config->name, job->claim.name, "returned",
		log_text("meaning", meaning));
	site_keep_doubts(site, job, now->up);
	site_drop_job(site, job, JOB_DROPPED);
	return 0;
}

/* Part of it was posted, so it is neither a new file nor one of which nothing was sent.
 */
static bool was_posted(const struct job *job)
{
	return job->past && job->past->count;
}

static int judge(struct site *site, const struct moment *now, struct job *job,
	struct reading *reading, bool is_stable)
{
	bool may_grow = !is_stable || reading->verdict == VERDICT_BROKEN_OFF;
	/* A name that is taken again cannot be given back: then the verdict stands. */
	if (may_grow && !job->was_quiet && !was_posted(job)) {
		int r = give_back(
			site, now, job, "it breaks off and may still be growing");
		if (r != -EEXIST)
			return r;
	}
	job->verdict = reading->verdict;
	if (reading->verdict != VERDICT_VALID) {
		record_verdict(site, now, job, NULL);
		if (was_posted(job))
			site_finish_job(site, job, END_CHANGED);
		else
			take_bad(site, job, &reading->problems);
		return 0;
	}
	take_valid(site, now, job, take_ptr(reading->document));
	record_verdict(site, now, job, NULL);
	return 0;
}

static int parse(struct site *site, const struct moment *now, struct job *job)
{
	const struct document_rules rules = {
		.website_code = site->config->website_code,
		.shop_limits = site->config->shop_limits,
		.max_bytes = (size_t)site->config->max_file_size,
	};
	auto_free char *bytes = NULL;
	size_t len = 0;
	bool is_stable = false;
	auto_with(reading_done) struct reading reading = {0};
	int r = read_bytes(job, rules.max_bytes, &bytes, &len, &is_stable);
	cleanup_close(&job->fd);
	job->fd = -1;
	if (r == 0)
		r = document_read(site->schema, &rules, bytes, len, &reading);
	if (r == 0)
		r = judge(site, now, job, &reading, is_stable);
	return r;
}

/* --- one claim --- */

/* The file that bears the claim's name, even if it took the place of the one that was
 * opened before the claim. */
static int open_claim(struct site *site, struct job *job)
{
	struct stat st;
	struct stat named;
	int r = spool_look(site->spool, FOLDER_SENDING, job->claim.name, &named);
	if (r == 0 && job->fd >= 0)
		r = io_stat(job->fd, &st);
	if (r == 0 && (job->fd < 0 || st.st_ino != named.st_ino)) {
		cleanup_close(&job->fd);
		job->fd = -1;
		r = spool_peek(
			site->spool, FOLDER_SENDING, job->claim.name, &job->fd, &st);
	}
	if (r == 0)
		job->version = version_of(&st);
	return r;
}

/* Somebody took the right to read it, or put something else in its place. */
static bool is_drops_own(int r)
{
	return r == -EACCES || r == -EPERM || r == -EINVAL || r == -ELOOP;
}

static int read_job(struct site *site, const struct moment *now, struct job *job)
{
	int r = open_claim(site, job);
	if (r == -ENOENT) {
		site_stop_job(site, now, job, END_WITHDRAWN);
		return 0;
	}
	if (is_drops_own(r)) {
		r = was_posted(job)
			    ? -EEXIST
			    : give_back(site, now, job, "it cannot be read any more");
		if (r != -EEXIST)
			return r;
		/* Its name is taken again: nobody waits for it in incoming/. */
		site_finish_job(site, job, END_CHANGED);
		return 0;
	}
	if (r < 0)
		return r;
	if (job->kills >= KILLS_ENOUGH) {
		site_finish_job(site, job, END_POISONOUS);
		return 0;
	}
	bool is_retry = job->claim.of[0] && site_has_failed(site, job->claim.of);
	site_record_job(site, now, job,
		&(struct record){
			.event = EVENT_READING,
			.of = is_retry ? job->claim.of : NULL,
		});
	r = audit_write(site->audit);
	if (r == 0)
		r = parse(site, now, job);
	return r;
}

int reading_work(struct site *site, const struct moment *now)
{
	struct job *job = NULL;
	while ((job = job_queue_take(&site->unread))) {
		int r = read_job(site, now, job);
		if (r < 0) {
			job_queue_put_back(&site->unread, job);
			return r;
		}
	}
	return 0;
}
