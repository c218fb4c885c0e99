#ifndef GATEWAY_CORE_DOCUMENT_RULES_H
#define GATEWAY_CORE_DOCUMENT_RULES_H
/* SPDX-License-Identifier: MIT
 *
 * document_rules - the values of fields: which are faulty, and in what way
 *
 * Knows: the rules of the schema once more, and the limits of shops. Values are UTF-8, as
 * a parser hands them out.
 */
#include <stdbool.h>
#include <stddef.h>

#include "core/document_words.h"

/* The elements that hold text: the seven of a comment in their order, and one more. */
enum field {
	FIELD_ORDER_NUMBER,
	FIELD_WEB_ORDER_NUMBER,
	FIELD_ID,
	FIELD_TEXT,
	FIELD_DATE,
	FIELD_SEND_MAIL,
	FIELD_VISIBLE,
	FIELD_WEBSITE_CODE,
	FIELD_COUNT,
	COMMENT_FIELDS = FIELD_WEBSITE_CODE,
};

extern const char *const field_names[FIELD_COUNT];

/* Every fault of a value by the rules that the schema has too. */
void rules_judge(enum field field, const char *value, const struct fault *place,
	struct problems *problems);

/* What shops get wrong without a word, for values that are sound by themselves. */
void rules_judge_for_shop(enum field field, const char *value, const struct fault *place,
	struct problems *problems);

/* xs:boolean; false if it is none. */
bool rules_read_boolean(const char *value, bool *yes);

/* Without the white space of XML at both ends: where it begins, and its length. */
const char *rules_trim(const char *value, size_t *len);

/* Bytes of white space, of all kinds, that a text begins with. */
size_t rules_white_before(const char *text, size_t len);

/* Whether there is nothing but XML's white space. */
bool rules_is_blank(const char *text, size_t len);

#endif
