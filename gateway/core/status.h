#ifndef GATEWAY_CORE_STATUS_H
#define GATEWAY_CORE_STATUS_H
/* SPDX-License-Identifier: MIT
 *
 * status - what a gateway is doing now: one snapshot, and its form as JSON
 *
 * Knows: the fields that people and machines are shown, and the form of state.json:
 *
 *   {"v":1,"updated":TIME,"version":TEXT,"sites":[{
 *     "name":TEXT,           as in the configuration
 *     "state":TEXT,          open, held, waiting or stopped
 *     "hold":null or {       why it does not send (held), or takes nothing in (waiting)
 *       "since":TIME,
 *       "reason":TEXT,       one word: unreachable, key-refused, no-space ...
 *       "said":TEXT,         the shop's or the system's own words
 *       "remedy":TEXT,       what a person can do
 *       "next_try":TIME or null},
 *     "incoming":N,          files that wait in incoming/
 *     "sending":N,           files in sending/
 *     "deferred":N,          comments that the shop broke on, to be tried again
 *     "unknown":N,           comments that wait because their outcome is unknown
 *     "failed":N,            files in failed/, without their reasons
 *     "sent_today":N,        files filed in sent/ since midnight of this server
 *     "ignored":N,           names in incoming/ or sending/ that are no drops
 *     "unreadable":N,        files that the gateway cannot read or move
 *     "oldest_waiting_s":N or null,  age of the file that waits longest
 *     "rate":X,              comments settled per second, over the last minute
 *     "answer_ms":N or null  how long the shop takes to answer a request, smoothed
 *   }]}
 *
 * TIME is RFC 3339 in UTC. A reader ignores fields that it does not know. Must not know:
 * where the snapshot is kept, and how it came about.
 * Ownership: texts are borrowed; those of a parsed snapshot live until status_done().
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/times.h"

struct buf;
struct tally;

enum { STATUS_VERSION = 1, STATUS_MAX_BYTES = 4 * 1024 * 1024 };

/* Less than a minute, ten minutes, an hour, a day; and older. */
enum { STATUS_AGES = 5 };

enum site_state {
	STATE_OPEN,
	STATE_HELD,    /* the shop is not sent to */
	STATE_WAITING, /* this machine is in trouble, or a power loss is waited out */
	STATE_STOPPED, /* no gateway runs */
};

struct status_hold {
	usec_t since;
	const char *reason; /* NULL: neither held nor waiting */
	const char *said;
	const char *remedy;
	usec_t next_try; /* 0: not known */
};

struct site_status {
	const char *name;
	enum site_state state;
	struct status_hold hold;
	uint64_t incoming, sending, failed, sent_today; /* files */
	uint64_t deferred, unknown;                     /* comments */
	uint64_t ignored, unreadable;                   /* names */
	int64_t oldest_waiting_s;                       /* -1: nothing waits */
	double rate;
	msec_t answer_ms; /* 0: no answer so far */

	/* For page and metrics; not in state.json, zero and NULL after status_parse(). */
	uint64_t ages[STATUS_AGES]; /* files in sending/, by the time since their claim */
	struct tally *tally;
	msec_t up;    /* CLOCK_BOOTTIME of the snapshot, for the tally's rings */
	bool is_once; /* STOPPED: as each run by cron ends */
};

struct status {
	usec_t updated;
	const char *version; /* of the program */
	struct site_status *sites;
	size_t count;
	void *source;
};

const char *state_name(enum site_state state);

/* Less is free than the gateway leaves alone; whoever finds it tells it so. */
#define STATUS_NO_SPACE "no-space"
struct status_hold status_low_space(usec_t since);

/* The whole of state.json, with its newline. */
void status_write(struct buf *out, const struct status *status);

/* -EINVAL: not a snapshot of this version. */
int status_parse(const char *bytes, size_t len, struct status *status);
void status_done(struct status *status);

#endif
