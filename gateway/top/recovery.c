/* SPDX-License-Identifier: MIT */
#include "top/recovery.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/words.h"
#include "core/rejection.h"
#include "system/log.h"
#include "top/checkpoint.h"
#include "top/settling.h"
#include "top/trust.h"

static const char later_version[] =
	N_("%s/audit: a later version of this gateway has written there (see "
	   "opensi-journal(5)): start that version again; or move audit/ away, and all "
	   "that lies in sending/ waits for unknown_wait and is sent again");
static const char unusable[] =
	N_("%s: the journal in audit/ or the claims in sending/ cannot be used (%s): "
	   "mend the file system or its permissions and start again, nothing is lost");

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
		if (stamp != entry->d_name || spool_is_reason(entry->d_name))
			continue; /* not claimed: the scan finds it */
		names->list = xgrow((void *)names->list, &names->room, names->count + 1,
			sizeof(char *));
		names->list[names->count++] = xstrdup(entry->d_name);
	}
	int r = -errno;
	if (names->count)
		qsort((void *)names->list, names->count, sizeof(char *), by_name);
	return r;
}

/* --- what the journal knows --- */

struct reader {
	struct history *history;
	bool is_later; /* a later gateway has written there */
};

static void feed(void *context, const char *line, size_t len)
{
	struct reader *reader = context;
	/* Bad lines are counted by the history. */
	if (history_feed(reader->history, line, len) < 0 && record_is_later(line, len))
		reader->is_later = true;
}

static void say_bad_lines(const struct site *site)
{
	size_t bad = history_bad_lines(site->history);
	if (bad)
		log_event(LEVEL_WARNING, site->config->name, NULL, "bad-lines",
			log_number("lines", bad),
			log_text("meaning",
				_("lines in audit/ that are no records were skipped; a "
				  "machine that lost power leaves one or a few")));
}

/* -EPROTO: a later gateway's. */
static int read_journal(struct site *site)
{
	struct reader reader = {.history = history_new()};
	site->history = reader.history;
	int r = audit_replay(site->audit, feed, &reader);
	if (r == 0 && reader.is_later)
		r = -EPROTO;
	if (r < 0)
		return r;
	history_finish(site->history);
	const char *last = history_last_stamp(site->history);
	if (last)
		spool_note_stamp(site->spool, last);
	say_bad_lines(site);
	return 0;
}

/* When what is on record as `since` began: on another boot, or without a record, now. */
static msec_t begun(const struct moment *now, const char *boot, msec_t since)
{
	return site_is_this_boot(boot) ? since : now->up;
}

/* --- what is done with a claim --- */

struct found {
	const char *name;              /* in sending/; NULL: it is not there */
	const struct past_claim *past; /* NULL: the journal does not know it */
};

/* Its name, unless the journal does not know it and failed/ has one of that name: put
 * back by hand, it must not write over what lies there, so it gets a stamp of its own;
 * as does one that is too long for what goes beside it, which only hands can make. */
static int name_claim(struct site *site, const struct moment *now, const char *name,
	const struct past_claim *past, struct claim_name *claim)
{
	struct stat st;
	int r = past ? -ENOENT : 0;
	if (!past && strlen(name) <= CLAIM_NAME_MAX)
		r = spool_look(site->spool, FOLDER_FAILED, name, &st);
	if (r == 0)
		return spool_claim(site->spool, FOLDER_SENDING, name, now->wall, claim);
	if (r != -ENOENT)
		return r;
	snprintf(claim->name, sizeof(claim->name), "%s", name);
	snprintf(claim->stamp, sizeof(claim->stamp), "%s", name);
	return 0;
}

static int take_up(struct site *site, const struct moment *now, const struct found *found,
	struct job **job)
{
	struct claim_name claim = {0};
	int r = name_claim(site, now, found->name, found->past, &claim);
	if (r < 0)
		return r;
	*job = job_new(&claim);
	(*job)->is_recovered = true;
	(*job)->past = found->past;
	(*job)->kills = found->past ? found->past->kills : 0;
	if (found->past && site_is_this_boot(found->past->boot))
		(*job)->taken = found->past->since;
	site_add_job(site, *job);
	return 0;
}

static int adopt(struct site *site, const struct moment *now, const struct found *found)
{
	struct job *job = NULL;
	int r = take_up(site, now, found, &job);
	if (r == 0)
		job_queue_add(&site->unread, job);
	return r;
}

static int finish_move(
	struct site *site, const struct moment *now, const struct found *found)
{
	struct job *job = NULL;
	int r = take_up(site, now, found, &job);
	if (r == 0)
		site_finish_job(site, job, END_SETTLED);
	return r;
}

static int forget(struct site *site, const struct moment *now, const struct found *found)
{
	(void)now;
	history_withdraw(site->history, found->past->stamp);
	return 0;
}

static int withdraw(
	struct site *site, const struct moment *now, const struct found *found)
{
	const struct past_claim *past = found->past;
	site_record(site, now,
		&(struct record){
			.event = EVENT_WITHDRAWN,
			.claim = past->stamp,
			.drop = past->drop ? past->drop : "?",
		});
	log_event(LEVEL_WARNING, site->config->name, past->stamp, "withdrawn",
		log_text("drop", past->drop),
		log_text("meaning", _("somebody took it out of sending/ while no gateway "
				      "ran: the rest of it is not sent")));
	return forget(site, now, found);
}

enum knowledge { KNOWS_NOTHING, KNOWS_CLAIM, KNOWS_END, KNOWLEDGE_COUNT };

static const struct {
	int (*if_there)(struct site *, const struct moment *, const struct found *);
	int (*if_missing)(struct site *, const struct moment *, const struct found *);
} actions[KNOWLEDGE_COUNT] = {
	[KNOWS_NOTHING] = {adopt, NULL},
	[KNOWS_CLAIM] = {adopt, withdraw},
	[KNOWS_END] = {finish_move, forget},
};

static int act(struct site *site, const struct moment *now, const struct found *found)
{
	enum knowledge known = KNOWS_NOTHING;
	if (found->past)
		known = found->past->is_settling ? KNOWS_END : KNOWS_CLAIM;
	return found->name ? actions[known].if_there(site, now, found)
			   : actions[known].if_missing(site, now, found);
}

/* It was moved as it was to be, and a person put it, or its rest, back here: that bears
 * the claim's name and is not the claim. A rest has other bytes. What failed has the
 * same, but is only left unmoved by a run that died or says so, and its reason is in
 * failed/ then. */
static bool was_put_back(
	const struct site *site, const struct past_claim *past, const char *name)
{
	struct stat st;
	char reason[NAME_MAX + sizeof(SPOOL_REASON)];
	if (!past || !past->is_settling)
		return false;
	if (settling_to_sent(past)) {
		if (!past->version || spool_look(site->spool, FOLDER_SENDING, name, &st))
			return false;
		struct version version = version_of(&st);
		return !version_is_on_record(&version, past->version);
	}
	snprintf(reason, sizeof(reason), "%s" SPOOL_REASON, name);
	return history_moved_all(site->history) ||
	       spool_look(site->spool, FOLDER_FAILED, reason, &st) == -ENOENT;
}

/* A person gave it a name that leaves no room for what goes beside it. */
static bool is_too_long(const struct past_claim *past, const char *name)
{
	return past && strlen(name) > CLAIM_NAME_MAX;
}

/* Only a person can make two files with one stamp: then one is the claim, that of the
 * name on record, else the first. The scan finds the other, as an unclaimed name. */
static bool is_copy(
	const struct names *names, size_t at, const char *stamp, const char *drop)
{
	size_t first = at;
	while (first && !strncmp(names->list[first - 1], stamp, TIMES_STAMP_LEN))
		first--;
	size_t chosen = first;
	for (size_t i = first; drop && i < names->count; i++) {
		if (strncmp(names->list[i], stamp, TIMES_STAMP_LEN) != 0)
			break;
		if (!strcmp(names->list[i] + TIMES_STAMP_LEN + 1, drop))
			chosen = i;
	}
	return at != chosen;
}

static int take_claims(
	struct site *site, const struct moment *now, const struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		spool_note_stamp(site->spool, names->list[i]);
	for (size_t i = 0; i < names->count; i++) {
		char stamp[TIMES_STAMP_LEN + 1];
		snprintf(stamp, sizeof(stamp), "%s", names->list[i]);
		const struct past_claim *past = history_claim(site->history, stamp);
		if (is_copy(names, i, stamp, past ? past->drop : NULL) ||
			was_put_back(site, past, names->list[i]) ||
			is_too_long(past, names->list[i]))
			continue; /* as if it were unclaimed: the scan finds it */
		int r = act(
			site, now, &(struct found){.name = names->list[i], .past = past});
		if (r < 0)
			return r;
	}
	return spool_flush(site->spool);
}

static void leave_missing(struct site *site, const struct moment *now)
{
	const struct past_claim *past = history_next_claim(site->history, NULL);
	while (past) {
		const struct past_claim *next = history_next_claim(site->history, past);
		if (!site_find_job(site, past->stamp))
			(void)act(site, now, &(struct found){.past = past});
		past = next;
	}
}

static void keep_doubts(struct site *site, const struct moment *now)
{
	const struct past_comment *doubts = NULL;
	size_t count = history_doubts(site->history, &doubts);
	for (size_t i = 0; i < count; i++)
		site_add_doubt(site, doubts[i].order, doubts[i].id,
			begun(now, doubts[i].boot, doubts[i].since));
}

/* As what a comment goes on, by the last word about it. Unknown: it waits for
 * unknown_wait, and its order with it. */
static const enum progress_state resumed_as[] = {
	[PROGRESS_FRESH] = PROGRESS_UNKNOWN, /* a word that is not known here */
	[PROGRESS_POSTED] = PROGRESS_UNKNOWN,
	[PROGRESS_DEFERRED] = PROGRESS_DEFERRED,
	[PROGRESS_UNKNOWN] = PROGRESS_UNKNOWN,
	[PROGRESS_DELIVERED] = PROGRESS_DELIVERED,
	[PROGRESS_ALREADY] = PROGRESS_ALREADY,
	[PROGRESS_REJECTED] = PROGRESS_REJECTED,
};

/* Before anything is sent, also by another site of that shop, and before they are read. */
static void doubt_all_unknown(const struct site *site, const struct moment *now)
{
	const struct past_claim *past = NULL;
	while ((past = history_next_claim(site->history, past))) {
		for (size_t i = 0; i < past->count; i++) {
			const struct past_comment *c = &past->comments[i];
			if (resumed_as[progress_named(c->result)] == PROGRESS_UNKNOWN)
				shop_doubt(site->shop, site_key(c->order),
					site_key(c->id),
					begun(now, c->boot, c->since) +
						site->config->unknown_wait);
		}
	}
}

/* --- what was known of the shop --- */

static void resume_hold(
	struct site *site, const struct past_shop *shop, const struct schedule_past *past)
{
	site->hold = past->hold;
	site->told = past->told;
	site->hold_words = xstrdup(shop->message ? shop->message : "");
	log_event(LEVEL_INFO, site->config->name, NULL, "hold",
		log_text("reason", hold_name(past->hold)),
		log_text("shop_said", site->hold_words),
		log_text("remedy", _(hold_remedy(past->hold))),
		log_text("meaning", _("it goes on from the last run")));
}

static void resume_shop(struct site *site, const struct moment *now)
{
	const struct past_shop *shop = history_shop(site->history);
	struct schedule_past past = {
		.hold = shop->hold ? hold_named(shop->hold) : HOLD_NONE,
		.held_since = begun(now, shop->boot, shop->since),
		.stored = shop->stored,
		.stored_mail = shop->stored_mail,
		.refused_count = shop->refused.count,
	};
	/* Who starts the daemon may have mended something: then the shop is asked at once. */
	if (site->is_once && shop->wait && site_is_this_boot(shop->boot))
		past.told = past.held_since + shop->wait;
	for (unsigned i = 0; i < shop->refused.count; i++) {
		const struct refused *refused = &shop->refused.list[i];
		past.refused[i] = site_key(refused->id);
		series_add(&site->refused, refused->order, refused->id);
	}
	schedule_resume(site->schedule, &past, now->up);
	if (past.hold != HOLD_NONE)
		resume_hold(site, shop, &past);
}

/* --- a new beginning in the journal --- */

static int begin_run(struct site *site, const struct moment *now)
{
	/* Before the checkpoint: the next run reads nothing from before it. */
	leave_missing(site, now);
	keep_doubts(site, now);
	doubt_all_unknown(site, now);
	resume_shop(site, now);
	site->sent = *history_sent(site->history);
	int r = checkpoint_write(site, now);
	if (r < 0)
		return r;
	site_record(site, now,
		&(struct record){.event = EVENT_START, .boot = clock_boot_id()});
	return audit_sync(site->audit);
}

/* --- what is done with a comment --- */

/* It goes on waiting; on another boot, or without a record, from now. */
static void doubt(struct site *site, const struct moment *now, struct job *job,
	size_t index, const struct past_comment *past)
{
	const struct comment *c = document_comment(job->document, index);
	struct progress *p = &job->comments[index];
	p->since = past ? begun(now, past->boot, past->since) : now->up;
	job_note(job, index, PROGRESS_UNKNOWN);
	shop_doubt(site->shop, site_key(c->web_order_number), site_key(c->id),
		p->since + site->config->unknown_wait);
}

static void resume_comment(struct site *site, const struct moment *now, struct job *job,
	const struct past_comment *past)
{
	size_t index = past->number - 1;
	enum progress_state state = resumed_as[progress_named(past->result)];
	struct progress *p = &job->comments[index];
	p->attempts = past->attempts;
	p->tries = past->tries;
	p->cap = past->cap;
	p->seen = past->seen;
	p->cause = rejection_cause_named(past->cause);
	/* Another boot has taken long enough for a back-off. */
	p->wait = site_is_this_boot(past->boot) ? past->wait : 0;
	p->since = begun(now, past->boot, past->since);
	site_note_words(site, job, index, past->code, past->message);
	if (state == PROGRESS_UNKNOWN)
		doubt(site, now, job, index, past);
	else
		job_note(job, index, state);
}

/* On record too: the next start must find it just as unknown. */
static void doubt_all(struct site *site, const struct moment *now, struct job *job)
{
	log_event(LEVEL_WARNING, site->config->name, job->name, "no-record",
		log_text("meaning",
			_("the journal does not know this claim: its comments may have "
			  "been sent, so they wait for unknown_wait")));
	for (size_t i = 0; i < job->count; i++) {
		doubt(site, now, job, i, NULL);
		site_record_comment(site, now, job, i,
			&(struct record){
				.event = EVENT_OUTCOME,
				.result = progress_name(PROGRESS_UNKNOWN),
			});
	}
}

/* The journal's comments are those of this document, or it is another one by now. */
static bool fits(const struct job *job)
{
	const char *version = job->past->version;
	if (version && !version_is_on_record(&job->version, version))
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

int recovery_start(struct site *site, const struct moment *now, struct buf *why)
{
	auto_with(names_done) struct names names = {0};
	int r = read_journal(site);
	if (r == 0)
		r = list_claims(site, &names);
	if (r == 0)
		r = take_claims(site, now, &names);
	if (r == 0) {
		trust_keep_quiet(site, now);
		r = begin_run(site, now);
	}
	if (r == -EPROTO)
		buf_add_format(why, _(later_version), site->config->spool);
	else if (r < 0)
		buf_add_format(
			why, _(unusable), site->config->spool, strerrordesc_np(-r));
	return r;
}

bool recovery_resume(struct site *site, const struct moment *now, struct job *job)
{
	const struct past_claim *past = job->past;
	assert(job->is_recovered);
	if (past && past->count && !fits(job))
		return false;
	if (!past || job_is_unrecorded(job)) {
		doubt_all(site, now, job);
		return true;
	}
	job->rest = past->has_rest ? REST_RECORDED : REST_NONE;
	for (size_t i = 0; i < past->count; i++)
		resume_comment(site, now, job, &past->comments[i]);
	return true;
}
