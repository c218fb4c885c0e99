#ifndef GATEWAY_CORE_DOCUMENT_FEED_H
#define GATEWAY_CORE_DOCUMENT_FEED_H
/* SPDX-License-Identifier: MIT
 *
 * document_feed - what the schema's validator is asked, and its complaints
 */
#include <libxml/xmlerror.h>
#include <stddef.h>

struct reader;

/* For the schema's validation context. */
void feed_take_complaint(void *reader, xmlErrorPtr error);

void feed_start(struct reader *r, const char *name, const char *space);
/* The text of the field that is open, whole. */
void feed_text(struct reader *r, const char *value, size_t len);
void feed_end(struct reader *r, const char *name, const char *space);

/* For what is certain to be said by us, in better words, when the element ends. */
void feed_drop_complaint(struct reader *r);

/* A complaint that no fault of ours explains is handed on in the schema's own words. The
 * validator is dismissed when more words would not be kept: its answer is known. */
void feed_settle(struct reader *r, const char *element, unsigned line);

#endif
