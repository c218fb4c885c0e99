#ifndef GATEWAY_CORE_DOCUMENT_STORE_H
#define GATEWAY_CORE_DOCUMENT_STORE_H
/* SPDX-License-Identifier: MIT
 *
 * document_store - a document that is valid, as it is kept
 */
#include <stddef.h>

#include "core/document.h"

struct document {
	enum document_kind kind;
	char *store; /* all texts */
	size_t store_bytes;
	const char *website_code; /* "" unless it is a request */
	size_t count;
	struct comment comments[];
};

#endif
