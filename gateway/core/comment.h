#ifndef GATEWAY_CORE_COMMENT_H
#define GATEWAY_CORE_COMMENT_H
/* SPDX-License-Identifier: MIT
 *
 * comment - one order comment: the unit that is sent and settled
 *
 * Source: the article on web service SWO-G040 (seven fields, all mandatory).
 * All texts are UTF-8 and already validated. Ownership: borrowed from the document.
 */
#include <stdbool.h>

struct comment {
	const char *order_number;     /* 1..11 characters: the number in OpenSi */
	const char *web_order_number; /* 1..20 characters: the number at the shop */
	const char *id;               /* CommentId, 1..11 characters */
	const char *text;             /* not blank */
	const char *date;             /* xs:date as written, without white space around */
	bool send_mail;
	bool visible;
	unsigned line; /* where it stands in its file, from 1 */
};

#endif
