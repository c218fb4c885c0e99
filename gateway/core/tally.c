/* SPDX-License-Identifier: MIT */
#include "core/tally.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define RATE_SLOT (10 * MSEC_SECOND)

const uint32_t tally_answer_bounds[TALLY_BOUNDS] = {
	10, 50, 100, 250, 500, 1000, 2500, 10000, 60000, 180000};
const uint32_t tally_batch_bounds[TALLY_BOUNDS] = {
	1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};

void tally_init(struct tally *t, msec_t now)
{
	*t = (struct tally){
		.started = now,
		.slot = now / TALLY_SLOT,
		.rate_slot = now / RATE_SLOT,
	};
}

static void file_done(struct tally_file *file)
{
	free(file->name);
	free(file->words);
	*file = (struct tally_file){0};
}

void tally_done(struct tally *t)
{
	for (size_t end = 0; end < TALLY_ENDS; end++)
		for (size_t i = 0; i < TALLY_LATEST; i++)
			file_done(&t->latest[end][i]);
}

/* --- rings: what was not reached since is empty --- */

static struct tally_slot *slot_now(struct tally *t, msec_t now)
{
	int64_t slot = now / TALLY_SLOT;
	if (slot - t->slot > TALLY_SLOTS)
		t->slot = slot - TALLY_SLOTS;
	while (t->slot < slot)
		t->slots[++t->slot % TALLY_SLOTS] = (struct tally_slot){0};
	return &t->slots[t->slot % TALLY_SLOTS];
}

static uint64_t *settled_now(struct tally *t, msec_t now)
{
	int64_t slot = now / RATE_SLOT;
	if (slot - t->rate_slot > TALLY_RATE_SLOTS)
		t->rate_slot = slot - TALLY_RATE_SLOTS;
	while (t->rate_slot < slot)
		t->settled[++t->rate_slot % TALLY_RATE_SLOTS] = 0;
	return &t->settled[t->rate_slot % TALLY_RATE_SLOTS];
}

static void histogram_add(
	struct histogram *h, const uint32_t bounds[TALLY_BOUNDS], uint64_t value)
{
	size_t i = 0;
	while (i < TALLY_BOUNDS && value > bounds[i])
		i++;
	h->counts[i]++;
	h->sum += value;
	h->count++;
}

/* --- what happened --- */

void tally_outcome(struct tally *t, enum outcome outcome, msec_t now, usec_t at)
{
	bool is_delivered = outcome == OUTCOME_DELIVERED || outcome == OUTCOME_ALREADY;

	t->outcomes[outcome]++;
	if (is_delivered) {
		slot_now(t, now)->delivered++;
		t->last_success = at;
	}
	if (outcome == OUTCOME_REJECTED)
		slot_now(t, now)->rejected++;
	if (is_delivered || outcome == OUTCOME_REJECTED)
		(*settled_now(t, now))++;
}

void tally_answer(
	struct tally *t, enum answer answer, size_t comments, msec_t took, msec_t now)
{
	if (!comments) {
		t->probes++;
		return;
	}
	t->answers[answer]++;
	histogram_add(&t->batches, tally_batch_bounds, comments);
	histogram_add(&t->answer_times, tally_answer_bounds, (uint64_t)took);
	if (answer != ANSWER_RESULTS)
		return;
	struct tally_slot *slot = slot_now(t, now);
	slot->answers++;
	slot->answer_ms += (uint64_t)took;
	t->answer_ms = t->answer_ms ? (7 * t->answer_ms + took) / 8 : took;
}

void tally_file(struct tally *t, enum tally_end end, const struct tally_file *file)
{
	struct tally_file *latest = t->latest[end];

	t->ends[end]++;
	file_done(&latest[TALLY_LATEST - 1]);
	memmove(&latest[1], &latest[0], (TALLY_LATEST - 1) * sizeof(latest[0]));
	latest[0] = *file;
	latest[0].name = xstrdup(file->name);
	latest[0].words = file->words ? xstrdup(file->words) : NULL;
}

/* --- what is to be shown --- */

const struct tally_slot *tally_slot(struct tally *t, msec_t now, unsigned ago)
{
	static const struct tally_slot nothing;

	(void)slot_now(t, now);
	assert(ago < TALLY_SLOTS);
	return t->slot < ago ? &nothing : &t->slots[(t->slot - ago) % TALLY_SLOTS];
}

double tally_rate(struct tally *t, msec_t now)
{
	uint64_t settled = 0;
	(void)settled_now(t, now);
	for (size_t i = 0; i < TALLY_RATE_SLOTS; i++)
		settled += t->settled[i];
	msec_t span = (TALLY_RATE_SLOTS - 1) * RATE_SLOT + now % RATE_SLOT;
	return (double)settled * (double)MSEC_SECOND / (double)span;
}
