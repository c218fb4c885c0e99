/* SPDX-License-Identifier: MIT
 *
 * libxml2 names the place of a breach, but its codes lump together what people take for
 * different mistakes. The bytes at that place tell them apart.
 */
#include "core/document_errors.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "core/document_reader.h"

/* More than this behind it, and a breach is not one of the end: the longest thing that
 * can be cut in two without the parser having moved on is a tag's beginning. */
enum { END_BYTES = 64, CHAR_BYTES = 4, MARK_BYTES = 8 };

/* The mistakes that people make, by what libxml2 calls them; all else in its words. */
static enum say say_of_code(int code)
{
	static const struct {
		int code;
		enum say say;
	} sayings[] = {
		{XML_ERR_INVALID_ENCODING, SAY_WRONG_BYTES},
		{XML_I18N_CONV_FAILED, SAY_WRONG_BYTES},
		{XML_ERR_UNSUPPORTED_ENCODING, SAY_UNKNOWN_ENCODING},
		{XML_ERR_UNKNOWN_ENCODING, SAY_UNKNOWN_ENCODING},
		{XML_ERR_UNDECLARED_ENTITY, SAY_UNKNOWN_ENTITY},
		{XML_WAR_UNDECLARED_ENTITY, SAY_UNKNOWN_ENTITY},
		{XML_ERR_NAME_REQUIRED, SAY_BARE_AMPERSAND},
		{XML_ERR_ENTITYREF_SEMICOL_MISSING, SAY_BARE_AMPERSAND},
		{XML_ERR_LT_IN_ATTRIBUTE, SAY_BARE_LESS_THAN},
		{XML_ERR_TAG_NAME_MISMATCH, SAY_TAGS_CROSSED},
		{XML_ERR_INVALID_CHAR, SAY_BAD_CHARACTER},
		{XML_ERR_INVALID_CHARREF, SAY_BAD_CHARACTER},
		{XML_ERR_RESERVED_XML_NAME, SAY_LATE_DECLARATION},
		{XML_ERR_DOCUMENT_END, SAY_EXTRA_CONTENT},
		{XML_ERR_DOCUMENT_EMPTY, SAY_NOT_XML},
	};
	for (size_t i = 0; i < sizeof(sayings) / sizeof(*sayings); i++)
		if (sayings[i].code == code)
			return sayings[i].say;
	return SAY_MALFORMED;
}

/* Where the parser stands, in UTF-8 of its own. */
static enum say say_of_place(const xmlParserInput *input, int code)
{
	size_t left = (size_t)(input->end - input->cur);
	const char *at = (const char *)input->cur;
	if (left && *input->cur >= 0x80 && !text_char_len(at, left))
		return SAY_WRONG_BYTES;
	bool is_open = input->cur > input->base && at[-1] == '<';
	if (code == XML_ERR_NAME_REQUIRED && is_open)
		return SAY_BARE_LESS_THAN;
	return say_of_code(code);
}

/* Some converters stop at a wrong byte without a word, and all that the parser sees is an
 * early end: then there are bytes left that it never got. */
static bool is_starved(xmlParserCtxtPtr parser, size_t len)
{
	long consumed = xmlByteConsumed(parser);
	if (consumed < 0)
		return false;
	size_t seen = (size_t)consumed +
		      (size_t)(parser->input->end - parser->input->cur) * CHAR_BYTES;
	return seen + MARK_BYTES < len;
}

void errors_take(void *reader, xmlErrorPtr error)
{
	struct reader *r = reader;
	const xmlParserInput *input = r->parser->input;
	if (error->code == XML_ERR_NO_MEMORY)
		abort();
	if (error->level != XML_ERR_FATAL || r->malformed || r->refused)
		return;
	r->malformed = true;
	r->malformed_say =
		input ? say_of_place(input, error->code) : say_of_code(error->code);
	r->malformed_at_end = !input || input->end - input->cur <= END_BYTES;
	if (input && r->malformed_at_end && is_starved(r->parser, r->len))
		r->is_undecodable = true;
	r->malformed_line = error->line > 0 ? (unsigned)error->line : 0;
	r->malformed_words = words_of_libxml2(error->message);
}

xmlEntityPtr errors_take_entity(void *reader, const xmlChar *name)
{
	(void)name;
	(void)errors_end_reading(reader);
	return NULL;
}

/* Behind a breach the parser goes on to the end of the file, and keeps each new name that
 * it meets there. An event may stop it, the breach itself may not: some of its functions
 * that report one still look at the input afterwards, which a stop has freed. */
bool errors_end_reading(struct reader *r)
{
	bool is_over = r->malformed || r->refused;
	if (is_over)
		xmlStopParser(r->parser);
	return is_over;
}

void errors_take_cut_tag(struct reader *r, const char *name)
{
	r->malformed = true;
	r->malformed_say = SAY_MALFORMED;
	r->malformed_at_end = true;
	r->is_undecodable = is_starved(r->parser, r->len);
	r->malformed_line = reader_line(r);
	r->malformed_words = xstrdup(name);
}

/* Conversion ends here, so the parser will take it for the end of the document: that is
 * where the bytes are. */
static void take_conversion_error(void *reader, xmlErrorPtr error)
{
	struct reader *r = reader;
	if (error->code == XML_ERR_NO_MEMORY)
		abort();
	if (error->level == XML_ERR_FATAL || error->level == XML_ERR_ERROR)
		r->is_undecodable = true;
}

/* What it would print was given to the other handler before. */
__attribute__((format(printf, 2, 3))) static void print_nothing(
	void *stream, const char *format, ...)
{
	(void)stream;
	(void)format;
}

void errors_begin(struct error_scope *scope, struct reader *r)
{
	*scope = (struct error_scope){
		.handler = xmlStructuredError,
		.context = xmlStructuredErrorContext,
		.printer = xmlGenericError,
		.stream = xmlGenericErrorContext,
	};
	xmlSetStructuredErrorFunc(r, take_conversion_error);
	xmlSetGenericErrorFunc(NULL, print_nothing);
}

void errors_end(struct error_scope *scope)
{
	xmlSetStructuredErrorFunc(scope->context, scope->handler);
	xmlSetGenericErrorFunc(scope->stream, scope->printer);
}
