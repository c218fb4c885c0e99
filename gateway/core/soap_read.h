#ifndef GATEWAY_CORE_SOAP_READ_H
#define GATEWAY_CORE_SOAP_READ_H
/* SPDX-License-Identifier: MIT
 *
 * soap_read - the body of a reply becomes a fault, a list of results, or neither
 *
 * Knows: SOAP 1.1 and 1.2 envelopes, setCommentsResponse, the text in getVersionResponse,
 * and what a hostile body could do to libxml2. Must not know: HTTP, what was asked, what
 * an answer means. Rules: prefixes are not looked at, namespaces are; nothing is
 * validated by a schema. White space before the XML declaration is forgiven. The bytes
 * are taken as UTF-8, whatever they declare: shops write nothing else, and bounds are
 * counted in bytes. A body that is not well-formed is a fault still if, tag by tag, the
 * first element in its SOAP Body is one: shops do not escape the text of a fault. It is
 * never results. Bounds: RESPONSE_MAX_BYTES, RESPONSE_MAX_DEPTH, no DOCTYPE,
 * SOAP_MAX_EQUALS. What breaks one of them is never results. Errors: none; without memory
 * it aborts. Ownership: the caller's, until soap_done().
 */
#include <stdbool.h>
#include <stddef.h>

/* The time of libxml2 grows with the square of the attributes of an element, and there
 * is no attribute without an equals sign. */
enum { SOAP_MAX_EQUALS = 10000 };

enum soap_form { SOAP_NEITHER, SOAP_FAULT, SOAP_RESULTS };

/* The key as it came, the rest trimmed; a code too long to be one is "". */
struct soap_result {
	char *key;
	char code[8];
	char *message;
};

struct soap_answer {
	enum soap_form form;
	char *fault_code; /* with its prefix; NULL unless SOAP_FAULT */
	char *fault_text; /* NULL unless SOAP_FAULT */
	char *version;    /* of a getVersionResponse, which is NEITHER; or NULL */
	struct soap_result *results; /* the first max_results of them */
	size_t kept;                 /* of these */
	size_t count;                /* of all */
	bool foreign;                /* there was more than results in the answer */
};

void soap_read(
	const char *body, size_t len, size_t max_results, struct soap_answer *answer);
void soap_done(struct soap_answer *answer);

#endif
