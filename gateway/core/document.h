#ifndef GATEWAY_CORE_DOCUMENT_H
#define GATEWAY_CORE_DOCUMENT_H
/* SPDX-License-Identifier: MIT
 *
 * document - the bytes of a drop become validated comments, or a list of problems
 *
 * Knows: libxml2, the compiled schema of comment files, the rules of the article and,
 * if asked, the limits of OpenSi Connect shops (`shop_limits`).
 * Must not know: folders, clocks, SOAP.
 * Promises: all of a document is valid or none of it is used. Any DOCTYPE is refused
 * before anything in it is looked at; nothing is ever read from elsewhere. Problems are
 * complete: the schema decides, our own pass over the fields words every fault. Time and
 * memory are bound by the length of the drop, whatever it holds.
 * Errors: a bad document is a verdict, not an error. document_read() returns -errno only
 * for machine trouble; without memory it aborts.
 */
#include <stdbool.h>
#include <stddef.h>

#include "core/comment.h"

struct buf;
struct schema;
struct document;

enum verdict {
	VERDICT_VALID,
	VERDICT_BROKEN_OFF, /* malformed because it ends too early: may still be growing
			     */
	VERDICT_MALFORMED,  /* not XML, or an encoding that cannot be read */
	VERDICT_REFUSED,    /* DOCTYPE, a whole SOAP envelope, another document element,
			       absurd nesting or crowds of attributes */
	VERDICT_INVALID,    /* breaks the schema, or a limit of the shop */
	VERDICT_OVERSIZE,
};

/* "valid", "broken-off" ...: as records and programs have it. */
const char *verdict_name(enum verdict verdict);

enum document_kind { DOCUMENT_REQUEST, DOCUMENT_COMMENTS, DOCUMENT_COMMENT };

enum { PROBLEMS_KEPT = 50 };

/* One fault, in words for an admin. Texts are clean (one line, no controls), or NULL. */
struct problem {
	unsigned line;    /* 0: not to be told */
	unsigned comment; /* from 1; 0: the document as a whole */
	char *order;      /* WebOrderNumber of that comment, as far as it is known */
	char *field;      /* local name of the element */
	char *value;      /* what stands there, shortened */
	char *rule; /* what is wrong and how to mend it: goes on after FIELD "VALUE" */
};

struct problems {
	struct problem kept[PROBLEMS_KEPT];
	size_t kept_count;
	size_t count; /* with those beyond fifty */
};

void problems_done(struct problems *p);

struct document_rules {
	const char
		*website_code; /* a Website_Code in the file must equal it; NULL: any */
	bool shop_limits;
	size_t max_bytes;
};

/* What document_read() found. */
struct reading {
	enum verdict verdict;
	struct document *document; /* owned by the caller; only with VERDICT_VALID */
	struct problems problems;  /* none with VERDICT_VALID */
};

/* Reads and compiles an XSD. On failure returns -EINVAL (not a schema) or -errno, and
 * *why tells what libxml2 had to say; to be freed by the caller. */
int schema_open(const char *path, struct schema **schema, char **why);
void schema_free(struct schema *schema);

/* Gives all of *reading anew: what it held before is to be disposed of by then. */
int document_read(struct schema *schema, const struct document_rules *rules,
	const char *bytes, size_t len, struct reading *reading);
void reading_done(struct reading *reading); /* safe twice, and on one that is zeroed */
void document_free(struct document *document);

enum document_kind document_kind(const struct document *document);
size_t document_count(const struct document *document);
const struct comment *document_comment(const struct document *document, size_t index);
size_t document_memory(const struct document *document); /* bytes held, about */

/* A new valid file with the comments whose `chosen` is true, in order, under the same
 * document element (a request keeps its Website_Code; a lone comment must be chosen). */
void document_write_rest(
	const struct document *document, const bool *chosen, struct buf *out);

#endif
