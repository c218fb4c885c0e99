#ifndef GATEWAY_SYSTEM_CURL_TABLE_H
#define GATEWAY_SYSTEM_CURL_TABLE_H
/* SPDX-License-Identifier: MIT
 *
 * curl_table - what each error of libcurl means, in words for an admin
 *
 * Knows: every CURLcode of libcurl 7.88; part of transport, which alone uses it.
 * Must not know: whether the request was sent. No code tells: "could not connect" may be
 * the end of an attempt to repeat a request that was sent before (see transport.c).
 */
#include <curl/curl.h>

struct curl_row {
	const char *what;   /* what happened, in plain words */
	const char *remedy; /* what an admin can do about it, or NULL */
};

/* Never NULL: a code of a later libcurl has words too. */
const struct curl_row *curl_table_find(CURLcode code);

#endif
