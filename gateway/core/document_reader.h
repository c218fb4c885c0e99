#ifndef GATEWAY_CORE_DOCUMENT_READER_H
#define GATEWAY_CORE_DOCUMENT_READER_H
/* SPDX-License-Identifier: MIT
 *
 * document_reader - the parser's events become drafts of comments, or faults
 *
 * One reader for one reading. Three files serve it: document_reader.c knows which element
 * stands where, document_feed.c what of it the schema's validator is asked, and
 * document_errors.c what breaks well-formedness. document_numbers.c looks at the whole.
 * The innards are shown because these are one module in four files; document.c alone uses
 * it from outside.
 */
#include <libxml/parser.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "core/document.h"
#include "core/document_rules.h"
#include "core/document_words.h"

#define NAMESPACE_OPEN "http://www.opensi.fr"
#define NAMESPACE_FIELDS "http://www.opensi.fr/xsd"

/* A comment while the document is being read: offsets, because the store moves. */
struct draft {
	size_t texts[FIELD_DATE + 1];
	unsigned seen; /* a bit for each field */
	bool send_mail;
	bool visible;
	unsigned line;
	unsigned id_line;
};

/* Where the reader stands: what is open around the next event. */
enum level { LEVEL_DOCUMENT, LEVEL_LIST, LEVEL_COMMENT, LEVEL_FIELD };

struct reader {
	xmlParserCtxtPtr parser;
	const struct document_rules *rules;
	struct problems *problems;
	size_t len; /* of the file, in bytes */

	/* The schema's side. It is asked no more once enough problems are known. */
	xmlSAXHandlerPtr validator;
	void *validator_state;
	char *complaint; /* the first since the last one was dealt with, or NULL */
	bool judging;    /* the schema or the structure found fault: word all of it */

	/* The document so far. */
	enum document_kind kind;
	struct buf store; /* NUL-terminated values */
	struct draft *drafts;
	size_t draft_count, draft_room;
	size_t website_code;

	/* Where we are. */
	enum level level;
	unsigned depth;
	unsigned skip_depth; /* an element that is not ours, with all it holds; or 0 */
	bool has_website;
	struct draft draft;
	bool fed[LEVEL_FIELD + 1]; /* whether the validator knows what is open there */
	enum field field;
	unsigned field_line;
	size_t field_start;  /* in the store */
	size_t known_faults; /* problems when the innermost element began */
	size_t first_kept;   /* problem kept of this comment */
	bool stray_text;

	/* How it ended. */
	bool refused;
	bool malformed;
	bool is_undecodable;   /* the bytes are not of the encoding they are said to be */
	bool malformed_at_end; /* there is hardly anything behind the breach */
	enum say malformed_say;
	unsigned malformed_line;
	char *malformed_words;
};

/* len: of the file, in bytes */
void reader_init(struct reader *r, xmlParserCtxtPtr parser,
	const struct document_rules *rules, struct problems *problems, size_t len);
void reader_done(struct reader *r);

/* The handlers that make a parser talk to a reader. */
void reader_attach(struct reader *r);

/* After the last event: comments that share a number without being the same. */
void reader_finish(struct reader *r);

unsigned reader_line(const struct reader *r);

/* Faults inside a comment bear its number; those around it bear none. */
struct fault reader_fault(const struct reader *r, enum say what);
void reader_add(struct reader *r, const struct fault *fault);

#endif
