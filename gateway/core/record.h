#ifndef GATEWAY_CORE_RECORD_H
#define GATEWAY_CORE_RECORD_H
/* SPDX-License-Identifier: MIT
 *
 * record - one line of the audit trail, which is the journal: written and read
 *
 * Knows: the format. One JSON object a line, no comment text, no key. Keys are written in
 * this order, and only where they apply:
 *
 *   v t up boot site ev claim drop of version n order comment attempt tries seen cap
 *   wait refused mail result cause code message count stored mailed sent to
 *
 * `v` is the version of the format, `t` UTC, `up` milliseconds of CLOCK_BOOTTIME, `boot`
 * the kernel's boot id. A claim is named by its stamp, which is never used twice; the
 * name of its file is STAMP_DROP. Names that are not UTF-8 lose their odd bytes here, so
 * the stamp decides.
 * Must not know: where lines are kept (audit), what they add up to (history).
 * Promises: what was written can be read back; a line cut anywhere cannot. Keys that are
 * not known are ignored, so that a later gateway may add some. A new event, or another
 * meaning of a key, is a new version.
 * Ownership: texts of a parsed record are borrowed from its `source`, which record_done()
 * frees; a record that is written owns nothing.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/times.h"

struct buf;

enum { RECORD_VERSION = 1, RECORD_MAX_BYTES = 16 * 1024 };

/* Each event with the keys that say more about it; [those] may be absent. */
enum event {
	/* boot: a run begins; durable before anything is claimed or sent */
	EVENT_START,
	/* boot [count]: the run ended cleanly, nothing follows but the next start; count:
	 * files in sending/ that were yet to be moved to sent/ or failed/ */
	EVENT_STOP,
	/* claim drop [of]: claimed, about to be parsed; of: the claim it is a retry of */
	EVENT_READING,
	/* claim drop version result [count]: the verdict */
	EVENT_READ,
	/* claim drop: breaks off, back in incoming/ to grow */
	EVENT_RETURNED,
	/* claim drop n order comment: about to be sent */
	EVENT_POSTING,
	/* claim drop n order comment result [attempt tries seen cap wait refused mail cause
	 * code message]; wait: counted from `up` */
	EVENT_OUTCOME,
	/* claim drop to: what was not delivered lies in failed/, durable */
	EVENT_REST,
	/* claim drop result to [count]: about to move to sent/ or failed/ */
	EVENT_SETTLED,
	/* claim drop: the admin took it out of sending/ */
	EVENT_WITHDRAWN,
	/* boot result [message wait]: the site is not sent to, since `up`; wait: until the
	 * next probe, by the shop's own wish. With result "power-loss" nothing is sent for
	 * unknown_wait, which is no word about another hold. */
	EVENT_HOLD,
	/* it is again */
	EVENT_OPEN,
	/* One line of four kinds, for everything that is not over when it is written:
	 *   claim drop [boot version result attempt to]: a claim in sending/; boot: it was
	 *     taken on that one, at `up`; attempt: kills while reading; result: the verdict,
	 *     "settled", or "unrecorded": no earlier record knew of it; to: its rest in
	 *     failed/, or where it is settled to
	 *   claim n order comment result [attempt tries seen cap wait cause code message]: a
	 *     comment of that claim that was ever posted; result "posted": without an
	 *     outcome so far
	 *   order comment result [boot]: a doubt that outlived its claim
	 *   order comment result "refused": one of those that the shop refused in succession
	 * With result "unknown", or with `wait`, `up` and `boot` are those of the outcome,
	 * not of the writing. */
	EVENT_CHECKPOINT,
	/* boot count [claim stored mailed sent to]: it is complete; boot: of the run that
	 * goes on; count: its lines; claim: the latest stamp ever given; to: the last day's
	 * folder in sent/. A hold that goes on is recorded anew right after it. */
	EVENT_CHECKPOINT_END,
};

struct record {
	enum event event;
	usec_t at;
	msec_t up;
	const char *boot;
	const char *site;
	const char *claim;   /* the stamp */
	const char *drop;    /* the name without it */
	const char *of;      /* the stamp that a retry had when it failed */
	const char *version; /* which bytes: size, time of change and inode */
	unsigned number;     /* of the comment in its file, from 1; 0: none */
	const char *order;   /* WebOrderNumber */
	const char *comment; /* CommentId */
	unsigned attempt;    /* counted so far; 0: not told */
	unsigned tries;      /* counted or not: what the back-off grows by */
	unsigned seen;       /* `stored` at the last try; with SendMail, `mailed` */
	unsigned cap;        /* goes in no larger batch; 0: in any */
	unsigned wait;       /* milliseconds until it is tried again; 0: not told */
	unsigned refused;    /* 1: alone, and the shop was well right after */
	unsigned mail;       /* 1: delivered with SendMail */
	const char *result;  /* "delivered", "valid", "sent" ... by event */
	const char *
		cause; /* a rejection that is not the shop's own word: by which setting */
	const char *code;    /* the shop's */
	const char *message; /* in words */
	size_t count;        /* comments, files, or lines of a checkpoint; 0: not told */
	/* Comments that the shop has stored, ever; of these, those with SendMail. Only to be
	 * compared with `seen`: they wrap around. */
	unsigned stored, mailed;
	size_t sent;    /* files that went to the folder `to`; 0: not told */
	const char *to; /* folder/name */
	void *source;
};

/* Appends the line with its newline, never more than RECORD_MAX_BYTES: texts longer than
 * they may be are shortened. The keys that the event cannot do without must be there. */
void record_write(struct buf *out, const struct record *record);

/* line: without the newline. -EINVAL: not a record of this version (a torn line). */
int record_parse(const char *line, size_t len, struct record *record);
void record_done(struct record *record);

/* Of a line that is no record: a later gateway wrote it, which meant something by it. */
bool record_is_later(const char *line, size_t len);

const char *event_name(enum event event);

/* "event" or "key", a tab, its name; a line each. For documentation. */
void record_describe(struct buf *out);

#endif
