/* SPDX-License-Identifier: MIT */
#include "core/response.h"

#include <libxml/parser.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "replies.h"

static void assert_unsound(const char *body, const char *const *orders)
{
	auto_with(response_done) struct response r =
		read_bytes(200, body, strlen(body), orders);

	assert_int_equal(r.answer, ANSWER_UNKNOWN);
	assert_int_equal(r.blame, BLAME_NONE);
	assert_true(r.unpaired);
	assert_null(r.results);
}

/* codes: what each comment got, "" for none. */
static void assert_codes(
	const char *body, const char *const *orders, const char *const *codes)
{
	auto_with(response_done) struct response r =
		read_bytes(200, body, strlen(body), orders);

	assert_int_equal(r.answer, ANSWER_RESULTS);
	assert_int_equal(r.count, count_orders(orders));
	for (size_t i = 0; codes[i]; i++)
		assert_string_equal(r.results[i].code, codes[i]);
}

static void a_captured_answer_gives_each_comment_its_result(void **state)
{
	auto_with(response_done) struct response r =
		read_captured(200, "two-results.xml", ORDERS("1", "777"));

	(void)state;
	assert_int_equal(r.answer, ANSWER_RESULTS);
	assert_int_equal(r.count, 2);
	assert_int_equal(r.results[0].result, RESULT_STORED);
	assert_string_equal(r.results[0].code, "1002");
	assert_null(r.results[0].message);
	assert_int_equal(r.results[1].result, RESULT_REJECTED);
	assert_string_equal(r.results[1].message, "Order 777 does not exist & never did");
	assert_string_equal(r.words, "HTTP 200");
}

static void no_result_at_all_rejects_every_comment(void **state)
{
	auto_with(response_done) struct response r =
		read_captured(200, "no-result.xml", ORDERS("1", "2"));

	(void)state;
	assert_int_equal(r.answer, ANSWER_RESULTS);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(r.results[i].result, RESULT_REJECTED);
		assert_string_equal(r.results[i].code, "");
		assert_null(r.results[i].message);
	}
}

static void soap_12_indentation_cdata_and_other_prefixes_are_understood(void **state)
{
	auto_with(response_done) struct response r =
		read_captured(200, "soap12-result.xml", ORDERS("1"));

	(void)state;
	assert_int_equal(r.answer, ANSWER_RESULTS);
	assert_int_equal(r.results[0].result, RESULT_KNOWN);
	assert_string_equal(r.results[0].message, "Already there");
}

static void any_answer_to_a_probe_is_sound(void **state)
{
	(void)state;
	assert_means_of(read_captured(200, "probe-result.xml", PROBE), ANSWER_RESULTS,
		BLAME_NONE);
	assert_means_of(
		read_captured(200, "no-result.xml", PROBE), ANSWER_RESULTS, BLAME_NONE);
	assert_means_of(
		read_captured(200, "two-results.xml", PROBE), ANSWER_RESULTS, BLAME_NONE);
	assert_means_of(read_captured(200, "own-fault-key.xml", PROBE), ANSWER_REFUSED,
		BLAME_KEY);
}

static void results_pair_within_their_order_whatever_the_gaps(void **state)
{
	(void)state;
	assert_codes(ANSWER(RESULT("A", "1002", "") RESULT("C", "3002", "")
				     RESULT("A", "2001", "") RESULT("D", "1001", "")),
		ORDERS("A", "B", "C", "A", "D"),
		ORDERS("1002", "", "3002", "2001", "1001"));
	assert_codes(
		ANSWER(RESULT("B", "1002", "")), ORDERS("A", "B"), ORDERS("", "1002"));
}

static void an_order_with_too_few_or_too_many_results_spoils_the_answer(void **state)
{
	(void)state;
	assert_unsound(ANSWER(RESULT("A", "1002", "") RESULT("B", "1002", "")),
		ORDERS("A", "A", "B"));
	assert_unsound(ANSWER(RESULT("A", "1002", "") RESULT("A", "1002", "")),
		ORDERS("A", "B"));
	assert_unsound(
		ANSWER(RESULT("A", "1002", "") RESULT("A", "1002", "")), ORDERS("A"));
}

static void a_key_that_was_not_asked_for_spoils_the_answer(void **state)
{
	(void)state;
	assert_unsound(ANSWER(RESULT("A", "1002", "") RESULT("Z", "1002", "")),
		ORDERS("A", "B"));
	assert_unsound(ANSWER(RESULT("0", "1002", "")), ORDERS("A", "B"));
	assert_unsound(ANSWER(RESULT("a", "1002", "")), ORDERS("A", "B"));
	assert_unsound(ANSWER(RESULT("A ", "1002", "") RESULT("B", "1002", "")),
		ORDERS("A", "B"));
}

static void one_comment_with_one_result_pairs_whatever_the_key(void **state)
{
	(void)state;
	assert_codes(ANSWER(RESULT("Z", "1002", "")), ORDERS("A"), ORDERS("1002"));
	assert_codes(ANSWER("<o:return><x:Code>1002</x:Code></o:return>"), ORDERS("A"),
		ORDERS("1002"));
}

static void keys_are_compared_without_what_shops_strip(void **state)
{
	(void)state;
	assert_codes(ANSWER(RESULT("AB", "1002", "") RESULT("C\x7F", "2001", "")),
		ORDERS("A\x7F\x01"
		       "B",
			"C"),
		ORDERS("1002", "2001"));
}

static void unknown_codes_count_by_their_class(void **state)
{
	auto_with(response_done) struct response r = read_bytes(200,
		ANSWER(RESULT("A", "1999", "") RESULT("B", "2000", "")
				RESULT("C", "3123", "")),
		strlen(ANSWER(RESULT("A", "1999", "") RESULT("B", "2000", "")
				RESULT("C", "3123", ""))),
		ORDERS("A", "B", "C"));

	(void)state;
	assert_int_equal(r.results[0].result, RESULT_STORED);
	assert_int_equal(r.results[1].result, RESULT_KNOWN);
	assert_int_equal(r.results[2].result, RESULT_REJECTED);
}

static void a_code_of_no_known_class_spoils_the_answer(void **state)
{
	static const char *const bodies[] = {
		ANSWER(RESULT("A", "4002", "")),
		ANSWER(RESULT("A", "0002", "")),
		ANSWER(RESULT("A", "", "")),
		ANSWER(RESULT("A", "abcd", "")),
		ANSWER(RESULT("A", "10020", "")),
		ANSWER(RESULT("A", "100", "")),
		ANSWER(RESULT("A", "1002000000", "")),
		ANSWER(RESULT("A", "1002</x:Code><x:Code>1002", "")),
		ANSWER("<o:return/>"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		assert_unsound(bodies[i], ORDERS("A"));
		assert_unsound(bodies[i], ORDERS("A", "B"));
	}
}

static void anything_but_results_spoils_the_answer(void **state)
{
	static const char *const bodies[] = {
		ANSWER("<return><Key>A</Key><Code>1002</Code></return>"),
		ANSWER(RESULT("A", "1002", "") "<o:more/>"),
		ANSWER("stray words"),
		ENVELOPE("<o:setCommentsResponse/><o:setCommentsResponse/>"),
		ENVELOPE("<o:setCommentsResponse/><o:other/>"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		assert_unsound(bodies[i], ORDERS("A"));
}

static void assert_not_unpaired(struct response r)
{
	assert_false(r.unpaired);
	response_done(&r);
}

static void only_a_whole_answer_at_status_200_is_called_unpaired(void **state)
{
	static const char strange[] = ANSWER(RESULT("Z", "1002", ""));
	static const char cut[] = "<a>" ANSWER(RESULT("Z", "1002", ""));
	static const char *const fault = FAULT("s:Server", "no");
	const char *const *orders = ORDERS("A", "B");

	(void)state;
	assert_unsound(strange, orders);
	assert_not_unpaired(read_bytes(202, strange, strlen(strange), orders));
	assert_not_unpaired(read_bytes(503, strange, strlen(strange), orders));
	assert_not_unpaired(read_bytes(200, cut, strlen(cut), orders));
	assert_not_unpaired(read_bytes(200, fault, strlen(fault), orders));
	assert_not_unpaired(read_bytes(200, "<html>", strlen("<html>"), orders));
	assert_not_unpaired(read_bytes(200, strange, strlen(strange), ORDERS("A")));
	assert_not_unpaired(read_bytes(200, strange, strlen(strange), PROBE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_captured_answer_gives_each_comment_its_result),
		cmocka_unit_test(no_result_at_all_rejects_every_comment),
		cmocka_unit_test(
			soap_12_indentation_cdata_and_other_prefixes_are_understood),
		cmocka_unit_test(any_answer_to_a_probe_is_sound),
		cmocka_unit_test(results_pair_within_their_order_whatever_the_gaps),
		cmocka_unit_test(
			an_order_with_too_few_or_too_many_results_spoils_the_answer),
		cmocka_unit_test(a_key_that_was_not_asked_for_spoils_the_answer),
		cmocka_unit_test(one_comment_with_one_result_pairs_whatever_the_key),
		cmocka_unit_test(keys_are_compared_without_what_shops_strip),
		cmocka_unit_test(unknown_codes_count_by_their_class),
		cmocka_unit_test(a_code_of_no_known_class_spoils_the_answer),
		cmocka_unit_test(anything_but_results_spoils_the_answer),
		cmocka_unit_test(only_a_whole_answer_at_status_200_is_called_unpaired),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	xmlCleanupParser();
	return r;
}
