#ifndef GATEWAY_BASE_TIMES_H
#define GATEWAY_BASE_TIMES_H
/* SPDX-License-Identifier: MIT
 *
 * times - instants as numbers, and as the texts that people and files hold
 *
 * Two kinds of time never mix. msec_t counts milliseconds of CLOCK_BOOTTIME: all waits,
 * undisturbed by a clock that is set or a machine that sleeps. usec_t counts microseconds
 * since 1970: names, records, letters to people. Nothing here reads a clock.
 */
#include <stdint.h>

typedef int64_t msec_t;
typedef int64_t usec_t;

#define MSEC_NEVER INT64_MAX
#define MSEC_SECOND ((msec_t)1000)
#define MSEC_MINUTE (60 * MSEC_SECOND)
#define MSEC_HOUR (60 * MSEC_MINUTE)
#define USEC_SECOND ((usec_t)1000000)

struct buf;

/* 20261123T101530.123456Z, as claims carry it (ISO 8601 basic, UTC) */
#define TIMES_STAMP_LEN 23
void times_add_stamp(struct buf *b, usec_t at);
/* 0 if text begins with a stamp, else -EINVAL. */
int times_parse_stamp(const char *text, usec_t *at);

/* 2026-11-23T10:15:30.123456Z (RFC 3339, UTC), as records carry it */
void times_add_utc(struct buf *b, usec_t at);
int times_parse_utc(const char *text, usec_t *at);

/* 2026-11-23, in UTC and on this server's own calendar */
void times_add_utc_day(struct buf *b, usec_t at);
void times_add_local_day(struct buf *b, usec_t at);

/* 2026-11-23 11:15:30 +0100: for people */
void times_add_local(struct buf *b, usec_t at);

/* The earlier of two deadlines reads better than a ternary. */
static inline msec_t msec_min(msec_t a, msec_t b)
{
	return a < b ? a : b;
}

#endif
