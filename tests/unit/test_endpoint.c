/* SPDX-License-Identifier: MIT */
#include "system/endpoint.h"

#include "../shop/stub_fixture.h"
#include "skipping.h"

static struct stub shop;
static struct stub tls_shop;
static struct stub strict_shop; /* asks for a client certificate */

static bool make_certificate(const char *name)
{
	char command[1024];
	(void)snprintf(command, sizeof(command),
		"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=%s"
		" -addext subjectAltName=IP:127.0.0.1 -keyout %s/%s.key -out %s/%s.pem"
		" >/dev/null 2>&1",
		name, folder, name, folder, name);
	return system(command) == 0; /* NOLINT(cert-env33-c): our own words */
}

static int group_setup(void **state)
{
	(void)state;
	if (!scratch_make(folder, "endpoint"))
		return -1;
	stub_start(&shop, "log", "{}", NULL);
	if (!make_certificate("shop") || !make_certificate("us"))
		return 0;
	const char *cert = in_folder("shop.pem");
	const char *key = in_folder("shop.key");
	static const char script[] =
		"[{\"path\": \"/dies\", \"request\": 2, \"cut\": \"request\"}]";
	stub_start(&tls_shop, "tls.log", script,
		(const char *[]){"--cert", cert, "--key", key, NULL});
	stub_start(&strict_shop, "strict.log", "{}",
		(const char *[]){"--cert", cert, "--key", key, "--client-ca",
			in_folder("us.pem"), NULL});
	tls_shop.tls = strict_shop.tls = true;
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	stub_stop(&shop);
	stub_stop(&tls_shop);
	stub_stop(&strict_shop);
	return folder_remove();
}

static void skip_without_tls(void)
{
	if (!tls_shop.port)
		skip_because("there is no openssl command: contrib/deps test");
}

static void the_environment_names_no_proxy(void **state)
{
	(void)state;
	(void)setenv("http_proxy", "http://127.0.0.1:1", 1);
	(void)setenv("https_proxy", "http://127.0.0.1:1", 1);
	(void)setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	assert_int_equal(end_at(&shop, "/direct", NULL), REPLY_ANSWERED);
	(void)unsetenv("http_proxy");
	(void)unsetenv("https_proxy");
	(void)unsetenv("ALL_PROXY");
}

static void a_configured_proxy_is_used_whatever_the_environment_exempts(void **state)
{
	char proxy[64];
	(void)state;
	(void)snprintf(
		proxy, sizeof(proxy), "http://user:word@127.0.0.1:%d", shop.proxy_port);
	(void)setenv("no_proxy", "127.0.0.1", 1);
	assert_int_equal(
		end_at(&shop, "/by-proxy", &(struct endpoint_options){.proxy = proxy}),
		REPLY_ANSWERED);
	(void)unsetenv("no_proxy");
	assert_int_equal(stub_seen(&shop, "request", "/by-proxy", NULL), 1);
	assert_int_equal(stub_seen(&shop, "proxy", NULL, "/by-proxy"), 1);
}

static void a_proxy_that_refuses_us_has_sent_nothing(void **state)
{
	char proxy[64];
	(void)state;
	(void)snprintf(
		proxy, sizeof(proxy), "http://user:wrong@127.0.0.1:%d", shop.proxy_port);
	const struct endpoint_options options = {.proxy = proxy};
	assert_int_equal(end_at(&shop, "/refused", &options), REPLY_NOT_SENT);
	assert_int_equal(stub_seen(&shop, "request", "/refused", NULL), 0);
	skip_without_tls();
	assert_int_equal(end_at(&tls_shop, "/refused", &options), REPLY_NOT_SENT);
	assert_int_equal(stub_seen(&shop, "proxy", NULL, "\"method\": \"CONNECT\""), 1);
}

static void a_proxy_that_is_not_there_has_sent_nothing(void **state)
{
	(void)state;
	const struct endpoint_options options = {.proxy = "http://127.0.0.1:1"};
	assert_int_equal(end_at(&shop, "/no-proxy", &options), REPLY_NOT_SENT);
}

static void basic_auth_goes_out_with_the_first_request(void **state)
{
	(void)state;
	assert_int_equal(end_at(&shop, "/auth",
				 &(struct endpoint_options){.basic_auth = "me:a:b"}),
		REPLY_ANSWERED);
	assert_int_equal(stub_seen(&shop, "request", "/auth", NULL), 1);
	assert_int_equal(stub_seen(&shop, "request", "/auth",
				 "\"authorization\": \"Basic bWU6YTpi\""),
		1);
}

static void an_unknown_certificate_stops_the_request(void **state)
{
	(void)state;
	skip_without_tls();
	assert_int_equal(end_at(&tls_shop, "/untrusted", NULL), REPLY_NOT_SENT);
	assert_int_equal(
		end_at(&tls_shop, "/untrusted",
			&(struct endpoint_options){.ca_file = in_folder("us.pem")}),
		REPLY_NOT_SENT);
	assert_int_equal(stub_seen(&tls_shop, "request", "/untrusted", NULL), 0);
}

static void a_certificate_for_another_name_stops_the_request(void **state)
{
	char url[64];
	(void)state;
	skip_without_tls();
	(void)snprintf(url, sizeof(url), "https://localhost:%d/other", tls_shop.port);
	const struct endpoint_options options = {
		.url = url, .ca_file = in_folder("shop.pem")};
	assert_int_equal(end_at(&tls_shop, "/other", &options), REPLY_NOT_SENT);
	assert_int_equal(stub_seen(&tls_shop, "request", "/other", NULL), 0);
}

static void a_ca_file_that_cannot_be_read_stops_the_request(void **state)
{
	(void)state;
	skip_without_tls();
	const struct endpoint_options options = {.ca_file = in_folder("absent.pem")};
	assert_int_equal(end_at(&tls_shop, "/no-ca", &options), REPLY_NOT_SENT);
}

static void a_known_certificate_is_good(void **state)
{
	char proxy[64];
	(void)state;
	skip_without_tls();
	(void)snprintf(
		proxy, sizeof(proxy), "http://user:word@127.0.0.1:%d", shop.proxy_port);
	struct endpoint_options options = {.ca_file = in_folder("shop.pem")};
	assert_int_equal(end_at(&tls_shop, "/trusted", &options), REPLY_ANSWERED);
	options.proxy = proxy;
	assert_int_equal(end_at(&tls_shop, "/tunnelled", &options), REPLY_ANSWERED);
}

static void a_client_certificate_is_shown_to_who_asks(void **state)
{
	(void)state;
	skip_without_tls();
	struct endpoint_options options = {.ca_file = in_folder("shop.pem")};
	assert_int_not_equal(end_at(&strict_shop, "/me", &options), REPLY_ANSWERED);
	options.client_cert = in_folder("us.pem");
	options.client_key = in_folder("shop.key");
	assert_int_equal(end_at(&strict_shop, "/me", &options), REPLY_NOT_SENT);
	assert_int_equal(stub_seen(&strict_shop, "request", "/me", NULL), 0);
	options.client_key = in_folder("us.key");
	assert_int_equal(end_at(&strict_shop, "/me", &options), REPLY_ANSWERED);
}

static void over_tls_too_a_request_is_never_sent_twice(void **state)
{
	(void)state;
	skip_without_tls();
	struct endpoint *e = endpoint_at(&tls_shop, "/dies",
		&(struct endpoint_options){.ca_file = in_folder("shop.pem")});
	assert_int_equal(end_with(e), REPLY_ANSWERED);
	assert_int_equal(end_with(e), REPLY_CUT);
	assert_int_equal(stub_seen(&tls_shop, "request", "/dies", NULL), 2);
	assert_int_equal(end_with(e), REPLY_ANSWERED);
	endpoint_free(e);
}

static void plain_http_at_a_tls_port_and_the_reverse_do_not_answer(void **state)
{
	char url[64];
	(void)state;
	skip_without_tls();
	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%d/", shop.port);
	assert_int_equal(end_at(&shop, "/", &(struct endpoint_options){.url = url}),
		REPLY_NOT_SENT);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/", tls_shop.port);
	assert_int_not_equal(end_at(&shop, "/", &(struct endpoint_options){.url = url}),
		REPLY_ANSWERED);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(the_environment_names_no_proxy),
		test(a_configured_proxy_is_used_whatever_the_environment_exempts),
		test(a_proxy_that_refuses_us_has_sent_nothing),
		test(a_proxy_that_is_not_there_has_sent_nothing),
		test(basic_auth_goes_out_with_the_first_request),
		test(an_unknown_certificate_stops_the_request),
		test(a_certificate_for_another_name_stops_the_request),
		test(a_ca_file_that_cannot_be_read_stops_the_request),
		test(a_known_certificate_is_good),
		test(a_client_certificate_is_shown_to_who_asks),
		test(over_tls_too_a_request_is_never_sent_twice),
		test(plain_http_at_a_tls_port_and_the_reverse_do_not_answer),
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
