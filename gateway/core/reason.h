#ifndef GATEWAY_CORE_REASON_H
#define GATEWAY_CORE_REASON_H
/* SPDX-License-Identifier: MIT
 *
 * reason - the text beside a failed file: what is wrong and how to mend it
 *
 * Speaks to an admin, not to an XML expert: which file, every problem with its line, its
 * comment and order, what the shop said, how often it was tried, times with the offset of
 * this server, and the exact command that retries it. The first line says it all in
 * short. Must not know: where it is kept. Promises: texts from outside come out clean,
 * one line each; no listing is longer than fifty; the command can be pasted into any
 * shell, whatever bytes the name has.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/times.h"
#include "core/document.h"

struct buf;

enum reason_kind {
	REASON_INVALID,   /* problems: nothing was sent */
	REASON_REJECTED,  /* not one comment was accepted */
	REASON_PARTIAL,   /* this file holds the rest; the original is in sent/ */
	REASON_CHANGED,   /* changed in sending/ after it was read */
	REASON_POISONOUS, /* its reading ended the gateway three times */
};

/* One comment's end, for the listing. */
struct reason_comment {
	unsigned number; /* from 1, in the original */
	unsigned line;   /* 0: not known */
	const char *order;
	const char *id;
	const char *result;  /* delivered, already, rejected, deferred, unknown; NULL: not
			       sent */
	const char *cause;   /* of a rejection: as the journal has it, or NULL */
	const char *code;    /* the shop's, or NULL */
	const char *message; /* likewise */
	unsigned attempts;
};

struct reason {
	enum reason_kind kind;
	const char *site;
	const char *name;     /* as it lies in failed/ */
	const char *original; /* REASON_PARTIAL: where the original is: sent/DAY/NAME */
	const char *spool;    /* absolute path, for the command */
	usec_t claimed, now;
	enum verdict verdict; /* REASON_INVALID */
	const struct problems *problems;
	/* Of the original, all of them, in order: the counts are told from it. */
	const struct reason_comment *comments;
	size_t count;
	bool is_of_record; /* only those that were ever sent: the file is another by now */
};

void reason_write(struct buf *out, const struct reason *reason);

/* One problem as a reason says it: one clean line, without its end. */
void reason_add_problem(struct buf *out, const struct problem *problem);

#endif
