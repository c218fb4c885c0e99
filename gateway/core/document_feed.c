/* SPDX-License-Identifier: MIT
 *
 * What is in its place goes on to the schema's validator, a whole text at a time: fed
 * piecemeal, libxml2 joins the pieces in quadratic time. What is out of its place is a
 * fault for certain and is kept from it, for it would only fall silent for the rest of
 * the element.
 */
#include "core/document_feed.h"

#include <libxml/SAX2.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "core/document_reader.h"

enum { PATTERN_BYTES = 4096 };

static const xmlChar *xml(const char *text)
{
	return (const xmlChar *)text;
}

unsigned reader_line(const struct reader *r)
{
	return (unsigned)xmlSAX2GetLineNumber(r->parser);
}

struct fault reader_fault(const struct reader *r, enum say what)
{
	bool in_comment = r->level == LEVEL_COMMENT ||
			  (r->level == LEVEL_FIELD && r->field != FIELD_WEBSITE_CODE);
	return (struct fault){
		.say = what,
		.line = reader_line(r),
		.comment = in_comment ? (unsigned)r->draft_count + 1 : 0,
	};
}

void reader_add(struct reader *r, const struct fault *fault)
{
	r->judging = true;
	problems_add(r->problems, fault);
}

void feed_take_complaint(void *reader, xmlErrorPtr error)
{
	struct reader *r = reader;
	if (error->code == XML_ERR_NO_MEMORY)
		abort();
	r->judging = true;
	if (!r->complaint)
		r->complaint = words_of_libxml2(error->message);
}

void feed_start(struct reader *r, const char *name, const char *space)
{
	r->fed[r->level] = r->validator != NULL;
	if (r->validator)
		r->validator->startElementNs(r->validator_state, xml(name), NULL,
			xml(space), 0, NULL, 0, 0, NULL);
}

void feed_end(struct reader *r, const char *name, const char *space)
{
	if (r->validator && r->fed[r->level])
		r->validator->endElementNs(
			r->validator_state, xml(name), NULL, xml(space));
}

/* libxml2's patterns keep a note of each character that they may have to come back to,
 * which for a value of megabytes is a heap of notes. Nothing of that length is sound but
 * a text, or a word amidst white space; and what makes a text blank or not stands behind
 * the white space it begins with. So the validator judges the same by less. */
void feed_text(struct reader *r, const char *value, size_t len)
{
	if (r->field == FIELD_TEXT) {
		size_t white = rules_white_before(value, len);
		if (white > PATTERN_BYTES) {
			value += white;
			len -= white;
		}
	} else if (len > PATTERN_BYTES) {
		bool may_be_padded = r->field == FIELD_DATE ||
				     r->field == FIELD_SEND_MAIL ||
				     r->field == FIELD_VISIBLE;
		if (may_be_padded)
			value = rules_trim(value, &len);
		if (len > PATTERN_BYTES)
			len = 0;
	}
	if (r->validator && r->fed[r->level] && len)
		r->validator->characters(r->validator_state, xml(value), (int)len);
}

void feed_drop_complaint(struct reader *r)
{
	free(r->complaint);
	r->complaint = NULL;
}

void feed_settle(struct reader *r, const char *element, unsigned line)
{
	auto_free char *words = take_ptr(r->complaint);
	if (words && r->problems->count == r->known_faults) {
		struct fault fault = reader_fault(r, SAY_SCHEMA);
		fault.line = line;
		fault.field = element;
		fault.first = words;
		reader_add(r, &fault);
	}
	r->known_faults = r->problems->count;
	if (r->problems->count >= PROBLEMS_KEPT)
		r->validator = NULL;
}
