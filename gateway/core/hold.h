#ifndef GATEWAY_CORE_HOLD_H
#define GATEWAY_CORE_HOLD_H
/* SPDX-License-Identifier: MIT
 *
 * hold - whether a site may be sent to, and when and how its shop is asked next
 *
 *   open ----- refusal -----> asking ---- good probe ----> open (the batch is at fault)
 *     |                          |
 *  trouble                   bad probe                     held: probed at growing
 *     |                          |                         intervals, the first good
 *     +----------> held <--------+ --- good probe ---> open    probe opens it
 *
 * Knows: causes, back-off, Retry-After, which probe a shop can answer, and how many
 * comments were refused in succession.
 * Promises: intervals double from retry_min to retry_max, half of each fixed and half
 * drawn. They start over only if a comment was answered soundly since the last hold
 * began, or the site stayed open for longer than the interval reached: a shop that passes
 * every probe and then fails is asked no more often than one that is down.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/times.h"

struct schedule_policy;
struct schedule_past;

enum hold {
	HOLD_NONE,
	HOLD_UNREACHABLE,    /* no connection, or "come back later" */
	HOLD_UNCLEAR,        /* an outcome is unknown; the shop may still be at work */
	HOLD_REFUSING,       /* the probe is refused */
	HOLD_KEY,            /* the shop does not take the key */
	HOLD_WEBSITE,        /* the shop does not know the website code */
	HOLD_STORES_NOTHING, /* answers the probe, but stores nothing */
};

enum probe {
	PROBE_EMPTY,   /* the request that writes nothing */
	PROBE_COMMENT, /* a real comment, alone, over the waiting orders in turn */
	PROBE_DOUBTED, /* likewise, but of those in doubt; if none can go, an empty one */
};

enum { HOLD_SILENT_REFUSALS = 3 }; /* so many without a delivery: stores nothing */

struct holding {
	enum hold cause;
	msec_t since;
	msec_t next_try; /* while asking or held */
	msec_t backoff;  /* the next interval, before the draw */
	msec_t opened;   /* when the last hold ended */
	bool is_asking;  /* a refusal waits for the probe's word */
	bool is_probing;
	bool was_empty;  /* the last probe */
	bool is_resumed; /* from an earlier run, and not asked since */
	bool is_told;    /* next_try is the shop's own wish (Retry-After) */
	bool is_sound;   /* a comment was answered since the last hold began */
	bool answers_comments, answers_empty, refuses_empty;
	uint64_t refused[HOLD_SILENT_REFUSALS]; /* numbers of comments, none twice */
	unsigned refused_count;
	uint64_t chance;
};

/* What made a hold begin or last. */
struct trouble {
	enum hold cause;
	msec_t retry_after; /* -1: not asked */
	msec_t started;     /* when the request began */
};

void hold_init(struct holding *h, uint64_t seed);
/* Goes on with what an earlier run learned. The first probe goes at once; if that was an
 * empty one, and a comment would be next, this goes at once, too. */
void hold_resume(struct holding *h, const struct schedule_past *past, msec_t now);

/* True while nothing but probes may go. */
bool hold_is_shut(const struct holding *h);

/* Half of delay is fixed, half drawn. */
msec_t hold_draw(struct holding *h, msec_t delay);

/* A refusal on an open site: the probe goes at once. */
void hold_ask(struct holding *h, msec_t now);
void hold_begin(struct holding *h, const struct schedule_policy *policy,
	const struct trouble *trouble, msec_t now);
enum probe hold_probe(const struct holding *h, const struct schedule_policy *policy);
void hold_bad_probe(struct holding *h, const struct schedule_policy *policy,
	const struct trouble *trouble, msec_t now);
void hold_open(struct holding *h, msec_t now);
/* A person has changed the policy and may have mended what was wrong: ask soon. */
void hold_hurry(struct holding *h);

/* "unreachable", "key-refused" ...: as records and programs have it. */
const char *hold_name(enum hold hold);
enum hold hold_named(const char *name); /* HOLD_NONE for what is no name of a hold */
/* Whether it lasts until a person has corrected what we send. */
bool hold_needs_person(enum hold hold);
/* What to do about it: one sentence, in English, for _(). */
const char *hold_remedy(enum hold hold);

/* A comment was answered soundly; delivered: at least one is stored. */
void hold_note_sound(struct holding *h, bool delivered);
/* A comment was refused alone with a good probe after it. True if that makes the third
 * different one in succession, or one more since. */
bool hold_note_refusal(struct holding *h, uint64_t id);

#endif
