/* SPDX-License-Identifier: MIT */
#include "core/rejection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"

static const struct {
	struct rejection rejection;
	const char *said; /* NULL: nothing */
} cases[] = {
	{{.result = "rejected"}, "the shop gave no result: this order takes no comments"},
	{{.result = "rejected", .code = "", .message = ""},
		"the shop gave no result: this order takes no comments"},
	{{.result = "rejected", .code = "3002"}, NULL},
	{{.result = "rejected", .message = "no"}, NULL},
	{{.result = "rejected", .cause = "max_attempts", .message = "no", .attempts = 5},
		"the shop broke on it 5 times, which is max_attempts"},
	{{.result = "rejected", .cause = "give_up", .message = "no"},
		"it waited longer than give_up allows"},
	{{.result = "rejected", .cause = "of a later gateway"}, NULL},
	{{.result = "delivered"}, NULL},
	{{.result = "deferred", .attempts = 5}, NULL},
	{{.cause = "give_up"}, NULL},
};

static void what_no_code_of_the_shop_says_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_buf struct buf out = {.max_bytes = 1000};
		assert_int_equal(
			rejection_say(&out, &cases[i].rejection), cases[i].said != NULL);
		assert_string_equal(buf_peek(&out), cases[i].said ? cases[i].said : "");
	}
}

static void causes_are_found_by_their_names(void **state)
{
	(void)state;
	for (enum decision_cause i = CAUSE_ANSWER; i <= CAUSE_GAVE_UP; i++)
		assert_int_equal(rejection_cause_named(rejection_cause_name(i)), i);
	assert_int_equal(rejection_cause_named("of a later gateway"), CAUSE_ANSWER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_no_code_of_the_shop_says_is_said),
		cmocka_unit_test(causes_are_found_by_their_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
