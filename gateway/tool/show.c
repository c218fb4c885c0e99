/* SPDX-License-Identifier: MIT
 *
 * show NAME... - a file's comments, what became of each, and its history. A name may be a
 * claim's, its stamp, or the one that a file was dropped under: then all claims of that
 * name are shown, the newest last, and a file of that name that waits in incoming/.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/words.h"
#include "tool/commands.h"
#include "tool/journal.h"
#include "tool/judge.h"
#include "tool/namesakes.h"
#include "tool/place.h"
#include "tool/story.h"
#include "tool/tool.h"
#include "tool/view.h"
#include "tool/writer.h"

/* A site while names are looked up in it. */
struct shown_site {
	const struct tool_site *site;
	struct journal *journal;
	struct judge *judge; /* NULL: files cannot be read */
};

struct showing {
	struct tool *tool;
	struct shown_site *sites;
	struct writer writer;
	bool has_before; /* something was shown */
};

static void show_view(struct showing *s, struct view *v)
{
	view_open(v);
	if (s->tool->options.json) {
		view_write(v, &s->writer);
	} else {
		if (s->has_before)
			putchar('\n');
		view_print(v);
	}
	s->has_before = true;
}

/* The original where there is one: the rest file has its name, in failed/. */
static void show_story(
	struct showing *s, const struct shown_site *at, const struct story *story)
{
	const struct spool *spool = at->site->spool;
	auto_with(view_done) struct view v = {
		.site = at->site, .judge = at->judge, .story = story};
	v.has_file = place_find(spool, story->stamp, story->drop, &v.file);
	v.has_rest =
		v.has_file && v.file.folder != FOLDER_FAILED &&
		place_find_in(spool, FOLDER_FAILED, story->stamp, story->drop, &v.rest);
	show_view(s, &v);
}

/* What the journal has no claim of: it waits in incoming/, or was put there by hand. */
static void show_file(
	struct showing *s, const struct shown_site *at, const struct place *place)
{
	const struct story none = {.stamp = ""};
	auto_with(view_done) struct view v = {.site = at->site,
		.judge = at->judge,
		.story = &none,
		.has_file = true,
		.file = *place};
	show_view(s, &v);
}

static bool is_told(const struct stories *stories, const char *name)
{
	usec_t at = 0;
	if (times_parse_stamp(name, &at) < 0)
		return false;
	for (size_t i = 0; i < stories->count; i++)
		if (!strncmp(stories->list[i]->stamp, name, TIMES_STAMP_LEN))
			return true;
	return stories->left_out && strcmp(name, stories->list[0]->stamp) < 0;
}

/* Days of sent/ may be very many: they are gone through if there is nothing else. */
static void look_around(const struct shown_site *at, const char *name, bool has_stories,
	struct namesakes *found)
{
	const struct spool *spool = at->site->spool;
	(void)namesakes_add(found, spool, FOLDER_SENDING, name);
	(void)namesakes_add(found, spool, FOLDER_FAILED, name);
	(void)namesakes_add(found, spool, FOLDER_INCOMING, name);
	if (!has_stories && !found->count)
		(void)namesakes_add(found, spool, FOLDER_SENT, name);
	namesakes_sort(found);
}

/* Of the files that no story tells of. */
static size_t show_files(struct showing *s, const struct shown_site *at, const char *name,
	const struct stories *stories)
{
	auto_with(namesakes_done) struct namesakes found = {.count = 0};
	size_t shown = 0;
	look_around(at, name, stories->count > 0, &found);
	size_t left_out = found.count > STORIES_MAX ? found.count - STORIES_MAX : 0;
	if (left_out)
		tool_complain(_("%s: %zu older files are left out: name one by its time "
				"to see it"),
			name, left_out);
	for (size_t i = left_out; i < found.count; i++) {
		if (is_told(stories, namesake_name(&found.list[i])))
			continue;
		show_file(s, at, &found.list[i]);
		shown++;
	}
	return shown;
}

static bool show_at(struct showing *s, const struct shown_site *at, const char *name)
{
	auto_with(stories_done) struct stories stories = {.count = 0};
	stories_gather(at->journal, name, &stories);
	if (stories.left_out)
		tool_complain(_("%s: %zu older claims are left out: name one by its time "
				"to see it"),
			name, stories.left_out);
	for (size_t i = 0; i < stories.count; i++)
		show_story(s, at, stories.list[i]);
	return show_files(s, at, name, &stories) > 0 || stories.count > 0;
}

/* With or without its path, or as its reason is called. */
static char *bare_name(const char *given)
{
	const char *slash = strrchr(given, '/');
	const char *name = slash ? slash + 1 : given;
	size_t len = strlen(name);
	return xstrndup(name, spool_is_reason(name) ? len - SPOOL_REASON_LEN : len);
}

static int show_name(struct showing *s, const char *given)
{
	auto_free char *name = bare_name(given);
	bool is_shown = false;
	for (size_t i = 0; *name && i < s->tool->site_count; i++)
		is_shown = show_at(s, &s->sites[i], name) || is_shown;
	if (is_shown)
		return EXIT_SUCCESS;
	tool_complain(_("%s: in no folder, and not in the journal"), given);
	return EXIT_FAILURE;
}

static void showing_done(struct showing *s)
{
	for (size_t i = 0; i < s->tool->site_count; i++) {
		journal_close(s->sites[i].journal);
		judge_close(s->sites[i].judge);
	}
	free(s->sites);
}

int run_show(struct tool *tool)
{
	auto_with(showing_done) struct showing s = {.tool = tool};
	int status = EXIT_SUCCESS;
	size_t at = 0;
	const char *name = NULL;
	s.sites = xcalloc(tool->site_count, sizeof(*s.sites));
	for (size_t i = 0; i < tool->site_count; i++)
		s.sites[i] = (struct shown_site){.site = &tool->sites[i],
			.journal = journal_open(&tool->sites[i]),
			.judge = judge_open(tool->sites[i].config)};
	if (tool->options.json)
		writer_open(&s.writer, NULL, '[');
	while ((name = tool_next_name(tool, &at, &status))) {
		int one = show_name(&s, name);
		status = one > status ? one : status;
	}
	if (tool->options.json)
		writer_close(&s.writer, '[');
	return status;
}
