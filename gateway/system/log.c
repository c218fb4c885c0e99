/* SPDX-License-Identifier: MIT */
#include "system/log.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/text.h"

enum {
	LINE_MAX_BYTES = 8192,
	LINE_USUAL_BYTES = 400,
	VALUE_MAX_CHARS = 500,
	STREAM_MAX_BYTES = 64,
};

static enum config_level written = LEVEL_INFO;
static bool is_on_terminal;

/* syslog(3) numbers and words, by level */
static const struct {
	const char *prefix;
	const char *word;
} levels[] = {
	[LEVEL_ERROR] = {"<3>", "error: "},
	[LEVEL_WARNING] = {"<4>", "warning: "},
	[LEVEL_INFO] = {"<6>", ""},
	[LEVEL_DEBUG] = {"<7>", "debug: "},
};

void log_set_level(enum config_level level)
{
	written = level;
	is_on_terminal = isatty(STDERR_FILENO) == 1;
}

bool log_is_written(enum config_level level)
{
	return level <= written;
}

/* logfmt: quoted when it holds a space, a quote or an equals sign, or nothing at all. */
static void add_value(struct buf *line, const char *text)
{
	size_t at = line->len;
	text_add_clean(line, text, strlen(text), VALUE_MAX_CHARS);
	if (line->len > at && !strpbrk(line->bytes + at, " \"=\\"))
		return;
	auto_free char *value = xstrdup(line->bytes + at);
	line->len = at;
	buf_add_char(line, '"');
	for (const char *c = value; *c; c++) {
		if (*c == '"' || *c == '\\')
			buf_add_char(line, '\\');
		buf_add_char(line, *c);
	}
	buf_add_char(line, '"');
}

static void add_key(struct buf *line, const char *key)
{
	buf_add_text(line, key);
	buf_add_char(line, '=');
}

static void add_text(struct buf *line, const char *key, const char *text)
{
	add_key(line, key);
	add_value(line, text);
	buf_add_char(line, ' ');
}

static void add_number(struct buf *line, const char *key, int64_t number)
{
	add_key(line, key);
	buf_add_signed(line, number);
	buf_add_char(line, ' ');
}

void log_fields(enum config_level level, const char *site, const char *id,
	const char *event, const struct log_field *fields)
{
	if (!log_is_written(level))
		return;

	auto_buf struct buf line = {.max_bytes = LINE_MAX_BYTES};
	buf_make_room(&line, LINE_USUAL_BYTES);
	buf_add_text(&line, is_on_terminal ? levels[level].word : levels[level].prefix);
	if (id)
		add_text(&line, "id", id);
	if (site)
		add_text(&line, "site", site);
	add_text(&line, "event", event);
	for (; fields->key; fields++) {
		if (fields->text && *fields->text)
			add_text(&line, fields->key, fields->text);
		else if (!fields->text)
			add_number(&line, fields->key, fields->number);
	}
	line.bytes[line.len - 1] = '\n';
	/* Where standard error leads nowhere there is nobody left to be told so. */
	ssize_t ignored = write(STDERR_FILENO, line.bytes, line.len);
	(void)ignored;
}

/* As systemd.exec(5) has it: a child may have inherited the variable, and not the stream. */
static bool is_for_journal(void)
{
	char own[STREAM_MAX_BYTES];
	struct stat st;
	const char *stream = getenv("JOURNAL_STREAM");
	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return !strcmp(stream, own);
}

void log_lines(const char *text)
{
	const char *prefix = is_for_journal() ? levels[LEVEL_ERROR].prefix : "";
	while (*text) {
		int len = (int)strcspn(text, "\n");
		fprintf(stderr, "%s%.*s\n", prefix, len, text);
		text += len;
		text += *text == '\n';
	}
}
