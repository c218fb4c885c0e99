/* SPDX-License-Identifier: MIT
 *
 * What mv(1) would do, this does too; but it says what is going to happen, as far as that
 * can be told.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/words.h"
#include "system/clock.h"
#include "system/io.h"
#include "system/spool_name.h"
#include "tool/access.h"
#include "tool/commands.h"
#include "tool/folder.h"
#include "tool/foresight.h"
#include "tool/namesakes.h"
#include "tool/print.h"
#include "tool/tool.h"

enum {
	NOTE_MAX_BYTES = 16 * 1024,
	LIST_MAX_BYTES = 2 * NOTE_MAX_BYTES,
	FIELDS = 3,
	NAMED_MAX = 20
};

/* A site, and what is foreseen of its files; NULL until it is first asked. */
struct seer {
	const struct tool_site *site;
	struct foresight *foresight;
};

struct retry {
	const struct tool *tool;
	struct seer *seers; /* of each site */
	struct listing *listing;
	struct moment now;
	bool is_one; /* no more than one file is meant */
	size_t moved, left;
	int status;
};

/* --- moving --- */

static void tell(struct retry *retry, const char *name, bool is_moved, const char *note)
{
	const char *const fields[FIELDS] = {
		is_moved ? "moved" : "left", name, *note ? note : NULL};
	listing_add(retry->listing, is_moved ? PLAIN : YELLOW, fields);
	*(is_moved ? &retry->moved : &retry->left) += 1;
	if (!is_moved)
		retry->status = EXIT_FAILURE;
}

static void tell_refusal(
	struct retry *retry, const struct seer *seer, const char *name, int r)
{
	auto_buf struct buf why = {.max_bytes = NOTE_MAX_BYTES};
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/failed", seer->site->config->spool);
	if (r == -EEXIST)
		buf_add_text(&why, _("incoming/ has a file of that name"));
	else if (r == -EACCES)
		access_explain(&why, path, ACCESS_CHANGE);
	else
		buf_add_text(&why, strerrordesc_np(-r));
	tell(retry, name, false, buf_peek(&why));
}

/* -ENOENT: it was not there, or is gone; nothing was told. */
static int move(struct retry *retry, struct seer *seer, const char *name)
{
	auto_buf struct buf note = {.max_bytes = NOTE_MAX_BYTES};
	const struct spool *spool = seer->site->spool;
	struct stat st;
	int r = spool_look(spool, FOLDER_FAILED, name, &st);
	if (r == 0) {
		if (!seer->foresight)
			seer->foresight =
				foresight_open(seer->site, &retry->now, retry->is_one);
		foresight_tell(seer->foresight, name, &note);
		r = io_rename(spool_folder_fd(spool, FOLDER_FAILED), name,
			spool_folder_fd(spool, FOLDER_INCOMING), name, false);
	}
	if (r == -ENOENT)
		return r;
	if (r < 0)
		tell_refusal(retry, seer, name, r);
	else
		tell(retry, name, true, buf_peek(&note));
	return r;
}

/* --- names --- */

/* A path has to lead to failed/ of that spool. */
static bool is_in_failed(const struct tool_site *site, const char *name)
{
	char folder[PATH_MAX];
	struct stat named;
	struct stat failed;
	const char *slash = strrchr(name, '/');
	if (!slash || !strncmp(name, "failed/", (size_t)(slash - name) + 1))
		return true;
	if ((size_t)(slash - name) + 2 > sizeof(folder))
		return false;
	snprintf(folder, sizeof(folder), "%.*s", (int)(slash - name) + 1, name);
	return stat(folder, &named) == 0 &&
	       io_stat(spool_folder_fd(site->spool, FOLDER_FAILED), &failed) == 0 &&
	       named.st_dev == failed.st_dev && named.st_ino == failed.st_ino;
}

/* Without its path; the name of a reason means the file that it is about. */
static bool base_of(const char *name, char base[NAME_MAX + 1])
{
	const char *slash = strrchr(name, '/');
	const char *last = slash ? slash + 1 : name;
	size_t len = strlen(last);
	if (spool_is_reason(last))
		len -= SPOOL_REASON_LEN;
	if (!len || len > NAME_MAX || !strcmp(last, ".") || !strcmp(last, ".."))
		return false;
	snprintf(base, NAME_MAX + 1, "%.*s", (int)len, last);
	return true;
}

/* The files that a name means, of all sites. */
struct meant {
	struct seer *found_in;
	char found[NAME_MAX + 1];
	bool has_sites; /* there are several, so a name alone may not do */
	struct buf *names;
	size_t count;
};

static void note_meant(struct meant *m, struct seer *seer, const char *name)
{
	if (m->count < NAMED_MAX)
		buf_add_format(m->names, "%s%s%s%s", m->count ? ", " : "",
			m->has_sites ? seer->site->config->name : "",
			m->has_sites ? "/" : "", name);
	else if (m->count == NAMED_MAX)
		buf_add_text(m->names, ", ...");
	m->count++;
	m->found_in = seer;
	snprintf(m->found, sizeof(m->found), "%.*s", NAME_MAX, name);
}

/* The name as it stands outweighs what else it may mean. */
static void look_for_name(
	struct retry *retry, const char *name, const char *base, struct meant *m)
{
	struct stat st;
	for (size_t i = 0; i < retry->tool->site_count; i++) {
		struct seer *seer = &retry->seers[i];
		if (is_in_failed(seer->site, name) &&
			spool_look(seer->site->spool, FOLDER_FAILED, base, &st) == 0)
			note_meant(m, seer, base);
	}
}

static void look_for_namesakes(
	struct retry *retry, const char *name, const char *base, struct meant *m)
{
	for (size_t i = 0; i < retry->tool->site_count; i++) {
		auto_with(namesakes_done) struct namesakes found = {.count = 0};
		struct seer *seer = &retry->seers[i];
		if (is_in_failed(seer->site, name))
			(void)namesakes_add(
				&found, seer->site->spool, FOLDER_FAILED, base);
		namesakes_sort(&found);
		for (size_t k = 0; k < found.count; k++)
			note_meant(m, seer, found.list[k].name);
	}
}

static void tell_choice(struct retry *retry, const char *name, const struct meant *m)
{
	auto_buf struct buf note = {.max_bytes = LIST_MAX_BYTES};
	buf_add_format(&note,
		m->has_sites ? _("it may be each of %zu files, name one, and its site by "
				 "--site: %s")
			     : _("it may be each of %zu files, name one: %s"),
		m->count, buf_peek(m->names));
	tell(retry, name, false, buf_peek(&note));
}

static bool is_within_failed(const struct retry *retry, const char *name)
{
	for (size_t i = 0; i < retry->tool->site_count; i++)
		if (is_in_failed(retry->seers[i].site, name))
			return true;
	return false;
}

static void retry_name(struct retry *retry, const char *name)
{
	char base[NAME_MAX + 1];
	auto_buf struct buf names = {.max_bytes = NOTE_MAX_BYTES};
	auto_buf struct buf where = {.max_bytes = NOTE_MAX_BYTES};
	struct meant m = {.has_sites = retry->tool->site_count > 1, .names = &names};
	if (!base_of(name, base)) {
		tell(retry, name, false, _("not the name of a file"));
		return;
	}
	if (!is_within_failed(retry, name)) {
		tell(retry, name, false, _("not in failed/ of a spool"));
		return;
	}
	look_for_name(retry, name, base, &m);
	if (!m.count)
		look_for_namesakes(retry, name, base, &m);
	if (m.count > 1) {
		tell_choice(retry, name, &m);
		return;
	}
	if (m.count && move(retry, m.found_in, m.found) != -ENOENT)
		return;
	tool_add_moved(retry->tool, base, &where);
	tell(retry, name, false, buf_peek(&where));
}

struct names {
	char **list;
	size_t count, room;
};

static void names_done(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free((void *)names->list);
}

static void keep_name(void *context, const struct folder_entry *entry)
{
	struct names *names = context;
	names->list = (char **)xgrow((void *)names->list, &names->room, names->count + 1,
		sizeof(*names->list));
	names->list[names->count++] = xstrdup(entry->name);
}

static int by_name(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

/* Nobody asked for it by its name, so it is no failure. */
static void say_moved(const struct retry *retry, const char *name)
{
	auto_buf struct buf where = {.max_bytes = NOTE_MAX_BYTES};
	tool_add_moved(retry->tool, name, &where);
	tool_complain("%s: %s", name, buf_peek(&where));
}

/* By their names, which is the order of their time: so they arrive in it, too. */
static int retry_site(struct retry *retry, struct seer *seer)
{
	const struct folder_choice failed = {.folder = FOLDER_FAILED};
	auto_with(names_done) struct names names = {.list = NULL};
	int r = folder_walk(seer->site->spool, &failed, keep_name, &names);
	if (names.count)
		qsort((void *)names.list, names.count, sizeof(*names.list), by_name);
	for (size_t i = 0; i < names.count; i++)
		if (move(retry, seer, names.list[i]) == -ENOENT)
			say_moved(retry, names.list[i]);
	return r;
}

static void retry_all(struct retry *retry)
{
	for (size_t i = 0; i < retry->tool->site_count; i++) {
		int r = retry_site(retry, &retry->seers[i]);
		if (r == 0)
			continue;
		tool_complain("%s/failed: %s", retry->seers[i].site->config->spool,
			strerrordesc_np(-r));
		retry->status = EXIT_FAILURE;
	}
}

static void retry_names(struct retry *retry, struct tool *tool)
{
	size_t at = 0;
	int status = EX_OK;
	for (const char *name; (name = tool_next_name(tool, &at, &status));)
		retry_name(retry, name);
	if (status != EX_OK)
		retry->status = status;
}

/* --- the command --- */

static void say_sum(const struct retry *retry)
{
	if (!print_is_terminal() || retry->tool->options.json)
		return;
	printf(words_count("%zu file moved to incoming/", "%zu files moved to incoming/",
		       retry->moved),
		retry->moved);
	if (retry->left)
		printf(words_count(", %zu left alone", ", %zu left alone", retry->left),
			retry->left);
	putchar('\n');
}

int run_retry(struct tool *tool)
{
	const struct column columns[FIELDS] = {
		{.title = N_("RESULT"), .field = "result", .is_word = true},
		{.title = N_("NAME"), .field = "name", .is_name = true},
		{.title = N_("WHAT WILL HAPPEN"), .field = "note"},
	};
	if (tool->options.all && tool->name_count) {
		tool_complain(_("retry takes names or --all, not both"));
		return EX_USAGE;
	}
	auto_free struct seer *seers = xcalloc(tool->site_count, sizeof(*seers));
	for (size_t i = 0; i < tool->site_count; i++)
		seers[i].site = &tool->sites[i];
	struct retry retry = {.tool = tool,
		.seers = seers,
		.listing = listing_new(columns, FIELDS, tool->options.json),
		.now = clock_now(),
		.is_one = tool->name_count == 1 && strcmp(tool->names[0], "-") != 0};
	if (tool->options.all)
		retry_all(&retry);
	else
		retry_names(&retry, tool);
	listing_end(retry.listing);
	say_sum(&retry);
	for (size_t i = 0; i < tool->site_count; i++)
		foresight_close(seers[i].foresight);
	return retry.status;
}
