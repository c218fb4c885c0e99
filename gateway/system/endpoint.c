/* SPDX-License-Identifier: MIT */
#include "system/endpoint.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "system/config.h"
#include "system/secret.h"

/* Servers drop idle connections unannounced, after 75 s or so. */
enum { IDLE_SECONDS = 30 };

struct endpoint {
	char *url, *ca_file, *client_cert, *client_key, *proxy, *basic_auth;
	long connect_timeout, request_timeout; /* ms */
	long connections;
	struct curl_slist *headers;
	CURL **idle; /* handles at rest */
	long idle_count;
};

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

static void add_header(struct endpoint *e, const char *line)
{
	struct curl_slist *longer = curl_slist_append(e->headers, line);

	if (!longer)
		abort();
	e->headers = longer;
}

struct endpoint *endpoint_new(const struct endpoint_options *options)
{
	struct endpoint *e = xcalloc(1, sizeof(*e));

	assert(options->url && options->connections > 0);
	assert(options->connect_timeout > 0 && options->request_timeout > 0);
	e->url = xstrdup(options->url);
	e->ca_file = copy(options->ca_file);
	e->client_cert = copy(options->client_cert);
	e->client_key = copy(options->client_key);
	e->proxy = copy(options->proxy);
	e->basic_auth = copy(options->basic_auth);
	e->connect_timeout = (long)options->connect_timeout;
	e->request_timeout = (long)options->request_timeout;
	e->connections = options->connections;
	e->idle = xcalloc((size_t)e->connections, sizeof(CURL *));
	add_header(e, "Content-Type: text/xml; charset=utf-8");
	add_header(e, "SOAPAction: \"\"");
	add_header(e, "Expect:"); /* not sent: some shops never answer it */
	return e;
}

struct endpoint *endpoint_for(const struct site_config *config, long connections)
{
	return endpoint_new(&(struct endpoint_options){
		.url = config->url,
		.ca_file = config->ca_file,
		.client_cert = config->client_cert,
		.client_key = config->client_key,
		.proxy = config->proxy,
		.basic_auth = config->basic_auth,
		.connect_timeout = config->connect_timeout,
		.request_timeout = config->request_timeout,
		.connections = connections,
	});
}

void endpoint_free(struct endpoint *e)
{
	if (!e)
		return;
	while (e->idle_count)
		curl_easy_cleanup(e->idle[--e->idle_count]);
	curl_slist_free_all(e->headers);
	secret_free(e->proxy); /* may hold a password */
	secret_free(e->basic_auth);
	free(e->url);
	free(e->ca_file);
	free(e->client_cert);
	free(e->client_key);
	free(e->idle);
	free(e);
}

static void set_limits(CURL *easy, const struct endpoint *e)
{
	must(curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, e->connect_timeout));
	must(curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, e->request_timeout));
	must(curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_SECONDS));
	must(curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https"));
	must(curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L));
	must(curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L));
	/* Else ending an exchange amid a name look-up would wait until that gives up. */
	must(curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L));
}

static void set_request(CURL *easy, const struct endpoint *e)
{
	must(curl_easy_setopt(easy, CURLOPT_URL, e->url));
	must(curl_easy_setopt(easy, CURLOPT_POST, 1L));
	must(curl_easy_setopt(easy, CURLOPT_HTTPHEADER, e->headers));
	must(curl_easy_setopt(
		easy, CURLOPT_USERAGENT, "opensi-gateway/" GATEWAY_VERSION));
	must(curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1));
	must(curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "deflate, gzip"));
}

static void set_security(CURL *easy, const struct endpoint *e)
{
	must(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L));
	must(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L));
	must(curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2));
	must(curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED));
	/* Empty is not the same as unset: unset asks the environment. */
	must(curl_easy_setopt(easy, CURLOPT_PROXY, e->proxy ? e->proxy : ""));
	must(curl_easy_setopt(easy, CURLOPT_NOPROXY, ""));
	if (e->ca_file) {
		must(curl_easy_setopt(easy, CURLOPT_CAINFO, e->ca_file));
		must(curl_easy_setopt(easy, CURLOPT_CAPATH, NULL));
		/* Not what it held yesterday: it may have been mended since. */
		must(curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L));
	}
	must(curl_easy_setopt(easy, CURLOPT_SSLCERT, e->client_cert));
	must(curl_easy_setopt(easy, CURLOPT_SSLKEY, e->client_key));
	must(curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC));
	must(curl_easy_setopt(easy, CURLOPT_USERPWD, e->basic_auth));
}

CURL *endpoint_take_easy(struct endpoint *e)
{
	if (e->idle_count)
		return e->idle[--e->idle_count];

	CURL *easy = curl_easy_init();
	if (!easy)
		abort();
	set_limits(easy, e);
	set_request(easy, e);
	set_security(easy, e);
	return easy;
}

void endpoint_give_easy(struct endpoint *e, CURL *easy)
{
	if (e->idle_count < e->connections)
		e->idle[e->idle_count++] = easy;
	else
		curl_easy_cleanup(easy);
}

bool endpoint_has_proxy(const struct endpoint *e)
{
	return e->proxy;
}
