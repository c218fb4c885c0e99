#ifndef GATEWAY_SYSTEM_AUDIT_H
#define GATEWAY_SYSTEM_AUDIT_H
/* SPDX-License-Identifier: MIT
 *
 * audit - where the journal's lines are kept: one file a day (UTC), appended to
 *
 * Knows: audit/DAY.jsonl, how to append whole lines and make them durable, and where the
 * last complete checkpoint begins. Must not know: what the lines add up to (history).
 * Order: append, then write before anything that the lines announce is done, then sync
 * before anything that they conclude is done.
 * Promises: a line is whole in the file or not there; after a failed write the same lines
 * are written again by the next audit_write(). A torn last line of an earlier run is
 * ended, so that it spoils nothing after it. A new file begins with a checkpoint: the
 * caller asks audit_wants_checkpoint() at the beginning of each turn.
 * Days go forward only, over restarts too: with a clock set back the latest file is
 * written on, for recovery goes by their names.
 * Errors: -errno, logged by the caller; -EINVAL: something that is no file bears the name
 * of one.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/times.h"
#include "system/spool.h"

struct audit;
struct record;

/* The files are DAY with this; days are UTC. */
#define AUDIT_SUFFIX ".jsonl"

/* A checkpoint is written again after so many bytes, so that recovery stays short. */
enum { AUDIT_CHECKPOINT_BYTES = 64 * 1024 * 1024 };

/* The spool is borrowed. Nothing is opened or made yet. */
struct audit *audit_new(const struct spool *spool);
void audit_free(struct audit *a);

/* Hands out the lines from the last complete checkpoint on, however many days back that
 * is; all, if there is none. One is complete if as many good lines as its end says stand
 * right before that. */
typedef void (*audit_reader)(void *context, const char *line, size_t len);
int audit_replay(struct audit *a, audit_reader reader, void *context);
/* After it: the file that was written to last is gone, or emptied, and with it the end of
 * what is known. Which one that was, the spool keeps a note of, outside of audit/. */
bool audit_is_cut(const struct audit *a);

/* Files of days before that one may go: it is that of the second latest file in which
 * there is a complete checkpoint. "": none may. */
int audit_find_border(const struct spool *spool, char day[SPOOL_DAY_LEN + 1]);

/* A new day, a file that somebody removed, moved or emptied or that failed us, or a long
 * way since the last one. */
bool audit_wants_checkpoint(struct audit *a, usec_t now);
/* What is appended from here to audit_end_checkpoint() is the checkpoint. */
int audit_begin_checkpoint(struct audit *a, usec_t now);
void audit_end_checkpoint(struct audit *a);

void audit_append(struct audit *a, const struct record *record);
/* Written: a process that dies has still said it. -EIO: the file failed us since
 * audit_wants_checkpoint() was asked; the lines wait for the next one. */
int audit_write(struct audit *a);
int audit_sync(struct audit *a); /* so has a machine */
/* How often that took a flush. */
uint64_t audit_flushes(const struct audit *a);

#endif
