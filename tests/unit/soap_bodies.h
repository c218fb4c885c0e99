#ifndef TESTS_UNIT_SOAP_BODIES_H
#define TESTS_UNIT_SOAP_BODIES_H
/* SPDX-License-Identifier: MIT
 *
 * soap_bodies - answers of a shop, to be written in a test or read from a fixture
 *
 * Fixtures are found from the top of the sources.
 */
#include <stdio.h>

#include "base/buf.h"
#include "base/cleanup.h"

#define FIXTURES "tests/fixtures/response/"
#define SOAP11 "http://schemas.xmlsoap.org/soap/envelope/"
#define ENVELOPE(body)                                                                   \
	"<s:Envelope xmlns:s='" SOAP11 "' xmlns:o='http://www.opensi.fr'"                \
	" xmlns:x='http://www.opensi.fr/xsd'><s:Body>" body "</s:Body></s:Envelope>"
#define ANSWER(results)                                                                  \
	ENVELOPE("<o:setCommentsResponse>" results "</o:setCommentsResponse>")
#define RESULT(key, code, words)                                                         \
	"<o:return><x:Key>" key "</x:Key><x:Code>" code "</x:Code><x:Message>" words     \
	"</x:Message></o:return>"
#define FAULT(code, text)                                                                \
	ENVELOPE("<s:Fault><faultcode>" code "</faultcode><faultstring>" text            \
		 "</faultstring></s:Fault>")

static inline void close_stream(FILE **stream)
{
	if (*stream)
		(void)fclose(*stream);
}

static inline void read_fixture(const char *name, struct buf *b)
{
	auto_buf struct buf path = {.max_bytes = 4096};
	char chunk[4096];

	buf_add_format(&path, FIXTURES "%s", name);
	auto_with(close_stream) FILE *stream = fopen(buf_peek(&path), "rb");
	if (!stream)
		abort();
	for (size_t n; (n = fread(chunk, 1, sizeof(chunk), stream)) > 0;)
		buf_add(b, chunk, n);
}

#endif
