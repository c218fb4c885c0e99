/* SPDX-License-Identifier: MIT
 *
 * The lines of an input are a journal. A line that is a record comes back from its own
 * writing as it was, and cut anywhere is none; a history fed with any lines answers in
 * accordance with itself, and equally if the lines are written anew.
 */
#include "core/record.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "core/history.h"
#include "fuzz.h"

enum { JOURNAL_BYTES = 64 * 1024 * 1024 };

#define auto_record auto_with(record_done)
#define auto_history auto_with(drop_history)

static void drop_history(struct history **h)
{
	history_free(*h);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

/* Long texts are shortened when a record is written. */
static bool is_fitting(const char *text, const char *written)
{
	return fuzz_is_same(text, written) ||
	       (text && written && strlen(text) > 64 && strlen(written) > 64 &&
		       !strncmp(text, written, 60));
}

static void check_fitting(const struct record *a, const struct record *b)
{
	assert(a->event == b->event && a->at == b->at && a->up == b->up);
	assert(a->number == b->number && a->attempt == b->attempt);
	assert(a->count == b->count);
	assert(is_fitting(a->boot, b->boot) && is_fitting(a->site, b->site));
	assert(is_fitting(a->claim, b->claim) && is_fitting(a->drop, b->drop));
	assert(is_fitting(a->of, b->of) && is_fitting(a->version, b->version));
	assert(is_fitting(a->order, b->order) && is_fitting(a->comment, b->comment));
	assert(is_fitting(a->result, b->result) && is_fitting(a->code, b->code));
	assert(is_fitting(a->message, b->message) && is_fitting(a->to, b->to));
}

static void check_cut(const struct buf *line, uint64_t *chance)
{
	auto_record struct record record = {0};
	size_t cut = fuzz_draw(chance, line->len - 1);
	auto_free char *exact = xstrndup(buf_peek(line), cut);
	assert(record_parse(exact, cut, &record) == -EINVAL);
}

/* Writes it, and looks at what was written. */
static void check_writing(
	const struct record *record, struct buf *journal, uint64_t *chance)
{
	auto_record struct record again = {0};
	auto_buf struct buf line = {.max_bytes = RECORD_MAX_BYTES};
	auto_buf struct buf twice = {.max_bytes = RECORD_MAX_BYTES};

	record_write(&line, record);
	assert(buf_finish(&line) == 0);
	assert(fuzz_is_clean(buf_peek(&line), line.len - 1, SIZE_MAX));
	assert(line.bytes[line.len - 1] == '\n');
	int r = record_parse(buf_peek(&line), line.len - 1, &again);
	assert(r == 0);
	check_fitting(record, &again);
	record_write(&twice, &again);
	assert(!strcmp(buf_peek(&line), buf_peek(&twice)));
	check_cut(&line, chance);
	buf_add(journal, line.bytes, line.len);
}

static size_t feed(struct history *h, const char *at, const char *end)
{
	size_t bad = 0;
	size_t len = 0;
	for (const char *line; (line = fuzz_line(&at, end, &len));) {
		int r = history_feed(h, line, len);
		assert(r == 0 || r == -EINVAL);
		bad += r < 0;
	}
	assert(history_bad_lines(h) == bad);
	history_finish(h);
	return bad;
}

static bool is_unknown(const struct past_comment *c)
{
	return !strcmp(c->result, "unknown");
}

static bool is_open(const struct past_comment *c)
{
	return is_unknown(c) || !strcmp(c->result, "deferred");
}

static void check_comment(const struct past_comment *c)
{
	static const char *const results[] = {
		"delivered", "already", "rejected", "deferred", "unknown"};
	bool is_known = false;
	for (size_t i = 0; i < sizeof(results) / sizeof(*results); i++)
		is_known = is_known || !strcmp(c->result, results[i]);
	assert(is_known && c->order && c->id);
	assert(is_open(c) || (!c->boot && !c->since));
}

static void check_claim(const struct history *h, const struct past_claim *claim)
{
	const char *last = history_last_stamp(h);
	usec_t at = 0;

	assert(history_claim(h, claim->stamp) == claim);
	if (strlen(claim->stamp) == TIMES_STAMP_LEN &&
		!times_parse_stamp(claim->stamp, &at))
		assert(last && strcmp(last, claim->stamp) >= 0);
	assert(claim->is_settling == (claim->settled_to != NULL));
	assert(!claim->is_settling || !claim->count);
	for (size_t i = 0; i < claim->count; i++) {
		check_comment(&claim->comments[i]);
		assert(claim->comments[i].number);
		assert(!i || claim->comments[i - 1].number < claim->comments[i].number);
	}
	if (claim->settled_to && !strncmp(claim->settled_to, "failed/", 7))
		assert(history_has_failed(h, claim->stamp));
}

static size_t check_claims(const struct history *h)
{
	size_t count = 0;
	for (const struct past_claim *claim = NULL;
		(claim = history_next_claim(h, claim)); count++)
		check_claim(h, claim);
	return count;
}

static const struct past_comment *find_doubt(
	struct history *h, const char *order, const char *id)
{
	const struct past_comment *doubts = NULL;
	const struct past_comment *found = NULL;
	size_t count = history_doubts(h, &doubts);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(doubts[i].order, order) != 0 || strcmp(doubts[i].id, id) != 0)
			continue;
		assert(!found);
		found = &doubts[i];
	}
	return found;
}

static void check_doubts(struct history *h)
{
	const struct past_comment *doubts = NULL;
	size_t count = history_doubts(h, &doubts);
	for (size_t i = 0; i < count; i++) {
		check_comment(&doubts[i]);
		assert(is_unknown(&doubts[i]));
		assert(find_doubt(h, doubts[i].order, doubts[i].id) == &doubts[i]);
	}
}

/* A claim that leaves takes nothing along that the shop may still be storing. */
static void check_withdrawal(struct history *h, const struct past_claim *claim)
{
	auto_free char *stamp = xstrdup(claim->stamp);
	auto_free struct past_comment *open = xcalloc(claim->count, sizeof(*open));
	bool has_failed = history_has_failed(h, stamp);
	size_t count = 0;

	for (size_t i = 0; i < claim->count; i++) {
		if (!is_unknown(&claim->comments[i]))
			continue;
		open[count].order = xstrdup(claim->comments[i].order);
		open[count++].id = xstrdup(claim->comments[i].id);
	}
	history_withdraw(h, stamp);
	assert(!history_claim(h, stamp));
	assert(history_has_failed(h, stamp) == has_failed);
	for (size_t i = 0; i < count; i++) {
		assert(find_doubt(h, open[i].order, open[i].id));
		free((void *)open[i].order);
		free((void *)open[i].id);
	}
}

static void withdraw_some(struct history *h, uint64_t *chance)
{
	const struct past_claim *next = NULL;
	for (const struct past_claim *at = history_next_claim(h, NULL); at; at = next) {
		next = history_next_claim(h, at);
		if (fuzz_draw(chance, 2))
			check_withdrawal(h, at);
	}
}

static void check_same_comment(const struct past_comment *a, const struct past_comment *b)
{
	assert(a->number == b->number && a->attempts == b->attempts);
	assert(a->since == b->since && !strcmp(a->result, b->result));
	assert(is_fitting(a->order, b->order) && is_fitting(a->id, b->id));
	assert(is_fitting(a->boot, b->boot));
}

static void check_same_claim(const struct past_claim *a, const struct past_claim *b)
{
	assert(a->kills == b->kills && a->has_rest == b->has_rest);
	assert(a->is_settling == b->is_settling && a->count == b->count);
	assert(is_fitting(a->drop, b->drop) && is_fitting(a->version, b->version));
	for (size_t i = 0; i < a->count; i++)
		check_same_comment(&a->comments[i], &b->comments[i]);
}

/* The same journal without what is not a record. */
static void check_same(const struct history *a, const struct history *b)
{
	for (const struct past_claim *at = NULL; (at = history_next_claim(a, at));) {
		const struct past_claim *same = history_claim(b, at->stamp);
		assert(same);
		check_same_claim(at, same);
	}
	assert(is_fitting(history_boot(a), history_boot(b)));
	assert(fuzz_is_same(history_last_stamp(a), history_last_stamp(b)));
}

/* Names that were shortened may have become the same. */
static bool has_long_text(const struct record *r)
{
	const char *const names[] = {r->claim, r->order, r->comment, r->boot};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i] && strlen(names[i]) > 64)
			return true;
	return false;
}

/* Writes the records of the input anew. False if any was shortened where it matters. */
static bool rewrite(
	const char *at, const char *end, struct buf *journal, uint64_t *chance)
{
	bool is_whole = true;
	size_t len = 0;
	for (const char *line; (line = fuzz_line(&at, end, &len));) {
		auto_record struct record record = {0};
		if (record_parse(line, len, &record) < 0)
			continue;
		is_whole = is_whole && !has_long_text(&record);
		check_writing(&record, journal, chance);
	}
	return is_whole;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	uint64_t chance = fuzz_chance(bytes, len);
	const char *at = (const char *)bytes;
	auto_buf struct buf journal = {.max_bytes = JOURNAL_BYTES};
	auto_history struct history *given = history_new();
	auto_history struct history *rewritten = history_new();

	feed(given, at, at + len);
	size_t count = check_claims(given);
	check_doubts(given);
	bool is_whole = rewrite(at, at + len, &journal, &chance);
	at = buf_peek(&journal);
	size_t bad = feed(rewritten, at, at + journal.len);
	assert(!bad);
	if (is_whole) {
		assert(check_claims(rewritten) == count);
		check_same(given, rewritten);
	}
	withdraw_some(given, &chance);
	check_claims(given);
	check_doubts(given);
	return 0;
}
