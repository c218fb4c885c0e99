/* SPDX-License-Identifier: MIT
 *
 * A shop that answers comments but refuses empty requests can never be opened by one, so
 * it is probed with comments. That it may be of that kind shows only when it has refused
 * an empty request itself: a time-out or a proxy's page says nothing about it, and a real
 * comment sent into an outage would be one more in doubt. It may as well be a shop that
 * was broken just then, so held it is asked both ways in turn, until it answers an empty
 * request once. A shop that was never seen to answer anything is tried with a comment
 * in every other probe when the back-off has reached its end, or a gateway started amid
 * such trouble would never find out; in every probe, and a comment that the shop chokes
 * on would keep it from finding out that the shop is well.
 */
#include "core/hold.h"

#include <string.h>

#include "base/words.h"
#include "core/schedule.h"

static uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static void set_next_try(struct holding *h, const struct schedule_policy *policy,
	msec_t retry_after, msec_t now)
{
	/* A wish shorter than the shortest interval would have us run in circles. */
	h->is_told = retry_after >= 0 && retry_after >= policy->retry_min;
	if (h->backoff > policy->retry_max)
		h->backoff = policy->retry_max;
	if (h->backoff < policy->retry_min)
		h->backoff = policy->retry_min;

	msec_t drawn = hold_draw(h, h->backoff);
	h->next_try = now + (h->is_told ? msec_min(retry_after, MSEC_HOUR) : drawn);
	h->backoff = msec_min(2 * h->backoff, policy->retry_max);
}

void hold_init(struct holding *h, uint64_t seed)
{
	*h = (struct holding){.chance = seed};
}

/* Intervals double, so the time that the hold has lasted is the one it has reached. */
void hold_resume(struct holding *h, const struct schedule_past *past, msec_t now)
{
	h->refused_count = past->refused_count;
	memcpy(h->refused, past->refused, sizeof(h->refused));
	if (past->hold == HOLD_NONE)
		return;
	h->cause = past->hold;
	h->since = past->held_since;
	h->backoff = now - past->held_since;
	h->is_told = past->told > now;
	h->next_try = h->is_told ? msec_min(past->told, now + MSEC_HOUR) : now;
	h->is_resumed = true;
	if (past->hold == HOLD_STORES_NOTHING)
		h->refused_count = HOLD_SILENT_REFUSALS;
}

bool hold_is_shut(const struct holding *h)
{
	return h->is_asking || h->cause != HOLD_NONE;
}

msec_t hold_draw(struct holding *h, msec_t delay)
{
	msec_t half = delay / 2;
	return delay - half + (msec_t)(draw(&h->chance) % (uint64_t)(half + 1));
}

void hold_ask(struct holding *h, msec_t now)
{
	h->is_asking = true;
	h->next_try = now;
}

void hold_begin(struct holding *h, const struct schedule_policy *policy,
	const struct trouble *trouble, msec_t now)
{
	if (h->cause != HOLD_NONE) {
		if (trouble->retry_after >= policy->retry_min)
			set_next_try(h, policy, trouble->retry_after, now);
		return;
	}
	if (h->is_sound || trouble->started - h->opened > h->backoff)
		h->backoff = 0;
	h->is_sound = false;
	h->cause = trouble->cause;
	h->since = now;
	h->is_asking = false;
	set_next_try(h, policy, trouble->retry_after, now);
}

enum probe hold_probe(const struct holding *h, const struct schedule_policy *policy)
{
	if (h->cause == HOLD_STORES_NOTHING)
		return PROBE_COMMENT;
	if (h->answers_empty || hold_needs_person(h->cause))
		return PROBE_EMPTY;
	bool has_seen_cap = !h->is_asking && h->backoff >= policy->retry_max;
	if (h->refuses_empty && (h->answers_comments || has_seen_cap))
		return h->is_asking || h->was_empty ? PROBE_COMMENT : PROBE_EMPTY;
	if (!has_seen_cap)
		return PROBE_EMPTY;
	return h->cause == HOLD_UNCLEAR && h->was_empty ? PROBE_DOUBTED : PROBE_EMPTY;
}

void hold_bad_probe(struct holding *h, const struct schedule_policy *policy,
	const struct trouble *trouble, msec_t now)
{
	if (h->cause == HOLD_NONE) {
		hold_begin(h, policy, trouble, now);
		return;
	}
	/* The latest word is the one to mend by; but a comment refused once more is no
	 * news about a shop that stores nothing. */
	if (h->cause != HOLD_STORES_NOTHING || trouble->cause != HOLD_REFUSING)
		h->cause = trouble->cause;
	set_next_try(h, policy, trouble->retry_after, now);
	/* A run by --once ends here: a shop of the other kind would be held for ever. */
	if (h->is_resumed && h->was_empty && !h->is_told &&
		hold_probe(h, policy) != PROBE_EMPTY)
		h->next_try = now;
	h->is_resumed = false;
}

void hold_open(struct holding *h, msec_t now)
{
	if (h->cause != HOLD_NONE)
		h->opened = now;
	h->cause = HOLD_NONE;
	h->is_asking = h->is_resumed = false;
}

void hold_hurry(struct holding *h)
{
	if (h->cause != HOLD_NONE && !h->is_told)
		h->next_try = h->since;
}

void hold_note_sound(struct holding *h, bool delivered)
{
	h->answers_comments = true;
	h->is_sound = true;
	if (delivered)
		h->refused_count = 0;
}

bool hold_note_refusal(struct holding *h, uint64_t id)
{
	if (h->refused_count == HOLD_SILENT_REFUSALS)
		return true;
	for (unsigned i = 0; i < h->refused_count; i++) {
		if (h->refused[i] == id)
			return false;
	}
	h->refused[h->refused_count++] = id;
	return h->refused_count == HOLD_SILENT_REFUSALS;
}

static const struct {
	const char *name;
	const char *remedy;
} holds[] = {
	[HOLD_NONE] = {"open", ""},
	[HOLD_UNREACHABLE] = {"unreachable", N_("check url, network, DNS and the shop's "
						"web server; sending goes on by "
						"itself")},
	[HOLD_UNCLEAR] = {"unclear",
		N_("a request got no usable answer and may have been stored: what it "
		   "held "
		   "waits for unknown_wait, then is sent again; check the shop's web "
		   "server")},
	[HOLD_REFUSING] = {"refusing",
		N_("the shop refuses even an empty request: look at its own log; sending "
		   "goes on by itself")},
	[HOLD_KEY] = {"key-refused",
		N_("the shop does not accept the key: correct key_file, or login and "
		   "password_file, then reload (SIGHUP)")},
	[HOLD_WEBSITE] = {"website-refused",
		N_("the shop does not know this website_code: correct it in the "
		   "configuration and restart, or in the shop")},
	[HOLD_STORES_NOTHING] = {"stores-nothing",
		N_("the shop answers, but refuses or breaks on every comment: look at "
		   "its "
		   "own log; one comment at a time is tried until it stores again")},
};

const char *hold_name(enum hold hold)
{
	return holds[hold].name;
}

enum hold hold_named(const char *name)
{
	for (size_t i = HOLD_NONE + 1; i < sizeof(holds) / sizeof(*holds); i++) {
		if (!strcmp(holds[i].name, name))
			return (enum hold)i;
	}
	return HOLD_NONE;
}

bool hold_needs_person(enum hold hold)
{
	return hold == HOLD_KEY || hold == HOLD_WEBSITE;
}

const char *hold_remedy(enum hold hold)
{
	return holds[hold].remedy;
}
