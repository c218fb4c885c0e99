#ifndef GATEWAY_TOOL_PROBLEMS_H
#define GATEWAY_TOOL_PROBLEMS_H
/* SPDX-License-Identifier: MIT
 *
 * problems - what is wrong with a document: for people in the words of a reason file, for
 * programs as objects
 */
#include <stdio.h>

#include "core/document.h"

struct writer;

/* One a line, after an indent of two. */
void problems_print(FILE *to, const struct problems *problems);
/* "problem_count":N,"problems":[{line, comment, order, field, value, rule}]; NULL: the
 * document was not read, so null and none of them. */
void problems_write(struct writer *w, const struct problems *problems);

#endif
