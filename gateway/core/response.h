#ifndef GATEWAY_CORE_RESPONSE_H
#define GATEWAY_CORE_RESPONSE_H
/* SPDX-License-Identifier: MIT
 *
 * response - what a shop's reply means for every comment that was asked
 *
 * Knows: both SOAP fault forms, setCommentsResponse, how results pair with comments, and
 * which kind of reply leaves which certainty behind. One table, in the .c file.
 * Must not know: curl, and what happens next (that is the schedule's).
 * Rules: prefixes are not looked at, namespaces are; nothing is validated by a schema;
 * neither a status nor a missing fault is success: only HTTP 200, well-formed, a
 * setCommentsResponse whose results pair: for each order asked as many as asked, or none.
 * Keys are compared without the bytes that shops strip (00..1F, 7F). One comment with one
 * result pairs whatever the Key. Codes are taken by their class; one result of no known
 * class ("4001", "", "abc"), or anything but results in the answer, and no result of it
 * is trusted: the outcome of the whole envelope is unknown. A fault that is not
 * well-formed is a fault; 407 (a proxy's), 408, 425 and 429 outweigh it.
 * Words: in English, with the HTTP status if there was one. They may quote the shop, but
 * not the secret, nor what a cut left of it.
 * Errors: none; every reply has a meaning. Bounded: see RESPONSE_MAX_BYTES.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/times.h"

enum {
	RESPONSE_MAX_BYTES = 8 * 1024 * 1024,
	RESPONSE_MAX_DEPTH = 64,
	RESPONSE_WORDS_CHARS = 500, /* of any text given back */
};

/* How an exchange ended, as the transport saw it. */
enum reply_end {
	REPLY_ANSWERED, /* status and body are there, whole */
	REPLY_NOT_SENT, /* the last byte of the request was never handed over */
	REPLY_CUT,      /* sent, then no whole answer: time-out, reset, too large, ... */
};

struct reply {
	enum reply_end end;
	int status;       /* HTTP, when REPLY_ANSWERED */
	const char *body; /* decompressed; borrowed */
	size_t body_len;
	msec_t retry_after;  /* as asked by the shop, in ms from the reply; -1: not asked
			      */
	const char *trouble; /* what the transport has to say, or NULL; borrowed */
	const char *secret;  /* what was sent and may be said back, or NULL; borrowed */
};

enum answer {
	ANSWER_RESULTS, /* sound: every comment has its result */
	ANSWER_REFUSED, /* the shop's own refusal: ask the probe whose fault it is */
	ANSWER_NOTHING, /* nothing was stored, for certain */
	ANSWER_UNKNOWN, /* may be stored, now or later */
};

enum result {
	RESULT_STORED,   /* 1xxx */
	RESULT_KNOWN,    /* 2xxx: the shop has a comment of this number */
	RESULT_REJECTED, /* 3xxx, or no result in a sound answer */
};

/* What a refusal blames, by its words. They may quote a comment: only of a request without
 * any is it certain that they speak of the configuration. */
enum blame {
	BLAME_NONE,    /* the shop broke, or does not say */
	BLAME_REQUEST, /* 4xx, Client/Sender, "SOAP-ERROR: Encoding", an empty 200 */
	BLAME_KEY,     /* the fault names the key: configuration */
	BLAME_WEBSITE, /* the fault names the website code: configuration */
};

struct verdict_of_shop {
	enum result result;
	char code[8];  /* "1002"; "" when the shop gave no result */
	char *message; /* the shop's words, clean and shortened, or NULL */
};

struct response {
	enum answer answer;
	enum blame blame;
	bool unpaired;      /* UNKNOWN: a whole answer whose results fit no comments */
	msec_t retry_after; /* -1: not asked; never more than an hour */
	char *words;        /* one clean line for people: fault text, status, trouble */
	struct verdict_of_shop
		*results; /* one for each comment asked, if ANSWER_RESULTS */
	size_t count;
};

/* orders: WebOrderNumber of each comment sent, in order. count 0: the probe was sent, and
 * any setCommentsResponse is ANSWER_RESULTS. */
void response_read(const struct reply *reply, const char *const *orders, size_t count,
	struct response *response);
void response_done(struct response *response);

#endif
