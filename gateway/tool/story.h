#ifndef GATEWAY_TOOL_STORY_H
#define GATEWAY_TOOL_STORY_H
/* SPDX-License-Identifier: MIT
 *
 * story - all that the journal of a site knows about a file, claim by claim
 *
 * A retry is a claim of its own, which names the one that it retries; stories are
 * gathered along these names, both ways. A name that many files had gives the newest
 * claims only, STORIES_MAX of them, so that memory is bound. Ownership: everything
 * belongs to the stories, until stories_done().
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/times.h"
#include "core/record.h"

struct buf;
struct journal;

enum { STORIES_MAX = 50 };

/* What a record said; texts are NULL where it did not. */
struct fact {
	enum event event;
	usec_t at;
	unsigned number, attempt;
	size_t count;
	char *order, *comment, *result, *cause, *code, *message, *to;
};

struct story {
	char stamp[TIMES_STAMP_LEN + 1];
	char of[TIMES_STAMP_LEN + 1];         /* the claim that it is a retry of, or "" */
	char retried_as[TIMES_STAMP_LEN + 1]; /* the first retry of it, or "" */
	usec_t retried_at;
	char *drop; /* NULL: the journal lost it */
	struct fact *facts;
	size_t count, room;
};

struct stories {
	struct story *list[STORIES_MAX]; /* oldest first */
	size_t count;
	bool is_cut; /* older ones are left out */
};

/* name: of a claim (STAMP_DROP, or the stamp alone), or one that a drop had. */
void stories_gather(struct journal *journal, const char *name, struct stories *stories);
void stories_done(struct stories *stories);

/* The last word about each comment of the file: by_number[0] is the first. Those beyond
 * count are left out, and NULL is for those that were never posted. */
void story_index(const struct story *story, const struct fact **by_number, size_t count);
/* What it says of a comment, or NULL for NULL: "posted" while the answer may still come,
 * "unknown" once the run that sent it is over, or the file is. */
const char *story_result(const struct story *story, const struct fact *fact);
/* Why that comment was rejected, where the shop's own words do not say it; else false. */
bool fact_say_rejection(const struct fact *fact, struct buf *out);
/* It was taken, and nothing tells so far that it left sending/. */
bool story_is_open(const struct story *story);
/* Whether an earlier run had read the file before that fact, a reading. */
bool story_is_reread(const struct story *story, const struct fact *fact);
/* The highest number of a comment that it tells of. */
unsigned story_highest(const struct story *story);

#endif
