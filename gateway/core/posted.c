/* SPDX-License-Identifier: MIT
 *
 *   last word about a comment        what it is after the last run
 *   posting                          unknown: since the start after its run
 *   outcome unknown                  unknown: since that outcome, by its run's boot
 *   outcome deferred                 deferred: since that outcome, likewise
 *   outcome of another kind          that outcome
 */
#include "core/posted.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static const char unknown[] = "unknown";
static const char deferred[] = "deferred";

/* The static text for it. What is not known here may as well be stored by the shop. */
static const char *result_of(const char *text)
{
	static const char *const results[] = {
		"delivered", "already", "rejected", deferred};

	for (size_t i = 0; text && i < sizeof(results) / sizeof(*results); i++)
		if (!strcmp(results[i], text))
			return results[i];
	return unknown;
}

bool posted_is_unknown(const char *result)
{
	return result_of(result) == unknown;
}

bool posted_is_last_word(const struct record *record)
{
	const char *known = result_of(record->result);
	return known != unknown && known != deferred && !record->cause;
}

static void set_text(const char **slot, const char *text)
{
	const char *copy = text ? xstrdup(text) : NULL;
	free((void *)*slot);
	*slot = copy;
}

static void posted_free(struct posted *p)
{
	free((void *)p->past.order);
	free((void *)p->past.id);
	free((void *)p->past.cause);
	free((void *)p->past.code);
	free((void *)p->past.message);
	free((void *)p->past.boot);
	free(p);
}

void posted_init(struct posted_set *set)
{
	*set = (struct posted_set){0};
	posted_begin_run(set, NULL, 0);
}

static void free_all(struct table *table)
{
	struct table_node *next = NULL;

	for (struct table_node *at = table_next(table, NULL); at; at = next) {
		next = table_next(table, at);
		posted_free(table_member(at, struct posted, node));
	}
	table_done(table);
}

void posted_done(struct posted_set *set)
{
	free_all(&set->comments);
	free_all(&set->doubts);
	for (size_t i = 0; i < set->run_count; i++)
		free(set->runs[i].boot);
	free(set->runs);
	*set = (struct posted_set){0};
}

void posted_begin_run(struct posted_set *set, const char *boot, msec_t up)
{
	set->runs =
		xgrow(set->runs, &set->run_room, set->run_count + 1, sizeof(*set->runs));
	set->runs[set->run_count++] = (struct posted_run){
		.boot = boot ? xstrdup(boot) : NULL,
		.up = up,
	};
}

struct posted_run *posted_run(const struct posted_set *set)
{
	return &set->runs[set->run_count - 1];
}

static void set_identity(struct posted *p, const struct record *record)
{
	assert(record->order && record->comment);
	p->past.number = record->number;
	set_text(&p->past.order, record->order);
	set_text(&p->past.id, record->comment);
}

static uint64_t comment_hash(const void *owner, unsigned number)
{
	uint64_t key[2] = {(uintptr_t)owner, number};
	return table_hash(key, sizeof(key));
}

static struct posted *find_comment(
	const struct posted_set *set, const void *owner, unsigned number)
{
	uint64_t hash = comment_hash(owner, number);
	struct table_node *node = NULL;

	while ((node = table_find(&set->comments, hash, node))) {
		struct posted *p = table_member(node, struct posted, node);
		if (p->owner == owner && p->past.number == number)
			return p;
	}
	return NULL;
}

struct posted *posted_comment(struct posted_set *set, const void *owner,
	struct posted **list, const struct record *record)
{
	struct posted *p = find_comment(set, owner, record->number);

	if (!p) {
		p = xcalloc(1, sizeof(*p));
		p->owner = owner;
		p->next = *list;
		*list = p;
		table_add(&set->comments, &p->node, comment_hash(owner, record->number));
	}
	set_identity(p, record);
	return p;
}

static uint64_t doubt_hash(const char *order, const char *id)
{
	uint64_t key[2] = {table_hash(order, strlen(order)), table_hash(id, strlen(id))};
	return table_hash(key, sizeof(key));
}

static struct posted *find_doubt(
	const struct posted_set *set, const char *order, const char *id)
{
	struct table_node *node = NULL;

	if (!set->doubts.count)
		return NULL;
	uint64_t hash = doubt_hash(order, id);
	while ((node = table_find(&set->doubts, hash, node))) {
		struct posted *p = table_member(node, struct posted, node);
		if (!strcmp(p->past.order, order) && !strcmp(p->past.id, id))
			return p;
	}
	return NULL;
}

static void add_doubt(struct posted_set *set, struct posted *p)
{
	p->owner = NULL;
	p->next = NULL;
	p->named_in = 0;
	table_add(&set->doubts, &p->node, doubt_hash(p->past.order, p->past.id));
}

struct posted *posted_find_doubt(
	const struct posted_set *set, const struct record *record)
{
	return find_doubt(set, record->order, record->comment);
}

struct posted *posted_doubt(struct posted_set *set, const struct record *record)
{
	struct posted *p = posted_find_doubt(set, record);
	if (p)
		return p;
	p = xcalloc(1, sizeof(*p));
	set_identity(p, record);
	posted_set_open(set, p);
	add_doubt(set, p);
	return p;
}

void posted_reopen_doubt(struct posted_set *set, const struct record *record)
{
	struct posted *known = posted_find_doubt(set, record);

	if (known)
		known->is_shared = true;
	posted_set_open(set, known ? known : posted_doubt(set, record));
}

void posted_end_doubt(struct posted_set *set, struct posted *doubt)
{
	table_remove(&set->doubts, &doubt->node);
	posted_free(doubt);
}

/* boot: by which the record's `up` counts, or NULL. */
static void set_word(struct posted *p, const struct record *record, const char *boot)
{
	p->is_open = false;
	p->past.result = result_of(record->result);
	bool goes_on = p->past.result == unknown || p->past.result == deferred;
	p->past.attempts = record->attempt;
	p->past.tries = record->tries;
	p->past.seen = record->seen;
	p->past.cap = record->cap;
	p->past.wait = record->wait;
	p->past.since = goes_on ? record->up : 0;
	set_text(&p->past.boot, goes_on ? boot : NULL);
	set_text(&p->past.cause, record->cause);
	set_text(&p->past.code, record->code);
	set_text(&p->past.message, record->message);
}

void posted_set_open(const struct posted_set *set, struct posted *p)
{
	struct record no_word = {
		.attempt = p->past.attempts,
		.tries = p->past.tries,
		.seen = p->past.seen,
		.cap = p->past.cap,
	};

	set_word(p, &no_word, NULL);
	p->is_open = true;
	p->run = set->run_count - 1;
}

void posted_set_outcome(
	const struct posted_set *set, struct posted *p, const struct record *record)
{
	set_word(p, record, posted_run(set)->boot);
}

/* What stays when a shared doubt's open posting was deferred waits from then on: the
 * other postings were before it. */
void posted_late_outcome(
	struct posted_set *set, struct posted *doubt, const struct record *record)
{
	bool was_open = doubt->is_open && doubt->run + 1 == set->run_count;
	struct record no_word = {.up = record->up, .attempt = record->attempt};

	if (posted_is_unknown(record->result))
		posted_set_outcome(set, doubt, record);
	else if (posted_is_last_word(record) || (was_open && !doubt->is_shared))
		posted_end_doubt(set, doubt);
	else if (was_open)
		posted_set_outcome(set, doubt, &no_word);
}

/* Without a boot to measure by, a wait can only begin anew: like an open posting. */
void posted_restate(
	const struct posted_set *set, struct posted *p, const struct record *record)
{
	bool is_open = !record->boot || !strcmp(record->result, "posted");

	set_word(p, record, record->boot);
	if (is_open && posted_is_unknown(p->past.result))
		posted_set_open(set, p);
}

/* The checkpoint does not tell for how many postings it stands. */
struct posted *posted_restate_doubt(struct posted_set *set, const struct record *record)
{
	struct posted *doubt = posted_find_doubt(set, record);

	if (!doubt) {
		doubt = posted_doubt(set, record);
		doubt->is_shared = true;
	}
	posted_restate(set, doubt, record);
	return doubt;
}

static void resolve(const struct posted_set *set, struct posted *p)
{
	if (!p->is_open || p->run + 1 == set->run_count)
		return;
	const struct posted_run *next = &set->runs[p->run + 1];
	p->is_open = false;
	p->past.since = next->up;
	set_text(&p->past.boot, next->boot);
}

/* True if waiting for b is enough for a too. Both are resolved: without a boot, the wait
 * has not begun. */
static bool is_covered(const struct posted *a, const struct posted *b)
{
	if (!a->past.boot || !b->past.boot)
		return !b->past.boot;
	return !strcmp(a->past.boot, b->past.boot) && a->past.since <= b->past.since;
}

static void keep_doubt(struct posted_set *set, struct posted *p)
{
	struct posted *other = find_doubt(set, p->past.order, p->past.id);

	resolve(set, p);
	if (other) {
		resolve(set, other);
		if (is_covered(p, other)) {
			other->is_shared = true;
			posted_free(p);
			return;
		}
		p->is_shared = true;
		posted_end_doubt(set, other);
	}
	add_doubt(set, p);
}

void posted_leave(struct posted_set *set, struct posted **list)
{
	for (struct posted *p = *list, *next = NULL; p; p = next) {
		next = p->next;
		table_remove(&set->comments, &p->node);
		if (posted_is_unknown(p->past.result))
			keep_doubt(set, p);
		else
			posted_free(p);
	}
	*list = NULL;
}

void posted_end_unnamed(struct posted_set *set, size_t checkpoint)
{
	struct table_node *next = NULL;

	for (struct table_node *at = table_next(&set->doubts, NULL); at; at = next) {
		struct posted *doubt = table_member(at, struct posted, node);
		next = table_next(&set->doubts, at);
		if (doubt->named_in != checkpoint)
			posted_end_doubt(set, doubt);
	}
}

static int by_number(const void *a, const void *b)
{
	const struct past_comment *x = a;
	const struct past_comment *y = b;
	return (x->number > y->number) - (x->number < y->number);
}

size_t posted_copy_list(
	const struct posted_set *set, struct posted *list, struct past_comment **comments)
{
	struct past_comment *copies = NULL;
	size_t count = 0;
	size_t room = 0;

	for (struct posted *p = list; p; p = p->next) {
		resolve(set, p);
		copies = xgrow(copies, &room, count + 1, sizeof(*copies));
		copies[count++] = p->past;
	}
	if (copies)
		qsort(copies, count, sizeof(*copies), by_number);
	*comments = copies;
	return count;
}

size_t posted_copy_doubts(const struct posted_set *set, struct past_comment **comments)
{
	size_t count = 0;
	struct past_comment *copies = xcalloc(set->doubts.count, sizeof(*copies));

	for (struct table_node *at = NULL; (at = table_next(&set->doubts, at));) {
		struct posted *p = table_member(at, struct posted, node);
		resolve(set, p);
		copies[count++] = p->past;
	}
	*comments = copies;
	return count;
}
