#ifndef TESTS_SIM_SHOP_MODEL_H
#define TESTS_SIM_SHOP_MODEL_H
/* SPDX-License-Identifier: MIT
 *
 * shop_model - a shop as bad as real ones, under virtual time and seeded chance
 *
 * Knows: when a comment is stored and what the sender gets to see of it. A number is
 * looked up some moments before it is stored and nothing locks the two steps, so that two
 * requests at once store twice; a request that the sender gave up is finished none the
 * less, up to `unknown_wait` later. A shop that crashes after storing a comment and
 * before noting its number stores it again when asked again: the only way that may
 * happen.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/schedule.h"

enum weather {
	WEATHER_FINE,
	WEATHER_SLOW,
	WEATHER_DOWN,    /* nobody answers the door */
	WEATHER_HANGING, /* takes requests, gives no answer in time */
	WEATHER_RESETS,  /* stores, then the answer is lost now and then */
	WEATHER_FLAKY,   /* a little of everything */
	WEATHER_SILENT,  /* good probes, every comment refused */
	WEATHER_BROKEN,  /* every request refused */
	WEATHER_KEY,     /* the key is not taken */
	WEATHER_COUNT
};

enum vice {
	VICE_NONE,
	VICE_BREAKS, /* the shop breaks on it: a fault that blames nobody */
	VICE_QUOTED, /* likewise, and its text, which the fault quotes, names the key */
	VICE_FORBIDDEN, /* refused for ever, by a firewall */
	VICE_CHOKES,    /* no answer when it is in the request */
	VICE_CUT,       /* the connection is cut when it is in the request */
	VICE_ORPHAN,    /* its order is not known: 3002 */
};

/* One comment in the model's eyes; the same number may come in several drops. */
struct model_comment {
	enum vice vice;
	bool mail;
	bool is_noted;
	msec_t noted_at;    /* its number, from when on it is found */
	msec_t lost_at;     /* when it was stored and its number was not noted */
	msec_t forsaken_at; /* when its sender died amid a request, 0: never */
	unsigned times_stored;
	unsigned times_doubled;  /* of these, stored again by the sender's fault */
	unsigned times_repeated; /* and by that of a shop that had lost the number */
	unsigned times_overdue;  /* and by one at work after a dead sender's wait */
};

struct shop_model {
	uint64_t chance;
	enum weather weather;
	bool knows_empty; /* answers empty requests */
	bool names_times; /* sends Retry-After now and then */
	bool forgets;     /* crashes now and then between storing and noting the number */
	msec_t request_timeout;
	msec_t unknown_wait;
};

uint64_t chance_draw(uint64_t *state);
/* 0 .. below - 1 */
uint64_t chance_below(uint64_t *state, uint64_t below);
bool chance_one_in(uint64_t *state, uint64_t n);

/* What a request that starts now comes to; `took` says when. results: room for count,
 * borrowed by the report. */
struct task_report shop_model_ask(struct shop_model *shop,
	struct model_comment *const *comments, size_t count, msec_t now,
	enum result *results);

#endif
