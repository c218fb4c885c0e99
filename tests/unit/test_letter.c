/* SPDX-License-Identifier: MIT */
#include "core/letter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"

#define TEN "abcdefghi "
#define SEVENTY TEN TEN TEN TEN TEN TEN TEN

static const struct margin none = {"", ""};

static void assert_lines(const struct margin *margin, const char *text, const char *lines)
{
	auto_buf struct buf out = {.max_bytes = 4096};
	letter_add(&out, margin, text);
	assert_string_equal(buf_peek(&out), lines);
}

static void a_line_takes_eighty_characters_and_no_more(void **state)
{
	(void)state;
	assert_lines(&none, SEVENTY "abcdefghij", SEVENTY "abcdefghij\n");
	assert_lines(&none, SEVENTY "abcdefghijk",
		TEN TEN TEN TEN TEN TEN "abcdefghi\nabcdefghijk\n");
	assert_lines(&none, SEVENTY "\u00e9bcdefgh\u00ef\U0001F600",
		SEVENTY "\u00e9bcdefgh\u00ef\U0001F600\n");
}

static void the_margin_is_of_the_line(void **state)
{
	static const struct margin bullet = {"  - ", "    "};
	(void)state;
	assert_lines(&bullet, SEVENTY "abcdef", "  - " SEVENTY "abcdef\n");
	assert_lines(&bullet, SEVENTY "abcdefg x",
		"  - " TEN TEN TEN TEN TEN TEN "abcdefghi\n    abcdefg x\n");
}

static void a_word_that_is_too_long_has_a_line_for_itself(void **state)
{
	(void)state;
	assert_lines(&none,
		"a 1234567890123456789012345678901234567890123456789012345678901234567890"
		"1234567890x b",
		"a\n123456789012345678901234567890123456789012345678901234567890123456789"
		"0"
		"1234567890x\nb\n");
}

/* Of the shop's words one may want to search for the very bytes. */
static void only_the_blank_of_a_break_goes(void **state)
{
	(void)state;
	assert_lines(&none, "a  b", "a  b\n");
	assert_lines(&none, SEVENTY "abcdefghij  x", SEVENTY "abcdefghij\n x\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_takes_eighty_characters_and_no_more),
		cmocka_unit_test(the_margin_is_of_the_line),
		cmocka_unit_test(a_word_that_is_too_long_has_a_line_for_itself),
		cmocka_unit_test(only_the_blank_of_a_break_goes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
