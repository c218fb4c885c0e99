/* SPDX-License-Identifier: MIT */
#include "top/site.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "base/words.h"
#include "system/log.h"

static const msec_t TROUBLE_FIRST = MSEC_SECOND;
static const msec_t TROUBLE_LONGEST = MSEC_MINUTE;

bool site_is_this_boot(const char *boot)
{
	/* "" is what a machine gives that does not tell: any other may have given it. */
	return boot && *boot && !strcmp(boot, clock_boot_id());
}

/* --- records --- */

void site_record(struct site *site, const struct moment *now, struct record *record)
{
	record->at = now->wall;
	if (!record->up)
		record->up = now->up;
	record->site = site->config->name;
	audit_append(site->audit, record);
}

void site_record_job(struct site *site, const struct moment *now, const struct job *job,
	struct record *record)
{
	record->claim = job->stamp;
	record->drop = job->drop;
	site_record(site, now, record);
}

void site_record_comment(struct site *site, const struct moment *now,
	const struct job *job, size_t index, struct record *record)
{
	const struct comment *comment = document_comment(job->document, index);
	record->number = (unsigned)index + 1;
	record->order = comment->web_order_number;
	record->comment = comment->id;
	site_record_job(site, now, job, record);
}

void site_record_hold(
	struct site *site, const struct moment *now, const struct schedule_state *state)
{
	msec_t wait = state->is_told ? state->next_try - state->held_since : 0;
	site_record(site, now,
		&(struct record){
			.event = EVENT_HOLD,
			.up = state->held_since,
			.boot = clock_boot_id(),
			.wait = wait > 0 ? (unsigned)msec_min(wait, UINT_MAX) : 0,
			.result = hold_name(state->hold),
			.message = site->hold_words ? site->hold_words : _("no words"),
		});
}

/* --- jobs and the window --- */

uint64_t site_key(const char *text)
{
	return table_hash(text, strlen(text));
}

struct job *site_find_job(const struct site *site, const char *stamp)
{
	struct table_node *node = NULL;
	while ((node = table_find(&site->jobs, site_key(stamp), node))) {
		struct job *job = table_member(node, struct job, node);
		if (!strcmp(job->stamp, stamp))
			return job;
	}
	return NULL;
}

static bool only_waits(const struct job *job)
{
	return job->open && job->waiting == job->open;
}

void site_count_job(struct site *site, const struct job *job)
{
	bool waits = only_waits(job);
	*(waits ? &site->waiting_drops : &site->active_drops) += 1;
	*(waits ? &site->waiting_bytes : &site->active_bytes) += job->memory;
}

void site_uncount_job(struct site *site, const struct job *job)
{
	bool waits = only_waits(job);
	*(waits ? &site->waiting_drops : &site->active_drops) -= 1;
	*(waits ? &site->waiting_bytes : &site->active_bytes) -= job->memory;
}

void site_note_words(struct site *site, struct job *job, size_t index, const char *code,
	const char *message)
{
	auto_buf struct buf shortened = {.max_bytes = RECORD_MAX_BYTES};
	if (message && site->words >= WORDS_BYTES) {
		text_add_clean(&shortened, message, strlen(message), WORDS_SHORT_CHARS);
		message = buf_peek(&shortened);
	}
	site->words -= job->words;
	job_note_words(job, index, code, message);
	site->words += job->words;
}

bool site_window_is_open(const struct site *site)
{
	return site->active_drops < WINDOW_DROPS && site->active_bytes < WINDOW_BYTES &&
	       site->waiting_drops < (size_t)WINDOW_DROPS * WINDOW_WAITING &&
	       site->waiting_bytes < WINDOW_BYTES * WINDOW_WAITING;
}

void site_add_job(struct site *site, struct job *job)
{
	table_add(&site->jobs, &job->node, site_key(job->stamp));
	site_count_job(site, job);
}

void site_drop_job(struct site *site, struct job *job, enum job_state last)
{
	site_uncount_job(site, job);
	site->words -= job->words;
	table_remove(&site->jobs, &job->node);
	job_move(job, last);
	job_free(job);
}

void site_finish_job(struct site *site, struct job *job, enum job_end end)
{
	job_move(job, JOB_DONE);
	job->end = end;
	job_queue_add(&site->done, job);
}

void site_stop_job(
	struct site *site, const struct moment *now, struct job *job, enum job_end end)
{
	if (job->is_stopped)
		return;
	schedule_remove(site->schedule, job);
	job->is_stopped = true;
	job->end = end;
	site_close_job(site, now, job);
}

void site_close_job(struct site *site, const struct moment *now, struct job *job)
{
	if (!job->is_stopped || job->in_flight)
		return;
	if (job->end == END_CHANGED) {
		site_finish_job(site, job, END_CHANGED);
		return;
	}
	site_keep_doubts(site, job, now->up);
	site_record_job(site, now, job, &(struct record){.event = EVENT_WITHDRAWN});
	tally_file(&site->tally, TALLY_WITHDRAWN,
		&(struct tally_file){.at = now->wall, .name = job->name});
	log_event(LEVEL_WARNING, site->config->name, job->name, "withdrawn",
		log_number("delivered", job->accepted),
		log_number("comments", job->count),
		log_text("meaning", _("somebody took it out of sending/: the rest of it "
				      "is not sent")));
	site_drop_job(site, job, JOB_DROPPED);
}

bool site_is_damage(int r)
{
	return r == -EIO || r == -EUCLEAN || r == -EBADMSG;
}

bool site_is_jobs_own(
	const struct site *site, const struct job *job, enum folder to, int r)
{
	struct stat st;
	if (r == -EPERM || r == -EBUSY)
		return spool_may_move(site->spool, to);
	return site_is_damage(r) &&
	       site_is_damage(spool_look(site->spool, FOLDER_SENDING, job->name, &st));
}

void site_blame_job(const struct site *site, struct job *job, int r)
{
	bool is_damage = site_is_damage(r);
	if (!job->is_told)
		log_event(LEVEL_WARNING, site->config->name, job->name,
			is_damage ? "unreadable" : "immovable",
			log_text("error", strerrordesc_np(-r)),
			log_text("remedy",
				is_damage
					? _("the file system cannot give its bytes (see "
					    "dmesg): it stays in sending/ and is tried "
					    "again at every rescan; delete it if it can "
					    "be exported anew")
					: _("nothing more is sent of it, but it may not "
					    "be moved: find out why (lsattr, findmnt); "
					    "it is tried again at every rescan")));
	job->is_told = true;
}

void site_put_off_job(struct site *site, struct job *job, int r)
{
	site_blame_job(site, job, r);
	job_queue_add(&site->put_off, job);
}

void site_take_up_jobs(struct site *site)
{
	struct job *job = NULL;
	while ((job = job_queue_take(&site->put_off)))
		job_queue_add(job->state == JOB_DONE ? &site->done : &site->unread, job);
}

/* Retries of older failures are delivered like any other, only not called retries. */
enum { FAILURES_REMEMBERED = 4096 };

void site_note_failure(struct site *site, const char *stamp)
{
	if (!site->failed)
		site->failed = xcalloc(FAILURES_REMEMBERED, sizeof(*site->failed));
	char *slot = site->failed[site->failures++ % FAILURES_REMEMBERED];
	snprintf(slot, sizeof(*site->failed), "%s", stamp);
}

bool site_has_failed(const struct site *site, const char *stamp)
{
	if (history_has_failed(site->history, stamp))
		return true;
	for (size_t i = 0; i < site->failures && i < FAILURES_REMEMBERED; i++)
		if (!strcmp(site->failed[i], stamp))
			return true;
	return false;
}

struct intake *site_intake(const struct site *site, enum folder folder)
{
	return folder == FOLDER_INCOMING ? site->incoming : site->strays;
}

struct sighting site_sighting(const struct stat *st)
{
	return (struct sighting){
		.inode = st->st_ino,
		.size = (uint64_t)st->st_size,
		.modified =
			(int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
		.changed = (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec,
		.links = st->st_nlink,
	};
}

/* --- doubts --- */

void site_add_doubt(struct site *site, const char *order, const char *id, msec_t since)
{
	shop_doubt(site->shop, site_key(order), site_key(id),
		since + site->config->unknown_wait);
	site->doubts = xgrow(site->doubts, &site->doubt_room, site->doubt_count + 1,
		sizeof(*site->doubts));
	site->doubts[site->doubt_count++] = (struct kept_doubt){
		.order = xstrdup(order), .id = xstrdup(id), .since = since};
}

/* Of a claim whose comments were never taken up again. */
static void keep_past_doubts(struct site *site, const struct past_claim *past, msec_t now)
{
	for (size_t i = 0; i < past->count; i++) {
		const struct past_comment *c = &past->comments[i];
		bool is_this_boot = site_is_this_boot(c->boot);
		if (!strcmp(c->result, "unknown"))
			site_add_doubt(
				site, c->order, c->id, is_this_boot ? c->since : now);
	}
}

void site_keep_doubts(struct site *site, const struct job *job, msec_t now)
{
	if (job->past && (!job->document || job->end == END_CHANGED))
		keep_past_doubts(site, job->past, now);
	for (size_t i = 0; i < job->count; i++) {
		const struct progress *p = &job->comments[i];
		const struct comment *c = document_comment(job->document, i);
		if (p->state == PROGRESS_UNKNOWN)
			site_add_doubt(site, c->web_order_number, c->id, p->since);
	}
}

/* --- trouble with the machine --- */

static const struct {
	int error;
	const char *remedy;
} remedies[] = {
	{-ENOSPC, N_("free space or inodes there (df -h, df -i)")},
	{-EDQUOT, N_("free space there, or raise the quota")},
	{-EROFS, N_("find out why its file system became read-only (dmesg), mend it and "
		    "mount it read-write")},
	{-EMFILE, N_("raise the limit of open files (systemd: LimitNOFILE, else ulimit "
		     "-n)")},
	{-ENFILE, N_("raise fs.file-max (sysctl)")},
	{-EACCES, N_("give its folders back to the user that the gateway runs as")},
	{-EPERM, N_("give its folders back to the user that the gateway runs as")},
	{-EIO, N_("look at dmesg: a disk may be failing")},
};

static const char *remedy_for(const struct machine_trouble *t, int r)
{
	if (t->remedy)
		return t->remedy;
	for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++)
		if (remedies[i].error == r)
			return remedies[i].remedy;
	return N_("mend it");
}

void site_note_remedy(struct site *site, const char *remedy)
{
	free(site->trouble.remedy);
	site->trouble.remedy = xstrdup(remedy);
}

int site_trouble(struct site *site, const struct moment *now, const char *what, int r)
{
	struct machine_trouble *t = &site->trouble;
	auto_free char *remedy = xstrdup(remedy_for(t, r));
	assert(r < 0);
	free(t->remedy);
	t->remedy = NULL;
	t->wait = t->error ? t->wait * 2 : TROUBLE_FIRST;
	if (t->wait > TROUBLE_LONGEST)
		t->wait = TROUBLE_LONGEST;
	t->again = now->up + t->wait;
	if (!t->error)
		t->since = now->up;
	if (t->error != r)
		log_event(LEVEL_ERROR, site->config->name, NULL, "trouble",
			log_text("where", _(what)),
			log_text("error", strerrordesc_np(-r)),
			log_text("spool", site->config->spool),
			log_text("remedy", _(remedy)),
			log_text(
				"meaning", _("the gateway keeps what it has, tries again "
					     "by itself and says when it is over")));
	t->error = r;
	free(t->told_remedy);
	t->told_remedy = take_ptr(remedy);
	return r;
}

bool site_is_paused(const struct site *site, const struct moment *now)
{
	return site->trouble.error && now->up < site->trouble.again;
}

void site_trouble_over(struct site *site)
{
	if (!site->trouble.error)
		return;
	log_event(LEVEL_WARNING, site->config->name, NULL, "trouble-over",
		log_text("was", strerrordesc_np(-site->trouble.error)));
	free(site->trouble.remedy);
	free(site->trouble.told_remedy);
	site->trouble = (struct machine_trouble){0};
}
