#ifndef GATEWAY_TOOL_SNAPSHOT_H
#define GATEWAY_TOOL_SNAPSHOT_H
/* SPDX-License-Identifier: MIT
 *
 * snapshot - what is known of a site from outside: its lock, its state.json, its folders
 *
 * Knows: which of the three to believe. The lock says whether a gateway runs. While one
 * does, state.json counts (but for what waits and its ages, unless that is very much),
 * and where it cannot be read that is the hold that is shown (reason no-state). While
 * none does, the site is stopped and the folders are counted here; what only a gateway
 * can know (deferred, unknown, unreadable, answer_ms, the hold) is as the last one left
 * it. A spool that cannot be opened or counted is a hold too (no-spool, no-permission).
 * Free space is measured here too: on a full disk no state.json is written. Who may not
 * look at the lock takes state.json's word. Must not know: how a snapshot is shown.
 * Ownership: texts of the status are borrowed from the snapshot.
 */
#include <stdbool.h>

#include "core/status.h"
#include "system/config.h"

enum { AGE_BANDS = 6 };

/* What the folders' own listing says. */
struct census {
	uint64_t incoming, ignored, sending, failed, sent_today;
	uint64_t bands[AGE_BANDS]; /* files that wait, by their age */
	usec_t oldest;             /* when it came; 0: nothing waits */
	usec_t cost;               /* how long the counting took */
	bool is_all;               /* failed and sent_today are counted */
};

enum presence { GATEWAY_ABSENT, GATEWAY_RUNS, GATEWAY_UNSEEN };

struct snapshot {
	const struct site_config *config; /* borrowed */
	enum presence presence;
	bool is_shut;              /* the spool cannot be opened, or not be counted */
	bool has_state;            /* state.json could be read */
	enum site_state was;       /* as state.json has it, with has_state */
	usec_t updated;            /* when that was written, with has_state */
	usec_t alive;              /* when it was last touched, with has_state */
	bool is_stale;             /* it runs, and should have written since */
	bool is_counted;           /* the census was taken */
	struct site_status status; /* to be shown */
	struct census census;
	struct status source;
	char *said, *remedy; /* of a hold that only we know of */
};

/* known: an earlier census that will still do, or NULL. */
void snapshot_take(const struct site_config *config, usec_t now,
	const struct census *known, struct snapshot *snapshot);
void snapshot_done(struct snapshot *snapshot);

static inline bool snapshot_is_running(const struct snapshot *s)
{
	return s->status.state != STATE_STOPPED;
}

#endif
