#ifndef GATEWAY_CORE_TALLY_H
#define GATEWAY_CORE_TALLY_H
/* SPDX-License-Identifier: MIT
 *
 * tally - what a site has done since the gateway started: counts, times, the last day
 *
 * Knows: counters that only grow, two histograms, a ring of the last 24 hours in slots of
 * ten minutes, the latest files that ended. Must not know: who shows them, and clocks:
 * time comes in, as that of CLOCK_BOOTTIME, so that a clock that is set leaves no gap.
 * Promises: constant memory and constant cost, whatever happens.
 * Ownership: texts are copied; tally_done() frees them.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/times.h"
#include "core/response.h"
#include "core/schedule.h"

enum {
	TALLY_OUTCOMES = OUTCOME_UNKNOWN + 1,
	TALLY_ANSWERS = ANSWER_UNKNOWN + 1,
	TALLY_SLOTS = 144,
	TALLY_LATEST = 10,
	TALLY_BOUNDS = 10,
	TALLY_RATE_SLOTS = 7,
};
#define TALLY_SLOT (10 * MSEC_MINUTE)

enum tally_end { TALLY_SENT, TALLY_FAILED, TALLY_WITHDRAWN, TALLY_ENDS };

/* As in Prometheus: a value belongs to the first bound that it does not exceed; the last
 * count is of those beyond all bounds. */
struct histogram {
	uint64_t counts[TALLY_BOUNDS + 1];
	uint64_t sum, count;
};

extern const uint32_t tally_answer_bounds[TALLY_BOUNDS]; /* milliseconds */
extern const uint32_t tally_batch_bounds[TALLY_BOUNDS];  /* comments */

/* Ten minutes. */
struct tally_slot {
	uint64_t delivered, rejected; /* comments */
	uint64_t answers, answer_ms; /* exchanges that brought an answer, and their sum */
};

/* A file that ended. */
struct tally_file {
	usec_t at;
	char *name;  /* as it lies in sent/ or failed/ */
	char *words; /* one line, or NULL */
	size_t comments;
};

struct tally {
	msec_t started; /* CLOCK_BOOTTIME of tally_init() */
	uint64_t
		outcomes[TALLY_OUTCOMES]; /* comments; one may be counted several times */
	uint64_t ends[TALLY_ENDS];        /* files */
	uint64_t answers[TALLY_ANSWERS];  /* of real comments */
	uint64_t probes;
	uint64_t flushes; /* of the journal */
	usec_t last_success;
	msec_t answer_ms; /* smoothed; 0: none so far */
	struct histogram answer_times, batches;

	struct tally_slot slots[TALLY_SLOTS];
	int64_t slot; /* of CLOCK_BOOTTIME, in slots: the current one */
	uint64_t settled[TALLY_RATE_SLOTS];
	int64_t rate_slot;

	struct tally_file latest[TALLY_ENDS][TALLY_LATEST]; /* newest first */
};

void tally_init(struct tally *t, msec_t now);
void tally_done(struct tally *t);

void tally_outcome(struct tally *t, enum outcome outcome, msec_t now, usec_t at);
/* comments 0: a probe. */
void tally_answer(
	struct tally *t, enum answer answer, size_t comments, msec_t took, msec_t now);
/* What is in `file` is copied. */
void tally_file(struct tally *t, enum tally_end end, const struct tally_file *file);

/* The slot that ended `ago` slots before the current one, which is 0. */
const struct tally_slot *tally_slot(struct tally *t, msec_t now, unsigned ago);
/* Comments settled for each second of the last minute. */
double tally_rate(struct tally *t, msec_t now);

#endif
