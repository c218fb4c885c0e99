/* SPDX-License-Identifier: MIT
 *
 * find --order N, find --comment N - was it delivered, when, and with what answer? The
 * journal is read from its newest day back, and the files that wait or failed are looked
 * into. Where order and comment are given, the search ends with the delivery. One row a
 * comment: a file that waits or failed outweighs what became of the comment in an earlier
 * one, but for a delivery. A file that is not valid has a row of its own, if the numbers
 * stand in it at all: which comment is whose cannot be told there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/words.h"
#include "core/intake.h"
#include "core/record.h"
#include "core/spoken.h"
#include "system/clock.h"
#include "system/spool_name.h"
#include "tool/commands.h"
#include "tool/findings.h"
#include "tool/journal.h"
#include "tool/judge.h"
#include "tool/print.h"
#include "tool/tool.h"
#include "tool/trace.h"

enum { TIME_BYTES = 64, STATE_BYTES = 256, WORDS_BYTES = 1024, LOOKS = 2 };

static bool is_under_way(const struct finding *finding)
{
	return finding->has_place && finding->place.folder == FOLDER_SENDING;
}

/* --- the folders --- */

struct look {
	const struct tool_site *site;
	usec_t now;
	struct findings *findings;
	const struct judge *judge;
	enum folder folder;
	const char *name;
	size_t unread; /* files that nobody knows the content of */
};

static usec_t arrival(const struct look *look)
{
	struct stat st;
	usec_t at = 0;
	if (times_parse_stamp(look->name, &at) == 0)
		return at;
	if (spool_look(look->site->spool, look->folder, look->name, &st) < 0)
		return 0;
	return st.st_ctim.tv_sec * USEC_SECOND + st.st_ctim.tv_nsec / 1000;
}

/* What is under way, and what the journal tells of this claim or a later one, says more
 * than that a file is there. */
static bool is_news(const struct finding *finding, const struct look *look)
{
	usec_t stamp = 0;
	if (finding_is_delivered(finding) || is_under_way(finding))
		return false;
	return look->folder == FOLDER_INCOMING ||
	       (times_parse_stamp(look->name, &stamp) == 0 &&
		       strncmp(look->name, finding->stamp, TIMES_STAMP_LEN) > 0);
}

/* It is not sent again yet: the shop may be storing it. What no run waits for so far
 * waits from the next start on. */
static bool is_kept_back(
	const struct tool_site *site, const struct finding *finding, usec_t now)
{
	return finding->state == FIND_UNKNOWN &&
	       (finding->is_unanswered ||
		       finding->at + site->config->unknown_wait * 1000 > now);
}

static void note_wait(const struct tool_site *site, struct finding *finding)
{
	if (!finding->is_unanswered && !finding->is_restated)
		finding->until = finding->at + site->config->unknown_wait * 1000;
}

static void note_place(const struct look *look, struct finding *finding)
{
	finding->has_place = true;
	finding->place.folder = look->folder;
	snprintf(finding->place.name, sizeof(finding->place.name), "%s", look->name);
}

static void note_file(const struct look *look, const struct comment *c)
{
	struct finding *finding =
		findings_get(look->findings, c->web_order_number, c->id);
	if (!finding)
		finding = findings_add(look->findings, c->web_order_number, c->id);
	else if (!is_news(finding, look))
		return;
	note_place(look, finding);
	if (look->folder != FOLDER_FAILED &&
		is_kept_back(look->site, finding, look->now)) {
		note_wait(look->site, finding);
		return;
	}
	finding->state = look->folder == FOLDER_FAILED ? FIND_FAILED : FIND_WAITING;
	finding->at = arrival(look);
	free(take_ptr(finding->code));
	free(take_ptr(finding->message));
}

static void note_comments(const struct look *look, const struct document *document)
{
	for (size_t i = 0; i < document_count(document); i++) {
		const struct comment *c = document_comment(document, i);
		if (findings_want(look->findings, c->web_order_number, c->id))
			note_file(look, c);
	}
}

/* The numbers of the row are those that were asked for. */
static int note_trace(const struct look *look)
{
	struct findings *f = look->findings;
	auto_with(trace_done) struct trace trace = {0};
	int r = trace_open(look->site->spool, look->folder, look->name, &trace);
	if (r < 0 || !trace_has(&trace, f->order) || !trace_has(&trace, f->comment))
		return r;
	struct finding *finding =
		findings_add(f, f->order ? f->order : "", f->comment ? f->comment : "");
	finding->state = FIND_INVALID;
	finding->at = arrival(look);
	finding->message =
		xstrdup(_("in a file that is not valid: opensi-spool check says why"));
	note_place(look, finding);
	return 0;
}

/* The first is named, the others are counted: there may be thousands. */
static void note_unread(struct look *look, int r)
{
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/%s%s%s", spool_path(look->site->spool),
		folder_name(look->folder), look->name ? "/" : "",
		look->name ? look->name : "");
	if (look->unread++)
		return;
	if (r == -EACCES)
		tool_say_unreadable(path);
	else
		tool_complain("%s: %s", path, judge_trouble_words(r));
}

/* What is gone by now went where it is looked for next, and what is no regular file is no
 * drop. */
static bool is_no_drop(int r)
{
	return r == -ENOENT || r == -EISDIR || r == -ELOOP || r == -EINVAL;
}

static void look_into(struct look *look)
{
	auto_with(reading_done) struct reading reading = {0};
	int r = judge_read_drop(
		look->judge, look->site->spool, look->folder, look->name, &reading);
	if (r == 0 && reading.document)
		note_comments(look, reading.document);
	else if (r == 0)
		r = note_trace(look);
	if (r < 0 && !is_no_drop(r))
		note_unread(look, r);
}

static void free_intake(struct intake **intake)
{
	intake_free(*intake);
}

static void look_through(struct look *look, enum folder folder)
{
	const struct site_config *config = look->site->config;
	auto_with(free_intake) struct intake *intake =
		intake_new(config->pattern, config->settle);
	auto_with(spool_closedirp) DIR *dir = spool_list(look->site->spool, folder);
	look->folder = folder;
	look->name = NULL;
	if (!dir) {
		note_unread(look, -errno);
		return;
	}
	errno = 0;
	for (const struct dirent *entry; (entry = readdir(dir)); errno = 0) {
		look->name = entry->d_name;
		if (spool_name_is_drop(look->name, intake))
			look_into(look);
	}
	look->name = NULL;
	if (errno)
		note_unread(look, -errno);
}

/* False: not all of them could be looked into, which was said. */
static bool look_at_files(
	const struct tool_site *site, struct findings *findings, usec_t now)
{
	auto_with(judge_cleanup) struct judge *judge = judge_open(site->config);
	struct look look = {
		.site = site, .now = now, .findings = findings, .judge = judge};
	if (!judge)
		return false;
	look_through(&look, FOLDER_FAILED);
	look_through(&look, FOLDER_INCOMING);
	look_through(&look, FOLDER_SENDING);
	if (look.unread > 1)
		tool_complain(words_count("%s: %zu more file could not be looked into",
				      "%s: %zu more files could not be looked into",
				      look.unread - 1),
			spool_path(site->spool), look.unread - 1);
	return !look.unread;
}

/* --- the journal --- */

/* In the folder that fits what became of it, if its file is in two: the original in sent/
 * and the rest in failed/. */
static bool find_place(const struct tool_site *site, struct finding *finding)
{
	struct place *place = &finding->place;
	const char *stamp = finding->stamp;
	if (!*stamp)
		return false;
	if (!finding_is_delivered(finding) &&
		place_find_in(site->spool, FOLDER_FAILED, stamp, finding->drop, place))
		return true;
	return place_find(site->spool, stamp, finding->drop, place);
}

/* Where its file is tells what the journal's last word means by now. */
static void settle(const struct tool_site *site, struct finding *finding, usec_t now)
{
	finding->has_place = find_place(site, finding);
	if (finding_is_delivered(finding))
		return;
	bool is_sending = is_under_way(finding);
	bool is_back = finding->has_place && finding->place.folder == FOLDER_INCOMING;
	finding->is_unanswered = finding->state == FIND_POSTED && !is_sending;
	if (finding->is_unanswered)
		finding->state = FIND_UNKNOWN;
	if (is_back && !is_kept_back(site, finding, now))
		finding->state = FIND_WAITING;
	else if (finding->state == FIND_DEFERRED && !is_sending)
		finding->state = finding->has_place ? FIND_FAILED : FIND_WITHDRAWN;
	if (finding->state == FIND_UNKNOWN && (is_sending || is_back))
		note_wait(site, finding);
}

static int compare_times(const void *a, const void *b)
{
	const struct finding *one = *(const struct finding *const *)a;
	const struct finding *other = *(const struct finding *const *)b;
	return (one->at > other->at) - (one->at < other->at);
}

/* What could not be searched, on any site. */
struct gaps {
	bool in_journal, in_files;
};

/* since: older days are left out. */
static void search_journal(
	struct journal *journal, struct findings *findings, usec_t since)
{
	auto_free char *order =
		findings->order ? journal_needle("order", findings->order) : NULL;
	auto_free char *comment =
		findings->comment ? journal_needle("comment", findings->comment) : NULL;
	journal_search(journal,
		&(struct journal_search){
			.needles = {comment ? comment : order, comment ? order : NULL},
			.since = since,
			.newest_first = true,
			.take = findings_take,
			.goes_on = findings_close_day,
			.context = findings,
		});
}

/* Looks twice before it says that there is nothing: a file may have gone from a folder
 * that was to be looked into to one that was, or to a day of the journal. */
static void search_site(
	const struct tool_site *site, struct findings *findings, struct gaps *gaps)
{
	auto_with(journal_cleanup) struct journal *journal = journal_open(site);
	usec_t now = clock_now().wall;
	bool are_all_read = true;
	for (int look = 0; look < LOOKS && !findings->count && are_all_read; look++) {
		search_journal(journal, findings, look ? now : 0);
		for (size_t i = 0; i < findings->count; i++)
			settle(site, findings->list[i], now);
		if (!findings_are_final(findings))
			are_all_read = look_at_files(site, findings, now);
	}
	if (findings->count)
		qsort((void *)findings->list, findings->count, sizeof(struct finding *),
			compare_times);
	gaps->in_files = gaps->in_files || !are_all_read;
	gaps->in_journal = gaps->in_journal || journal_is_partial(journal);
}

/* --- telling --- */

static const struct column columns[] = {
	{.title = N_("SITE"), .field = "site"},
	{.title = N_("ORDER"), .field = "order"},
	{.title = N_("COMMENT"), .field = "comment"},
	{.title = N_("STATE"), .field = "state"},
	{.title = N_("WHEN"), .field = "when"},
	{.title = N_("CODE"), .field = "code"},
	{.title = N_("WORDS"), .field = "words"},
	{.title = N_("FILE"), .field = "file", .is_name = true},
	{.title = N_("UNTIL"), .field = "until"},
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static enum colour colour_of(enum find_state state)
{
	if (state == FIND_DELIVERED)
		return GREEN;
	return state == FIND_REJECTED || state == FIND_FAILED || state == FIND_INVALID
		       ? RED
		       : YELLOW;
}

/* For people the state tells also until when; programs have a field of their own. */
static void add_state(struct buf *out, const struct finding *finding, bool is_json)
{
	const char *name = find_state_name(finding->state);
	buf_add_text(out, !is_json && print_is_terminal() ? spoken(name) : name);
	if (!finding->until || is_json)
		return;
	buf_add_text(out, _(" until "));
	print_add_instant(out, finding->until);
}

/* What the shop said, or what its saying nothing means; NULL: neither. */
static const char *words_of(const struct finding *f, struct buf *words)
{
	if (f->message && *f->message)
		return f->message;
	return finding_say_rejection(f, words) ? buf_peek(words) : NULL;
}

static void print_finding(
	struct listing *listing, const char *site, const struct finding *f, bool is_json)
{
	char file[PLACE_PATH_MAX];
	auto_buf struct buf state = {.max_bytes = STATE_BYTES};
	auto_buf struct buf when = {.max_bytes = TIME_BYTES};
	auto_buf struct buf until = {.max_bytes = TIME_BYTES};
	auto_buf struct buf words = {.max_bytes = WORDS_BYTES};
	add_state(&state, f, is_json);
	if (f->at && is_json)
		times_add_utc(&when, f->at);
	else if (f->at)
		print_add_instant(&when, f->at);
	if (f->until)
		times_add_utc(&until, f->until);
	if (f->has_place)
		place_write(&f->place, file);
	const char *const fields[COLUMNS] = {
		site,
		*f->order ? f->order : NULL,
		*f->id ? f->id : NULL,
		buf_peek(&state),
		f->at ? buf_peek(&when) : NULL,
		f->code,
		words_of(f, &words),
		f->has_place ? file : NULL,
		f->until ? buf_peek(&until) : NULL,
	};
	listing_add(listing, colour_of(f->state), fields);
}

/* Of several comments of a file the first names it. */
static bool is_named(const struct findings *found, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (found->list[k]->has_place &&
			found->list[k]->place.folder == found->list[i]->place.folder &&
			!strcmp(found->list[k]->place.name, found->list[i]->place.name))
			return true;
	return false;
}

static void print_files(const struct findings *found)
{
	char file[PLACE_PATH_MAX];
	for (size_t i = 0; i < found->count; i++) {
		if (!found->list[i]->has_place || is_named(found, i))
			continue;
		place_write(&found->list[i]->place, file);
		fputs(file, stdout);
		putchar('\0');
	}
}

/* listing NULL: the names of files alone. */
static void print_findings(struct listing *listing, const struct site_config *config,
	const struct findings *found, bool is_json)
{
	if (!listing)
		print_files(found);
	for (size_t i = 0; listing && i < found->count; i++)
		print_finding(listing, config->name, found->list[i], is_json);
}

static struct listing *open_listing(const struct tool_options *o)
{
	bool is_screen = print_is_terminal(); /* no raw names there */
	if (o->null && !o->json && !is_screen)
		return NULL;
	return listing_new(columns, o->json ? COLUMNS : COLUMNS - 1, o->json);
}

static void say_none(const struct tool_options *o)
{
	if (o->order && o->comment)
		tool_complain(_("order %s, comment %s: not found in the journal, nor in "
				"sending/, incoming/ or failed/"),
			o->order, o->comment);
	else
		tool_complain(
			o->order ? _("order %s: no comment of it in the journal, nor "
				     "in sending/, incoming/ or failed/")
				 : _("comment %s: not found in the journal, nor in "
				     "sending/, incoming/ or failed/"),
			o->order ? o->order : o->comment);
}

/* Nothing is denied of a file that nobody looked into. */
static void say_gaps(const struct gaps *gaps, size_t count)
{
	if (gaps->in_files)
		tool_complain(count ? _("not all files could be looked into, so there "
					"may be more")
				    : _("nothing was found, but not all files could be "
					"looked into, so it may be in one of them"));
	if (gaps->in_journal && !count)
		tool_complain(_("not all of the journal could be read, so it may still "
				"have been delivered"));
}

int run_find(struct tool *tool)
{
	const struct tool_options *o = &tool->options;
	struct gaps gaps = {false};
	size_t count = 0;
	if (!o->order && !o->comment) {
		tool_complain(_("find wants --order NUMBER, --comment ID, or both"));
		return EX_USAGE;
	}
	struct listing *listing = open_listing(o);
	for (size_t i = 0; i < tool->site_count; i++) {
		auto_with(findings_done) struct findings found = {
			.order = o->order, .comment = o->comment};
		search_site(&tool->sites[i], &found, &gaps);
		print_findings(listing, tool->sites[i].config, &found, o->json);
		count += found.count;
	}
	if (listing)
		listing_end(listing);
	if (!count && !gaps.in_files)
		say_none(o);
	say_gaps(&gaps, count);
	return count && !gaps.in_files && !gaps.in_journal ? EXIT_SUCCESS : EXIT_FAILURE;
}
