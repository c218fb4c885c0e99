#ifndef TESTS_SIM_SITE_H
#define TESTS_SIM_SITE_H
/* SPDX-License-Identifier: MIT
 *
 * site - one site of a simulated world: its schedule, and what was seen of it
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/schedule.h"

enum { SITES = 2, ORDERS = 400 };

/* A batch that went, or was about to, at an open site: as its first comment stood. */
struct turn {
	msec_t at;
	msec_t earliest;
	bool is_search; /* it was refused before, and goes before all others */
	uint64_t slips; /* of the site until then */
};

/* What is known of the probes since the last sound answer. */
struct outage {
	uint64_t probes;
	uint64_t allowed; /* besides those that time allows since counted_from */
	msec_t counted_from;
	msec_t opened; /* when the last hold of it ended */
	bool is_over;  /* a comment was answered, or the policy is another */
};

struct site {
	struct schedule *schedule;
	struct schedule_past past; /* its series; the rest is told at a restart */
	struct schedule_policy policy;
	size_t first_of_order[ORDERS + SITES];
	size_t last_of_order[ORDERS + SITES];
	msec_t ask_again, asked;
	msec_t next_run; /* while none is under way, if the life is one of runs; else 0 */
	msec_t first_tick, quiet_until;
	bool is_held, is_asking;
	bool is_named; /* next_try is the shop's own wish */
	uint64_t last_task, asked_after;
	msec_t next_try; /* while held */
	struct outage outage;
	unsigned flights;
	struct turn *turns;
	size_t turn_count, turn_room;
	uint64_t slips; /* refusals and probes with comments: each may cost one turn */
	uint64_t spell; /* ends when all suspicions are dropped */
};

#endif
