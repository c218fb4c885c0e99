/* SPDX-License-Identifier: MIT
 *
 * show NAME... - a file's comments, what became of each, and its history. A name may be a
 * claim's, its stamp, or the one that a file was dropped under: then all claims of that
 * name are shown, the newest last, and a file of that name that waits in incoming/.
 */
#include <errno.h>
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

enum { LOOKS = 2 };

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

static void show_view(struct showing *s, const struct view *v)
{
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
static void find_files(const struct shown_site *at, struct view *v)
{
	const struct spool *spool = at->site->spool;
	const struct story *story = v->story;
	v->has_file = place_find(spool, story->stamp, story->drop, &v->file);
	v->has_rest =
		v->has_file && v->file.folder != FOLDER_FAILED &&
		place_find_in(spool, FOLDER_FAILED, story->stamp, story->drop, &v->rest);
}

static void show_story(
	struct showing *s, const struct shown_site *at, const struct story *story)
{
	const struct view unseen = {.site = at->site, .judge = at->judge, .story = story};
	auto_with(view_done) struct view v = unseen;
	find_files(at, &v);
	view_open(&v);
	if (v.trouble == -ENOENT) { /* it has moved since: where to? */
		view_done(&v);
		v = unseen;
		find_files(at, &v);
		view_open(&v);
	}
	show_view(s, &v);
}

/* What the journal has no claim of: it waits in incoming/, or was put there by hand.
 * False: it is gone. */
static bool show_file(
	struct showing *s, const struct shown_site *at, const struct place *place)
{
	const struct story none = {.stamp = ""};
	auto_with(view_done) struct view v = {.site = at->site,
		.judge = at->judge,
		.story = &none,
		.has_file = true,
		.file = *place};
	view_open(&v);
	if (v.trouble == -ENOENT)
		return false;
	show_view(s, &v);
	return true;
}

static bool is_told(const struct stories *stories, const char *name)
{
	usec_t at = 0;
	if (times_parse_stamp(name, &at) < 0)
		return false;
	for (size_t i = 0; i < stories->count; i++)
		if (!strncmp(stories->list[i]->stamp, name, TIMES_STAMP_LEN))
			return true;
	return stories->is_cut && strcmp(name, stories->list[0]->stamp) < 0;
}

/* In the order in which files go, so that none slips through. */
static void look_around(
	const struct shown_site *at, const char *name, struct namesakes *found)
{
	const struct spool *spool = at->site->spool;
	(void)namesakes_add(found, spool, FOLDER_INCOMING, name);
	(void)namesakes_add(found, spool, FOLDER_SENDING, name);
	(void)namesakes_add(found, spool, FOLDER_FAILED, name);
}

/* A file left sending/ after the journal was searched, or by hand. */
static bool are_behind(const struct shown_site *at, const struct stories *stories)
{
	struct place place;
	for (size_t i = 0; i < stories->count; i++) {
		const struct story *story = stories->list[i];
		if (story_is_open(story) &&
			!place_find_in(at->site->spool, FOLDER_SENDING, story->stamp,
				story->drop, &place))
			return true;
	}
	return false;
}

static void gather(const struct shown_site *at, const char *name, struct stories *stories)
{
	stories_gather(at->journal, name, stories);
	if (!are_behind(at, stories))
		return;
	stories_done(stories);
	*stories = (struct stories){.count = 0};
	stories_gather(at->journal, name, stories);
}

/* Of the files that no story tells of. */
static bool show_files(struct showing *s, const struct shown_site *at, const char *name,
	const struct stories *stories, struct namesakes *found)
{
	bool is_shown = false;
	namesakes_sort(found);
	size_t left_out = found->count > STORIES_MAX ? found->count - STORIES_MAX : 0;
	if (left_out)
		tool_complain(_("%s: %zu older files are left out: name one by its time "
				"to see it"),
			name, left_out);
	for (size_t i = left_out; i < found->count; i++)
		if (!is_told(stories, namesake_name(&found->list[i])))
			is_shown = show_file(s, at, &found->list[i]) || is_shown;
	return is_shown;
}

/* The folders first: what moves afterwards, the journal tells of. Days of sent/ may be
 * very many: they are gone through if there is nothing else. */
static bool show_at(struct showing *s, const struct shown_site *at, const char *name)
{
	auto_with(stories_done) struct stories stories = {.count = 0};
	auto_with(namesakes_done) struct namesakes found = {.count = 0};
	look_around(at, name, &found);
	gather(at, name, &stories);
	if (!stories.count && !found.count)
		(void)namesakes_add(&found, at->site->spool, FOLDER_SENT, name);
	if (stories.is_cut)
		tool_complain(_("%s: older claims are left out: name one by its time to "
				"see it"),
			name);
	for (size_t i = 0; i < stories.count; i++)
		show_story(s, at, stories.list[i]);
	return show_files(s, at, name, &stories, &found) || stories.count > 0;
}

/* With or without its path, or as its reason is called. */
static char *bare_name(const char *given)
{
	const char *slash = strrchr(given, '/');
	const char *name = slash ? slash + 1 : given;
	size_t len = strlen(name);
	return xstrndup(name, spool_is_reason(name) ? len - SPOOL_REASON_LEN : len);
}

static bool show_anywhere(struct showing *s, const char *name)
{
	bool is_shown = false;
	for (size_t i = 0; i < s->tool->site_count; i++)
		is_shown = show_at(s, &s->sites[i], name) || is_shown;
	return is_shown;
}

/* Looks twice before it says that there is nothing: a file may be on its way. */
static int show_name(struct showing *s, const char *given)
{
	auto_free char *name = bare_name(given);
	bool is_shown = false;
	for (int look = 0; *name && !is_shown && look < LOOKS; look++)
		is_shown = show_anywhere(s, name);
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
