/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void well_formed_characters_have_their_length(void **state)
{
	(void)state;
	assert_int_equal(text_char_len("a", 1), 1);
	assert_int_equal(text_char_len("\0", 1), 1);
	assert_int_equal(text_char_len("\xC2\x80", 2), 2);
	assert_int_equal(text_char_len("\xE0\xA0\x80", 3), 3);
	assert_int_equal(text_char_len("\xED\x9F\xBF", 3), 3);
	assert_int_equal(text_char_len("\xF0\x90\x80\x80", 4), 4);
	assert_int_equal(text_char_len("\xF4\x8F\xBF\xBF", 4), 4);
}

static void everything_else_has_none(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"\x80",
		"\xBF",
		"\xC0\x80",
		"\xC1\xBF", /* no lead; overlong */
		"\xE0\x9F\xBF",
		"\xF0\x8F\xBF\xBF", /* overlong */
		"\xED\xA0\x80",
		"\xED\xBF\xBF", /* surrogates */
		"\xF4\x90\x80\x80",
		"\xF5\x80\x80\x80", /* beyond U+10FFFF */
		"\xFE",
		"\xFF",
		"\xC3(",
		"\xE2\x82(",
		"\xF0\x9F\x98(",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(text_char_len(bad[i], strlen(bad[i])), 0);
}

static void a_character_that_is_cut_is_none(void **state)
{
	(void)state;
	static const char smile[] = "\xF0\x9F\x98\x80";
	for (size_t len = 0; len < 4; len++)
		assert_int_equal(text_char_len(smile, len), 0);
	assert_int_equal(text_char_len(smile, 4), 4);
}

static void what_can_change_a_terminal_is_control(void **state)
{
	(void)state;
	static const char *const controls[] = {"\x01", "\t", "\n", "\x1B", "\x7F",
		"\xC2\x80", "\xC2\x9B", "\xE2\x80\x8E", "\xE2\x80\xA8", "\xEF\xBB\xBF"};
	static const char *const others[] = {
		" ", "~", "\xC2\xA0", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
	for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++)
		assert_true(text_is_control(controls[i], strlen(controls[i])));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(text_is_control(others[i], strlen(others[i])));
	assert_true(text_is_control("\0", 1));
	/* U+202A..U+202E and U+2066..U+2069 turn the direction of writing. */
	for (unsigned last = 0xAA; last <= 0xAE; last++)
		assert_true(text_is_control((char[]){'\xE2', '\x80', (char)last}, 3));
	for (unsigned last = 0xA6; last <= 0xA9; last++)
		assert_true(text_is_control((char[]){'\xE2', '\x81', (char)last}, 3));
}

static void assert_clean(const char *text, size_t len, size_t most, const char *expected)
{
	auto_buf struct buf b = {.max_bytes = 1000};
	text_add_clean(&b, text, len, most);
	assert_string_equal(buf_peek(&b), expected);
}

static void a_clean_text_is_one_harmless_line(void **state)
{
	(void)state;
	assert_clean("", 0, 10, "");
	assert_clean("Zoé €", 8, 10, "Zoé €");
	assert_clean("a\0b\nc\x1B[1m", 9, 20, "a?b?c?[1m");
	assert_clean("\xFF\xC3", 2, 10, "??");
	assert_clean("\xE2\x80\xACx", 4, 10, "?x");
}

static void a_long_text_is_cut_between_characters(void **state)
{
	(void)state;
	assert_clean("éàü", 6, 3, "éàü");
	assert_clean("éàü", 6, 2, "éà…");
	assert_clean("éàü", 6, 0, "…");
	assert_clean("", 0, 0, "");
}

static void assert_json(const char *text, size_t len, const char *expected)
{
	auto_buf struct buf b = {.max_bytes = 1000};
	text_add_json(&b, text, len);
	assert_string_equal(buf_peek(&b), expected);
}

static void json_strings_are_escaped(void **state)
{
	(void)state;
	assert_json("", 0, "\"\"");
	assert_json("a\"b\\c/d", 7, "\"a\\\"b\\\\c/d\"");
	assert_json("\n\t\0\x1F\x7F", 5, "\"\\u000a\\u0009\\u0000\\u001f\\u007f\"");
	assert_json("é€", 5, "\"é€\"");
	assert_json("\xE2\x80\xAC", 3, "\"\\u202c\"");
	assert_json("a\xFFz", 3, "\"a\xEF\xBF\xBDz\"");
}

static void whatever_comes_in_utf8_comes_out(void **state)
{
	(void)state;
	unsigned seed = 1;
	for (int round = 0; round < 2000; round++) {
		char noise[40];
		for (size_t i = 0; i < sizeof(noise); i++) {
			seed = seed * 1103515245U + 12345U;
			noise[i] = (char)(seed >> 16);
		}
		auto_buf struct buf b = {.max_bytes = 1000};
		text_add_clean(&b, noise, sizeof(noise), 30);
		text_add_json(&b, noise, sizeof(noise));
		for (size_t at = 0, step; at < b.len; at += step) {
			step = text_char_len(b.bytes + at, b.len - at);
			assert_true(step > 0);
			assert_false(text_is_control(b.bytes + at, step));
		}
	}
}

static void characters_are_counted_not_bytes(void **state)
{
	(void)state;
	assert_int_equal(text_count(""), 0);
	assert_int_equal(text_count("abc"), 3);
	assert_int_equal(text_count("é€\xF0\x9F\x98\x80"), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(well_formed_characters_have_their_length),
		cmocka_unit_test(everything_else_has_none),
		cmocka_unit_test(a_character_that_is_cut_is_none),
		cmocka_unit_test(what_can_change_a_terminal_is_control),
		cmocka_unit_test(a_clean_text_is_one_harmless_line),
		cmocka_unit_test(a_long_text_is_cut_between_characters),
		cmocka_unit_test(json_strings_are_escaped),
		cmocka_unit_test(whatever_comes_in_utf8_comes_out),
		cmocka_unit_test(characters_are_counted_not_bytes),
	};
	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
