/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

static void appends_make_one_text(void **state)
{
	(void)state;
	auto_buf struct buf b = {.max_bytes = 1000};
	assert_string_equal(buf_peek(&b), "");
	buf_add(&b, "one", 3);
	buf_add_text(&b, " two");
	buf_add_char(&b, ' ');
	buf_add_format(&b, "%d%s", 3, "!");
	assert_string_equal(buf_peek(&b), "one two 3!");
	assert_int_equal(b.len, 10);
	assert_int_equal(buf_finish(&b), 0);
}

static void numbers_are_decimal(void **state)
{
	(void)state;
	auto_buf struct buf b = {.max_bytes = 1000};
	buf_add_number(&b, 0);
	buf_add_char(&b, ' ');
	buf_add_number(&b, UINT64_MAX);
	assert_string_equal(buf_peek(&b), "0 18446744073709551615");
	buf_clear(&b);
	buf_add_signed(&b, INT64_MIN);
	buf_add_char(&b, ' ');
	buf_add_signed(&b, INT64_MAX);
	assert_string_equal(buf_peek(&b), "-9223372036854775808 9223372036854775807");
}

static void bytes_are_kept_whatever_they_are(void **state)
{
	(void)state;
	auto_buf struct buf b = {.max_bytes = 1000};
	buf_add(&b, "a\0b\xFF", 4);
	buf_add(&b, NULL, 0);
	assert_int_equal(b.len, 4);
	assert_memory_equal(buf_peek(&b), "a\0b\xFF", 5);
}

static void the_cap_is_reached_but_never_passed(void **state)
{
	(void)state;
	auto_buf struct buf b = {.max_bytes = 4};
	buf_add_text(&b, "1234");
	assert_int_equal(buf_finish(&b), 0);
	buf_add_char(&b, '5');
	assert_int_equal(buf_finish(&b), -EMSGSIZE);
	assert_string_equal(buf_peek(&b), "1234");
}

static void an_overflow_is_remembered_until_cleared(void **state)
{
	(void)state;
	auto_buf struct buf b = {.max_bytes = 4};
	buf_add_text(&b, "12345");
	buf_add_text(&b, "1");
	assert_int_equal(buf_finish(&b), -EMSGSIZE);
	assert_string_equal(buf_peek(&b), "1");
	buf_clear(&b);
	assert_int_equal(buf_finish(&b), 0);
	assert_string_equal(buf_peek(&b), "");
	buf_add_text(&b, "123");
	assert_string_equal(buf_peek(&b), "123");
}

static void a_buffer_without_room_takes_nothing(void **state)
{
	(void)state;
	auto_buf struct buf b = {.max_bytes = 0};
	buf_add_text(&b, "");
	assert_int_equal(buf_finish(&b), 0);
	buf_add_format(&b, "%d", 1);
	assert_int_equal(buf_finish(&b), -EMSGSIZE);
	assert_string_equal(buf_peek(&b), "");
}

static void it_grows_without_losing_a_byte(void **state)
{
	(void)state;
	enum { MANY = 100000 };
	auto_buf struct buf b = {.max_bytes = MANY};
	for (int i = 0; i < MANY; i++)
		buf_add_char(&b, (char)('a' + i % 26));
	assert_int_equal(buf_finish(&b), 0);
	assert_int_equal(b.len, MANY);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(b.bytes[i], 'a' + i % 26);
	assert_int_equal(b.bytes[MANY], '\0');
}

static void room_made_at_once_is_neither_used_nor_passed(void **state)
{
	(void)state;
	auto_buf struct buf b = {.max_bytes = 100};
	buf_make_room(&b, 60);
	assert_true(b.room > 60);
	assert_string_equal(buf_peek(&b), "");
	buf_add_text(&b, "abc");
	const char *bytes = b.bytes;
	buf_make_room(&b, 50);
	assert_ptr_equal(b.bytes, bytes);
	assert_string_equal(buf_peek(&b), "abc");
	buf_make_room(&b, SIZE_MAX);
	assert_int_equal(buf_finish(&b), 0);
	assert_int_equal(b.len, 3);
	assert_string_equal(buf_peek(&b), "abc");
}

static void a_shift_takes_from_the_front(void **state)
{
	(void)state;
	auto_buf struct buf b = {.max_bytes = 100};
	buf_shift(&b, 0);
	buf_add_text(&b, "abcdef");
	buf_shift(&b, 2);
	assert_string_equal(buf_peek(&b), "cdef");
	buf_add_text(&b, "gh");
	assert_string_equal(buf_peek(&b), "cdefgh");
	buf_shift(&b, 6);
	assert_string_equal(buf_peek(&b), "");
	assert_int_equal(b.len, 0);
}

static void taking_leaves_an_empty_buffer_with_its_cap(void **state)
{
	(void)state;
	auto_buf struct buf b = {.max_bytes = 5};
	auto_free char *nothing = buf_take(&b);
	assert_string_equal(nothing, "");
	buf_add_text(&b, "word");
	auto_free char *word = buf_take(&b);
	assert_string_equal(word, "word");
	assert_int_equal(b.len, 0);
	buf_add_text(&b, "123456");
	assert_int_equal(buf_finish(&b), -EMSGSIZE);
}

static void done_may_come_twice(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 10);
	buf_add_text(&b, "x");
	buf_done(&b);
	buf_done(&b);
	assert_null(b.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_make_one_text),
		cmocka_unit_test(numbers_are_decimal),
		cmocka_unit_test(bytes_are_kept_whatever_they_are),
		cmocka_unit_test(the_cap_is_reached_but_never_passed),
		cmocka_unit_test(an_overflow_is_remembered_until_cleared),
		cmocka_unit_test(a_buffer_without_room_takes_nothing),
		cmocka_unit_test(it_grows_without_losing_a_byte),
		cmocka_unit_test(room_made_at_once_is_neither_used_nor_passed),
		cmocka_unit_test(a_shift_takes_from_the_front),
		cmocka_unit_test(taking_leaves_an_empty_buffer_with_its_cap),
		cmocka_unit_test(done_may_come_twice),
	};
	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
