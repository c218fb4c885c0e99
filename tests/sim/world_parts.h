#ifndef TESTS_SIM_WORLD_PARTS_H
#define TESTS_SIM_WORLD_PARTS_H
/* SPDX-License-Identifier: MIT
 *
 * world_parts - what a simulated world is made of
 *
 * world.c lets things happen, whims.c what people and machines do; checks*.c look on.
 * Nobody else includes this.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/schedule.h"
#include "shop_model.h"
#include "site.h"
#include "world.h"

enum {
	FLIGHTS = 8,
	COMMENTS = 1500,
	JOBS = 300,
	TRICKLE = 1000, /* good comments, one now and then, at the end of a life */
};

enum stage { STAGE_WAITING, STAGE_FLYING, STAGE_FINAL, STAGE_GONE };

/* Where a comment stands in line. The schedule puts those whose instant has come in line
 * when it is asked, so who comes between two questions may stand before them: `earliest`
 * is the question before, `since` the instant itself. */
struct standing {
	msec_t earliest, since;
};

struct sent {
	struct schedule_item item;
	size_t number; /* of its model */
	enum stage stage;
	bool is_decided;       /* since its task ended */
	bool is_untried;       /* a new rhythm lets it go at once */
	msec_t due;            /* by its arrival, then by its last decision */
	msec_t in_doubt_until; /* by its own last posting */
	struct standing own;   /* by its due */
	struct standing first; /* as the first of its order */
	struct standing ended; /* when it was settled or withdrawn */
	unsigned refusals;     /* in succession, during one spell */
	uint64_t spell;        /* of its site, at the last refusal */
	bool is_accused;       /* waits for the word of a probe after that task */
	uint64_t refused_after;
	bool is_foremost; /* found at fault, so it goes before all others */
	size_t next;      /* of its order at its site; 0: none */
};

struct sim_job {
	size_t first, count;
	size_t site;
	bool is_removed;
};

struct flight {
	bool is_used;
	bool is_probe; /* sent while held, or while a refusal waits for its word */
	size_t site;
	uint64_t number;
	size_t count;
	size_t *comments;
	enum result *results;
	struct task_report report;
	msec_t began, end;
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
	/* At the shop, over both sites: in doubt until, under way, and since when not. */
	msec_t order_until[ORDERS + SITES], id_until[COMMENTS + TRICKLE + 1];
	bool order_busy[ORDERS + SITES], id_busy[COMMENTS + TRICKLE + 1];
	msec_t order_freed[ORDERS + SITES], id_freed[COMMENTS + TRICKLE + 1];
	bool by_runs;   /* no daemon: a run of each site every ten minutes, as by cron */
	bool is_healed; /* what would be cut off for ever is so no more */
	struct world_figures *figures;
};

msec_t world_draw(struct world *w, msec_t below);
bool world_one_in(struct world *w, uint64_t n);

/* In line at its site, and due when it says or by the rhythm. */
void world_enter(struct world *w, struct sent *c);
/* What was under way is so no more; its outcome is unknown or told. */
void world_land(struct world *w, struct flight *f);
void world_free_buffers(struct flight *f);
void world_note_doubts(struct world *w, const struct flight *f);

struct schedule_policy whim_policy(struct world *w);
/* A site that nothing is under way at goes on as its journal tells it. */
void whim_run_anew(struct world *w, size_t number);
void whim_withdraw(struct world *w, struct sim_job *job);
/* One of the things that people and machines do. */
void whim_follow(struct world *w);

#endif
