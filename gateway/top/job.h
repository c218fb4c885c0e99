#ifndef GATEWAY_TOP_JOB_H
#define GATEWAY_TOP_JOB_H
/* SPDX-License-Identifier: MIT
 *
 * job - a claimed drop in memory, and how far each of its comments got
 *
 * Knows: the states of a claim and of a comment, and which moves between them are legal.
 * Must not know: where files lie, what is on the wire, when anything is due.
 *
 *   CLAIMED -> SENDING -> DONE -> SETTLED
 *         \-> DONE (bad document, nothing to send)   \-> DROPPED (withdrawn, returned)
 */
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/table.h"
#include "base/times.h"
#include "core/document.h"
#include "core/history.h"
#include "core/schedule.h"
#include "system/spool.h"

enum job_state {
	JOB_CLAIMED, /* in sending/, not read yet */
	JOB_SENDING, /* valid; its comments are with the schedule */
	JOB_DONE, /* nothing more will be sent of it; waits for the group that settles */
	JOB_SETTLED, /* in sent/ or failed/ */
	JOB_DROPPED, /* no longer ours */
};

/* Why a job is done, where it is not that all its comments are. */
enum job_end {
	END_COMPLETE,  /* every comment has its final outcome */
	END_BAD,       /* the document is not valid */
	END_CHANGED,   /* the file changed after it was read */
	END_POISONOUS, /* its reading killed the gateway three times */
	END_WITHDRAWN, /* the admin took it out of sending/ */
	END_SETTLED,   /* by the record of an earlier run: only its move is missing */
};

enum progress_state {
	PROGRESS_FRESH,
	PROGRESS_POSTED, /* in flight */
	PROGRESS_DEFERRED,
	PROGRESS_UNKNOWN,
	PROGRESS_DELIVERED,
	PROGRESS_ALREADY,
	PROGRESS_REJECTED,
};

struct progress {
	enum progress_state state;
	enum decision_cause cause;     /* REJECTED */
	unsigned attempts, tries, cap; /* with `seen`: as the last decision told them */
	uint32_t seen;
	msec_t since;  /* of its last outcome, or when its wait began after a restart */
	msec_t wait;   /* DEFERRED: from then on */
	char code[8];  /* the shop's last one, or "" */
	char *message; /* the shop's last words, or NULL */
};

/* What was not accepted of a claim, as a file in failed/. Once it is there it is the
 * admin's, and not put there again; on record it is when that is durable. */
enum rest { REST_NONE, REST_PLACED, REST_RECORDED };

/* Which bytes: size, time of change, inode. A record keeps it as text. */
struct version {
	uint64_t size, inode;
	int64_t modified; /* nanoseconds */
};
enum { VERSION_TEXT_MAX = 64 };

/* Jobs in the order in which they are taken. */
struct job_queue {
	struct job *first, **end;
};
void job_queue_init(struct job_queue *queue);
void job_queue_add(struct job_queue *queue, struct job *job);
struct job *job_queue_take(struct job_queue *queue);
void job_queue_put_back(struct job_queue *queue, struct job *job);
void job_queue_remove(struct job_queue *queue, struct job *job);

struct job {
	struct table_node node; /* by stamp */
	enum job_state state;
	enum job_end end;
	char stamp[TIMES_STAMP_LEN + 1];
	char of[TIMES_STAMP_LEN + 1]; /* as in struct claim_name */
	const char *drop;             /* within its name: the exporter's part */
	struct version version;
	usec_t claimed; /* by its stamp */
	msec_t taken; /* likewise, by CLOCK_BOOTTIME; 0: on another boot, or not known */
	enum verdict verdict;
	struct problems *problems; /* of a bad document, else NULL */
	struct document *document;
	const struct past_claim *past; /* what the journal knew of it at start, or NULL */
	int fd; /* open from the claim until it is read, else -1; of that version */
	bool was_quiet; /* it had been quiet for `settle`: if it breaks off, it is broken
			 */
	bool is_recovered;         /* found in sending/ at start */
	struct progress *comments; /* one for each comment of the document */
	size_t count;
	size_t accepted; /* the shop has them */
	size_t open;     /* not final */
	size_t waiting;  /* of these: deferred or unknown */
	size_t in_flight;
	size_t memory;  /* bytes that the window counts */
	size_t words;   /* bytes of the shop's words; the site keeps their sum */
	unsigned kills; /* readings of it that killed the gateway, in succession */
	bool is_told;   /* that its bytes cannot be had */
	char *headline; /* of its reason, or NULL */
	enum rest rest;
	bool is_stopped;  /* nothing more is sent of it, because of `end` */
	struct job *next; /* in the queue it waits in: for its reading, or its settling */
	char name[]; /* of the claim; no longer than it is, for there are thousands */
};

struct job *job_new(const struct claim_name *claim);
void job_free(struct job *job);

/* The one place where a job changes its state. */
void job_move(struct job *job, enum job_state to);

/* Takes the document and makes every comment fresh. */
void job_take_document(struct job *job, struct document *document);

/* The one place where a comment changes its state: keeps the counts. */
void job_note(struct job *job, size_t index, enum progress_state state);
/* Of a job of a site: see site_note_words(). */
void job_note_words(struct job *job, size_t index, const char *code, const char *message);

bool progress_is_final(enum progress_state state);
bool progress_is_accepted(enum progress_state state); /* the shop has it */
const char *progress_name(enum progress_state state); /* as records and reasons say it */
enum progress_state progress_named(const char *name); /* FRESH for what is no name */

/* What a checkpoint says instead of a verdict, so that no restart takes such a claim for
 * one that was never sent. */
#define JOB_UNRECORDED "unrecorded"

/* Found in sending/ and unknown to the journal: all of it may have been sent before. */
bool job_is_unrecorded(const struct job *job);

struct version version_of(const struct stat *st);
bool version_is(const struct version *a, const struct version *b);
void version_write(const struct version *v, char text[VERSION_TEXT_MAX]);
/* Over restarts: a spool that was copied to another disk has other inodes. */
bool version_is_on_record(const struct version *v, const char *text);

#endif
