/* SPDX-License-Identifier: MIT
 *
 * Any bytes are a drop. A verdict has its problems or its document; what is valid obeys
 * the article, comes back from a rest file and from an envelope as it was, and breaks off
 * when cut; and no drop changes what the next one is found to be.
 */
#include "core/document.h"

#include <assert.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "core/envelope.h"
#include "fuzz.h"

enum { MAX_BYTES = 32 * 1024, ROOM = 64 * MAX_BYTES, SHOP_TEXT_BYTES = 65535 };

#define auto_reading auto_with(reading_done)

static const struct document_rules strict = {
	.website_code = "WEB1",
	.shop_limits = true,
	.max_bytes = MAX_BYTES,
};
static const struct document_rules lenient = {
	.website_code = "WEB1",
	.max_bytes = MAX_BYTES,
};

static struct schema *schema;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	char *why = NULL;
	if (schema_open("xsd/comments.xsd", &schema, &why) < 0)
		abort();
	return 0;
}

static void read_bytes(const struct document_rules *rules, const void *bytes, size_t len,
	struct reading *reading)
{
	int r = document_read(schema, rules, bytes, len, reading);
	assert(r == 0);
}

static void check_clean(const char *text)
{
	assert(!text || fuzz_is_clean(text, strlen(text), SIZE_MAX));
}

static void check_problems(const struct problems *p, size_t len)
{
	size_t kept = p->count < PROBLEMS_KEPT ? p->count : PROBLEMS_KEPT;
	assert(p->kept_count == kept);
	for (size_t i = 0; i < kept; i++) {
		const struct problem *problem = &p->kept[i];
		assert(problem->rule && *problem->rule);
		assert(problem->line <= len + 1);
		assert(problem->comment <= len);
		check_clean(problem->order);
		check_clean(problem->field);
		check_clean(problem->value);
		check_clean(problem->rule);
	}
}

static void check_identifier(const char *text, size_t max_chars)
{
	size_t len = strlen(text);
	assert(len && text_count(text) <= max_chars);
	assert(*text != ' ' && text[len - 1] != ' ');
	for (size_t at = 0, step = 0; at < len; at += step) {
		step = text_char_len(text + at, len - at);
		unsigned char c = (unsigned char)text[at];
		assert(step && c >= 0x20 && c != 0x7F);
		assert(c != 0xC2 || (unsigned char)text[at + 1] >= 0xA0);
	}
}

static void check_shop_limits(const struct comment *c)
{
	unsigned long id = strtoul(c->id, NULL, 10);
	assert(strspn(c->id, "0123456789") == strlen(c->id) && *c->id != '0');
	assert(id >= 1 && id <= INT_MAX);
	assert(strlen(c->text) <= SHOP_TEXT_BYTES);
}

static void check_comments(const struct document *d, const struct document_rules *rules)
{
	unsigned line = 1;
	for (size_t i = 0; i < document_count(d); i++) {
		const struct comment *c = document_comment(d, i);
		check_identifier(c->order_number, 11);
		check_identifier(c->web_order_number, 20);
		check_identifier(c->id, 11);
		assert(strspn(c->text, " \t\r\n") < strlen(c->text));
		assert(strlen(c->date) >= strlen("2026-11-24"));
		assert(strspn(c->date, "0123456789-+:Z") == strlen(c->date));
		assert(c->line >= line);
		line = c->line;
		if (rules->shop_limits)
			check_shop_limits(c);
	}
}

static void check_reading(
	const struct reading *reading, const struct document_rules *rules, size_t len)
{
	bool is_valid = reading->verdict == VERDICT_VALID;
	assert(reading->verdict >= VERDICT_VALID && reading->verdict <= VERDICT_OVERSIZE);
	assert(is_valid == (reading->document != NULL));
	assert(is_valid == (reading->problems.count == 0));
	assert((reading->verdict == VERDICT_OVERSIZE) == (len > rules->max_bytes));
	check_problems(&reading->problems, len);
	if (is_valid)
		check_comments(reading->document, rules);
}

static void check_same_comment(const struct comment *a, const struct comment *b)
{
	assert(!strcmp(a->order_number, b->order_number));
	assert(!strcmp(a->web_order_number, b->web_order_number));
	assert(!strcmp(a->id, b->id));
	assert(!strcmp(a->text, b->text));
	assert(!strcmp(a->date, b->date));
	assert(a->send_mail == b->send_mail && a->visible == b->visible);
}

static void check_same_document(const struct document *a, const struct document *b)
{
	assert(document_kind(a) == document_kind(b));
	assert(document_count(a) == document_count(b));
	for (size_t i = 0; i < document_count(a); i++)
		check_same_comment(document_comment(a, i), document_comment(b, i));
}

static void check_same_reading(const struct reading *a, const struct reading *b)
{
	assert(a->verdict == b->verdict);
	assert(a->problems.count == b->problems.count);
	for (size_t i = 0; i < a->problems.kept_count; i++) {
		const struct problem *p = &a->problems.kept[i];
		const struct problem *q = &b->problems.kept[i];
		assert(p->line == q->line && p->comment == q->comment);
		assert(fuzz_is_same(p->order, q->order));
		assert(fuzz_is_same(p->field, q->field));
		assert(fuzz_is_same(p->value, q->value));
		assert(fuzz_is_same(p->rule, q->rule));
	}
	if (a->document)
		check_same_document(a->document, b->document);
}

/* The limits of shops can only add problems. */
static void check_lenient(const struct reading *strictly, const struct reading *leniently)
{
	if (strictly->verdict != VERDICT_INVALID)
		assert(leniently->verdict == strictly->verdict);
	else
		assert(leniently->verdict == VERDICT_VALID ||
			leniently->verdict == VERDICT_INVALID);
	assert(leniently->problems.count <= strictly->problems.count);
	if (strictly->document)
		check_same_document(strictly->document, leniently->document);
}

/* What was read before must not matter: parser and validator are used again. */
static void check_memory(const struct reading *first, const uint8_t *bytes, size_t len)
{
	static const char good[] = "<open:Comments xmlns:open=\"http://www.opensi.fr\"/>";
	auto_reading struct reading between = {0};
	auto_reading struct reading again = {0};

	read_bytes(&strict, good, strlen(good), &between);
	assert(between.verdict == VERDICT_VALID);
	read_bytes(&strict, bytes, len, &again);
	check_same_reading(first, &again);
}

static void check_cut(const struct document *d, const void *bytes, size_t cut)
{
	auto_free char *exact = xcalloc(cut, 1);
	auto_reading struct reading reading = {0};

	memcpy(exact, bytes, cut);
	read_bytes(&lenient, exact, cut, &reading);
	check_reading(&reading, &lenient, cut);
	if (reading.verdict == VERDICT_VALID)
		check_same_document(d, reading.document);
	else
		assert(reading.verdict == VERDICT_BROKEN_OFF);
}

static void choose(const struct document *d, uint64_t *chance, bool *chosen)
{
	for (size_t i = 0; i < document_count(d); i++)
		chosen[i] = document_kind(d) == DOCUMENT_COMMENT || fuzz_draw(chance, 2);
}

static void check_rest(const struct document *d, uint64_t *chance)
{
	auto_free bool *chosen = xcalloc(document_count(d), sizeof(*chosen));
	auto_buf struct buf rest = {.max_bytes = ROOM};
	auto_reading struct reading reading = {0};
	struct document_rules rules = lenient;
	size_t kept = 0;

	rules.max_bytes = ROOM;
	choose(d, chance, chosen);
	document_write_rest(d, chosen, &rest);
	assert(buf_finish(&rest) == 0);
	read_bytes(&rules, buf_peek(&rest), rest.len, &reading);
	assert(reading.verdict == VERDICT_VALID);
	assert(document_kind(reading.document) == document_kind(d));
	for (size_t i = 0; i < document_count(d); i++) {
		if (!chosen[i])
			continue;
		assert(kept < document_count(reading.document));
		check_same_comment(document_comment(d, i),
			document_comment(reading.document, kept++));
	}
	assert(kept == document_count(reading.document));
}

static void free_tree(xmlDocPtr *tree)
{
	xmlFreeDoc(*tree);
}

static void free_text(xmlChar **text)
{
	xmlFree(*text);
}

static const xmlNode *child(const xmlNode *node, const char *name)
{
	const xmlNode *at = node->children;
	while (at && strcmp((const char *)at->name, name) != 0)
		at = at->next;
	assert(at);
	return at;
}

static void check_field(const xmlNode *comment, const char *name, const char *value)
{
	auto_with(free_text) xmlChar *text = xmlNodeGetContent(child(comment, name));
	assert(!strcmp((const char *)text, value));
}

static void check_sent(const xmlNode *node, const struct comment *c)
{
	assert(!strcmp((const char *)node->name, "Comment"));
	check_field(node, "OrderNumber", c->order_number);
	check_field(node, "WebOrderNumber", c->web_order_number);
	check_field(node, "CommentId", c->id);
	check_field(node, "Comment", c->text);
	check_field(node, "CommentDate", c->date);
	check_field(node, "SendMail", c->send_mail ? "true" : "false");
	check_field(node, "VisibleForCustomer", c->visible ? "true" : "false");
}

static size_t write_envelope(const struct document *d, struct buf *envelope)
{
	size_t count = document_count(d);
	auto_free const struct comment **comments = xcalloc(count, sizeof(void *));
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++) {
		comments[i] = document_comment(d, i);
		bytes += envelope_comment_bytes(comments[i]);
	}
	envelope_write(envelope, "a<key>", "WEB&1", comments, count);
	return bytes;
}

static void check_envelope(const struct document *d)
{
	auto_buf struct buf probe = {.max_bytes = ROOM};
	auto_buf struct buf envelope = {.max_bytes = ROOM};

	envelope_write(&probe, "a<key>", "WEB&1", NULL, 0);
	size_t bytes = write_envelope(d, &envelope);
	assert(buf_finish(&envelope) == 0 && envelope.len == probe.len + bytes);

	auto_with(free_tree) xmlDocPtr tree = xmlReadMemory(
		buf_peek(&envelope), (int)envelope.len, NULL, NULL, XML_PARSE_NONET);
	assert(tree);
	const xmlNode *body = child(xmlDocGetRootElement(tree), "Body");
	const xmlNode *request = child(body, "setCommentsRequest");
	check_field(request, "Website_Code", "WEB&1");
	const xmlNode *at = request->children->next;
	for (size_t i = 0; i < document_count(d); i++, at = at->next)
		check_sent(at, document_comment(d, i));
	assert(!at);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	uint64_t chance = fuzz_chance(bytes, len);
	auto_reading struct reading strictly = {0};
	auto_reading struct reading leniently = {0};

	read_bytes(&strict, bytes, len, &strictly);
	check_reading(&strictly, &strict, len);
	read_bytes(&lenient, bytes, len, &leniently);
	check_reading(&leniently, &lenient, len);
	check_lenient(&strictly, &leniently);
	check_memory(&strictly, bytes, len);
	if (leniently.document) {
		check_cut(leniently.document, bytes, fuzz_draw(&chance, len));
		check_rest(leniently.document, &chance);
		check_envelope(leniently.document);
	}
	return 0;
}
