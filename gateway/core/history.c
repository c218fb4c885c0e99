/* SPDX-License-Identifier: MIT
 *
 * Every line costs the same, however much came before. Checkpoint lines are applied as
 * they come, since they only say again what earlier lines add up to; only a complete
 * checkpoint takes something away. So a checkpoint that breaks off loses nothing.
 *
 * Outcomes may follow when their claim has left: what was in flight when the admin took
 * the file away. They concern its doubts, and must not bring the claim back.
 */
#include "core/history.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/table.h"
#include "core/posted.h"

struct claim {
	struct table_node node;
	struct past_claim past;
	struct posted *posted; /* a list, the latest first */
	size_t named_in;       /* the last checkpoint that named it */
	size_t reading_run;    /* the run of the last reading */
	bool is_reading;       /* no end of it so far */
	bool has_failed;       /* it or its rest lay in failed/ once */
	bool is_gone;          /* not in sending/; remembered because it has failed */
};

struct history {
	struct table claims; /* by stamp */
	struct posted_set posted;
	size_t checkpoint; /* number of the one under way, or to come */
	size_t stated;     /* its lines so far */
	char last_stamp[TIMES_STAMP_LEN + 1];
	struct past_shop shop;
	struct day_count sent;
	bool has_stopped;
	bool has_unmoved; /* as the record of its end says */
	bool is_finished;
	size_t bad_lines;
	struct past_comment *doubt_list; /* NULL: to be made when asked for */
	size_t doubt_count;
};

static const char failed_folder[] = "failed/";

static void set_text(const char **slot, const char *text)
{
	const char *copy = text ? xstrdup(text) : NULL;
	free((void *)*slot);
	*slot = copy;
}

/* A boot that is not the one of this run tells that the start of another was lost. */
static void note_boot(struct history *h, const struct record *record)
{
	struct posted_run *run = posted_run(&h->posted);

	if (!record->boot || record->event == EVENT_START ||
		record->event == EVENT_CHECKPOINT)
		return;
	if (!run->boot)
		run->boot = xstrdup(record->boot);
	else if (strcmp(run->boot, record->boot) != 0)
		posted_begin_run(&h->posted, record->boot, record->up);
}

static struct claim *find_stamp(const struct history *h, const char *stamp)
{
	uint64_t hash = table_hash(stamp, strlen(stamp));
	struct table_node *node = NULL;

	while ((node = table_find(&h->claims, hash, node))) {
		struct claim *claim = table_member(node, struct claim, node);
		if (!strcmp(claim->past.stamp, stamp))
			return claim;
	}
	return NULL;
}

static struct claim *find_claim(const struct history *h, const char *stamp)
{
	struct claim *claim = find_stamp(h, stamp);
	return claim && !claim->is_gone ? claim : NULL;
}

static void note_taking(struct claim *claim, const char *boot, msec_t up)
{
	set_text(&claim->past.boot, boot);
	claim->past.since = up;
}

static struct claim *add_claim(struct history *h, const struct record *record)
{
	struct claim *claim = xcalloc(1, sizeof(*claim));

	claim->past.stamp = xstrdup(record->claim);
	table_add(&h->claims, &claim->node,
		table_hash(record->claim, strlen(record->claim)));
	if (record->event == EVENT_READING)
		note_taking(claim, posted_run(&h->posted)->boot, record->up);
	return claim;
}

static struct claim *need_claim(struct history *h, const struct record *record)
{
	struct claim *claim = find_stamp(h, record->claim);

	if (!claim)
		claim = add_claim(h, record);
	claim->is_gone = false;
	if (record->drop)
		set_text(&claim->past.drop, record->drop);
	if (record->to && !strncmp(record->to, failed_folder, sizeof(failed_folder) - 1))
		claim->has_failed = true;
	return claim;
}

static void free_details(const struct claim *claim)
{
	free((void *)claim->past.version);
	free((void *)claim->past.verdict);
	free((void *)claim->past.settled_to);
	free((void *)claim->past.boot);
	free((void *)claim->past.comments);
}

/* What only a claim that is to be sent has to be known for; its doubts outlive it. */
static void forget_details(struct history *h, struct claim *claim)
{
	posted_leave(&h->posted, &claim->posted);
	claim->is_reading = false;
	free_details(claim);
	claim->past = (struct past_claim){
		.stamp = claim->past.stamp,
		.drop = claim->past.drop,
		.has_rest = claim->past.has_rest,
	};
}

static void claim_free(struct claim *claim)
{
	free_details(claim);
	free((void *)claim->past.stamp);
	free((void *)claim->past.drop);
	free(claim);
}

static void forget_claim(struct history *h, struct claim *claim)
{
	forget_details(h, claim);
	claim->is_gone = true;
	if (claim->has_failed)
		return;
	table_remove(&h->claims, &claim->node);
	claim_free(claim);
}

/* A reading without an end was deadly, unless its run stopped by itself. */
static void close_reading(const struct history *h, struct claim *claim)
{
	if (claim->is_reading && !h->posted.runs[claim->reading_run].has_stopped)
		claim->past.kills++;
	claim->is_reading = false;
}

static void apply_hold(struct history *h, const struct record *record)
{
	past_shop_hold(&h->shop, record);
}

static void apply_open(struct history *h, const struct record *record)
{
	(void)record;
	past_shop_open(&h->shop);
}

static void apply_start(struct history *h, const struct record *record)
{
	posted_begin_run(&h->posted, record->boot, record->up);
}

static void apply_stop(struct history *h, const struct record *record)
{
	(void)record;
	posted_run(&h->posted)->has_stopped = true;
}

static void apply_reading(struct history *h, const struct record *record)
{
	struct claim *claim = need_claim(h, record);
	size_t run = h->posted.run_count - 1;

	if (claim->reading_run != run)
		close_reading(h, claim);
	claim->is_reading = true;
	claim->reading_run = run;
	claim->past.is_settling = false;
	set_text(&claim->past.settled_to, NULL);
}

static void apply_read(struct history *h, const struct record *record)
{
	struct claim *claim = need_claim(h, record);

	claim->is_reading = false;
	claim->past.kills = 0;
	set_text(&claim->past.version, record->version);
	set_text(&claim->past.verdict, record->result);
}

static void apply_leaving(struct history *h, const struct record *record)
{
	struct claim *claim = find_claim(h, record->claim);
	if (claim)
		forget_claim(h, claim);
}

static void apply_rest(struct history *h, const struct record *record)
{
	need_claim(h, record)->past.has_rest = true;
}

static void apply_settled(struct history *h, const struct record *record)
{
	struct claim *claim = need_claim(h, record);
	const char *version = take_ptr(claim->past.version);

	/* It is said again if the move failed. */
	if (!claim->past.is_settling)
		day_count_add(&h->sent, record->to, 1);
	forget_details(h, claim);
	claim->past.version = version;
	claim->past.is_settling = true;
	set_text(&claim->past.settled_to, record->to);
}

static struct posted *comment_of(
	struct history *h, struct claim *claim, const struct record *record)
{
	return posted_comment(&h->posted, claim, &claim->posted, record);
}

static void apply_posting(struct history *h, const struct record *record)
{
	struct claim *claim = need_claim(h, record);

	if (claim->past.is_settling)
		posted_reopen_doubt(&h->posted, record);
	else
		posted_set_open(&h->posted, comment_of(h, claim, record));
}

/* A claim that nothing is known of, not even a doubt, is one whose lines were lost. */
static void apply_outcome(struct history *h, const struct record *record)
{
	past_shop_outcome(&h->shop, record);
	const struct claim *known = find_claim(h, record->claim);
	struct posted *doubt = posted_find_doubt(&h->posted, record);
	bool has_left = known ? known->past.is_settling : doubt != NULL;

	if (has_left) {
		doubt = posted_doubt(&h->posted, record);
		posted_late_outcome(&h->posted, doubt, record);
		return;
	}
	struct posted *p = comment_of(h, need_claim(h, record), record);
	posted_set_outcome(&h->posted, p, record);
	if (doubt && posted_is_last_word(record))
		posted_end_doubt(&h->posted, doubt);
}

static void restate_doubt(struct history *h, const struct record *record)
{
	if (!posted_is_unknown(record->result))
		return;
	posted_restate_doubt(&h->posted, record)->named_in = h->checkpoint;
}

static void restate_unclaimed(struct history *h, const struct record *record)
{
	if (!strcmp(record->result, SERIES_REFUSED))
		series_add(&h->shop.refused, record->order, record->comment);
	else
		restate_doubt(h, record);
}

/* A reading of this very run is still under way, an earlier one is counted in it. */
static void restate_claim(
	const struct history *h, struct claim *claim, const struct record *record)
{
	if (record->result && !strcmp(record->result, HISTORY_SETTLED)) {
		claim->past.is_settling = true;
		set_text(&claim->past.settled_to, record->to);
		set_text(&claim->past.version, record->version);
		return;
	}
	if (claim->reading_run + 1 != h->posted.run_count)
		claim->is_reading = false;
	claim->past.kills = record->attempt;
	if (record->version)
		set_text(&claim->past.version, record->version);
	if (record->result)
		set_text(&claim->past.verdict, record->result);
	if (record->to)
		claim->past.has_rest = true;
	if (record->boot)
		note_taking(claim, record->boot, record->up);
}

static void apply_checkpoint(struct history *h, const struct record *record)
{
	h->stated++;
	if (!record->claim) {
		restate_unclaimed(h, record);
		return;
	}
	struct claim *claim = need_claim(h, record);
	claim->named_in = h->checkpoint;
	if (record->number && claim->past.is_settling)
		restate_doubt(h, record);
	else if (record->number)
		posted_restate(&h->posted, comment_of(h, claim, record), record);
	else
		restate_claim(h, claim, record);
}

static void forget_unnamed(struct history *h)
{
	struct table_node *next = NULL;

	posted_end_unnamed(&h->posted, h->checkpoint);
	for (struct table_node *at = table_next(&h->claims, NULL); at; at = next) {
		struct claim *claim = table_member(at, struct claim, node);
		next = table_next(&h->claims, at);
		if (claim->named_in != h->checkpoint)
			forget_claim(h, claim);
	}
}

static void end_checkpoint(struct history *h)
{
	h->checkpoint++;
	h->stated = 0;
}

static void apply_checkpoint_end(struct history *h, const struct record *record)
{
	if (record->count == h->stated) {
		forget_unnamed(h);
		past_shop_restate(&h->shop, record);
		h->sent = (struct day_count){0};
		day_count_add(&h->sent, record->to, record->sent);
	}
	end_checkpoint(h);
}

static void (*const apply[])(struct history *, const struct record *) = {
	[EVENT_START] = apply_start,
	[EVENT_STOP] = apply_stop,
	[EVENT_READING] = apply_reading,
	[EVENT_READ] = apply_read,
	[EVENT_RETURNED] = apply_leaving,
	[EVENT_POSTING] = apply_posting,
	[EVENT_OUTCOME] = apply_outcome,
	[EVENT_REST] = apply_rest,
	[EVENT_SETTLED] = apply_settled,
	[EVENT_WITHDRAWN] = apply_leaving,
	[EVENT_HOLD] = apply_hold,
	[EVENT_OPEN] = apply_open,
	[EVENT_CHECKPOINT] = apply_checkpoint,
	[EVENT_CHECKPOINT_END] = apply_checkpoint_end,
};

static bool is_of_checkpoint(enum event event)
{
	return event == EVENT_CHECKPOINT || event == EVENT_CHECKPOINT_END;
}

static void note_stamp(struct history *h, const char *stamp)
{
	usec_t at = 0;

	if (strlen(stamp) == TIMES_STAMP_LEN && strcmp(stamp, h->last_stamp) > 0 &&
		!times_parse_stamp(stamp, &at))
		memcpy(h->last_stamp, stamp, sizeof(h->last_stamp));
}

struct history *history_new(void)
{
	struct history *h = xcalloc(1, sizeof(*h));

	h->checkpoint = 1; /* 0: named by none */
	h->has_stopped = true;
	posted_init(&h->posted);
	return h;
}

void history_free(struct history *h)
{
	if (!h)
		return;
	struct table_node *next = NULL;
	for (struct table_node *at = table_next(&h->claims, NULL); at; at = next) {
		next = table_next(&h->claims, at);
		claim_free(table_member(at, struct claim, node));
	}
	table_done(&h->claims);
	posted_done(&h->posted);
	past_shop_done(&h->shop);
	free(h->doubt_list);
	free(h);
}

int history_feed(struct history *h, const char *line, size_t len)
{
	auto_with(record_done) struct record record = {0};
	assert(!h->is_finished);

	if (record_parse(line, len, &record) < 0) {
		h->bad_lines++;
		h->has_stopped = false;
		return -EINVAL;
	}
	if (!is_of_checkpoint(record.event) && h->stated)
		end_checkpoint(h); /* it broke off */
	note_boot(h, &record);
	if (record.claim)
		note_stamp(h, record.claim);
	apply[record.event](h, &record);
	past_shop_note_time(&h->shop,
		record.boot ? record.boot : posted_run(&h->posted)->boot, record.up);
	h->has_stopped = record.event == EVENT_STOP;
	h->has_unmoved = h->has_stopped && record.count;
	return 0;
}

void history_finish(struct history *h)
{
	assert(!h->is_finished);
	h->is_finished = true;
	for (struct table_node *at = NULL; (at = table_next(&h->claims, at));) {
		struct claim *claim = table_member(at, struct claim, node);
		struct past_comment *comments = NULL;
		close_reading(h, claim);
		claim->past.count =
			posted_copy_list(&h->posted, claim->posted, &comments);
		claim->past.comments = comments;
	}
}

const struct past_claim *history_claim(const struct history *h, const char *stamp)
{
	assert(h->is_finished);
	const struct claim *claim = find_claim(h, stamp);
	return claim ? &claim->past : NULL;
}

const struct past_claim *history_next_claim(
	const struct history *h, const struct past_claim *after)
{
	assert(h->is_finished);
	const struct table_node *at =
		after ? &table_member(after, struct claim, past)->node : NULL;

	while ((at = table_next(&h->claims, at))) {
		const struct claim *claim = table_member(at, struct claim, node);
		if (!claim->is_gone)
			return &claim->past;
	}
	return NULL;
}

void history_withdraw(struct history *h, const char *stamp)
{
	assert(h->is_finished);
	struct claim *claim = find_claim(h, stamp);
	if (!claim)
		return;
	forget_claim(h, claim);
	free(take_ptr(h->doubt_list));
}

bool history_has_failed(const struct history *h, const char *stamp)
{
	const struct claim *claim = find_stamp(h, stamp);
	return claim && claim->has_failed;
}

size_t history_doubts(struct history *h, const struct past_comment **doubts)
{
	assert(h->is_finished);
	if (!h->doubt_list)
		h->doubt_count = posted_copy_doubts(&h->posted, &h->doubt_list);
	*doubts = h->doubt_list;
	return h->doubt_count;
}

const struct past_shop *history_shop(const struct history *h)
{
	assert(h->is_finished);
	return &h->shop;
}

const struct day_count *history_sent(const struct history *h)
{
	return &h->sent;
}

bool history_ended_cleanly(const struct history *h)
{
	return h->has_stopped;
}

bool history_moved_all(const struct history *h)
{
	return h->has_stopped && !h->has_unmoved;
}

const char *history_boot(const struct history *h)
{
	return posted_run(&h->posted)->boot;
}

const char *history_quiet(const struct history *h, msec_t *since, msec_t *lasted)
{
	*since = h->shop.quiet_since;
	*lasted = h->shop.quiet_seen - h->shop.quiet_since;
	return h->shop.quiet_boot;
}

const char *history_last_stamp(const struct history *h)
{
	return *h->last_stamp ? h->last_stamp : NULL;
}

size_t history_bad_lines(const struct history *h)
{
	return h->bad_lines;
}
