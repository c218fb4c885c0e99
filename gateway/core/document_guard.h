#ifndef GATEWAY_CORE_DOCUMENT_GUARD_H
#define GATEWAY_CORE_DOCUMENT_GUARD_H
/* SPDX-License-Identifier: MIT
 *
 * document_guard - what bytes tell before or besides their parsing
 */
#include <libxml/parser.h>
#include <stdbool.h>
#include <stddef.h>

/* HUGE only lifts libxml2's own limits, some of which a legal text exceeds; ours are the
 * size of the file, the depth and the number of attributes. Entities are not known at all
 * without a DOCTYPE, which is refused. */
enum { PARSE_OPTIONS = XML_PARSE_NONET | XML_PARSE_HUGE };

/* More attributes, or namespaces, in one tag than a parser can look through in good time,
 * again and again. */
bool guard_is_crowded(const char *bytes, size_t len);

/* The encoding that the first line names although the byte order mark says UTF-8; NULL
 * if they agree. To be freed by the caller. */
char *guard_contradicted_mark(const char *bytes, size_t len);

/* Nothing but white space and zero bytes. */
bool guard_is_blank(const char *bytes, size_t len);

/* True if what stands there may still become well-formed by what follows. */
bool guard_is_unfinished(const char *bytes, size_t len);

#endif
