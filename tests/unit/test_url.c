/* SPDX-License-Identifier: MIT */
#include "system/url.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/cleanup.h"

static void equal_addresses_get_equal_texts(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"https://shop.example", "https://shop.example/"},
		{"HTTPS://Shop.Example:443/A?b=C", "https://shop.example/A?b=C"},
		{"http://shop.example:80?x", "http://shop.example/?x"},
		{"https://shop.example:80/", "https://shop.example:80/"},
		{"http://[2001:DB8::1]:8080/x", "http://[2001:db8::1]:8080/x"},
		{"https://shop.example/a@b", "https://shop.example/a@b"},
		{"https://shop.example:0443", "https://shop.example/"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_free char *normal = NULL;
		auto_buf struct buf why = {.max_bytes = 1000};
		assert_int_equal(url_normalize(cases[i][0], &normal, &why), 0);
		assert_string_equal(normal, cases[i][1]);
		assert_int_equal(why.len, 0);
	}
}

static void what_is_no_shops_address_is_refused(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"shop.example", "does not begin"},
		{"ftp://shop.example/", "does not begin"},
		{"https:/shop.example/", "does not begin"},
		{"", "does not begin"},
		{"https://", "no proper host"},
		{"https:///path", "no proper host"},
		{"https://.example/", "no proper host"},
		{"https://a b/", "space"},
		{"https://sh\xC3\xB6p.example/", "ASCII"},
		{"https://shop.example/\x7F", "ASCII"},
		{"https://a,b/", "no proper host"},
		{"https://[::1/", "no proper host"},
		{"https://[::g]/", "no proper host"},
		{"https://[]/", "no proper host"},
		{"https://[::1]x/", "no proper host"},
		{"https://shop.example:/", "no proper port"},
		{"https://shop.example:0/", "no proper port"},
		{"https://shop.example:65536/", "no proper port"},
		{"https://shop.example:-1/", "no proper port"},
		{"https://shop.example:8x/", "no proper port"},
		{"https://me:word@shop.example/", "basic_auth_file"},
		{"https://me@shop.example/", "basic_auth_file"},
		{"https://shop.example/#x", "fragment"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *normal = NULL;
		auto_buf struct buf why = {.max_bytes = 1000};
		assert_int_equal(url_normalize(cases[i][0], &normal, &why), -EINVAL);
		assert_null(normal);
		assert_non_null(strstr(buf_peek(&why), cases[i][1]));
	}
}

static void a_host_that_is_too_long_is_refused(void **state)
{
	(void)state;
	char text[400] = "https://";
	memset(text + 8, 'a', 300);
	char *normal = NULL;
	auto_buf struct buf why = {.max_bytes = 1000};
	assert_int_equal(url_normalize(text, &normal, &why), -EINVAL);
	assert_non_null(strstr(buf_peek(&why), "too long"));
}

static void a_path_that_is_too_long_is_refused(void **state)
{
	(void)state;
	char text[5000] = "https://shop.example/";
	memset(text + strlen(text), 'a', sizeof(text) - strlen(text) - 1);
	char *normal = NULL;
	auto_buf struct buf why = {.max_bytes = 1000};
	assert_int_equal(url_normalize(text, &normal, &why), -EINVAL);
	assert_non_null(strstr(buf_peek(&why), "too long"));
}

static void only_loopback_is_at_home(void **state)
{
	(void)state;
	static const char *const at_home[] = {"http://localhost/", "http://127.0.0.1/",
		"http://127.255.3.4:8080/", "http://[::1]/", "https://shop.example/"};
	static const char *const abroad[] = {"http://shop.example/", "http://126.0.0.1/",
		"http://127.0.0.1.example/", "http://127.1/", "http://localhost.example/",
		"http://10.0.0.1/", "http://[::2]/", "http://[::ffff:8.8.8.8]/",
		"http://0.0.0.0/", "http://192.168.1.1/"};
	for (size_t i = 0; i < sizeof(at_home) / sizeof(at_home[0]); i++)
		assert_false(url_is_plaintext_abroad(at_home[i]));
	for (size_t i = 0; i < sizeof(abroad) / sizeof(abroad[0]); i++)
		assert_true(url_is_plaintext_abroad(abroad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_addresses_get_equal_texts),
		cmocka_unit_test(what_is_no_shops_address_is_refused),
		cmocka_unit_test(a_host_that_is_too_long_is_refused),
		cmocka_unit_test(a_path_that_is_too_long_is_refused),
		cmocka_unit_test(only_loopback_is_at_home),
	};
	return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
