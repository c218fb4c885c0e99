#ifndef TESTS_UNIT_SCHEDULE_BENCH_H
#define TESTS_UNIT_SCHEDULE_BENCH_H
/* SPDX-License-Identifier: MIT
 *
 * schedule_bench - one site, one shop, and a clock that moves only where a test moves it
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "core/schedule.h"

enum { MOST = 1000 };

/* A site with the default policy; time moves only where a test moves it. */
struct bench {
	struct shop *shop;
	struct schedule *s;
	struct schedule_policy policy;
	msec_t now;
	struct task task;
	enum result results[MOST];
	struct decision last;
	size_t decided;
};

static inline struct bench *bench_new(void)
{
	struct bench *b = xcalloc(1, sizeof(*b));
	b->policy = (struct schedule_policy){
		.connections = 1,
		.batch_comments = 500,
		.batch_bytes = 768UL * 1024,
		.request_target = 5 * MSEC_SECOND,
		.unknown_wait = 10 * MSEC_MINUTE,
		.retry_min = MSEC_SECOND,
		.retry_max = 10 * MSEC_MINUTE,
		.max_attempts = 5,
	};
	b->now = 1000000;
	b->shop = shop_new();
	b->s = schedule_new(&b->policy, b->shop, 7, b->now);
	return b;
}

static inline int setup(void **state)
{
	*state = bench_new();
	return 0;
}

static inline int teardown(void **state)
{
	struct bench *b = *state;
	schedule_free(b->s);
	shop_free(b->shop);
	free(b);
	return 0;
}

static inline struct schedule_item comment_of(
	struct bench *b, uint32_t index, uint64_t order)
{
	return (struct schedule_item){
		.job = b,
		.index = index,
		.order = order,
		.id = index,
		.bytes = 800,
		.arrived = b->now,
	};
}

/* A comment of this order, numbered by index. */
static inline void add(struct bench *b, uint32_t index, uint64_t order)
{
	struct schedule_item item = comment_of(b, index, order);
	schedule_add(b->s, &item, b->now);
}

/* Comments of orders of their own. */
static inline void add_many(struct bench *b, uint32_t first, uint32_t count)
{
	for (uint32_t i = first; i < first + count; i++)
		add(b, i, i);
}

static inline void set_policy(struct bench *b)
{
	schedule_set_policy(b->s, &b->policy);
}

static inline enum task_kind next(struct bench *b)
{
	schedule_next(b->s, b->now, &b->task);
	return b->task.kind;
}

static inline void drain(struct bench *b)
{
	while (schedule_decision(b->s, &b->last))
		b->decided++;
}

static inline void report(struct bench *b, struct task_report r)
{
	b->decided = 0;
	schedule_done(b->s, b->task.number, &r, b->now);
	drain(b);
}

static inline void answer(struct bench *b, enum answer answer, enum blame blame)
{
	report(b, (struct task_report){
			  .answer = answer,
			  .blame = blame,
			  .retry_after = -1,
			  .took = 50,
			  .results = b->results,
		  });
}

static inline void post(struct bench *b, enum answer how, enum blame blame)
{
	assert_int_equal(next(b), TASK_POST);
	answer(b, how, blame);
}

static inline void deliver(struct bench *b)
{
	post(b, ANSWER_RESULTS, BLAME_NONE);
}

static inline void probe(struct bench *b, enum answer how)
{
	assert_int_equal(next(b), TASK_PROBE);
	answer(b, how, BLAME_NONE);
}

/* Nothing now; goes to the told instant. */
static inline void wait_told(struct bench *b)
{
	assert_int_equal(next(b), TASK_NONE);
	assert_true(b->task.ask_again > b->now && b->task.ask_again != MSEC_NEVER);
	msec_t told = b->task.ask_again;
	b->now = told - 1;
	assert_int_equal(next(b), TASK_NONE);
	assert_int_equal(b->task.ask_again, told);
	b->now = told;
}

static inline enum hold hold_of(struct bench *b)
{
	struct schedule_state state;
	schedule_state(b->s, &state);
	return state.hold;
}

static inline void assert_idle(struct bench *b)
{
	assert_int_equal(next(b), TASK_NONE);
	assert_int_equal(b->task.ask_again, MSEC_NEVER);
}

static inline void grow_batches(struct bench *b)
{
	add_many(b, 100000, 511);
	for (int i = 0; i < 9; i++)
		deliver(b);
	assert_idle(b);
}

static inline void break_once(struct bench *b)
{
	post(b, ANSWER_REFUSED, BLAME_NONE);
	probe(b, ANSWER_RESULTS);
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
