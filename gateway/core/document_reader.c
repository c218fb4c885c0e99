/* SPDX-License-Identifier: MIT
 *
 * One pass, no tree: a tree costs many times the file, and its line numbers end at
 * 65,535. The parser's events come in here; each element is in its place, or a fault.
 *
 * The values are judged by our own rules from the first complaint on: before it, the
 * schema has found all of them good.
 */
#include "core/document_reader.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "base/words.h"
#include "core/document_errors.h"
#include "core/document_feed.h"

enum { MAX_DEPTH = 32, MAX_NAMES = 10000 };

#define FIELD_ORDER                                                                      \
	"OrderNumber, WebOrderNumber, CommentId, Comment, CommentDate, SendMail, "       \
	"VisibleForCustomer"

static const char *plain(const xmlChar *text)
{
	return (const char *)text;
}

static void add_element_fault(struct reader *r, enum say what, const char *element,
	const char *first, const char *second)
{
	struct fault fault = reader_fault(r, what);
	fault.field = element;
	fault.first = first;
	fault.second = second;
	reader_add(r, &fault);
}

/* A parser may go on with events of some kinds after an error or a stop. */
static bool is_over(const struct reader *r)
{
	return r->malformed || r->refused;
}

static void refuse(struct reader *r, const struct fault *fault)
{
	problems_conclude(r->problems, fault);
	r->refused = true;
	xmlStopParser(r->parser);
}

/* The parser keeps each name that it met, to find it again, and with many of them finding
 * takes long. */
static bool refuses_names(struct reader *r)
{
	if (xmlDictSize(r->parser->dict) <= MAX_NAMES)
		return false;
	struct fault fault = reader_fault(r, SAY_NAMES);
	fault.first = "10000";
	refuse(r, &fault);
	return true;
}

struct element {
	const char *name;
	const char *prefix;
	const char *space;
};

/* The name is right; says so if the namespace is not. Such an element is read on as if
 * it were right, so that one wrong xmlns does not hide all other faults. */
static void check_namespace(struct reader *r, const struct element *e, const char *needed)
{
	if (e->space && strcmp(e->space, needed) == 0)
		return;
	if (e->space)
		add_element_fault(r, SAY_OTHER_NAMESPACE, e->name, needed, e->space);
	else if (e->prefix)
		add_element_fault(r, SAY_UNKNOWN_PREFIX, e->name, needed, e->prefix);
	else
		add_element_fault(r, SAY_NO_NAMESPACE, e->name, needed, NULL);
}

static bool is_soap(const struct element *e)
{
	return strcmp(e->name, "Envelope") == 0 ||
	       (e->space &&
		       (strcmp(e->space, "http://schemas.xmlsoap.org/soap/envelope/") ==
				       0 ||
			       strcmp(e->space,
				       "http://www.w3.org/2003/05/soap-envelope") == 0));
}

static const struct {
	const char *name;
	enum document_kind kind;
} roots[] = {
	{"setCommentsRequest", DOCUMENT_REQUEST},
	{"Comments", DOCUMENT_COMMENTS},
	{"Comment", DOCUMENT_COMMENT},
};

static void begin_comment(struct reader *r)
{
	r->level = LEVEL_COMMENT;
	r->draft = (struct draft){.line = reader_line(r)};
	r->first_kept = r->problems->kept_count;
	feed_start(r, "Comment", NAMESPACE_OPEN);
}

static bool start_root(struct reader *r, const struct element *e)
{
	for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++) {
		if (strcmp(e->name, roots[i].name) != 0)
			continue;
		r->kind = roots[i].kind;
		if (r->kind == DOCUMENT_COMMENT) {
			begin_comment(r);
		} else {
			r->level = LEVEL_LIST;
			feed_start(r, e->name, NAMESPACE_OPEN);
		}
		check_namespace(r, e, NAMESPACE_OPEN);
		return true;
	}

	struct fault fault = reader_fault(r, is_soap(e) ? SAY_SOAP : SAY_ROOT);
	fault.field = e->name;
	fault.first = NAMESPACE_OPEN;
	if (fault.say == SAY_SOAP)
		fault.field = NULL;
	refuse(r, &fault);
	return false;
}

static void begin_field(struct reader *r, enum field field)
{
	r->level = LEVEL_FIELD;
	r->field = field;
	r->field_line = reader_line(r);
	r->field_start = r->store.len;
}

static bool start_website(struct reader *r, const struct element *e)
{
	check_namespace(r, e, NAMESPACE_OPEN);
	bool is_placed = !r->has_website && !r->draft_count;
	if (r->has_website)
		add_element_fault(r, SAY_TWICE, e->name, NULL, NULL);
	else if (r->draft_count)
		add_element_fault(
			r, SAY_WRONG_PLACE, e->name, "Website_Code, Comment, ...", NULL);
	r->has_website = true;
	begin_field(r, FIELD_WEBSITE_CODE);
	r->fed[LEVEL_FIELD] = false;
	if (is_placed)
		feed_start(r, e->name, NAMESPACE_OPEN);
	return true;
}

static bool start_in_list(struct reader *r, const struct element *e)
{
	bool is_request = r->kind == DOCUMENT_REQUEST;
	if (is_request && strcmp(e->name, "Website_Code") == 0)
		return start_website(r, e);
	if (strcmp(e->name, "Comment") == 0) {
		begin_comment(r);
		if (is_request && !r->has_website)
			feed_drop_complaint(r);
		check_namespace(r, e, NAMESPACE_OPEN);
		return true;
	}
	add_element_fault(r, SAY_UNKNOWN_ELEMENT, e->name,
		is_request ? _("Website_Code, then Comment") : "Comment", NULL);
	return false;
}

static bool start_unknown_field(struct reader *r, const struct element *e)
{
	for (size_t i = 0; i < COMMENT_FIELDS; i++) {
		if (strcasecmp(e->name, field_names[i]) != 0)
			continue;
		add_element_fault(r, SAY_OTHER_CASE, e->name, field_names[i], NULL);
		r->draft.seen |= 1U << i;
		return false;
	}
	add_element_fault(r, SAY_UNKNOWN_ELEMENT, e->name, FIELD_ORDER, NULL);
	return false;
}

static bool start_field(struct reader *r, const struct element *e)
{
	unsigned i = 0;
	while (i < COMMENT_FIELDS && strcmp(e->name, field_names[i]) != 0)
		i++;
	if (i == COMMENT_FIELDS)
		return start_unknown_field(r, e);

	check_namespace(r, e, NAMESPACE_FIELDS);
	unsigned bit = 1U << i;
	bool is_again = r->draft.seen & bit;
	bool is_late = r->draft.seen >= bit;
	bool is_early = (r->draft.seen & (bit - 1)) != bit - 1;
	if (is_again)
		add_element_fault(r, SAY_TWICE, e->name, NULL, NULL);
	else if (is_late)
		add_element_fault(r, SAY_WRONG_PLACE, e->name, FIELD_ORDER, NULL);
	r->draft.seen |= bit;
	begin_field(r, (enum field)i);
	r->fed[LEVEL_FIELD] = false;
	if (!is_again && !is_late)
		feed_start(r, e->name, NAMESPACE_FIELDS);
	if (is_early)
		feed_drop_complaint(r);
	return true;
}

static bool start_in_field(struct reader *r, const struct element *e)
{
	add_element_fault(r, SAY_CHILD, field_names[r->field], e->name, NULL);
	return false;
}

/* attributes: five pointers each, the local name and the prefix first */
static void check_attributes(
	struct reader *r, const char *element, int count, const xmlChar **attributes)
{
	for (; count; count--, attributes += 5) {
		const char *name = plain(attributes[0]);
		const char *prefix = plain(attributes[1]);
		bool is_hint = strcmp(name, "schemaLocation") == 0 ||
			       strcmp(name, "noNamespaceSchemaLocation") == 0;
		auto_buf struct buf full = {.max_bytes = SIZE_MAX / 2};
		if (prefix)
			buf_add_format(&full, "%s:", prefix);
		buf_add_text(&full, name);
		add_element_fault(r, is_hint ? SAY_SCHEMA_ATTRIBUTE : SAY_ATTRIBUTE,
			element, buf_peek(&full), NULL);
	}
}

static bool start_known(struct reader *r, const struct element *e)
{
	switch (r->level) {
	case LEVEL_DOCUMENT:
		return start_root(r, e);
	case LEVEL_LIST:
		return start_in_list(r, e);
	case LEVEL_COMMENT:
		return start_field(r, e);
	default:
		return start_in_field(r, e);
	}
}

/* The parameters are libxml2's. */
/* NOLINTNEXTLINE(readability-function-size) */
static void on_start(void *reader, const xmlChar *name, const xmlChar *prefix,
	const xmlChar *space, int nb_namespaces, const xmlChar **namespaces,
	int nb_attributes, int nb_defaulted, const xmlChar **attributes)
{
	(void)nb_namespaces;
	(void)namespaces;
	(void)nb_defaulted;
	struct reader *r = reader;
	if (errors_end_reading(r) || refuses_names(r))
		return;
	if (r->parser->input->cur >= r->parser->input->end) {
		errors_take_cut_tag(r, plain(name));
		return;
	}
	r->depth++;
	r->stray_text = false;
	if (r->depth > MAX_DEPTH) {
		struct fault fault = reader_fault(r, SAY_DEPTH);
		fault.first = "32";
		refuse(r, &fault);
		return;
	}
	if (r->skip_depth)
		return;

	struct element e = {plain(name), plain(prefix), plain(space)};
	if (!start_known(r, &e))
		r->skip_depth = r->depth;
	if (!r->refused)
		check_attributes(r, e.name, nb_attributes, attributes);
}

static void judge_value(struct reader *r, const char *value, size_t len)
{
	struct fault place = reader_fault(r, SAY_COUNT);
	place.line = r->field_line;
	place.field = field_names[r->field];
	place.value = value;
	size_t before = r->problems->count;

	feed_text(r, value, len);
	feed_end(r, field_names[r->field],
		r->field == FIELD_WEBSITE_CODE ? NAMESPACE_OPEN : NAMESPACE_FIELDS);
	if (r->judging)
		rules_judge(r->field, value, &place, r->problems);
	if (r->problems->count == before && r->rules->shop_limits)
		rules_judge_for_shop(r->field, value, &place, r->problems);
	if (r->field == FIELD_WEBSITE_CODE && r->rules->website_code &&
		strcmp(value, r->rules->website_code) != 0) {
		place.say = SAY_OTHER_WEBSITE;
		place.first = r->rules->website_code;
		reader_add(r, &place);
	}
}

/* What is not kept as text gives its room back. */
static void keep_value(struct reader *r, size_t len)
{
	char *value = r->store.bytes + r->field_start;
	switch (r->field) {
	case FIELD_SEND_MAIL:
		(void)rules_read_boolean(value, &r->draft.send_mail);
		r->store.len = r->field_start;
		break;
	case FIELD_VISIBLE:
		(void)rules_read_boolean(value, &r->draft.visible);
		r->store.len = r->field_start;
		break;
	case FIELD_WEBSITE_CODE:
		r->website_code = r->field_start;
		break;
	case FIELD_DATE:
		r->draft.texts[r->field] =
			(size_t)(rules_trim(value, &len) - r->store.bytes);
		r->store.bytes[r->draft.texts[r->field] + len] = '\0';
		break;
	default:
		r->draft.texts[r->field] = r->field_start;
	}
	if (r->field == FIELD_ID)
		r->draft.id_line = r->field_line;
}

static void end_field(struct reader *r)
{
	size_t len = r->store.len - r->field_start;
	buf_add_char(&r->store, '\0');
	assert(buf_finish(&r->store) == 0);
	const char *value = r->store.bytes + r->field_start;
	judge_value(r, value, len);
	feed_settle(r, field_names[r->field], r->field_line);
	keep_value(r, len);
	r->level = r->field == FIELD_WEBSITE_CODE ? LEVEL_LIST : LEVEL_COMMENT;
}

static void add_missing(struct reader *r, enum field field, unsigned line)
{
	struct fault fault = reader_fault(r, SAY_MISSING);
	fault.line = line;
	fault.field = field_names[field];
	reader_add(r, &fault);
}

static void end_comment(struct reader *r)
{
	for (unsigned i = 0; i < COMMENT_FIELDS; i++)
		if (!(r->draft.seen & 1U << i))
			add_missing(r, (enum field)i, r->draft.line);
	feed_end(r, "Comment", NAMESPACE_OPEN);
	feed_settle(r, "Comment", r->draft.line);
	if (r->draft.seen & 1U << FIELD_WEB_ORDER_NUMBER)
		problems_name_order(r->problems, r->first_kept,
			r->store.bytes + r->draft.texts[FIELD_WEB_ORDER_NUMBER]);

	r->drafts =
		xgrow(r->drafts, &r->draft_room, r->draft_count + 1, sizeof(*r->drafts));
	r->drafts[r->draft_count++] = r->draft;
	r->level = r->kind == DOCUMENT_COMMENT ? LEVEL_DOCUMENT : LEVEL_LIST;
}

static void end_list(struct reader *r, const char *name)
{
	if (r->kind == DOCUMENT_REQUEST && !r->has_website)
		add_missing(r, FIELD_WEBSITE_CODE, reader_line(r));
	feed_end(r, name, NAMESPACE_OPEN);
	feed_settle(r, name, reader_line(r));
	r->level = LEVEL_DOCUMENT;
}

static void on_end(
	void *reader, const xmlChar *name, const xmlChar *prefix, const xmlChar *space)
{
	(void)prefix;
	(void)space;
	struct reader *r = reader;
	if (is_over(r))
		return;
	unsigned depth = r->depth--;
	r->stray_text = false;
	if (r->skip_depth) {
		if (r->skip_depth == depth)
			r->skip_depth = 0;
		return;
	}
	if (r->level == LEVEL_FIELD)
		end_field(r);
	else if (r->level == LEVEL_COMMENT)
		end_comment(r);
	else
		end_list(r, plain(name));
}

/* The parser stands behind the text; its visible part begins further up. */
static unsigned line_of_text(const struct reader *r, const char *text, size_t len)
{
	unsigned line = reader_line(r);
	while (len && rules_is_blank(text, 1)) {
		text++;
		len--;
	}
	for (; len; len--, text++)
		line -= *text == '\n' && line > 1;
	return line;
}

static void on_text(void *reader, const xmlChar *bytes, int count)
{
	struct reader *r = reader;
	const char *text = plain(bytes);
	size_t len = (size_t)count;
	if (is_over(r) || r->skip_depth)
		return;
	if (r->level == LEVEL_FIELD) {
		buf_add(&r->store, text, len);
		return;
	}
	if (r->stray_text || rules_is_blank(text, len))
		return;
	r->stray_text = true;
	auto_free char *words = xstrndup(text, len);
	size_t words_len = 0;
	struct fault fault = reader_fault(r, SAY_STRAY_TEXT);
	fault.line = line_of_text(r, text, len);
	fault.value = rules_trim(words, &words_len);
	words[(size_t)(fault.value - words) + words_len] = '\0';
	reader_add(r, &fault);
}

static void on_instruction(void *reader, const xmlChar *target, const xmlChar *content)
{
	(void)content;
	struct reader *r = reader;
	if (errors_end_reading(r) || refuses_names(r))
		return;
	if (r->level == LEVEL_FIELD && !r->skip_depth)
		add_element_fault(
			r, SAY_INSTRUCTION, field_names[r->field], plain(target), NULL);
}

/* Comes when the DOCTYPE's name is read, before anything it declares. */
static void on_doctype(void *reader, const xmlChar *name, const xmlChar *public_id,
	const xmlChar *system_id)
{
	(void)public_id;
	(void)system_id;
	struct reader *r = reader;
	if (errors_end_reading(r))
		return;
	struct fault fault = reader_fault(r, SAY_DOCTYPE);
	fault.first = name ? plain(name) : "";
	refuse(r, &fault);
}

void reader_attach(struct reader *r)
{
	*r->parser->sax = (xmlSAXHandler){
		.initialized = XML_SAX2_MAGIC,
		.internalSubset = on_doctype,
		.getEntity = errors_take_entity,
		.startElementNs = on_start,
		.endElementNs = on_end,
		.characters = on_text,
		.cdataBlock = on_text,
		.ignorableWhitespace = on_text,
		.processingInstruction = on_instruction,
		.serror = errors_take,
	};
	r->parser->userData = r;
}

void reader_init(struct reader *r, xmlParserCtxtPtr parser,
	const struct document_rules *rules, struct problems *problems, size_t len)
{
	/* The store needs no cap of its own: what is decoded is bound by the file. */
	*r = (struct reader){
		.parser = parser, .rules = rules, .problems = problems, .len = len};
	buf_init(&r->store, SIZE_MAX / 2);
	buf_add_char(&r->store, '\0');
}

void reader_done(struct reader *r)
{
	buf_done(&r->store);
	free(r->drafts);
	free(r->complaint);
	free(r->malformed_words);
	*r = (struct reader){0};
}
