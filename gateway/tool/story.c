/* SPDX-License-Identifier: MIT */
#include "tool/story.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "core/rejection.h"
#include "system/spool.h"
#include "system/spool_name.h"
#include "tool/journal.h"

/* One search: by the stamp of a claim, or by the name that a drop had. */
struct gathering {
	struct stories *stories;
	const char *stamp;
	const char *drop; /* as a needle: a journal has names without their odd bytes */
	char found[STORIES_MAX][TIMES_STAMP_LEN + 1]; /* claims to be gathered next */
	size_t found_count;
};

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

static void story_free(struct story *story)
{
	for (size_t i = 0; i < story->count; i++) {
		struct fact *fact = &story->facts[i];
		free(fact->order);
		free(fact->comment);
		free(fact->result);
		free(fact->cause);
		free(fact->code);
		free(fact->message);
		free(fact->to);
	}
	free(story->facts);
	free(story->drop);
	free(story);
}

void stories_done(struct stories *stories)
{
	for (size_t i = 0; i < stories->count; i++)
		story_free(stories->list[i]);
	stories->count = 0;
}

static struct story *get_story(const struct stories *stories, const char *stamp)
{
	for (size_t i = stories->count; i > 0; i--)
		if (!strcmp(stories->list[i - 1]->stamp, stamp))
			return stories->list[i - 1];
	return NULL;
}

static void leave_out_oldest(struct stories *stories)
{
	story_free(stories->list[0]);
	stories->count--;
	memmove(&stories->list[0], &stories->list[1],
		stories->count * sizeof(struct story *));
	stories->is_cut = true;
}

/* Stamps grow, so they sort by age. NULL: it is older than all that are kept. */
static struct story *add_story(struct stories *stories, const char *stamp)
{
	bool is_full = stories->count == STORIES_MAX;
	if (is_full && strcmp(stamp, stories->list[0]->stamp) < 0) {
		stories->is_cut = true;
		return NULL;
	}
	if (is_full)
		leave_out_oldest(stories);
	size_t at = stories->count;
	while (at && strcmp(stories->list[at - 1]->stamp, stamp) > 0)
		at--;
	memmove(&stories->list[at + 1], &stories->list[at],
		(stories->count - at) * sizeof(struct story *));
	struct story *story = xcalloc(1, sizeof(*story));
	memcpy(story->stamp, stamp, TIMES_STAMP_LEN + 1);
	stories->list[at] = story;
	stories->count++;
	return story;
}

static void add_fact(struct story *story, const struct record *record)
{
	story->facts = xgrow(
		story->facts, &story->room, story->count + 1, sizeof(*story->facts));
	story->facts[story->count++] = (struct fact){
		.event = record->event,
		.at = record->at,
		.number = record->number,
		.attempt = record->attempt,
		.count = record->count,
		.order = copy(record->order),
		.comment = copy(record->comment),
		.result = copy(record->result),
		.cause = copy(record->cause),
		.code = copy(record->code),
		.message = copy(record->message),
		.to = copy(record->to),
	};
	if (!story->drop)
		story->drop = copy(record->drop);
}

static bool is_stamp(const char *text)
{
	usec_t at = 0;
	return text && strlen(text) == TIMES_STAMP_LEN &&
	       times_parse_stamp(text, &at) == 0;
}

/* --- along the retries --- */

static void note_claim(struct gathering *g, const char *stamp)
{
	for (size_t i = 0; i < g->found_count; i++)
		if (!strcmp(g->found[i], stamp))
			return;
	if (g->found_count < STORIES_MAX)
		memcpy(g->found[g->found_count++], stamp, TIMES_STAMP_LEN + 1);
}

static void note_retry(struct gathering *g, const struct record *record)
{
	struct story *story = get_story(g->stories, record->claim);
	struct story *earlier = get_story(g->stories, record->of);
	if (story)
		memcpy(story->of, record->of, TIMES_STAMP_LEN + 1);
	if (earlier && !*earlier->retried_as) {
		memcpy(earlier->retried_as, record->claim, TIMES_STAMP_LEN + 1);
		earlier->retried_at = record->at;
	}
	note_claim(g, record->claim);
	note_claim(g, record->of);
}

static bool is_wanted(const struct gathering *g, const struct record *record)
{
	if (!is_stamp(record->claim))
		return false;
	if (g->stamp)
		return !strcmp(record->claim, g->stamp);
	auto_free char *drop = record->drop ? journal_needle("drop", record->drop) : NULL;
	return drop && !strcmp(drop, g->drop);
}

static void take(void *context, const struct record *record)
{
	struct gathering *g = context;
	if (is_wanted(g, record)) {
		struct story *story = get_story(g->stories, record->claim);
		if (!story)
			story = add_story(g->stories, record->claim);
		if (story)
			add_fact(story, record);
	}
	if (record->event == EVENT_READING && is_stamp(record->claim) &&
		is_stamp(record->of))
		note_retry(g, record);
}

static void gather_claim(struct journal *journal, struct gathering *g, const char *stamp)
{
	usec_t since = 0;
	(void)times_parse_stamp(stamp, &since);
	g->stamp = stamp;
	journal_search(journal, &(struct journal_search){
					.needles = {stamp},
					.since = since,
					.take = take,
					.context = g,
				});
}

/* What a search finds is gathered in turn, each claim once. */
static void gather_claims(struct journal *journal, struct gathering *g)
{
	for (size_t i = 0; i < g->found_count; i++)
		if (!get_story(g->stories, g->found[i]))
			gather_claim(journal, g, g->found[i]);
}

static void gather_drop(struct journal *journal, struct gathering *g, const char *name)
{
	auto_buf struct buf claimed = {.max_bytes = NAME_MAX};
	if (strlen(name) > NAME_MAX)
		return;
	spool_name_shorten(&claimed, name, CLAIM_DROP_MAX);
	auto_free char *needle = journal_needle("drop", buf_peek(&claimed));
	g->drop = needle;
	journal_search(journal, &(struct journal_search){
					.needles = {needle},
					.take = take,
					.context = g,
				});
}

void stories_gather(struct journal *journal, const char *name, struct stories *stories)
{
	struct gathering g = {.stories = stories};
	usec_t at = 0;
	bool is_claim = times_parse_stamp(name, &at) == 0 &&
			(name[TIMES_STAMP_LEN] == '_' || !name[TIMES_STAMP_LEN]);
	if (is_claim) {
		memcpy(g.found[g.found_count++], name, TIMES_STAMP_LEN);
		gather_claims(journal, &g);
	} else {
		gather_drop(journal, &g, name);
	}
}

/* --- what it comes to --- */

static bool is_about_comment(const struct fact *fact)
{
	return fact->number &&
	       (fact->event == EVENT_OUTCOME || fact->event == EVENT_POSTING ||
		       fact->event == EVENT_CHECKPOINT);
}

void story_index(const struct story *story, const struct fact **by_number, size_t count)
{
	for (size_t i = 0; i < story->count; i++) {
		const struct fact *fact = &story->facts[i];
		if (is_about_comment(fact) && fact->number <= count)
			by_number[fact->number - 1] = fact;
	}
}

/* A claim is read once a run. */
static bool ends_run(const struct fact *fact)
{
	return fact->event == EVENT_READING || fact->event == EVENT_SETTLED ||
	       fact->event == EVENT_WITHDRAWN;
}

const char *story_result(const struct story *story, const struct fact *fact)
{
	if (!fact || fact->result)
		return fact ? fact->result : NULL;
	for (const struct fact *f = fact + 1; f < story->facts + story->count; f++)
		if (ends_run(f))
			return "unknown";
	return "posted";
}

bool fact_say_rejection(const struct fact *fact, struct buf *out)
{
	return rejection_say(out, &(struct rejection){
					  .result = fact->result,
					  .cause = fact->cause,
					  .code = fact->code,
					  .message = fact->message,
					  .attempts = fact->attempt,
				  });
}

bool story_is_open(const struct story *story)
{
	bool is_open = false;
	for (size_t i = 0; i < story->count; i++) {
		enum event event = story->facts[i].event;
		if (event == EVENT_READING || event == EVENT_POSTING)
			is_open = true;
		else if (event == EVENT_SETTLED || event == EVENT_WITHDRAWN ||
			 event == EVENT_RETURNED)
			is_open = false;
	}
	return is_open;
}

bool story_is_reread(const struct story *story, const struct fact *fact)
{
	for (const struct fact *f = story->facts; f < fact; f++)
		if (f->event == EVENT_READING)
			return true;
	return false;
}

unsigned story_highest(const struct story *story)
{
	unsigned highest = 0;
	for (size_t i = 0; i < story->count; i++)
		if (is_about_comment(&story->facts[i]) &&
			story->facts[i].number > highest)
			highest = story->facts[i].number;
	return highest;
}
