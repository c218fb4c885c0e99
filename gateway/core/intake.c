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

enum state { STATE_SETTLING, STATE_READY, STATE_LINKED, STATE_UNREADABLE, STATE_COUNT };

struct entry {
	struct table_node node;
	uint64_t fingerprint; /* of inode, size and times */
	int64_t order;        /* READY: backlog ctime, else a running number */
	msec_t deadline;      /* SETTLING */
	uint32_t place;       /* in its heap */
	uint8_t state;
	uint8_t link_looks;
	bool is_backlog : 1; /* found by a scan, untouched since */
	bool is_seen : 1;    /* by the scan under way */
	bool is_told : 1;    /* that it cannot be read */
	bool is_doubted : 1; /* only quiet makes it ready */
	bool is_quiet : 1;   /* READY because it was quiet */
	char name[];
};

static_assert(offsetof(struct entry, name) <= 48, "the promise of the header");

typedef bool (*before)(const struct entry *a, const struct entry *b);

struct heap {
	struct entry **entries;
	size_t count, room;
	before is_before;
};

struct intake {
	char *pattern;
	msec_t settle;
	struct table names;
	struct heap due;
	struct heap ready;
	size_t counts[STATE_COUNT];
	size_t backlog_settling; /* nothing overtakes these */
	int64_t next_number;
};

/* --- two heaps of entries --- */

static bool due_before(const struct entry *a, const struct entry *b)
{
	return a->deadline < b->deadline;
}

static bool ready_before(const struct entry *a, const struct entry *b)
{
	if (a->is_backlog != b->is_backlog)
		return a->is_backlog;
	if (a->order != b->order)
		return a->order < b->order;
	return strverscmp(a->name, b->name) < 0;
}

static void heap_put(struct heap *h, size_t place, struct entry *e)
{
	h->entries[place] = e;
	e->place = (uint32_t)place;
}

static void heap_rise(struct heap *h, size_t place, struct entry *e)
{
	while (place) {
		size_t parent = (place - 1) / 2;
		if (!h->is_before(e, h->entries[parent]))
			break;
		heap_put(h, place, h->entries[parent]);
		place = parent;
	}
	heap_put(h, place, e);
}

static void heap_sink(struct heap *h, size_t place, struct entry *e)
{
	for (;;) {
		size_t child = place * 2 + 1;
		if (child >= h->count)
			break;
		if (child + 1 < h->count &&
			h->is_before(h->entries[child + 1], h->entries[child]))
			child++;
		if (!h->is_before(h->entries[child], e))
			break;
		heap_put(h, place, h->entries[child]);
		place = child;
	}
	heap_rise(h, place, e);
}

static void heap_add(struct heap *h, struct entry *e)
{
	h->entries =
		xgrow((void *)h->entries, &h->room, h->count + 1, sizeof(struct entry *));
	heap_rise(h, h->count++, e);
}

static void heap_remove(struct heap *h, const struct entry *e)
{
	size_t place = e->place;
	assert(place < h->count && h->entries[place] == e);
	struct entry *last = h->entries[--h->count];
	if (last != e)
		heap_sink(h, place, last);
}

/* --- entries --- */

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

static struct entry *find(const struct intake *in, const char *name)
{
	uint64_t hash = table_hash(name, strlen(name));
	struct table_node *node = NULL;
	while ((node = table_find(&in->names, hash, node))) {
		struct entry *e = table_member(node, struct entry, node);
		if (!strcmp(e->name, name))
			return e;
	}
	return NULL;
}

static struct entry *add_entry(struct intake *in, const char *name)
{
	size_t len = strlen(name);
	struct entry *e = xcalloc(1, offsetof(struct entry, name) + len + 1);
	memcpy(e->name, name, len + 1);
	table_add(&in->names, &e->node, table_hash(name, len));
	return e;
}

static void drop_entry(struct intake *in, struct entry *e)
{
	leave_state(in, e);
	table_remove(&in->names, &e->node);
	free(e);
}

static uint64_t fingerprint(const struct sighting *s)
{
	const uint64_t facts[] = {
		s->inode, s->size, (uint64_t)s->modified, (uint64_t)s->changed, s->links};
	return table_hash(facts, sizeof(facts));
}

static void settle(
	struct intake *in, struct entry *e, const struct sighting *s, msec_t now)
{
	e->fingerprint = fingerprint(s);
	e->deadline = now + in->settle;
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
	struct entry *e = add_entry(in, name);
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
	in->due.is_before = due_before;
	in->ready.is_before = ready_before;
	intake_set(in, pattern, settle_for);
	return in;
}

void intake_free(struct intake *in)
{
	if (!in)
		return;
	for (struct table_node *node = table_next(&in->names, NULL), *next; node;
		node = next) {
		next = table_next(&in->names, node);
		free(table_member(node, struct entry, node));
	}
	table_done(&in->names);
	free((void *)in->due.entries);
	free((void *)in->ready.entries);
	free(in->pattern);
	free(in);
}

void intake_set(struct intake *in, const char *pattern, msec_t settle_for)
{
	free(in->pattern);
	in->pattern = xstrdup(pattern);
	in->settle = settle_for;
}

bool intake_wants(const struct intake *in, const char *name)
{
	static const char *const never[] = {
		"*.tmp", "*.part", "*.filepart", "*~", "*.reason.txt"};
	if (name[0] == '.')
		return false;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (!fnmatch(never[i], name, 0))
			return false;
	return !fnmatch(in->pattern, name, 0);
}

bool intake_knows(struct intake *in, const char *name)
{
	struct entry *e = find(in, name);
	if (!e)
		return false;
	e->is_seen = true;
	/* Those left alone until the next scan get their look now. */
	return e->state == STATE_SETTLING || e->state == STATE_READY;
}

void intake_see(struct intake *in, const char *name, enum sign sign,
	const struct sighting *sighting, msec_t now)
{
	struct entry *e = find(in, name);
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
	struct entry *e = find(in, name);
	if (e)
		drop_entry(in, e);
}

void intake_scan_begin(struct intake *in)
{
	for (struct table_node *node = NULL; (node = table_next(&in->names, node));)
		table_member(node, struct entry, node)->is_seen = false;
}

void intake_scan_end(struct intake *in)
{
	for (struct table_node *node = table_next(&in->names, NULL), *next; node;
		node = next) {
		next = table_next(&in->names, node);
		struct entry *e = table_member(node, struct entry, node);
		if (!e->is_seen)
			drop_entry(in, e);
	}
}

const char *intake_look(const struct intake *in, msec_t now, msec_t *due)
{
	*due = MSEC_NEVER;
	if (!in->due.count)
		return NULL;
	const struct entry *first = in->due.entries[0];
	*due = first->deadline;
	return first->deadline <= now ? first->name : NULL;
}

const char *intake_next(const struct intake *in, bool *was_quiet)
{
	if (in->backlog_settling || !in->ready.count)
		return NULL;
	*was_quiet = in->ready.entries[0]->is_quiet;
	return in->ready.entries[0]->name;
}

bool intake_has_changed(
	const struct intake *in, const char *name, const struct sighting *sighting)
{
	const struct entry *e = find(in, name);
	return !e || fingerprint(sighting) != e->fingerprint;
}

void intake_distrust(
	struct intake *in, const char *name, const struct sighting *sighting, msec_t now)
{
	struct entry *e = find(in, name);
	if (e)
		leave_state(in, e);
	else
		e = add_entry(in, name);
	e->is_seen = true;
	e->is_doubted = true;
	e->is_backlog = false;
	settle(in, e, sighting, now);
}

bool intake_set_aside(struct intake *in, const char *name)
{
	struct entry *e = find(in, name);
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
