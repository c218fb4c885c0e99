/* SPDX-License-Identifier: MIT */
#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

struct unit {
	const char *suffix;
	int64_t factor;
};

/* Largest first: the first that divides a value is the one to write it with. */
static const struct unit durations[] = {
	{"d", 24 * MSEC_HOUR},
	{"h", MSEC_HOUR},
	{"m", MSEC_MINUTE},
	{"s", MSEC_SECOND},
	{"ms", 1},
	{NULL, 0},
};
static const struct unit sizes[] = {
	{"G", INT64_C(1) << 30},
	{"M", INT64_C(1) << 20},
	{"K", INT64_C(1) << 10},
	{"", 1},
	{NULL, 0},
};

static const struct unit *unit_named(const struct unit *units, const char *suffix)
{
	for (; units->suffix; units++)
		if (!strcmp(units->suffix, suffix))
			return units;
	return NULL;
}

static int parse(const char *text, const struct unit *units, int64_t *value)
{
	if (!isdigit((unsigned char)*text))
		return -EINVAL;

	char *suffix = NULL;
	errno = 0;
	long long number = strtoll(text, &suffix, 10);
	if (errno == ERANGE)
		return -ERANGE;
	bool is_plain_zero = number == 0 && !*suffix;
	const struct unit *unit = unit_named(units, suffix);
	if (!unit && !is_plain_zero)
		return -EINVAL;
	if (unit && __builtin_mul_overflow(number, unit->factor, &number))
		return -ERANGE;
	*value = number;
	return 0;
}

static void add(struct buf *b, const struct unit *units, int64_t value)
{
	while (units[1].suffix && value % units->factor)
		units++;
	buf_add_format(b, "%" PRId64 "%s", value / units->factor, units->suffix);
}

int units_parse_duration(const char *text, msec_t *duration)
{
	return parse(text, durations, duration);
}

int units_parse_size(const char *text, uint64_t *bytes)
{
	int64_t value = 0;
	int r = parse(text, sizes, &value);
	if (r < 0)
		return r;
	*bytes = (uint64_t)value;
	return 0;
}

void units_add_duration(struct buf *b, msec_t duration)
{
	if (duration == 0)
		buf_add_char(b, '0');
	else
		add(b, durations, duration);
}

void units_add_size(struct buf *b, uint64_t bytes)
{
	if (bytes == 0)
		buf_add_char(b, '0');
	else
		add(b, sizes, (int64_t)bytes);
}
