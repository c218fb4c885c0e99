#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H
/* SPDX-License-Identifier: MIT
 *
 * world - one seeded life of one or two sites and their shop, every step checked
 *
 * A life is some days of virtual time: drops arrive, the weather at the shop changes,
 * drops are withdrawn, tasks cancelled, policies changed, gateways restarted, the machine
 * sleeps. Then the shop is well, and everything must come to its end.
 * Errors: what breaks a promise is told with the seed that replays it, and ends the
 * program.
 */
#include <stdint.h>

struct world_figures {
	uint64_t requests;
	uint64_t comments;
	uint64_t wakes, idle_wakes;
	uint64_t doubled;  /* stored again by the sender's fault: the life ends there */
	uint64_t repeated; /* stored again: a crash of the shop had lost the number */
	uint64_t overdue;  /* likewise: the shop outlasted the wait after our crash */
};

void world_live(uint64_t seed, struct world_figures *figures);

#endif
