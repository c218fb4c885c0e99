#ifndef GATEWAY_TOOL_MONITOR_H
#define GATEWAY_TOOL_MONITOR_H
/* SPDX-License-Identifier: MIT
 *
 * monitor - snapshots as one line and a status, by the convention of monitoring plugins
 *
 *   critical (2)  no gateway runs, but for one of cron that stopped less than `critical`
 *                 ago; a hold whose reason is key-refused, website-refused, no-space or
 *                 machine-trouble; any other hold older than `critical`; a file that has
 *                 waited longer than `critical`
 *   unknown (3)   a spool that cannot be opened or counted, a gateway that runs
 *                 without a state.json that can be read
 *   warning (1)   any hold; a file that has waited longer than `warning`; a file in
 *                 failed/; a file that the gateway may not read; a state.json that should
 *                 have been written since
 *   ok (0)        else
 *
 * The worst of all sites counts, in this order. Must not know: where snapshots come from.
 */
#include <stddef.h>

#include "base/times.h"

struct buf;
struct snapshot;

enum alarm_level { ALARM_OK, ALARM_WARNING, ALARM_CRITICAL, ALARM_UNKNOWN };

struct thresholds {
	msec_t warning, critical;
};

/* Adds the line with its newline; the level is the exit status. */
enum alarm_level monitor_judge(struct buf *out, const struct snapshot *snapshots,
	size_t count, const struct thresholds *thresholds, usec_t now);

/* A line that says only why nothing is known. */
void monitor_add_unknown(struct buf *out, const char *why);

#endif
