/* SPDX-License-Identifier: MIT
 *
 * The frame never changes, so it is text; every value goes through libxml2's escaper.
 * Its xmlTextWriter would give the same bytes at more than twice the time.
 */
#include "core/envelope.h"

#include <libxml/entities.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"

static const char before_key[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\""
	" xmlns:open=\"http://www.opensi.fr\" xmlns:xsd=\"http://www.opensi.fr/xsd\">"
	"<soapenv:Header><open:Header><open:key>";
static const char after_key[] =
	"</open:key></open:Header></soapenv:Header><soapenv:Body>";
static const char before_website_code[] = "<open:setCommentsRequest><open:Website_Code>";
static const char before_comments[] = "</open:Website_Code>";
static const char after_comments[] = "</open:setCommentsRequest>";
static const char version_request[] = "<open:getVersionRequest/>";
static const char after_body[] = "</soapenv:Body></soapenv:Envelope>";

static const char before_fields[] = "<open:Comment>";
static const char after_fields[] = "</open:Comment>";

enum { FIELD_COUNT = 7 };

struct tags {
	const char *before;
	const char *after;
};

#define TAGS(name)                                                                       \
	{                                                                                \
		"<xsd:" name ">", "</xsd:" name ">"                                      \
	}

/* The order is the shop's sequence; field_values() must keep it. */
static const struct tags field_tags[FIELD_COUNT] = {
	TAGS("OrderNumber"),
	TAGS("WebOrderNumber"),
	TAGS("CommentId"),
	TAGS("Comment"),
	TAGS("CommentDate"),
	TAGS("SendMail"),
	TAGS("VisibleForCustomer"),
};

static void field_values(const struct comment *c, const char *values[FIELD_COUNT])
{
	values[0] = c->order_number;
	values[1] = c->web_order_number;
	values[2] = c->id;
	values[3] = c->text;
	values[4] = c->date;
	values[5] = c->send_mail ? "true" : "false";
	values[6] = c->visible ? "true" : "false";
}

/* What xmlEncodeSpecialChars() will make of it; the tests hold the two together. */
static size_t escaped_len(const char *text)
{
	static const unsigned char growth[256] = {
		['<'] = sizeof("&lt;") - 2,
		['>'] = sizeof("&gt;") - 2,
		['&'] = sizeof("&amp;") - 2,
		['"'] = sizeof("&quot;") - 2,
		['\r'] = sizeof("&#13;") - 2,
	};
	size_t len = 0;

	for (; *text; text++)
		len += 1U + growth[(unsigned char)*text];
	return len;
}

static void free_xml(xmlChar **text)
{
	xmlFree(*text);
}

static void add_escaped(struct buf *out, const char *text)
{
	auto_with(free_xml) xmlChar *escaped =
		xmlEncodeSpecialChars(NULL, (const xmlChar *)text);

	if (!escaped)
		abort();
	buf_add_text(out, (const char *)escaped);
}

static void add_comment(struct buf *out, const struct comment *comment)
{
	const char *values[FIELD_COUNT];

	field_values(comment, values);
	buf_add_text(out, before_fields);
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		buf_add_text(out, field_tags[i].before);
		add_escaped(out, values[i]);
		buf_add_text(out, field_tags[i].after);
	}
	buf_add_text(out, after_fields);
}

size_t envelope_comment_bytes(const struct comment *comment)
{
	const char *values[FIELD_COUNT];
	size_t bytes = strlen(before_fields) + strlen(after_fields);

	field_values(comment, values);
	for (size_t i = 0; i < FIELD_COUNT; i++)
		bytes += strlen(field_tags[i].before) + escaped_len(values[i]) +
			 strlen(field_tags[i].after);
	return bytes;
}

static void add_header(struct buf *out, const char *key)
{
	buf_add_text(out, before_key);
	add_escaped(out, key);
	buf_add_text(out, after_key);
}

void envelope_write(struct buf *out, const char *key, const char *website_code,
	const struct comment *const *comments, size_t count)
{
	add_header(out, key);
	buf_add_text(out, before_website_code);
	add_escaped(out, website_code);
	buf_add_text(out, before_comments);
	for (size_t i = 0; i < count; i++)
		add_comment(out, comments[i]);
	buf_add_text(out, after_comments);
	buf_add_text(out, after_body);
}

void envelope_write_version(struct buf *out, const char *key)
{
	add_header(out, key);
	buf_add_text(out, version_request);
	buf_add_text(out, after_body);
}
