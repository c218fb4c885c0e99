/* SPDX-License-Identifier: MIT */
#include "top/reading.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/words.h"
#include "core/envelope.h"
#include "system/clock.h"
#include "system/io.h"
#include "system/log.h"
#include "top/recovery.h"

/* TURN_MS: a file at its worst takes seconds, and a turn has room for many. */
enum { KILLS_ENOUGH = 3, TURN_MS = 1000 };

/* 2020-01-01: before it, a clock that nobody has set yet says what it likes. */
#define CLOCK_SANE (INT64_C(1577836800) * USEC_SECOND)

/* --- the verdict --- */

/* By CLOCK_BOOTTIME, for others may have set the clock since. Where only the stamp tells:
 * now, if the clock was wrong then or is now. */
static msec_t arrival(const struct moment *now, const struct job *job)
{
	if (job->taken)
		return job->taken;
	bool is_known = job->claimed >= CLOCK_SANE && job->claimed <= now->wall;
	return is_known ? now->up - (now->wall - job->claimed) / 1000 : now->up;
}

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
			.was_deferred = p->state == PROGRESS_DEFERRED,
			.was_unknown = p->state == PROGRESS_UNKNOWN,
			.attempts = p->attempts,
			.tries = p->tries,
			.cap = p->cap,
			.seen = p->seen,
			.order = site_key(c->web_order_number),
			.id = site_key(c->id),
			.bytes = envelope_comment_bytes(c),
			.arrived = arrival(now, job),
			.not_before = p->state != PROGRESS_FRESH ? p->since + p->wait : 0,
		},
		now->up);
}

static void take_valid(struct site *site, const struct moment *now, struct job *job,
	struct document *document)
{
	site_uncount_job(site, job);
	job_take_document(job, document);
	bool may_send = !job->is_recovered || recovery_resume(site, now, job);
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

/* Of a claim that is another file by now the journal goes on to speak of the one that it
 * knows, so that the next start finds it changed as well. */
static void write_version(const struct job *job, char version[VERSION_TEXT_MAX])
{
	if (job->end == END_CHANGED && job->past->version)
		snprintf(version, VERSION_TEXT_MAX, "%s", job->past->version);
	else
		version_write(&job->version, version);
}

static void record_verdict(struct site *site, const struct moment *now, struct job *job)
{
	char version[VERSION_TEXT_MAX];
	write_version(job, version);
	site_record_job(site, now, job,
		&(struct record){
			.event = EVENT_READ,
			.version = version,
			.result = verdict_name(job->verdict),
			.count = job->count,
		});
	log_event(LEVEL_DEBUG, site->config->name, job->name, "read",
		log_text("verdict", verdict_name(job->verdict)),
		log_number("comments", job->count));
}

/* The kernel's side of a document. */
struct bytes {
	char *list;
	size_t len;
	bool is_stable; /* they were the same all along */
};

static void bytes_done(struct bytes *bytes)
{
	free(bytes->list);
}

static int read_bytes(const struct job *job, size_t max, struct bytes *bytes)
{
	/* A byte over the limit shows that it is too big; that it grew, the look after.
	 */
	size_t room = job->version.size <= max ? job->version.size : max + 1;
	struct stat after;
	bytes->list = xcalloc(room, 1);
	int r = io_read(job->fd, bytes->list, room, &bytes->len);
	if (r == 0)
		r = io_stat(job->fd, &after);
	if (r < 0)
		return r;
	struct version version = version_of(&after);
	bytes->is_stable = version_is(&job->version, &version);
	return 0;
}

/* Back to incoming/, where only quiet makes it ready. */
static int give_back(
	struct site *site, const struct moment *now, struct job *job, const char *meaning)
{
	struct stat st;
	int r = spool_return(site->spool, job->name);
	if (site_is_jobs_own(site, job, FOLDER_INCOMING, r)) {
		site_put_off_job(site, job, r);
		return 0;
	}
	if (r < 0)
		return r;
	site_record_job(site, now, job, &(struct record){.event = EVENT_RETURNED});
	/* At once, or a run that dies in this turn leaves a claim that somebody seems to
	 * have taken out of sending/. What fails here, the end of the turn does. */
	(void)audit_write(site->audit);
	if (spool_look(site->spool, FOLDER_INCOMING, job->drop, &st) == 0) {
		struct sighting sighting = site_sighting(&st);
		intake_distrust(site->incoming, job->drop, &sighting, now->up);
		site->quiet_at = now->up + site->config->settle;
	}
	log_event(LEVEL_INFO, site->config->name, job->name, "returned",
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
			site, now, job, _("it breaks off and may still be growing"));
		if (r != -EEXIST)
			return r;
	}
	job->verdict = reading->verdict;
	if (reading->verdict == VERDICT_VALID)
		take_valid(site, now, job, take_ptr(reading->document));
	else if (was_posted(job))
		site_finish_job(site, job, END_CHANGED);
	else
		take_bad(site, job, &reading->problems);
	record_verdict(site, now, job);
	return 0;
}

static int parse(struct site *site, const struct moment *now, struct job *job,
	const struct bytes *bytes)
{
	const struct document_rules rules = {
		.website_code = site->config->website_code,
		.shop_limits = site->config->shop_limits,
		.max_bytes = (size_t)site->config->max_file_size,
	};
	auto_with(reading_done) struct reading reading = {0};
	int r = document_read(site->schema, &rules, bytes->list, bytes->len, &reading);
	if (r == 0)
		r = judge(site, now, job, &reading, bytes->is_stable);
	return r;
}

/* On record before it is parsed: should that kill us, the next run knows by what. */
static int record_reading(struct site *site, const struct moment *now, struct job *job)
{
	bool is_retry = job->of[0] && site_has_failed(site, job->of);
	site_record_job(site, now, job,
		&(struct record){
			.event = EVENT_READING,
			.of = is_retry ? job->of : NULL,
		});
	return audit_write(site->audit);
}

/* --- one claim --- */

/* The file that bears the claim's name, even if it took the place of the one that was
 * opened before the claim. */
static int open_claim(struct site *site, struct job *job)
{
	struct stat st;
	int r = spool_look(site->spool, FOLDER_SENDING, job->name, &st);
	if (r == 0 && (job->fd < 0 || st.st_ino != job->version.inode)) {
		cleanup_close(&job->fd);
		job->fd = -1;
		r = spool_peek(site->spool, FOLDER_SENDING, job->name, &job->fd, &st);
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

static int refuse_claim(
	struct site *site, const struct moment *now, struct job *job, int r)
{
	if (r == -ENOENT) {
		site_stop_job(site, now, job, END_WITHDRAWN);
		return 0;
	}
	if (site_is_damage(r)) {
		site_put_off_job(site, job, r);
		return 0;
	}
	if (!is_drops_own(r))
		return r;
	r = was_posted(job) ? -EEXIST
			    : give_back(site, now, job, _("it cannot be read any more"));
	if (r != -EEXIST)
		return r;
	/* Its name is taken again: nobody waits for it in incoming/. */
	site_finish_job(site, job, END_CHANGED);
	return 0;
}

static int read_job(struct site *site, const struct moment *now, struct job *job)
{
	auto_with(bytes_done) struct bytes bytes = {0};
	int r = open_claim(site, job);
	if (r == 0 && job->kills >= KILLS_ENOUGH) {
		site_finish_job(site, job, END_POISONOUS);
		return 0;
	}
	if (r == 0)
		r = read_bytes(job, (size_t)site->config->max_file_size, &bytes);
	cleanup_close(&job->fd);
	job->fd = -1;
	if (r < 0)
		return refuse_claim(site, now, job, r);
	r = record_reading(site, now, job);
	return r < 0 ? r : parse(site, now, job, &bytes);
}

int reading_work(struct site *site, const struct moment *now)
{
	struct job *job = NULL;
	while ((job = job_queue_take(&site->unread))) {
		int r = read_job(site, now, job);
		if (r < 0)
			job_queue_put_back(&site->unread, job);
		if (r < 0 || reading_has_lasted(now))
			return r;
	}
	return 0;
}

bool reading_has_lasted(const struct moment *now)
{
	return clock_now().up - now->up >= TURN_MS;
}
