/* SPDX-License-Identifier: MIT
 *
 * A pipe gets names as the folder gives them, so that a million of them take neither
 * memory nor a look at each; a person gets them in the order of time.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/words.h"
#include "core/history.h"
#include "core/intake.h"
#include "core/spoken.h"
#include "system/clock.h"
#include "system/io.h"
#include "system/spool_kind.h"
#include "system/spool_name.h"
#include "tool/commands.h"
#include "tool/folder.h"
#include "tool/past.h"
#include "tool/print.h"
#include "tool/snapshot.h"
#include "tool/tool.h"

enum { FIELDS = 5, NOTE_MAX_BYTES = 4096 };

struct file {
	char *name;
	char day[SPOOL_DAY_LEN + 1];
	usec_t arrived;
	uint64_t bytes;
	mode_t mode;
	nlink_t links;
};

struct list {
	const struct tool *tool;
	const struct tool_site *site; /* whose files come now */
	struct folder_choice choice;
	struct listing *listing; /* NULL: bare names */
	usec_t now;
	bool is_sorted, has_site_column;
	struct file *files; /* is_sorted: kept until all are known */
	size_t count, room;
	struct intake *intake;
	struct history *history;
	struct snapshot snapshot;
	int status;
};

/* --- what there is to say about a file --- */

static const char *why_unknown(const struct list *list)
{
	if (!list->snapshot.has_state)
		return _("not known: state.json cannot be read");
	if (!list->history)
		return _("not known: the journal cannot be read");
	return _("not known: the journal does not tell of it");
}

/* One that no run has begun to wait for is under way. */
static bool is_doubt(const struct past_comment *comment)
{
	return !strcmp(comment->result, "unknown") && comment->boot;
}

static void note_comments(const struct past_claim *past, struct buf *to)
{
	size_t doubts = 0;
	size_t asked = 0;
	size_t deferred = 0;
	for (size_t i = 0; i < past->count; i++) {
		deferred += !strcmp(past->comments[i].result, "deferred");
		asked += !strcmp(past->comments[i].result, "unknown");
		doubts += is_doubt(&past->comments[i]);
	}
	if (doubts)
		buf_add_format(to,
			words_count("the end of unknown_wait, as the shop may have "
				    "stored %zu comment",
				"the end of unknown_wait, as the shop may have "
				"stored %zu comments",
				doubts),
			doubts);
	else if (asked)
		buf_add_format(to,
			words_count("the answer for %zu comment",
				"the answers for %zu comments", asked),
			asked);
	else if (deferred)
		buf_add_format(to,
			words_count("another try of %zu comment",
				"another try of %zu comments", deferred),
			deferred);
	else
		buf_add_text(to, _("its turn"));
}

/* Programs get null for what is not known. */
static void note_sending(const struct list *list, const struct file *file, struct buf *to)
{
	char claim[TIMES_STAMP_LEN + 1];
	snprintf(claim, sizeof(claim), "%s", file->name);
	const struct past_claim *past =
		list->history ? history_claim(list->history, claim) : NULL;
	const struct site_status *status = &list->snapshot.status;
	bool has_state = list->snapshot.has_state;
	if (!snapshot_is_running(&list->snapshot))
		buf_add_text(to, _("a gateway: none runs"));
	else if (has_state && status->hold.reason)
		buf_add_format(
			to, _("the end of a hold: %s"), spoken(status->hold.reason));
	else if (has_state && past)
		note_comments(past, to);
	else if (!list->tool->options.json)
		buf_add_text(to, why_unknown(list));
}

static enum colour note_incoming(
	const struct list *list, const struct file *file, struct buf *to)
{
	if (!S_ISREG(file->mode))
		buf_add_format(to, _("ignored: %s"), spool_kind_words(file->mode));
	else if (!spool_name_is_drop(file->name, list->intake))
		buf_add_text(to, _("ignored: not a name that the gateway takes"));
	else if (file->links > 1)
		buf_add_text(
			to, _("left alone for as long as it has another name, a hard "
			      "link: remove that"));
	return to->len ? DIM : PLAIN;
}

static enum colour note(const struct list *list, const struct file *file, struct buf *to)
{
	auto_free char *headline = NULL;
	switch (list->choice.folder) {
	case FOLDER_INCOMING:
		return note_incoming(list, file, to);
	case FOLDER_SENDING:
		note_sending(list, file, to);
		return PLAIN;
	case FOLDER_FAILED:
		headline = past_headline(list->site->spool, file->name, NULL);
		buf_add_text(to, headline);
		return PLAIN;
	default:
		buf_add_text(to, file->day);
		return PLAIN;
	}
}

static void add_file(const struct list *list, const struct file *file)
{
	auto_buf struct buf words = {.max_bytes = NOTE_MAX_BYTES};
	auto_buf struct buf since = {.max_bytes = PRINT_AGE_MAX};
	char age[PRINT_AGE_MAX];
	char size[PRINT_AGE_MAX];
	enum colour colour = note(list, file, &words);
	times_add_utc(&since, file->arrived);
	print_age(age, (list->now - file->arrived) / 1000);
	print_size(size, file->bytes);
	if (list->tool->options.json)
		snprintf(size, sizeof(size), "%" PRIu64, file->bytes);
	const char *const fields[FIELDS] = {list->site->config->name,
		list->tool->options.json ? buf_peek(&since) : age, size, file->name,
		words.len ? buf_peek(&words) : NULL};
	listing_add(list->listing, colour, list->has_site_column ? fields : fields + 1);
}

/* --- one after the other --- */

static void keep_file(struct list *list, const struct file *file)
{
	list->files =
		xgrow(list->files, &list->room, list->count + 1, sizeof(*list->files));
	list->files[list->count] = *file;
	list->files[list->count++].name = xstrdup(file->name);
}

static void visit(void *context, const struct folder_entry *entry)
{
	struct list *list = context;
	struct stat st;
	if (!list->listing) {
		fputs(entry->name, stdout);
		putchar(list->tool->options.null ? '\0' : '\n');
		return;
	}
	if (io_stat_at(entry->dir, entry->name, &st) < 0)
		return; /* moved meanwhile */
	struct file file = {.name = (char *)entry->name,
		.arrived = folder_arrival(entry),
		.bytes = (uint64_t)st.st_size,
		.mode = st.st_mode,
		.links = st.st_nlink};
	snprintf(file.day, sizeof(file.day), "%s", entry->day ? entry->day : "");
	if (list->is_sorted)
		keep_file(list, &file);
	else
		add_file(list, &file);
}

static int by_arrival(const void *a, const void *b)
{
	const struct file *fa = a;
	const struct file *fb = b;
	if (fa->arrived != fb->arrived)
		return fa->arrived < fb->arrived ? -1 : 1;
	return strverscmp(fa->name, fb->name);
}

static void add_kept(struct list *list)
{
	if (list->count)
		qsort(list->files, list->count, sizeof(*list->files), by_arrival);
	for (size_t i = 0; i < list->count; i++) {
		add_file(list, &list->files[i]);
		free(list->files[i].name);
	}
	list->count = 0;
}

/* --- a site --- */

static void ask_around(struct list *list, const struct tool_site *site)
{
	static const struct census none = {.is_all = true}; /* only its hold is asked */
	list->site = site;
	if (!list->listing)
		return;
	list->choice.has_odd = list->choice.folder == FOLDER_INCOMING;
	list->intake = intake_new(site->config->pattern, 0);
	if (list->choice.folder != FOLDER_SENDING)
		return;
	list->history = past_open(site->spool);
	snapshot_take(site->config, list->now, &none, &list->snapshot);
}

static void forget_site(struct list *list)
{
	intake_free(list->intake);
	list->intake = NULL;
	past_close(&list->history);
	list->history = NULL;
	snapshot_done(&list->snapshot);
}

static void complain(struct list *list, const char *day, const char *why)
{
	tool_complain("%s/%s%s%s: %s", list->site->config->spool,
		folder_name(list->choice.folder), *day ? "/" : "", day, why);
	list->status = EXIT_FAILURE;
}

static void complain_of_day(void *context, const char *day, int error)
{
	complain(context, day, strerrordesc_np(-error));
}

static void list_site(struct list *list, const struct tool_site *site)
{
	ask_around(list, site);
	int r = folder_walk(site->spool, &list->choice, visit, list);
	add_kept(list);
	forget_site(list);
	if (r < 0)
		complain(list, list->choice.day,
			*list->choice.day && r == -ENOENT
				? _("nothing was sent on that day")
				: strerrordesc_np(-r));
}

static int find_choice(const struct tool *tool, struct folder_choice *choice)
{
	const char *meant = NULL;
	if (tool->name_count != 1) {
		tool_complain(_("list wants one folder"));
		return EX_USAGE;
	}
	if (folder_choose(tool->names[0], choice, &meant) == 0)
		return EX_OK;
	if (!strncmp(tool->names[0], "sent/", 5))
		tool_complain(_("%s: no such day: write one such as sent/2026-11-23"),
			tool->names[0]);
	else if (meant)
		tool_complain(_("%s: no such folder: did you mean \"%s\"?"),
			tool->names[0], meant);
	else
		tool_complain(_("%s: no such folder: write incoming, sending, sent, "
				"failed, or sent/ and a day such as 2026-11-23"),
			tool->names[0]);
	return EX_USAGE;
}

static struct listing *open_listing(const struct list *list)
{
	static struct column columns[FIELDS] = {
		{.title = N_("SITE"), .field = "site"},
		{.title = N_("AGE"), .field = "since"},
		{.title = N_("SIZE"), .field = "size", .is_number = true},
		{.title = N_("NAME"), .field = "name", .is_name = true},
		{.title = "", .field = ""},
	};
	static const struct column last[FOLDER_COUNT] = {
		[FOLDER_INCOMING] = {.title = "", .field = "note"},
		[FOLDER_SENDING] = {.title = N_("WAITS FOR"), .field = "waits_for"},
		[FOLDER_SENT] = {.title = N_("DAY"), .field = "day"},
		[FOLDER_FAILED] = {.title = N_("REASON"), .field = "reason"},
	};
	size_t skipped = list->has_site_column ? 0 : 1;
	columns[FIELDS - 1] = last[list->choice.folder];
	return listing_new(columns + skipped, FIELDS - skipped, list->tool->options.json);
}

int run_list(struct tool *tool)
{
	bool is_json = tool->options.json;
	struct list list = {.tool = tool, .now = clock_now().wall};
	int status = find_choice(tool, &list.choice);
	if (status != EX_OK)
		return status;
	list.choice.unlisted = complain_of_day;
	bool is_screen = print_is_terminal() && !is_json; /* no raw names there */
	list.is_sorted = is_screen || is_json;
	list.has_site_column = is_json || tool->site_count > 1;
	if (is_json || is_screen)
		list.listing = open_listing(&list);
	for (size_t i = 0; i < tool->site_count; i++)
		list_site(&list, &tool->sites[i]);
	if (list.listing)
		listing_end(list.listing);
	free(list.files);
	return list.status;
}
