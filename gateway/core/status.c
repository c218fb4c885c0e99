/* SPDX-License-Identifier: MIT
 *
 * One table of fields serves both directions, so that they cannot drift apart.
 */
#include "core/status.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/text.h"
#include "base/words.h"

static const char *const states[] = {
	[STATE_OPEN] = "open",
	[STATE_HELD] = "held",
	[STATE_WAITING] = "waiting",
	[STATE_STOPPED] = "stopped",
};
#define STATE_COUNT (sizeof(states) / sizeof(*states))

enum kind {
	KIND_TEXT,
	KIND_TIME, /* 0: null */
	KIND_STATE,
	KIND_HOLD,
	KIND_COUNT,
	KIND_AGE,  /* -1: null */
	KIND_MSEC, /* 0: null */
	KIND_RATE,
};

struct field {
	const char *name;
	enum kind kind;
	size_t offset;
};

#define OF_SITE(member) offsetof(struct site_status, member)
static const struct field site_fields[] = {
	{"name", KIND_TEXT, OF_SITE(name)},
	{"state", KIND_STATE, OF_SITE(state)},
	{"hold", KIND_HOLD, OF_SITE(hold)},
	{"incoming", KIND_COUNT, OF_SITE(incoming)},
	{"sending", KIND_COUNT, OF_SITE(sending)},
	{"deferred", KIND_COUNT, OF_SITE(deferred)},
	{"unknown", KIND_COUNT, OF_SITE(unknown)},
	{"failed", KIND_COUNT, OF_SITE(failed)},
	{"sent_today", KIND_COUNT, OF_SITE(sent_today)},
	{"ignored", KIND_COUNT, OF_SITE(ignored)},
	{"unreadable", KIND_COUNT, OF_SITE(unreadable)},
	{"oldest_waiting_s", KIND_AGE, OF_SITE(oldest_waiting_s)},
	{"rate", KIND_RATE, OF_SITE(rate)},
	{"answer_ms", KIND_MSEC, OF_SITE(answer_ms)},
	{NULL, KIND_TEXT, 0},
};

#define OF_HOLD(member) offsetof(struct status_hold, member)
static const struct field hold_fields[] = {
	{"since", KIND_TIME, OF_HOLD(since)},
	{"reason", KIND_TEXT, OF_HOLD(reason)},
	{"said", KIND_TEXT, OF_HOLD(said)},
	{"remedy", KIND_TEXT, OF_HOLD(remedy)},
	{"next_try", KIND_TIME, OF_HOLD(next_try)},
	{NULL, KIND_TEXT, 0},
};

const char *state_name(enum site_state state)
{
	assert(state < STATE_COUNT);
	return states[state];
}

struct status_hold status_low_space(usec_t since)
{
	return (struct status_hold){
		.since = since,
		.reason = STATUS_NO_SPACE,
		.said = N_("less than min_free is left on the spool's file system"),
		.remedy = N_("make room there: new files wait in incoming/ until then"),
	};
}

/* --- writing --- */

static void add_text(struct buf *out, const char *text)
{
	if (text)
		text_add_json(out, text, strlen(text));
	else
		buf_add_text(out, "null");
}

static void add_time(struct buf *out, usec_t at)
{
	if (at) {
		buf_add_char(out, '"');
		times_add_utc(out, at);
		buf_add_char(out, '"');
	} else {
		buf_add_text(out, "null");
	}
}

static void add_number(struct buf *out, int64_t number, int64_t nothing)
{
	if (number == nothing)
		buf_add_text(out, "null");
	else
		buf_add_format(out, "%" PRId64, number);
}

/* Without a decimal point of some locale: thousandths are whole numbers. */
static void add_rate(struct buf *out, double rate)
{
	uint64_t thousandths = (uint64_t)(rate * 1000 + 0.5);
	buf_add_format(
		out, "%" PRIu64 ".%03" PRIu64, thousandths / 1000, thousandths % 1000);
}

static void add_object(struct buf *out, const struct field *fields, const void *from);

/* NOLINTNEXTLINE(misc-no-recursion): a hold within a site, no deeper */
static void add_value(struct buf *out, enum kind kind, const void *from)
{
	const struct status_hold *hold = from;
	switch (kind) {
	case KIND_TEXT:
		add_text(out, *(const char *const *)from);
		break;
	case KIND_TIME:
		add_time(out, *(const usec_t *)from);
		break;
	case KIND_STATE:
		add_text(out, state_name(*(const enum site_state *)from));
		break;
	case KIND_HOLD:
		if (hold->reason)
			add_object(out, hold_fields, hold);
		else
			buf_add_text(out, "null");
		break;
	case KIND_COUNT:
		buf_add_format(out, "%" PRIu64, *(const uint64_t *)from);
		break;
	case KIND_AGE:
		add_number(out, *(const int64_t *)from, -1);
		break;
	case KIND_MSEC:
		add_number(out, *(const msec_t *)from, 0);
		break;
	case KIND_RATE:
		add_rate(out, *(const double *)from);
		break;
	}
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static void add_object(struct buf *out, const struct field *fields, const void *from)
{
	for (const struct field *f = fields; f->name; f++) {
		buf_add_format(out, "%c\"%s\":", f == fields ? '{' : ',', f->name);
		add_value(out, f->kind, (const char *)from + f->offset);
	}
	buf_add_char(out, '}');
}

void status_write(struct buf *out, const struct status *status)
{
	buf_add_format(out, "{\"v\":%d,\"updated\":", STATUS_VERSION);
	add_time(out, status->updated);
	buf_add_text(out, ",\"version\":");
	add_text(out, status->version);
	buf_add_text(out, ",\"sites\":[");
	for (size_t i = 0; i < status->count; i++) {
		if (i)
			buf_add_char(out, ',');
		add_object(out, site_fields, &status->sites[i]);
	}
	buf_add_text(out, "]}\n");
}

/* --- reading --- */

static int read_text(const json_t *value, const char **text)
{
	if (!json_is_string(value) && !json_is_null(value))
		return -EINVAL;
	*text = json_string_value(value);
	return 0;
}

static int read_time(const json_t *value, usec_t *at)
{
	*at = 0;
	if (json_is_null(value))
		return 0;
	return json_is_string(value) ? times_parse_utc(json_string_value(value), at)
				     : -EINVAL;
}

static int read_state(const json_t *value, enum site_state *state)
{
	for (size_t i = 0; json_is_string(value) && i < STATE_COUNT; i++) {
		if (!strcmp(states[i], json_string_value(value))) {
			*state = (enum site_state)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int read_number(const json_t *value, int64_t nothing, int64_t *number)
{
	*number = json_is_null(value) ? nothing : json_integer_value(value);
	return json_is_null(value) || (json_is_integer(value) && *number >= 0) ? 0
									       : -EINVAL;
}

static int read_count(const json_t *value, uint64_t *count)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return -EINVAL;
	*count = (uint64_t)json_integer_value(value);
	return 0;
}

static int read_rate(const json_t *value, double *rate)
{
	if (!json_is_number(value) || json_number_value(value) < 0)
		return -EINVAL;
	*rate = json_number_value(value);
	return 0;
}

static int read_object(const json_t *object, const struct field *fields, void *to);

/* NOLINTNEXTLINE(misc-no-recursion) */
static int read_value(const json_t *value, enum kind kind, void *to)
{
	switch (kind) {
	case KIND_TEXT:
		return read_text(value, to);
	case KIND_TIME:
		return read_time(value, to);
	case KIND_STATE:
		return read_state(value, to);
	case KIND_HOLD:
		return json_is_null(value) ? 0 : read_object(value, hold_fields, to);
	case KIND_COUNT:
		return read_count(value, to);
	case KIND_AGE:
		return read_number(value, -1, to);
	case KIND_MSEC:
		return read_number(value, 0, to);
	case KIND_RATE:
		return read_rate(value, to);
	}
	return -EINVAL;
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static int read_object(const json_t *object, const struct field *fields, void *to)
{
	for (const struct field *f = fields; f->name; f++) {
		const json_t *value = json_object_get(object, f->name);
		int r = value ? read_value(value, f->kind, (char *)to + f->offset)
			      : -EINVAL;
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_sites(const json_t *sites, struct status *status)
{
	if (!json_is_array(sites))
		return -EINVAL;
	status->count = json_array_size(sites);
	status->sites = xcalloc(status->count, sizeof(status->sites[0]));
	for (size_t i = 0; i < status->count; i++) {
		int r = read_object(
			json_array_get(sites, i), site_fields, &status->sites[i]);
		if (r < 0)
			return r;
		if (!status->sites[i].name)
			return -EINVAL;
	}
	return 0;
}

int status_parse(const char *bytes, size_t len, struct status *status)
{
	auto_with(status_done) struct status parsed = {0};
	json_t *root = NULL;

	if (len > STATUS_MAX_BYTES)
		return -EINVAL;
	parsed.source = root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);
	if (json_integer_value(json_object_get(root, "v")) != STATUS_VERSION)
		return -EINVAL;
	int r = read_time(json_object_get(root, "updated"), &parsed.updated);
	if (r == 0)
		r = read_text(json_object_get(root, "version"), &parsed.version);
	if (r == 0)
		r = read_sites(json_object_get(root, "sites"), &parsed);
	if (r < 0)
		return r;
	*status = parsed;
	/* cppcheck-suppress unreadVariable ; or status_done() would free it */
	parsed = (struct status){0};
	return 0;
}

void status_done(struct status *status)
{
	free(status->sites);
	json_decref(status->source);
	*status = (struct status){0};
}
