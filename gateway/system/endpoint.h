#ifndef GATEWAY_SYSTEM_ENDPOINT_H
#define GATEWAY_SYSTEM_ENDPOINT_H
/* SPDX-License-Identifier: MIT
 *
 * endpoint - a shop's address and all that is agreed with it, as libcurl handles
 *
 * Knows: which libcurl options make a POST to this shop safe; part of transport, which
 * adds what belongs to a single exchange (body, callbacks).
 * Promises: a handle that was given back still has its options and its TLS sessions, so
 * that a reconnect is cheap. Credentials are wiped before their memory is freed.
 */
#include <curl/curl.h>
#include <stdbool.h>
#include <stdlib.h>

#include "system/transport.h"

/* Setting up libcurl fails only for want of memory, or if it lacks what we were built
 * for: there is no gateway without either. */
static inline void must(CURLcode code)
{
	if (code != CURLE_OK)
		abort();
}

/* A handle of the caller's until it is given back. */
CURL *endpoint_take_easy(struct endpoint *e);
void endpoint_give_easy(struct endpoint *e, CURL *easy);

bool endpoint_has_proxy(const struct endpoint *e);

#endif
