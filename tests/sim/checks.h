#ifndef TESTS_SIM_CHECKS_H
#define TESTS_SIM_CHECKS_H
/* SPDX-License-Identifier: MIT
 *
 * checks - what must hold in a simulated world
 *
 * checks.c: what is sent, and what is decided of it. checks_hold.c: how often a shop in
 * trouble is asked. checks_wait.c: who waits, and how long.
 * Errors: what does not hold is told with the seed that replays it, and ends the program.
 */
#include "world_parts.h"

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
/* At the end of a life. */
void check_stored_once(struct world *w);

/* Before a task is on its way: is it one that may be sent now? */
void check_probe(struct world *w, struct site *site, const struct flight *f);
/* After its end. */
void check_hold(struct world *w, struct site *site, const struct flight *f);
/* After a restart. */
void check_resumed_hold(struct world *w, struct site *site);
void check_new_policy(
	struct world *w, struct site *site, const struct schedule_policy *policy);

/* The batch goes, or is cancelled: before its comments are marked as sent. */
void check_turn(struct world *w, struct site *site, const struct task *task);
/* Nothing goes now: who could? */
void check_nobody_forgotten(struct world *w, struct site *site);
/* Woken, and there was nothing to do. */
void check_idle_wake(struct world *w, const struct site *site);
/* Late in a life: who is still waiting must have a reason. */
void check_nobody_starved(struct world *w);

#endif
