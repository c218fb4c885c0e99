/* SPDX-License-Identifier: MIT */
#include "tool/findings.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "core/record.h"
#include "core/rejection.h"
#include "core/series.h"

static const char *const names[] = {
	[FIND_DELIVERED] = "delivered",
	[FIND_ALREADY] = "already",
	[FIND_REJECTED] = "rejected",
	[FIND_POSTED] = "posted",
	[FIND_UNKNOWN] = "unknown",
	[FIND_DEFERRED] = "deferred",
	[FIND_WAITING] = "waiting",
	[FIND_FAILED] = "failed",
	[FIND_WITHDRAWN] = "withdrawn",
	[FIND_INVALID] = "invalid",
};

const char *find_state_name(enum find_state state)
{
	return names[state];
}

/* What a later gateway may have written counts as unknown. */
static enum find_state state_of(const struct record *record)
{
	if (record->event == EVENT_POSTING)
		return FIND_POSTED;
	for (enum find_state i = 0; i <= FIND_DEFERRED; i++)
		if (record->result && !strcmp(names[i], record->result))
			return i;
	return FIND_UNKNOWN;
}

bool finding_is_delivered(const struct finding *finding)
{
	return finding->state == FIND_DELIVERED || finding->state == FIND_ALREADY;
}

bool finding_say_rejection(const struct finding *finding, struct buf *out)
{
	return rejection_say(out, &(struct rejection){
					  .result = names[finding->state],
					  .cause = finding->cause,
					  .code = finding->code,
					  .message = finding->message,
					  .attempts = finding->attempts,
				  });
}

/* --- the set --- */

static uint64_t hash_of(const char *order, const char *id)
{
	return table_hash(order, strlen(order)) ^ (table_hash(id, strlen(id)) << 1);
}

bool findings_want(const struct findings *f, const char *order, const char *id)
{
	return (!f->order || !strcmp(f->order, order)) &&
	       (!f->comment || !strcmp(f->comment, id));
}

struct finding *findings_get(const struct findings *f, const char *order, const char *id)
{
	struct table_node *node = NULL;
	while ((node = table_find(&f->table, hash_of(order, id), node))) {
		struct finding *finding = table_member(node, struct finding, node);
		if (!strcmp(finding->order, order) && !strcmp(finding->id, id))
			return finding;
	}
	return NULL;
}

struct finding *findings_add(struct findings *f, const char *order, const char *id)
{
	struct finding *finding = xcalloc(1, sizeof(*finding));
	finding->order = xstrdup(order);
	finding->id = xstrdup(id);
	finding->day = f->day;
	table_add(&f->table, &finding->node, hash_of(order, id));
	f->list = (struct finding **)xgrow(
		(void *)f->list, &f->room, f->count + 1, sizeof(struct finding *));
	f->list[f->count++] = finding;
	return finding;
}

static void finding_free(struct finding *finding)
{
	free(finding->order);
	free(finding->id);
	free(finding->cause);
	free(finding->code);
	free(finding->message);
	free(finding->drop);
	free(finding);
}

void findings_done(struct findings *f)
{
	table_done(&f->table);
	for (size_t i = 0; i < f->count; i++)
		finding_free(f->list[i]);
	free((void *)f->list);
}

/* --- records --- */

static void replace(char **text, const char *by)
{
	free(*text);
	*text = by ? xstrdup(by) : NULL;
}

static void note(struct findings *f, struct finding *finding, const struct record *record)
{
	bool has_claim = record->claim && strlen(record->claim) == TIMES_STAMP_LEN;
	finding->state = state_of(record);
	finding->is_restated = record->event == EVENT_CHECKPOINT;
	finding->at = record->at;
	finding->day = f->day;
	finding->attempts = record->attempt;
	replace(&finding->cause, record->cause);
	replace(&finding->code, record->code);
	replace(&finding->message, record->message);
	if (!has_claim)
		return;
	memcpy(finding->stamp, record->claim, TIMES_STAMP_LEN + 1);
	if (record->drop)
		replace(&finding->drop, record->drop);
}

/* Whether a record is news about a comment that others were about before. */
static bool is_news(const struct findings *f, const struct finding *finding,
	const struct record *record)
{
	enum find_state state = state_of(record);
	bool is_restating = record->event == EVENT_CHECKPOINT;
	bool is_older = finding->day != f->day;
	if (finding->state == FIND_DELIVERED)
		return finding->is_restated && state == FIND_DELIVERED && !is_restating;
	if (state == FIND_DELIVERED)
		return true;
	if (is_restating)
		return !is_older && state != finding->state;
	return !is_older || (finding->is_restated && state == finding->state);
}

/* Of a series of refusals, which says something about the shop only. */
static bool is_of_series(const struct record *record)
{
	return record->event == EVENT_CHECKPOINT && !record->claim && record->result &&
	       !strcmp(record->result, SERIES_REFUSED);
}

static bool is_about_comment(const struct record *record)
{
	bool says = record->event == EVENT_POSTING || record->event == EVENT_OUTCOME ||
		    record->event == EVENT_CHECKPOINT;
	return says && record->order && record->comment && !is_of_series(record);
}

void findings_take(void *findings, const struct record *record)
{
	struct findings *f = findings;
	if (!is_about_comment(record) ||
		!findings_want(f, record->order, record->comment))
		return;
	struct finding *finding = findings_get(f, record->order, record->comment);
	if (!finding)
		note(f, findings_add(f, record->order, record->comment), record);
	else if (is_news(f, finding, record))
		note(f, finding, record);
}

bool findings_are_final(const struct findings *f)
{
	return f->order && f->comment && f->count &&
	       f->list[0]->state == FIND_DELIVERED && !f->list[0]->is_restated;
}

bool findings_close_day(void *findings)
{
	struct findings *f = findings;
	f->day++;
	return !findings_are_final(f);
}
