#ifndef GATEWAY_SYSTEM_URL_H
#define GATEWAY_SYSTEM_URL_H
/* SPDX-License-Identifier: MIT
 *
 * url - the address of a shop, checked and brought into one form
 *
 * Two sites at one shop must be known as such, however each writes the address: so the
 * scheme and the host become lower-case, a standard port goes, a missing path is "/".
 * Errors: -EINVAL, and words of the form "what is wrong: what to do".
 */
#include <stdbool.h>

struct buf;

/* 0 and *normal, to be freed by the caller. Only http and https, without user, password
 * and fragment. */
int url_normalize(const char *text, char **normal, struct buf *why);

/* For a normal URL: the key would cross a network unprotected. */
bool url_is_plaintext_abroad(const char *normal);

#endif
