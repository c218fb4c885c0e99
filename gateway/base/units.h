#ifndef GATEWAY_BASE_UNITS_H
#define GATEWAY_BASE_UNITS_H
/* SPDX-License-Identifier: MIT
 *
 * units - durations and sizes as people write them
 *
 * Durations: "500ms", "2s", "10m", "1h", "5d", or "0". Sizes: "4096", "64K", "16M",
 * "2G" (powers of 1024). No sign, no fraction, no space.
 * Errors: -EINVAL for what is not of that form, -ERANGE for what does not fit.
 */
#include <stdint.h>

#include "base/times.h"

struct buf;

int units_parse_duration(const char *text, msec_t *duration);
int units_parse_size(const char *text, uint64_t *bytes);

/* The largest unit that says it exactly: 600000 is "10m", 90000 is "90s". */
void units_add_duration(struct buf *b, msec_t duration);
void units_add_size(struct buf *b, uint64_t bytes);

#endif
