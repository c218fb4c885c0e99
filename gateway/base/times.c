/* SPDX-License-Identifier: MIT */
#include "base/times.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"

/* Years are those of four digits: what a wrong clock says beyond them is cut to them. */
#define USEC_LAST (INT64_C(253402300800) * USEC_SECOND - 1)

static struct tm broken_down(usec_t at, int is_local, long *micros)
{
	if (at < 0)
		at = 0;
	if (at > USEC_LAST)
		at = USEC_LAST;

	time_t seconds = (time_t)(at / USEC_SECOND);
	struct tm tm = {0};
	*micros = (long)(at % USEC_SECOND);
	if (is_local)
		localtime_r(&seconds, &tm);
	else
		gmtime_r(&seconds, &tm);
	return tm;
}

/* Every record has a time, and printf(3) would be a third of what a record costs. */
static void add_digits(struct buf *b, long number, size_t width)
{
	char text[8];
	for (size_t i = width; i--; number /= 10)
		text[i] = (char)('0' + number % 10);
	buf_add(b, text, width);
}

static void add_day(struct buf *b, const struct tm *tm)
{
	add_digits(b, tm->tm_year + 1900L, 4);
	buf_add_char(b, '-');
	add_digits(b, tm->tm_mon + 1L, 2);
	buf_add_char(b, '-');
	add_digits(b, tm->tm_mday, 2);
}

static void add_clock(struct buf *b, const struct tm *tm)
{
	add_digits(b, tm->tm_hour, 2);
	buf_add_char(b, ':');
	add_digits(b, tm->tm_min, 2);
	buf_add_char(b, ':');
	add_digits(b, tm->tm_sec, 2);
}

static void add_micros(struct buf *b, long micros)
{
	buf_add_char(b, '.');
	add_digits(b, micros, 6);
	buf_add_char(b, 'Z');
}

void times_add_stamp(struct buf *b, usec_t at)
{
	long micros = 0;
	struct tm tm = broken_down(at, 0, &micros);
	buf_add_format(b, "%04d%02d%02dT%02d%02d%02d.%06ldZ", tm.tm_year + 1900,
		tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, micros);
}

void times_add_utc(struct buf *b, usec_t at)
{
	long micros = 0;
	struct tm tm = broken_down(at, 0, &micros);
	add_day(b, &tm);
	buf_add_char(b, 'T');
	add_clock(b, &tm);
	add_micros(b, micros);
}

void times_add_utc_day(struct buf *b, usec_t at)
{
	long micros = 0;
	struct tm tm = broken_down(at, 0, &micros);
	add_day(b, &tm);
}

void times_add_local_day(struct buf *b, usec_t at)
{
	long micros = 0;
	struct tm tm = broken_down(at, 1, &micros);
	add_day(b, &tm);
}

void times_add_local(struct buf *b, usec_t at)
{
	long micros = 0;
	struct tm tm = broken_down(at, 1, &micros);
	long east = tm.tm_gmtoff / 60;
	long east_of = east < 0 ? -east : east;
	add_day(b, &tm);
	buf_add_char(b, ' ');
	add_clock(b, &tm);
	buf_add_format(
		b, " %c%02ld%02ld", east < 0 ? '-' : '+', east_of / 60, east_of % 60);
}

/* A pattern's digits stand for digits, everything else for itself. */
static int matches(const char *text, const char *pattern)
{
	for (; *pattern; pattern++, text++) {
		int fits = *pattern == '0' ? isdigit((unsigned char)*text) != 0
					   : *text == *pattern;
		if (!fits)
			return 0;
	}
	return 1;
}

/* The number that len digits make; the caller has looked that they are digits. */
static int digits(const char *text, int len)
{
	int number = 0;
	for (int i = 0; i < len; i++)
		number = number * 10 + (text[i] - '0');
	return number;
}

static int instant(struct tm tm, int micros, usec_t *at)
{
	struct tm asked = tm;
	time_t seconds = timegm(&tm);
	if (seconds < 0 || tm.tm_mon != asked.tm_mon || tm.tm_mday != asked.tm_mday ||
		tm.tm_hour != asked.tm_hour || tm.tm_min != asked.tm_min)
		return -EINVAL;
	*at = (usec_t)seconds * USEC_SECOND + micros;
	return 0;
}

int times_parse_stamp(const char *text, usec_t *at)
{
	if (!matches(text, "00000000T000000.000000Z"))
		return -EINVAL;
	struct tm tm = {
		.tm_year = digits(text, 4) - 1900,
		.tm_mon = digits(text + 4, 2) - 1,
		.tm_mday = digits(text + 6, 2),
		.tm_hour = digits(text + 9, 2),
		.tm_min = digits(text + 11, 2),
		.tm_sec = digits(text + 13, 2),
	};
	return instant(tm, digits(text + 16, 6), at);
}

int times_parse_utc(const char *text, usec_t *at)
{
	if (!matches(text, "0000-00-00T00:00:00.000000Z"))
		return -EINVAL;
	struct tm tm = {
		.tm_year = digits(text, 4) - 1900,
		.tm_mon = digits(text + 5, 2) - 1,
		.tm_mday = digits(text + 8, 2),
		.tm_hour = digits(text + 11, 2),
		.tm_min = digits(text + 14, 2),
		.tm_sec = digits(text + 17, 2),
	};
	return instant(tm, digits(text + 20, 6), at);
}
