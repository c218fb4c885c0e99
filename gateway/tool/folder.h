#ifndef GATEWAY_TOOL_FOLDER_H
#define GATEWAY_TOOL_FOLDER_H
/* SPDX-License-Identifier: MIT
 *
 * folder - the files of a folder of a spool, one after the other
 *
 * Knows: which names are files of ours to be shown (not the hidden ones, not the reasons
 * of failed/), the folders of days below sent/, and since when a file is in the spool.
 * Promises: nothing is kept but the one that is shown, in the order in which the folder
 * gives them; a file is looked at only where its name does not tell. What comes or goes
 * meanwhile may or may not be shown.
 * Errors: -errno.
 */
#include <stdbool.h>

#include "base/times.h"
#include "system/spool.h"

/* What a person names: incoming, sending, sent, failed, or sent/DAY. */
struct folder_choice {
	enum folder folder;
	char day[SPOOL_DAY_LEN + 1]; /* "": all of the folder */
	bool has_odd;                /* also what is no regular file */
	/* Told, with the context of the visitor, of each day of sent/ that cannot be
	 * listed; NULL: the first ends the walk. */
	void (*unlisted)(void *context, const char *day, int error);
};

/* -EINVAL: no such folder; *meant: what is near it, or NULL. */
int folder_choose(const char *text, struct folder_choice *choice, const char **meant);

struct folder_entry {
	int dir; /* that the name is in; borrowed */
	const char *name;
	const char *day; /* in sent/, else NULL */
	bool is_odd;     /* no regular file */
};

typedef void (*folder_visitor)(void *context, const struct folder_entry *entry);

int folder_walk(const struct spool *spool, const struct folder_choice *choice,
	folder_visitor visitor, void *context);

/* When it was claimed, by its name; else when it came here. 0: it is gone. */
usec_t folder_arrival(const struct folder_entry *entry);

#endif
