#ifndef GATEWAY_TOP_SITE_H
#define GATEWAY_TOP_SITE_H
/* SPDX-License-Identifier: MIT
 *
 * site - one shop and its spool: what the steps of the pipeline share
 *
 * Knows: everything that belongs to one site, its jobs, how its records are made and what
 * happens when the machine itself is in trouble: intake and sending pause, what is held
 * is kept, and it is tried again after a growing wait. Never a busy loop, one log line
 * when trouble begins and one when it ends. Must not know: in which order the steps are
 * done (pipeline).
 */
#include <stdbool.h>
#include <stddef.h>

#include "core/day_count.h"
#include "core/history.h"
#include "core/intake.h"
#include "core/record.h"
#include "core/schedule.h"
#include "core/series.h"
#include "core/tally.h"
#include "system/audit.h"
#include "system/clock.h"
#include "system/config.h"
#include "system/spool.h"
#include "system/transport.h"
#include "system/watch.h"
#include "top/job.h"

/* What may be claimed ahead: so many drops and bytes of documents that are being sent,
 * and four times that of drops that only wait. */
enum { WINDOW_DROPS = 4000, WINDOW_WAITING = 4 };
#define WINDOW_BYTES ((size_t)64 * 1024 * 1024)
/* What the shop says of the comments in it: beyond that it is shortened. */
#define WORDS_BYTES ((size_t)64 * 1024 * 1024)
enum { WORDS_SHORT_CHARS = 40 };

/* An unknown outcome whose claim is not in sending/ any more: the shop may still store
 * it. */
struct kept_doubt {
	char *order, *id;
	msec_t since;
};

struct machine_trouble {
	int error;         /* -errno, or 0: none */
	char *remedy;      /* for what comes next, where its place is known; or NULL */
	char *told_remedy; /* as it was last said */
	msec_t since;      /* when it began */
	msec_t wait;
	msec_t again; /* when to try again */
};

struct site {
	const struct site_config *config; /* borrowed */
	struct transport *transport;      /* borrowed, shared by all sites */
	struct shop *shop;                /* borrowed, shared by sites with one URL */
	bool is_once;
	bool is_stopping;

	struct spool *spool;
	struct watch *watch; /* NULL with is_once */
	struct intake *incoming;
	struct intake *strays; /* unclaimed names in sending/ */
	struct audit *audit;
	struct schema *schema;
	struct schedule *schedule;
	struct endpoint *endpoint;
	struct endpoint **retired; /* of configurations before, perhaps still in use */
	size_t retired_count, retired_room;
	char *hold_words; /* what the shop said when the hold began */
	enum hold hold;   /* as it was last recorded */
	msec_t told;      /* likewise: the next probe by the shop's own wish, or 0 */
	struct series refused;
	msec_t ask_again; /* when the schedule has something to do */

	struct table jobs; /* all claims in sending/, by stamp */
	size_t active_drops, active_bytes;
	size_t waiting_drops, waiting_bytes;
	size_t words;             /* bytes of the shop's, of all jobs */
	struct job_queue unread;  /* claimed, to be read */
	struct job_queue put_off; /* to be read, or settled, after the next scan */
	struct job_queue done;    /* to be settled */
	msec_t gathering_since;   /* the group that settles next; 0: it has nothing yet */
	msec_t moved_since;       /* moves whose folders are not flushed; 0: none */
	struct errand *errands;   /* exchanges under way */
	struct history *history;  /* what the journal knew at start */

	struct kept_doubt *doubts;
	size_t doubt_count, doubt_room;

	size_t checkpoint_lines; /* of the one being written */
	struct machine_trouble trouble;
	bool is_low_on_space;
	msec_t low_on_space_since;
	bool must_scan;
	msec_t quiet_since; /* of the wait after a power loss; 0: none */
	msec_t scan_at;
	msec_t quiet_at;     /* what was found, or given back, was watched by then */
	msec_t retention_at; /* when old days are looked for again */
	size_t ignored;      /* names in incoming/ that are no drops, at the last scan */
	struct tally tally;
	struct day_count sent; /* by all runs of its day: the journal carries it on */
	size_t failures;       /* drops that went to failed/ in this run */
	/* The latest of them by stamp, so that a retry is known as one. */
	char (*failed)[TIMES_STAMP_LEN + 1];
};

/* That of incoming/, or of unclaimed names in sending/. */
struct intake *site_intake(const struct site *site, enum folder folder);
/* What an intake wants to know of a file. */
struct sighting site_sighting(const struct stat *st);

/* By the id on record; NULL: none is. */
bool site_is_this_boot(const char *boot);

/* Completes the record with time, boot and site, and appends it. */
void site_record(struct site *site, const struct moment *now, struct record *record);
/* The same for a job, or one of its comments (index; SIZE_MAX: the job). */
void site_record_job(struct site *site, const struct moment *now, const struct job *job,
	struct record *record);
void site_record_comment(struct site *site, const struct moment *now,
	const struct job *job, size_t index, struct record *record);

/* The hold of that state, since when it is. */
void site_record_hold(
	struct site *site, const struct moment *now, const struct schedule_state *state);

struct job *site_find_job(const struct site *site, const char *stamp);
/* Adds to the jobs, or takes out and frees. */
void site_add_job(struct site *site, struct job *job);
void site_drop_job(struct site *site, struct job *job, enum job_state last);
/* Moves a job to DONE and queues it for the group that settles next. */
void site_finish_job(struct site *site, struct job *job, enum job_end end);
/* Sends nothing more of a job (END_CHANGED, END_WITHDRAWN). It ends when what is in
 * flight has come back: site_close_job() is to be asked then, and does so here if
 * nothing is. */
void site_stop_job(
	struct site *site, const struct moment *now, struct job *job, enum job_end end);
void site_close_job(struct site *site, const struct moment *now, struct job *job);
/* Around every change of a job's comments: keeps the window's counts. */
void site_uncount_job(struct site *site, const struct job *job);
void site_count_job(struct site *site, const struct job *job);
/* The shop's last words about a comment. It chooses how many there are, so they are
 * bounded here: they stay in memory, and go into each checkpoint. */
void site_note_words(struct site *site, struct job *job, size_t index, const char *code,
	const char *message);
bool site_window_is_open(const struct site *site);

/* What the file system says of a file that it has damaged: the trouble of that file, as
 * long as others can be read. */
bool site_is_damage(int r);
/* A claim could not be moved (r) because it is damaged or immutable, or something is
 * mounted on it: that is no other's trouble. */
bool site_is_jobs_own(
	const struct site *site, const struct job *job, enum folder to, int r);
/* A claim's own trouble (r), said once: its bytes cannot be had, or it may not be moved.
 */
void site_blame_job(const struct site *site, struct job *job, int r);
/* Likewise, and it waits for the next scan, to be read or settled then. */
void site_put_off_job(struct site *site, struct job *job, int r);
void site_take_up_jobs(struct site *site);

/* A claim, or its rest, went to failed/: by the journal, or in this run. */
void site_note_failure(struct site *site, const char *stamp);
bool site_has_failed(const struct site *site, const char *stamp);

/* The shop may still store these: kept when their job goes, until unknown_wait is over.
 */
void site_keep_doubts(struct site *site, const struct job *job, msec_t now);
void site_add_doubt(struct site *site, const char *order, const char *id, msec_t since);
/* The site's key for texts that the schedule compares. */
uint64_t site_key(const char *text);

/* What is to be done about the trouble that comes next, better than its error tells. */
void site_note_remedy(struct site *site, const char *remedy);
/* Machine trouble, once in words; later work waits. Returns r. */
int site_trouble(struct site *site, const struct moment *now, const char *what, int r);
bool site_is_paused(const struct site *site, const struct moment *now);
/* A turn went well after trouble. */
void site_trouble_over(struct site *site);

#endif
