#ifndef GATEWAY_CORE_METRICS_H
#define GATEWAY_CORE_METRICS_H
/* SPDX-License-Identifier: MIT
 *
 * metrics - a snapshot in the text format of Prometheus (version 0.0.4)
 *
 * For node_exporter's textfile collector. Knows: names, types and help of the metrics, in
 * one table. Must not know: where the file is kept. Every sample has the label `site`,
 * but that of the version. Counters begin at 0 with each start of the gateway, as counters may.
 */

struct buf;
struct status;

void metrics_write(struct buf *out, const struct status *status);

/* One line a metric: name, type, help, parted by tabs. For documentation. */
void metrics_describe(struct buf *out);

#endif
