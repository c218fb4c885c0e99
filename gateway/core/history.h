#ifndef GATEWAY_CORE_HISTORY_H
#define GATEWAY_CORE_HISTORY_H
/* SPDX-License-Identifier: MIT
 *
 * history - what the journal's records add up to, for each claim in sending/
 *
 * Knows: what a run that ended without a word leaves open, and what it then means.
 * Fed with the journal's lines from the last complete checkpoint on (feeding more is
 * harmless), asked once at start. Must not know: files, folders, clocks.
 *
 *   posting without outcome         unknown, from the first start after it
 *   reading without read, no stop   that reading killed the gateway once more
 *   outcome delivered, already,
 *     rejected                      final; ends every doubt about that order and id,
 *                                   unless it has a `cause`: then it is not the shop's
 *                                   own word
 *   outcome deferred                waits for what is left of its `wait`
 *   settled, withdrawn, returned    the claim is gone; its doubts are kept. After
 *                                   `settled` the move may be missing: the claim is known
 *                                   as settling until a checkpoint omits it
 *   checkpoint ... checkpoint-end   claims and doubts not named in it are gone, but the
 *                                   doubts of a claim that it omits are kept. One that is
 *                                   not complete removes nothing
 *   hold without open               the hold goes on
 *
 * Where a line is lost, the answer errs to the side of waiting longer. A result that is
 * not known here (a later gateway's) counts as unknown.
 *
 * Order: feed every line, finish; then history_withdraw() for each claim that is not in
 * sending/ (found by history_next_claim); then the doubts are those to be kept.
 * Ownership: all texts belong to the history and live as long as it does.
 */
#include <stdbool.h>
#include <stddef.h>

#include <stdint.h>

#include "base/times.h"
#include "core/day_count.h"
#include "core/past_shop.h"
#include "core/record.h"

struct history;

struct past_comment {
	unsigned number;    /* from 1 */
	const char *order;  /* WebOrderNumber */
	const char *id;     /* CommentId */
	const char *result; /* of the last outcome; "unknown" also for an open posting */
	const char *cause;  /* of a rejection that is not the shop's own word, or NULL */
	const char *code, *message;    /* or NULL */
	unsigned attempts, tries, cap; /* with `seen`: as schedule_item has them */
	uint32_t seen;
	msec_t wait; /* result "deferred": until it is tried again; 0: it may be at once */
	/* Results "unknown" and "deferred": since when, by CLOCK_BOOTTIME of which boot.
	 * boot NULL: no later run has begun to wait, so the wait begins now. */
	msec_t since;
	const char *boot;
};

struct past_claim {
	const char *stamp;
	const char *drop;       /* NULL only if the journal lost it */
	const char *version;    /* of the bytes that were read, or NULL */
	const char *verdict;    /* of the last `read`, or NULL */
	unsigned kills;         /* readings that killed the gateway, in succession */
	msec_t since;           /* when it was taken, by CLOCK_BOOTTIME of which boot */
	const char *boot;       /* NULL: only its stamp tells */
	bool has_rest;          /* its rest file lies in failed/ */
	bool is_settling;       /* `settled` is on record, only the move may be missing */
	const char *settled_to; /* folder/name of it */
	const struct past_comment *comments; /* those ever posted, by number; none when
						settling */
	size_t count;
};

/* What a checkpoint says instead of a verdict of a claim that is settling. */
#define HISTORY_SETTLED "settled"

struct history *history_new(void);
void history_free(struct history *h);

/* -EINVAL: not a record; counted, otherwise ignored. */
int history_feed(struct history *h, const char *line, size_t len);

/* After the last line: settles what the end of the journal leaves open. */
void history_finish(struct history *h);

/* NULL: the journal knows no such claim in sending/. */
const struct past_claim *history_claim(const struct history *h, const char *stamp);
/* Every claim once, in no order: first with NULL. The one returned last may be withdrawn
 * only after its successor was asked for. */
const struct past_claim *history_next_claim(
	const struct history *h, const struct past_claim *after);
/* It is not in sending/ any more: forgets the claim and keeps its doubts. */
void history_withdraw(struct history *h, const char *stamp);

/* True if that claim, or its rest, went to failed/, as far as this journal reaches. */
bool history_has_failed(const struct history *h, const char *stamp);

/* Unknown outcomes whose claim is not in sending/ any more. Borrowed until the next
 * history_withdraw(). */
size_t history_doubts(struct history *h, const struct past_comment **doubts);

const struct past_shop *history_shop(const struct history *h);
/* Files that went to sent/ on the latest day; one that is settling has gone there. */
const struct day_count *history_sent(const struct history *h);

/* False only if the last run is known not to have stopped by itself. */
bool history_ended_cleanly(const struct history *h);
/* Whether it did, and left no file in sending/ that was yet to be moved. */
bool history_moved_all(const struct history *h);
/* Boot id of the last run, or NULL if no line tells it. */
const char *history_boot(const struct history *h);
/* The boot in which the site was last made to be quiet after a power loss, *since when by
 * its clock, and how long that boot is known to have *lasted from then on; NULL: it was
 * not, as far as this journal reaches. */
const char *history_quiet(const struct history *h, msec_t *since, msec_t *lasted);
/* The latest stamp ever given, or NULL: claims never go behind it. */
const char *history_last_stamp(const struct history *h);
size_t history_bad_lines(const struct history *h);

#endif
