/* SPDX-License-Identifier: MIT */
#include "tool/history_words.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/words.h"
#include "tool/judge.h"
#include "tool/story.h"
#include "tool/writer.h"

enum { LINE_BYTES = 8 * 1024, TEXT_CHARS = 500, TIME_BYTES = 64, WHY_BYTES = 1024 };

/* One line of a history: what the facts from `first` to `last` have in common. */
struct line {
	const struct fact *first, *last;
};

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool goes_on(const struct fact *a, const struct fact *b)
{
	return a->number && b->number == a->number + 1 && a->event == b->event &&
	       a->at / USEC_SECOND == b->at / USEC_SECOND && a->attempt == b->attempt &&
	       is_same(a->result, b->result) && is_same(a->code, b->code) &&
	       is_same(a->cause, b->cause) && is_same(a->message, b->message);
}

/* False: there is none left. *at: the fact to go on from. */
static bool next_line(const struct story *story, size_t *at, struct line *line)
{
	while (*at < story->count && story->facts[*at].event == EVENT_CHECKPOINT)
		++*at;
	if (*at == story->count)
		return false;
	line->first = line->last = &story->facts[(*at)++];
	while (*at < story->count && goes_on(line->last, &story->facts[*at]))
		line->last = &story->facts[(*at)++];
	return true;
}

static void add_clean(struct buf *out, const char *text)
{
	text_add_clean(out, text, strlen(text), TEXT_CHARS);
}

static void add_comments(struct buf *out, const struct line *line)
{
	if (line->first == line->last)
		buf_add_format(out, _("comment %u"), line->first->number);
	else
		buf_add_format(out, _("comments %u to %u"), line->first->number,
			line->last->number);
	buf_add_text(out, _(": "));
}

static const char *result_words(const char *result)
{
	static const struct {
		const char *result, *words;
	} table[] = {
		{"delivered", N_("delivered")},
		{"already", N_("the shop had a comment of this number already")},
		{"rejected", N_("not accepted")},
		{"deferred", N_("not stored; it is sent again")},
		{"unknown", N_("no usable answer; it waits, then is tried again")},
		{"posted", N_("sent")},
	};
	for (size_t i = 0; result && i < sizeof(table) / sizeof(table[0]); i++)
		if (!strcmp(table[i].result, result))
			return _(table[i].words);
	return result ? result : "";
}

static void add_result(struct buf *out, const struct fact *fact)
{
	auto_buf struct buf why = {.max_bytes = WHY_BYTES};
	add_clean(out, result_words(fact->result));
	if (!fact_say_rejection(fact, &why))
		return;
	buf_add_text(out, _(": "));
	buf_add_text(out, buf_peek(&why));
}

static void add_outcome(struct buf *out, const struct line *line)
{
	const struct fact *fact = line->first;
	add_comments(out, line);
	add_result(out, fact);
	if (fact->code) {
		buf_add_text(out, _(", code "));
		add_clean(out, fact->code);
	}
	if (fact->message && *fact->message) {
		buf_add_text(out, _(": \""));
		add_clean(out, fact->message);
		buf_add_text(out, _("\""));
	}
	if (fact->attempt)
		buf_add_format(out, _(" (attempt %u)"), fact->attempt);
}

/* As a later gateway may say it, if it is not known here. */
static const char *verdict_words(const char *name)
{
	for (enum verdict i = VERDICT_VALID; i <= VERDICT_OVERSIZE; i++)
		if (is_same(verdict_name(i), name))
			return judge_verdict_words(i);
	return _("not valid");
}

static void add_verdict(struct buf *out, const struct fact *fact)
{
	bool is_valid = is_same(fact->result, "valid");
	if (is_valid)
		buf_add_format(out,
			words_count("read: valid, %zu comment",
				"read: valid, %zu comments", fact->count),
			fact->count);
	else
		buf_add_format(out, _("read: %s, so nothing of it is sent"),
			verdict_words(fact->result));
}

static void add_reading(
	struct buf *out, const struct story *story, const struct fact *fact)
{
	if (story_is_reread(story, fact)) {
		buf_add_text(out, _("found in sending/ by the next run"));
		return;
	}
	buf_add_text(out, _("taken from incoming/"));
	if (*story->of)
		buf_add_format(out, _(", as a retry of %s"), story->of);
}

static void add_place(struct buf *out, const char *words, const struct fact *fact)
{
	buf_add_format(out, "%s ", words);
	add_clean(out, fact->to ? fact->to : "");
}

static void add_words(struct buf *out, const struct story *story, const struct line *line)
{
	const struct fact *fact = line->first;
	switch (fact->event) {
	case EVENT_READING:
		add_reading(out, story, fact);
		break;
	case EVENT_READ:
		add_verdict(out, fact);
		break;
	case EVENT_RETURNED:
		buf_add_text(out, _("given back to incoming/, to be read again later"));
		break;
	case EVENT_POSTING:
		add_comments(out, line);
		buf_add_text(out, _("sent to the shop"));
		break;
	case EVENT_OUTCOME:
		add_outcome(out, line);
		break;
	case EVENT_REST:
		add_place(out, _("what was not delivered was put into"), fact);
		break;
	case EVENT_SETTLED:
		add_place(out, _("moved to"), fact);
		break;
	case EVENT_WITHDRAWN:
		buf_add_text(out, _("taken out of sending/ by somebody"));
		break;
	default:
		buf_add_text(out, event_name(fact->event));
	}
}

static void print_line(usec_t at, const char *words)
{
	auto_buf struct buf when = {.max_bytes = TIME_BYTES};
	times_add_local(&when, at);
	printf("  %s  %s\n", buf_peek(&when), words);
}

void history_print(const struct story *story)
{
	struct line line;
	size_t at = 0;
	while (next_line(story, &at, &line)) {
		auto_buf struct buf words = {.max_bytes = LINE_BYTES};
		add_words(&words, story, &line);
		print_line(line.first->at, buf_peek(&words));
	}
	if (!*story->retried_as)
		return;
	auto_buf struct buf words = {.max_bytes = LINE_BYTES};
	buf_add_format(&words, _("moved back, and retried as %s"), story->retried_as);
	print_line(story->retried_at, buf_peek(&words));
}

/* What the words are made of. */
static void write_parts(struct writer *w, const struct fact *fact)
{
	bool has_said = fact->message && *fact->message;
	writer_text(w, "result", fact->result);
	writer_text(w, "code", fact->code);
	writer_text(w, "said", has_said ? fact->message : NULL);
	writer_count(w, "attempt", fact->attempt);
	writer_count(w, "comments", fact->count);
	writer_text(w, "to", fact->to);
}

static void write_line(
	struct writer *w, const struct story *story, const struct line *line)
{
	const struct fact *fact = line->first;
	auto_buf struct buf words = {.max_bytes = LINE_BYTES};
	add_words(&words, story, line);
	writer_open(w, NULL, '{');
	writer_time(w, "time", fact->at);
	writer_text(w, "event", event_name(fact->event));
	writer_count(w, "first", fact->number);
	writer_count(w, "last", line->last->number);
	write_parts(w, fact);
	writer_text(w, "words", buf_peek(&words));
	writer_close(w, '{');
}

void history_write(struct writer *w, const struct story *story)
{
	struct line line;
	size_t at = 0;
	writer_open(w, "history", '[');
	while (next_line(story, &at, &line))
		write_line(w, story, &line);
	writer_close(w, '[');
}
