#ifndef GATEWAY_TOOL_JUDGE_H
#define GATEWAY_TOOL_JUDGE_H
/* SPDX-License-Identifier: MIT
 *
 * judge - by which rules a file is judged, and its judgement
 *
 * The rules are those of a site. Without a configuration: the schema that is installed
 * and the limits that the settings have by default, with any Website_Code. The code that
 * judges is the gateway's own (core/document.h).
 * Errors: told on standard error.
 */
#include "core/document.h"
#include "system/spool.h"

struct judge;
struct site_config;
struct tool;

/* The index of the site whose rules are for this file: the only one, or the one whose
 * spool holds it. SIZE_MAX: neither, which was said. */
size_t judge_choose_site(const struct tool *tool, const char *file);

/* config NULL: the usual rules. NULL: there is no schema to be read, which was said. */
struct judge *judge_open(const struct site_config *config);
void judge_close(struct judge *judge);

static inline void judge_cleanup(struct judge **judge)
{
	judge_close(*judge);
}

/* A file anywhere; links are followed. 0, or -errno; disposed of by reading_done(). -EISDIR, -EINVAL: not a regular file. */
int judge_read_path(const struct judge *judge, const char *path, struct reading *reading);
/* A file of a spool. */
int judge_read_drop(const struct judge *judge, const struct spool *spool,
	enum folder folder, const char *name, struct reading *reading);

/* "valid", "not readable as XML" ... for people. */
const char *judge_verdict_words(enum verdict verdict);
/* What a negative result of the above means. */
const char *judge_trouble_words(int r);

#endif
