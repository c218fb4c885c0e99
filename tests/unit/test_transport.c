/* SPDX-License-Identifier: MIT */
#include "system/transport.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "../shop/stub_fixture.h"

static struct stub shop;

/* libcurl's calls come to us in the place of libc, for failures at a chosen moment. */
static unsigned send_fails_at;  /* once: at the call so many from now */
static unsigned send_stalls_at; /* from then on, and the other side has reset it */
static bool connects_fail;
static bool stalled;

/* NOLINTBEGIN(readability-inconsistent-*): libc's own names are reserved ones */
ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
	if (send_stalls_at && --send_stalls_at == 0) {
		stalled = true;
		(void)shutdown(fd, SHUT_RD); /* wakes the reader */
	}
	bool fails = send_fails_at && --send_fails_at == 0;
	if (!stalled && !fails)
		return sendto(fd, bytes, len, flags, NULL, 0);
	errno = stalled ? EAGAIN : ECONNRESET;
	return -1;
}

ssize_t recv(int fd, void *bytes, size_t len, int flags)
{
	if (!stalled)
		return recvfrom(fd, bytes, len, flags, NULL, NULL);
	errno = ECONNRESET;
	return -1;
}

int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t len)
{
	stalled = false;
	if (!connects_fail)
		return (int)syscall(SYS_connect, fd, address.__sockaddr__, len);
	errno = ECONNREFUSED;
	return -1;
}
/* NOLINTEND(readability-inconsistent-*) */

static int group_setup(void **state)
{
	(void)state;
	if (!scratch_make(folder, "transport"))
		return -1;
	stub_start(
		&shop, "log", "@paths.json", (const char *[]){"--bodies", folder, NULL});
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	stub_stop(&shop);
	return folder_remove();
}

static void a_request_has_the_headers_that_shops_expect(void **state)
{
	(void)state;
	assert_int_equal(end_at(&shop, "/headers", NULL), REPLY_ANSWERED);
	assert_int_equal(
		stub_seen(&shop, "request", "/headers", "\"method\": \"POST\""), 1);
	static const char *const there[] = {
		"\"content-type\": \"text/xml; charset=utf-8\"",
		"\"soapaction\": \"\\\"\\\"\"", "\"content-length\": \"10\"",
		"\"user-agent\": \"opensi-gateway/",
		"\"accept-encoding\": \"deflate, gzip\""};
	for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++)
		assert_int_equal(stub_seen(&shop, "request", "/headers", there[i]), 1);
	static const char *const absent[] = {"\"expect\"", "\"transfer-encoding\"",
		"\"cookie\"", "\"authorization\"", "\"referer\""};
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		assert_int_equal(stub_seen(&shop, "request", "/headers", absent[i]), 0);
}

static void answers_come_whole_however_they_are_wrapped(void **state)
{
	static const char *const paths[] = {
		"/plain", "/gzip", "/chunked", "/until-close"};
	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct reply reply;
		struct endpoint *e = endpoint_at(&shop, paths[i], NULL);
		struct exchange *x = exchange_with(e, "<request/>", 10);
		exchange_reply(x, &reply);
		assert_int_equal(reply.end, REPLY_ANSWERED);
		assert_int_equal(reply.status, 200);
		assert_int_equal(reply.retry_after, -1);
		assert_int_equal(reply.body_len, strlen(reply.body));
		assert_memory_equal(reply.body, "<?xml", 5);
		assert_non_null(strstr(reply.body, "</SOAP-ENV:Envelope>"));
		exchange_free(x);
		endpoint_free(e);
	}
}

/* What is left over on the connection spoils it, or the connection is not used again. */
static void an_answer_longer_than_it_claims_does_not_answer_the_next(void **state)
{
	(void)state;
	unsigned answered = 0;
	struct endpoint *e = endpoint_at(&shop, "/claims-less", NULL);
	for (int i = 0; i < 4; i++) {
		enum reply_end end = end_with(e);
		assert_int_not_equal(end, REPLY_CUT);
		answered += end == REPLY_ANSWERED;
	}
	assert_true(answered >= 2);
	assert_int_equal(stub_seen(&shop, "request", "/claims-less", NULL), answered);
	endpoint_free(e);
}

static void any_status_is_an_answer_and_is_asked_for_once(void **state)
{
	static const struct {
		const char *path;
		int status;
	} rows[] = {{"/html", 503}, {"/fault", 500}, {"/401", 401}, {"/407", 407},
		{"/417", 417}, {"/empty", 200}, {"/moved", 302}, {"/moved-307", 307},
		{"/to-file", 302}};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reply reply;
		struct endpoint *e = endpoint_at(&shop, rows[i].path,
			&(struct endpoint_options){.basic_auth = "who:cares"});
		struct exchange *x = exchange_with(e, "<request/>", 10);
		exchange_reply(x, &reply);
		assert_int_equal(reply.end, REPLY_ANSWERED);
		assert_int_equal(reply.status, rows[i].status);
		assert_int_equal(stub_seen(&shop, "request", rows[i].path, NULL), 1);
		exchange_free(x);
		endpoint_free(e);
	}
	assert_int_equal(stub_seen(&shop, "request", "/elsewhere", NULL), 0);
}

static void a_kept_connection_that_times_out_by_status_is_not_asked_twice(void **state)
{
	(void)state;
	struct endpoint *e = endpoint_at(&shop, "/408", NULL);
	assert_int_equal(end_with(e), REPLY_ANSWERED);
	assert_int_equal(end_with(e), REPLY_ANSWERED);
	assert_int_equal(stub_seen(&shop, "request", "/408", NULL), 2);
	endpoint_free(e);
}

static void a_request_that_may_have_been_read_is_never_sent_twice(void **state)
{
	static const char *const paths[] = {"/dies", "/resets"};
	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct endpoint *e = endpoint_at(&shop, paths[i], NULL);
		assert_int_equal(end_with(e), REPLY_ANSWERED);
		assert_int_equal(end_with(e), REPLY_CUT);
		assert_int_equal(stub_seen(&shop, "request", paths[i], NULL), 2);
		assert_int_equal(end_with(e), REPLY_ANSWERED);
		endpoint_free(e);
	}
}

static void a_request_stays_sent_when_the_shop_is_gone_for_good(void **state)
{
	(void)state;
	struct endpoint *e = endpoint_at(&shop, "/dies-for-good", NULL);
	assert_int_equal(end_with(e), REPLY_ANSWERED);
	connects_fail = true;
	assert_int_equal(end_with(e), REPLY_CUT);
	assert_int_equal(end_with(e), REPLY_NOT_SENT);
	connects_fail = false;
	assert_int_equal(stub_seen(&shop, "request", "/dies-for-good", NULL), 2);
	endpoint_free(e);
}

/* The reset may come before libcurl has taken the body: then a repeat is harmless. */
static void a_request_that_nobody_read_is_answered_once_at_most(void **state)
{
	(void)state;
	struct endpoint *e = endpoint_at(&shop, "/unread", NULL);
	assert_int_equal(end_with(e), REPLY_ANSWERED);
	unsigned answered = end_with(e) == REPLY_ANSWERED;
	assert_int_equal(stub_seen(&shop, "request", "/unread", NULL), 1 + answered);
	endpoint_free(e);
}

static void a_request_never_goes_on_in_its_middle_on_another_connection(void **state)
{
	(void)state;
	struct reply reply;
	struct endpoint *e = endpoint_at(&shop, "/interrupted", NULL);
	assert_int_equal(end_with(e), REPLY_ANSWERED);
	send_stalls_at = 2; /* the head goes out, the body does not */
	struct exchange *x = exchange_with(e, "<request/>", 10);
	exchange_reply(x, &reply);
	assert_int_equal(reply.end, REPLY_CUT);
	assert_true(exchange_took(x) < 10000); /* no head waited for its body */
	exchange_free(x);
	assert_int_equal(send_stalls_at, 0);
	assert_int_equal(end_with(e), REPLY_ANSWERED);
	assert_int_equal(stub_seen(&shop, "request", "/interrupted", NULL), 2);
	endpoint_free(e);
}

static void a_request_none_of_which_was_read_is_sent_on_a_new_connection(void **state)
{
	(void)state;
	struct endpoint *e = endpoint_at(&shop, "/stale", NULL);
	assert_int_equal(end_with(e), REPLY_ANSWERED);
	send_fails_at = 1; /* not even the head goes out */
	assert_int_equal(end_with(e), REPLY_ANSWERED);
	assert_int_equal(stub_seen(&shop, "request", "/stale", NULL), 2);
	endpoint_free(e);
}

static void a_request_without_a_whole_answer_was_sent(void **state)
{
	static const char *const paths[] = {"/closed", "/reset", "/half-head",
		"/head-only", "/half-answer", "/half-answer-reset", "/half-chunked",
		"/claims-more", "/endless-body", "/endless-head", "/gzip-bomb",
		"/not-gzip"};
	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		assert_int_equal(end_at(&shop, paths[i], NULL), REPLY_CUT);
		assert_int_equal(stub_seen(&shop, "request", paths[i], NULL), 1);
	}
}

static void a_shop_that_takes_too_long_is_left(void **state)
{
	static const char *const paths[] = {"/silent", "/drips"};
	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct endpoint *e = endpoint_at(&shop, paths[i],
			&(struct endpoint_options){.request_timeout = 300});
		struct exchange *x = exchange_with(e, "<request/>", 10);
		struct reply reply;
		exchange_reply(x, &reply);
		assert_int_equal(reply.end, REPLY_CUT);
		assert_int_equal(reply.body_len, 0);
		assert_true(exchange_took(x) >= 290 && exchange_took(x) < 10000);
		exchange_free(x);
		endpoint_free(e);
	}
}

static void an_answer_without_end_is_stopped_with_a_word_on_its_size(void **state)
{
	static const char *const rows[][2] = {{"/gzip-bomb", "is larger"},
		{"/endless-body", "is larger"}, {"/endless-head", "header lines"}};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reply reply;
		struct endpoint *e = endpoint_at(&shop, rows[i][0], NULL);
		struct exchange *x = exchange_with(e, "<request/>", 10);
		exchange_reply(x, &reply);
		assert_int_equal(reply.end, REPLY_CUT);
		assert_non_null(strstr(reply.trouble, rows[i][1]));
		exchange_free(x);
		endpoint_free(e);
	}
}

static void a_request_not_handed_over_whole_was_not_sent(void **state)
{
	enum { LEN = 32 * 1024 * 1024 }; /* half of it is more than the sockets hold */
	(void)state;
	auto_free char *body = xcalloc(LEN, 1);
	struct reply reply;
	struct endpoint *e = endpoint_at(&shop, "/half-read", NULL);
	struct exchange *x = exchange_with(e, body, LEN);
	exchange_reply(x, &reply);
	assert_int_equal(reply.end, REPLY_NOT_SENT);
	exchange_free(x);
	endpoint_free(e);
}

/* A label of more than 63 characters: refused before any name server is asked. */
#define LABEL_20 "abcdefghijklmnopqrst"
#define NO_NAME LABEL_20 LABEL_20 LABEL_20 LABEL_20

static void without_a_connection_nothing_was_sent(void **state)
{
	static const char unknown[] = "http://" NO_NAME "/";
	static const char *const urls[] = {unknown, "http://127.0.0.1:1/",
		"ftp://127.0.0.1/", "file:///etc/passwd", "http://[::bad/"};
	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		assert_int_equal(
			end_at(&shop, "/", &(struct endpoint_options){.url = urls[i]}),
			REPLY_NOT_SENT);
}

static void a_shop_may_say_when_to_come_back(void **state)
{
	static const struct {
		const char *path;
		msec_t least, most;
	} rows[] = {{"/plain", -1, -1}, {"/later", 120000, 120000}, {"/later-0", 0, 0},
		{"/later-date", 90000, 90000}, {"/later-skewed", 90000, 90000},
		{"/later-past", 0, 0}, {"/later-much", MSEC_HOUR, INT64_MAX},
		{"/later-words", -1, -1}, {"/later-cut", 7000, 7000}};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reply reply;
		struct endpoint *e = endpoint_at(&shop, rows[i].path, NULL);
		struct exchange *x = exchange_with(e, "<request/>", 10);
		exchange_reply(x, &reply);
		assert_true(reply.retry_after >= rows[i].least);
		assert_true(reply.retry_after <= rows[i].most);
		exchange_free(x);
		endpoint_free(e);
	}
}

static void a_later_answer_does_not_inherit_a_wait(void **state)
{
	(void)state;
	struct reply reply;
	struct endpoint *e = endpoint_at(&shop, "/later-once", NULL);
	struct exchange *x = exchange_with(e, "<request/>", 10);
	exchange_free(x);
	x = exchange_with(e, "<request/>", 10);
	exchange_reply(x, &reply);
	assert_int_equal(reply.retry_after, -1);
	exchange_free(x);
	endpoint_free(e);
}

static bool holds(const char *path, const char *body, size_t len)
{
	auto_free char *bytes = xcalloc(len + 1, 1);
	FILE *file = fopen(path, "r");
	if (!file)
		return false;
	size_t got = fread(bytes, 1, len + 1, file);
	(void)fclose(file);
	return got == len && memcmp(bytes, body, len) == 0;
}

static void a_megabyte_arrives_unchanged(void **state)
{
	enum { LEN = 1024 * 1024 + 1 }; /* where libcurl would send Expect */
	(void)state;
	auto_free char *body = xcalloc(LEN, 1);
	bool found = false;
	for (size_t i = 0; i < LEN; i++)
		body[i] = (char)(i * 2654435761U >> 13);
	struct endpoint *e = endpoint_at(&shop, "/large", NULL);
	struct exchange *x = exchange_with(e, body, LEN);
	exchange_free(x);
	endpoint_free(e);
	assert_int_equal(stub_seen(&shop, "request", "/large", "\"expect\""), 0);
	for (unsigned i = 1; i < 200 && !found; i++) {
		char name[16];
		(void)snprintf(name, sizeof(name), "%06u.xml", i);
		found = holds(in_folder(name), body, LEN);
	}
	assert_true(found);
}

static void fifty_exchanges_use_one_connection(void **state)
{
	(void)state;
	struct endpoint *e = endpoint_at(&shop, "/fifty", NULL);
	for (int i = 0; i < 50; i++)
		assert_int_equal(end_with(e), REPLY_ANSWERED);
	assert_int_equal(stub_seen(&shop, "request", "/fifty", "\"request\": 50,"), 1);
	assert_int_equal(stub_seen(&shop, "request", "/fifty", "\"request\": 1,"), 1);
	endpoint_free(e);
}

static void two_exchanges_go_on_at_the_same_time(void **state)
{
	(void)state;
	struct endpoint *e =
		endpoint_at(&shop, "/slow", &(struct endpoint_options){.connections = 2});
	struct exchange *one = transport_post(transport, e, xstrdup("one"), 3, NULL);
	struct exchange *two = transport_post(transport, e, xstrdup("two"), 3, NULL);
	struct exchange *first = next_ended();
	struct exchange *last = next_ended();
	assert_true((first == one && last == two) || (first == two && last == one));
	assert_true(exchange_took(one) + exchange_took(two) >= 600);
	assert_int_equal(stub_seen(&shop, "request", "/slow", "\"request\": 1,"), 2);
	exchange_free(one);
	exchange_free(two);
	endpoint_free(e);
}

static void an_exchange_under_way_can_be_ended(void **state)
{
	(void)state;
	struct endpoint *e = endpoint_at(&shop, "/never", NULL);
	struct exchange *x = transport_post(transport, e, xstrdup("one"), 3, NULL);
	while (!stub_seen(&shop, "request", "/never", NULL))
		assert_int_equal(transport_wait(transport, NULL, 0, 10), 0);
	exchange_free(x);
	assert_null(transport_next(transport));
	endpoint_free(e);
	while (!stub_seen(&shop, "left", "/never", NULL))
		assert_int_equal(transport_wait(transport, NULL, 0, 10), 0);
}

static void an_exchange_that_ended_can_be_freed_unread(void **state)
{
	(void)state;
	struct endpoint *e = endpoint_at(&shop, "/freed", NULL);
	struct exchange *x = transport_post(transport, e, xstrdup("one"), 3, NULL);
	while (!stub_seen(&shop, "answered", "/freed", NULL))
		assert_int_equal(transport_wait(transport, NULL, 0, 10), 0);
	exchange_free(x);
	assert_null(transport_next(transport));
	endpoint_free(e);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_request_has_the_headers_that_shops_expect),
		test(answers_come_whole_however_they_are_wrapped),
		test(an_answer_longer_than_it_claims_does_not_answer_the_next),
		test(any_status_is_an_answer_and_is_asked_for_once),
		test(a_kept_connection_that_times_out_by_status_is_not_asked_twice),
		test(a_request_that_may_have_been_read_is_never_sent_twice),
		test(a_request_stays_sent_when_the_shop_is_gone_for_good),
		test(a_request_that_nobody_read_is_answered_once_at_most),
		test(a_request_never_goes_on_in_its_middle_on_another_connection),
		test(a_request_none_of_which_was_read_is_sent_on_a_new_connection),
		test(a_request_without_a_whole_answer_was_sent),
		test(a_shop_that_takes_too_long_is_left),
		test(an_answer_without_end_is_stopped_with_a_word_on_its_size),
		test(a_request_not_handed_over_whole_was_not_sent),
		test(without_a_connection_nothing_was_sent),
		test(a_shop_may_say_when_to_come_back),
		test(a_later_answer_does_not_inherit_a_wait),
		test(a_megabyte_arrives_unchanged),
		test(fifty_exchanges_use_one_connection),
		test(two_exchanges_go_on_at_the_same_time),
		test(an_exchange_under_way_can_be_ended),
		test(an_exchange_that_ended_can_be_freed_unread),
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
