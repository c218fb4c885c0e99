/* SPDX-License-Identifier: MIT */
#include "figures.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/schedule.h"
#include "shop_model.h"

enum { BATCH_MOST = 500 };

static const struct schedule_policy defaults = {
	.connections = 1,
	.batch_comments = BATCH_MOST,
	.batch_bytes = 768UL * 1024,
	.request_target = 5 * MSEC_SECOND,
	.unknown_wait = 10 * MSEC_MINUTE,
	.retry_min = MSEC_SECOND,
	.retry_max = 10 * MSEC_MINUTE,
	.max_attempts = 5,
};

/* One site, one shop that is what `answer` makes it, and what happened so far. */
struct scene {
	struct shop *shop;
	struct schedule *schedule;
	msec_t now;
	size_t requests, probes, settled;
	size_t last_batch;
	msec_t first_settled;
	struct task_report (*answer)(struct scene *scene, const struct task *task);
	enum result results[BATCH_MOST];
	struct shop_model model;
	struct model_comment comment; /* of the time-out scene */
};

static void open_scene(struct scene *scene)
{
	scene->shop = shop_new();
	scene->schedule = schedule_new(&defaults, scene->shop, 1, 0);
}

static void close_scene(struct scene *scene)
{
	schedule_free(scene->schedule);
	shop_free(scene->shop);
}

static void add(struct scene *scene, uint32_t first, uint32_t count)
{
	for (uint32_t i = first; i < first + count; i++) {
		struct schedule_item item = {
			.job = scene,
			.index = i,
			.order = i,
			.id = i,
			.bytes = 800,
			.arrived = scene->now,
		};
		schedule_add(scene->schedule, &item, scene->now);
	}
}

static void step(struct scene *scene)
{
	struct task task;
	struct decision decision;
	schedule_next(scene->schedule, scene->now, &task);
	if (task.kind == TASK_NONE) {
		assert(task.ask_again != MSEC_NEVER);
		scene->now = task.ask_again;
		return;
	}
	scene->requests++;
	scene->probes += task.kind == TASK_PROBE;
	if (task.count)
		scene->last_batch = task.count;
	struct task_report report = scene->answer(scene, &task);
	scene->now += report.took;
	schedule_done(scene->schedule, task.number, &report, scene->now);
	while (schedule_decision(scene->schedule, &decision)) {
		bool is_settled = decision.outcome <= OUTCOME_REJECTED;
		if (is_settled && !scene->settled)
			scene->first_settled = scene->now;
		scene->settled += is_settled;
	}
}

static struct task_report store_all(struct scene *scene)
{
	return (struct task_report){
		ANSWER_RESULTS, BLAME_NONE, false, -1, 50, scene->results};
}

static struct task_report refuse_300(struct scene *scene, const struct task *task)
{
	for (size_t i = 0; i < task->count; i++) {
		if (task->refs[i].index == 300)
			return (struct task_report){
				ANSWER_REFUSED, BLAME_REQUEST, false, -1, 50, NULL};
	}
	return store_all(scene);
}

static void isolate_one(void)
{
	struct scene scene = {.answer = refuse_300};
	open_scene(&scene);
	add(&scene, 1000, 511); /* until batches are as large as they get */
	while (scene.settled < 511)
		step(&scene);
	scene.requests = scene.probes = 0;
	add(&scene, 1, BATCH_MOST);
	while (scene.settled < 511 + BATCH_MOST)
		step(&scene);
	printf("To isolate one poison among 500 comments and deliver all others took %zu "
	       "requests, %zu of them probes.\n",
		scene.requests, scene.probes);
	close_scene(&scene);
}

static struct task_report be_down(struct scene *scene, const struct task *task)
{
	(void)task;
	if (scene->now < MSEC_HOUR)
		return (struct task_report){
			ANSWER_NOTHING, BLAME_NONE, false, -1, 10, NULL};
	return store_all(scene);
}

static void outlast_an_hour(void)
{
	struct scene scene = {.answer = be_down};
	open_scene(&scene);
	add(&scene, 1, 20000);
	while (scene.now < MSEC_HOUR)
		step(&scene);
	printf("An outage of an hour took %zu probes.\n", scene.probes);
	while (!scene.settled)
		step(&scene);
	printf("The first delivery came %lld s after the shop was well again",
		(long long)(scene.first_settled - MSEC_HOUR) / 1000);

	msec_t opened = scene.first_settled;
	while (scene.last_batch < BATCH_MOST)
		step(&scene);
	printf(", the first full batch %lld ms after that (a request took 50 ms).\n",
		(long long)(scene.now - opened));
	close_scene(&scene);
}

static struct task_report model_answer(struct scene *scene, const struct task *task)
{
	struct model_comment *asked[] = {&scene->comment};
	struct task_report report = shop_model_ask(
		&scene->model, asked, task->count, scene->now, scene->results);
	scene->model.weather = WEATHER_FINE;
	return report;
}

static void time_out_often(void)
{
	size_t twice = 0;
	for (uint64_t seed = 1; seed <= 1000; seed++) {
		struct scene scene = {
			.answer = model_answer,
			.model =
				{
					.chance = seed,
					.weather = seed % 2 ? WEATHER_HANGING
							    : WEATHER_RESETS,
					.knows_empty = true,
					.request_timeout = 3 * MSEC_MINUTE,
					.unknown_wait = 10 * MSEC_MINUTE,
				},
		};
		open_scene(&scene);
		add(&scene, 1, 1);
		while (!scene.settled)
			step(&scene);
		twice += scene.comment.times_stored > 1;
		close_scene(&scene);
	}
	printf("After 1000 time-outs at random moments %zu comments were stored twice.\n",
		twice);
}

void figures_print(void)
{
	isolate_one();
	outlast_an_hour();
	time_out_often();
}
