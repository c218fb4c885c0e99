/* SPDX-License-Identifier: MIT
 *
 * The first line of an input says what came and what was asked, all else is the body:
 *
 *	200 WEB-1 WEB-2		answered with this status; the orders asked, or none
 *	cut WEB-1		sent, then no whole answer; or "unsent"
 *
 * Results are believed only if they pair one by one with what was asked, and whatever is
 * said about a reply can be shown to people.
 */
#include "core/response.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "core/soap_read.h"
#include "fuzz.h"

enum { MAX_ORDERS = 40, LINE_BYTES = 1000 };

#define auto_response auto_with(response_done)

struct asked {
	char line[LINE_BYTES + 1];
	const char *orders[MAX_ORDERS];
	size_t count;
};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static enum reply_end end_of(const char *word)
{
	if (!strcmp(word, "cut"))
		return REPLY_CUT;
	return strcmp(word, "unsent") != 0 ? REPLY_ANSWERED : REPLY_NOT_SENT;
}

/* The first line in words. */
static const char *split(struct asked *asked, const char *line, size_t len)
{
	memcpy(asked->line, line, len < LINE_BYTES ? len : LINE_BYTES);
	char *rest = asked->line;
	const char *first = strsep(&rest, " ");
	while (rest && asked->count < MAX_ORDERS)
		asked->orders[asked->count++] = strsep(&rest, " ");
	return first;
}

static void check_words(const char *words)
{
	assert(*words);
	assert(fuzz_is_clean(words, strlen(words), RESPONSE_WORDS_CHARS));
}

static void check_verdict(const struct verdict_of_shop *v)
{
	static const char classes[] = {
		[RESULT_STORED] = '1', [RESULT_KNOWN] = '2', [RESULT_REJECTED] = '3'};

	assert(v->result <= RESULT_REJECTED);
	if (*v->code)
		assert(strlen(v->code) == 4 && *v->code == classes[v->result]);
	else
		assert(v->result == RESULT_REJECTED && !v->message);
	if (v->message)
		check_words(v->message);
}

/* Equal but for what shops strip. */
static bool is_key_of(const char *key, const char *order)
{
	for (;; key++, order++) {
		while ((*key > 0 && *key < 0x20) || *key == 0x7F)
			key++;
		while ((*order > 0 && *order < 0x20) || *order == 0x7F)
			order++;
		if (*key != *order)
			return false;
		if (!*key)
			return true;
	}
}

static size_t count_results(const struct soap_answer *soap, const char *order)
{
	size_t count = 0;
	for (size_t i = 0; i < soap->kept; i++)
		count += is_key_of(soap->results[i].key, order);
	return count;
}

/* Each order asked has as many verdicts with a code as the answer has results for it. */
static void check_pairs(const struct response *r, const struct soap_answer *soap,
	const struct asked *asked)
{
	size_t told = 0;
	for (size_t i = 0; i < asked->count; i++) {
		size_t with_code = 0;
		size_t all = 0;
		for (size_t j = 0; j < asked->count; j++) {
			if (!is_key_of(asked->orders[j], asked->orders[i]))
				continue;
			all++;
			with_code += *r->results[j].code != '\0';
		}
		assert(with_code == 0 || with_code == all);
		if (asked->count > 1)
			assert(with_code == count_results(soap, asked->orders[i]));
		told += *r->results[i].code != '\0';
	}
	assert(told == soap->count);
}

static void check_results(const struct response *r, const struct reply *reply,
	const struct soap_answer *soap, const struct asked *asked)
{
	assert(reply->end == REPLY_ANSWERED && reply->status == 200);
	assert(soap->form == SOAP_RESULTS && r->blame == BLAME_NONE && !r->unpaired);
	if (!asked->count)
		return;
	assert(r->count == asked->count && r->results && !soap->foreign);
	for (size_t i = 0; i < r->count; i++)
		check_verdict(&r->results[i]);
	check_pairs(r, soap, asked);
}

static void check_response(const struct response *r, const struct reply *reply,
	const struct soap_answer *soap, const struct asked *asked)
{
	assert(r->answer <= ANSWER_UNKNOWN && r->blame <= BLAME_WEBSITE);
	assert(r->retry_after >= -1 && r->retry_after <= MSEC_HOUR);
	assert(!r->unpaired || r->answer == ANSWER_UNKNOWN);
	assert(r->blame == BLAME_NONE || r->answer == ANSWER_REFUSED);
	check_words(r->words);
	if (r->answer == ANSWER_RESULTS)
		check_results(r, reply, soap, asked);
	else
		assert(!r->results && !r->count);
	if (reply->end == REPLY_CUT)
		assert(r->answer == ANSWER_UNKNOWN);
	if (reply->end == REPLY_NOT_SENT)
		assert(r->answer == ANSWER_NOTHING);
	if (reply->end == REPLY_ANSWERED && soap->form == SOAP_FAULT)
		assert(r->answer == ANSWER_REFUSED || r->answer == ANSWER_NOTHING);
}

static void check_soap(const struct soap_answer *soap, size_t max_results)
{
	assert(soap->form <= SOAP_RESULTS);
	assert(soap->kept <= max_results && soap->kept <= soap->count);
	assert((soap->form == SOAP_FAULT) == (soap->fault_code != NULL));
	assert((soap->form == SOAP_FAULT) == (soap->fault_text != NULL));
	assert(soap->form == SOAP_RESULTS || !soap->count);
	for (size_t i = 0; i < soap->kept; i++)
		assert(soap->results[i].key && soap->results[i].message);
}

static void check_same(const struct response *a, const struct response *b)
{
	assert(a->answer == b->answer && a->blame == b->blame);
	assert(a->unpaired == b->unpaired && a->count == b->count);
	assert(fuzz_is_same(a->words, b->words));
	for (size_t i = 0; i < a->count; i++) {
		assert(a->results[i].result == b->results[i].result);
		assert(!strcmp(a->results[i].code, b->results[i].code));
		assert(fuzz_is_same(a->results[i].message, b->results[i].message));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *at = (const char *)bytes;
	const char *end = at + len;
	size_t line_len = 0;
	const char *line = fuzz_line(&at, end, &line_len);
	struct asked asked = {.count = 0};
	const char *first = split(&asked, line ? line : "", line_len);
	const struct reply reply = {
		.end = end_of(first),
		.status = (int)strtol(first, NULL, 10),
		.body = at,
		.body_len = (size_t)(end - at),
		.retry_after = (msec_t)line_len * MSEC_MINUTE - 1,
	};
	auto_with(soap_done) struct soap_answer soap = {0};
	auto_response struct response once = {0};
	auto_response struct response twice = {0};

	soap_read(reply.body, reply.body_len, asked.count, &soap);
	check_soap(&soap, asked.count);
	response_read(&reply, asked.orders, asked.count, &once);
	check_response(&once, &reply, &soap, &asked);
	response_read(&reply, asked.orders, asked.count, &twice);
	check_same(&once, &twice);
	return 0;
}
