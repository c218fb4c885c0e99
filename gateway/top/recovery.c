/* SPDX-License-Identifier: MIT */
#include "top/recovery.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "system/log.h"

/* Names in sending/, in the order in which they were claimed. */
struct names {
	char **list;
	size_t count, room;
};

static void names_done(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free((void *)names->list);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_claims(const struct site *site, struct names *names)
{
	auto_with(spool_closedirp) DIR *dir = spool_list(site->spool, FOLDER_SENDING);
	if (!dir)
		return -errno;
	errno = 0;
	for (const struct dirent *entry; (entry = readdir(dir)); errno = 0) {
		const char *stamp = NULL;
		spool_drop_name(entry->d_name, &stamp);
		if (stamp != entry->d_name)
			continue; /* not claimed: the scan finds it */
		names->list = xgrow((void *)names->list, &names->room, names->count + 1,
			sizeof(char *));
		names->list[names->count++] = xstrdup(entry->d_name);
	}
	if (names->count)
		qsort((void *)names->list, names->count, sizeof(char *), by_name);
	return -errno;
}

/* --- what the journal knows --- */

static void feed(void *context, const char *line, size_t len)
{
	(void)history_feed(context, line, len); /* bad lines are counted there */
}

static int read_journal(struct site *site)
{
	site->history = history_new();
	int r = audit_replay(site->audit, feed, site->history);
	if (r < 0)
		return r;
	history_finish(site->history);
	const char *last = history_last_stamp(site->history);
	if (last)
		spool_note_stamp(site->spool, last);
	size_t bad = history_bad_lines(site->history);
	if (bad)
		log_event(LEVEL_WARNING, site->config->name, NULL, "bad-lines",
			log_number("lines", bad),
			log_text("meaning", "lines in audit/ that are no records were "
					    "skipped; a machine "
					    "that lost power leaves one or a few"));
	return 0;
}

static void distrust_power_loss(struct site *site, const struct moment *now)
{
	const char *boot = history_boot(site->history);
	bool is_lost = !history_ended_cleanly(site->history) && boot &&
		       strcmp(boot, clock_boot_id()) != 0;
	msec_t since = 0;
	const char *quiet_boot = history_quiet(site->history, &since);
	if (!is_lost && !quiet_boot)
		return;
	/* A run that stopped while it was quiet has not waited to the end. */
	if (is_lost || strcmp(quiet_boot, clock_boot_id()) != 0)
		since = now->up;
	if (now->up - since >= site->config->unknown_wait)
		return;
	site->quiet_since = since;
	schedule_quiet_until(site->schedule, since + site->config->unknown_wait);
	log_event(LEVEL_WARNING, site->config->name, NULL, "power-loss",
		log_number("quiet_s", site->config->unknown_wait / MSEC_SECOND),
		log_text("meaning",
			"the last run ended without a word and the machine was "
			"started again: nothing is sent until unknown_wait has "
			"passed, because the end of the journal may be lost"));
}

/* --- claims --- */

static int finish_move(struct site *site, const struct moment *now, const char *name,
	const char *settled_to)
{
	char to[PATH_MAX];
	bool is_sent = !strncmp(settled_to, "sent/", strlen("sent/"));
	int r = spool_settle(
		site->spool, is_sent ? FOLDER_SENT : FOLDER_FAILED, name, now->wall, to);
	if (r < 0)
		return r;
	log_event(LEVEL_INFO, site->config->name, name, "settled",
		log_text("result", is_sent ? "sent" : "failed"), log_text("to", to),
		log_text("meaning", "an earlier run had settled it and not moved it"));
	return 0;
}

static void adopt(struct site *site, const char *name, const struct past_claim *past)
{
	struct claim_name claim = {0};
	snprintf(claim.name, sizeof(claim.name), "%s", name);
	snprintf(claim.stamp, sizeof(claim.stamp), "%s", name);
	struct job *job = job_new(&claim);
	job->is_recovered = true;
	job->past = past;
	job->kills = past ? past->kills : 0;
	site_add_job(site, job);
	job_queue_add(&site->unread, job);
}

static int take_claims(
	struct site *site, const struct moment *now, const struct names *names)
{
	for (size_t i = 0; i < names->count; i++) {
		char stamp[TIMES_STAMP_LEN + 1];
		snprintf(stamp, sizeof(stamp), "%s", names->list[i]);
		spool_note_stamp(site->spool, stamp);
		const struct past_claim *past = history_claim(site->history, stamp);
		if (!past || !past->is_settling) {
			adopt(site, names->list[i], past);
			continue;
		}
		int r = finish_move(site, now, names->list[i], past->settled_to);
		if (r < 0)
			return r;
	}
	return spool_flush(site->spool);
}

/* --- what is not there any more --- */

static void withdraw(
	struct site *site, const struct moment *now, const struct past_claim *past)
{
	if (!past->is_settling) {
		site_record(site, now,
			&(struct record){
				.event = EVENT_WITHDRAWN,
				.claim = past->stamp,
				.drop = past->drop ? past->drop : "?",
			});
		log_event(LEVEL_WARNING, site->config->name, past->stamp, "withdrawn",
			log_text("drop", past->drop),
			log_text("meaning",
				"somebody took it out of sending/ while no gateway "
				"ran: the rest of it is not sent"));
	}
	history_withdraw(site->history, past->stamp);
}

static void withdraw_missing(struct site *site, const struct moment *now)
{
	const struct past_claim *past = history_next_claim(site->history, NULL);
	while (past) {
		const struct past_claim *next = history_next_claim(site->history, past);
		if (!site_find_job(site, past->stamp))
			withdraw(site, now, past);
		past = next;
	}
}

static void keep_doubts(struct site *site, const struct moment *now)
{
	const struct past_comment *doubts = NULL;
	size_t count = history_doubts(site->history, &doubts);
	for (size_t i = 0; i < count; i++) {
		bool is_this_boot =
			doubts[i].boot && !strcmp(doubts[i].boot, clock_boot_id());
		site_add_doubt(site, doubts[i].order, doubts[i].id,
			is_this_boot ? doubts[i].since : now->up);
	}
}

/* --- a new beginning in the journal --- */

/* From what the journal knew: the drops themselves have not been read yet. */
static int write_checkpoint(struct site *site, const struct moment *now)
{
	int r = site_begin_checkpoint(site, now);
	if (r < 0)
		return r;
	for (const struct job *job = site->unread.first; job; job = job->next) {
		const struct past_claim unknown = {
			.stamp = job->claim.stamp, .drop = job->drop};
		site_checkpoint_claim(site, now, job->past ? job->past : &unknown);
	}
	return site_end_checkpoint(site, now);
}

static int begin_run(struct site *site, const struct moment *now)
{
	/* Before the checkpoint: the next run reads nothing from before it. */
	withdraw_missing(site, now);
	keep_doubts(site, now);
	int r = write_checkpoint(site, now);
	if (r < 0)
		return r;
	site_record(site, now,
		&(struct record){.event = EVENT_START, .boot = clock_boot_id()});
	return audit_sync(site->audit);
}

int recovery_start(struct site *site, const struct moment *now, struct buf *why)
{
	auto_with(names_done) struct names names = {0};
	int r = read_journal(site);
	if (r == 0)
		r = list_claims(site, &names);
	if (r == 0)
		r = take_claims(site, now, &names);
	if (r == 0) {
		distrust_power_loss(site, now);
		r = begin_run(site, now);
	}
	if (r < 0)
		buf_add_format(why,
			"%s: the journal in audit/ or the claims in sending/ cannot be "
			"used "
			"(%s): mend the file system or its permissions and start again, "
			"nothing "
			"is lost",
			site->config->spool, strerrordesc_np(-r));
	return r;
}
