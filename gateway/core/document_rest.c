/* SPDX-License-Identifier: MIT
 *
 * libxml2's writer escapes what must be (carriage return as &#13;, so that it survives
 * being read again); the layout is ours, one element a line, for the admin who looks.
 */
#include "core/document.h"

#include <assert.h>
#include <libxml/xmlwriter.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "core/document_reader.h"
#include "core/document_store.h"

static void check(int written)
{
	if (written < 0)
		abort(); /* the values are valid, so only memory can be missing */
}

static int append(void *out, const char *bytes, int len)
{
	buf_add(out, bytes, (size_t)len);
	return len;
}

static void free_writer(xmlTextWriterPtr *writer)
{
	xmlFreeTextWriter(*writer);
}

static void start(xmlTextWriterPtr w, const char *name)
{
	check(xmlTextWriterStartElement(w, (const xmlChar *)name));
}

static void end(xmlTextWriterPtr w)
{
	check(xmlTextWriterEndElement(w));
}

static void write_text(xmlTextWriterPtr w, const char *name, const char *text)
{
	start(w, name);
	check(xmlTextWriterWriteString(w, (const xmlChar *)text));
	end(w);
}

static const char *word(bool yes)
{
	return yes ? "true" : "false";
}

static void declare(xmlTextWriterPtr w)
{
	check(xmlTextWriterWriteAttribute(
		w, (const xmlChar *)"xmlns:open", (const xmlChar *)NAMESPACE_OPEN));
	check(xmlTextWriterWriteAttribute(
		w, (const xmlChar *)"xmlns:xsd", (const xmlChar *)NAMESPACE_FIELDS));
}

static void write_fields(xmlTextWriterPtr w, const struct comment *c)
{
	write_text(w, "xsd:OrderNumber", c->order_number);
	write_text(w, "xsd:WebOrderNumber", c->web_order_number);
	write_text(w, "xsd:CommentId", c->id);
	write_text(w, "xsd:Comment", c->text);
	write_text(w, "xsd:CommentDate", c->date);
	write_text(w, "xsd:SendMail", word(c->send_mail));
	write_text(w, "xsd:VisibleForCustomer", word(c->visible));
}

static void write_list(xmlTextWriterPtr w, const struct document *d, const bool *chosen)
{
	bool is_request = d->kind == DOCUMENT_REQUEST;
	start(w, is_request ? "open:setCommentsRequest" : "open:Comments");
	declare(w);
	if (is_request)
		write_text(w, "open:Website_Code", d->website_code);
	for (size_t i = 0; i < d->count; i++) {
		if (!chosen[i])
			continue;
		start(w, "open:Comment");
		write_fields(w, &d->comments[i]);
		end(w);
	}
	end(w);
}

static void write_lone(xmlTextWriterPtr w, const struct document *d, const bool *chosen)
{
	assert(d->count == 1 && chosen[0]);
	start(w, "open:Comment");
	declare(w);
	write_fields(w, &d->comments[0]);
	end(w);
}

void document_write_rest(
	const struct document *document, const bool *chosen, struct buf *out)
{
	xmlOutputBufferPtr sink = xmlOutputBufferCreateIO(append, NULL, out, NULL);
	xmlTextWriterPtr w auto_with(free_writer) = sink ? xmlNewTextWriter(sink) : NULL;
	if (!w)
		abort();
	check(xmlTextWriterSetIndent(w, 1));
	check(xmlTextWriterSetIndentString(w, (const xmlChar *)"  "));
	check(xmlTextWriterStartDocument(w, "1.0", "UTF-8", NULL));
	if (document->kind == DOCUMENT_COMMENT)
		write_lone(w, document, chosen);
	else
		write_list(w, document, chosen);
	check(xmlTextWriterEndDocument(w));
}
