/* SPDX-License-Identifier: MIT
 *
 * An order is a circle of entries found by its last one: that one pointer gives both
 * ends, so a waiting comment costs no structure besides its own. A comment that is
 * discarded amid its circle stays there dead, because its predecessor could be found only
 * by walking; it is freed when it would have come to the front.
 */
#include "core/queue.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "core/schedule.h"

static_assert(sizeof(struct entry) <= 88, "the promise in the header");

static struct entry *last_of_order(const struct queue *q, uint64_t order)
{
	struct table_node *node = table_find(&q->orders, order, NULL);
	return node ? table_member(node, struct entry, last) : NULL;
}

static uint64_t hash_of_name(const void *name)
{
	uint64_t bits = (uintptr_t)name;
	bits *= UINT64_C(0x9e3779b97f4a7c15);
	return bits ^ bits >> 32;
}

static struct job *find_job(const struct queue *q, const void *name)
{
	uint64_t hash = hash_of_name(name);
	struct table_node *node = NULL;
	while ((node = table_find(&q->jobs, hash, node))) {
		struct job *job = table_member(node, struct job, node);
		if (job->name == name)
			return job;
	}
	return NULL;
}

static struct job *obtain_job(struct queue *q, void *name, msec_t arrived)
{
	struct job *job = find_job(q, name);
	if (job)
		return job;
	job = xcalloc(1, sizeof(*job));
	job->name = name;
	ring_init(&job->entries);
	table_add(&q->jobs, &job->node, hash_of_name(name));
	timers_add(&q->ages, &job->age, arrived);
	return job;
}

static void free_job(struct queue *q, struct job *job)
{
	if (!job->is_withdrawn)
		table_remove(&q->jobs, &job->node);
	queue_unwatch(q, job);
	free(job);
}

static void leave_job(struct queue *q, struct entry *e)
{
	struct job *job = e->job;
	ring_remove(&e->in_job);
	e->job = NULL;
	if (ring_is_empty(&job->entries))
		free_job(q, job);
	q->moods[e->mood]--;
}

/* Where the first of an order goes when it has become that. */
static void come_forward(struct queue *q, struct entry *e)
{
	msec_t due = e->wait.due;
	if (due)
		queue_wait(q, e, due);
	else
		queue_ready(q, e);
}

/* Takes the first entry out of its circle and frees it; the next living one is first. */
static void advance(struct queue *q, struct entry *first)
{
	struct entry *last = last_of_order(q, queue_order(first));
	assert(last->next == first);
	while (first != last) {
		struct entry *next = first->next;
		last->next = next;
		free(first);
		first = next;
		if (first->job) {
			first->place = PLACE_OUT;
			come_forward(q, first);
			return;
		}
	}
	table_remove(&q->orders, &last->last);
	free(last);
}

static struct link *line_of(struct queue *q, const struct entry *e)
{
	return e->cap ? &q->suspect : &q->fresh;
}

static void stand(struct entry *e, enum place place)
{
	assert(e->place == PLACE_OUT);
	e->place = (uint8_t)place;
}

static unsigned cut(size_t n, unsigned most)
{
	return n < most ? (unsigned)n : most;
}

static struct entry *entry_new(struct job *job, const struct schedule_item *item)
{
	struct entry *e = xcalloc(1, sizeof(*e));
	*e = (struct entry){
		.last.hash = item->order,
		.job = job,
		.id = item->id,
		.index = item->index,
		.bytes = cut(item->bytes, ENTRY_MAX_BYTES) & ENTRY_MAX_BYTES,
		.attempts = cut(item->attempts, ENTRY_MAX_ATTEMPTS) & ENTRY_MAX_ATTEMPTS,
		.seen = item->seen,
		.cap = cut(item->cap, ENTRY_MAX_CAP) & ENTRY_MAX_CAP,
		.tries = cut(item->tries, ENTRY_MAX_TRIES) & ENTRY_MAX_TRIES,
		.met_trouble = item->was_deferred,
		.mail = item->mail,
		.was_posted = item->was_posted,
	};
	return e;
}

void queue_init(struct queue *q)
{
	*q = (struct queue){0};
	ring_init(&q->fresh);
	ring_init(&q->suspect);
	ring_init(&q->blocked);
}

static void free_order(struct entry *last)
{
	struct entry *e = last->next;
	while (e != last) {
		struct entry *next = e->next;
		free(e);
		e = next;
	}
	free(last);
}

void queue_done(struct queue *q)
{
	struct table_node *node = table_next(&q->orders, NULL);
	while (node) {
		struct entry *last = table_member(node, struct entry, last);
		node = table_next(&q->orders, node);
		for (struct entry *e = last->next;; e = e->next) {
			if (e->job)
				leave_job(q, e);
			if (e == last)
				break;
		}
		free_order(last);
	}
	timers_done(&q->waits);
	timers_done(&q->ages);
	table_done(&q->orders);
	table_done(&q->jobs);
}

struct entry *queue_add(struct queue *q, const struct schedule_item *item, msec_t due)
{
	struct job *job = obtain_job(q, item->job, item->arrived);
	struct entry *e = entry_new(job, item);
	ring_add_last(&job->entries, &e->in_job);
	q->moods[MOOD_FRESH]++;
	e->wait.due = due;

	struct entry *last = last_of_order(q, item->order);
	if (last) {
		e->place = PLACE_BEHIND;
		e->next = last->next;
		last->next = e;
		table_remove(&q->orders, &last->last);
		last->last.hash = item->order;
	} else {
		e->place = PLACE_OUT;
		e->next = e;
	}
	table_add(&q->orders, &e->last, item->order);
	if (!last)
		come_forward(q, e);
	return e;
}

uint64_t queue_order(const struct entry *e)
{
	return e->last.hash;
}

void queue_set_mood(struct queue *q, struct entry *e, enum mood mood)
{
	q->moods[e->mood]--;
	e->mood = mood & 3;
	q->moods[mood]++;
}

void queue_leave(struct queue *q, struct entry *e)
{
	if (e->place == PLACE_TIMED) {
		timers_remove(&q->waits, &e->wait);
	} else {
		assert(e->place == PLACE_READY || e->place == PLACE_BLOCKED);
		ring_remove(&e->line);
	}
	e->place = PLACE_OUT;
}

void queue_ready(struct queue *q, struct entry *e)
{
	stand(e, PLACE_READY);
	ring_add_last(line_of(q, e), &e->line);
}

void queue_ready_first(struct queue *q, struct entry *e)
{
	stand(e, PLACE_READY);
	ring_add_first(line_of(q, e), &e->line);
}

void queue_block(struct queue *q, struct entry *e)
{
	stand(e, PLACE_BLOCKED);
	ring_add_last(&q->blocked, &e->line);
}

void queue_wait(struct queue *q, struct entry *e, msec_t due)
{
	stand(e, PLACE_TIMED);
	timers_add(&q->waits, &e->wait, due);
}

void queue_drop(struct queue *q, struct entry *e)
{
	assert(e->place == PLACE_OUT);
	leave_job(q, e);
	advance(q, e);
}

void queue_discard(struct queue *q, struct entry *e)
{
	if (e->place == PLACE_BEHIND) {
		leave_job(q, e);
		return;
	}
	queue_leave(q, e);
	queue_drop(q, e);
}

struct entry *queue_first(const struct link *line)
{
	return ring_is_empty(line) ? NULL : ring_member(line->next, struct entry, line);
}

struct entry *queue_first_due(const struct queue *q)
{
	struct timer *timer = timers_first(&q->waits);
	return timer ? ring_member(timer, struct entry, wait) : NULL;
}

void queue_unblock(struct queue *q)
{
	while (!ring_is_empty(&q->blocked)) {
		struct entry *e = ring_member(q->blocked.prev, struct entry, line);
		queue_leave(q, e);
		queue_ready_first(q, e);
	}
}

struct job *queue_oldest(const struct queue *q)
{
	struct timer *timer = timers_first(&q->ages);
	return timer ? ring_member(timer, struct job, age) : NULL;
}

void queue_watch(struct queue *q, struct job *job)
{
	if (!timer_is_set(&job->age) && !job->is_withdrawn)
		timers_add(&q->ages, &job->age, job->age.due);
}

void queue_unwatch(struct queue *q, struct job *job)
{
	if (timer_is_set(&job->age))
		timers_remove(&q->ages, &job->age);
}

void queue_forget(struct queue *q, const void *name)
{
	struct job *job = find_job(q, name);
	if (!job)
		return;
	queue_unwatch(q, job);
	table_remove(&q->jobs, &job->node);
	job->is_withdrawn = true;

	/* The job goes with its last entry, so its ring is looked at before each step. */
	const struct link *end = &job->entries;
	for (struct link *at = job->entries.next, *next; at != end; at = next) {
		struct entry *e = ring_member(at, struct entry, in_job);
		next = at->next;
		if (e->place != PLACE_OUT)
			queue_discard(q, e);
	}
}

static void hurry(struct queue *q, struct entry *e)
{
	if (e->mood != MOOD_FRESH || e->attempts)
		return;
	if (e->place == PLACE_BEHIND) {
		e->wait.due = 0;
	} else if (e->place == PLACE_TIMED) {
		queue_leave(q, e);
		queue_ready(q, e);
	}
}

/* By the heap of ages and not by the table of jobs: the same calls must give the same
 * order in every run, and a table's order hangs on addresses. */
void queue_hurry(struct queue *q)
{
	for (size_t i = 1; i <= q->ages.count; i++) {
		struct job *job = ring_member(q->ages.heap[i], struct job, age);
		struct link *at = &job->entries;
		while ((at = at->next) != &job->entries)
			hurry(q, ring_member(at, struct entry, in_job));
	}
}
