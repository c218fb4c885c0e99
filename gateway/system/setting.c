/* SPDX-License-Identifier: MIT */
#include "system/setting.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "base/units.h"
#include "base/words.h"

enum { SHOWN_CHARS = 60, BOUNDS_BYTES = 1024 };

static void *field(const struct setting *s, void *owner)
{
	return (char *)owner + s->offset;
}

static const void *peek(const struct setting *s, const void *owner)
{
	return (const char *)owner + s->offset;
}

static bool is_text(const struct setting *s)
{
	return s->type <= SETTING_WORD;
}

static void take_text(char **at, char *text)
{
	free(*at);
	*at = text;
}

static void add_amount(const struct setting *s, int64_t amount, struct buf *out)
{
	if (s->type == SETTING_DURATION)
		units_add_duration(out, amount);
	else if (s->type == SETTING_SIZE)
		units_add_size(out, (uint64_t)amount);
	else
		buf_add_format(out, "%" PRId64, amount);
}

static void add_words(const char *const *words, struct buf *out)
{
	for (const char *const *word = words; *word; word++)
		buf_add_format(out, "%s%s", word == words ? "" : ", ", *word);
}

void setting_add_bounds(const struct setting *s, struct buf *out)
{
	if (s->type == SETTING_PATH) {
		buf_add_text(out, _("a path"));
	} else if (s->type == SETTING_BOOLEAN) {
		buf_add_text(out, "true, false");
	} else if (s->words) {
		add_words(s->words, out);
	} else {
		add_amount(s, s->min, out);
		buf_add_text(out, _(" to "));
		add_amount(s, s->max, out);
		buf_add_text(out, s->type == SETTING_TEXT ? _(" characters") : "");
	}
}

static void add_shown(const struct value *value, struct buf *out)
{
	if (value->kind == VALUE_NUMBER) {
		buf_add_format(out, "%" PRId64, value->number);
		return;
	}
	buf_add_char(out, '"');
	text_add_clean(out, value->text, strlen(value->text), SHOWN_CHARS);
	buf_add_char(out, '"');
}

static int wrong_kind(const struct setting *s, struct buf *why)
{
	static const char *const expected[] = {
		[SETTING_TEXT] = N_("a text is expected: write it in quotes"),
		[SETTING_PATH] = N_("a path is expected: write it in quotes"),
		[SETTING_WORD] = N_("a word is expected: write in quotes one of "),
		[SETTING_RANK] = N_("a word is expected: write in quotes one of "),
		[SETTING_DURATION] =
			N_("a duration is expected: write it in quotes, with its unit, "
			   "as \"500ms\", \"2s\", \"10m\", \"1h\" or \"5d\""),
		[SETTING_SIZE] = N_("a size is expected: write it in quotes, as \"64K\", "
				    "\"16M\" or \"2G\", or as a number of bytes"),
		[SETTING_NUMBER] = N_("a whole number is expected: write it without "
				      "quotes and without a point"),
		[SETTING_BOOLEAN] =
			N_("yes or no is expected: write true or false, without quotes"),
	};
	buf_add_text(why, _(expected[s->type]));
	if (s->words)
		add_words(s->words, why);
	return -EINVAL;
}

/* What the characters of a text may be; `why` takes the first fault. */
static int check_characters(const char *text, struct buf *why)
{
	size_t len = strlen(text);
	for (size_t at = 0, step; at < len; at += step) {
		step = text_char_len(text + at, len - at);
		if (!step || text_is_control(text + at, step)) {
			buf_add_text(
				why, step ? _("holds a control character: remove it")
					  : _("is not UTF-8: save the file as UTF-8"));
			return -EINVAL;
		}
	}
	if (len && (text[0] == ' ' || text[len - 1] == ' ')) {
		buf_add_text(why, _("begins or ends with a space: remove it"));
		return -EINVAL;
	}
	return 0;
}

static int check_text(const struct setting *s, const struct value *value, struct buf *why)
{
	if (value->kind != VALUE_TEXT)
		return wrong_kind(s, why);
	int r = check_characters(value->text, why);
	if (r < 0)
		return r;

	int64_t count = (int64_t)text_count(value->text);
	if (count >= s->min && count <= s->max)
		return 0;
	if (!count)
		buf_add_text(why, _("is empty: give a value, or remove the setting"));
	else
		buf_add_format(why, _("is %jd characters long: at most %jd are allowed"),
			(intmax_t)count, (intmax_t)s->max);
	return -EINVAL;
}

static int read_path(const struct setting *s, const struct value *value,
	const char *folder, char **at, struct buf *why)
{
	int r = check_text(s, value, why);
	if (r < 0)
		return r;

	auto_buf struct buf path = {.max_bytes = PATH_MAX - 1};
	if (value->text[0] != '/')
		buf_add_format(&path, "%s/", folder);
	buf_add_text(&path, value->text);
	if (buf_finish(&path) < 0) {
		buf_add_format(why,
			_("is too long for a path: at most %d bytes are allowed"),
			PATH_MAX - 1);
		return -EINVAL;
	}
	while (path.len > 1 && path.bytes[path.len - 1] == '/')
		path.bytes[--path.len] = '\0';
	take_text(at, buf_take(&path));
	return 0;
}

static int read_word(const struct setting *s, const struct value *value, unsigned *place,
	struct buf *why)
{
	if (value->kind != VALUE_TEXT)
		return wrong_kind(s, why);
	for (unsigned i = 0; s->words[i]; i++) {
		if (!strcmp(s->words[i], value->text)) {
			*place = i;
			return 0;
		}
	}
	add_shown(value, why);
	buf_add_text(why, _(" is not known here: write one of "));
	add_words(s->words, why);
	return -EINVAL;
}

/* The number that a value stands for, or -EINVAL (not of that form), -ERANGE. */
static int parse_amount(
	const struct setting *s, const struct value *value, int64_t *amount)
{
	bool is_number = value->kind == VALUE_NUMBER;
	if (is_number && (s->type != SETTING_DURATION || value->number == 0)) {
		*amount = value->number;
		return 0;
	}
	if (value->kind != VALUE_TEXT || s->type == SETTING_NUMBER)
		return -EINVAL;
	if (s->type == SETTING_DURATION)
		return units_parse_duration(value->text, amount);

	uint64_t bytes = 0;
	int r = units_parse_size(value->text, &bytes);
	if (r < 0)
		return r;
	*amount = (int64_t)bytes;
	return 0;
}

static int read_amount(const struct setting *s, const struct value *value,
	int64_t *amount, struct buf *why)
{
	int64_t given = 0;
	int r = parse_amount(s, value, &given);
	if (r == -EINVAL) {
		if (value->kind == VALUE_TEXT || value->kind == VALUE_NUMBER) {
			add_shown(value, why);
			buf_add_text(why, _(" is not of the right form: "));
		}
		return wrong_kind(s, why);
	}
	if (r < 0 || given < s->min || given > s->max) {
		bool is_small = r == 0 && given < s->min;
		add_shown(value, why);
		auto_buf struct buf bounds = {.max_bytes = BOUNDS_BYTES};
		setting_add_bounds(s, &bounds);
		buf_add_format(why,
			is_small ? _(" is too small: %s is allowed")
				 : _(" is too large: %s is allowed"),
			buf_peek(&bounds));
		return -EINVAL;
	}
	*amount = given;
	return 0;
}

int setting_read(const struct setting *s, const struct value *value, const char *folder,
	void *owner, struct buf *why)
{
	void *at = field(s, owner);
	unsigned place = 0;
	int r = 0;
	switch (s->type) {
	case SETTING_TEXT:
		r = check_text(s, value, why);
		if (r == 0)
			take_text(at, xstrdup(value->text));
		return r;
	case SETTING_PATH:
		return read_path(s, value, folder, at, why);
	case SETTING_WORD:
		r = read_word(s, value, &place, why);
		if (r == 0)
			take_text(at, xstrdup(s->words[place]));
		return r;
	case SETTING_RANK:
		return read_word(s, value, at, why);
	case SETTING_BOOLEAN:
		if (value->kind != VALUE_BOOLEAN)
			return wrong_kind(s, why);
		*(bool *)at = value->truth;
		return 0;
	case SETTING_DURATION:
	case SETTING_SIZE:
	case SETTING_NUMBER:
		return read_amount(s, value, at, why);
	}
	abort();
}

void setting_set_default(const struct setting *s, void *owner)
{
	if (!s->standard) {
		assert(is_text(s));
		take_text(field(s, owner), NULL);
		return;
	}

	struct value value = {.kind = VALUE_TEXT, .text = s->standard};
	if (s->type == SETTING_BOOLEAN) {
		value.kind = VALUE_BOOLEAN;
		value.truth = !strcmp(s->standard, "true");
	} else if (s->type == SETTING_NUMBER) {
		value.kind = VALUE_NUMBER;
		value.number = strtoll(s->standard, NULL, 10);
	}
	auto_buf struct buf why = {.max_bytes = 0};
	int r = setting_read(s, &value, "", owner, &why);
	assert(r == 0);
}

static size_t width(const struct setting *s)
{
	static const size_t widths[] = {
		[SETTING_RANK] = sizeof(unsigned),
		[SETTING_DURATION] = sizeof(int64_t),
		[SETTING_SIZE] = sizeof(int64_t),
		[SETTING_NUMBER] = sizeof(int64_t),
		[SETTING_BOOLEAN] = sizeof(bool),
	};
	assert(!is_text(s));
	return widths[s->type];
}

void setting_copy(const struct setting *s, const void *from, void *to)
{
	if (!is_text(s)) {
		memcpy(field(s, to), peek(s, from), width(s));
		return;
	}
	const char *text = *(char *const *)peek(s, from);
	take_text(field(s, to), text ? xstrdup(text) : NULL);
}

void setting_done(const struct setting *s, void *owner)
{
	if (is_text(s))
		take_text(field(s, owner), NULL);
}

bool setting_is_equal(const struct setting *s, const void *a, const void *b)
{
	if (!is_text(s))
		return !memcmp(peek(s, a), peek(s, b), width(s));
	const char *one = *(char *const *)peek(s, a);
	const char *other = *(char *const *)peek(s, b);
	return one && other ? !strcmp(one, other) : one == other;
}
