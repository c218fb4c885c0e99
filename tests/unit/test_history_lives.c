/* SPDX-License-Identifier: MIT
 *
 * Random lives of a gateway, with the journal cut after every line. What it must say is
 * worked out here by looking at all words about a comment, without any memory of state.
 */
#include "core/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "core/record.h"
#include "effort.h"

#define auto_history auto_with(drop_history)
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void drop_history(struct history **h)
{
	history_free(*h);
}

enum { CLAIMS = 12, COMMENTS = 3, LINES = 120 };

static const struct effort lives = {.all = 1000, .sample = 15, .under_valgrind = 2};

struct word {
	enum event event;
	unsigned claim, number;
	const char *result;
	size_t start, len; /* of the line */
};

struct life {
	uint64_t chance;
	struct buf journal;
	struct word words[LINES + 100];
	size_t count;
	size_t checkpoint; /* first line of the last complete one */
	unsigned run;
	bool was_taken[CLAIMS], is_live[CLAIMS], in_flight[CLAIMS][COMMENTS];
};

static void end_life(struct life **life)
{
	buf_done(&(*life)->journal);
	free(*life);
}

static unsigned draw(struct life *life, unsigned below)
{
	life->chance =
		life->chance * UINT64_C(6364136223846793005) + 1442695040888963407U;
	return (unsigned)(life->chance >> 33) % below;
}

static const char *const stamps[CLAIMS] = {"20261123T101530.000000Z",
	"20261123T101531.000000Z", "20261123T101532.000000Z", "20261123T101533.000000Z",
	"20261123T101534.000000Z", "20261123T101535.000000Z", "20261123T101536.000000Z",
	"20261123T101537.000000Z", "20261123T101538.000000Z", "20261123T101539.000000Z",
	"20261123T101540.000000Z", "20261123T101541.000000Z"};
static const char *const ids[] = {"1", "2", "3", "4"};

/* Comments of different claims may be the same for the shop. */
static unsigned identity(unsigned claim, unsigned number)
{
	return (claim * 2 + number) % COUNT(ids);
}

static const char *boot_of(const struct life *life)
{
	return life->run / 2 % 2 ? "odd" : "even";
}

static void note(struct life *life, struct record record, unsigned claim)
{
	struct word *word = &life->words[life->count++];
	bool is_own = record.event != EVENT_CHECKPOINT;

	if (is_own) {
		record.up = (msec_t)life->count * 10;
		record.boot = record.event == EVENT_START ? boot_of(life) : record.boot;
	}
	*word = (struct word){.event = record.event,
		.claim = claim,
		.number = record.number,
		.result = record.result};
	word->start = life->journal.len;
	record_write(&life->journal, &record);
	word->len = life->journal.len - 1 - word->start;
}

static void note_claim(struct life *life, enum event event, unsigned claim)
{
	note(life,
		(struct record){.event = event,
			.claim = stamps[claim],
			.drop = "d",
			.version = "v",
			.result = "valid",
			.to = "sent/x"},
		claim);
}

static void note_comment(struct life *life, enum event event, unsigned claim,
	unsigned number, const char *result)
{
	const char *id = ids[identity(claim, number)];
	note(life,
		(struct record){.event = event,
			.claim = stamps[claim],
			.number = number,
			.order = id,
			.comment = id,
			.result = result,
			.attempt = 1},
		claim);
}

static struct history *replay(const struct life *life, size_t from, size_t to)
{
	struct history *h = history_new();
	for (size_t i = from; i < to; i++)
		(void)history_feed(h, life->journal.bytes + life->words[i].start,
			life->words[i].len);
	history_finish(h);
	return h;
}

static void note_past(struct life *life, const struct past_comment *past,
	const char *claim, bool is_start)
{
	struct record record = {.event = EVENT_CHECKPOINT,
		.claim = claim,
		.number = past->number,
		.order = past->order,
		.comment = past->id,
		.attempt = past->attempts,
		.result = past->result,
		.up = past->since,
		.boot = past->boot};

	if (!strcmp(past->result, "unknown") && !past->boot && is_start) {
		record.boot = boot_of(life);
		record.up = (msec_t)life->count * 10;
	} else if (!strcmp(past->result, "unknown") && !past->boot) {
		record.result = "posted";
	}
	note(life, record, 0);
}

/* What a gateway writes from what it has read or remembers. */
static void write_checkpoint(struct life *life, bool is_start, bool breaks_off)
{
	auto_history struct history *h = replay(life, life->checkpoint, life->count);
	size_t first = life->count;
	const struct past_comment *doubts = NULL;

	for (const struct past_claim *c = NULL; (c = history_next_claim(h, c));) {
		if (c->is_settling)
			continue;
		note(life,
			(struct record){.event = EVENT_CHECKPOINT,
				.claim = c->stamp,
				.drop = c->drop,
				.version = c->version,
				.attempt = c->kills},
			0);
		for (size_t i = 0; i < c->count; i++)
			note_past(life, &c->comments[i], c->stamp, is_start);
	}
	size_t count = history_doubts(h, &doubts);
	for (size_t i = 0; i < count; i++)
		note_past(life, &doubts[i], NULL, is_start);
	if (breaks_off)
		return;
	note(life,
		(struct record){.event = EVENT_CHECKPOINT_END,
			.boot = boot_of(life),
			.count = life->count - first},
		0);
	life->checkpoint = first;
}

static void restart(struct life *life)
{
	if (!draw(life, 3))
		note(life, (struct record){.event = EVENT_STOP}, 0);
	life->run++;
	memset(life->in_flight, 0, sizeof(life->in_flight));
	note(life, (struct record){.event = EVENT_START}, 0);
	if (draw(life, 4))
		write_checkpoint(life, true, !draw(life, 3));
}

static void tear(struct life *life)
{
	struct word *word = &life->words[life->count++];
	*word = (struct word){.event = EVENT_OPEN, .start = life->journal.len, .len = 9};
	buf_add_text(&life->journal, "{\"v\":1,\"t\n");
}

static bool is_in_flight(const struct life *life, unsigned id)
{
	for (unsigned c = 0; c < CLAIMS; c++)
		for (unsigned n = 1; n <= COMMENTS; n++)
			if (life->in_flight[c][n - 1] && identity(c, n) == id)
				return true;
	return false;
}

static void answer_or_post(struct life *life, unsigned claim, unsigned number)
{
	static const char *const results[] = {
		"delivered", "already", "rejected", "deferred", "unknown"};

	if (life->in_flight[claim][number - 1]) {
		note_comment(life, EVENT_OUTCOME, claim, number, results[draw(life, 5)]);
		life->in_flight[claim][number - 1] = false;
	} else if (life->is_live[claim] && !is_in_flight(life, identity(claim, number))) {
		note_comment(life, EVENT_POSTING, claim, number, NULL);
		life->in_flight[claim][number - 1] = true;
	}
}

static void live(struct life *life)
{
	unsigned claim = draw(life, CLAIMS);
	unsigned what = draw(life, 40);

	if (what == 0) {
		restart(life);
	} else if (what == 1) {
		write_checkpoint(life, false, !draw(life, 4));
	} else if (what == 2) {
		tear(life);
	} else if (what < 5 && life->is_live[claim]) {
		life->is_live[claim] = false;
		note_claim(life, what == 3 ? EVENT_WITHDRAWN : EVENT_SETTLED, claim);
	} else if (what < 12 && !life->was_taken[claim]) {
		life->was_taken[claim] = true;
		life->is_live[claim] = true;
		note_claim(life, EVENT_READING, claim);
	} else {
		answer_or_post(life, claim, 1 + draw(life, COMMENTS));
	}
}

static bool is_final_word(const struct word *word)
{
	return word->event == EVENT_OUTCOME &&
	       (!strcmp(word->result, "delivered") || !strcmp(word->result, "already") ||
		       !strcmp(word->result, "rejected"));
}

/* True if a later word says what became of the posting, or of the same comment. */
static bool is_answered(const struct life *life, size_t posting, size_t end)
{
	const struct word *posted = &life->words[posting];

	for (size_t i = posting + 1; i < end; i++) {
		const struct word *w = &life->words[i];
		bool is_its_own = w->event == EVENT_OUTCOME &&
				  w->claim == posted->claim &&
				  w->number == posted->number;
		if (is_its_own && strcmp(w->result, "unknown") != 0)
			return true;
		if (is_final_word(w) && identity(w->claim, w->number) ==
						identity(posted->claim, posted->number))
			return true;
	}
	return false;
}

static bool is_unknown_of(const struct past_comment *c, size_t count, const char *id)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(c[i].id, id) && !strcmp(c[i].result, "unknown"))
			return true;
	return false;
}

static void check_posting(
	const struct life *life, struct history *h, size_t posting, size_t end)
{
	const struct word *w = &life->words[posting];
	const char *id = ids[identity(w->claim, w->number)];
	const struct past_claim *claim = history_claim(h, stamps[w->claim]);
	const struct past_comment *doubts = NULL;
	size_t count = history_doubts(h, &doubts);

	if (is_answered(life, posting, end) ||
		(claim && is_unknown_of(claim->comments, claim->count, id)) ||
		is_unknown_of(doubts, count, id))
		return;
	fail_msg("the posting of line %zu is forgotten after line %zu", posting, end);
}

static void check_last_words(const struct life *life, const struct history *h, size_t end)
{
	bool is_seen[CLAIMS][COMMENTS + 1] = {0};

	for (size_t i = end; i-- > 0;) {
		const struct word *w = &life->words[i];
		if (w->event < EVENT_READING || w->event > EVENT_WITHDRAWN ||
			is_seen[w->claim][0] || is_seen[w->claim][w->number])
			continue;
		is_seen[w->claim][w->number] = w->number || w->event >= EVENT_SETTLED;
		if (!is_final_word(w))
			continue;
		const struct past_claim *claim = history_claim(h, stamps[w->claim]);
		if (!claim || claim->is_settling)
			continue; /* it came after its claim had left */
		bool is_kept = false;
		for (size_t j = 0; j < claim->count; j++)
			is_kept |= claim->comments[j].number == w->number &&
				   !strcmp(claim->comments[j].result, w->result);
		if (!is_kept)
			fail_msg("the outcome of line %zu is lost after %zu", i, end);
	}
}

static void check_prefix(const struct life *life, size_t from, size_t end)
{
	auto_history struct history *h = replay(life, from, end);

	for (size_t i = 0; i < end; i++)
		if (life->words[i].event == EVENT_POSTING)
			check_posting(life, h, i, end);
	check_last_words(life, h, end);
}

static void nothing_is_forgotten_wherever_the_journal_ends(void **state)
{
	(void)state;
	for (size_t seed = 1, last = effort(lives); seed <= last; seed++) {
		auto_with(end_life) struct life *life = calloc(1, sizeof(*life));
		life->chance = seed;
		buf_init(&life->journal, 1000000);
		note(life, (struct record){.event = EVENT_START}, 0);
		while (life->count < LINES) {
			size_t before = life->count;
			live(life);
			for (size_t end = before + 1; end <= life->count; end++)
				check_prefix(life, 0, end);
			check_prefix(life, life->checkpoint, life->count);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_forgotten_wherever_the_journal_ends),
	};
	return cmocka_run_group_tests_name("history lives", tests, NULL, NULL);
}
