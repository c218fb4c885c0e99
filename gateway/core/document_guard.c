/* SPDX-License-Identifier: MIT
 *
 * What is to be known about a drop before or besides its parsing.
 *
 * libxml2 (up to 2.11) compares every attribute of a tag with every other, and looks up
 * each prefix among all namespaces that the elements around declare: such files would
 * hold the gateway up for minutes. So tags are counted through beforehand, by a walk that
 * knows just enough of XML not to take texts for tags, and distrusts itself behind an
 * error. It reads ASCII: what an encoding could hide from it (EBCDIC, UTF-7, the shifts of
 * ISO-2022) is decoded first.
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
#include "base/text.h"
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

/* One byte a character; what is not ASCII becomes a letter, or, if no document may hold
 * it, a control. */
static char *narrowed(const char *bytes, size_t len, size_t low)
{
	char *narrow = xcalloc(len / 2 + 1, 1);
	bool is_in_pair = false;
	for (size_t i = 0; i < len / 2; i++) {
		unsigned char high_byte = (unsigned char)bytes[2 * i + 1 - low];
		unsigned char low_byte = (unsigned char)bytes[2 * i + low];
		bool is_first = high_byte >= 0xD8 && high_byte < 0xDC;
		bool is_second = high_byte >= 0xDC && high_byte < 0xE0;
		bool is_none = high_byte == 0xFF && low_byte >= 0xFE;
		narrow[i] = bytes[2 * i + low];
		if (high_byte)
			narrow[i] = 'x';
		if (is_none || is_second != is_in_pair)
			narrow[i] = '\1';
		is_in_pair = is_first;
	}
	return narrow;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Whether it holds only what XML 1.0 calls characters (2.2). */
static bool is_clean(const char *at, const char *end, bool is_utf8)
{
	while (at < end) {
		size_t len = text_char_len(at, (size_t)(end - at));
		if ((unsigned char)*at < ' ' && !is_blank(*at))
			return false;
		if (is_utf8 &&
			(!len || (len == 3 && (!memcmp(at, "\xEF\xBF\xBE", 3) ||
						      !memcmp(at, "\xEF\xBF\xBF", 3)))))
			return false;
		at += is_utf8 ? len : 1;
	}
	return true;
}

static bool begins(const char *at, const char *end, const char *with)
{
	size_t len = strlen(with);
	return (size_t)(end - at) >= len && memcmp(at, with, len) == 0;
}

/* Ends a name. */
static bool is_mark(char c)
{
	return is_blank(c) || c == '<' || c == '>' || c == '=' || c == '/' || c == '"' ||
	       c == '\'';
}

static const char *behind_blanks(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at;
}

static const char *behind_name(const char *at, const char *end)
{
	while (at < end && !is_mark(*at))
		at++;
	return at;
}

/* Behind name, "=" and value; NULL: no attribute begins there, or it is not well-formed.
 * In a value is no "<". */
static const char *behind_attribute(const char *at, const char *end)
{
	const char *name = behind_blanks(at, end);
	const char *equals = behind_name(name, end);
	at = behind_blanks(equals, end);
	if (equals == name || at == end || *at != '=')
		return NULL;
	at = behind_blanks(at + 1, end);
	if (at == end || (*at != '"' && *at != '\''))
		return NULL;
	const char *close = memchr(at + 1, *at, (size_t)(end - at - 1));
	if (!close || memchr(at, '<', (size_t)(close - at)))
		return NULL;
	return close + 1;
}

/* How many the parser would compare in a tag that begins there: it reads no further than
 * they are well-formed. */
static size_t count_attributes(const char *tag, const char *end)
{
	size_t count = 0;
	const char *at = behind_name(tag + 1, end);
	while ((at = behind_attribute(at, end)))
		count++;
	return count;
}

/* Behind a comment, a CDATA section or an instruction that begins there. NULL: none does,
 * or it does not end. */
static const char *behind_other(const char *at, const char *end)
{
	static const struct {
		const char *start, *stop;
		bool has_name;
	} kinds[] = {
		{"<!--", "-->", false}, {"<![CDATA[", "]]>", false}, {"<?", "?>", true}};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!begins(at, end, kinds[i].start))
			continue;
		const char *inside = at + strlen(kinds[i].start);
		if (kinds[i].has_name &&
			(inside == end || is_mark(*inside) || *inside == '?'))
			return NULL;
		const char *stop = memmem(inside, (size_t)(end - inside), kinds[i].stop,
			strlen(kinds[i].stop));
		return stop ? stop + strlen(kinds[i].stop) : NULL;
	}
	return NULL;
}

/* is_lost: nothing is passed over, as the parser may be anywhere. */
static bool finds_crowd(const char *at, const char *end, bool is_lost)
{
	bool has_tag = false;
	while (at < end && (at = memchr(at, '<', (size_t)(end - at)))) {
		const char *next = is_lost ? NULL : behind_other(at, end);
		char mark = (char)(at + 1 < end ? at[1] : '<');
		bool is_tag = mark != '!' && mark != '?' && !is_mark(mark);
		if (next) {
			at = next;
			continue;
		}
		if (!is_lost && !has_tag && begins(at, end, "<!DOCTYPE"))
			return false; /* it is where our parser stops */
		if (count_attributes(at, end) > MAX_ATTRIBUTES)
			return true;
		has_tag = has_tag || is_tag;
		is_lost = is_lost || (!is_tag && mark != '/');
		at++;
	}
	return false;
}

/* The parser goes on past an error, to the next tag. So what it may see otherwise than it
 * seems here is no comment and no text: from the first error on each "<" may begin a tag.
 * Most files have no crowd wherever one looks. */
static bool has_crowded_tag(const char *at, const char *end, bool is_utf8)
{
	return finds_crowd(at, end, true) &&
	       finds_crowd(at, end, !is_clean(at, end, is_utf8));
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
	while (handler && xmlCharEncInFunc(handler, plain, raw) > 0)
		;
	const char *at = (const char *)xmlBufferContent(plain);
	const char *end = at + xmlBufferLength(plain);
	return has_many_equals(at, end) && has_crowded_tag(at, end, true);
}

static bool is_crowded(const char *bytes, size_t len)
{
	int low = low_byte_of_pair(bytes, len);
	auto_free char *encoding = encoding_of(bytes, len);
	bool is_paired = low >= 0 && encoding && !strncasecmp(encoding, "UTF-16", 6);
	if (encoding && !is_paired && !shows_marks(encoding))
		return is_crowded_when_decoded(encoding, bytes, len);
	if (!has_many_equals(bytes, bytes + len))
		return false;
	bool is_utf8 = !encoding || !strncasecmp(encoding, "UTF-8", 5);
	if (!is_paired)
		return has_crowded_tag(bytes, bytes + len, is_utf8);
	auto_free char *narrow = narrowed(bytes, len, (size_t)low);
	return has_crowded_tag(narrow, narrow + len / 2, false);
}

/* Converters know no parser: their errors would come out on standard error. */
bool guard_is_crowded(const char *bytes, size_t len)
{
	xmlStructuredErrorFunc listener = xmlStructuredError;
	void *context = xmlStructuredErrorContext;
	if (len < HARMLESS_BYTES)
		return false;
	xmlSetStructuredErrorFunc(NULL, hear_nothing);
	bool is_so = is_crowded(bytes, len);
	xmlSetStructuredErrorFunc(context, listener);
	return is_so;
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
