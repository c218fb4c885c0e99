#ifndef GATEWAY_CORE_POSTED_H
#define GATEWAY_CORE_POSTED_H
/* SPDX-License-Identifier: MIT
 *
 * posted - the last word about each comment that was ever posted; history's memory
 *
 * Knows: runs, and what the end of a run means for a posting without an outcome: unknown
 * since the start of the next run. A comment that is unknown when its claim leaves is a
 * doubt from then on, found by order and id, because the next file that brings it has
 * another claim.
 * Must not know: claims (an owner is a pointer to compare), events, checkpoints.
 * Promises: no call costs more when there were more runs or postings before; what the
 * start of a run means for a posting is worked out when that posting is looked at. Of
 * the doubts about one comment only the one that waits longest is kept.
 * Ownership: everything belongs to the set; a list only links members of it.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/table.h"
#include "core/history.h"

struct posted {
	struct table_node node;
	struct posted *next; /* of the same owner */
	const void *owner;   /* NULL: a doubt */
	struct past_comment past;
	size_t run;      /* by which it was posted, while it is open */
	bool is_open;    /* no outcome, no later run looked at */
	bool is_shared;  /* a doubt that stands for other postings, too */
	size_t named_in; /* the last checkpoint that named it, if it is a doubt */
};

struct posted_run {
	char *boot; /* NULL: not told so far */
	msec_t up;  /* when it began */
	bool has_stopped;
};

struct posted_set {
	struct table comments; /* by owner and number */
	struct table doubts;   /* by order and id */
	struct posted_run *runs;
	size_t run_count, run_room;
};

/* The first run is there from the beginning: its start may not be. */
void posted_init(struct posted_set *set);
void posted_done(struct posted_set *set);

void posted_begin_run(struct posted_set *set, const char *boot, msec_t up);
struct posted_run *posted_run(const struct posted_set *set);

/* Finds or makes the comment that the record is about. */
struct posted *posted_comment(struct posted_set *set, const void *owner,
	struct posted **list, const struct record *record);
/* The doubt about it, or NULL. */
struct posted *posted_find_doubt(
	const struct posted_set *set, const struct record *record);
/* Finds it, or makes one that is open. */
struct posted *posted_doubt(struct posted_set *set, const struct record *record);
/* A posting by a claim that has left. */
void posted_reopen_doubt(struct posted_set *set, const struct record *record);
/* As a checkpoint has it, without a claim. */
struct posted *posted_restate_doubt(struct posted_set *set, const struct record *record);
void posted_end_doubt(struct posted_set *set, struct posted *doubt);

/* What the shop may have stored, or may store yet. */
bool posted_is_unknown(const char *result);
/* The shop's own last word about it, which ends every doubt. */
bool posted_is_last_word(const struct record *record);

/* What is now the last word about it. */
void posted_set_open(const struct posted_set *set, struct posted *p);
void posted_set_outcome(
	const struct posted_set *set, struct posted *p, const struct record *record);
/* The outcome of a comment whose claim has left. The shop's last word ends the doubt;
 * "deferred", or a rejection of our own, is a word about its own posting, and ends no
 * doubt that stands for others.
 */
void posted_late_outcome(
	struct posted_set *set, struct posted *doubt, const struct record *record);
/* As a checkpoint has it. */
void posted_restate(
	const struct posted_set *set, struct posted *p, const struct record *record);

/* Lets the members of a list go, and keeps the doubts. */
void posted_leave(struct posted_set *set, struct posted **list);
void posted_end_unnamed(struct posted_set *set, size_t checkpoint);

/* Arrays for reading, malloc'ed; the texts are still those of the set. */
size_t posted_copy_list(const struct posted_set *set, struct posted *list,
	struct past_comment **comments);
size_t posted_copy_doubts(const struct posted_set *set, struct past_comment **comments);

#endif
