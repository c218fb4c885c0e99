/* SPDX-License-Identifier: MIT */
#include "top/pipeline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/words.h"
#include "system/log.h"
#include "top/checkpoint.h"
#include "top/claiming.h"
#include "top/delivery.h"
#include "top/recovery.h"
#include "top/retention.h"
#include "top/settling.h"

/* --- open and close --- */

static struct schedule_policy policy_of(const struct site_config *config, bool is_once)
{
	return (struct schedule_policy){
		.connections = (unsigned)config->connections,
		.batch_comments = (unsigned)config->batch_comments,
		.batch_bytes = SCHEDULE_BATCH_BYTES,
		.request_target = config->request_target,
		.unknown_wait = config->unknown_wait,
		.retry_min = config->retry_min,
		.retry_max = config->retry_max,
		.interval = is_once ? 0 : config->interval,
		.give_up = config->give_up,
		.max_attempts = (unsigned)config->max_attempts,
	};
}

static uint64_t draw_seed(void)
{
	uint64_t seed = 0;
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		abort(); /* eight bytes never come short (getrandom(2)) */
	return seed;
}

static struct site *new_site(
	const struct pipeline_options *options, const struct moment *now)
{
	const struct site_config *config = options->config;
	struct schedule_policy policy = policy_of(config, options->is_once);
	struct site *site = xcalloc(1, sizeof(*site));
	site->config = config;
	site->transport = options->transport;
	site->shop = options->shop;
	site->is_once = options->is_once;
	site->incoming = intake_new(config->pattern, config->settle);
	site->strays = intake_new(config->pattern, config->settle);
	site->schedule = schedule_new(&policy, site->shop, draw_seed(), now->up);
	site->endpoint = endpoint_for(config, (long)config->connections);
	site->must_scan = true;
	site->scan_at = MSEC_NEVER;
	site->ask_again = now->up;
	tally_init(&site->tally, now->up);
	job_queue_init(&site->unread);
	job_queue_init(&site->put_off);
	job_queue_init(&site->done);
	return site;
}

static void free_jobs(struct site *site)
{
	struct table_node *node = table_next(&site->jobs, NULL);
	while (node) {
		struct table_node *next = table_next(&site->jobs, node);
		job_free(table_member(node, struct job, node));
		node = next;
	}
	table_done(&site->jobs);
	for (size_t i = 0; i < site->doubt_count; i++) {
		free(site->doubts[i].order);
		free(site->doubts[i].id);
	}
	free(site->doubts);
}

/* What configurations before this one had, once nothing is under way by it. */
static void free_retired(struct site *site)
{
	if (site->errands)
		return;
	for (size_t i = 0; i < site->retired_count; i++)
		endpoint_free(site->retired[i]);
	site->retired_count = 0;
}

static void free_site(struct site *site)
{
	if (!site)
		return;
	delivery_abandon(site);
	schedule_free(site->schedule);
	free_jobs(site);
	history_free(site->history);
	intake_free(site->incoming);
	intake_free(site->strays);
	endpoint_free(site->endpoint);
	free_retired(site);
	schema_free(site->schema);
	audit_free(site->audit);
	watch_free(site->watch);
	spool_close(site->spool);
	free(site->trouble.remedy);
	free(site->trouble.told_remedy);
	tally_done(&site->tally);
	free(site->hold_words);
	series_end(&site->refused);
	free(site->failed);
	free((void *)site->retired);
	free(site);
}

static void free_sitep(struct site **site)
{
	free_site(*site);
}

static int open_schema(const char *path, struct schema **schema, struct buf *why)
{
	auto_free char *words = NULL;
	int r = schema_open(path, schema, &words);
	if (r == 0)
		return 0;
	buf_add_format(why,
		_("%s: cannot be used as the schema (%s): set `schema` to the "
		  "comments.xsd of this program, and keep the files beside it"),
		path, words ? words : strerrordesc_np(-r));
	return EX_CONFIG;
}

int pipeline_test(const struct site_config *config, struct buf *why)
{
	struct schema *schema = NULL;
	int status = open_schema(config->schema, &schema, why);
	schema_free(schema);
	return status;
}

static int lock_spool(struct site *site, bool may_wait, struct buf *why)
{
	int r = spool_lock(site->spool, may_wait);
	if (r == 0)
		return 0;
	if (r == -EAGAIN)
		buf_add_format(why,
			_("%s: another gateway runs on this spool. Stop it first, or use "
			  "--wait to stand by until it ends"),
			site->config->spool);
	else
		buf_add_format(why, _("%s/lock: cannot be locked (%s)"),
			site->config->spool, strerrordesc_np(-r));
	return r == -EAGAIN ? EX_TEMPFAIL : EX_CANTCREAT;
}

static int watch_folders(struct site *site, struct buf *why)
{
	if (site->is_once)
		return 0;
	int r = watch_new(&site->watch);
	if (r == 0)
		r = watch_spool(site->watch, site->spool);
	if (r == 0)
		return 0;
	buf_add_format(why,
		_("%s: cannot be watched (%s): raise fs.inotify.max_user_watches or "
		  "fs.inotify.max_user_instances (sysctl)"),
		site->config->spool, strerrordesc_np(-r));
	return EX_OSERR;
}

/* What may pass by itself is tried again by whoever started us. */
static int status_of(int r)
{
	switch (r) {
	case -ENOSPC:
	case -EDQUOT:
	case -EMFILE:
	case -ENFILE:
	case -EIO:
		return EX_TEMPFAIL;
	default:
		return EX_CANTCREAT;
	}
}

int pipeline_open(
	const struct pipeline_options *options, struct site **site, struct buf *why)
{
	struct moment now = clock_now();
	auto_with(free_sitep) struct site *s = new_site(options, &now);
	int status = open_schema(s->config->schema, &s->schema, why);
	if (status)
		return status;
	int r = spool_open(s->config->spool, &s->spool, why);
	if (r < 0)
		return status_of(r);
	status = lock_spool(s, options->may_wait, why);
	if (status)
		return status;
	s->audit = audit_new(s->spool);
	status = watch_folders(s, why);
	if (status)
		return status;
	now = clock_now(); /* the lock may have taken its time */
	r = recovery_start(s, &now, why);
	if (r < 0)
		return status_of(r);
	*site = take_ptr(s);
	return 0;
}

/* Files in sending/ that are yet to be moved: it may have been refused. */
static size_t count_unmoved(const struct site *site)
{
	size_t count = 0;
	for (const struct job *job = site->done.first; job; job = job->next)
		count++;
	for (const struct job *job = site->put_off.first; job; job = job->next)
		count += job->state == JOB_DONE;
	return count;
}

void pipeline_close(struct site *site)
{
	struct moment now = clock_now();
	if (!site)
		return;
	int r = spool_flush(site->spool);
	if (r == 0)
		site_record(site, &now,
			&(struct record){
				.event = EVENT_STOP,
				.boot = clock_boot_id(),
				.count = count_unmoved(site),
			});
	/* Also after trouble: it may be somewhere else, and what is known is written. */
	int written = audit_sync(site->audit);
	r = r < 0 ? r : written;
	if (r < 0)
		log_event(LEVEL_WARNING, site->config->name, NULL, "stop-not-recorded",
			log_text("error", strerrordesc_np(-r)),
			log_text("meaning",
				_("the next start looks at everything again")));
	free_site(site);
}

/* --- a turn --- */

struct step {
	const char *what;
	int (*run)(struct site *site, const struct moment *now, bool *more);
};

static int keep_journal(struct site *site, const struct moment *now, bool *more)
{
	(void)more;
	if (!audit_wants_checkpoint(site->audit, now->wall))
		return 0;
	int r = claiming_find_folders(site); /* audit/ itself may be what is missing */
	return r < 0 ? r : checkpoint_write(site, now);
}

static int look_around(struct site *site, const struct moment *now, bool *more)
{
	int r = claiming_take_alarms(site, now, more);
	if (r == 0 && (site->must_scan || site->scan_at <= now->up))
		r = claiming_scan(site, now);
	if (r == 0 && site->is_once)
		site->scan_at = MSEC_NEVER;
	return r;
}

/* Those that go on from an earlier run are in line together, or the order of their last
 * tries would be that of their reading. */
static bool is_still_resuming(const struct site *site)
{
	const struct job *next = site->unread.first;
	return next && next->is_recovered;
}

static int send_comments(struct site *site, const struct moment *now, bool *more)
{
	(void)more;
	if (site->is_stopping || is_still_resuming(site))
		return 0;
	return delivery_send(site, now);
}

/* Claims or answers are about to bring more than what is done. */
static bool has_others_to_settle(const struct site *site, const struct moment *now)
{
	bool more_is_claimed = claiming_is_pending(site, now) && !site->is_low_on_space;
	return more_is_claimed || site->errands;
}

static int settle_done(struct site *site, const struct moment *now, bool *more)
{
	if (site->done.first && !site->gathering_since)
		site->gathering_since = now->up;
	/* What is done waits for others to be flushed with. */
	bool is_alone = !has_others_to_settle(site, now);
	if (is_alone || !settling_may_gather(site, now)) {
		int r = settling_work(site, now);
		if (r < 0)
			return r;
		site->gathering_since = site->done.first ? now->up : 0;
		*more = *more || site->done.first;
	}
	return settling_flush(site, now, !is_alone || site->done.first);
}

static int delete_old(struct site *site, const struct moment *now, bool *more)
{
	if (!site->is_stopping)
		retention_work(site, now, more);
	return 0;
}

static int write_journal(struct site *site, const struct moment *now, bool *more)
{
	(void)now;
	(void)more;
	return audit_write(site->audit);
}

static const struct step steps[] = {
	{N_("keeping the journal"), keep_journal},
	{N_("writing the journal"),
		write_journal}, /* left over from trouble: not to grow */
	{N_("looking for files"), look_around},
	{N_("claiming and reading files"), claiming_work},
	{N_("sending"), send_comments},
	{N_("moving what is done"), settle_done},
	{N_("deleting what is old"), delete_old},
	{N_("writing the journal"), write_journal},
};

static msec_t next_due(const struct site *site, const struct moment *now)
{
	msec_t sending = site->is_stopping ? MSEC_NEVER : site->ask_again;
	msec_t due = msec_min(sending, claiming_due(site, now));
	due = msec_min(due, settling_due(site));
	return site->is_stopping ? due : msec_min(due, retention_due(site));
}

void pipeline_turn(struct site *site, const struct moment *now, msec_t *due)
{
	bool more = false;
	free_retired(site);
	if (site_is_paused(site, now)) {
		claiming_pass_over_alarms(site);
		*due = site->trouble.again;
		return;
	}
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int r = steps[i].run(site, now, &more);
		if (r < 0) {
			(void)site_trouble(site, now, steps[i].what, r);
			*due = site->trouble.again;
			return;
		}
	}
	if (!claiming_is_held_up(site, now))
		site_trouble_over(site);
	*due = more ? now->up : next_due(site, now);
}

/* --- from outside --- */

void pipeline_stop(struct site *site)
{
	site->is_stopping = true;
}

/* A run takes what was quiet after its scan. Who goes on writing is left to the next one,
 * or it would not end before he does. */
static bool is_watching(const struct site *site, const struct moment *now)
{
	struct intake_counts counts;
	struct intake_counts strays;
	intake_count(site->incoming, now->up, &counts);
	intake_count(site->strays, now->up, &strays);
	return now->up < site->quiet_at && (counts.settling || strays.settling);
}

bool pipeline_is_idle(const struct site *site, const struct moment *now)
{
	if (site->trouble.error && (site->is_once || site->is_stopping))
		return !site->errands;
	/* Who stops settles what one group holds; the next start finds the others. */
	bool is_settled = site->is_stopping || !site->done.first;
	if (site->errands || site->unread.first || !is_settled || site->must_scan)
		return false;
	if (site->is_stopping)
		return true;
	return !is_watching(site, now) &&
	       (site->is_low_on_space || !claiming_is_pending(site, now)) &&
	       site->ask_again > now->up;
}

size_t pipeline_waiting(const struct site *site)
{
	return site->jobs.count + intake_waiting(site->incoming) +
	       intake_waiting(site->strays);
}

bool pipeline_has_trouble(const struct site *site)
{
	return site->trouble.error != 0;
}

void pipeline_reload(struct site *site, const struct site_config *config)
{
	struct schedule_policy policy = policy_of(config, site->is_once);
	schedule_set_policy(site->schedule, &policy);
	intake_set(site->incoming, config->pattern, config->settle);
	intake_set(site->strays, config->pattern, config->settle);
	site->config = config;
	site->ask_again = 0;
	site->must_scan = true;
	site->retired = xgrow((void *)site->retired, &site->retired_room,
		site->retired_count + 1, sizeof(struct endpoint *));
	site->retired[site->retired_count++] = site->endpoint;
	site->endpoint = endpoint_for(config, (long)config->connections);
}
