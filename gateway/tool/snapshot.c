/* SPDX-License-Identifier: MIT */
#include "tool/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/words.h"
#include "core/intake.h"
#include "system/clock.h"
#include "system/io.h"
#include "system/spool.h"
#include "system/spool_name.h"
#include "system/state_file.h"
#include "tool/access.h"
#include "tool/folder.h"

enum { WORDS_MAX_BYTES = 16 * 1024 };

/* Ages are had by a look at each file: above so many that takes too long. */
enum { FILES_LOOKED_AT = 50000 };

/* A gateway that delivers writes at least every ten seconds, and any gives a sign of life
 * with each rescan, or a minute later when it is in trouble. */
#define STALE_AFTER (60 * USEC_SECOND)
#define STALE_AFTER_RESCAN (120 * USEC_SECOND)

static const msec_t bands[AGE_BANDS] = {MSEC_MINUTE, 10 * MSEC_MINUTE, MSEC_HOUR,
	6 * MSEC_HOUR, 24 * MSEC_HOUR, MSEC_NEVER};

/* --- the folders --- */

struct count {
	struct census census;
	const struct intake *intake; /* NULL: every name counts */
	uint64_t *files;
	usec_t now;
	struct folder_choice at; /* being listed, or that could not be */
};

static void count_age(struct census *census, usec_t arrived, usec_t now)
{
	unsigned band = 0;
	while ((now - arrived) / 1000 >= bands[band])
		band++;
	census->bands[band]++;
	if (!census->oldest || arrived < census->oldest)
		census->oldest = arrived;
}

static void count_waiting(void *context, const struct folder_entry *entry)
{
	struct count *count = context;
	if (entry->is_odd ||
		(count->intake && !spool_name_is_drop(entry->name, count->intake))) {
		count->census.ignored++;
		return;
	}
	usec_t arrived = folder_arrival(entry);
	if (!arrived)
		return;
	++*count->files;
	count_age(&count->census, arrived, count->now);
}

static void count_file(void *context, const struct folder_entry *entry)
{
	const struct count *count = context;
	(void)entry;
	++*count->files;
}

static int count_today(const struct spool *spool, struct count *count)
{
	auto_buf struct buf day = {.max_bytes = SPOOL_DAY_LEN};
	times_add_local_day(&day, count->now);
	count->at = (struct folder_choice){.folder = FOLDER_SENT};
	memcpy(count->at.day, buf_peek(&day), SPOOL_DAY_LEN);
	count->files = &count->census.sent_today;
	int r = folder_walk(spool, &count->at, count_file, count);
	return r == -ENOENT ? 0 : r;
}

static int count_failed(const struct spool *spool, struct count *count)
{
	count->at = (struct folder_choice){.folder = FOLDER_FAILED};
	count->files = &count->census.failed;
	return folder_walk(spool, &count->at, count_file, count);
}

static int count_backlog(
	const struct spool *spool, const struct intake *intake, struct count *count)
{
	count->at = (struct folder_choice){.folder = FOLDER_INCOMING, .has_odd = true};
	count->files = &count->census.incoming;
	count->intake = intake;
	int r = folder_walk(spool, &count->at, count_waiting, count);
	count->intake = NULL;
	if (r < 0)
		return r;
	count->at = (struct folder_choice){.folder = FOLDER_SENDING};
	count->files = &count->census.sending;
	return folder_walk(spool, &count->at, count_waiting, count);
}

static void free_intake(struct intake **intake)
{
	intake_free(*intake);
}

/* Of what a gateway counts itself, only what waits is counted again, for the ages. */
static int take_census(
	const struct spool *spool, const struct site_config *config, struct count *count)
{
	auto_with(free_intake) struct intake *intake = intake_new(config->pattern, 0);
	bool is_all = count->census.is_all;
	usec_t began = clock_now().wall;
	int r = count_backlog(spool, intake, count);
	if (r == 0 && is_all)
		r = count_failed(spool, count);
	if (r == 0 && is_all)
		r = count_today(spool, count);
	count->census.cost = clock_now().wall - began;
	return r;
}

/* --- the lock --- */

static enum presence look_for_gateway(const struct spool *spool)
{
	auto_close int fd =
		io_open(spool_root_fd(spool), "lock", O_RDONLY | O_NONBLOCK, 0);
	if (fd == -ENOENT)
		return GATEWAY_ABSENT;
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	if (fd < 0 || fcntl(fd, F_OFD_GETLK, &whole) < 0)
		return GATEWAY_UNSEEN;
	return whole.l_type == F_UNLCK ? GATEWAY_ABSENT : GATEWAY_RUNS;
}

/* --- state.json --- */

static int read_site(const struct spool *spool, struct snapshot *s)
{
	int r = state_file_read(spool_root_fd(spool), &s->source, &s->alive);
	for (size_t i = 0; r == 0 && i < s->source.count; i++) {
		if (strcmp(s->source.sites[i].name, s->config->name) != 0)
			continue;
		s->status = s->source.sites[i];
		s->was = s->status.state;
		s->updated = s->source.updated;
		s->has_state = true;
		return 0;
	}
	return r < 0 ? r : -EINVAL;
}

/* --- what is believed --- */

static void set_hold(struct snapshot *s, const char *reason, usec_t since,
	const char *said, const char *remedy)
{
	s->said = xstrdup(said);
	s->remedy = xstrdup(remedy);
	s->status.hold = (struct status_hold){
		.since = since, .reason = reason, .said = s->said, .remedy = s->remedy};
}

static void tell_no_state(struct snapshot *s, int r, usec_t now)
{
	auto_buf struct buf said = {.max_bytes = WORDS_MAX_BYTES};
	buf_add_format(&said, "%s/state.json: %s", s->config->spool,
		r == -EINVAL ? _("not a snapshot that this program understands")
			     : strerrordesc_np(-r));
	s->status.state = STATE_WAITING;
	set_hold(s, "no-state", now, buf_peek(&said),
		N_("a gateway runs, and writes it anew with the next change; if it does "
		   "not, its log says why"));
}

static void believe_census(struct snapshot *s)
{
	const struct census *census = &s->census;
	s->status.incoming = census->incoming;
	s->status.sending = census->sending;
	if (!census->is_all)
		return;
	s->status.ignored = census->ignored;
	if (s->status.unreadable > census->incoming + census->sending)
		s->status.unreadable = census->incoming + census->sending;
	s->status.failed = census->failed;
	s->status.sent_today = census->sent_today;
}

/* It would be written again if another file waited longest now. */
static void believe_state(struct snapshot *s, usec_t now)
{
	if (s->status.oldest_waiting_s >= 0 && now > s->updated)
		s->status.oldest_waiting_s += (now - s->updated) / USEC_SECOND;
}

static void believe_oldest(struct snapshot *s, usec_t now)
{
	usec_t oldest = s->census.oldest;
	s->status.oldest_waiting_s = -1;
	if (oldest)
		s->status.oldest_waiting_s =
			oldest > now ? 0 : (now - oldest) / USEC_SECOND;
}

static void tell_stopped(struct snapshot *s)
{
	s->status.state = STATE_STOPPED;
	s->status.rate = 0;
	if (s->status.hold.reason)
		s->status.hold.next_try = 0;
}

static bool seems_to_run(const struct snapshot *s)
{
	if (s->presence == GATEWAY_UNSEEN)
		return s->has_state && s->was != STATE_STOPPED;
	return s->presence == GATEWAY_RUNS;
}

/* It stands still, or cannot write any more. */
static bool is_stale(const struct snapshot *s, usec_t now)
{
	if (s->status.rate > 0 && now - s->updated > STALE_AFTER)
		return true;
	return now - s->alive > STALE_AFTER_RESCAN + s->config->rescan * 1000;
}

/* A gateway may not have looked, or cannot write any more what it saw. */
static void look_for_room(struct snapshot *s, const struct spool *spool, usec_t now)
{
	struct spool_room room;
	const char *known = s->status.hold.reason;
	if (spool_room(spool, &room) < 0 ||
		!spool_room_is_low(&room, (uint64_t)s->config->min_free))
		return;
	if (s->status.state != STATE_STOPPED)
		s->status.state = STATE_WAITING;
	if (!known || strcmp(known, STATUS_NO_SPACE) != 0)
		s->status.hold = status_low_space(now);
}

/* --- what cannot be looked at --- */

static void tell_shut(struct snapshot *s)
{
	s->is_shut = true;
	s->has_state = false;
	s->status = (struct site_status){.state = STATE_STOPPED, .oldest_waiting_s = -1};
}

static void tell_no_permission(struct snapshot *s, const char *path, usec_t now)
{
	auto_buf struct buf said = {.max_bytes = WORDS_MAX_BYTES};
	auto_buf struct buf who = {.max_bytes = WORDS_MAX_BYTES};
	buf_add_format(&said, "%s: %s", path, strerrordesc_np(EACCES));
	access_explain(&who, path, ACCESS_LOOK);
	set_hold(s, "no-permission", now, buf_peek(&said), buf_peek(&who));
}

static void tell_no_spool(struct snapshot *s, int r, usec_t now, const struct buf *why)
{
	tell_shut(s);
	if (r == -EACCES)
		tell_no_permission(s, s->config->spool, now);
	else
		set_hold(s, "no-spool", now, buf_peek(why),
			N_("opensi-spool init makes the folders of a spool"));
}

static void tell_unlisted(
	struct snapshot *s, int r, usec_t now, const struct folder_choice *at)
{
	auto_buf struct buf path = {.max_bytes = WORDS_MAX_BYTES};
	auto_buf struct buf said = {.max_bytes = WORDS_MAX_BYTES};
	buf_add_format(&path, "%s/%s%s%s", s->config->spool, folder_name(at->folder),
		*at->day ? "/" : "", at->day);
	tell_shut(s);
	if (r == -EACCES) {
		tell_no_permission(s, buf_peek(&path), now);
		return;
	}
	buf_add_format(&said, "%s: %s", buf_peek(&path), strerrordesc_np(-r));
	set_hold(s, "no-spool", now, buf_peek(&said),
		N_("it must be a folder that can be listed: ls -ld shows what it is"));
}

/* --- all of it --- */

/* An error only if there is no other word to believe. */
static int count_folders(struct snapshot *s, const struct spool *spool,
	const struct census *known, struct count *count)
{
	bool must_count = count->census.is_all;
	bool are_few = s->status.incoming + s->status.sending <= FILES_LOOKED_AT;
	int r = 0;
	if (known && known->is_all >= must_count)
		count->census = *known;
	else if (must_count || are_few)
		r = take_census(spool, s->config, count);
	else
		return 0;
	s->is_counted = r == 0;
	if (s->is_counted)
		s->census = count->census;
	return must_count ? r : 0;
}

/* What waits and since when are of one source. */
static void believe_what_waits(struct snapshot *s, usec_t now)
{
	if (!s->is_counted) {
		believe_state(s, now);
		return;
	}
	believe_census(s);
	believe_oldest(s, now);
}

static void look(struct snapshot *s, const struct spool *spool, usec_t now,
	const struct census *known)
{
	s->presence = look_for_gateway(spool);
	int r = read_site(spool, s);
	bool is_running = seems_to_run(s);
	struct count count = {.census.is_all = !is_running || !s->has_state, .now = now};
	int listed = count_folders(s, spool, known, &count);
	if (listed < 0) {
		tell_unlisted(s, listed, now, &count.at);
		return;
	}
	believe_what_waits(s, now);
	if (!is_running)
		tell_stopped(s);
	else if (!s->has_state)
		tell_no_state(s, r, now);
	else
		s->is_stale = is_stale(s, now);
	look_for_room(s, spool, now);
}

static void close_spool(struct spool **spool)
{
	spool_close(*spool);
}

void snapshot_take(const struct site_config *config, usec_t now,
	const struct census *known, struct snapshot *snapshot)
{
	auto_with(close_spool) struct spool *spool = NULL;
	auto_buf struct buf why = {.max_bytes = WORDS_MAX_BYTES};
	*snapshot = (struct snapshot){.config = config};
	int r = spool_open_to_look(config->spool, &spool, &why);
	if (r < 0)
		tell_no_spool(snapshot, r, now, &why);
	else
		look(snapshot, spool, now, known);
	snapshot->status.name = config->name;
}

void snapshot_done(struct snapshot *snapshot)
{
	status_done(&snapshot->source);
	free(snapshot->said);
	free(snapshot->remedy);
	*snapshot = (struct snapshot){0};
}
