/* SPDX-License-Identifier: MIT
 *
 * An entry is in exactly one of these states, and in a heap while it is in the first
 * three:
 *
 *   SETTLING    watched for quiet; heap `due`, by deadline
 *   BACKLOG     watched for quiet, all until backlog_due; heap `ready`, so that a million
 *               of them need no second look, but that of their claims
 *   READY       heap `ready`, backlog first
 *   LINKED      has other names and was looked at often enough
 *   UNREADABLE  could not be opened
 *   ODD         is no regular file
 */
#include "core/intake.h"

#include <assert.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/table.h"
#include "core/intake_entry.h"

enum state {
	STATE_SETTLING,
	STATE_BACKLOG,
	STATE_READY,
	STATE_LINKED,
	STATE_UNREADABLE,
	STATE_ODD,
	STATE_COUNT,
};

struct intake {
	char *pattern;
	msec_t settle;
	struct entries entries;
	struct heap due;
	struct heap ready;
	size_t counts[STATE_COUNT];
	msec_t backlog_due;
	size_t unseen;         /* by the scan under way */
	int64_t oldest_aside;  /* no later than any of them, */
	bool is_oldest_behind; /* earlier, as that one left */
	int64_t next_number;
};

/* --- entries --- */

static bool due_before(const struct entry *a, const struct entry *b)
{
	return entry_due(a) < entry_due(b);
}

static bool ready_before(const struct entry *a, const struct entry *b)
{
	if (a->is_backlog != b->is_backlog)
		return a->is_backlog;
	if (a->order != b->order)
		return a->order < b->order;
	return strverscmp(a->name, b->name) < 0;
}

/* Those that were left alone until the next scan are in no heap. */
static bool is_left_alone(const struct entry *e)
{
	return e->state == STATE_LINKED || e->state == STATE_UNREADABLE ||
	       e->state == STATE_ODD;
}

static struct heap *heap_of(struct intake *in, const struct entry *e)
{
	return e->state == STATE_SETTLING ? &in->due : &in->ready;
}

/* These know when they came: their order is the ctime, 0 if it could not be had. */
static bool is_aside(const struct entry *e)
{
	return e->state == STATE_SETTLING || e->state == STATE_LINKED ||
	       e->state == STATE_UNREADABLE;
}

static void leave_state(struct intake *in, struct entry *e)
{
	if (is_aside(e) && e->order == in->oldest_aside)
		in->is_oldest_behind = true;
	if (!is_left_alone(e))
		heap_remove(heap_of(in, e), e);
	in->counts[e->state]--;
}

static void enter_state(struct intake *in, struct entry *e, enum state state)
{
	e->state = (uint8_t)state;
	if (!is_left_alone(e))
		heap_add(heap_of(in, e), e);
	in->counts[state]++;
	if (is_aside(e) && e->order && e->order < in->oldest_aside)
		in->oldest_aside = e->order;
}

static void drop_entry(struct intake *in, struct entry *e)
{
	leave_state(in, e);
	in->unseen -= !e->is_seen;
	entries_drop(&in->entries, e);
}

static void mark_seen(struct intake *in, struct entry *e)
{
	in->unseen -= !e->is_seen;
	e->is_seen = true;
}

static struct entry *add_entry(struct intake *in, const char *name)
{
	struct entry *e = entries_add(&in->entries, name);
	e->is_seen = true;
	return e;
}

/* One change in four thousand million has the same. */
static uint32_t fingerprint(const struct sighting *s)
{
	const uint64_t facts[] = {
		s->inode, s->size, (uint64_t)s->modified, (uint64_t)s->changed, s->links};
	return (uint32_t)table_hash(facts, sizeof(facts));
}

static void settle(
	struct intake *in, struct entry *e, const struct sighting *s, msec_t now)
{
	e->fingerprint = fingerprint(s);
	e->order = s->changed;
	entry_set_due(e, now + in->settle);
	enter_state(in, e, STATE_SETTLING);
}

static void see_backlog(
	struct intake *in, struct entry *e, const struct sighting *s, msec_t now)
{
	e->is_backlog = true;
	e->fingerprint = fingerprint(s);
	e->order = s->changed;
	in->backlog_due = now + in->settle;
	enter_state(in, e, STATE_BACKLOG);
}

static void make_ready(struct intake *in, struct entry *e)
{
	if (!e->is_backlog)
		e->order = in->next_number++;
	enter_state(in, e, STATE_READY);
}

/* Somebody else holds another name of it, and could still write to it by that. Only our
 * own looks count: alarms may come many at a time. */
static void see_linked(struct intake *in, struct entry *e, enum sign sign,
	const struct sighting *s, msec_t now)
{
	e->is_backlog = false;
	if (sign != SIGN_LOOK || ++e->link_looks < INTAKE_LINK_LOOKS) {
		settle(in, e, s, now);
	} else {
		e->link_looks = 0;
		e->order = s->changed;
		enter_state(in, e, STATE_LINKED);
	}
}

static void see_new(struct intake *in, const char *name, enum sign sign,
	const struct sighting *s, msec_t now)
{
	struct entry *e = add_entry(in, name);
	if (s->links > 1)
		see_linked(in, e, sign, s, now);
	else if (sign == SIGN_ARRIVED)
		make_ready(in, e);
	else if (sign == SIGN_SCAN)
		see_backlog(in, e, s, now);
	else
		settle(in, e, s, now);
}

static void see_again(struct intake *in, struct entry *e, enum sign sign,
	const struct sighting *s, msec_t now)
{
	bool is_watched = e->state == STATE_SETTLING || e->state == STATE_BACKLOG;
	bool is_same = is_watched && fingerprint(s) == e->fingerprint;
	bool has_arrived = sign == SIGN_ARRIVED && !e->is_doubted;
	if (is_same && !has_arrived && sign != SIGN_LOOK)
		return;
	leave_state(in, e);
	if (s->links > 1) {
		see_linked(in, e, sign, s, now);
	} else if (has_arrived || is_same) {
		e->is_backlog = e->is_backlog && is_same;
		e->is_quiet = sign == SIGN_LOOK;
		make_ready(in, e);
	} else {
		e->is_backlog = false;
		settle(in, e, s, now);
	}
}

/* --- the interface --- */

struct intake *intake_new(const char *pattern, msec_t settle_for)
{
	struct intake *in = xcalloc(1, sizeof(*in));
	in->due = (struct heap){.set = &in->entries, .is_before = due_before};
	in->ready = (struct heap){.set = &in->entries, .is_before = ready_before};
	in->oldest_aside = INT64_MAX;
	intake_set(in, pattern, settle_for);
	return in;
}

void intake_free(struct intake *in)
{
	if (!in)
		return;
	heap_done(&in->due);
	heap_done(&in->ready);
	entries_done(&in->entries);
	free(in->pattern);
	free(in);
}

/* All by the same, so the heap stays one. */
static void shift_deadlines(struct intake *in, msec_t by)
{
	in->backlog_due += by;
	for (struct entry *e = NULL; (e = entries_next(&in->entries, e));)
		if (e->state == STATE_SETTLING)
			entry_set_due(e, entry_due(e) + by);
}

void intake_set(struct intake *in, const char *pattern, msec_t settle_for)
{
	free(in->pattern);
	in->pattern = xstrdup(pattern);
	shift_deadlines(in, settle_for - in->settle);
	in->settle = settle_for;
}

static bool ends_with(const char *name, size_t len, const char *end)
{
	size_t end_len = strlen(end);
	return len >= end_len && !memcmp(name + len - end_len, end, end_len);
}

bool intake_wants(const struct intake *in, const char *name)
{
	static const char *const never[] = {
		".tmp", ".part", ".filepart", "~", ".reason.txt"};
	size_t len = strlen(name);
	if (name[0] == '.')
		return false;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (ends_with(name, len, never[i]))
			return false;
	return !fnmatch(in->pattern, name, 0);
}

bool intake_knows(struct intake *in, const char *name)
{
	struct entry *e = entries_find(&in->entries, name);
	if (!e)
		return false;
	mark_seen(in, e);
	return !is_left_alone(e); /* those get their look now */
}

void intake_see(struct intake *in, const char *name, enum sign sign,
	const struct sighting *sighting, msec_t now)
{
	struct entry *e = entries_find(&in->entries, name);
	if (e && e->state == STATE_ODD) {
		drop_entry(in, e);
		e = NULL;
	}
	if (!e) {
		see_new(in, name, sign, sighting, now);
		return;
	}
	mark_seen(in, e);
	/* A touch or a listing is no news of one that is watched, and a ready one is looked
	 * at before its claim. */
	bool is_news = is_left_alone(e) || sign == SIGN_ARRIVED || sign == SIGN_LOOK;
	if (is_news && e->state != STATE_READY)
		see_again(in, e, sign, sighting, now);
}

void intake_forget(struct intake *in, const char *name)
{
	struct entry *e = entries_find(&in->entries, name);
	if (e)
		drop_entry(in, e);
}

void intake_scan_begin(struct intake *in)
{
	for (struct entry *e = NULL; (e = entries_next(&in->entries, e));)
		e->is_seen = false;
	in->unseen = in->entries.count;
}

void intake_scan_end(struct intake *in)
{
	struct entry *e = in->unseen ? entries_next(&in->entries, NULL) : NULL;
	for (struct entry *next; e; e = next) {
		next = entries_next(&in->entries, e);
		if (!e->is_seen)
			drop_entry(in, e);
	}
}

static bool is_watching_backlog(const struct intake *in, msec_t now)
{
	return in->counts[STATE_BACKLOG] && now < in->backlog_due;
}

const char *intake_look(const struct intake *in, msec_t now, msec_t *due)
{
	const struct entry *first = heap_first(&in->due);
	msec_t backlog = is_watching_backlog(in, now) ? in->backlog_due : MSEC_NEVER;
	*due = msec_min(first ? entry_due(first) : MSEC_NEVER, backlog);
	return first && entry_due(first) <= now ? first->name : NULL;
}

const char *intake_next(const struct intake *in, msec_t now)
{
	const struct entry *first = heap_first(&in->ready);
	return first && !is_watching_backlog(in, now) ? first->name : NULL;
}

bool intake_confirm(struct intake *in, const char *name, const struct sighting *sighting,
	msec_t now, bool *was_quiet)
{
	struct entry *e = entries_find(&in->entries, name);
	assert(e);
	/* It may have waited long: what was quiet then may be being written now. */
	bool has_changed = fingerprint(sighting) != e->fingerprint;
	*was_quiet = e->is_quiet || e->state == STATE_BACKLOG;
	if (sighting->links == 1 && !(has_changed && *was_quiet))
		return true;
	see_again(in, e, SIGN_LOOK, sighting, now);
	return false;
}

void intake_distrust(
	struct intake *in, const char *name, const struct sighting *sighting, msec_t now)
{
	struct entry *e = entries_find(&in->entries, name);
	if (e)
		leave_state(in, e);
	else
		e = add_entry(in, name);
	mark_seen(in, e);
	e->is_doubted = true;
	e->is_backlog = false;
	settle(in, e, sighting, now);
}

bool intake_set_aside(struct intake *in, const char *name, int64_t changed)
{
	struct entry *e = entries_find(&in->entries, name);
	assert(e);
	leave_state(in, e);
	e->order = changed;
	enter_state(in, e, STATE_UNREADABLE);
	bool is_first = !e->is_told;
	e->is_told = true;
	return is_first;
}

bool intake_pass_over(struct intake *in, const char *name)
{
	struct entry *e = entries_find(&in->entries, name);
	bool is_known = e && e->state == STATE_ODD;
	if (e && !is_known)
		drop_entry(in, e);
	if (!is_known) {
		e = add_entry(in, name);
		enter_state(in, e, STATE_ODD);
	}
	mark_seen(in, e);
	return !is_known;
}

/* Among a million that is no quick look, so it is had only when the oldest has left. */
static void find_oldest_aside(struct intake *in)
{
	size_t count = in->counts[STATE_SETTLING] + in->counts[STATE_LINKED] +
		       in->counts[STATE_UNREADABLE];
	if (count && !in->is_oldest_behind)
		return;
	in->is_oldest_behind = false;
	in->oldest_aside = INT64_MAX;
	const struct entry *e = count ? entries_next(&in->entries, NULL) : NULL;
	for (; e; e = entries_next(&in->entries, e))
		if (is_aside(e) && e->order && e->order < in->oldest_aside)
			in->oldest_aside = e->order;
}

int64_t intake_oldest(struct intake *in)
{
	const struct entry *first = heap_first(&in->ready);
	int64_t backlog = first && first->is_backlog ? first->order : INT64_MAX;
	find_oldest_aside(in);
	return backlog < in->oldest_aside ? backlog : in->oldest_aside;
}

size_t intake_waiting(const struct intake *in)
{
	return in->entries.count - in->counts[STATE_ODD];
}

void intake_count(const struct intake *in, msec_t now, struct intake_counts *counts)
{
	size_t watched = is_watching_backlog(in, now) ? in->counts[STATE_BACKLOG] : 0;
	*counts = (struct intake_counts){
		.ready = in->counts[STATE_READY] + in->counts[STATE_BACKLOG] - watched,
		.settling = in->counts[STATE_SETTLING] + watched,
		.linked = in->counts[STATE_LINKED],
		.unreadable = in->counts[STATE_UNREADABLE],
		.odd = in->counts[STATE_ODD],
	};
}
