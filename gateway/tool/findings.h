#ifndef GATEWAY_TOOL_FINDINGS_H
#define GATEWAY_TOOL_FINDINGS_H
/* SPDX-License-Identifier: MIT
 *
 * findings - what the journal's records add up to for the comments that are asked for
 *
 * Knows: which record tells more than another. Must not know: where records come from.
 * Delivered once is delivered, whatever follows; else the last word counts. A checkpoint
 * says again what was said before, so its time counts only for want of another.
 * Order: the days of the journal newest first, each from its beginning, each closed.
 * Ownership: everything belongs to the findings, until findings_done().
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/table.h"
#include "base/times.h"
#include "tool/place.h"

struct buf;
struct record;

enum find_state {
	FIND_DELIVERED,
	FIND_ALREADY,   /* the shop had a comment of this number before */
	FIND_REJECTED,  /* the shop did not accept it */
	FIND_POSTED,    /* no answer so far */
	FIND_UNKNOWN,   /* the shop may have it; it waits to be sent again */
	FIND_DEFERRED,  /* the shop broke on it; likewise */
	FIND_WAITING,   /* in a file that was not sent so far */
	FIND_FAILED,    /* in a file of failed/ that was not sent */
	FIND_WITHDRAWN, /* not delivered, and its file is in no folder */
	FIND_INVALID,   /* its numbers stand in a file that is not valid */
};

struct finding {
	struct table_node node;
	char *order, *id; /* "": not known, FIND_INVALID only */
	enum find_state state;
	usec_t at;    /* when that came about; 0: not known */
	usec_t until; /* FIND_UNKNOWN: it waits until then; 0: not known */
	char *cause, *code, *message; /* or NULL */
	unsigned attempts;
	char stamp[TIMES_STAMP_LEN + 1]; /* of its claim, or "" */
	char *drop;                      /* the claim's name without it, or NULL */
	bool has_place;
	struct place place;
	bool is_restated;   /* by a checkpoint; not yet told when it came about */
	bool is_unanswered; /* FIND_UNKNOWN: the run that posted it is over */
	size_t day;         /* of its last word: so many days were closed before */
};

struct findings {
	const char *order, *comment; /* asked for, borrowed; NULL: any */
	struct table table;
	struct finding **list; /* as they were found */
	size_t count, room;
	size_t day;
};

void findings_done(struct findings *f);

/* The two for journal_search(): take, and goes_on. */
void findings_take(void *findings, const struct record *record);
bool findings_close_day(void *findings);

/* Whether it is asked for. */
bool findings_want(const struct findings *f, const char *order, const char *id);
/* NULL: not found so far. */
struct finding *findings_get(const struct findings *f, const char *order, const char *id);
struct finding *findings_add(struct findings *f, const char *order, const char *id);
/* The shop has it: nothing that comes later makes that untrue. */
bool finding_is_delivered(const struct finding *finding);
/* Why it was rejected, where the shop's own words do not say it; else false. */
bool finding_say_rejection(const struct finding *finding, struct buf *out);
/* Whoever asked for one comment has the whole answer. */
bool findings_are_final(const struct findings *f);

/* "delivered", "already" ...: read by programs, and not translated. */
const char *find_state_name(enum find_state state);

#endif
