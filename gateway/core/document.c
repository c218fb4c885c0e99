/* SPDX-License-Identifier: MIT
 *
 * Parser and validation context are kept from drop to drop: making them costs more than
 * reading a small drop. The parser's dictionary remembers every name it ever saw, so it
 * is replaced when strange names have gathered there.
 */
#include "core/document.h"

#include <assert.h>
#include <errno.h>
#include <libxml/xmlschemas.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "core/document_errors.h"
#include "core/document_feed.h"
#include "core/document_guard.h"
#include "core/document_reader.h"
#include "core/document_store.h"

enum { NAMES_KEPT = 500, NUMBER_ROOM = 24, WHY_MAX_BYTES = 8192 };

struct schema {
	xmlSchemaPtr compiled;
	xmlSchemaValidCtxtPtr validation;
	xmlParserCtxtPtr parser;
};

struct schema_trouble {
	struct buf words;
	int error; /* errno of the first file that could not be read, or 0 */
};

static void schema_trouble_done(struct schema_trouble *t)
{
	buf_done(&t->words);
}

static void note_trouble(void *trouble, xmlErrorPtr error)
{
	struct schema_trouble *t = trouble;
	int why = errno;
	if (error->code == XML_ERR_NO_MEMORY)
		abort();
	if (error->domain == XML_FROM_IO && !t->error)
		t->error = why ? why : ENOENT;
	auto_free char *words = words_of_libxml2(error->message);
	if (t->words.len)
		buf_add_text(&t->words, "; ");
	if (error->file && error->line > 0)
		buf_add_format(&t->words, "%s:%d: ", error->file, error->line);
	buf_add_text(&t->words, words);
}

static void free_schema_parser(xmlSchemaParserCtxtPtr *parser)
{
	if (*parser)
		xmlSchemaFreeParserCtxt(*parser);
}

static xmlSchemaPtr compile(const char *path, struct schema_trouble *trouble)
{
	xmlSchemaParserCtxtPtr parser auto_with(free_schema_parser) =
		xmlSchemaNewParserCtxt(path);
	if (!parser)
		abort();
	xmlSchemaSetParserStructuredErrors(parser, note_trouble, trouble);
	return xmlSchemaParse(parser);
}

static void ready_parser(struct schema *s)
{
	if (s->parser && xmlDictSize(s->parser->dict) <= NAMES_KEPT)
		return;
	xmlFreeParserCtxt(s->parser);
	s->parser = xmlNewParserCtxt();
	if (!s->parser)
		abort();
}

int schema_open(const char *path, struct schema **schema, char **why)
{
	struct schema_trouble trouble auto_with(schema_trouble_done) = {
		.words.max_bytes = WHY_MAX_BYTES};
	xmlInitParser();

	/* The files of a schema are read by parsers that libxml2 makes for itself: only
	 * the global handler keeps their errors from standard error. */
	xmlStructuredErrorFunc handler = xmlStructuredError;
	void *context = xmlStructuredErrorContext;
	errno = 0;
	xmlSetStructuredErrorFunc(&trouble, note_trouble);
	xmlSchemaPtr compiled = compile(path, &trouble);
	xmlSetStructuredErrorFunc(context, handler);

	if (!compiled) {
		*why = buf_take(&trouble.words);
		return trouble.error ? -trouble.error : -EINVAL;
	}
	struct schema *s = xcalloc(1, sizeof(*s));
	s->compiled = compiled;
	s->validation = xmlSchemaNewValidCtxt(compiled);
	if (!s->validation)
		abort();
	ready_parser(s);
	*schema = s;
	return 0;
}

void schema_free(struct schema *schema)
{
	if (!schema)
		return;
	xmlFreeParserCtxt(schema->parser);
	xmlSchemaFreeValidCtxt(schema->validation);
	xmlSchemaFree(schema->compiled);
	free(schema);
}

struct input {
	const struct document_rules *rules;
	const char *bytes;
	size_t len;
	struct problems *problems;
};

static enum verdict conclude(
	const struct input *in, enum verdict verdict, const struct fault *fault)
{
	problems_conclude(in->problems, fault);
	return verdict;
}

static enum verdict judge_size(const struct input *in)
{
	char len[NUMBER_ROOM];
	char limit[NUMBER_ROOM];
	size_t max = in->rules->max_bytes < INT_MAX ? in->rules->max_bytes : INT_MAX;
	if (in->len <= max)
		return VERDICT_VALID;
	(void)snprintf(len, sizeof(len), "%zu", in->len);
	(void)snprintf(limit, sizeof(limit), "%zu", max);
	return conclude(in, VERDICT_OVERSIZE,
		&(struct fault){.say = SAY_OVERSIZE, .first = len, .second = limit});
}

/* All that is to be said before a parser sees the bytes. */
static enum verdict judge_bytes(const struct input *in)
{
	enum verdict verdict = judge_size(in);
	if (verdict != VERDICT_VALID)
		return verdict;
	if (in->len == 0)
		return conclude(
			in, VERDICT_BROKEN_OFF, &(struct fault){.say = SAY_EMPTY_FILE});
	if (guard_is_blank(in->bytes, in->len))
		return conclude(
			in, VERDICT_BROKEN_OFF, &(struct fault){.say = SAY_BLANK_FILE});
	if (guard_is_crowded(in->bytes, in->len))
		return conclude(in, VERDICT_REFUSED, &(struct fault){.say = SAY_CROWD});
	auto_free char *declared = guard_contradicted_mark(in->bytes, in->len);
	if (declared)
		return conclude(in, VERDICT_MALFORMED,
			&(struct fault){.say = SAY_BYTE_ORDER_MARK,
				.line = 1,
				.first = declared});
	return VERDICT_VALID;
}

static enum verdict judge_malformed(const struct input *in, const struct reader *r)
{
	bool is_broken_off = !r->is_undecodable && r->malformed_at_end &&
			     guard_is_unfinished(in->bytes, in->len);
	enum say breach = r->is_undecodable ? SAY_WRONG_BYTES : r->malformed_say;
	struct fault fault = {
		.say = is_broken_off ? SAY_BROKEN_OFF : breach,
		.line = r->malformed_line,
		.first = r->malformed_words,
	};
	return conclude(
		in, is_broken_off ? VERDICT_BROKEN_OFF : VERDICT_MALFORMED, &fault);
}

static enum verdict judge_reader(
	const struct input *in, struct reader *r, bool is_schema_valid)
{
	if (r->refused)
		return VERDICT_REFUSED;
	if (r->malformed)
		return judge_malformed(in, r);
	reader_finish(r);
	if (!is_schema_valid && !in->problems->count)
		return conclude(in, VERDICT_INVALID,
			&(struct fault){.say = SAY_SCHEMA, .first = "?"});
	return in->problems->count ? VERDICT_INVALID : VERDICT_VALID;
}

static struct document *document_new(struct reader *r)
{
	struct document *d =
		xcalloc(1, sizeof(*d) + r->draft_count * sizeof(d->comments[0]));
	d->kind = r->kind;
	d->store_bytes = r->store.len;
	d->store = xrealloc(buf_take(&r->store), d->store_bytes, 1);
	d->website_code = d->store + r->website_code;
	d->count = r->draft_count;
	for (size_t i = 0; i < d->count; i++) {
		const struct draft *draft = &r->drafts[i];
		d->comments[i] = (struct comment){
			.order_number = d->store + draft->texts[FIELD_ORDER_NUMBER],
			.web_order_number =
				d->store + draft->texts[FIELD_WEB_ORDER_NUMBER],
			.id = d->store + draft->texts[FIELD_ID],
			.text = d->store + draft->texts[FIELD_TEXT],
			.date = d->store + draft->texts[FIELD_DATE],
			.send_mail = draft->send_mail,
			.visible = draft->visible,
			.line = draft->line,
		};
	}
	return d;
}

static void call_malformed(struct reader *r, enum say say, const char *words)
{
	if (r->malformed || r->refused)
		return;
	r->malformed = true;
	r->malformed_say = say;
	r->malformed_line = reader_line(r);
	r->malformed_words = xstrdup(words);
}

/* The parser takes a zero byte behind the document for the end of the file: whatever
 * follows would be lost without a word. */
static bool has_more(const xmlParserInput *input)
{
	return input && input->cur < input->end;
}

static bool parse(struct schema *schema, const struct input *in, struct reader *r)
{
	xmlSchemaSetValidStructuredErrors(schema->validation, feed_take_complaint, r);
	xmlSchemaSAXPlugPtr plug =
		xmlSchemaSAXPlug(schema->validation, &r->validator, &r->validator_state);
	if (!plug)
		abort();
	reader_attach(r);
	/* There is no tree, so nothing comes back; what happened is in the reader. Without
	 * RECOVER it would hear no more after a breach, and could not end the reading. */
	(void)xmlCtxtReadMemory(schema->parser, in->bytes, (int)in->len, NULL, NULL,
		PARSE_OPTIONS | XML_PARSE_RECOVER);
	bool is_sound = schema->parser->wellFormed && !r->is_undecodable;
	if (!is_sound)
		call_malformed(r, SAY_MALFORMED, "?");
	else if (has_more(schema->parser->input))
		call_malformed(r, SAY_BAD_CHARACTER, "Char 0x0");
	bool is_valid = xmlSchemaIsValid(schema->validation) == 1;
	(void)xmlSchemaSAXUnplug(plug);
	return is_valid;
}

int document_read(struct schema *schema, const struct document_rules *rules,
	const char *bytes, size_t len, struct reading *reading)
{
	*reading = (struct reading){0};
	struct input in = {rules, bytes, len, &reading->problems};
	reading->verdict = judge_bytes(&in);
	if (reading->verdict != VERDICT_VALID)
		return 0;

	ready_parser(schema);
	struct reader r auto_with(reader_done) = {0};
	reader_init(&r, schema->parser, rules, &reading->problems, len);
	struct error_scope scope auto_with(errors_end) = {0};
	errors_begin(&scope, &r);
	bool is_schema_valid = parse(schema, &in, &r);
	reading->verdict = judge_reader(&in, &r, is_schema_valid);
	if (reading->verdict == VERDICT_VALID)
		reading->document = document_new(&r);
	return 0;
}

void reading_done(struct reading *reading)
{
	document_free(reading->document);
	problems_done(&reading->problems);
	*reading = (struct reading){0};
}

void document_free(struct document *document)
{
	if (!document)
		return;
	free(document->store);
	free(document);
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_VALID] = "valid",
		[VERDICT_BROKEN_OFF] = "broken-off",
		[VERDICT_MALFORMED] = "malformed",
		[VERDICT_REFUSED] = "refused",
		[VERDICT_INVALID] = "invalid",
		[VERDICT_OVERSIZE] = "oversize",
	};
	return names[verdict];
}

enum document_kind document_kind(const struct document *document)
{
	return document->kind;
}

size_t document_count(const struct document *document)
{
	return document->count;
}

const struct comment *document_comment(const struct document *document, size_t index)
{
	assert(index < document->count);
	return &document->comments[index];
}

size_t document_memory(const struct document *document)
{
	return sizeof(*document) + document->store_bytes +
	       document->count * sizeof(*document->comments);
}
