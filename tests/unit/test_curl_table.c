/* SPDX-License-Identifier: MIT */
#include "system/curl_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_code_of_libcurl_has_a_meaning(void **state)
{
	(void)state;
	const struct curl_row *later = curl_table_find((CURLcode)10000);
	for (int code = 1; code < CURL_LAST; code++) {
		const struct curl_row *row = curl_table_find((CURLcode)code);
		assert_ptr_not_equal(row, later);
		assert_true(strlen(row->what) > 10);
	}
}

static void a_code_of_a_later_libcurl_has_words_too(void **state)
{
	(void)state;
	assert_non_null(curl_table_find(CURL_LAST)->what);
	assert_non_null(curl_table_find((CURLcode)-1)->what);
	assert_non_null(curl_table_find(CURLE_OK)->what);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_of_libcurl_has_a_meaning),
		cmocka_unit_test(a_code_of_a_later_libcurl_has_words_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
