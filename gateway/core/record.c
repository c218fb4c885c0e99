/* SPDX-License-Identifier: MIT
 *
 * Written by hand because every comment costs two lines, read by a library because a
 * journal may come back from a broken disk. One table of keys serves both directions, so
 * that they cannot drift apart.
 */
#include "core/record.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"

/* What an event cannot do without. A comment has number, order and id. */
enum { NEEDS_CLAIM = 1, NEEDS_COMMENT = 2, NEEDS_RESULT = 4, NEEDS_TO = 8 };

static const struct {
	const char *name;
	unsigned needs;
} events[] = {
	[EVENT_START] = {"start", 0},
	[EVENT_STOP] = {"stop", 0},
	[EVENT_READING] = {"reading", NEEDS_CLAIM},
	[EVENT_READ] = {"read", NEEDS_CLAIM | NEEDS_RESULT},
	[EVENT_RETURNED] = {"returned", NEEDS_CLAIM},
	[EVENT_POSTING] = {"posting", NEEDS_CLAIM | NEEDS_COMMENT},
	[EVENT_OUTCOME] = {"outcome", NEEDS_CLAIM | NEEDS_COMMENT | NEEDS_RESULT},
	[EVENT_REST] = {"rest", NEEDS_CLAIM | NEEDS_TO},
	[EVENT_SETTLED] = {"settled", NEEDS_CLAIM | NEEDS_TO},
	[EVENT_WITHDRAWN] = {"withdrawn", NEEDS_CLAIM},
	[EVENT_HOLD] = {"hold", 0},
	[EVENT_OPEN] = {"open", 0},
	[EVENT_CHECKPOINT] = {"checkpoint", 0},
	[EVENT_CHECKPOINT_END] = {"checkpoint-end", 0},
};

#define EVENT_COUNT (sizeof(events) / sizeof(*events))
static_assert(EVENT_COUNT == EVENT_CHECKPOINT_END + 1, "every event has a name");

enum kind {
	KIND_VERSION,
	KIND_TIME,
	KIND_EVENT,
	KIND_MSEC,
	KIND_UNSIGNED, /* absent: 0 */
	KIND_SIZE,     /* likewise */
	KIND_TEXT,     /* absent: NULL */
};

struct key {
	const char *opening; /* as written before the value */
	enum kind kind;
	size_t offset;    /* of its field in a record */
	size_t max_chars; /* of a text; one character takes six bytes at most */
};

#define FIELD(name) offsetof(struct record, name)

/* A line begins with the version, so the first key alone opens the object. */
static const struct key keys[] = {
	{"{\"v\":", KIND_VERSION, 0, 0},
	{",\"t\":", KIND_TIME, FIELD(at), 0},
	{",\"up\":", KIND_MSEC, FIELD(up), 0},
	{",\"boot\":", KIND_TEXT, FIELD(boot), 64},
	{",\"site\":", KIND_TEXT, FIELD(site), 128},
	{",\"ev\":", KIND_EVENT, FIELD(event), 0},
	{",\"claim\":", KIND_TEXT, FIELD(claim), 64},
	{",\"drop\":", KIND_TEXT, FIELD(drop), 255},
	{",\"of\":", KIND_TEXT, FIELD(of), 64},
	{",\"version\":", KIND_TEXT, FIELD(version), 128},
	{",\"n\":", KIND_UNSIGNED, FIELD(number), 0},
	{",\"order\":", KIND_TEXT, FIELD(order), 64},
	{",\"comment\":", KIND_TEXT, FIELD(comment), 64},
	{",\"attempt\":", KIND_UNSIGNED, FIELD(attempt), 0},
	{",\"tries\":", KIND_UNSIGNED, FIELD(tries), 0},
	{",\"seen\":", KIND_UNSIGNED, FIELD(seen), 0},
	{",\"cap\":", KIND_UNSIGNED, FIELD(cap), 0},
	{",\"wait\":", KIND_UNSIGNED, FIELD(wait), 0},
	{",\"refused\":", KIND_UNSIGNED, FIELD(refused), 0},
	{",\"mail\":", KIND_UNSIGNED, FIELD(mail), 0},
	{",\"result\":", KIND_TEXT, FIELD(result), 64},
	{",\"cause\":", KIND_TEXT, FIELD(cause), 64},
	{",\"code\":", KIND_TEXT, FIELD(code), 64},
	{",\"message\":", KIND_TEXT, FIELD(message), 500},
	{",\"count\":", KIND_SIZE, FIELD(count), 0},
	{",\"stored\":", KIND_UNSIGNED, FIELD(stored), 0},
	{",\"mailed\":", KIND_UNSIGNED, FIELD(mailed), 0},
	{",\"sent\":", KIND_SIZE, FIELD(sent), 0},
	{",\"to\":", KIND_TEXT, FIELD(to), 512},
};

#define KEY_COUNT (sizeof(keys) / sizeof(*keys))
#define LONGEST_TEXT_CHARS 512UL

/* Its name stands between {" or ," and ": */
static const char *key_name(const struct key *key)
{
	return key->opening + 2;
}

static int key_len(const struct key *key)
{
	return (int)strlen(key->opening) - 4;
}

static bool is_whole(const struct record *record)
{
	unsigned needs = events[record->event].needs;
	bool is_doubt = record->event == EVENT_CHECKPOINT && !record->claim;
	bool has_comment =
		(record->number || is_doubt) && record->order && record->comment;

	if (record->event == EVENT_CHECKPOINT && (record->number || !record->claim))
		needs = NEEDS_COMMENT | NEEDS_RESULT;
	if (record->number)
		needs |= NEEDS_COMMENT;
	return (record->claim || !(needs & NEEDS_CLAIM)) &&
	       (has_comment || !(needs & NEEDS_COMMENT)) &&
	       (record->result || !(needs & NEEDS_RESULT)) &&
	       (record->to || !(needs & NEEDS_TO));
}

static const void *field(const struct record *record, const struct key *key)
{
	return (const char *)record + key->offset;
}

/* Bytes of the first max_chars characters; a broken byte counts as one. */
static size_t leading(const char *text, size_t len, size_t max_chars)
{
	size_t at = 0;

	while (at < len && max_chars--) {
		size_t step = text_char_len(text + at, len - at);
		at += step ? step : 1;
	}
	return at;
}

static void add_text(struct buf *out, const char *text, size_t max_chars)
{
	static const char ellipsis[] = "…";
	char cut[LONGEST_TEXT_CHARS * 4 + sizeof(ellipsis)];
	size_t len = strlen(text);
	size_t kept = len <= max_chars ? len : leading(text, len, max_chars);

	if (kept == len) {
		text_add_json(out, text, len);
		return;
	}
	kept = leading(text, len, max_chars - 1);
	memcpy(cut, text, kept);
	memcpy(cut + kept, ellipsis, sizeof(ellipsis));
	text_add_json(out, cut, kept + sizeof(ellipsis) - 1);
}

static void add_time(struct buf *out, usec_t at)
{
	buf_add_char(out, '"');
	times_add_utc(out, at);
	buf_add_char(out, '"');
}

static bool is_absent(const struct record *record, const struct key *key)
{
	const void *from = field(record, key);

	switch (key->kind) {
	case KIND_TEXT:
		return !*(const char *const *)from;
	case KIND_UNSIGNED:
		return !*(const unsigned *)from;
	case KIND_SIZE:
		return !*(const size_t *)from;
	default:
		return false;
	}
}

static void add_value(struct buf *out, const struct record *record, const struct key *key)
{
	const void *from = field(record, key);

	switch (key->kind) {
	case KIND_VERSION:
		buf_add_number(out, RECORD_VERSION);
		break;
	case KIND_TIME:
		add_time(out, *(const usec_t *)from);
		break;
	case KIND_EVENT:
		text_add_json(out, event_name(record->event),
			strlen(event_name(record->event)));
		break;
	case KIND_MSEC:
		buf_add_number(out, (uint64_t) * (const msec_t *)from);
		break;
	case KIND_UNSIGNED:
		buf_add_number(out, *(const unsigned *)from);
		break;
	case KIND_SIZE:
		buf_add_number(out, *(const size_t *)from);
		break;
	case KIND_TEXT:
		add_text(out, *(const char *const *)from, key->max_chars);
		break;
	}
}

static int parse_time(const char *text, usec_t *at)
{
	static const char form[] = "2026-11-23T10:15:30.123456Z";

	if (strlen(text) != sizeof(form) - 1)
		return -EINVAL;
	return times_parse_utc(text, at);
}

static int parse_event(const char *name, enum event *event)
{
	for (unsigned i = 0; i < EVENT_COUNT; i++) {
		if (!strcmp(events[i].name, name)) {
			*event = (enum event)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_text(const struct key *key, const char *text, void *to)
{
	switch (key->kind) {
	case KIND_TIME:
		return parse_time(text, to);
	case KIND_EVENT:
		return parse_event(text, to);
	case KIND_TEXT:
		*(const char **)to = text;
		return 0;
	default:
		return -EINVAL;
	}
}

static int parse_number(const struct key *key, json_int_t number, void *to)
{
	if (number < 0)
		return -EINVAL;
	switch (key->kind) {
	case KIND_VERSION:
		return number == RECORD_VERSION ? 0 : -EINVAL;
	case KIND_MSEC:
		*(msec_t *)to = number;
		return 0;
	case KIND_UNSIGNED:
		if (number > UINT_MAX)
			return -EINVAL;
		*(unsigned *)to = (unsigned)number;
		return 0;
	case KIND_SIZE:
		*(size_t *)to = (size_t)number;
		return 0;
	default:
		return -EINVAL;
	}
}

static bool is_mandatory(const struct key *key)
{
	return key->kind == KIND_VERSION || key->kind == KIND_TIME ||
	       key->kind == KIND_EVENT || key->kind == KIND_MSEC;
}

static int parse_value(const struct key *key, const json_t *value, struct record *record)
{
	void *to = (char *)record + key->offset;

	if (!value)
		return is_mandatory(key) ? -EINVAL : 0;
	if (json_is_string(value))
		return parse_text(key, json_string_value(value), to);
	if (json_is_integer(value))
		return parse_number(key, json_integer_value(value), to);
	return -EINVAL;
}

static void drop_json(json_t **json)
{
	json_decref(*json);
}

#define auto_json auto_with(drop_json)

void record_write(struct buf *out, const struct record *record)
{
	assert(record->event < EVENT_COUNT);
	assert(is_whole(record));
	assert(record->up >= 0);

	for (const struct key *key = keys; key < keys + KEY_COUNT; key++) {
		if (is_absent(record, key))
			continue;
		buf_add_text(out, key->opening);
		add_value(out, record, key);
	}
	buf_add(out, "}\n", 2);
}

int record_parse(const char *line, size_t len, struct record *record)
{
	if (len >= RECORD_MAX_BYTES)
		return -EINVAL;

	auto_json json_t *root = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(root))
		return -EINVAL;

	struct record parsed = {0};
	for (const struct key *key = keys; key < keys + KEY_COUNT; key++) {
		const json_t *value =
			json_object_getn(root, key_name(key), (size_t)key_len(key));
		int r = parse_value(key, value, &parsed);
		if (r < 0)
			return r;
	}
	if (!is_whole(&parsed))
		return -EINVAL;
	parsed.source = take_ptr(root);
	*record = parsed;
	return 0;
}

bool record_is_later(const char *line, size_t len)
{
	auto_json json_t *root = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *version = json_object_get(root, "v");

	return json_is_integer(version) && json_integer_value(version) > RECORD_VERSION;
}

void record_done(struct record *record)
{
	json_decref(record->source);
	*record = (struct record){0};
}

const char *event_name(enum event event)
{
	assert(event < EVENT_COUNT);
	return events[event].name;
}

void record_describe(struct buf *out)
{
	for (size_t i = 0; i < EVENT_COUNT; i++)
		buf_add_format(out, "event\t%s\n", events[i].name);
	for (const struct key *key = keys; key < keys + KEY_COUNT; key++)
		buf_add_format(out, "key\t%.*s\n", key_len(key), key_name(key));
}
