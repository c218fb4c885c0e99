/* SPDX-License-Identifier: MIT
 *
 * What is to be known about a drop before or besides its parsing.
 *
 * libxml2 (up to 2.11) compares every attribute of a tag with every other, and looks up
 * each prefix among all namespaces that the elements around declare: such files would
 * hold the gateway up for minutes. So tags are counted through beforehand, by a walk that
 * knows just enough of XML not to take texts for tags. It reads ASCII: what an encoding
 * could hide from it (EBCDIC, UTF-7, the shifts of ISO-2022) is decoded first.
 */
#include "core/document_guard.h"

#include <ctype.h>
#include <libxml/parserInternals.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "core/document_rules.h"

/* Comments have none but namespaces: two, and as many as an exporter knows at most. */
enum { MAX_ATTRIBUTES = 50, MARK_BYTES = 3, FIRST_CHUNK = 4 };

/* Too small to hold attributes that take long, whatever their encoding. */
enum { HARMLESS_BYTES = 32 * 1024 };

#define UTF8_MARK "\xEF\xBB\xBF"

/* Two-byte encodings, told by their mark or by how "<" is written: where in each pair the
 * lower byte is, or -1 if bytes are characters as far as markup goes. */
static int low_byte_of_pair(const char *bytes, size_t len)
{
	if (len < 2)
		return -1;
	if (memcmp(bytes, "\xFF\xFE", 2) == 0 || memcmp(bytes, "<\0", 2) == 0)
		return 0;
	if (memcmp(bytes, "\xFE\xFF", 2) == 0 || memcmp(bytes, "\0<", 2) == 0)
		return 1;
	return -1;
}

/* One byte a character; what is not ASCII becomes a letter. */
static char *narrowed(const char *bytes, size_t len, size_t low)
{
	char *narrow = xcalloc(len / 2 + 1, 1);
	for (size_t i = 0; i < len / 2; i++) {
		const char *pair = bytes + 2 * i;
		narrow[i] = 'x';
		if (!pair[1 - low])
			narrow[i] = pair[low];
	}
	return narrow;
}

static bool begins(const char *at, const char *end, const char *with)
{
	size_t len = strlen(with);
	return (size_t)(end - at) >= len && memcmp(at, with, len) == 0;
}

static const char *behind(const char *at, const char *end, const char *what)
{
	const char *found = memmem(at, (size_t)(end - at), what, strlen(what));
	return found ? found + strlen(what) : end;
}

/* Goes to the tag's end and counts its attributes. */
static const char *behind_tag(const char *at, const char *end, size_t *attributes)
{
	*attributes = 0;
	for (; at < end && *at != '>'; at++) {
		*attributes += *at == '=';
		if (*at != '"' && *at != '\'')
			continue;
		at = memchr(at + 1, *at, (size_t)(end - at - 1));
		if (!at)
			return end;
	}
	return at;
}

static bool has_crowded_tag(const char *at, const char *end)
{
	size_t attributes = 0;
	while (at < end && (at = memchr(at, '<', (size_t)(end - at)))) {
		if (begins(at, end, "<!--"))
			at = behind(at + 4, end, "-->");
		else if (begins(at, end, "<![CDATA["))
			at = behind(at, end, "]]>");
		else if (begins(at, end, "<?"))
			at = behind(at, end, "?>");
		else if (begins(at, end, "<!"))
			return false; /* a DOCTYPE, or not XML: the parser stops here */
		else
			at = behind_tag(at + 1, end, &attributes);
		if (attributes > MAX_ATTRIBUTES)
			return true;
	}
	return false;
}

/* A file that is worth the walk has many of them; most files have two or three. */
static bool has_many_equals(const char *at, const char *end)
{
	size_t count = 0;
	while (count <= MAX_ATTRIBUTES && (at = memchr(at, '=', (size_t)(end - at)))) {
		count++;
		at++;
	}
	return count > MAX_ATTRIBUTES;
}

static void free_parser(xmlParserCtxtPtr *parser)
{
	xmlFreeParserCtxt(*parser);
}

static void hear_nothing(void *context, xmlErrorPtr error)
{
	(void)context;
	(void)error;
}

/* Comes when the parser has chosen, and before it reads a tag. */
static void take_encoding(void *context)
{
	xmlParserCtxtPtr parser = context;
	const xmlCharEncodingHandler *encoder = parser->input->buf->encoder;
	if (encoder)
		parser->_private = xstrdup(encoder->name);
	xmlStopParser(parser);
}

/* By what name the parser decodes the bytes; NULL: it need not, or cannot. */
static char *encoding_of(const char *bytes, size_t len)
{
	xmlParserCtxtPtr parser auto_with(free_parser) =
		xmlCreateMemoryParserCtxt(bytes, (int)len);
	if (!parser)
		abort();
	*parser->sax = (xmlSAXHandler){
		.initialized = XML_SAX2_MAGIC,
		.startDocument = take_encoding,
		.serror = hear_nothing,
	};
	/* Past an error before the first tag too, as the parser itself goes on. */
	(void)xmlCtxtUseOptions(parser, PARSE_OPTIONS | XML_PARSE_RECOVER);
	(void)xmlParseDocument(parser);
	return parser->_private;
}

/* Each byte that looks like a mark of ASCII is that mark, and none can be written
 * otherwise. */
static bool shows_marks(const char *encoding)
{
	static const char *const beginnings[] = {
		"UTF-8", "ASCII", "US-ASCII", "ISO-8859-", "WINDOWS-125", "CP125"};
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		if (!strncasecmp(encoding, beginnings[i], strlen(beginnings[i])))
			return true;
	return false;
}

static void free_buffer(xmlBufferPtr *buffer)
{
	xmlBufferFree(*buffer);
}

static void close_handler(xmlCharEncodingHandlerPtr *handler)
{
	(void)xmlCharEncCloseFunc(*handler);
}

/* As far as it can be decoded: no further does the parser come. */
static bool is_crowded_when_decoded(const char *encoding, const char *bytes, size_t len)
{
	xmlCharEncodingHandlerPtr handler auto_with(close_handler) =
		xmlFindCharEncodingHandler(encoding);
	xmlBufferPtr raw auto_with(free_buffer) = xmlBufferCreateSize(len + 1);
	xmlBufferPtr plain auto_with(free_buffer) = xmlBufferCreateSize(len + 1);
	if (!raw || !plain || xmlBufferAdd(raw, (const xmlChar *)bytes, (int)len) != 0)
		abort();
	xmlStructuredErrorFunc listener = xmlStructuredError;
	void *context = xmlStructuredErrorContext;
	xmlSetStructuredErrorFunc(NULL, hear_nothing);
	while (handler && xmlCharEncInFunc(handler, plain, raw) > 0)
		;
	xmlSetStructuredErrorFunc(context, listener);
	const char *at = (const char *)xmlBufferContent(plain);
	const char *end = at + xmlBufferLength(plain);
	return has_many_equals(at, end) && has_crowded_tag(at, end);
}

bool guard_is_crowded(const char *bytes, size_t len)
{
	if (len < HARMLESS_BYTES)
		return false;
	int low = low_byte_of_pair(bytes, len);
	auto_free char *encoding = encoding_of(bytes, len);
	bool is_paired = low >= 0 && encoding && !strncasecmp(encoding, "UTF-16", 6);
	if (encoding && !is_paired && !shows_marks(encoding))
		return is_crowded_when_decoded(encoding, bytes, len);
	if (!has_many_equals(bytes, bytes + len))
		return false;
	if (!is_paired)
		return has_crowded_tag(bytes, bytes + len);
	auto_free char *narrow = narrowed(bytes, len, (size_t)low);
	return has_crowded_tag(narrow, narrow + len / 2);
}

bool guard_is_blank(const char *bytes, size_t len)
{
	size_t at = begins(bytes, bytes + len, UTF8_MARK) ? MARK_BYTES : 0;
	if (low_byte_of_pair(bytes, len) >= 0 && bytes[0] && bytes[0] != '<')
		at = 2;
	while (at < len && (bytes[at] == '\0' || rules_is_blank(bytes + at, 1)))
		at++;
	return at == len;
}

char *guard_contradicted_mark(const char *bytes, size_t len)
{
	const char *end = bytes + len;
	if (!begins(bytes, end, UTF8_MARK "<?xml"))
		return NULL;
	const char *close = memmem(bytes, len, "?>", 2);
	auto_free char *line = xstrndup(bytes, close ? (size_t)(close - bytes) : 0);
	const char *at = strstr(line, "encoding");
	if (!at)
		return NULL;
	at += strcspn(at, "\"'");
	if (!*at)
		return NULL;
	at++;
	auto_free char *name = xstrndup(at, strcspn(at, "\"'"));
	bool agrees = strcasecmp(name, "UTF-8") == 0 || strcasecmp(name, "UTF8") == 0;
	return agrees ? NULL : take_ptr(name);
}

static void note_fatal(void *is_fatal, xmlErrorPtr error)
{
	if (error->code == XML_ERR_NO_MEMORY)
		abort();
	if (error->level == XML_ERR_FATAL)
		*(bool *)is_fatal = true;
}

/* A parser that is fed, and never told that this was all, complains of anything but the
 * end. */
bool guard_is_unfinished(const char *bytes, size_t len)
{
	bool is_fatal = false;
	if (len < FIRST_CHUNK)
		return true; /* not yet <a/>, nor enough to tell the encoding */
	xmlSAXHandler sax = {.initialized = XML_SAX2_MAGIC, .serror = note_fatal};
	xmlParserCtxtPtr parser auto_with(free_parser) =
		xmlCreatePushParserCtxt(&sax, &is_fatal, bytes, FIRST_CHUNK, NULL);
	if (!parser)
		abort();
	(void)xmlCtxtUseOptions(parser, PARSE_OPTIONS);
	(void)xmlParseChunk(parser, bytes + FIRST_CHUNK, (int)len - FIRST_CHUNK, 0);
	return !is_fatal;
}
