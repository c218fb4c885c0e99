/* SPDX-License-Identifier: MIT
 *
 * The body is read by SAX events: a tree of 8 MiB of small elements would take hundreds,
 * and the push parser under xmlTextReader looks for the end of an unclosed tag again and
 * again from its beginning. A DOCTYPE stops the parser before its inside is looked at:
 * expanding the parameter entities in there can take hours.
 */
#include "core/soap_read.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "core/response.h"

/* Enough for what is shown of a text, 500 characters of four bytes, and for any key. */
enum { VALUE_MAX_BYTES = 2048 };

/* Where in an answer we are. The first six hold a value. */
enum place {
	AT_KEY,
	AT_CODE,
	AT_MESSAGE,
	AT_FAULT_CODE,
	AT_FAULT_TEXT,
	AT_VERSION,
	VALUE_PLACES,
	AT_TOP = VALUE_PLACES,
	AT_ENVELOPE,
	AT_BODY,
	AT_RESPONSE,
	AT_RETURN,
	AT_FAULT,
	AT_CODE_OF_FAULT,
	AT_REASON,
	AT_VERSION_RESPONSE,
	ELSEWHERE,
};

enum name_space { SPACE_NONE, SPACE_SOAP, SPACE_OPEN, SPACE_FIELDS, SPACE_OTHER };

static const struct {
	const char *uri;
	enum name_space name_space;
} name_spaces[] = {
	{"http://schemas.xmlsoap.org/soap/envelope/", SPACE_SOAP},
	{"http://www.w3.org/2003/05/soap-envelope", SPACE_SOAP},
	{"http://www.opensi.fr", SPACE_OPEN},
	{"http://www.opensi.fr/xsd", SPACE_FIELDS},
};

/* The whole grammar: which element leads from where to where. All else is elsewhere. */
static const struct {
	enum place from;
	enum name_space name_space;
	const char *name;
	enum place to;
} steps[] = {
	{AT_TOP, SPACE_SOAP, "Envelope", AT_ENVELOPE},
	{AT_ENVELOPE, SPACE_SOAP, "Body", AT_BODY},
	{AT_BODY, SPACE_OPEN, "setCommentsResponse", AT_RESPONSE},
	{AT_RESPONSE, SPACE_OPEN, "return", AT_RETURN},
	{AT_RETURN, SPACE_FIELDS, "Key", AT_KEY},
	{AT_RETURN, SPACE_FIELDS, "Code", AT_CODE},
	{AT_RETURN, SPACE_FIELDS, "Message", AT_MESSAGE},
	{AT_BODY, SPACE_OPEN, "getVersionResponse", AT_VERSION_RESPONSE},
	{AT_VERSION_RESPONSE, SPACE_OPEN, "Version", AT_VERSION},
	{AT_VERSION_RESPONSE, SPACE_FIELDS, "Version", AT_VERSION},
	{AT_BODY, SPACE_SOAP, "Fault", AT_FAULT},
	{AT_FAULT, SPACE_NONE, "faultcode", AT_FAULT_CODE},
	{AT_FAULT, SPACE_NONE, "faultstring", AT_FAULT_TEXT},
	{AT_FAULT, SPACE_SOAP, "Code", AT_CODE_OF_FAULT},
	{AT_CODE_OF_FAULT, SPACE_SOAP, "Value", AT_FAULT_CODE},
	{AT_FAULT, SPACE_SOAP, "Reason", AT_REASON},
	{AT_REASON, SPACE_SOAP, "Text", AT_FAULT_TEXT},
};

struct walk {
	struct soap_answer *answer;
	size_t max_results;
	size_t room;
	size_t responses;
	bool fault;
	bool doctype;
	bool too_deep;
	xmlParserCtxtPtr parser;
	size_t depth; /* of open elements, whose places are in the path */
	enum place path[RESPONSE_MAX_DEPTH];
	struct buf values[VALUE_PLACES];
};

/* A stretch of the body, not yet read. */
struct span {
	const char *at;
	const char *end;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char *copy_trimmed(const char *text, size_t len)
{
	while (len && is_blank(text[0])) {
		text++;
		len--;
	}
	while (len && is_blank(text[len - 1]))
		len--;
	return xstrndup(text, len);
}

static char *take_value(struct walk *w, enum place place)
{
	char *value = copy_trimmed(buf_peek(&w->values[place]), w->values[place].len);
	buf_clear(&w->values[place]);
	return value;
}

/* Adds what there is room for: the rest would not be shown, and fits no key or code. */
static void add_value(struct buf *value, const char *text, size_t len)
{
	size_t room = value->max_bytes - value->len;

	buf_add(value, text, len < room ? len : room);
}

static enum name_space find_name_space(const char *uri)
{
	if (!uri)
		return SPACE_NONE;
	for (size_t i = 0; i < sizeof(name_spaces) / sizeof(name_spaces[0]); i++)
		if (!strcmp(uri, name_spaces[i].uri))
			return name_spaces[i].name_space;
	return SPACE_OTHER;
}

static enum place step_into(enum place from, const char *uri, const char *name)
{
	enum name_space name_space = find_name_space(uri);

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (steps[i].from == from && steps[i].name_space == name_space &&
			!strcmp(name, steps[i].name))
			return steps[i].to;
	return ELSEWHERE;
}

/* Takes the values also of a result that is one too many, so that they end with it. */
static void keep_result(struct walk *w)
{
	struct soap_answer *a = w->answer;
	auto_free char *key = buf_take(&w->values[AT_KEY]); /* " 7" is another order */
	auto_free char *code = take_value(w, AT_CODE);
	auto_free char *message = take_value(w, AT_MESSAGE);

	a->count++;
	if (a->kept == w->max_results)
		return;
	a->results = xgrow(a->results, &w->room, a->kept + 1, sizeof(a->results[0]));
	struct soap_result *result = &a->results[a->kept++];
	*result = (struct soap_result){
		.key = take_ptr(key),
		.message = take_ptr(message),
	};
	if (strlen(code) < sizeof(result->code))
		memcpy(result->code, code, strlen(code));
}

static enum place here(const struct walk *w)
{
	return w->depth ? w->path[w->depth - 1] : AT_TOP;
}

static void enter(struct walk *w, enum place place)
{
	enum place from = here(w);

	w->path[w->depth++] = place;
	if (place < VALUE_PLACES && w->values[place].len)
		buf_add_char(&w->values[place], ' '); /* a second one of its kind */
	if (place == AT_RESPONSE)
		w->responses++;
	w->fault |= place == AT_FAULT;
	w->answer->foreign |=
		place == AT_VERSION_RESPONSE ||
		(place == ELSEWHERE && (from == AT_BODY || from == AT_RESPONSE));
}

/* The prototype is libxml2's. NOLINTNEXTLINE(readability-function-size) */
static void on_start(void *context, const xmlChar *name, const xmlChar *prefix,
	const xmlChar *uri, int name_spaces_count, const xmlChar **name_spaces_given,
	int attribute_count, int defaulted_count, const xmlChar **attributes)
{
	struct walk *w = context;

	(void)prefix;
	(void)name_spaces_count;
	(void)name_spaces_given;
	(void)attribute_count;
	(void)defaulted_count;
	(void)attributes;
	if (w->depth < RESPONSE_MAX_DEPTH) {
		enter(w, step_into(here(w), (const char *)uri, (const char *)name));
	} else {
		w->too_deep = true;
		xmlStopParser(w->parser);
	}
}

static void on_end(
	void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct walk *w = context;

	(void)name;
	(void)prefix;
	(void)uri;
	if (here(w) == AT_RETURN)
		keep_result(w);
	w->depth--;
}

static void on_text(void *context, const xmlChar *text, int text_len)
{
	struct walk *w = context;
	enum place place = here(w);
	size_t len = (size_t)text_len;

	if (place < VALUE_PLACES)
		add_value(&w->values[place], (const char *)text, len);
	else if (place == AT_RESPONSE)
		for (size_t i = 0; i < len; i++)
			w->answer->foreign |= !is_blank((char)text[i]);
}

/* Comes before anything inside of the DOCTYPE is read. */
static void on_doctype(
	void *context, const xmlChar *name, const xmlChar *public_id, const xmlChar *uri)
{
	struct walk *w = context;

	(void)name;
	(void)public_id;
	(void)uri;
	w->doctype = true;
	xmlStopParser(w->parser);
}

static void on_error(void *context, xmlErrorPtr error)
{
	(void)context;
	if (error->code == XML_ERR_NO_MEMORY)
		abort();
}

static const xmlSAXHandler events = {
	.initialized = XML_SAX2_MAGIC,
	.internalSubset = on_doctype,
	.startElementNs = on_start,
	.endElementNs = on_end,
	.characters = on_text,
	.ignorableWhitespace = on_text,
	.cdataBlock = on_text,
	.serror = on_error,
};

static void free_parser(xmlParserCtxtPtr *parser)
{
	xmlFreeParserCtxt(*parser);
}

/* True if all of it was well-formed and within the bounds. */
static bool walk_body(struct walk *w, struct span body)
{
	auto_with(free_parser) xmlParserCtxtPtr parser = xmlNewParserCtxt();

	if (!parser)
		abort();
	*parser->sax = events;
	parser->userData = w;
	w->parser = parser;
	(void)xmlCtxtReadMemory(parser, body.at, (int)(body.end - body.at), NULL, "UTF-8",
		XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
	return parser->wellFormed && !w->doctype && !w->too_deep;
}

static size_t span_len(struct span s)
{
	return (size_t)(s.end - s.at);
}

static bool begins_with(struct span s, const char *text)
{
	return span_len(s) >= strlen(text) && !memcmp(s.at, text, strlen(text));
}

static void skip_past(struct span *s, char c)
{
	const char *found = memchr(s->at, c, span_len(*s));
	s->at = found ? found + 1 : s->end;
}

static void skip_blanks(struct span *s)
{
	while (s->at < s->end && is_blank(*s->at))
		s->at++;
}

static bool has_many_equals(struct span body)
{
	size_t count = 0;

	for (const char *at = body.at; at < body.end; at++)
		count += *at == '=';
	return count > SOAP_MAX_EQUALS;
}

static bool ends_name(char c)
{
	return c == '>' || c == '/' || c == '<' || is_blank(c);
}

/* The next start tag: its name with the prefix, and the rest after it. */
static bool next_tag(struct span *rest, struct span *name)
{
	do {
		skip_past(rest, '<');
		if (rest->at == rest->end)
			return false;
	} while (*rest->at == '!' || *rest->at == '?' || ends_name(*rest->at));

	*name = (struct span){.at = rest->at, .end = rest->at};
	while (name->end < rest->end && !ends_name(*name->end))
		name->end++;
	skip_past(rest, '>');
	return true;
}

static bool is_named(struct span name, const char *local)
{
	size_t len = strlen(local);

	if (span_len(name) < len || memcmp(name.end - len, local, len) != 0)
		return false;
	return span_len(name) == len || name.end[-(ptrdiff_t)len - 1] == ':';
}

static bool find_tag(struct span *rest, const char *local)
{
	struct span name;

	while (next_tag(rest, &name))
		if (is_named(name, local))
			return true;
	return false;
}

/* What stands in the first element of either name, up to its end tag: markup and all. */
static char *copy_content(struct span rest, const char *local, const char *or_local)
{
	struct span name;
	auto_buf struct buf end_tag = {.max_bytes = RESPONSE_MAX_BYTES};

	while (next_tag(&rest, &name)) {
		if (!is_named(name, local) && !is_named(name, or_local))
			continue;
		buf_add_text(&end_tag, "</");
		buf_add(&end_tag, name.at, span_len(name));
		const char *end =
			memmem(rest.at, span_len(rest), buf_peek(&end_tag), end_tag.len);
		size_t len = end ? (size_t)(end - rest.at) : span_len(rest);
		return copy_trimmed(
			rest.at, len < VALUE_MAX_BYTES ? len : VALUE_MAX_BYTES);
	}
	return xstrdup("");
}

/* Text before the envelope is passed over: PHP writes its own warnings there. */
static void scan_fault(struct span body, struct soap_answer *answer)
{
	struct span name;

	if (!find_tag(&body, "Envelope") || !find_tag(&body, "Body") ||
		!next_tag(&body, &name) || !is_named(name, "Fault"))
		return;
	answer->form = SOAP_FAULT;
	answer->fault_code = copy_content(body, "faultcode", "Value");
	answer->fault_text = copy_content(body, "faultstring", "Text");
}

static void walk_done(struct walk *w)
{
	for (size_t i = 0; i < VALUE_PLACES; i++)
		buf_done(&w->values[i]);
}

static void conclude(struct walk *w)
{
	struct soap_answer *answer = w->answer;

	if (w->fault) {
		soap_done(answer);
		answer->form = SOAP_FAULT;
		answer->fault_code = take_value(w, AT_FAULT_CODE);
		answer->fault_text = take_value(w, AT_FAULT_TEXT);
	} else if (w->responses) {
		answer->form = SOAP_RESULTS;
		answer->foreign |= w->responses > 1;
	} else if (w->values[AT_VERSION].len) {
		answer->version = take_value(w, AT_VERSION);
	}
}

/* False if it may be a fault still: what is not well-formed, or was not parsed. */
static bool read_xml(struct span body, size_t max_results, struct soap_answer *answer)
{
	auto_with(walk_done) struct walk w = {
		.answer = answer, .max_results = max_results};

	if (!begins_with(body, "<") || has_many_equals(body))
		return false;
	for (size_t i = 0; i < VALUE_PLACES; i++)
		buf_init(&w.values[i], VALUE_MAX_BYTES);
	bool sound = walk_body(&w, body);
	if (sound)
		conclude(&w);
	else
		soap_done(answer);
	return sound || w.doctype;
}

void soap_read(
	const char *body, size_t len, size_t max_results, struct soap_answer *answer)
{
	struct span text = {.at = body, .end = body + len};

	*answer = (struct soap_answer){.form = SOAP_NEITHER};
	if (!len || len > RESPONSE_MAX_BYTES || memchr(body, '\0', len))
		return;
	if (begins_with(text, "\xEF\xBB\xBF"))
		text.at += strlen("\xEF\xBB\xBF");
	skip_blanks(&text);
	if (!read_xml(text, max_results, answer))
		scan_fault(text, answer);
}

void soap_done(struct soap_answer *answer)
{
	for (size_t i = 0; i < answer->kept; i++) {
		free(answer->results[i].key);
		free(answer->results[i].message);
	}
	free(answer->results);
	free(answer->fault_code);
	free(answer->fault_text);
	free(answer->version);
	*answer = (struct soap_answer){.form = SOAP_NEITHER};
}
