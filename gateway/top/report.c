/* SPDX-License-Identifier: MIT */
#include "top/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/words.h"
#include "core/metrics.h"
#include "core/page.h"
#include "core/tally.h"
#include "system/io.h"
#include "system/language.h"
#include "system/log.h"
#include "system/publish.h"
#include "system/state_file.h"
#include "top/site.h"

enum {
	PAUSE = MSEC_SECOND, /* between two snapshots */
	PAUSE_OF_RATE = 10 * MSEC_SECOND,
	METRICS_MAX_BYTES = 16 * 1024 * 1024,
};

static const usec_t FRESH = 5 * USEC_SECOND;

static const char page_file[] = "status.html";

/* A file that is written when its text changes. */
struct published {
	char *text; /* as it was last written, or NULL */
	int error;  /* of the last attempt, or 0 */
};

struct told {
	struct site *site;
	struct published state;
	msec_t alive_at;          /* when it last gave a sign of life, and */
	msec_t scan_at;           /* site->scan_at of then */
	bool owes_sign;           /* it is due in this turn */
	struct published page;    /* without text: it is written with the state */
	const char *language;     /* of the page */
	struct published metrics; /* of the first site that names that file */
	const char *reason;       /* why it does not send, and */
	usec_t since;             /* when that was first told; NULL: it sends */
	uint64_t failed;          /* files in failed/ when it had this time of change */
	struct timespec failed_changed;
	ino_t failed_inode; /* 0: that count is not to be relied on */
};

struct report {
	struct told *told;
	size_t count;
	msec_t not_before; /* the next snapshot */
	bool is_once;      /* it ends as each run by cron does */
};

static uint64_t sent_today(const struct site *site, const struct moment *now)
{
	auto_buf struct buf today = {.max_bytes = DAY_COUNT_LEN + 1};
	times_add_local_day(&today, now->wall);
	return day_count_on(&site->sent, buf_peek(&today));
}

/* --- what lies in failed/ --- */

static uint64_t count_folder(const struct site *site)
{
	uint64_t count = 0;
	auto_with(spool_closedirp) DIR *dir = spool_list(site->spool, FOLDER_FAILED);
	for (const struct dirent *entry; dir && (entry = readdir(dir));)
		count += entry->d_name[0] != '.' && !spool_is_reason(entry->d_name) &&
			 spool_is_file(dirfd(dir), entry);
	return count;
}

/* Changes within one tick of its clock leave it the same time, and some file systems
 * tick by the second: what changed just now may have changed again. */
static bool is_fresh(const struct stat *st, const struct moment *now)
{
	usec_t age = now->wall - (usec_t)st->st_mtim.tv_sec * USEC_SECOND;
	return age < FRESH && age > -FRESH;
}

/* Listed again only if it changed since, or may have. */
static uint64_t count_failed(struct told *t, const struct moment *now)
{
	struct stat st;
	if (io_stat(spool_folder_fd(t->site->spool, FOLDER_FAILED), &st) < 0)
		return t->failed;
	if (st.st_ino == t->failed_inode &&
		!memcmp(&st.st_mtim, &t->failed_changed, sizeof(st.st_mtim)))
		return t->failed;
	t->failed_inode = is_fresh(&st, now) ? 0 : st.st_ino;
	t->failed_changed = st.st_mtim;
	return t->failed = count_folder(t->site);
}

/* --- what holds it up --- */

static usec_t wall_of(const struct moment *now, msec_t up)
{
	return now->wall + (up - now->up) * 1000;
}

static void tell_trouble(
	const struct site *site, const struct moment *now, struct site_status *status)
{
	status->state = STATE_WAITING;
	status->hold = (struct status_hold){
		.since = wall_of(now, site->trouble.since),
		.reason = "machine-trouble",
		.said = strerrordesc_np(-site->trouble.error),
		.remedy = site->trouble.told_remedy,
		.next_try = wall_of(now, site->trouble.again),
	};
}

static void tell_hold(const struct site *site, const struct moment *now,
	const struct schedule_state *state, struct site_status *status)
{
	status->state = STATE_HELD;
	status->hold = (struct status_hold){
		.since = wall_of(now, state->held_since),
		.reason = hold_name(state->hold),
		.said = site->hold_words,
		.remedy = hold_remedy(state->hold),
		.next_try = wall_of(now, state->next_try),
	};
}

static void tell_low_space(
	const struct site *site, const struct moment *now, struct site_status *status)
{
	status->state = STATE_WAITING;
	status->hold = status_low_space(wall_of(now, site->low_on_space_since));
}

static void tell_quiet(
	const struct site *site, const struct moment *now, struct site_status *status)
{
	status->state = STATE_WAITING;
	status->hold = (struct status_hold){
		.since = wall_of(now, site->quiet_since),
		.reason = PAST_SHOP_POWER_LOSS,
		.said = N_("the end of the journal may be lost"),
		.remedy = N_("nothing to do: what was under way may still be stored by "
			     "the shop, so nothing is sent before unknown_wait is over"),
		.next_try = wall_of(now, site->quiet_since + site->config->unknown_wait),
	};
}

static bool is_quiet(const struct site *site, const struct moment *now)
{
	return site->quiet_since &&
	       now->up - site->quiet_since < site->config->unknown_wait;
}

static void tell_state(const struct site *site, const struct moment *now,
	const struct schedule_state *state, struct site_status *status)
{
	if (site->trouble.error)
		tell_trouble(site, now, status);
	else if (state->hold != HOLD_NONE)
		tell_hold(site, now, state, status);
	else if (site->is_low_on_space)
		tell_low_space(site, now, status);
	else if (is_quiet(site, now))
		tell_quiet(site, now, status);
}

/* Two clocks drift: the same hold keeps the instant that was told first. */
static void keep_since(struct told *t, struct status_hold *hold)
{
	if (!hold->reason || !t->reason || strcmp(hold->reason, t->reason) != 0)
		t->since = hold->since / USEC_SECOND * USEC_SECOND;
	t->reason = hold->reason;
	hold->since = t->since;
	hold->next_try -= hold->next_try % USEC_SECOND;
}

/* --- the snapshot of a site --- */

/* Of those that are ready the next to be taken is the oldest, or nearly so. */
static usec_t oldest_incoming(const struct site *site, const struct moment *now)
{
	struct stat st;
	int64_t oldest = intake_oldest(site->incoming);
	const char *next = intake_next(site->incoming, now->up);
	if (next && spool_look(site->spool, FOLDER_INCOMING, next, &st) == 0) {
		int64_t changed = site_sighting(&st).changed;
		oldest = changed < oldest ? changed : oldest;
	}
	return oldest == INT64_MAX ? INT64_MAX : oldest / 1000;
}

/* Whatever it waits for: a file that nothing is done about must not be forgotten. */
static int64_t oldest_waiting(const struct site *site, const struct moment *now)
{
	usec_t oldest = oldest_incoming(site, now);
	for (struct table_node *node = NULL; (node = table_next(&site->jobs, node));) {
		const struct job *job = table_member(node, struct job, node);
		oldest = job->claimed < oldest ? job->claimed : oldest;
	}
	if (oldest == INT64_MAX)
		return -1;
	return oldest > now->wall ? 0 : (now->wall - oldest) / USEC_SECOND;
}

/* Claimed, but their bytes cannot be had, or they cannot be moved. */
static uint64_t count_put_off(const struct site *site)
{
	uint64_t count = 0;
	for (const struct job *job = site->put_off.first; job; job = job->next)
		count++;
	return count;
}

static size_t age_of(const struct job *job, const struct moment *now)
{
	static const usec_t bounds[STATUS_AGES - 1] = {60, 600, 3600, 86400};
	size_t age = 0;
	while (age < STATUS_AGES - 1 &&
		now->wall - job->claimed >= bounds[age] * USEC_SECOND)
		age++;
	return age;
}

static void count_ages(
	const struct site *site, const struct moment *now, struct site_status *status)
{
	for (struct table_node *node = NULL; (node = table_next(&site->jobs, node));)
		status->ages[age_of(table_member(node, struct job, node), now)]++;
}

static void look_at_site(
	struct told *t, const struct moment *now, struct site_status *status)
{
	struct site *site = t->site;
	struct schedule_state state;
	struct intake_counts counts;
	schedule_state(site->schedule, &state);
	intake_count(site->incoming, now->up, &counts);
	site->tally.flushes = audit_flushes(site->audit);
	*status = (struct site_status){
		.name = site->config->name,
		.incoming = intake_waiting(site->incoming),
		.sending = site->jobs.count,
		.failed = count_failed(t, now),
		.sent_today = sent_today(site, now),
		.deferred = state.deferred,
		.unknown = state.unknown,
		.ignored = site->ignored + counts.linked + counts.odd,
		.unreadable = counts.unreadable + count_put_off(site),
		.oldest_waiting_s = oldest_waiting(site, now),
		.rate = tally_rate(&site->tally, now->up),
		.answer_ms = site->tally.answer_ms,
		.tally = &site->tally,
		.up = now->up,
	};
	count_ages(site, now, status);
	tell_state(site, now, &state, status);
	keep_since(t, &status->hold);
}

/* --- writing --- */

/* After its first failure a file is tried in silence. */
static void note_written(
	struct published *p, const struct site *site, const char *name, int r)
{
	if (r < 0 && r != p->error)
		log_event(LEVEL_WARNING, site->config->name, NULL, "not-written",
			log_text("file", name), log_text("error", strerrordesc_np(-r)),
			log_text("meaning",
				_("what it shows is old; nothing else suffers")));
	p->error = r;
}

static bool has_changed(struct published *p, struct buf *text)
{
	if (!p->error && p->text && !strcmp(p->text, buf_peek(text)))
		return false;
	free(p->text);
	p->text = buf_take(text);
	return true;
}

/* The time of the snapshot alone is no change. */
static bool state_has_changed(struct told *t, const struct site_status *site)
{
	auto_buf struct buf text = {.max_bytes = STATUS_MAX_BYTES};
	struct site_status of_site = *site;
	status_write(&text, &(struct status){.sites = &of_site, .count = 1});
	return has_changed(&t->state, &text);
}

static void write_beside_spool(
	struct published *p, const struct site *site, const char *name, struct buf *text)
{
	int r = publish_at(spool_root_fd(site->spool), name, buf_peek(text), text->len);
	note_written(p, site, name, r);
}

/* Who looks at a quiet site must be able to tell it from one that stands still. With
 * each scan, which wakes us anyway; in trouble there is none. */
static bool owes_sign_of_life(struct told *t, const struct moment *now)
{
	if (t->site->scan_at == t->scan_at &&
		now->up - t->alive_at < t->site->config->rescan)
		return false;
	t->alive_at = now->up;
	t->scan_at = t->site->scan_at;
	return true;
}

/* Written anew, it would wake us: the spool's root is watched. False: it is not there, or
 * cannot be touched. */
static bool shows_life(const struct told *t, int folder, const char *name)
{
	return !t->owes_sign || io_touch(folder, name) == 0;
}

/* state.json and the page go together: the page changes with what it shows. */
static void write_state(
	struct told *t, const struct moment *now, struct site_status *site)
{
	bool has_news = state_has_changed(t, site) ||
			!shows_life(t, spool_root_fd(t->site->spool), STATE_FILE);
	const struct status status = {
		.updated = now->wall,
		.version = GATEWAY_VERSION,
		.sites = site,
		.count = 1,
	};
	if (has_news) {
		auto_buf struct buf text = {.max_bytes = STATUS_MAX_BYTES};
		status_write(&text, &status);
		write_beside_spool(&t->state, t->site, STATE_FILE, &text);
	}
	if (has_news || t->page.error || t->language != language_name()) {
		auto_buf struct buf page = {.max_bytes = PAGE_MAX_BYTES};
		page_write(&page, &status);
		write_beside_spool(&t->page, t->site, page_file, &page);
		t->language = language_name();
	}
}

static const char *metrics_file(const struct told *t)
{
	return t->site->config->metrics_file;
}

/* Sites that name one file share it: the first of them writes it. */
static size_t gather_metrics(const struct report *report, size_t first,
	const struct site_status *all, struct site_status *shared)
{
	const char *file = metrics_file(&report->told[first]);
	size_t count = 0;
	for (size_t i = 0; file && i < report->count; i++) {
		const char *other = metrics_file(&report->told[i]);
		if (!other || strcmp(other, file) != 0)
			continue;
		if (i < first)
			return 0;
		shared[count++] = all[i];
	}
	return count;
}

static void write_metrics(
	struct report *report, const struct moment *now, const struct site_status *all)
{
	auto_free struct site_status *shared = xcalloc(report->count, sizeof(*shared));
	for (size_t i = 0; i < report->count; i++) {
		struct told *t = &report->told[i];
		auto_buf struct buf text = {.max_bytes = METRICS_MAX_BYTES};
		const struct status status = {
			.updated = now->wall,
			.version = GATEWAY_VERSION,
			.sites = shared,
			.count = gather_metrics(report, i, all, shared),
		};
		if (!status.count)
			continue;
		metrics_write(&text, &status);
		if (!has_changed(&t->metrics, &text) &&
			shows_life(t, AT_FDCWD, metrics_file(t)))
			continue;
		note_written(&t->metrics, t->site, metrics_file(t),
			publish(metrics_file(t), t->metrics.text,
				strlen(t->metrics.text)));
	}
}

static bool tell(struct report *report, const struct moment *now, bool has_stopped)
{
	bool is_running = false;
	auto_free struct site_status *all = xcalloc(report->count, sizeof(*all));
	for (size_t i = 0; i < report->count; i++) {
		struct told *t = &report->told[i];
		look_at_site(t, now, &all[i]);
		if (has_stopped)
			all[i].state = STATE_STOPPED;
		all[i].is_once = report->is_once;
		is_running = is_running || all[i].rate > 0;
		t->owes_sign = owes_sign_of_life(t, now);
		write_state(t, now, &all[i]);
	}
	write_metrics(report, now, all);
	return is_running;
}

/* --- the interface --- */

struct report *report_new(struct site *const *sites, size_t count)
{
	struct report *report = xcalloc(1, sizeof(*report));
	report->told = xcalloc(count, sizeof(*report->told));
	report->count = count;
	for (size_t i = 0; i < count; i++)
		report->told[i].site = sites[i];
	return report;
}

void report_free(struct report *report)
{
	if (!report)
		return;
	for (size_t i = 0; i < report->count; i++) {
		free(report->told[i].state.text);
		free(report->told[i].metrics.text);
	}
	free(report->told);
	free(report);
}

msec_t report_turn(struct report *report, const struct moment *now)
{
	if (now->up < report->not_before)
		return report->not_before;
	report->not_before = now->up + PAUSE;
	return tell(report, now, false) ? now->up + PAUSE_OF_RATE : MSEC_NEVER;
}

void report_stop(struct report *report, const struct moment *now, bool is_once)
{
	report->is_once = is_once;
	(void)tell(report, now, true);
}
