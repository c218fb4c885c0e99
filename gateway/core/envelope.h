#ifndef GATEWAY_CORE_ENVELOPE_H
#define GATEWAY_CORE_ENVELOPE_H
/* SPDX-License-Identifier: MIT
 *
 * envelope - the SOAP 1.1 request, byte for byte
 *
 * Knows: prefixes, order and structure of the article's example, and how text must be
 * escaped to arrive unchanged (carriage return as &#13;, never CDATA, no attributes).
 * Must not know: HTTP, retries, files.
 * Promises: the same values give the same bytes, always: the XML declaration on a line
 * of its own, then the envelope without any white space but that of its values, and
 * without a newline at its end. Only validated values go in: UTF-8 of characters that XML
 * allows.
 * Errors: none of its own; the cap of `out` is the caller's, who asks buf_finish().
 * Source: article SWO-G040; WSDL of setComments (xsd/).
 */
#include <stddef.h>

#include "core/comment.h"

struct buf;

/* Bytes that one comment adds to an envelope, exactly: what a batch is bounded by. */
size_t envelope_comment_bytes(const struct comment *comment);

/* Appends an envelope. count 0 makes the probe: a setCommentsRequest without comments. */
void envelope_write(struct buf *out, const char *key, const char *website_code,
	const struct comment *const *comments, size_t count);

/* Appends a getVersionRequest, which asks what software the shop runs and stores nothing.
 */
void envelope_write_version(struct buf *out, const char *key);

#endif
