/* SPDX-License-Identifier: MIT
 *
 * Run from the top of the sources: it reads xsd/ and tests/fixtures/envelope/.
 */
#include "core/envelope.h"

#include <errno.h>
#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/cleanup.h"

#define FIXTURES "tests/fixtures/envelope/"
#define KEY "0123456789abcdef0123456789abcdef"
#define WEBSITE "R&D <1>"

enum { MAX_BYTES = 4 * 1024 * 1024, RANDOM_COMMENTS = 3000 };

static const struct comment article = {
	.order_number = "CC20050001",
	.web_order_number = "1",
	.id = "1",
	.text = "L'article demo_1_ws (couleur blanche) n'est malheureusement plus en "
		"stock, "
		"souhaitez-vous le remplacer par l'article demo_1-bs (couleur noire) ? "
		"En "
		"vous remerciant par avance de votre retour. Cordialement, le service "
		"client.",
	.date = "2020-05-01",
	.send_mail = true,
	.visible = true,
};

static const struct comment nasty[] = {
	{
		.order_number = "CC1",
		.web_order_number = "WEB-1",
		.id = "1",
		.text = "<b>Prix & délais</b> : \"5 < 7\", l'article ]]> &amp;",
		.date = "2026-11-23",
		.send_mail = true,
	},
	{
		.order_number = "CC2",
		.web_order_number = " 007 ",
		.id = "2147483647",
		.text = "a\r\nb\n\tc\r",
		.date = "2026-02-28",
		.visible = true,
	},
	{
		.order_number = "été&co",
		.web_order_number = "日本",
		.id = "-1",
		.text = "  €, 😀, e\u0301, \u00a0 et \uFFFD  ",
		.date = "2026-11-23+01:00",
	},
};

static const struct comment *const three[] = {&nasty[0], &nasty[1], &nasty[2]};

static void close_stream(FILE **stream)
{
	if (*stream)
		(void)fclose(*stream);
}

static void free_doc(xmlDocPtr *doc)
{
	xmlFreeDoc(*doc);
}

static void free_schema(xmlSchemaPtr *schema)
{
	xmlSchemaFree(*schema);
}

static void free_schema_parser(xmlSchemaParserCtxtPtr *parser)
{
	xmlSchemaFreeParserCtxt(*parser);
}

static void free_validator(xmlSchemaValidCtxtPtr *validator)
{
	xmlSchemaFreeValidCtxt(*validator);
}

static void read_fixture(const char *path, struct buf *b)
{
	auto_with(close_stream) FILE *stream = fopen(path, "rb");
	char chunk[4096];

	assert_non_null(stream);
	for (size_t n; (n = fread(chunk, 1, sizeof(chunk), stream)) > 0;)
		buf_add(b, chunk, n);
	assert_int_equal(buf_finish(b), 0);
}

static void assert_golden(const struct buf *written, const char *path)
{
	auto_buf struct buf golden = {.max_bytes = MAX_BYTES};

	read_fixture(path, &golden);
	assert_string_equal(buf_peek(written), buf_peek(&golden));
}

static void write_one(struct buf *out, const struct comment *comment)
{
	envelope_write(out, KEY, WEBSITE, &comment, 1);
}

static xmlDocPtr parse(const struct buf *b)
{
	xmlDocPtr doc = xmlReadMemory(b->bytes, (int)b->len, NULL, NULL, XML_PARSE_NONET);
	assert_non_null(doc);
	return doc;
}

/* 0 if an element and what is in it follows the schema. */
static int validate(const char *schema_path, xmlDocPtr doc, xmlNodePtr element)
{
	auto_with(free_schema_parser) xmlSchemaParserCtxtPtr parser =
		xmlSchemaNewParserCtxt(schema_path);
	auto_with(free_schema) xmlSchemaPtr schema = xmlSchemaParse(parser);
	auto_with(free_validator) xmlSchemaValidCtxtPtr validator =
		xmlSchemaNewValidCtxt(schema);

	assert_non_null(schema);
	return element ? xmlSchemaValidateOneElement(validator, element)
		       : xmlSchemaValidateDoc(validator, doc);
}

static void ignore_error(void *unused, xmlErrorPtr error)
{
	(void)unused;
	(void)error;
}

static xmlNodePtr find_element(xmlNodePtr from, const char *name)
{
	for (xmlNodePtr node = from; node; node = node->next) {
		if (node->type != XML_ELEMENT_NODE)
			continue;
		if (!strcmp((const char *)node->name, name))
			return node;
		xmlNodePtr inside = find_element(node->children, name);
		if (inside)
			return inside;
	}
	return NULL;
}

static void assert_field(xmlNodePtr comment, const char *name, const char *value)
{
	xmlNodePtr field = find_element(comment->children, name);

	assert_non_null(field);
	xmlChar *content = xmlNodeGetContent(field);
	assert_string_equal((const char *)content, value);
	xmlFree(content);
}

static void assert_follows_the_schemas(const struct buf *b)
{
	auto_with(free_doc) xmlDocPtr doc = parse(b);
	xmlNodePtr body = find_element(xmlDocGetRootElement(doc), "setCommentsRequest");

	assert_int_equal(validate("xsd/envelope.xsd", doc, NULL), 0);
	assert_int_equal(validate("xsd/service.xsd", doc, body), 0);
}

/* xorshift: the same texts in each run */
static uint32_t draw(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void draw_text(uint32_t *seed, uint32_t max_pieces, struct buf *b)
{
	static const char *const pieces[] = {"a", "é", "€", "😀", "<", ">", "&", "\"", "'",
		"\r", "\n", "\t", " ", "]]>", "&amp;", "&#13;", "0"};
	uint32_t count = 1 + draw(seed) % max_pieces;

	buf_clear(b);
	for (uint32_t i = 0; i < count; i++)
		buf_add_text(
			b, pieces[draw(seed) % (sizeof(pieces) / sizeof(pieces[0]))]);
}

static void assert_bytes_are_exact(const struct comment *comment)
{
	auto_buf struct buf without = {.max_bytes = MAX_BYTES};
	auto_buf struct buf with = {.max_bytes = MAX_BYTES};

	envelope_write(&without, KEY, WEBSITE, NULL, 0);
	write_one(&with, comment);
	assert_int_equal(with.len - without.len, envelope_comment_bytes(comment));
}

static void assert_arrives_unchanged(const struct comment *comment)
{
	auto_buf struct buf out = {.max_bytes = MAX_BYTES};

	write_one(&out, comment);
	auto_with(free_doc) xmlDocPtr doc = parse(&out);
	xmlNodePtr element = find_element(xmlDocGetRootElement(doc), "Comment");
	assert_non_null(element);
	assert_field(element, "OrderNumber", comment->order_number);
	assert_field(element, "WebOrderNumber", comment->web_order_number);
	assert_field(element, "CommentId", comment->id);
	assert_field(element, "Comment", comment->text);
	assert_field(element, "CommentDate", comment->date);
	assert_field(element, "SendMail", comment->send_mail ? "true" : "false");
	assert_field(element, "VisibleForCustomer", comment->visible ? "true" : "false");
}

static void for_random_comments(void (*check)(const struct comment *))
{
	uint32_t seed = 20200608;
	auto_buf struct buf order = {.max_bytes = MAX_BYTES};
	auto_buf struct buf web_order = {.max_bytes = MAX_BYTES};
	auto_buf struct buf text = {.max_bytes = MAX_BYTES};

	for (int i = 0; i < RANDOM_COMMENTS; i++) {
		draw_text(&seed, 11, &order);
		draw_text(&seed, 20, &web_order);
		draw_text(&seed, 300, &text);
		const struct comment comment = {
			.order_number = buf_peek(&order),
			.web_order_number = buf_peek(&web_order),
			.id = "42",
			.text = buf_peek(&text),
			.date = "2026-11-23",
			.send_mail = draw(&seed) & 1U,
			.visible = draw(&seed) & 1U,
		};
		check(&comment);
	}
}

static void the_article_is_written_byte_for_byte(void **state)
{
	const struct comment *comment = &article;
	auto_buf struct buf out = {.max_bytes = MAX_BYTES};

	(void)state;
	envelope_write(&out, "xxxxxxxxxxxxxxxxxxxxxxx", "xxx", &comment, 1);
	assert_golden(&out, FIXTURES "one-comment.xml");
}

static void a_probe_holds_key_and_website_code_alone(void **state)
{
	auto_buf struct buf out = {.max_bytes = MAX_BYTES};

	(void)state;
	envelope_write(&out, "xxxxxxxxxxxxxxxxxxxxxxx", "xxx", NULL, 0);
	assert_golden(&out, FIXTURES "probe.xml");
}

static void nasty_texts_are_written_byte_for_byte(void **state)
{
	auto_buf struct buf out = {.max_bytes = MAX_BYTES};

	(void)state;
	envelope_write(&out, KEY, WEBSITE, three, 3);
	assert_golden(&out, FIXTURES "three-comments.xml");
}

static void every_kind_of_envelope_follows_the_schemas(void **state)
{
	(void)state;
	for (size_t count = 0; count <= 3; count++) {
		auto_buf struct buf out = {.max_bytes = MAX_BYTES};
		envelope_write(&out, KEY, WEBSITE, three, count);
		assert_follows_the_schemas(&out);
	}
}

static void the_schemas_refuse_what_we_do_not_send(void **state)
{
	struct comment comment = article;
	auto_buf struct buf out = {.max_bytes = MAX_BYTES};

	(void)state;
	comment.id = "12abc";
	write_one(&out, &comment);
	auto_with(free_doc) xmlDocPtr doc = parse(&out);
	xmlSetStructuredErrorFunc(NULL, ignore_error);
	assert_int_not_equal(validate("xsd/envelope.xsd", doc, NULL), 0);
	xmlSetStructuredErrorFunc(NULL, NULL);
}

static void every_value_arrives_unchanged(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_arrives_unchanged(three[i]);
	for_random_comments(assert_arrives_unchanged);
}

static void the_bytes_of_a_comment_are_exact(void **state)
{
	(void)state;
	assert_bytes_are_exact(&article);
	for (size_t i = 0; i < 3; i++)
		assert_bytes_are_exact(three[i]);
	for_random_comments(assert_bytes_are_exact);
}

static void an_envelope_is_appended_to_what_there_is(void **state)
{
	auto_buf struct buf once = {.max_bytes = MAX_BYTES};
	auto_buf struct buf twice = {.max_bytes = MAX_BYTES};

	(void)state;
	write_one(&once, &article);
	write_one(&twice, &article);
	write_one(&twice, &article);
	assert_int_equal(twice.len, 2 * once.len);
	assert_memory_equal(twice.bytes + once.len, once.bytes, once.len);
}

static void a_cap_that_is_too_low_is_told(void **state)
{
	auto_buf struct buf out = {.max_bytes = 300};

	(void)state;
	write_one(&out, &article);
	assert_int_equal(buf_finish(&out), -EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_article_is_written_byte_for_byte),
		cmocka_unit_test(a_probe_holds_key_and_website_code_alone),
		cmocka_unit_test(nasty_texts_are_written_byte_for_byte),
		cmocka_unit_test(every_kind_of_envelope_follows_the_schemas),
		cmocka_unit_test(the_schemas_refuse_what_we_do_not_send),
		cmocka_unit_test(every_value_arrives_unchanged),
		cmocka_unit_test(the_bytes_of_a_comment_are_exact),
		cmocka_unit_test(an_envelope_is_appended_to_what_there_is),
		cmocka_unit_test(a_cap_that_is_too_low_is_told),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	xmlCleanupParser();
	return r;
}
