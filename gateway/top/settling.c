/* SPDX-License-Identifier: MIT */
#include "top/settling.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/words.h"
#include "core/reason.h"
#include "core/rejection.h"
#include "system/io.h"
#include "system/log.h"

/* Above so many files one flush of the file system is cheaper than one for each. */
enum { FLUSHED_ONE_BY_ONE = 4, REASON_MAX_BYTES = 4 * 1024 * 1024 };
#define REST_MAX_BYTES ((size_t)512 * 1024 * 1024)

/* A reason, and a rest likewise, costs a flush of its own, a mere move next to nothing.
 */
enum { GROUP_DROPS = 1000, GROUP_REASONS = 16, GATHER_MS = 100 };

/* The records of a group together would be the largest thing in memory. */
enum { DROPS_A_WRITE = 100 };

/* No move may be undone for longer by a loss of power: people see where a file lies, and
 * act on it. */
enum { UNFLUSHED_MS = 1000 };

/* Where a job goes, and what is put beside it. */
enum way {
	WAY_SENT,    /* to sent/ */
	WAY_FAILED,  /* to failed/, with its reason */
	WAY_PARTIAL, /* to sent/, and what was not accepted to failed/, with its reason */
};

bool settling_to_sent(const struct past_claim *past)
{
	static const char sent[] = "sent/";
	return past->settled_to && !strncmp(past->settled_to, sent, sizeof(sent) - 1);
}

static enum way way_of(const struct job *job)
{
	if (job->end == END_SETTLED)
		return settling_to_sent(job->past) ? WAY_SENT : WAY_FAILED;
	if (job->end != END_COMPLETE)
		return WAY_FAILED;
	if (job->accepted == job->count)
		return WAY_SENT;
	return job->accepted ? WAY_PARTIAL : WAY_FAILED;
}

/* --- the reason --- */

/* Comments as the reason lists them. */
static struct reason_comment *list_comments(const struct job *job)
{
	struct reason_comment *list = xcalloc(job->count, sizeof(*list));
	for (size_t i = 0; i < job->count; i++) {
		const struct comment *c = document_comment(job->document, i);
		const struct progress *p = &job->comments[i];
		list[i] = (struct reason_comment){
			.number = (unsigned)i + 1,
			.line = c->line,
			.order = c->web_order_number,
			.id = c->id,
			.result = p->state == PROGRESS_FRESH ? NULL
							     : progress_name(p->state),
			.cause = rejection_cause_name(p->cause),
			.code = p->code[0] ? p->code : NULL,
			.message = p->message,
			.attempts = p->attempts,
		};
	}
	return list;
}

/* The same from the journal, for a file that is no longer the one it speaks of. */
static struct reason_comment *list_past(const struct past_claim *past)
{
	struct reason_comment *list = xcalloc(past->count, sizeof(*list));
	for (size_t i = 0; i < past->count; i++) {
		const struct past_comment *c = &past->comments[i];
		list[i] = (struct reason_comment){
			.number = c->number,
			.order = c->order,
			.id = c->id,
			.result = c->result,
			.cause = c->cause,
			.code = c->code,
			.message = c->message,
			.attempts = c->attempts,
		};
	}
	return list;
}

static enum reason_kind kind_of(const struct job *job, enum way way)
{
	static const enum reason_kind kinds[] = {
		[END_COMPLETE] = REASON_REJECTED,
		[END_BAD] = REASON_INVALID,
		[END_CHANGED] = REASON_CHANGED,
		[END_POISONOUS] = REASON_POISONOUS,
	};
	return way == WAY_PARTIAL ? REASON_PARTIAL : kinds[job->end];
}

/* What the first line of a reason says after the file's name, which may have a colon in
 * it, too. */
static char *headline_of(const struct buf *reason, const char *name)
{
	static const char end_of_name[] = ": ";
	const char *line = buf_peek(reason);
	size_t len = strcspn(line, "\n");
	size_t skipped = strlen(name) < len ? strlen(name) : 0;
	const char *words = memmem(
		line + skipped, len - skipped, end_of_name, sizeof(end_of_name) - 1);
	words = words ? words + sizeof(end_of_name) - 1 : line;
	return xstrndup(words, len - (size_t)(words - line));
}

static int place_reason(struct site *site, const struct moment *now, struct job *job,
	enum way way, const char *sent_to)
{
	bool is_past = (job->end == END_CHANGED || job->end == END_POISONOUS) &&
		       job->past && !job->is_stopped;
	auto_free struct reason_comment *comments =
		is_past ? list_past(job->past) : list_comments(job);
	const struct reason reason = {
		.kind = kind_of(job, way),
		.site = site->config->name,
		.name = job->name,
		.original = sent_to,
		.spool = site->config->spool,
		.claimed = job->claimed,
		.now = now->wall,
		.verdict = job->verdict,
		.problems = job->problems,
		.comments = comments,
		.count = is_past ? job->past->count : job->count,
		.is_of_record = is_past,
	};
	auto_buf struct buf text = {.max_bytes = REASON_MAX_BYTES};
	reason_write(&text, &reason);
	free(job->headline);
	job->headline = headline_of(&text, job->name);

	char name[NAME_MAX + sizeof(SPOOL_REASON)];
	snprintf(name, sizeof(name), "%s" SPOOL_REASON, job->name);
	return spool_place(site->spool, FOLDER_FAILED, name, buf_peek(&text), text.len);
}

/* --- what was changed meanwhile --- */

/* Who writes to a file after it was read may have added a comment: as it lies there now,
 * the shop does not have it. A rest that was placed speaks of the file as it was. */
static bool is_changed(const struct site *site, const struct job *job)
{
	struct stat st;
	if (job->end != END_COMPLETE || job->rest != REST_NONE ||
		spool_look(site->spool, FOLDER_SENDING, job->name, &st) < 0)
		return false; /* gone, or not to be had: its move will notice */
	struct version version = version_of(&st);
	return !version_is(&version, &job->version);
}

static void call_changed(struct job *job)
{
	job->end = END_CHANGED;
	job->is_stopped = true;
}

/* --- the rest --- */

/* In incoming/, with bytes that a loss of power would not take. */
static bool waits_in_incoming(
	const struct site *site, const struct job *job, const struct buf *rest)
{
	struct stat st;
	size_t len = 0;
	auto_close int fd = -1;
	if (spool_peek(site->spool, FOLDER_INCOMING, job->name, &fd, &st) < 0 ||
		(size_t)st.st_size != rest->len)
		return false;
	auto_free char *bytes = xcalloc(rest->len, 1);
	return io_read(fd, bytes, rest->len, &len) == 0 && len == rest->len &&
	       !memcmp(bytes, buf_peek(rest), len) && io_sync(fd) == 0;
}

static bool is_claimed_again(const struct site *site, const struct job *job)
{
	for (struct table_node *node = NULL; (node = table_next(&site->jobs, node));)
		if (!strcmp(table_member(node, struct job, node)->of, job->stamp))
			return true;
	return false;
}

/* A run that died before its record had placed it, and a person moved it back since: it
 * must not lie in failed/ as well. */
static bool is_moved_back(
	const struct site *site, const struct job *job, const struct buf *rest)
{
	return job->is_recovered &&
	       (is_claimed_again(site, job) || waits_in_incoming(site, job, rest));
}

static int place_rest(struct site *site, struct job *job)
{
	auto_free bool *chosen = xcalloc(job->count, sizeof(*chosen));
	auto_buf struct buf rest = {.max_bytes = REST_MAX_BYTES};
	for (size_t i = 0; i < job->count; i++)
		chosen[i] = !progress_is_accepted(job->comments[i].state);
	document_write_rest(job->document, chosen, &rest);
	assert(buf_finish(&rest) == 0);
	int r = 0;
	if (!is_moved_back(site, job, &rest))
		r = spool_place(
			site->spool, FOLDER_FAILED, job->name, buf_peek(&rest), rest.len);
	if (r == 0)
		job->rest = REST_PLACED;
	return r;
}

static void predict(
	const struct moment *now, const struct job *job, enum way way, char to[PATH_MAX])
{
	auto_buf struct buf path = {.max_bytes = PATH_MAX - 1};
	buf_add_text(&path, way == WAY_FAILED ? "failed/" : "sent/");
	if (way != WAY_FAILED) {
		times_add_local_day(&path, now->wall);
		buf_add_char(&path, '/');
	}
	buf_add_text(&path, job->name);
	memcpy(to, buf_peek(&path), path.len + 1);
}

static bool has_beside(const struct job *job)
{
	enum way way = way_of(job);
	if (job->end == END_SETTLED)
		return false;
	return way == WAY_FAILED || (way == WAY_PARTIAL && job->rest == REST_NONE);
}

static int place_beside(struct site *site, const struct moment *now, struct job *job)
{
	enum way way = way_of(job);
	char to[PATH_MAX];
	predict(now, job, way, to);
	int r = place_reason(site, now, job, way, way == WAY_PARTIAL ? to : NULL);
	if (r < 0 || way == WAY_FAILED)
		return r;
	return place_rest(site, job);
}

/* The first that is left to the next group, or NULL. In trouble one drop is enough to see
 * whether it is over: the journal must not grow by all of them with each attempt. */
static const struct job *end_of_group(const struct site *site)
{
	unsigned drops = 0;
	unsigned reasons = 0;
	unsigned room = site->trouble.error ? 1 : GROUP_DROPS;
	const struct job *job = site->done.first;
	for (; job && drops < room && reasons < GROUP_REASONS; job = job->next) {
		drops++;
		reasons += has_beside(job);
	}
	return job;
}

/* Steps 1 and 2. */
static int place_all_beside(
	struct site *site, const struct moment *now, const struct job *end)
{
	bool is_grounded = false;
	for (struct job *job = site->done.first; job != end; job = job->next) {
		if (!has_beside(job))
			continue;
		if (is_changed(site, job))
			call_changed(job);
		int r = is_grounded ? 0 : spool_flush(site->spool);
		if (r == 0 && !is_grounded)
			r = audit_sync(site->audit);
		if (r == 0)
			r = place_beside(site, now, job);
		if (r < 0)
			return r;
		is_grounded = true;
	}
	return 0;
}

/* --- flushing and moving --- */

static int flush_file(const struct site *site, const struct job *job)
{
	struct stat st;
	auto_close int fd = -1;
	int r = spool_peek(site->spool, FOLDER_SENDING, job->name, &fd, &st);
	if (r == -EAGAIN) /* leased to somebody */
		return spool_flush_all(site->spool);
	if (r < 0) /* gone: its move will notice; not ours any more: nothing to flush */
		return r == -ENOENT || r == -EACCES || r == -EINVAL ? 0 : r;
	return io_sync_data(fd);
}

static int flush_files(struct site *site, const struct job *end)
{
	size_t count = 0;
	for (const struct job *job = site->done.first; job != end; job = job->next)
		count++;
	if (count > FLUSHED_ONE_BY_ONE)
		return spool_flush_all(site->spool);
	for (struct job *job = site->done.first, *next; job != end; job = next) {
		next = job->next;
		int r = flush_file(site, job);
		if (site_is_damage(r)) {
			job_queue_remove(&site->done, job);
			site_put_off_job(site, job, r);
		} else if (r < 0) {
			return r;
		}
	}
	return spool_flush(site->spool);
}

/* After the flush, which takes time. Their reasons are for the next group. */
static void pass_over_changed(
	struct site *site, const struct job *end, struct job_queue *changed)
{
	for (struct job *job = site->done.first, *next; job != end; job = next) {
		next = job->next;
		if (way_of(job) != WAY_SENT || !is_changed(site, job))
			continue;
		job_queue_remove(&site->done, job);
		call_changed(job);
		job_queue_add(changed, job);
	}
}

static void record_settled(struct site *site, const struct moment *now, struct job *job)
{
	char to[PATH_MAX];
	enum way way = way_of(job);
	if (job->end == END_SETTLED)
		return;
	if (job->rest == REST_PLACED) {
		predict(now, job, WAY_FAILED, to);
		site_record_job(
			site, now, job, &(struct record){.event = EVENT_REST, .to = to});
		job->rest = REST_RECORDED;
	}
	predict(now, job, way, to);
	site_record_job(site, now, job,
		&(struct record){
			.event = EVENT_SETTLED,
			.result = way == WAY_FAILED ? "failed" : "sent",
			.count = job->count,
			.to = to,
		});
}

static void log_settled(const struct site *site, const struct job *job, const char *to)
{
	static const char *const results[] = {
		[WAY_SENT] = "sent", [WAY_FAILED] = "failed", [WAY_PARTIAL] = "partial"};
	enum way way = way_of(job);
	char reason[NAME_MAX + sizeof("failed/" SPOOL_REASON)] = "";
	if (way != WAY_SENT)
		snprintf(reason, sizeof(reason), "failed/%s" SPOOL_REASON, job->name);
	if (job->end == END_SETTLED) {
		log_event(LEVEL_INFO, site->config->name, job->name, "settled",
			log_text("result", results[way]), log_text("to", to),
			log_text("meaning",
				_("an earlier run had settled it and not moved it")));
		return;
	}
	log_event(way == WAY_SENT ? LEVEL_INFO : LEVEL_WARNING, site->config->name,
		job->name, "settled", log_text("result", results[way]),
		log_number("comments", job->count), log_number("accepted", job->accepted),
		log_text("to", to), log_text("reason", reason));
}

static void tally_settled(
	struct site *site, const struct moment *now, const struct job *job, enum way way)
{
	struct tally_file file = {
		.at = now->wall,
		.name = (char *)job->name,
		.words = job->headline,
		.comments = job->count,
	};
	if (job->end == END_SETTLED) /* it was counted by then */
		return;
	if (way != WAY_FAILED)
		tally_file(&site->tally, TALLY_SENT, &file);
	if (way != WAY_SENT)
		tally_file(&site->tally, TALLY_FAILED, &file);
}

static int move_job(struct site *site, const struct moment *now, struct job *job)
{
	char to[PATH_MAX];
	enum way way = way_of(job);
	enum folder folder = way == WAY_FAILED ? FOLDER_FAILED : FOLDER_SENT;
	int r = spool_settle(site->spool, folder, job->name, now->wall, to);
	struct stat st;
	/* A folder that it was to go to may be missing as well. */
	if (r == -ENOENT &&
		spool_look(site->spool, FOLDER_SENDING, job->name, &st) == 0) {
		site->must_scan = true;
		return r;
	}
	if (site_is_jobs_own(site, job, folder, r)) {
		site_put_off_job(site, job, r);
		return 0;
	}
	if (r == -ENOENT)
		snprintf(to, sizeof(to), _("nowhere: it was taken out of sending/"));
	else if (r < 0)
		return r;
	else if (job->end != END_SETTLED)
		day_count_add(&site->sent, to, 1);
	log_settled(site, job, to);
	tally_settled(site, now, job, way);
	if (way != WAY_SENT)
		site_note_failure(site, job->stamp);
	site_keep_doubts(site, job, now->up);
	site_drop_job(site, job, JOB_SETTLED);
	return 0;
}

static int move_jobs(struct site *site, const struct moment *now, const struct job *end)
{
	while (site->done.first != end) {
		struct job *job = job_queue_take(&site->done);
		int r = move_job(site, now, job);
		if (r < 0) {
			job_queue_put_back(&site->done, job);
			return r;
		}
		if (!site->moved_since)
			site->moved_since = now->up;
	}
	return 0;
}

static msec_t flush_due(const struct site *site)
{
	return site->moved_since ? site->moved_since + UNFLUSHED_MS : MSEC_NEVER;
}

static msec_t group_due(const struct site *site)
{
	return site->done.first ? site->gathering_since + GATHER_MS : MSEC_NEVER;
}

msec_t settling_due(const struct site *site)
{
	return msec_min(group_due(site), flush_due(site));
}

bool settling_may_gather(const struct site *site, const struct moment *now)
{
	bool is_full = end_of_group(site) != NULL;
	return !is_full && now->up < group_due(site);
}

static int settle_group(
	struct site *site, const struct moment *now, const struct job *end)
{
	int r = 0;
	unsigned count = 0;
	for (struct job *job = site->done.first; r == 0 && job != end; job = job->next) {
		record_settled(site, now, job);
		if (++count % DROPS_A_WRITE == 0)
			r = audit_write(site->audit);
	}
	if (r == 0)
		r = audit_sync(site->audit);
	return r < 0 ? r : move_jobs(site, now, end);
}

int settling_work(struct site *site, const struct moment *now)
{
	const struct job *end = end_of_group(site);
	if (!site->done.first)
		return 0;
	int r = place_all_beside(site, now, end);
	if (r == 0)
		r = flush_files(site, end);
	if (r < 0)
		return r;
	site->moved_since = 0;
	struct job_queue changed;
	job_queue_init(&changed);
	pass_over_changed(site, end, &changed);
	r = settle_group(site, now, end);
	for (struct job *job; (job = job_queue_take(&changed));)
		job_queue_add(&site->done, job);
	return r;
}

int settling_flush(struct site *site, const struct moment *now, bool may_wait)
{
	if (!site->moved_since || (may_wait && now->up < flush_due(site)))
		return 0;
	int r = spool_flush(site->spool);
	if (r == 0)
		site->moved_since = 0;
	return r;
}
