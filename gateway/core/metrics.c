/* SPDX-License-Identifier: MIT */
#include "core/metrics.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "core/status.h"
#include "core/tally.h"

struct metric {
	const char *name; /* after the prefix */
	const char *type;
	const char *help;
	/* Adds its samples for one site. */
	void (*add)(struct buf *out, const struct metric *metric,
		const struct site_status *site);
	size_t offset; /* of the number that it tells, in what `add` looks at */
};

#define PREFIX "opensi_gateway_"

/* A label's value: backslash, quote and newline are escaped; controls are no names. */
static void add_label(struct buf *out, const char *value)
{
	auto_buf struct buf clean = {.max_bytes = 4096};
	text_add_clean(&clean, value, strlen(value), 200);
	for (const char *c = buf_peek(&clean); *c; c++) {
		if (*c == '"' || *c == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, *c);
	}
}

/* NAME[suffix]{site="...",label="value"} without the number; label may be NULL. */
static void add_name(struct buf *out, const char *name, const struct site_status *site,
	const char *label, const char *value)
{
	buf_add_format(out, PREFIX "%s{site=\"", name);
	add_label(out, site->name);
	buf_add_char(out, '"');
	if (label) {
		buf_add_format(out, ",%s=\"", label);
		add_label(out, value);
		buf_add_char(out, '"');
	}
	buf_add_text(out, "} ");
}

static void add_count(struct buf *out, uint64_t count)
{
	buf_add_format(out, "%" PRIu64 "\n", count);
}

/* A dot, whatever the locale is. */
static void add_thousandths(struct buf *out, uint64_t count)
{
	buf_add_format(out, "%" PRIu64 ".%03" PRIu64 "\n", count / 1000, count % 1000);
}

static uint64_t at_offset(const void *base, size_t offset)
{
	return *(const uint64_t *)((const char *)base + offset);
}

/* --- one number of the snapshot, or of the tally --- */

static void add_status(
	struct buf *out, const struct metric *m, const struct site_status *site)
{
	add_name(out, m->name, site, NULL, NULL);
	add_count(out, at_offset(site, m->offset));
}

static void add_tally(
	struct buf *out, const struct metric *m, const struct site_status *site)
{
	add_name(out, m->name, site, NULL, NULL);
	add_count(out, at_offset(site->tally, m->offset));
}

/* --- a number for each of several words --- */

static void add_state(
	struct buf *out, const struct metric *m, const struct site_status *site)
{
	for (enum site_state s = STATE_OPEN; s <= STATE_STOPPED; s++) {
		add_name(out, m->name, site, "state", state_name(s));
		add_count(out, site->state == s);
	}
}

static void add_hold(
	struct buf *out, const struct metric *m, const struct site_status *site)
{
	if (!site->hold.reason)
		return;
	add_name(out, m->name, site, "reason", site->hold.reason);
	add_count(out, (uint64_t)(site->hold.since / USEC_SECOND));
}

static void add_files(
	struct buf *out, const struct metric *m, const struct site_status *site)
{
	const struct {
		const char *folder;
		uint64_t count;
	} folders[] = {
		{"incoming", site->incoming},
		{"sending", site->sending},
		{"failed", site->failed},
	};
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		add_name(out, m->name, site, "folder", folders[i].folder);
		add_count(out, folders[i].count);
	}
}

static void add_waiting(
	struct buf *out, const struct metric *m, const struct site_status *site)
{
	add_name(out, m->name, site, "state", "deferred");
	add_count(out, site->deferred);
	add_name(out, m->name, site, "state", "unknown");
	add_count(out, site->unknown);
}

static void add_outcomes(
	struct buf *out, const struct metric *m, const struct site_status *site)
{
	static const char *const names[TALLY_OUTCOMES] = {
		[OUTCOME_DELIVERED] = "delivered",
		[OUTCOME_ALREADY] = "already",
		[OUTCOME_REJECTED] = "rejected",
		[OUTCOME_DEFERRED] = "deferred",
		[OUTCOME_UNKNOWN] = "unknown",
	};
	for (size_t i = 0; i < TALLY_OUTCOMES; i++) {
		add_name(out, m->name, site, "outcome", names[i]);
		add_count(out, site->tally->outcomes[i]);
	}
}

static void add_ends(
	struct buf *out, const struct metric *m, const struct site_status *site)
{
	static const char *const names[TALLY_ENDS] = {
		[TALLY_SENT] = "sent",
		[TALLY_FAILED] = "failed",
		[TALLY_WITHDRAWN] = "withdrawn",
	};
	for (size_t i = 0; i < TALLY_ENDS; i++) {
		add_name(out, m->name, site, "result", names[i]);
		add_count(out, site->tally->ends[i]);
	}
}

static void add_answers(
	struct buf *out, const struct metric *m, const struct site_status *site)
{
	static const char *const names[TALLY_ANSWERS] = {
		[ANSWER_RESULTS] = "results",
		[ANSWER_REFUSED] = "refused",
		[ANSWER_NOTHING] = "nothing-stored",
		[ANSWER_UNKNOWN] = "unknown",
	};
	for (size_t i = 0; i < TALLY_ANSWERS; i++) {
		add_name(out, m->name, site, "answer", names[i]);
		add_count(out, site->tally->answers[i]);
	}
}

/* --- times and histograms --- */

static void add_oldest(
	struct buf *out, const struct metric *m, const struct site_status *site)
{
	add_name(out, m->name, site, NULL, NULL);
	add_count(out, site->oldest_waiting_s < 0 ? 0 : (uint64_t)site->oldest_waiting_s);
}

static void add_last_success(
	struct buf *out, const struct metric *m, const struct site_status *site)
{
	if (!site->tally->last_success)
		return;
	add_name(out, m->name, site, NULL, NULL);
	add_thousandths(out, (uint64_t)site->tally->last_success / 1000);
}

/* Values in milliseconds are told in seconds, which is the custom. */
static void add_bound(struct buf *out, uint32_t bound, bool is_time)
{
	if (!is_time)
		buf_add_format(out, "%u", bound);
	else if (bound % 1000)
		buf_add_format(out, "%u.%03u", bound / 1000, bound % 1000);
	else
		buf_add_format(out, "%u", bound / 1000);
}

static void add_bucket(struct buf *out, const char *name, const struct site_status *site,
	const char *bound, uint64_t count)
{
	buf_add_format(out, PREFIX "%s_bucket{site=\"", name);
	add_label(out, site->name);
	buf_add_format(out, "\",le=\"%s\"} %" PRIu64 "\n", bound, count);
}

static void add_part(struct buf *out, const char *name, const char *part,
	const struct site_status *site)
{
	buf_add_format(out, PREFIX "%s_%s{site=\"", name, part);
	add_label(out, site->name);
	buf_add_text(out, "\"} ");
}

static void add_histogram(struct buf *out, const struct metric *m,
	const struct site_status *site, const uint32_t bounds[TALLY_BOUNDS])
{
	const struct histogram *h = (const void *)((const char *)site->tally + m->offset);
	bool is_time = bounds == tally_answer_bounds;
	uint64_t below = 0;
	for (size_t i = 0; i < TALLY_BOUNDS; i++) {
		auto_buf struct buf bound = {.max_bytes = 32};
		add_bound(&bound, bounds[i], is_time);
		add_bucket(out, m->name, site, buf_peek(&bound), below += h->counts[i]);
	}
	add_bucket(out, m->name, site, "+Inf", h->count);
	add_part(out, m->name, "sum", site);
	if (is_time)
		add_thousandths(out, h->sum);
	else
		add_count(out, h->sum);
	add_part(out, m->name, "count", site);
	add_count(out, h->count);
}

static void add_answer_times(
	struct buf *out, const struct metric *m, const struct site_status *site)
{
	add_histogram(out, m, site, tally_answer_bounds);
}

static void add_batches(
	struct buf *out, const struct metric *m, const struct site_status *site)
{
	add_histogram(out, m, site, tally_batch_bounds);
}

/* --- the table --- */

#define OF_SITE(member) offsetof(struct site_status, member)
#define OF_TALLY(member) offsetof(struct tally, member)

static const struct metric metrics[] = {
	{"site_state", "gauge", "1 for the state that the site is in", add_state, 0},
	{"hold_since_timestamp_seconds", "gauge",
		"when the site began to be held or to wait, and why; absent while it "
		"does "
		"not",
		add_hold, 0},
	{"files", "gauge", "files in each folder", add_files, 0},
	{"files_sent_today", "gauge", "files filed in sent/ since midnight", add_status,
		OF_SITE(sent_today)},
	{"files_unreadable", "gauge", "files that may not or cannot be read or moved",
		add_status, OF_SITE(unreadable)},
	{"names_ignored", "gauge", "names in incoming/ and sending/ that are no drops",
		add_status, OF_SITE(ignored)},
	{"comments_waiting", "gauge",
		"comments that were tried and wait: the shop broke on them (deferred), "
		"or "
		"their outcome is unknown",
		add_waiting, 0},
	{"oldest_waiting_seconds", "gauge",
		"age of the file that waits longest; 0: none waits", add_oldest, 0},
	{"comment_outcomes_total", "counter",
		"outcomes of comments; one that is tried again has several", add_outcomes,
		0},
	{"files_total", "counter", "files that ended, by where they went", add_ends, 0},
	{"requests_total", "counter", "requests with comments, by what the answer meant",
		add_answers, 0},
	{"probes_total", "counter", "empty requests that asked whether the shop is well",
		add_tally, OF_TALLY(probes)},
	{"journal_flushes_total", "counter", "times that the journal was made durable",
		add_tally, OF_TALLY(flushes)},
	{"last_success_timestamp_seconds", "gauge",
		"when the shop last took a comment; absent before the first",
		add_last_success, 0},
	{"answer_seconds", "histogram", "how long requests with comments took",
		add_answer_times, OF_TALLY(answer_times)},
	{"batch_comments", "histogram", "comments in a request", add_batches,
		OF_TALLY(batches)},
};
#define METRIC_COUNT (sizeof(metrics) / sizeof(*metrics))

void metrics_write(struct buf *out, const struct status *status)
{
	buf_add_text(out, "# HELP " PREFIX "info 1, with the version of the program\n"
			  "# TYPE " PREFIX "info gauge\n" PREFIX "info{version=\"");
	add_label(out, status->version);
	buf_add_text(out, "\"} 1\n");
	for (const struct metric *m = metrics; m < metrics + METRIC_COUNT; m++) {
		buf_add_format(out,
			"# HELP " PREFIX "%s %s\n"
			"# TYPE " PREFIX "%s %s\n",
			m->name, m->help, m->name, m->type);
		for (size_t i = 0; i < status->count; i++)
			m->add(out, m, &status->sites[i]);
	}
}

void metrics_describe(struct buf *out)
{
	buf_add_text(out, PREFIX "info\tgauge\t1, with the version of the program\n");
	for (const struct metric *m = metrics; m < metrics + METRIC_COUNT; m++)
		buf_add_format(out, PREFIX "%s\t%s\t%s\n", m->name, m->type, m->help);
}
