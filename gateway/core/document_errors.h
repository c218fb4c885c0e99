#ifndef GATEWAY_CORE_DOCUMENT_ERRORS_H
#define GATEWAY_CORE_DOCUMENT_ERRORS_H
/* SPDX-License-Identifier: MIT
 *
 * document_errors - what breaks well-formedness
 */
#include <libxml/parser.h>
#include <stdbool.h>

struct reader;

/* For the parser: notes the first breach of well-formedness; what follows it is noise. */
void errors_take(void *reader, xmlErrorPtr error);

/* For it likewise, as getEntity: without a DOCTYPE there are none, so each is a breach. */
xmlEntityPtr errors_take_entity(void *reader, const xmlChar *name);

/* For an event that brings a name: true, and the parsing ends, if the reading is over. */
bool errors_end_reading(struct reader *r);

/* The parser reports a tag before it misses its end: the name may be half a name. */
void errors_take_cut_tag(struct reader *r, const char *name);

/* libxml2's converters know no parser: their errors go to the global handlers, and would
 * come out on standard error. For the time of a reading, they go to its reader. */
struct error_scope {
	xmlStructuredErrorFunc handler;
	void *context;
	xmlGenericErrorFunc printer;
	void *stream;
};

void errors_begin(struct error_scope *scope, struct reader *r);
void errors_end(struct error_scope *scope);

#endif
