/* SPDX-License-Identifier: MIT */
#include "core/response.h"

#include <libxml/parser.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "effort.h"
#include "replies.h"

enum { MAX_BYTES = 1024 * 1024 };

static const struct effort mutations = {
	.all = 1000000, .sample = 20000, .under_valgrind = 2000};

static void assert_means(
	int status, const char *body, enum answer answer, enum blame blame)
{
	assert_means_of(
		read_bytes(status, body, strlen(body), ORDERS("1")), answer, blame);
}

static void assert_words(int status, const char *body, const char *words)
{
	auto_with(response_done) struct response r =
		read_bytes(status, body, strlen(body), ORDERS("1"));

	assert_string_equal(r.words, words);
}

static void assert_captured(
	int status, const char *name, enum blame blame, const char *words)
{
	auto_with(response_done) struct response r =
		read_captured(status, name, ORDERS("1", "2"));

	assert_int_equal(r.answer, ANSWER_REFUSED);
	assert_int_equal(r.blame, blame);
	assert_string_equal(r.words, words);
}

static void results_count_only_with_status_200(void **state)
{
	static const int statuses[] = {100, 201, 202, 204, 302, 404, 429, 500, 503};

	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		assert_means(statuses[i], ANSWER(RESULT("1", "1002", "")), ANSWER_UNKNOWN,
			BLAME_NONE);
	assert_words(201, ANSWER(""), "HTTP 201; results count only with HTTP 200");
}

static void the_shops_own_faults_tell_whose_fault_it_is(void **state)
{
	(void)state;
	assert_captured(200, "own-fault-key.xml", BLAME_KEY,
		"HTTP 200, fault: Authentification impossible : la clé est incorrecte.");
	assert_captured(200, "own-fault-website.xml", BLAME_WEBSITE,
		"HTTP 200, fault: Erreur : le code website est inconnu.");
	assert_captured(200, "own-fault-database.xml", BLAME_NONE,
		"HTTP 200, fault: SQLSTATE[HY000]: General error: 2006 MySQL server has "
		"gone away");
}

static void a_fault_that_is_not_escaped_is_a_fault(void **state)
{
	(void)state;
	assert_captured(200, "own-fault-unescaped.xml", BLAME_NONE,
		"HTTP 200, fault: <b>SQLSTATE[42000]</b>: near \"id = & <1\"");
	assert_captured(200, "warned-fault.xml", BLAME_NONE,
		"HTTP 200, fault: Call to a member function save() on null");
	assert_means(200, FAULT("x:server", "AUTHENTIFICATION < 1"), ANSWER_REFUSED,
		BLAME_KEY);
	assert_means(200, FAULT("x:server", "le Code Website & rien"), ANSWER_REFUSED,
		BLAME_WEBSITE);
	assert_means(500, FAULT("s:Client", "a & b"), ANSWER_REFUSED, BLAME_REQUEST);
	assert_means(200, "<a:Envelope><a:Header/><a:Body><a:Fault>", ANSWER_REFUSED,
		BLAME_NONE);
}

static void engine_faults_are_known_in_both_versions(void **state)
{
	(void)state;
	assert_captured(500, "engine-fault-server.xml", BLAME_NONE,
		"HTTP 500, fault: Allowed memory size of 134217728 bytes exhausted");
	assert_captured(500, "engine-fault-client.xml", BLAME_REQUEST,
		"HTTP 500, fault: Bad Request");
	assert_captured(500, "engine-fault-sender.xml", BLAME_REQUEST,
		"HTTP 500, fault: Bad Request");
	assert_captured(500, "engine-fault-encoding.xml", BLAME_REQUEST,
		"HTTP 500, fault: SOAP-ERROR: Encoding: Violation of encoding rules");
	assert_means(500, FAULT("s:Server", "SOAP-ERROR: Encoding: 'code website'"),
		ANSWER_REFUSED, BLAME_REQUEST);
	assert_means(500, FAULT("s:Client", "not an int: 'code website'"), ANSWER_REFUSED,
		BLAME_REQUEST);
	assert_means(500, FAULT("s:Client.Key", "no"), ANSWER_REFUSED, BLAME_REQUEST);
	assert_means(500, FAULT("s:Clients", "no"), ANSWER_REFUSED, BLAME_NONE);
	assert_words(
		500, FAULT("s:Server", ""), "HTTP 500, a fault without words: s:Server");
}

static void a_fault_is_a_refusal_at_any_status(void **state)
{
	static const int statuses[] = {200, 202, 302, 500, 502, 503, 504};

	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		assert_means(
			statuses[i], FAULT("s:Server", "no"), ANSWER_REFUSED, BLAME_NONE);
	assert_means(400, FAULT("s:Server", "no"), ANSWER_REFUSED, BLAME_REQUEST);
	assert_means(
		401, FAULT("s:Server", "Authentification"), ANSWER_REFUSED, BLAME_KEY);
}

static void a_status_that_says_later_means_nothing_was_stored(void **state)
{
	static const int statuses[] = {407, 408, 425, 429};

	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		assert_means(statuses[i], "", ANSWER_NOTHING, BLAME_NONE);
		assert_means(statuses[i], "<html>", ANSWER_NOTHING, BLAME_NONE);
		assert_means(statuses[i], FAULT("a", "b"), ANSWER_NOTHING, BLAME_NONE);
	}
}

static void other_4xx_blame_the_request(void **state)
{
	static const int statuses[] = {400, 401, 403, 404, 413, 422, 499};

	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		assert_means(statuses[i], "", ANSWER_REFUSED, BLAME_REQUEST);
		assert_means(statuses[i], "<!DOCTYPE html><html>", ANSWER_REFUSED,
			BLAME_REQUEST);
	}
}

static void redirects_are_refusals_that_name_the_cure(void **state)
{
	(void)state;
	assert_means(301, "", ANSWER_REFUSED, BLAME_NONE);
	assert_means(399, "<html>", ANSWER_REFUSED, BLAME_NONE);
	assert_words(302, "",
		"HTTP 302, empty; a redirect, which was not followed: correct the url");
}

static void an_empty_200_blames_the_request(void **state)
{
	(void)state;
	assert_means(200, "", ANSWER_REFUSED, BLAME_REQUEST);
	assert_means(200, " \r\n", ANSWER_REFUSED, BLAME_REQUEST);
	assert_means_of(
		read_bytes(200, NULL, 0, ORDERS("1")), ANSWER_REFUSED, BLAME_REQUEST);
	assert_words(200, "",
		"HTTP 200, empty; perhaps the request was too large for the shop");
}

static void a_plain_500_is_a_refusal(void **state)
{
	(void)state;
	assert_means(500, "", ANSWER_REFUSED, BLAME_NONE);
	assert_means(500, "<html>", ANSWER_REFUSED, BLAME_NONE);
	assert_words(500, "", "HTTP 500, empty");
}

static void everything_else_is_unknown(void **state)
{
	static const int statuses[] = {
		-1, 0, 100, 199, 201, 204, 299, 501, 502, 503, 504, 520, 599, 600, 999};

	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		assert_means(statuses[i], "", ANSWER_UNKNOWN, BLAME_NONE);
		assert_means(statuses[i], "<html>", ANSWER_UNKNOWN, BLAME_NONE);
	}
	assert_means(200, "OK", ANSWER_UNKNOWN, BLAME_NONE);
	assert_means(200, "<html>", ANSWER_UNKNOWN, BLAME_NONE);
}

static void web_pages_are_named_by_their_title(void **state)
{
	auto_with(response_done) struct response r =
		read_captured(503, "maintenance.html", ORDERS("1"));

	(void)state;
	assert_int_equal(r.answer, ANSWER_UNKNOWN);
	assert_string_equal(
		r.words, "HTTP 503, a web page titled \"Site en maintenance\"");
	assert_words(
		502, "<html><body>Bad Gateway", "HTTP 502, a web page without a title");
	assert_words(502, "upstream\x1B[2J\n gone",
		"HTTP 502, something else that begins \"upstream?[2J gone\"");
}

static void an_exchange_without_an_answer_is_not_read(void **state)
{
	struct reply reply = {
		.end = REPLY_NOT_SENT,
		.status = 200,
		.body = ANSWER(""),
		.body_len = strlen(ANSWER("")),
		.retry_after = -1,
		.trouble = "could not resolve\nhost",
	};
	struct response r;

	(void)state;
	response_read(&reply, ORDERS("1"), 1, &r);
	assert_string_equal(
		r.words, "the request could not be sent: could not resolve host");
	assert_means_of(r, ANSWER_NOTHING, BLAME_NONE);
	reply.end = REPLY_CUT;
	reply.trouble = NULL;
	response_read(&reply, ORDERS("1"), 1, &r);
	assert_string_equal(r.words, "the request was sent, but no whole answer came");
	assert_means_of(r, ANSWER_UNKNOWN, BLAME_NONE);
}

/* Whole or cut off, by the shop's own bounds or by ours. */
static void a_secret_that_is_said_back_is_in_no_words(void **state)
{
	static const char secret[] = "0123456789abcdef";
	(void)state;
	for (size_t before = 0; before < 2100; before++) {
		auto_buf struct buf page = {.max_bytes = MAX_BYTES};
		auto_buf struct buf body = {.max_bytes = MAX_BYTES};
		for (size_t i = 0; i < before; i++)
			buf_add_char(&page, i < RESPONSE_WORDS_CHARS - 50 ? 'x' : ' ');
		buf_add_format(&page, "00123%s, %s", secret, secret);
		buf_add_format(&body, ANSWER(RESULT("1", "1002", "%s")), buf_peek(&page));
		const struct buf *bodies[] = {&page, &body};
		for (size_t i = 0; i < 2; i++) {
			const struct reply reply = {
				.status = 200,
				.body = buf_peek(bodies[i]),
				.body_len = bodies[i]->len,
				.retry_after = -1,
				.secret = secret,
			};
			auto_with(response_done) struct response r = {0};
			response_read(&reply, ORDERS("1"), 1, &r);
			const char *words = i ? r.results[0].message : r.words;
			assert_null(strstr(words, "x01234"));
			assert_null(strstr(words, "0123456"));
			assert_null(strstr(words, "1230123"));
			assert_null(strstr(words, ", 0123"));
		}
	}
}

static void retry_after_is_kept_up_to_an_hour(void **state)
{
	static const msec_t waits[][2] = {{-1, -1}, {-5, -1}, {0, 0}, {1500, 1500},
		{MSEC_HOUR, MSEC_HOUR}, {MSEC_HOUR + 1, MSEC_HOUR},
		{MSEC_NEVER, MSEC_HOUR}};

	(void)state;
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		const struct reply reply = {.status = 503, .retry_after = waits[i][0]};
		auto_with(response_done) struct response r = {0};
		response_read(&reply, PROBE, 0, &r);
		assert_true(r.retry_after == waits[i][1]);
	}
}

static void words_are_one_line_of_five_hundred_characters(void **state)
{
	auto_buf struct buf body = {.max_bytes = MAX_BYTES};

	(void)state;
	buf_add_text(
		&body, "<s:Envelope xmlns:s='" SOAP11 "'><s:Body><s:Fault><faultstring>");
	for (int i = 0; i < 3000; i++)
		buf_add_text(&body, "é\n");
	buf_add_text(&body, "</faultstring></s:Fault></s:Body></s:Envelope>");
	auto_with(response_done) struct response r =
		read_bytes(200, buf_peek(&body), body.len, ORDERS("1"));
	assert_int_equal(r.answer, ANSWER_REFUSED);
	assert_int_equal(text_count(r.words), RESPONSE_WORDS_CHARS);
	assert_null(strpbrk(r.words, "\n?"));
}

/* xorshift: the same bodies in each run */
static uint32_t draw(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void mutate(uint32_t *seed, const char *bytes, size_t len, struct buf *b)
{
	static const char *const pieces[] = {"<", ">", "/", "&", "\"", ":", "]]>", "<!--",
		"<![CDATA[", "<!DOCTYPE", "<?", "Fault", "</", "1002", "\xFF", "\x7F",
		"=", "<Text>", "xmlns=''", "&#0;", "\xEF\xBB\xBF"};
	size_t at = draw(seed) % (len + 1);
	size_t skipped = draw(seed) % 8;

	if (skipped > len - at)
		skipped = len - at;
	if (draw(seed) % 16 == 0)
		skipped = len - at;
	buf_clear(b);
	buf_add(b, bytes, at);
	if (draw(seed) & 1U)
		buf_add_text(
			b, pieces[draw(seed) % (sizeof(pieces) / sizeof(pieces[0]))]);
	else
		buf_add_char(b, (char)draw(seed));
	buf_add(b, bytes + at + skipped, len - at - skipped);
}

/* What holds whatever came. */
static void assert_sane(struct response r, int status, size_t count)
{
	assert_non_null(r.words);
	assert_in_range(text_count(r.words), 1, RESPONSE_WORDS_CHARS);
	assert_null(strchr(r.words, '\n'));
	assert_true(r.answer != ANSWER_RESULTS || status == 200);
	assert_int_equal(r.count, r.answer == ANSWER_RESULTS ? count : 0);
	for (size_t i = 0; i < r.count; i++)
		assert_true(
			r.results[i].code[0] || r.results[i].result == RESULT_REJECTED);
	response_done(&r);
}

static void mutated_answers_are_read_without_harm(void **state)
{
	static const char *const fixtures[] = {"two-results.xml", "soap12-result.xml",
		"own-fault-unescaped.xml", "engine-fault-server.xml", "maintenance.html",
		"warned-fault.xml"};
	static const int statuses[] = {200, 200, 200, 302, 404, 500, 503};
	static const char *const orders[] = {"1", "777", "x"};
	uint32_t seed = 20200608;
	auto_buf struct buf once = {.max_bytes = MAX_BYTES};
	auto_buf struct buf twice = {.max_bytes = MAX_BYTES};

	(void)state;
	for (size_t left = effort(mutations); left; left--) {
		auto_buf struct buf fixture = {.max_bytes = MAX_BYTES};
		int status =
			statuses[draw(&seed) % (sizeof(statuses) / sizeof(statuses[0]))];
		size_t count = draw(&seed) % 4;
		read_fixture(
			fixtures[draw(&seed) % (sizeof(fixtures) / sizeof(fixtures[0]))],
			&fixture);
		mutate(&seed, buf_peek(&fixture), fixture.len, &once);
		mutate(&seed, buf_peek(&once), once.len, &twice);
		const struct reply reply = {.status = status,
			.retry_after = -1,
			.body = buf_peek(&twice),
			.body_len = twice.len};
		struct response r;
		response_read(&reply, orders, count, &r);
		assert_sane(r, status, count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_count_only_with_status_200),
		cmocka_unit_test(the_shops_own_faults_tell_whose_fault_it_is),
		cmocka_unit_test(a_fault_that_is_not_escaped_is_a_fault),
		cmocka_unit_test(engine_faults_are_known_in_both_versions),
		cmocka_unit_test(a_fault_is_a_refusal_at_any_status),
		cmocka_unit_test(a_status_that_says_later_means_nothing_was_stored),
		cmocka_unit_test(other_4xx_blame_the_request),
		cmocka_unit_test(redirects_are_refusals_that_name_the_cure),
		cmocka_unit_test(an_empty_200_blames_the_request),
		cmocka_unit_test(a_plain_500_is_a_refusal),
		cmocka_unit_test(everything_else_is_unknown),
		cmocka_unit_test(web_pages_are_named_by_their_title),
		cmocka_unit_test(an_exchange_without_an_answer_is_not_read),
		cmocka_unit_test(a_secret_that_is_said_back_is_in_no_words),
		cmocka_unit_test(retry_after_is_kept_up_to_an_hour),
		cmocka_unit_test(words_are_one_line_of_five_hundred_characters),
		cmocka_unit_test(mutated_answers_are_read_without_harm),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	xmlCleanupParser();
	return r;
}
