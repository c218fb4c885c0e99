#ifndef GATEWAY_CORE_DOCUMENT_WORDS_H
#define GATEWAY_CORE_DOCUMENT_WORDS_H
/* SPDX-License-Identifier: MIT
 *
 * document_words - faults of a document in words
 */
#include <stddef.h>

#include "core/document.h"

enum say {
	SAY_EMPTY_FILE,
	SAY_BLANK_FILE,
	SAY_OVERSIZE,
	SAY_DOCTYPE,
	SAY_SOAP,
	SAY_ROOT,
	SAY_DEPTH,
	SAY_NAMES,
	SAY_CROWD,
	SAY_BYTE_ORDER_MARK,
	SAY_BROKEN_OFF,
	SAY_MALFORMED,
	SAY_WRONG_BYTES,
	SAY_UNKNOWN_ENCODING,
	SAY_UNKNOWN_ENTITY,
	SAY_BARE_AMPERSAND,
	SAY_BARE_LESS_THAN,
	SAY_TAGS_CROSSED,
	SAY_BAD_CHARACTER,
	SAY_LATE_DECLARATION,
	SAY_EXTRA_CONTENT,
	SAY_NOT_XML,
	SAY_NO_NAMESPACE,
	SAY_OTHER_NAMESPACE,
	SAY_UNKNOWN_PREFIX,
	SAY_UNKNOWN_ELEMENT,
	SAY_OTHER_CASE,
	SAY_MISSING,
	SAY_TWICE,
	SAY_WRONG_PLACE,
	SAY_ATTRIBUTE,
	SAY_SCHEMA_ATTRIBUTE,
	SAY_STRAY_TEXT,
	SAY_CHILD,
	SAY_INSTRUCTION,
	SAY_BLANK,
	SAY_TOO_LONG,
	SAY_SPACE_AROUND,
	SAY_CONTROL,
	SAY_NOT_A_DATE,
	SAY_NO_SUCH_DAY,
	SAY_NOT_A_BOOLEAN,
	SAY_OTHER_WEBSITE,
	SAY_SHOP_ID,
	SAY_SHOP_LENGTH,
	SAY_SHOP_TWICE,
	SAY_SCHEMA,
	SAY_COUNT,
};

/* A fault before it is put into words; everything is borrowed. */
struct fault {
	enum say say;
	unsigned line;
	unsigned comment;
	const char *field; /* or NULL */
	const char *value; /* or NULL */
	const char *first; /* stands for {1} */
	const char *second;
};

void problems_add(struct problems *p, const struct fault *fault);
/* What ended the reading: it is kept, if need be in place of another. */
void problems_conclude(struct problems *p, const struct fault *fault);

/* Writes the order number into what was kept from `first` on. */
void problems_name_order(struct problems *p, size_t first, const char *order);

/* libxml2's message as one clean line. */
char *words_of_libxml2(const char *message);

#endif
