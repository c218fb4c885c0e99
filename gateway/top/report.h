#ifndef GATEWAY_TOP_REPORT_H
#define GATEWAY_TOP_REPORT_H
/* SPDX-License-Identifier: MIT
 *
 * report - tells what the sites are doing: state.json and status.html beside each spool,
 * metrics where they are wished
 *
 * Knows: where the figures of a snapshot come from, and how often it is told: on change,
 * at most once a second; with each scan state.json and the metrics file are touched. Must
 * not know: what the forms look like (status, page, metrics).
 * Promises: no wake-up when nothing happens, but the few after the last delivery that
 * bring the rate down to zero. A folder or a file that cannot be written disturbs no
 * delivery: it is said once, and tried again with the next change.
 * Ownership: the sites are borrowed.
 */
#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"
#include "system/clock.h"

struct report;
struct site;

struct report *report_new(struct site *const *sites, size_t count);
void report_free(struct report *report);

/* After a turn of all sites. Gives the instant when it has something to tell again. */
msec_t report_turn(struct report *report, const struct moment *now);
/* The last one: the sites are stopped; is_once: until the next run. Before they are closed.
 */
void report_stop(struct report *report, const struct moment *now, bool is_once);

#endif
