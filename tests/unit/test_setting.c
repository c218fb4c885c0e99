/* SPDX-License-Identifier: MIT */
#include "system/setting.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "system/config.h"

/* Large enough for both owners, so that a test need not tell them apart. */
union owner {
	struct site_config site;
	struct config config;
};

static bool is_amount(const struct setting *s)
{
	return s->type == SETTING_DURATION || s->type == SETTING_SIZE ||
	       s->type == SETTING_NUMBER;
}

static int read_into(union owner *owner, const struct setting *s, struct value value)
{
	auto_buf struct buf why = {.max_bytes = 4096};
	int r = setting_read(s, &value, "/folder", owner, &why);
	assert_true((r == 0) == (why.len == 0));
	return r;
}

static int read_number(const struct setting *s, int64_t number)
{
	union owner owner = {.site = {.name = NULL}};
	if (s->type != SETTING_DURATION)
		return read_into(&owner, s,
			(struct value){.kind = VALUE_NUMBER, .number = number});
	auto_buf struct buf text = {.max_bytes = 64};
	buf_add_format(&text, "%lldms", (long long)number);
	return read_into(
		&owner, s, (struct value){.kind = VALUE_TEXT, .text = buf_peek(&text)});
}

static int read_text(const struct setting *s, const char *text)
{
	union owner owner = {.site = {.name = NULL}};
	int r = read_into(&owner, s, (struct value){.kind = VALUE_TEXT, .text = text});
	setting_done(s, &owner);
	return r;
}

static void every_amount_ends_at_its_bounds(void **state)
{
	(void)state;
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = setting_at(i);
		if (!is_amount(s))
			continue;
		assert_true(s->min < s->max);
		assert_int_equal(read_number(s, s->min), 0);
		assert_int_equal(read_number(s, s->max), 0);
		assert_int_equal(read_number(s, s->max + 1), -EINVAL);
		if (s->min > 0 || s->type != SETTING_DURATION)
			assert_int_equal(read_number(s, s->min - 1), -EINVAL);
	}
}

static void every_text_has_a_length_it_may_have(void **state)
{
	(void)state;
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = setting_at(i);
		if (s->type != SETTING_TEXT && s->type != SETTING_PATH)
			continue;
		size_t most = (size_t)s->max;
		auto_free char *text = xcalloc(most + 2, 1);
		memset(text, 'x', most);
		text[0] = '/';
		assert_int_equal(read_text(s, text), 0);
		text[most] = 'x';
		assert_int_equal(read_text(s, text), -EINVAL);
		assert_int_equal(read_text(s, "x"), 0);
		assert_int_equal(read_text(s, ""), -EINVAL);
	}
}

static void lengths_are_those_of_characters(void **state)
{
	(void)state;
	auto_buf struct buf text = {.max_bytes = 200};
	for (int i = 0; i < 64; i++)
		buf_add_text(&text, "é");
	assert_int_equal(read_text(setting_find("website_code"), buf_peek(&text)), 0);
	buf_add_text(&text, "é");
	assert_int_equal(
		read_text(setting_find("website_code"), buf_peek(&text)), -EINVAL);
}

static void every_default_is_a_value_that_may_be_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = setting_at(i);
		union owner owner = {.site = {.name = NULL}};
		setting_set_default(s, &owner);
		setting_done(s, &owner);
	}
}

static void a_setting_changes_nothing_but_itself(void **state)
{
	(void)state;
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		union owner before = {.site = {.name = NULL}};
		union owner after = {.site = {.name = NULL}};
		setting_set_default(setting_at(i), &after);
		for (size_t k = 0; k < SETTING_COUNT; k++)
			if (k != i &&
				setting_at(k)->is_global == setting_at(i)->is_global)
				assert_true(
					setting_is_equal(setting_at(k), &before, &after));
		setting_done(setting_at(i), &after);
	}
}

static void names_are_found_and_differ(void **state)
{
	(void)state;
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = setting_at(i);
		assert_ptr_equal(setting_find(s->name), s);
		assert_int_equal(setting_index(s), i);
		assert_true(strlen(s->help) > 0);
	}
	assert_null(setting_find("Settle"));
	assert_null(setting_find(""));
}

static void the_kind_of_a_value_must_be_the_settings_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = setting_at(i);
		union owner owner = {.site = {.name = NULL}};
		bool is_boolean = s->type == SETTING_BOOLEAN;
		bool takes_number = s->type == SETTING_SIZE || s->type == SETTING_NUMBER;
		struct value number = {.kind = VALUE_NUMBER, .number = s->max};
		assert_int_equal(
			read_into(&owner, s, (struct value){.kind = VALUE_OTHER}),
			-EINVAL);
		assert_int_equal(
			read_into(&owner, s, (struct value){.kind = VALUE_BOOLEAN}),
			is_boolean ? 0 : -EINVAL);
		assert_int_equal(
			read_into(&owner, s, number), takes_number ? 0 : -EINVAL);
		if (is_boolean || s->type == SETTING_NUMBER)
			assert_int_equal(read_text(s, "1"), -EINVAL);
	}
}

static void a_plain_zero_is_a_duration_where_zero_may_be(void **state)
{
	(void)state;
	union owner owner = {.site = {.interval = 1}};
	struct value zero = {.kind = VALUE_NUMBER, .number = 0};
	assert_int_equal(read_into(&owner, setting_find("interval"), zero), 0);
	assert_int_equal(owner.site.interval, 0);
	assert_int_equal(read_into(&owner, setting_find("settle"), zero), -EINVAL);
}

static void a_bad_value_leaves_the_old_one(void **state)
{
	(void)state;
	const struct setting *s = setting_find("pattern");
	union owner owner = {.site = {.name = NULL}};
	setting_set_default(s, &owner);
	struct value bad = {.kind = VALUE_TEXT, .text = "a\tb"};
	assert_int_equal(read_into(&owner, s, bad), -EINVAL);
	assert_string_equal(owner.site.pattern, "*.xml");
	setting_done(s, &owner);
}

static void texts_are_clean_utf8(void **state)
{
	(void)state;
	static const char *const bad[] = {
		" x", "x ", "x\ny", "\x7F", "\xC2\x85", "\xFF", "é\xC3", "\xE2\x80\xAC"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(read_text(setting_find("login"), bad[i]), -EINVAL);
	assert_int_equal(read_text(setting_find("login"), "Zoé Müller"), 0);
}

static void relative_paths_begin_at_the_folder(void **state)
{
	(void)state;
	static const char *const cases[][2] = {{"spool", "/folder/spool"},
		{"/spool//", "/spool"}, {"/", "/"}, {"../x/", "/folder/../x"}};
	const struct setting *s = setting_find("spool");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		union owner owner = {.site = {.name = NULL}};
		struct value value = {.kind = VALUE_TEXT, .text = cases[i][0]};
		assert_int_equal(read_into(&owner, s, value), 0);
		assert_string_equal(owner.site.spool, cases[i][1]);
		setting_done(s, &owner);
	}
}

static void what_was_meant_is_guessed(void **state)
{
	(void)state;
	assert_string_equal(setting_suggest("retry_mn"), "retry_min");
	assert_string_equal(setting_suggest("Settle"), "settle");
	assert_string_equal(setting_suggest("key-file"), "key_file");
	assert_string_equal(setting_suggest("password"), "password_file");
	assert_string_equal(setting_suggest("batchcomments"), "batch_comments");
	assert_null(setting_suggest("x"));
	assert_null(setting_suggest("zzzzzzzz"));
	assert_null(setting_suggest("a_name_that_is_longer_than_any_of_ours_could_be"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_amount_ends_at_its_bounds),
		cmocka_unit_test(every_text_has_a_length_it_may_have),
		cmocka_unit_test(lengths_are_those_of_characters),
		cmocka_unit_test(every_default_is_a_value_that_may_be_written),
		cmocka_unit_test(a_setting_changes_nothing_but_itself),
		cmocka_unit_test(names_are_found_and_differ),
		cmocka_unit_test(the_kind_of_a_value_must_be_the_settings_own),
		cmocka_unit_test(a_plain_zero_is_a_duration_where_zero_may_be),
		cmocka_unit_test(a_bad_value_leaves_the_old_one),
		cmocka_unit_test(texts_are_clean_utf8),
		cmocka_unit_test(relative_paths_begin_at_the_folder),
		cmocka_unit_test(what_was_meant_is_guessed),
	};
	return cmocka_run_group_tests_name("setting", tests, NULL, NULL);
}
