/* SPDX-License-Identifier: MIT */
#include "top/checkpoint.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "core/rejection.h"
#include "top/settling.h"

static void checkpoint_comment(struct site *site, const struct moment *now,
	const char *stamp, const struct past_comment *c)
{
	bool is_open = !strcmp(c->result, "unknown") || !strcmp(c->result, "deferred");
	/* On another boot a doubt begins anew: now, and not at each restart again. */
	bool goes_on = is_open && site_is_this_boot(c->boot);
	site_record(site, now,
		&(struct record){
			.event = EVENT_CHECKPOINT,
			.up = goes_on ? c->since : now->up,
			.boot = is_open ? clock_boot_id() : NULL,
			.claim = stamp,
			.number = c->number,
			.order = c->order,
			.comment = c->id,
			.attempt = c->attempts,
			.tries = c->tries,
			.seen = c->seen,
			.cap = c->cap,
			.wait = goes_on ? (unsigned)c->wait : 0,
			.result = c->result,
			.cause = c->cause,
			.code = c->code,
			.message = c->message,
		});
}

static void checkpoint_claim(
	struct site *site, const struct moment *now, const struct past_claim *claim)
{
	char rest[PATH_MAX];
	const char *rest_at = claim->has_rest ? rest : NULL;
	bool is_of_boot = site_is_this_boot(claim->boot);
	snprintf(rest, sizeof(rest), "failed/%s_%s", claim->stamp,
		claim->drop ? claim->drop : "?");
	site_record(site, now,
		&(struct record){
			.event = EVENT_CHECKPOINT,
			.up = is_of_boot ? claim->since : now->up,
			.boot = is_of_boot ? claim->boot : NULL,
			.claim = claim->stamp,
			.drop = claim->drop,
			.version = claim->version,
			.attempt = claim->kills,
			.result = claim->is_settling ? HISTORY_SETTLED : claim->verdict,
			.to = claim->is_settling ? claim->settled_to : rest_at,
		});
	for (size_t i = 0; i < claim->count; i++)
		checkpoint_comment(site, now, claim->stamp, &claim->comments[i]);
	site->checkpoint_lines += 1 + claim->count;
}

/* A live job as the journal would remember it. *comments is the caller's to free. */
static struct past_claim past_of(const struct job *job, char version[VERSION_TEXT_MAX],
	struct past_comment **comments)
{
	size_t count = 0;
	version_write(&job->version, version);
	const char *unread = job_is_unrecorded(job) ? JOB_UNRECORDED : NULL;
	*comments = xcalloc(job->count, sizeof(**comments));
	for (size_t i = 0; i < job->count; i++) {
		const struct progress *p = &job->comments[i];
		const struct comment *c = document_comment(job->document, i);
		if (p->state == PROGRESS_FRESH)
			continue;
		(*comments)[count++] = (struct past_comment){
			.number = (unsigned)i + 1,
			.order = c->web_order_number,
			.id = c->id,
			.result = progress_name(p->state),
			.cause = rejection_cause_name(p->cause),
			.code = p->code[0] ? p->code : NULL,
			.message = p->message,
			.attempts = p->attempts,
			.tries = p->tries,
			.seen = p->seen,
			.cap = p->cap,
			.wait = p->state == PROGRESS_DEFERRED ? p->wait : 0,
			.since = p->since,
			.boot = clock_boot_id(),
		};
	}
	return (struct past_claim){
		.stamp = job->stamp,
		.drop = job->drop,
		.version = job->document ? version : NULL,
		.verdict = job->document ? verdict_name(job->verdict) : unread,
		.kills = job->kills,
		.since = job->taken,
		.boot = job->taken ? clock_boot_id() : NULL,
		.has_rest = job->rest == REST_RECORDED,
		.comments = *comments,
		.count = count,
	};
}

static void checkpoint_job(
	struct site *site, const struct moment *now, const struct job *job)
{
	/* Not read again yet, or not the bytes any more that the journal speaks of. */
	bool is_past = !job->document || (job->end == END_CHANGED && !job->is_stopped);
	if (job->past && is_past) {
		checkpoint_claim(site, now, job->past);
		return;
	}
	char version[VERSION_TEXT_MAX];
	auto_free struct past_comment *comments = NULL;
	struct past_claim claim = past_of(job, version, &comments);
	checkpoint_claim(site, now, &claim);
}

/* Doubts that are over need no wait and no memory. */
static void forget_old_doubts(struct site *site, msec_t now)
{
	size_t kept = 0;
	for (size_t i = 0; i < site->doubt_count; i++) {
		struct kept_doubt *d = &site->doubts[i];
		if (now - d->since < site->config->unknown_wait) {
			site->doubts[kept++] = *d;
			continue;
		}
		free(d->order);
		free(d->id);
	}
	site->doubt_count = kept;
}

static int begin_checkpoint(struct site *site, const struct moment *now)
{
	site->checkpoint_lines = 0;
	return audit_begin_checkpoint(site->audit, now->wall);
}

static void checkpoint_doubts(struct site *site, const struct moment *now)
{
	forget_old_doubts(site, now->up);
	for (size_t i = 0; i < site->doubt_count; i++) {
		const struct kept_doubt *d = &site->doubts[i];
		checkpoint_comment(site, now, NULL,
			&(struct past_comment){
				.order = d->order,
				.id = d->id,
				.result = "unknown",
				.since = d->since,
				.boot = clock_boot_id(),
			});
	}
	site->checkpoint_lines += site->doubt_count;
}

static void checkpoint_series(struct site *site, const struct moment *now)
{
	for (unsigned i = 0; i < site->refused.count; i++)
		checkpoint_comment(site, now, NULL,
			&(struct past_comment){
				.order = site->refused.list[i].order,
				.id = site->refused.list[i].id,
				.result = SERIES_REFUSED,
			});
	site->checkpoint_lines += site->refused.count;
}

static int end_checkpoint(struct site *site, const struct moment *now)
{
	char stamp[TIMES_STAMP_LEN + 1];
	char day[sizeof("sent/") + DAY_COUNT_LEN];
	snprintf(day, sizeof(day), "sent/%s", site->sent.day);
	bool has_stamp = spool_last_stamp(site->spool, stamp);
	struct schedule_state state;
	schedule_state(site->schedule, &state);
	site_record(site, now,
		&(struct record){
			.event = EVENT_CHECKPOINT_END,
			.boot = clock_boot_id(),
			.claim = has_stamp ? stamp : NULL,
			.count = site->checkpoint_lines,
			.stored = state.stored,
			.mailed = state.stored_mail,
			.sent = site->sent.files,
			.to = site->sent.files ? day : NULL,
		});
	audit_end_checkpoint(site->audit);
	/* The next run reads nothing from before this checkpoint. */
	if (site->hold != HOLD_NONE)
		site_record_hold(site, now, &state);
	if (site->quiet_since && now->up - site->quiet_since < site->config->unknown_wait)
		site_record(site, now,
			&(struct record){
				.event = EVENT_HOLD,
				.up = site->quiet_since,
				.boot = clock_boot_id(),
				.result = PAST_SHOP_POWER_LOSS,
			});
	return audit_write(site->audit);
}

int checkpoint_write(struct site *site, const struct moment *now)
{
	/* What was moved must not lie in sending/ again when it is forgotten. */
	int r = settling_flush(site, now, false);
	if (r == 0)
		r = begin_checkpoint(site, now);
	if (r < 0)
		return r;
	for (struct table_node *node = NULL; (node = table_next(&site->jobs, node));)
		checkpoint_job(site, now, table_member(node, struct job, node));
	checkpoint_doubts(site, now);
	checkpoint_series(site, now);
	return end_checkpoint(site, now);
}
