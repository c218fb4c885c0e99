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

/* Most times that are written lie in the same second as the one before. */
static struct tm utc(time_t seconds)
{
	static time_t last = -1;
	static struct tm tm;
	if (seconds != last)
		gmtime_r(&seconds, &tm);
	last = seconds;
	return tm;
}

static struct tm broken_down(usec_t at, int is_local, long *micros)
{
	if (at < 0)
		at = 0;
	if (at > USEC_LAST)
		at = USEC_LAST;

	time_t seconds = (time_t)(at / USEC_SECOND);
	*micros = (long)(at % USEC_SECOND);
	struct tm tm = {0};
	if (!is_local)
		return utc(seconds);
	localtime_r(&seconds, &tm);
	return tm;
}

/* Zeros are digits to be filled in. Every record has a time, and printf(3) would be a
 * third of what a record costs. */
static void fill_in(char *at, size_t width, long number)
{
	for (; width--; number /= 10)
		at[width] = (char)('0' + number % 10);
}

static void add_day(struct buf *b, const struct tm *tm)
{
	char text[] = "0000-00-00";
	fill_in(text, 4, tm->tm_year + 1900L);
	fill_in(text + 5, 2, tm->tm_mon + 1L);
	fill_in(text + 8, 2, tm->tm_mday);
	buf_add(b, text, sizeof(text) - 1);
}

static void add_clock(struct buf *b, const struct tm *tm)
{
	char text[] = "00:00:00";
	fill_in(text, 2, tm->tm_hour);
	fill_in(text + 3, 2, tm->tm_min);
	fill_in(text + 6, 2, tm->tm_sec);
	buf_add(b, text, sizeof(text) - 1);
}

static void add_micros(struct buf *b, long micros)
{
	char text[] = ".000000Z";
	fill_in(text + 1, 6, micros);
	buf_add(b, text, sizeof(text) - 1);
}

void times_add_stamp(struct buf *b, usec_t at)
{
	long micros = 0;
	struct tm tm = broken_down(at, 0, &micros);
	char text[] = "00000000T000000";
	fill_in(text, 4, tm.tm_year + 1900L);
	fill_in(text + 4, 2, tm.tm_mon + 1L);
	fill_in(text + 6, 2, tm.tm_mday);
	fill_in(text + 9, 2, tm.tm_hour);
	fill_in(text + 11, 2, tm.tm_min);
	fill_in(text + 13, 2, tm.tm_sec);
	buf_add(b, text, sizeof(text) - 1);
	add_micros(b, micros);
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
