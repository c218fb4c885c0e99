/* SPDX-License-Identifier: MIT */
#include "tool/foresight.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/words.h"
#include "core/document.h"
#include "core/history.h"
#include "core/intake.h"
#include "core/record.h"
#include "core/spoken.h"
#include "system/clock.h"
#include "system/io.h"
#include "system/spool_kind.h"
#include "system/spool_name.h"
#include "tool/access.h"
#include "tool/findings.h"
#include "tool/folder.h"
#include "tool/journal.h"
#include "tool/judge.h"
#include "tool/needles.h"
#include "tool/past.h"
#include "tool/print.h"
#include "tool/snapshot.h"
#include "tool/tool.h"

enum { WHY_BYTES = 1024 };

struct foresight {
	const struct tool_site *site;
	struct moment now;
	struct intake *intake;
	struct judge *judge;     /* NULL: not to be had, no file is foreseen */
	struct history *history; /* NULL: likewise, no wait */
	struct snapshot snapshot;
	bool is_one;
	struct findings wanted;  /* the comments of the file, or of all of failed/ */
	struct needles ids;      /* of those */
	struct findings answers; /* the shop's last word about them */
	bool has_answers;        /* they were looked for, */
	usec_t since;            /* from here on */
};

struct foresight *foresight_open(
	const struct tool_site *site, const struct moment *now, bool is_one)
{
	static const struct census none = {.is_all = true}; /* counts are not asked */
	struct foresight *f = xcalloc(1, sizeof(*f));
	f->site = site;
	f->now = *now;
	f->is_one = is_one;
	needles_init(&f->ids, "comment");
	f->intake = intake_new(site->config->pattern, 0);
	f->history = past_open(site->spool);
	f->judge = judge_open(site->config);
	snapshot_take(site->config, now->wall, &none, &f->snapshot);
	return f;
}

void foresight_close(struct foresight *f)
{
	if (!f)
		return;
	findings_done(&f->wanted);
	needles_done(&f->ids);
	findings_done(&f->answers);
	snapshot_done(&f->snapshot);
	judge_close(f->judge);
	past_close(&f->history);
	intake_free(f->intake);
	free(f);
}

static void begin(struct buf *note)
{
	if (note->len)
		buf_add_text(note, _("; "));
}

/* --- what the shop said before --- */

/* A drop that was put there by hand may have been sent at any time. */
static void note_oldest(void *context, const struct folder_entry *entry)
{
	struct foresight *f = context;
	usec_t at = 0;
	if (!spool_name_is_drop(entry->name, f->intake))
		return;
	(void)times_parse_stamp(entry->name, &at);
	if (at < f->since)
		f->since = at;
}

static void want_comments(struct foresight *f, const struct document *document)
{
	for (size_t i = 0; i < document_count(document); i++) {
		const struct comment *c = document_comment(document, i);
		needles_add(&f->ids, c->id);
		if (!findings_get(&f->wanted, c->web_order_number, c->id))
			(void)findings_add(&f->wanted, c->web_order_number, c->id);
	}
}

static void want_file(void *context, const struct folder_entry *entry)
{
	struct foresight *f = context;
	auto_with(reading_done) struct reading reading = {0};
	if (judge_read_drop(f->judge, f->site->spool, FOLDER_FAILED, entry->name,
		    &reading) == 0 &&
		reading.document)
		want_comments(f, reading.document);
}

static bool wants_line(void *context, const char *line, size_t len)
{
	const struct foresight *f = context;
	return needles_has_one(&f->ids, line, len);
}

/* What waited for longer than give_up was not refused: the shop never spoke of it. */
static void take_answer(void *context, const struct record *record)
{
	struct foresight *f = context;
	bool is_given_up = record->cause && !strcmp(record->cause, "give_up");
	bool is_wanted = record->order && record->comment &&
			 findings_get(&f->wanted, record->order, record->comment);
	if (is_wanted && !is_given_up)
		findings_take(&f->answers, record);
}

static bool close_day(void *context)
{
	struct foresight *f = context;
	return findings_close_day(&f->answers);
}

/* The journal knows far more comments than failed/ has. */
static void look_for_answers(struct foresight *f, const struct document *document)
{
	const struct folder_choice failed = {.folder = FOLDER_FAILED};
	if (f->has_answers)
		return;
	f->has_answers = true;
	f->since = f->now.wall;
	(void)folder_walk(f->site->spool, &failed, note_oldest, f);
	if (f->is_one)
		want_comments(f, document);
	else
		(void)folder_walk(f->site->spool, &failed, want_file, f);
	auto_with(journal_cleanup) struct journal *journal = journal_open(f->site);
	journal_search(journal, &(struct journal_search){
					.needles = {"\"result\":\""},
					.wants = wants_line,
					.since = f->since,
					.newest_first = true,
					.take = take_answer,
					.goes_on = close_day,
					.context = f,
				});
}

static void add_refusal(struct buf *note, const struct finding *finding)
{
	buf_add_format(note, _("order %s, comment %s"), finding->order, finding->id);
	auto_buf struct buf why = {.max_bytes = WHY_BYTES};
	bool has_said = finding->code || finding->message;
	bool has_why = !has_said && finding_say_rejection(finding, &why);
	if (has_said || has_why)
		buf_add_text(note, _(": "));
	if (has_why)
		buf_add_text(note, buf_peek(&why));
	if (finding->code)
		buf_add_text(note, finding->code);
	if (finding->code && finding->message)
		buf_add_char(note, ' ');
	if (finding->message)
		buf_add_format(note, _("\"%s\""), finding->message);
}

static void foresee_deliveries(size_t count, struct buf *note)
{
	if (!count)
		return;
	begin(note);
	buf_add_format(note,
		words_count("%zu comment of it was delivered before: it is sent again, "
			    "and the shop recognises its CommentId",
			"%zu comments of it were delivered before: they are sent again, "
			"and the shop recognises their CommentId",
			count),
		count);
}

static void foresee_refusals(size_t count, const struct finding *first, struct buf *note)
{
	if (!count)
		return;
	begin(note);
	buf_add_format(note,
		words_count("the shop did not accept %zu comment of it, and will not "
			    "again unless the cause is removed: ",
			"the shop did not accept %zu comments of it, and will not again "
			"unless the cause is removed, the first: ",
			count),
		count);
	add_refusal(note, first);
}

static void foresee_answers(
	struct foresight *f, const struct document *document, struct buf *note)
{
	const struct finding *first = NULL;
	size_t refused = 0;
	size_t delivered = 0;
	look_for_answers(f, document);
	for (size_t i = 0; i < document_count(document); i++) {
		const struct comment *c = document_comment(document, i);
		const struct finding *finding =
			findings_get(&f->answers, c->web_order_number, c->id);
		bool is_refused = finding && finding->state == FIND_REJECTED;
		first = is_refused && !first ? finding : first;
		refused += is_refused;
		delivered += finding && finding_is_delivered(finding);
	}
	foresee_refusals(refused, first, note);
	foresee_deliveries(delivered, note);
}

/* --- what the shop may still be storing --- */

/* How long it waits yet. */
static msec_t wait_of(const struct foresight *f, const struct past_comment *doubt)
{
	msec_t whole = f->site->config->unknown_wait;
	if (!doubt->boot || strcmp(doubt->boot, clock_boot_id()) != 0)
		return whole;
	return doubt->since + whole - f->now.up;
}

static bool is_about(const struct past_comment *doubt, const struct document *document)
{
	for (size_t i = 0; i < document_count(document); i++) {
		const struct comment *c = document_comment(document, i);
		if (!strcmp(doubt->id, c->id) &&
			!strcmp(doubt->order, c->web_order_number))
			return true;
	}
	return false;
}

static void foresee_waits(
	const struct foresight *f, const struct document *document, struct buf *note)
{
	const struct past_comment *doubts = NULL;
	size_t doubt_count = f->history ? history_doubts(f->history, &doubts) : 0;
	size_t waiting = 0;
	msec_t longest = 0;
	for (size_t i = 0; i < doubt_count; i++) {
		msec_t wait = wait_of(f, &doubts[i]);
		bool is_meant = wait > 0 && is_about(&doubts[i], document);
		waiting += is_meant;
		longest = is_meant && wait > longest ? wait : longest;
	}
	if (!waiting)
		return;
	char age[PRINT_AGE_MAX];
	print_age(age, longest);
	begin(note);
	buf_add_format(note,
		words_count(
			"%zu comment waits for %s yet, as the shop may have stored it",
			"%zu comments wait for up to %s yet, as the shop may have "
			"stored them",
			waiting),
		waiting, age);
}

/* --- what holds up every file --- */

static void foresee_delay(const struct foresight *f, bool is_valid, struct buf *note)
{
	const struct site_status *status = &f->snapshot.status;
	const char *reason = status->hold.reason;
	if (!snapshot_is_running(&f->snapshot)) {
		begin(note);
		buf_add_text(note, _("no gateway runs: nothing takes it until one does"));
		return;
	}
	/* Files are read during a hold, so that bad ones get their reason at once. Without
	 * a state.json nobody knows of one. */
	if (!reason || !f->snapshot.has_state ||
		(status->state == STATE_HELD && !is_valid))
		return;
	begin(note);
	buf_add_format(note, _("it waits for the end of a hold, %s: %s"), spoken(reason),
		status->hold.remedy ? _(status->hold.remedy) : "");
}

/* --- the file --- */

static void foresee_failure(const struct foresight *f, const char *name,
	const struct stat *st, struct buf *note)
{
	usec_t written = 0;
	auto_free char *headline = past_headline(f->site->spool, name, &written);
	usec_t changed =
		(usec_t)st->st_mtim.tv_sec * USEC_SECOND + st->st_mtim.tv_nsec / 1000;
	if (*headline && changed <= written)
		buf_add_format(note, _("not changed since, so it will fail again: %s"),
			headline);
	else
		buf_add_text(note, _("it will fail again: it is not valid yet; "
				     "opensi-spool check says why"));
}

/* Whose failed/ is, that is whom the gateway runs as. */
static void note_denied(
	const struct foresight *f, const struct stat *st, struct buf *note)
{
	struct stat folder;
	char user[ACCESS_NAME_ROOM];
	if (io_stat(spool_folder_fd(f->site->spool, FOLDER_FAILED), &folder) < 0 ||
		!access_is_denied(folder.st_uid, st))
		return;
	access_name_user(folder.st_uid, user);
	buf_add_format(note,
		_("the user %s, whose spool it is, may not read it: it stays in "
		  "incoming/ until that is mended"),
		user);
}

static bool is_left_alone(const struct foresight *f, const char *name,
	const struct stat *st, struct buf *note)
{
	if (!S_ISREG(st->st_mode))
		buf_add_format(note, _("the gateway leaves it alone: it is %s"),
			spool_kind_words(st->st_mode));
	else if (!spool_name_is_drop(name, f->intake))
		buf_add_text(
			note, _("the gateway leaves it alone: not a name that it takes"));
	else if (st->st_nlink > 1)
		buf_add_text(
			note, _("left alone for as long as it has another name, a hard "
				"link: remove that"));
	else
		note_denied(f, st, note);
	return note->len > 0;
}

void foresight_tell(struct foresight *f, const char *name, struct buf *note)
{
	const struct spool *spool = f->site->spool;
	auto_with(reading_done) struct reading reading = {0};
	struct stat st;
	if (spool_look(spool, FOLDER_FAILED, name, &st) < 0 ||
		is_left_alone(f, name, &st, note))
		return;
	bool is_read = f->judge && judge_read_drop(f->judge, spool, FOLDER_FAILED, name,
					   &reading) == 0;
	bool is_valid = !is_read || reading.verdict == VERDICT_VALID;
	if (is_read && is_valid) {
		foresee_answers(f, reading.document, note);
		foresee_waits(f, reading.document, note);
	} else if (is_read) {
		foresee_failure(f, name, &st, note);
	}
	foresee_delay(f, is_valid, note);
}
