/* SPDX-License-Identifier: MIT */
#include "tool/tool.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/units.h"
#include "base/words.h"
#include "tool/access.h"

enum { SENTENCE_MAX_BYTES = 16 * 1024, CLEANED_MAX_BYTES = 2 * SENTENCE_MAX_BYTES };

static char last_complaint[SENTENCE_MAX_BYTES];

const char *tool_last_complaint(void)
{
	return last_complaint;
}

void tool_complain(const char *format, ...)
{
	char *text = last_complaint;
	auto_buf struct buf out = {.max_bytes = CLEANED_MAX_BYTES};
	va_list arguments;
	va_start(arguments, format);
	int len = vsnprintf(text, sizeof(last_complaint), format, arguments);
	va_end(arguments);
	text_add_clean(&out, text, len < 0 ? 0 : strlen(text), SENTENCE_MAX_BYTES);
	fflush(stdout); /* so that both come in their order, where they go to one place */
	fprintf(stderr, "opensi-spool: %s\n", buf_peek(&out));
}

bool tool_read_age(const char *text, msec_t *age)
{
	return units_parse_duration(text, age) == 0 && strcmp(text, "0") != 0;
}

void tool_say_unreadable(const char *path)
{
	char at[PATH_MAX];
	struct stat st = {.st_mode = 0};
	auto_buf struct buf why = {.max_bytes = SENTENCE_MAX_BYTES};
	snprintf(at, sizeof(at), "%s", path);
	for (char *slash = NULL; stat(at, &st) < 0; *slash = '\0') {
		slash = strrchr(at, '/');
		if (!slash || slash == at)
			break;
	}
	if (strcmp(at, path) != 0)
		buf_add_format(&why, _("%s: cannot be read. "), path);
	access_explain(&why, at, S_ISDIR(st.st_mode) ? ACCESS_LOOK : ACCESS_READ);
	tool_complain("%s", buf_peek(&why));
}

/* --- names --- */

static const char *read_name(struct tool *tool)
{
	static char *line;
	static size_t room;
	int end = tool->options.null ? '\0' : '\n';
	for (;;) {
		ssize_t len = getdelim(&line, &room, end, stdin);
		if (len <= 0) {
			free(line);
			line = NULL;
			room = 0;
			return NULL;
		}
		if (line[len - 1] == end)
			line[--len] = '\0';
		if (len)
			return line;
	}
}

const char *tool_next_name(struct tool *tool, size_t *at, int *status)
{
	while (*at < tool->name_count) {
		const char *name = tool->names[*at];
		if (strcmp(name, "-") != 0) {
			++*at;
			return name;
		}
		name = read_name(tool);
		if (name)
			return name;
		if (ferror(stdin)) {
			tool_complain(_("standard input cannot be read"));
			*status = EXIT_FAILURE;
			return NULL;
		}
		++*at;
	}
	return NULL;
}

/* --- where a name is now --- */

enum { WHERE_BYTES = sizeof("sent/") + NAME_MAX };

static bool is_in_sent(
	const struct tool_site *site, const char *name, char where[WHERE_BYTES])
{
	auto_with(spool_closedirp) DIR *days = spool_list(site->spool, FOLDER_SENT);
	for (const struct dirent *day; days && (day = readdir(days));) {
		char path[2 * NAME_MAX + 2];
		struct stat st;
		snprintf(path, sizeof(path), "%s/%s", day->d_name, name);
		if (day->d_name[0] == '.' ||
			spool_look(site->spool, FOLDER_SENT, path, &st) < 0)
			continue;
		snprintf(where, WHERE_BYTES, "sent/%s", day->d_name);
		return true;
	}
	return false;
}

static bool find_folder(
	const struct tool_site *site, const char *name, char where[WHERE_BYTES])
{
	static const enum folder folders[] = {
		FOLDER_INCOMING, FOLDER_SENDING, FOLDER_FAILED};
	struct stat st;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (spool_look(site->spool, folders[i], name, &st) < 0)
			continue;
		snprintf(where, WHERE_BYTES, "%s", folder_name(folders[i]));
		return true;
	}
	return is_in_sent(site, name, where);
}

void tool_add_moved(const struct tool *tool, const char *name, struct buf *out)
{
	char where[WHERE_BYTES];
	for (size_t i = 0; i < tool->site_count; i++) {
		if (!find_folder(&tool->sites[i], name, where))
			continue;
		buf_add_format(out, _("not there; it is in %s/%s now"),
			spool_path(tool->sites[i].spool), where);
		return;
	}
	buf_add_text(out, _("no such file in any folder"));
}
