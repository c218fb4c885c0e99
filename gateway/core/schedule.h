#ifndef GATEWAY_CORE_SCHEDULE_H
#define GATEWAY_CORE_SCHEDULE_H
/* SPDX-License-Identifier: MIT
 *
 * schedule - which comments go now, in which batch; hold, probe, back-off, poison
 *
 * Knows: the whole delivery policy. It is asked, it never calls: schedule_next() gives a
 * task or the instant to ask again; the caller does it and reports by schedule_done();
 * what follows for each comment is fetched by schedule_decision().
 * Must not know: XML, curl, folders, texts of comments, clocks. Time comes in as `now`
 * (never going back), chance as a seed: the same calls give the same answers.
 * Promises: per WebOrderNumber arrival order, never two in flight, never two in a batch;
 * never one CommentId twice in flight to one shop, over all sites that share its URL;
 * a comment in doubt, its number and its order wait for unknown_wait; every comment
 * added ends in exactly one final decision, unless its job is removed. Arrival order is
 * kept within a site; between sites of one URL an order is only never sent to twice.
 * Every call costs O(log n) for each comment that it moves.
 * Decisions: each comment of a task gets exactly one when the task ends. After a refusal
 * that the probe must explain it is DEFERRED with its count unchanged, due at once; if
 * the probe then finds a comment at fault that was alone, a second one follows: REJECTED,
 * or DEFERRED with its wait and perhaps a higher count. A batch found at fault gets no
 * second one: its halves are tasks of their own. A cancelled task gets none.
 * Order: drain schedule_decision() after every next, done and cancel. A release at one
 * site may free work at another of the same URL: after a done, ask all of them.
 * Errors: none. Breaking the calling order is a bug and aborts.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/times.h"
#include "core/hold.h"
#include "core/response.h"
#include "core/shop.h"

struct schedule;

struct schedule_policy {
	unsigned connections;    /* tasks under way at once */
	unsigned batch_comments; /* in one envelope, at most */
	size_t batch_bytes;      /* likewise; a larger comment goes alone */
	msec_t request_target;   /* batches grow while answers take less */
	msec_t unknown_wait;
	msec_t retry_min;
	msec_t retry_max;
	msec_t interval; /* 0: at once */
	msec_t give_up;  /* 0: never */
	unsigned max_attempts;
};

/* An envelope stays below the smallest limit that web servers have by default (nginx:
 * 1 MiB), with room for what is around the comments: part of the policy likewise. */
enum { SCHEDULE_BATCH_BYTES = 768 * 1024 };
/* First back-off of a deferred comment: part of the policy, not of the configuration. */
#define SCHEDULE_POISON_WAIT MSEC_MINUTE

/* One comment as the schedule sees it. job and index are the caller's name for it. */
struct schedule_item {
	void *job;
	uint32_t index;
	bool mail;                      /* SendMail */
	bool was_posted;                /* earlier, with no delivery known */
	bool was_deferred, was_unknown; /* by its last outcome */
	/* As its last decision told them; 0: never tried. */
	unsigned attempts, tries, cap;
	uint32_t seen;
	uint64_t order;    /* hash of WebOrderNumber */
	uint64_t id;       /* hash of CommentId */
	size_t bytes;      /* in an envelope */
	msec_t arrived;    /* for give_up; may be negative: before this boot */
	msec_t not_before; /* 0, or when it may go. In the past: those that may for longest
			      go first */
};

struct schedule_ref {
	void *job;
	uint32_t index;
};

enum task_kind { TASK_NONE, TASK_POST, TASK_PROBE };

struct task {
	enum task_kind kind;
	uint64_t number; /* names the task in done and cancel */
	const struct schedule_ref
		*refs; /* borrowed until the next call of schedule_next */
	size_t count;
	size_t bytes; /* that its comments take in the envelope, unless they are huge */
	msec_t ask_again; /* TASK_NONE: then, or sooner if anything was added or done */
};

/* What became of a task. results: one for each ref, if answer is ANSWER_RESULTS. */
struct task_report {
	enum answer answer;
	enum blame blame;
	bool unpaired;      /* UNKNOWN: whole, but the results fit no comments */
	msec_t retry_after; /* -1: not asked */
	msec_t took;
	const enum result *results;
};

enum outcome {
	OUTCOME_DELIVERED,
	OUTCOME_ALREADY, /* the shop had this number before this file was posted */
	OUTCOME_REJECTED,
	OUTCOME_DEFERRED, /* not stored as far as is known; it will be tried again */
	OUTCOME_UNKNOWN,  /* waits, then is tried again */
};

enum decision_cause {
	CAUSE_ANSWER,    /* the shop's own word for it */
	CAUSE_EXHAUSTED, /* max_attempts */
	CAUSE_GAVE_UP,   /* older than give_up */
};

struct decision {
	void *job;
	uint32_t index;
	enum outcome outcome; /* DELIVERED, ALREADY, REJECTED are final */
	enum decision_cause cause;
	bool is_refused;   /* alone, and the shop was well right after: one of a series */
	unsigned attempts; /* counted */
	unsigned tries;    /* counted or not: what its back-off grows by */
	unsigned cap;      /* goes in no larger batch; 0: in any */
	uint32_t seen;     /* what the site had stored at its last try */
	msec_t due;        /* DEFERRED, UNKNOWN: not before */
};

struct schedule_state {
	enum hold hold;
	msec_t held_since;
	msec_t next_try;              /* when held: the next probe */
	bool is_told;                 /* by the shop itself (Retry-After) */
	uint32_t stored, stored_mail; /* by its word; of these, with mail. They wrap */
	size_t deferred;              /* comments */
	size_t unknown;
};

/* What an earlier run learned of the shop. */
struct schedule_past {
	enum hold hold; /* HOLD_NONE: it was open */
	msec_t held_since;
	msec_t told; /* the shop's own wish for the next probe; 0: none */
	uint64_t refused[HOLD_SILENT_REFUSALS]; /* in succession: hashes of CommentIds */
	unsigned refused_count;
	uint32_t stored, stored_mail;
};

struct schedule *schedule_new(const struct schedule_policy *policy, struct shop *shop,
	uint64_t seed, msec_t now);
void schedule_free(struct schedule *s);
/* Before anything is added. A hold goes on, and the shop is asked at once, unless it has
 * named the time itself. */
void schedule_resume(struct schedule *s, const struct schedule_past *past, msec_t now);
/* A new interval starts its rhythm anew, with what waits. A held site is asked at once,
 * unless its shop has named the time: who changes the policy may have mended something.
 */
void schedule_set_policy(struct schedule *s, const struct schedule_policy *policy);

/* No real comment before that: after a power loss the journal's tail is not trusted. */
void schedule_quiet_until(struct schedule *s, msec_t until);

void schedule_add(struct schedule *s, const struct schedule_item *item, msec_t now);
/* Forgets the comments of a job. Those in flight get their decision still, final in any
 * case; the job must outlive them. */
void schedule_remove(struct schedule *s, const void *job);

void schedule_next(struct schedule *s, msec_t now, struct task *task);
/* The task was not done, nothing left this machine: its comments are as before, but for
 * those removed meanwhile: they are gone without a decision. */
void schedule_cancel(struct schedule *s, uint64_t number);
/* Likewise, but what the task held of that job waits until then. */
void schedule_put_off(struct schedule *s, uint64_t number, const void *job, msec_t until);
void schedule_done(struct schedule *s, uint64_t number, const struct task_report *report,
	msec_t now);

/* False when there is none left. */
bool schedule_decision(struct schedule *s, struct decision *decision);

void schedule_state(const struct schedule *s, struct schedule_state *state);

#endif
