#ifndef GATEWAY_TOOL_HISTORY_WORDS_H
#define GATEWAY_TOOL_HISTORY_WORDS_H
/* SPDX-License-Identifier: MIT
 *
 * history_words - the life of a file, line by line in words
 *
 * What happened to many comments at one moment in one way is one line: "comments 1-40:
 * delivered". Checkpoints say nothing new, so they are no lines.
 */

struct story;
struct writer;

void history_print(const struct story *story);
/* "history":[{time, event, ... words}]: the same lines, each with what it is made of. */
void history_write(struct writer *w, const struct story *story);

#endif
