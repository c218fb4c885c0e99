/* SPDX-License-Identifier: MIT
 *
 * An entry is in exactly one of these states, and in a heap while it is in the first two:
 *
 *   SETTLING    watched for quiet; heap `due`, by deadline
 *   READY       heap `ready`, backlog first
 *   LINKED      has other names and was looked at often enough
 *   UNREADABLE  could not be opened
 */
#include "core/intake.h"

#include <assert.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/table.h"
#include "core/intake_entry.h"

enum state { STATE_SETTLING, STATE_READY, STATE_LINKED, STATE_UNREADABLE, STATE_COUNT };

struct intake {
	char *pattern;
	msec_t settle;
	struct entries entries;
	struct heap due;
	struct heap ready;
	size_t counts[STATE_COUNT];
	size_t backlog_settling; /* nothing overtakes these */
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

static bool holds_others_back(const struct entry *e)
{
	return e->state == STATE_SETTLING && e->is_backlog;
}

static void leave_state(struct intake *in, struct entry *e)
{
	if (e->state == STATE_SETTLING)
		heap_remove(&in->due, e);
	else if (e->state == STATE_READY)
		heap_remove(&in->ready, e);
	in->counts[e->state]--;
	in->backlog_settling -= holds_others_back(e);
}

static void enter_state(struct intake *in, struct entry *e, enum state state)
{
	e->state = (uint8_t)state;
	if (state == STATE_SETTLING)
		heap_add(&in->due, e);
	else if (state == STATE_READY)
		heap_add(&in->ready, e);
	in->counts[state]++;
	in->backlog_settling += holds_others_back(e);
}

static void drop_entry(struct intake *in, struct entry *e)
{
	leave_state(in, e);
	entries_drop(&in->entries, e);
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
	entry_set_due(e, now + in->settle);
	e->order = s->changed;
	enter_state(in, e, STATE_SETTLING);
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
		enter_state(in, e, STATE_LINKED);
	}
}

static void see_new(struct intake *in, const char *name, enum sign sign,
	const struct sighting *s, msec_t now)
{
	struct entry *e = entries_add(&in->entries, name);
	e->is_seen = true;
	e->is_backlog = sign == SIGN_SCAN;
	if (s->links > 1)
		see_linked(in, e, sign, s, now);
	else if (sign == SIGN_ARRIVED)
		make_ready(in, e);
	else
		settle(in, e, s, now);
}

static void see_again(struct intake *in, struct entry *e, enum sign sign,
	const struct sighting *s, msec_t now)
{
	bool is_same = e->state == STATE_SETTLING && fingerprint(s) == e->fingerprint;
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

void intake_set(struct intake *in, const char *pattern, msec_t settle_for)
{
	free(in->pattern);
	in->pattern = xstrdup(pattern);
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
	e->is_seen = true;
	/* Those left alone until the next scan get their look now. */
	return e->state == STATE_SETTLING || e->state == STATE_READY;
}

void intake_see(struct intake *in, const char *name, enum sign sign,
	const struct sighting *sighting, msec_t now)
{
	struct entry *e = entries_find(&in->entries, name);
	if (!e) {
		see_new(in, name, sign, sighting, now);
		return;
	}
	e->is_seen = true;
	bool is_passive = e->state == STATE_LINKED || e->state == STATE_UNREADABLE;
	/* A ready one stays so, unless the look before its claim found another link. */
	bool is_waiting =
		e->state == STATE_READY && (sign != SIGN_LOOK || sighting->links <= 1);
	/* And a touch or a listing is no news of one that settles.
	 */
	if (is_waiting || (!is_passive && sign != SIGN_ARRIVED && sign != SIGN_LOOK))
		return;
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
}

void intake_scan_end(struct intake *in)
{
	for (struct entry *e = entries_next(&in->entries, NULL), *next; e; e = next) {
		next = entries_next(&in->entries, e);
		if (!e->is_seen)
			drop_entry(in, e);
	}
}

const char *intake_look(const struct intake *in, msec_t now, msec_t *due)
{
	const struct entry *first = heap_first(&in->due);
	*due = first ? entry_due(first) : MSEC_NEVER;
	return first && *due <= now ? first->name : NULL;
}

const char *intake_next(const struct intake *in, bool *was_quiet)
{
	const struct entry *first = heap_first(&in->ready);
	if (in->backlog_settling || !first)
		return NULL;
	*was_quiet = first->is_quiet;
	return first->name;
}

bool intake_has_changed(
	const struct intake *in, const char *name, const struct sighting *sighting)
{
	const struct entry *e = entries_find(&in->entries, name);
	return !e || fingerprint(sighting) != e->fingerprint;
}

void intake_distrust(
	struct intake *in, const char *name, const struct sighting *sighting, msec_t now)
{
	struct entry *e = entries_find(&in->entries, name);
	if (e)
		leave_state(in, e);
	else
		e = entries_add(&in->entries, name);
	e->is_seen = true;
	e->is_doubted = true;
	e->is_backlog = false;
	settle(in, e, sighting, now);
}

bool intake_set_aside(struct intake *in, const char *name)
{
	struct entry *e = entries_find(&in->entries, name);
	assert(e);
	leave_state(in, e);
	enter_state(in, e, STATE_UNREADABLE);
	bool is_first = !e->is_told;
	e->is_told = true;
	return is_first;
}

void intake_count(const struct intake *in, struct intake_counts *counts)
{
	*counts = (struct intake_counts){
		.ready = in->counts[STATE_READY],
		.settling = in->counts[STATE_SETTLING],
		.linked = in->counts[STATE_LINKED],
		.unreadable = in->counts[STATE_UNREADABLE],
	};
}
