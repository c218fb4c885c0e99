#ifndef TESTS_SIM_WORLD_PARTS_H
#define TESTS_SIM_WORLD_PARTS_H
/* SPDX-License-Identifier: MIT
 *
 * world_parts - what a simulated world is made of, and what must hold in it
 *
 * checks.c looks on, world.c lets things happen. Nobody else includes this.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/schedule.h"
#include "shop_model.h"
#include "world.h"

enum {
	SITES = 2,
	FLIGHTS = 8,
	COMMENTS = 1500,
	ORDERS = 400,
	JOBS = 300,
	TRICKLE = 1000, /* good comments, one now and then, at the end of a life */
	PROBES_AT_FIRST = 11,
};

/* After the last arrival: when all that is good is settled, and when everything is. */
#define LATEST_SETTLED (72 * MSEC_HOUR)
#define LATEST_TURN (12 * MSEC_HOUR)
#define LATEST_END (144 * MSEC_HOUR)

enum stage { STAGE_WAITING, STAGE_FLYING, STAGE_FINAL, STAGE_GONE };

struct sent {
	struct schedule_item item;
	size_t number; /* of its model */
	enum stage stage;
	bool is_decided; /* since its task ended */
	msec_t ended;    /* when it was settled or withdrawn */
	size_t next;     /* of its order at its site; 0: none */
};

struct sim_job {
	size_t first, count;
	size_t site;
	bool is_removed;
};

struct flight {
	bool is_used;
	bool is_probe; /* sent while held */
	size_t site;
	uint64_t number;
	size_t count;
	size_t *comments;
	enum result *results;
	struct task_report report;
	msec_t end;
};

struct site {
	struct schedule *schedule;
	struct schedule_policy policy;
	size_t first_of_order[ORDERS + 1];
	size_t last_of_order[ORDERS + 1];
	msec_t ask_again;
	bool is_held;
	msec_t held_since;
	uint64_t probes, allowed; /* since the hold began */
	unsigned flights;
};

struct world {
	uint64_t seed, chance;
	msec_t now;
	msec_t last_arrival, next_arrival, next_weather, next_whim, next_trickle;
	struct shop *shop;
	struct shop_model model;
	struct site sites[SITES];
	size_t site_count;
	struct flight flights[FLIGHTS];
	struct sent sent[COMMENTS + TRICKLE + 1]; /* from 1 */
	size_t sent_count, settled;
	struct sim_job jobs[JOBS + TRICKLE];
	size_t job_count;
	struct model_comment models[COMMENTS + TRICKLE + 1];
	msec_t order_until[ORDERS + 1], id_until[COMMENTS + TRICKLE + 1];
	bool order_busy[ORDERS + 1], id_busy[COMMENTS + TRICKLE + 1];
	bool is_healed; /* what would be cut off for ever is so no more */
	size_t idle_wakes;
	struct world_figures *figures;
};

__attribute__((format(printf, 2, 3), noreturn)) void check_failed(
	const struct world *w, const char *format, ...);

#define check(w, condition, ...)                                                         \
	do {                                                                             \
		if (!(condition))                                                        \
			check_failed(w, __VA_ARGS__);                                    \
	} while (0)

/* The comment of that order whose turn it is, 0: none. */
size_t check_first_waiting(struct world *w, struct site *site, size_t order);

/* A comment goes out: is it its turn? */
void check_sent(struct world *w, struct site *site, size_t at);
void check_batch(struct world *w, const struct site *site, const struct task *task);
/* Takes all decisions there are; their number. */
size_t check_decisions(struct world *w, struct site *site);
void check_hold(struct world *w, struct site *site);
/* Late in a life: who is still waiting must have a reason. */
void check_nobody_starved(struct world *w);

#endif
