/* SPDX-License-Identifier: MIT
 *
 * The texts in tests/fixtures/reason were read by people; run from the project's root.
 */
#include "core/reason.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "french.h"
#include "scratch.h"

#define CLAIMED INT64_C(1795428930123456) /* 2026-11-23T10:15:30.123456Z */
#define NAME "20261123T101530.123456Z_orders.xml"
#define FIXTURES "tests/fixtures/reason/"

enum { TEXT_BYTES = 1 << 20, MANY = 120 };

/* A problem owns its texts; these are not freed, so they need not be its own. */
static struct problem problem(unsigned line, unsigned comment, const char *order,
	const char *field, const char *rule)
{
	return (struct problem){.line = line,
		.comment = comment,
		.order = (char *)order,
		.field = (char *)field,
		.rule = (char *)rule};
}

static struct reason reason_of(enum reason_kind kind)
{
	return (struct reason){
		.kind = kind,
		.site = "WEB1",
		.name = NAME,
		.spool = "/var/spool/opensi-gateway",
		.claimed = CLAIMED,
		.now = CLAIMED + 61 * USEC_SECOND,
	};
}

static const struct reason_comment some[] = {
	{.number = 1, .line = 4, .order = "WEB-76", .id = "181", .result = "delivered"},
	{.number = 2,
		.line = 13,
		.order = "WEB-77",
		.id = "182",
		.result = "already",
		.code = "2001",
		.attempts = 1},
	{.number = 3,
		.line = 22,
		.order = "WEB-78",
		.id = "183",
		.result = "rejected",
		.code = "3002",
		.message = "The order WEB-78 does not exist",
		.attempts = 1},
	{.number = 4,
		.line = 31,
		.order = "WEB-79",
		.id = "184",
		.result = "unknown",
		.message = "Operation timed out after 180000 milliseconds",
		.attempts = 5},
	{.number = 5, .order = "WEB-80", .id = "185"},
};

static char *text_of(const struct reason *reason)
{
	auto_buf struct buf out = {0};
	buf_init(&out, TEXT_BYTES);
	reason_write(&out, reason);
	assert_int_equal(buf_finish(&out), 0);
	return buf_take(&out);
}

static void assert_fixture(const struct reason *reason, const char *path)
{
	static char wanted[TEXT_BYTES];
	auto_free char *text = text_of(reason);
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	wanted[fread(wanted, 1, sizeof(wanted) - 1, file)] = '\0';
	assert_int_equal(fclose(file), 0);
	assert_string_equal(text, wanted);
}

/* Every line, and what it may not be. */
static void assert_clean(const char *text)
{
	for (const char *end = NULL; (end = strchr(text, '\n')); text = end + 1) {
		for (const char *c = text; c < end;) {
			size_t step = text_char_len(c, (size_t)(end - c));
			assert_true(step > 0);
			assert_false(text_is_control(c, step));
			c += step;
		}
	}
	assert_string_equal(text, "");
}

static void an_invalid_file_has_every_problem_in_words(void **state)
{
	static struct problems problems;
	struct reason reason = reason_of(REASON_INVALID);

	(void)state;
	problems = (struct problems){.kept_count = 4, .count = 4};
	problems.kept[0] = problem(14, 3, "WEB-77", "OrderNumber",
		"is 14 characters long; at most 11 are allowed");
	problems.kept[0].value = (char *)"CC20050001-BIS";
	problems.kept[1] = problem(15, 3, NULL, "WebOrderNumber",
		"is missing; it is required, even if it says nothing new");
	problems.kept[2] = problem(40, 0, NULL, NULL, "an attribute is not allowed");
	problems.kept[3] = problem(0, 0, NULL, NULL, "the Website_Code is not WEB1");
	reason.verdict = VERDICT_INVALID;
	reason.problems = &problems;
	assert_fixture(&reason, FIXTURES "invalid.txt");
}

static void a_partial_delivery_tells_what_is_left_and_where_the_rest_is(void **state)
{
	struct reason reason = reason_of(REASON_PARTIAL);

	(void)state;
	reason.original = "sent/2026-11-23/" NAME;
	reason.comments = some;
	reason.count = 4;
	assert_fixture(&reason, FIXTURES "partial.txt");
}

static void a_rejected_file_tells_the_words_of_the_shop(void **state)
{
	struct reason reason = reason_of(REASON_REJECTED);

	(void)state;
	reason.comments = some + 2;
	reason.count = 1;
	assert_fixture(&reason, FIXTURES "rejected.txt");
}

static void a_changed_file_lists_what_had_been_delivered(void **state)
{
	struct reason reason = reason_of(REASON_CHANGED);

	(void)state;
	reason.comments = some;
	reason.count = 5;
	assert_fixture(&reason, FIXTURES "changed.txt");
}

/* The file is another one by now, so nobody knows how many comments it had. */
static void what_only_the_record_knows_is_no_count_of_the_file(void **state)
{
	struct reason reason = reason_of(REASON_CHANGED);

	(void)state;
	reason.comments = some;
	reason.count = 5;
	reason.is_of_record = true;
	auto_free char *text = text_of(&reason);
	assert_non_null(strstr(text, "\nBy then 5 comments of it had been sent, and no "
				     "others.\n"));
	assert_null(strstr(text, "of 5"));
}

static void a_poisonous_file_is_not_blamed(void **state)
{
	struct reason reason = reason_of(REASON_POISONOUS);

	(void)state;
	assert_fixture(&reason, FIXTURES "poisonous.txt");
}

static void the_first_line_has_the_name_and_the_state(void **state)
{
	static struct problems problems = {.count = 1};
	static const struct {
		enum verdict verdict;
		const char *line;
	} cases[] = {
		{VERDICT_INVALID, NAME ": not sent: 1 problem in it\n"},
		{VERDICT_OVERSIZE, NAME ": not sent: too large\n"},
		{VERDICT_BROKEN_OFF, NAME ": not sent: breaks off\n"},
		{VERDICT_MALFORMED, NAME ": not sent: not readable as XML\n"},
		{VERDICT_REFUSED, NAME ": not sent: not a comment file\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct reason reason = reason_of(REASON_INVALID);
		reason.verdict = cases[i].verdict;
		reason.problems = &problems;
		auto_free char *text = text_of(&reason);
		assert_memory_equal(text, cases[i].line, strlen(cases[i].line));
	}
}

static size_t occurrences(const char *text, const char *part)
{
	size_t count = 0;
	for (; (text = strstr(text, part)); text++)
		count++;
	return count;
}

static void no_listing_is_endless(void **state)
{
	static struct problems problems = {.count = MANY, .kept_count = PROBLEMS_KEPT};
	static struct reason_comment comments[MANY];
	struct reason invalid = reason_of(REASON_INVALID);
	struct reason rejected = reason_of(REASON_REJECTED);

	(void)state;
	for (size_t i = 0; i < PROBLEMS_KEPT; i++)
		problems.kept[i] = problem(1, 1, "O", "CommentId", "is wrong");
	invalid.verdict = VERDICT_INVALID;
	invalid.problems = &problems;
	auto_free char *text = text_of(&invalid);
	assert_int_equal(occurrences(text, "is wrong"), 50);
	assert_non_null(strstr(text, "and 70 more problems\n"));

	for (size_t i = 0; i < MANY; i++)
		comments[i] = (struct reason_comment){
			.number = 1, .order = "O", .id = "7", .result = "rejected"};
	rejected.comments = comments;
	rejected.count = MANY;
	auto_free char *other = text_of(&rejected);
	assert_int_equal(occurrences(other, "comment 1 "), 50);
	assert_non_null(strstr(other, "and 70 more\n"));
	rejected.count = PROBLEMS_KEPT + 1;
	french_begin();
	auto_free char *french = text_of(&rejected);
	french_end();
	assert_non_null(strstr(french, "et 1 autre\n"));
}

static void foreign_texts_come_out_clean(void **state)
{
	static char nasty[] =
		"a\nb\x1b[31m\xFF\xE2\x80\xAE \"x\" \xE2\x80\xAC 'y' é 100% %s %n";
	static struct problems problems = {.count = 1, .kept_count = 1};
	struct reason_comment comment = {.number = 1,
		.order = nasty,
		.id = nasty,
		.result = "rejected",
		.cause = nasty,
		.code = nasty,
		.message = nasty};

	(void)state;
	problems.kept[0] = problem(1, 1, nasty, nasty, nasty);
	problems.kept[0].value = nasty;
	for (enum reason_kind kind = REASON_INVALID; kind <= REASON_POISONOUS; kind++) {
		struct reason reason = reason_of(kind);
		reason.site = nasty;
		reason.name = nasty;
		reason.spool = nasty;
		reason.original = nasty;
		reason.verdict = VERDICT_INVALID;
		reason.problems = &problems;
		reason.comments = &comment;
		reason.count = 1;
		auto_free char *text = text_of(&reason);
		assert_clean(text);
	}
}

static void lines_of_prose_are_short(void **state)
{
	struct reason reason = reason_of(REASON_CHANGED);

	(void)state;
	reason.comments = some;
	reason.count = 5;
	auto_free char *text = text_of(&reason);
	for (const char *at = text, *end = NULL; (end = strchr(at, '\n')); at = end + 1)
		if (strncmp(at, "    mv ", 7) != 0)
			assert_in_range(end - at, 0, 80);
}

/* Runs the command of the text with mv and xargs as they are, and looks for the file. */
static void assert_retried(const char *shell, const char *name)
{
	char spool[SCRATCH_PATH_MAX];
	char from[1024];
	char to[1024];
	char script[8192];

	assert_true(scratch_make(spool, "reason"));
	struct reason reason = reason_of(REASON_POISONOUS);
	reason.spool = spool;
	reason.name = name;
	auto_free char *text = text_of(&reason);
	char *command = strstr(text, "\n    ");
	assert_non_null(command);
	*strstr(command + 1, "\n") = '\0';

	(void)snprintf(from, sizeof(from), "%s/failed/%s", spool, name);
	(void)snprintf(to, sizeof(to), "%s/incoming/%s", spool, name);
	(void)snprintf(script, sizeof(script),
		"cd \"$SPOOL\" && mkdir failed incoming && cat >\"$1\" </dev/null && "
		"%s && test -f \"$2\" && cd / && rm -r \"$SPOOL\"",
		command + 5);
	assert_int_equal(setenv("SPOOL", spool, 1), 0);
	assert_int_equal(setenv("SCRIPT", script, 1), 0);
	assert_int_equal(setenv("FROM", from, 1), 0);
	assert_int_equal(setenv("TO", to, 1), 0);
	char run[64];
	(void)snprintf(run, sizeof(run), "%s -c \"$SCRIPT\" x \"$FROM\" \"$TO\"", shell);
	/* The shell is what is tested. NOLINTNEXTLINE(cert-env33-c) */
	if (system(run) != 0)
		fail_msg("%s does not do it: %s", shell, command);
}

static void the_command_retries_whatever_name_the_file_has(void **state)
{
	static const char *const names[] = {
		NAME,
		"it's \"quoted\" $HOME `id` !! \\ * ?.xml",
		"-rf.xml",
		"caf\xC3\xA9 \xE2\x82\xAC.xml",
		"caf\xE9.xml",
		"two\nlines\n",
		"\n",
		"100%\t%s\\012'\"\x7f\x1b[31m.xml",
		"\xE2\x80\xAEgnp\xE2\x80\xAC.xml",
		"7\0017.xml",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		assert_retried("sh", names[i]);
		assert_retried("bash", names[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_invalid_file_has_every_problem_in_words),
		cmocka_unit_test(
			a_partial_delivery_tells_what_is_left_and_where_the_rest_is),
		cmocka_unit_test(a_rejected_file_tells_the_words_of_the_shop),
		cmocka_unit_test(a_changed_file_lists_what_had_been_delivered),
		cmocka_unit_test(what_only_the_record_knows_is_no_count_of_the_file),
		cmocka_unit_test(a_poisonous_file_is_not_blamed),
		cmocka_unit_test(the_first_line_has_the_name_and_the_state),
		cmocka_unit_test(no_listing_is_endless),
		cmocka_unit_test(foreign_texts_come_out_clean),
		cmocka_unit_test(lines_of_prose_are_short),
		cmocka_unit_test(the_command_retries_whatever_name_the_file_has),
	};

	if (setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1) != 0)
		return 1;
	tzset();
	return cmocka_run_group_tests_name("reason", tests, NULL, NULL);
}
