#ifndef GATEWAY_CORE_SCHEDULE_PARTS_H
#define GATEWAY_CORE_SCHEDULE_PARTS_H
/* SPDX-License-Identifier: MIT
 *
 * schedule_parts - what the two halves of the schedule share
 *
 * schedule.c decides what goes when, schedule_answer.c what becomes of a comment after
 * each answer. Nobody else includes this.
 */
#include "core/batch.h"
#include "core/queue.h"
#include "core/schedule.h"

/* A task under way, or, once refused, a group that waits for the probe's word. */
struct flight {
	struct flight *next;
	uint64_t number;
	uint64_t refused_after; /* the last task begun before the refusal came */
	msec_t started;
	enum blame blame;
	bool is_probe;
	size_t count; /* 0: the empty probe */
	struct entry *entries[];
};

struct schedule {
	struct schedule_policy policy;
	struct shop *shop;
	struct queue queue;
	struct batch batch;
	struct holding hold;
	struct flight *flights;
	struct flight *accused; /* in the order of their refusals */
	unsigned flight_count;
	uint64_t number; /* of the last task */
	uint64_t seen_releases;
	uint32_t stored; /* by the shop's word; these two wrap around */
	uint32_t stored_mail;
	msec_t *endings; /* when doubts end that end their comments too, in order */
	size_t ending_count, ending_room;
	msec_t quiet_until;
	msec_t first_tick; /* of the interval's rhythm; MSEC_NEVER: not begun */
	struct schedule_ref *refs;
	size_t ref_room;
	struct decision *decisions;
	size_t decision_room, decision_count, decision_next;
};

void schedule_decide(struct schedule *s, const struct entry *e, enum outcome outcome,
	enum decision_cause cause, msec_t due);

/* Back in line, unless nobody waits for it any more. */
void schedule_put_back(struct schedule *s, struct entry *e, msec_t now);

/* The first instant of the rhythm from `at` on; without one, `at` itself. */
msec_t schedule_next_tick(const struct schedule *s, msec_t at);

/* Its last attempt is unknown: when that doubt ends, so does the comment. */
void schedule_note_ending(struct schedule *s, struct entry *e, msec_t due);

/* The shop is at fault: those that wait for the probe's word are as before. */
void schedule_acquit_all(struct schedule *s, msec_t now);

/* Takes the flight if it is to wait for the probe. */
void schedule_take_answer(struct schedule *s, struct flight **flight,
	const struct task_report *report, msec_t now);

#endif
