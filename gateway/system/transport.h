#ifndef GATEWAY_SYSTEM_TRANSPORT_H
#define GATEWAY_SYSTEM_TRANSPORT_H
/* SPDX-License-Identifier: MIT
 *
 * transport - HTTP exchanges with shops, many at once, and the place where we wait
 *
 * Knows: libcurl's multi interface, and from what it can be told whether a request left
 * this machine whole (unknown) or not (nothing was stored). TLS and proxy options are
 * endpoint's, the words for errors curl_table's.
 * Must not know: SOAP, the spool, retries.
 * Promises: a request is sent at most once: libcurl repeats a POST by itself when a
 * reused connection dies unanswered, so the body comes from a read callback whose rewind
 * is refused. Redirects are never followed. Nothing but http and https, certificates
 * always verified. Answers are bounded in size (after decompression) and time. Idle
 * connections are not reused after 30 s. The environment has no say: no http_proxy, no
 * ~/.netrc, no cookies. Bodies and credentials are wiped before their memory is freed.
 * Order: transport_wait(), then transport_next() until it gives NULL, then wait again.
 * Errors: trouble of an exchange is in its reply; only transport_wait() fails, -errno.
 * SIGPIPE is ignored from transport_new() on: a TLS peer that hangs up would end us.
 */
#include <poll.h>
#include <stddef.h>

#include "base/times.h"
#include "core/response.h"

struct transport;
struct endpoint;
struct exchange;
struct site_config;

struct endpoint_options {
	const char *url;
	const char *ca_file; /* or NULL: the system's; if set, nothing else is trusted */
	const char *client_cert, *client_key; /* PEM, or NULL */
	const char *proxy;      /* or NULL: none, whatever the environment says */
	const char *basic_auth; /* "user:password", or NULL */
	msec_t connect_timeout, request_timeout;
	long connections; /* kept to this host; the caller does not post more at once */
};

struct transport *transport_new(void);
void transport_free(struct transport *t); /* after all its exchanges and endpoints */

/* Texts are copied. An endpoint posts by one transport only. */
struct endpoint *endpoint_new(const struct endpoint_options *options);
/* The same of what a site's configuration says of its shop. */
struct endpoint *endpoint_for(const struct site_config *config, long connections);
void endpoint_free(struct endpoint *e); /* after all its exchanges */

/* Starts a POST. Takes the body (malloc'ed, never empty). cookie is the caller's own; the
 * endpoint is borrowed until the exchange is freed. */
struct exchange *transport_post(struct transport *t, struct endpoint *endpoint,
	char *body, size_t len, void *cookie);

/* Waits until an exchange moves, a descriptor of the caller's is ready (its revents are
 * set, as poll() sets them), a signal was caught, or timeout has passed (MSEC_NEVER: for
 * ever). 0 or -errno. It may return sooner, with nothing ready: look at the clock. */
int transport_wait(
	struct transport *t, struct pollfd *fds, unsigned count, msec_t timeout);

/* The next exchange that ended, to be freed by the caller; NULL: none for now. */
struct exchange *transport_next(struct transport *t);

void *exchange_cookie(const struct exchange *x);
/* How it ended; borrows from the exchange. retry_after is told of any answer whose head
 * came so far, also of one that was cut. */
void exchange_reply(const struct exchange *x, struct reply *reply);
msec_t exchange_took(const struct exchange *x);
/* Also ends one that is still under way. */
void exchange_free(struct exchange *x);

#endif
