/* SPDX-License-Identifier: MIT
 *
 * Sentences are whole and numbers have their own forms, so that the text can be
 * translated. What an admin copies is never broken into lines.
 */
#include "core/reason.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "base/words.h"
#include "core/letter.h"
#include "core/rejection.h"
#include "core/shell.h"

enum {
	NAME_CHARS = 255,
	WORDS_CHARS = 500,
	WHY_BYTES = 1024,
	COMMENTS_LISTED = 50,
	CLEAN_MAX_BYTES = 4096,
	PATH_MAX_BYTES = 8192,
	SENTENCE_MAX_BYTES = 8192, /* more than any three clean texts take */
};

static const struct margin none = {"", ""};
static const struct margin bullet = {"  - ", "    "};
static const struct margin below = {"    ", "    "};

static char *clean(const char *text)
{
	auto_buf struct buf b = {0};

	buf_init(&b, CLEAN_MAX_BYTES);
	text_add_clean(&b, text, strlen(text), WORDS_CHARS);
	return buf_take(&b);
}

static bool is_delivered(const struct reason_comment *c)
{
	return c->result &&
	       (!strcmp(c->result, "delivered") || !strcmp(c->result, "already"));
}

static bool is_failed(const struct reason_comment *c)
{
	return !is_delivered(c);
}

static bool has_result(const struct reason_comment *c, const char *result)
{
	return c->result && !strcmp(c->result, result);
}

static size_t count_result(const struct reason *reason, const char *result)
{
	size_t count = 0;

	for (size_t i = 0; i < reason->count; i++)
		count += has_result(&reason->comments[i], result);
	return count;
}

static size_t count_if(
	const struct reason *reason, bool (*is_meant)(const struct reason_comment *))
{
	size_t count = 0;

	for (size_t i = 0; i < reason->count; i++)
		count += is_meant(&reason->comments[i]);
	return count;
}

/* The first line: all that `head -1` shows of many such files. */
static void say_title_of_invalid(
	struct buf *out, const struct reason *reason, const char *name)
{
	size_t count = reason->problems ? reason->problems->count : 0;

	switch (reason->verdict) {
	case VERDICT_OVERSIZE:
		buf_add_format(out, _("%s: not sent: too large\n"), name);
		break;
	case VERDICT_BROKEN_OFF:
		buf_add_format(out, _("%s: not sent: breaks off\n"), name);
		break;
	case VERDICT_MALFORMED:
		buf_add_format(out, _("%s: not sent: not readable as XML\n"), name);
		break;
	case VERDICT_REFUSED:
		buf_add_format(out, _("%s: not sent: not a comment file\n"), name);
		break;
	default:
		buf_add_format(out,
			words_count("%s: not sent: %zu problem in it\n",
				"%s: not sent: %zu problems in it\n", count),
			name, count);
	}
}

static void say_title(struct buf *out, const struct reason *reason)
{
	auto_buf struct buf name = {0};
	size_t left = count_if(reason, is_failed);

	buf_init(&name, CLEAN_MAX_BYTES);
	text_add_clean(&name, reason->name, strlen(reason->name), NAME_CHARS);
	switch (reason->kind) {
	case REASON_INVALID:
		say_title_of_invalid(out, reason, buf_peek(&name));
		break;
	case REASON_REJECTED:
		buf_add_format(out,
			words_count("%s: not delivered: %zu comment not accepted\n",
				"%s: not delivered: none of %zu comments accepted\n",
				left),
			buf_peek(&name), left);
		break;
	case REASON_PARTIAL:
		buf_add_format(out,
			words_count("%s: delivered in part: %zu comment left over\n",
				"%s: delivered in part: %zu comments left over\n", left),
			buf_peek(&name), left);
		break;
	case REASON_CHANGED:
		buf_add_format(
			out, _("%s: changed while it was being sent\n"), buf_peek(&name));
		break;
	case REASON_POISONOUS:
		buf_add_format(out, _("%s: reading it ended the gateway three times\n"),
			buf_peek(&name));
		break;
	}
	buf_add_char(out, '\n');
}

static void say_what_happened(struct buf *out, const struct reason *reason)
{
	switch (reason->kind) {
	case REASON_INVALID:
		letter_say(out, &none,
			_("Nothing of this file was sent: a file is sent only if all of "
			  "it is valid."));
		break;
	case REASON_REJECTED:
		letter_say(out, &none,
			_("Nothing of this file was accepted by the shop. The file is as "
			  "it was dropped."));
		break;
	case REASON_PARTIAL:
		letter_say(out, &none,
			_("This file holds the comments that were not delivered, and no "
			  "others, so what was delivered is not sent again. Numbers and "
			  "lines below are those of the file as it was dropped."));
		break;
	case REASON_CHANGED:
		letter_say(out, &none,
			_("This file was changed in sending/ after the gateway had read "
			  "it. From then on, nothing more was sent from it."));
		break;
	case REASON_POISONOUS:
		letter_say(out, &none,
			_("The gateway ended three times in succession while it was "
			  "reading this file, so the file was set aside to let others "
			  "pass."));
		break;
	}
	buf_add_char(out, '\n');
}

static void say_facts(struct buf *out, const struct reason *reason)
{
	auto_free char *site = clean(reason->site);
	auto_buf struct buf claimed = {0};
	auto_buf struct buf now = {0};

	buf_init(&claimed, CLEAN_MAX_BYTES);
	buf_init(&now, CLEAN_MAX_BYTES);
	times_add_local(&claimed, reason->claimed);
	times_add_local(&now, reason->now);
	letter_say(out, &none, _("Site: %s"), site);
	letter_say(out, &none, _("Taken from incoming/: %s"), buf_peek(&claimed));
	letter_say(out, &none, _("Set aside: %s"), buf_peek(&now));
	if (reason->kind == REASON_PARTIAL && reason->original) {
		auto_free char *original = clean(reason->original);
		letter_say(out, &none, _("The file as it was dropped: %s"), original);
	}
}

static void say_delivered(struct buf *out, const struct reason *reason, size_t delivered)
{
	if (!reason->is_of_record) {
		letter_say(out, &none,
			words_count("%zu of %zu comments was delivered.",
				"%zu of %zu comments were delivered.", delivered),
			delivered, reason->count);
		return;
	}
	letter_say(out, &none,
		words_count("By then %zu comment of it had been sent, and no other.",
			"By then %zu comments of it had been sent, and no others.",
			reason->count),
		reason->count);
	letter_say(out, &none,
		words_count("%zu comment is known to be delivered.",
			"%zu comments are known to be delivered.", delivered),
		delivered);
}

static void say_counts(struct buf *out, const struct reason *reason)
{
	size_t already = count_result(reason, "already");

	if (!reason->count || reason->kind == REASON_REJECTED)
		return;
	buf_add_char(out, '\n');
	say_delivered(out, reason, count_if(reason, is_delivered));
	if (already)
		letter_say(out, &none,
			words_count(
				"For %zu of them, the shop already had a comment with "
				"this CommentId; if the text differs, the shop kept the "
				"older one.",
				"For %zu of them, the shop already had comments with "
				"these CommentIds; where texts differ, the shop kept the "
				"older ones.",
				already),
			already);
}

/* FIELD "VALUE" goes before the rule, as far as they are known. */
static char *problem_words(const struct problem *p)
{
	auto_buf struct buf words = {0};

	buf_init(&words, CLEAN_MAX_BYTES);
	if (p->field)
		buf_add_format(&words, "%s ", p->field);
	if (p->value)
		buf_add_format(&words, _("\"%s\" "), p->value);
	buf_add_text(&words, p->rule ? p->rule : "");
	auto_free char *all = buf_take(&words);
	return clean(all);
}

void reason_add_problem(struct buf *out, const struct problem *problem)
{
	auto_free char *words = problem_words(problem);
	auto_free char *order = clean(problem->order ? problem->order : "");
	unsigned line = problem->line;
	unsigned n = problem->comment;

	if (line && n && *order)
		buf_add_format(
			out, _("line %u, comment %u (order %s): "), line, n, order);
	else if (line && n)
		buf_add_format(out, _("line %u, comment %u: "), line, n);
	else if (line)
		buf_add_format(out, _("line %u: "), line);
	else if (n && *order)
		buf_add_format(out, _("comment %u (order %s): "), n, order);
	else if (n)
		buf_add_format(out, _("comment %u: "), n);
	buf_add_text(out, words);
}

static void say_problem(struct buf *out, const struct problem *p)
{
	auto_buf struct buf words = {.max_bytes = SENTENCE_MAX_BYTES};

	reason_add_problem(&words, p);
	letter_add(out, &bullet, buf_peek(&words));
}

static void list_problems(struct buf *out, const struct problems *problems)
{
	size_t more = problems->count - problems->kept_count;

	if (!problems->count)
		return;
	buf_add_text(out, _("\nProblems:\n\n"));
	for (size_t i = 0; i < problems->kept_count; i++)
		say_problem(out, &problems->kept[i]);
	if (more)
		letter_say(out, &bullet,
			words_count(
				"and %zu more problem", "and %zu more problems", more),
			more);
}

static const char *words_of(const char *result)
{
	static const struct {
		const char *result, *words;
	} table[] = {
		{"delivered", N_("delivered")},
		{"already", N_("the shop had a comment of this number already")},
		{"rejected", N_("the shop did not accept it")},
		{"deferred", N_("the shop failed on it each time")},
		{"unknown", N_("it is not known whether the shop has stored it")},
	};

	for (size_t i = 0; result && i < sizeof(table) / sizeof(*table); i++)
		if (!strcmp(table[i].result, result))
			return _(table[i].words);
	return _("not sent");
}

static void say_answer(struct buf *out, const struct reason_comment *c)
{
	auto_free char *code = clean(c->code ? c->code : "");
	auto_free char *message = clean(c->message ? c->message : "");

	if (*code && *message)
		letter_say(out, &below, _("The shop said: %s \"%s\""), code, message);
	else if (*code)
		letter_say(out, &below, _("The shop said: %s"), code);
	else if (*message && has_result(c, "rejected"))
		letter_say(out, &below, _("The shop said: \"%s\""), message);
	else if (*message)
		letter_say(out, &below, _("The last try ended with: \"%s\""), message);
}

static void add_why(struct buf *out, const struct reason_comment *c)
{
	const struct rejection rejection = {
		.result = c->result,
		.cause = c->cause,
		.code = c->code,
		.message = c->message,
		.attempts = c->attempts,
	};
	if (!rejection_say(out, &rejection))
		buf_add_text(out, words_of(c->result));
}

static void say_comment(struct buf *out, const struct reason_comment *c)
{
	auto_buf struct buf why = {.max_bytes = WHY_BYTES};
	auto_free char *order = clean(c->order);
	auto_free char *id = clean(c->id);

	add_why(&why, c);
	if (c->line)
		letter_say(out, &bullet,
			_("line %u, comment %u (order %s, CommentId %s): %s"), c->line,
			c->number, order, id, buf_peek(&why));
	else
		letter_say(out, &bullet, _("comment %u (order %s, CommentId %s): %s"),
			c->number, order, id, buf_peek(&why));
	if (is_delivered(c))
		return;
	say_answer(out, c);
	if (c->attempts)
		letter_say(out, &below,
			words_count("Tried %u time.", "Tried %u times.", c->attempts),
			c->attempts);
}

static void list_comments(struct buf *out, const struct reason *reason,
	const char *heading, bool (*is_meant)(const struct reason_comment *))
{
	size_t more = count_if(reason, is_meant);
	size_t listed = 0;

	if (!more)
		return;
	buf_add_text(out, heading);
	for (size_t i = 0; listed < COMMENTS_LISTED && i < reason->count; i++) {
		if (!is_meant(&reason->comments[i]))
			continue;
		say_comment(out, &reason->comments[i]);
		listed++;
	}
	more -= listed;
	if (more)
		letter_say(out, &bullet,
			words_count("and %zu more", "and %zu more", more), more);
}

static void list_all(struct buf *out, const struct reason *reason)
{
	if (reason->kind == REASON_INVALID && reason->problems)
		list_problems(out, reason->problems);
	if (reason->kind == REASON_CHANGED || reason->kind == REASON_POISONOUS)
		list_comments(out, reason, _("\nDelivered:\n\n"), is_delivered);
	list_comments(out, reason, _("\nNot delivered:\n\n"), is_failed);
}

static const char *cure_of_invalid(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_OVERSIZE:
		return _("Have it exported in smaller files, or raise max_file_size in "
			 "the configuration and move it back.");
	case VERDICT_BROKEN_OFF:
		return _("Have it exported again, and delete this one. An exporter is on "
			 "the safe side if it writes to a name that ends in .tmp and "
			 "renames the file when it is complete.");
	default:
		return _("Correct the file where it lies and move it back; or have it "
			 "exported again, and delete this one.");
	}
}

static const char *cure_of(const struct reason *reason)
{
	switch (reason->kind) {
	case REASON_INVALID:
		return cure_of_invalid(reason->verdict);
	case REASON_CHANGED:
		return _("Look at what was changed. What was delivered may stay in the "
			 "file: the shop recognises a CommentId that it has stored and "
			 "keeps the text that it has, so a text that was changed needs a "
			 "CommentId of its own. Then move the file back.");
	case REASON_POISONOUS:
		return _("This is a fault of the gateway rather than of the file: please "
			 "report it, with the file. When the gateway has been corrected, "
			 "move the file back.");
	default:
		return _("Remove the cause, in the file where it lies or at the shop, "
			 "and move the file back; or delete it.");
	}
}

static void say_what_to_do(struct buf *out, const struct reason *reason)
{
	auto_buf struct buf from = {0};
	auto_buf struct buf to = {0};

	buf_init(&from, PATH_MAX_BYTES);
	buf_init(&to, PATH_MAX_BYTES);
	buf_add_format(&from, "%s/failed/%s", reason->spool, reason->name);
	buf_add_format(&to, "%s/incoming/", reason->spool);

	buf_add_text(out, _("\nWhat to do:\n\n"));
	letter_say(out, &none, "%s", cure_of(reason));
	if (count_result(reason, "unknown")) {
		buf_add_char(out, '\n');
		letter_say(out, &none,
			_("A comment whose outcome is not known may be sent again: the "
			  "shop recognises a CommentId that it has stored."));
	}
	buf_add_char(out, '\n');
	letter_say(out, &none, _("This command sends it again:"));
	buf_add_text(out, "\n    ");
	shell_add_move(out, buf_peek(&from), buf_peek(&to));
	buf_add_text(out, "\n\n");
	letter_say(out, &none,
		_("This text is removed by itself once the file has been moved or "
		  "deleted."));
}

void reason_write(struct buf *out, const struct reason *reason)
{
	say_title(out, reason);
	say_what_happened(out, reason);
	say_facts(out, reason);
	say_counts(out, reason);
	list_all(out, reason);
	say_what_to_do(out, reason);
}
