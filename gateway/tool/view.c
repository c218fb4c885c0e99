/* SPDX-License-Identifier: MIT */
#include "tool/view.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/text.h"
#include "base/words.h"
#include "tool/history_words.h"
#include "tool/judge.h"
#include "tool/print.h"
#include "tool/problems.h"
#include "tool/story.h"
#include "tool/tool.h"
#include "tool/writer.h"

enum { TEXT_CHARS = 60, TEXT_BYTES = 4 * TEXT_CHARS + 8, FIELD_BYTES = 1024 };

void view_done(struct view *v)
{
	reading_done(&v->reading);
	free((void *)v->facts);
	free((void *)v->named);
}

static int compare_numbers(
	const struct fact *fact, const char *order, const char *comment)
{
	int by_order = strcmp(fact->order, order);
	return by_order ? by_order : strcmp(fact->comment, comment);
}

static int by_numbers(const void *a, const void *b)
{
	const struct fact *one = *(const struct fact *const *)a;
	const struct fact *other = *(const struct fact *const *)b;
	return compare_numbers(one, other->order, other->comment);
}

static void sort_facts(struct view *v)
{
	v->named =
		(const struct fact **)xcalloc(v->fact_count, sizeof(const struct fact *));
	for (size_t i = 0; i < v->fact_count; i++)
		if (v->facts[i])
			v->named[v->named_count++] = v->facts[i];
	if (v->named_count)
		qsort((void *)v->named, v->named_count, sizeof(const struct fact *),
			by_numbers);
}

void view_open(struct view *v)
{
	const struct spool *spool = v->site->spool;
	size_t count = story_highest(v->story);
	if (v->has_file)
		v->trouble = spool_look(spool, v->file.folder, v->file.name, &v->st);
	if (v->has_file && v->trouble == 0 && v->judge)
		v->trouble = judge_read_drop(
			v->judge, spool, v->file.folder, v->file.name, &v->reading);
	if (v->reading.document && document_count(v->reading.document) > count)
		count = document_count(v->reading.document);
	v->fact_count = count;
	v->facts = (const struct fact **)xcalloc(count, sizeof(const struct fact *));
	story_index(v->story, v->facts, count);
	sort_facts(v);
}

/* --- comments --- */

/* A rest file alone has other numbers than the file that it comes from. */
static const struct fact *fact_of(
	const struct view *v, const struct comment *c, size_t index)
{
	const struct fact *own = index < v->fact_count ? v->facts[index] : NULL;
	if (own && !compare_numbers(own, c->web_order_number, c->id))
		return own;
	size_t from = 0;
	for (size_t end = v->named_count; from < end;) {
		size_t middle = from + (end - from) / 2;
		if (compare_numbers(v->named[middle], c->web_order_number, c->id) < 0)
			from = middle + 1;
		else
			end = middle;
	}
	bool is_found = from < v->named_count &&
			!compare_numbers(v->named[from], c->web_order_number, c->id);
	return is_found ? v->named[from] : NULL;
}

/* What was sent and is answered by nothing may still be, as long as its file is there. */
static const char *result_of(const struct view *v, const struct fact *fact)
{
	const char *result = story_result(v->story, fact);
	bool is_sending = v->has_file && v->file.folder == FOLDER_SENDING;
	return result && !strcmp(result, "posted") && !is_sending ? "unknown" : result;
}

static void add_text(struct buf *out, const char *text)
{
	text_add_clean(out, text, strlen(text), TEXT_CHARS);
}

static const struct column columns[] = {
	{.title = "#", .field = "number", .is_number = true},
	{.title = N_("ORDER"), .field = "order"},
	{.title = N_("COMMENT"), .field = "comment"},
	{.title = N_("DATE"), .field = "date"},
	{.title = N_("MAIL"), .field = "mail"},
	{.title = N_("VISIBLE"), .field = "visible"},
	{.title = N_("RESULT"), .field = "result", .is_word = true},
	{.title = N_("CODE"), .field = "code"},
	{.title = N_("TRIES"), .field = "attempts", .is_number = true},
	{.title = N_("TEXT"), .field = "text"},
	{.title = N_("SAID"), .field = "words"},
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

/* What is known of one comment: of the file, or of the journal alone (comment NULL). */
struct shown_comment {
	size_t number;
	const struct comment *comment;
	const struct fact *fact;
	const char *result;
};

static const char *order_of(const struct shown_comment *s)
{
	return s->comment ? s->comment->web_order_number : s->fact->order;
}

static const char *id_of(const struct shown_comment *s)
{
	return s->comment ? s->comment->id : s->fact->comment;
}

static enum colour colour_of(const char *result)
{
	if (!result)
		return PLAIN;
	if (!strcmp(result, "delivered"))
		return GREEN;
	return strcmp(result, "rejected") != 0 ? YELLOW : RED;
}

/* What the shop said, or what its saying nothing means; NULL: neither. */
static const char *words_of(const struct fact *fact, struct buf *words)
{
	if (!fact || (fact->message && *fact->message))
		return fact ? fact->message : NULL;
	return fact_say_rejection(fact, words) ? buf_peek(words) : NULL;
}

static void list_comment(struct listing *listing, const struct shown_comment *s)
{
	const struct comment *c = s->comment;
	const struct fact *fact = s->fact;
	char number[24];
	char attempts[24];
	auto_buf struct buf text = {.max_bytes = TEXT_BYTES};
	auto_buf struct buf words = {.max_bytes = FIELD_BYTES};
	snprintf(number, sizeof(number), "%zu", s->number);
	snprintf(attempts, sizeof(attempts), "%u", fact ? fact->attempt : 0);
	if (c)
		add_text(&text, c->text);
	const char *const fields[COLUMNS] = {
		number,
		order_of(s),
		id_of(s),
		c ? c->date : NULL,
		!c ? NULL : (c->send_mail ? _("yes") : _("no")),
		!c ? NULL : (c->visible ? _("yes") : _("no")),
		s->result,
		fact ? fact->code : NULL,
		fact && fact->attempt ? attempts : NULL,
		c ? buf_peek(&text) : NULL,
		words_of(fact, &words),
	};
	listing_add(listing, colour_of(s->result), fields);
}

static void write_none_of_file(struct writer *w)
{
	writer_text(w, "date", NULL);
	writer_text(w, "mail", NULL);
	writer_text(w, "visible", NULL);
	writer_text(w, "text", NULL);
}

static void write_of_file(struct writer *w, const struct comment *c)
{
	auto_buf struct buf text = {.max_bytes = TEXT_BYTES};
	add_text(&text, c->text);
	writer_text(w, "date", c->date);
	writer_bool(w, "mail", c->send_mail);
	writer_bool(w, "visible", c->visible);
	writer_text(w, "text", buf_peek(&text));
}

static void write_of_journal(struct writer *w, const struct fact *fact)
{
	auto_buf struct buf words = {.max_bytes = FIELD_BYTES};
	writer_text(w, "code", fact ? fact->code : NULL);
	writer_text(w, "words", words_of(fact, &words));
	writer_count(w, "attempts", fact ? fact->attempt : 0);
}

static void write_comment(struct writer *w, const struct shown_comment *s)
{
	writer_open(w, NULL, '{');
	writer_number(w, "number", (int64_t)s->number);
	writer_text(w, "order", order_of(s));
	writer_text(w, "comment", id_of(s));
	if (s->comment)
		write_of_file(w, s->comment);
	else
		write_none_of_file(w);
	writer_text(w, "result", s->result);
	write_of_journal(w, s->fact);
	writer_close(w, '{');
}

/* False: there are no more. */
static bool get_comment(const struct view *v, size_t i, struct shown_comment *shown)
{
	const struct document *d = v->reading.document;
	*shown = (struct shown_comment){.number = i + 1};
	if (i >= (d ? document_count(d) : v->fact_count))
		return false;
	shown->comment = d ? document_comment(d, i) : NULL;
	shown->fact = d ? fact_of(v, shown->comment, i) : v->facts[i];
	shown->result = result_of(v, shown->fact);
	return true;
}

static void list_comments(const struct view *v)
{
	struct shown_comment shown;
	struct listing *listing = listing_new(columns, COLUMNS, false);
	for (size_t i = 0; get_comment(v, i, &shown); i++)
		if (shown.comment || shown.fact)
			list_comment(listing, &shown);
	listing_end(listing);
}

static void write_comments(struct writer *w, const struct view *v)
{
	struct shown_comment shown;
	writer_open(w, "comments", '[');
	for (size_t i = 0; get_comment(v, i, &shown); i++)
		if (shown.comment || shown.fact)
			write_comment(w, &shown);
	writer_close(w, '[');
}

/* --- a view --- */

static usec_t claimed_at(const struct view *v)
{
	usec_t at = 0;
	return times_parse_stamp(v->story->stamp, &at) == 0 ? at : 0;
}

static void add_name(struct buf *out, const struct view *v)
{
	const char *slash = v->has_file ? strrchr(v->file.name, '/') : NULL;
	if (v->has_file)
		buf_add_text(out, slash ? slash + 1 : v->file.name);
	else
		buf_add_format(out, "%s_%s", v->story->stamp,
			v->story->drop ? v->story->drop : "");
}

static void print_field(const char *name, const char *text)
{
	printf("  %s%*s", name, (int)(10 - text_count(name)), "");
	print_coloured(PLAIN, text);
	putchar('\n');
}

/* When a claim's file came back to incoming/, where it waits for another; else 0. */
static usec_t moved_back_at(const struct view *v)
{
	bool is_back = v->has_file && v->file.folder == FOLDER_INCOMING &&
		       *v->story->stamp && v->trouble == 0;
	return is_back ? (usec_t)v->st.st_ctim.tv_sec * USEC_SECOND : 0;
}

static void print_now(const struct view *v)
{
	auto_buf struct buf text = {.max_bytes = FIELD_BYTES};
	auto_buf struct buf when = {.max_bytes = FIELD_BYTES};
	if (!moved_back_at(v))
		return;
	times_add_local(&when, moved_back_at(v));
	buf_add_format(&text,
		_("moved back to incoming/ on %s, and waits for its turn; what follows "
		  "came before"),
		buf_peek(&when));
	print_field(_("now"), buf_peek(&text));
}

static void print_file(const struct view *v)
{
	char path[PLACE_PATH_MAX];
	auto_buf struct buf text = {.max_bytes = PLACE_PATH_MAX + FIELD_BYTES};
	if (!v->has_file) {
		print_field(_("file"), _("in no folder of the spool any more"));
		return;
	}
	place_write(&v->file, path);
	buf_add_text(&text, path);
	buf_add_format(&text, _(", %jd bytes"), (intmax_t)v->st.st_size);
	print_field(_("file"), buf_peek(&text));
	if (!v->has_rest)
		return;
	place_write(&v->rest, path);
	print_field(_("rest"), path);
}

static void print_head(const struct view *v)
{
	auto_buf struct buf name = {.max_bytes = PLACE_PATH_MAX};
	auto_buf struct buf claimed = {.max_bytes = FIELD_BYTES};
	add_name(&name, v);
	print_coloured(BOLD, buf_peek(&name));
	putchar('\n');
	print_field(_("site"), v->site->config->name);
	print_file(v);
	print_now(v);
	if (claimed_at(v)) {
		times_add_local(&claimed, claimed_at(v));
		print_field(_("claimed"), buf_peek(&claimed));
	}
}

static void print_judgement(const struct view *v)
{
	if (v->trouble < 0) {
		print_field(_("content"), judge_trouble_words(v->trouble));
	} else if (v->has_file && v->judge && !v->reading.document) {
		print_field(_("content"), judge_verdict_words(v->reading.verdict));
		problems_print(stdout, &v->reading.problems);
	}
}

void view_print(const struct view *v)
{
	print_head(v);
	print_judgement(v);
	if (v->reading.document || v->fact_count) {
		printf("\n");
		list_comments(v);
	}
	printf("\n");
	if (v->story->count)
		history_print(v->story);
	else
		printf("  %s\n", v->file.folder == FOLDER_INCOMING
					 ? _("waits for its turn")
					 : _("the journal does not know it"));
}

static void write_place(
	struct writer *w, const char *field, bool is_there, const struct place *place)
{
	char path[PLACE_PATH_MAX];
	if (is_there)
		place_write(place, path);
	writer_text(w, field, is_there ? path : NULL);
}

static void write_size(struct writer *w, const struct view *v)
{
	if (v->has_file && v->trouble == 0)
		writer_number(w, "size", v->st.st_size);
	else
		writer_text(w, "size", NULL);
}

void view_write(const struct view *v, struct writer *w)
{
	bool is_read = v->has_file && v->judge && v->trouble == 0;
	auto_buf struct buf name = {.max_bytes = PLACE_PATH_MAX};
	add_name(&name, v);
	writer_open(w, NULL, '{');
	writer_text(w, "name", buf_peek(&name));
	writer_text(w, "site", v->site->config->name);
	write_place(w, "file", v->has_file, &v->file);
	write_place(w, "rest", v->has_rest, &v->rest);
	writer_time(w, "claimed", claimed_at(v));
	write_size(w, v);
	writer_text(w, "verdict", is_read ? verdict_name(v->reading.verdict) : NULL);
	problems_write(w, is_read ? &v->reading.problems : NULL);
	write_comments(w, v);
	history_write(w, v->story);
	writer_text(w, "retry_of", *v->story->of ? v->story->of : NULL);
	writer_text(w, "retried_as", *v->story->retried_as ? v->story->retried_as : NULL);
	writer_time(w, "retried", v->story->retried_at);
	writer_time(w, "moved_back", moved_back_at(v));
	writer_close(w, '{');
}
