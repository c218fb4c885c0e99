/* SPDX-License-Identifier: MIT
 *
 * The schema says whether a value is sound, but stops at its first fault and speaks of
 * facets. These are the same rules once more, to say everything in plain words; so the
 * tests hold them against the schema, value by value.
 */
#include "core/document_rules.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum {
	SHOP_TEXT_BYTES = 65535, /* of its column; it cuts the rest off in silence */
	NUMBER_ROOM = 24,
};

const char *const field_names[FIELD_COUNT] = {
	[FIELD_ORDER_NUMBER] = "OrderNumber",
	[FIELD_WEB_ORDER_NUMBER] = "WebOrderNumber",
	[FIELD_ID] = "CommentId",
	[FIELD_TEXT] = "Comment",
	[FIELD_DATE] = "CommentDate",
	[FIELD_SEND_MAIL] = "SendMail",
	[FIELD_VISIBLE] = "VisibleForCustomer",
	[FIELD_WEBSITE_CODE] = "Website_Code",
};

/* In characters; 0: any number. */
static const size_t max_chars[FIELD_COUNT] = {
	[FIELD_ORDER_NUMBER] = 11,
	[FIELD_WEB_ORDER_NUMBER] = 20,
	[FIELD_ID] = 11,
};

struct judgement {
	const struct fault *place;
	struct problems *problems;
};

static void say(
	const struct judgement *j, enum say what, const char *first, const char *second)
{
	struct fault fault = *j->place;
	fault.say = what;
	fault.first = first;
	fault.second = second;
	problems_add(j->problems, &fault);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

const char *rules_trim(const char *value, size_t *len)
{
	size_t end = strlen(value);
	while (end && is_space(value[end - 1]))
		end--;
	size_t begin = 0;
	while (begin < end && is_space(value[begin]))
		begin++;
	*len = end - begin;
	return value + begin;
}

bool rules_is_blank(const char *text, size_t len)
{
	while (len && is_space(text[len - 1]))
		len--;
	return len == 0;
}

/* libxml2 hands out well-formed UTF-8 only; a walk must end even if it did not. */
static size_t char_len(const char *at, size_t len)
{
	size_t step = text_char_len(at, len);
	return step ? step : 1;
}

/* White space beyond XML's own four, as the schema lists it. */
static bool is_wide_space(const char *c, size_t len)
{
	static const char *const spaces[] = {"\u00A0", "\u1680", "\u2000", "\u2001",
		"\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008",
		"\u2009", "\u200A", "\u2028", "\u2029", "\u202F", "\u205F", "\u3000"};
	for (size_t i = 0; i < sizeof(spaces) / sizeof(*spaces); i++)
		if (strlen(spaces[i]) == len && memcmp(spaces[i], c, len) == 0)
			return true;
	return false;
}

static bool is_white(const char *c, size_t len)
{
	return len == 1 ? is_space(*c) : is_wide_space(c, len);
}

size_t rules_white_before(const char *text, size_t len)
{
	size_t at = 0;
	while (at < len) {
		size_t step = char_len(text + at, len - at);
		bool is_next_line = step == 2 && memcmp(text + at, "\xC2\x85", 2) == 0;
		if (!is_white(text + at, step) && !is_next_line)
			break;
		at += step;
	}
	return at;
}

/* U+007F..9F; of those below 20, XML lets through only tab and line ends. */
static bool is_control(const char *c, size_t len)
{
	unsigned char lead = (unsigned char)c[0];
	if (len == 1)
		return lead < 0x20 || lead == 0x7F;
	return len == 2 && lead == 0xC2 && (unsigned char)c[1] <= 0x9F;
}

struct span {
	size_t begin, end; /* without the white space around */
	bool is_blank;
	bool is_trimmed;
};

static struct span visible_part(const char *value, size_t len)
{
	struct span span = {.is_blank = true};
	for (size_t at = 0, step; at < len; at += step) {
		step = char_len(value + at, len - at);
		if (is_white(value + at, step))
			continue;
		if (span.is_blank)
			span.begin = at;
		span.is_blank = false;
		span.end = at + step;
	}
	span.is_trimmed = !span.is_blank && (span.begin > 0 || span.end < len);
	return span;
}

static void judge_controls(const struct judgement *j, const char *value, struct span span)
{
	for (size_t at = span.begin, step; at < span.end; at += step) {
		step = char_len(value + at, span.end - at);
		if (!is_control(value + at, step))
			continue;
		char name[NUMBER_ROOM];
		unsigned point = (unsigned char)value[at + step - 1];
		(void)snprintf(name, sizeof(name), "U+%04X", point);
		say(j, SAY_CONTROL, name, NULL);
		return;
	}
}

static void judge_identifier(
	const struct judgement *j, enum field field, const char *value)
{
	struct span span = visible_part(value, strlen(value));
	if (span.is_blank) {
		say(j, SAY_BLANK, NULL, NULL);
		return;
	}
	if (span.is_trimmed)
		say(j, SAY_SPACE_AROUND, NULL, NULL);
	judge_controls(j, value, span);

	size_t chars = text_count(value);
	if (!max_chars[field] || chars <= max_chars[field])
		return;
	char count[NUMBER_ROOM];
	char limit[NUMBER_ROOM];
	(void)snprintf(count, sizeof(count), "%zu", chars);
	(void)snprintf(limit, sizeof(limit), "%zu", max_chars[field]);
	say(j, SAY_TOO_LONG, count, limit);
}

static void judge_text(const struct judgement *j, const char *value)
{
	size_t len = strlen(value);
	if (rules_white_before(value, len) == len)
		say(j, SAY_BLANK, NULL, NULL);
}

/* Exactly `digits` of them; moves on behind them. */
static bool read_digits(const char **at, size_t digits, unsigned *number)
{
	*number = 0;
	for (; digits; digits--, (*at)++) {
		if (!isdigit((unsigned char)**at))
			return false;
		*number = *number * 10 + (unsigned)(**at - '0');
	}
	return true;
}

static bool read_mark(const char **at, char mark)
{
	if (**at != mark)
		return false;
	(*at)++;
	return true;
}

/* Z, +02:00, or nothing; up to 14 hours. */
static bool is_zone(const char *at, const char *end)
{
	unsigned hours = 0;
	unsigned minutes = 0;
	if (at == end)
		return true;
	if (*at == 'Z')
		return at + 1 == end;
	if (*at != '+' && *at != '-')
		return false;
	at++;
	return read_digits(&at, 2, &hours) && read_mark(&at, ':') &&
	       read_digits(&at, 2, &minutes) && at == end && minutes < 60 &&
	       hours * 60 + minutes <= 14 * 60;
}

/* What a year does to February shows in its last four digits: 400 divides 10,000. */
static unsigned days_of(unsigned year, unsigned month)
{
	static const unsigned char days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return month == 2 && is_leap ? 29 : days[month - 1];
}

static void judge_date(const struct judgement *j, const char *value)
{
	size_t len = 0;
	const char *at = rules_trim(value, &len);
	const char *end = at + len;
	unsigned year = 0;
	unsigned month = 0;
	unsigned day = 0;

	if (*at == '-')
		at++;
	size_t digits = strspn(at, "0123456789");
	bool is_padded = digits > 4 && *at == '0';
	size_t beyond = digits > 4 ? digits - 4 : 0;
	bool is_zero = strspn(at, "0") == digits;
	at += beyond;
	bool is_date = digits >= 4 && !is_padded && read_digits(&at, 4, &year) &&
		       read_mark(&at, '-') && read_digits(&at, 2, &month) &&
		       read_mark(&at, '-') && read_digits(&at, 2, &day) &&
		       is_zone(at, end);
	if (!is_date)
		say(j, SAY_NOT_A_DATE, NULL, NULL);
	else if (is_zero || month < 1 || month > 12 || day < 1 ||
		 day > days_of(year, month))
		say(j, SAY_NO_SUCH_DAY, NULL, NULL);
}

bool rules_read_boolean(const char *value, bool *yes)
{
	static const struct {
		const char *word;
		bool yes;
	} words[] = {{"true", true}, {"1", true}, {"false", false}, {"0", false}};
	size_t len = 0;
	const char *word = rules_trim(value, &len);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strlen(words[i].word) == len &&
			memcmp(words[i].word, word, len) == 0) {
			*yes = words[i].yes;
			return true;
		}
	}
	return false;
}

void rules_judge(enum field field, const char *value, const struct fault *place,
	struct problems *problems)
{
	struct judgement j = {.place = place, .problems = problems};
	bool yes = false;
	switch (field) {
	case FIELD_TEXT:
		judge_text(&j, value);
		break;
	case FIELD_DATE:
		judge_date(&j, value);
		break;
	case FIELD_SEND_MAIL:
	case FIELD_VISIBLE:
		if (!rules_read_boolean(value, &yes))
			say(&j, SAY_NOT_A_BOOLEAN, NULL, NULL);
		break;
	default:
		judge_identifier(&j, field, value);
	}
}

/* A decimal that a shop's 32-bit column gives back as it was written. */
static bool is_shop_number(const char *id)
{
	size_t len = strlen(id);
	if (strspn(id, "0123456789") != len || *id == '0' || len < 1 || len > 10)
		return false;
	return len < 10 || strcmp(id, "2147483647") <= 0;
}

void rules_judge_for_shop(enum field field, const char *value, const struct fault *place,
	struct problems *problems)
{
	struct judgement j = {.place = place, .problems = problems};
	size_t len = strlen(value);
	if (field == FIELD_ID && !is_shop_number(value))
		say(&j, SAY_SHOP_ID, NULL, NULL);
	if (field == FIELD_TEXT && len > SHOP_TEXT_BYTES) {
		char count[NUMBER_ROOM];
		char limit[NUMBER_ROOM];
		(void)snprintf(count, sizeof(count), "%zu", len);
		(void)snprintf(limit, sizeof(limit), "%d", SHOP_TEXT_BYTES);
		say(&j, SAY_SHOP_LENGTH, count, limit);
	}
}
