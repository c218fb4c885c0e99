#ifndef GATEWAY_CORE_QUEUE_H
#define GATEWAY_CORE_QUEUE_H
/* SPDX-License-Identifier: MIT
 *
 * queue - the comments of one site that wait, in line by order, found by job
 *
 *                                  +-> READY ---+
 *   BEHIND --- first of its order -+-> TIMED    +--> OUT --> dropped; the next one of its
 *                                  +-> BLOCKED -+     |      order comes to the front
 *                                          ^----------+
 * Knows: arrival order within an order, turns between orders, which comments belong to a
 * job. Only the first comment of an order is ever anywhere but BEHIND.
 * Must not know: why a comment waits.
 * Promises: every call is O(log n) at most (queue_unblock: for each one blocked,
 * queue_forget: for each of the job's). A comment takes 88 bytes (96 with what malloc
 * adds to it), a job 64.
 * Ownership: entries belong to the queue from queue_add to queue_drop.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/table.h"
#include "core/ring.h"
#include "core/timers.h"

struct schedule_item;

/* Where these stop counting: beyond what the configuration allows or an envelope holds,
 * or where more makes no difference. */
enum {
	ENTRY_MAX_BYTES = (1 << 22) - 1,
	ENTRY_MAX_TRIES = (1 << 6) - 1,
	ENTRY_MAX_CAP = (1 << 11) - 1,
	ENTRY_MAX_ATTEMPTS = (1 << 10) - 1,
};

enum place { PLACE_BEHIND, PLACE_READY, PLACE_TIMED, PLACE_BLOCKED, PLACE_OUT };
enum mood { MOOD_FRESH, MOOD_DEFERRED, MOOD_UNKNOWN, MOOD_COUNT };

/* All comments of one claimed drop that are not settled yet. */
struct job {
	struct table_node node;
	void *name;          /* the caller's */
	struct link entries; /* as they were added */
	struct timer age;    /* due: when it arrived */
	bool is_withdrawn;
};

struct entry {
	struct table_node last; /* in `orders` while it is the last of its order */
	struct entry *next;     /* of its order; the last one's next is the first */
	struct link in_job;
	struct job *job; /* NULL: dead, and freed when its turn comes */
	uint64_t id;
	union {
		struct link line;  /* READY, BLOCKED */
		struct timer wait; /* TIMED; BEHIND: due is kept until then */
	};
	uint32_t index;
	uint32_t seen;       /* deliveries of the site at its last try */
	uint32_t bytes : 22; /* or that much */
	uint32_t tries : 6;  /* counted or not: what the back-off grows by */
	uint32_t mood : 2;   /* enum mood: the last outcome, while it waits */
	bool mail : 1;
	bool was_posted : 1;
	uint8_t place;          /* enum place */
	uint32_t cap : 11;      /* goes in no larger batch; 0: in any */
	uint32_t attempts : 10; /* counted */
	bool met_trouble : 1;   /* alone, and nothing was stored */
	bool is_last : 1;       /* no more attempts: ends with its doubt */
};

struct queue {
	struct table orders; /* the last entry of each */
	struct table jobs;
	struct timers waits; /* TIMED entries */
	struct timers ages;  /* jobs */
	struct link fresh;   /* READY, may go in any batch */
	struct link suspect; /* READY, may be at fault: go in batches of their own */
	struct link blocked;
	size_t moods[MOOD_COUNT];
};

void queue_init(struct queue *q);
void queue_done(struct queue *q);

/* In line behind its order; not before due. */
struct entry *queue_add(struct queue *q, const struct schedule_item *item, msec_t due);
uint64_t queue_order(const struct entry *e);
void queue_set_mood(struct queue *q, struct entry *e, enum mood mood);

/* Takes the first of an order from where it waits: OUT. Then one of the next five. */
void queue_leave(struct queue *q, struct entry *e);
void queue_ready(struct queue *q, struct entry *e);
void queue_ready_first(struct queue *q, struct entry *e);
void queue_block(struct queue *q, struct entry *e);
void queue_wait(struct queue *q, struct entry *e, msec_t due);
void queue_drop(struct queue *q, struct entry *e);

/* Drops one that may be anywhere but OUT. */
void queue_discard(struct queue *q, struct entry *e);

struct entry *queue_first(const struct link *line); /* NULL: none */
struct entry *queue_first_due(const struct queue *q);
void queue_unblock(struct queue *q); /* all, to the front of their lines */

/* The oldest job that is watched, NULL: none. Watched from its first comment on. */
struct job *queue_oldest(const struct queue *q);
void queue_watch(struct queue *q, struct job *job);
void queue_unwatch(struct queue *q, struct job *job);

/* Drops the comments of a job. Those that are OUT stay, and the job with them; the job is
 * withdrawn then, and its name may be used anew. */
void queue_forget(struct queue *q, const void *name);

/* Those that wait only for their instant and were never tried need not any more. */
void queue_hurry(struct queue *q);

#endif
