/* SPDX-License-Identifier: MIT */
#include "sink_shop.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

#define ANSWER_HEAD                                                                      \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                   \
	"<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/"           \
	"envelope/\" xmlns:ns1=\"http://www.opensi.fr/xsd\" "                            \
	"xmlns:ns2=\"http://www.opensi.fr\"><SOAP-ENV:Body><ns2:setCommentsResponse>"
#define RESULT_KEY "<ns2:return><ns1:Key>"
#define RESULT_CODE "</ns1:Key><ns1:Code>"
#define RESULT_END "</ns1:Code><ns1:Message/></ns2:return>"
#define ANSWER_TAIL "</ns2:setCommentsResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>\n"

void shop_done(struct sink_shop *shop)
{
	free(shop->arrivals);
	*shop = (struct sink_shop){0};
}

/* The value of the next field whose tag ends so, and the place behind its end tag. */
static const char *next_value(const char *at, const char *tag, const char **end)
{
	const char *value = strstr(at, tag);
	if (!value)
		return NULL;
	value += strlen(tag);
	*end = strchr(value, '<');
	return *end ? value : NULL;
}

static void note_arrival(struct sink_shop *shop, const char *id, uint64_t first_ns)
{
	shop->arrivals = xgrow(
		shop->arrivals, &shop->room, shop->count + 1, sizeof(*shop->arrivals));
	shop->arrivals[shop->count++] = (struct arrival){
		.comment = strtoull(id, NULL, 10),
		.first_ns = first_ns,
	};
}

static void add_result(
	struct buf *answer, const char *key, size_t key_len, const char *code)
{
	buf_add_text(answer, RESULT_KEY);
	buf_add(answer, key, key_len);
	buf_add_text(answer, RESULT_CODE);
	buf_add_text(answer, code);
	buf_add_text(answer, RESULT_END);
}

static size_t take_comments(
	struct sink_shop *shop, const char *body, uint64_t first_ns, struct buf *answer)
{
	size_t comments = 0;
	const char *end = body, *key = NULL;
	while ((key = next_value(end, ":WebOrderNumber>", &end))) {
		add_result(answer, key, (size_t)(end - key), "1002");
		const char *id = next_value(end + 1, ":CommentId>", &end);
		if (!id)
			break;
		note_arrival(shop, id, first_ns);
		comments++;
	}
	return comments;
}

size_t shop_take(
	struct sink_shop *shop, const char *body, uint64_t first_ns, struct buf *answer)
{
	if (!shop->requests++)
		shop->first_ns = first_ns;
	buf_add_text(answer, ANSWER_HEAD);
	size_t comments = take_comments(shop, body, first_ns, answer);
	if (!comments)
		add_result(answer, "", 0, "3002");
	buf_add_text(answer, ANSWER_TAIL);
	return comments;
}

void shop_answered(struct sink_shop *shop, size_t comments, uint64_t now_ns)
{
	shop->answered += comments;
	shop->last_ns = now_ns;
}

void shop_add_figures(const struct sink_shop *shop, uint64_t busy_ns, struct buf *text)
{
	buf_add_format(text,
		"{\"requests\": %" PRIu64 ", \"comments\": %" PRIu64
		", \"first_ns\": %" PRIu64 ", \"last_ns\": %" PRIu64
		", \"busy_ns\": %" PRIu64 "}\n",
		shop->requests, shop->answered, shop->first_ns, shop->last_ns,
		shop->busy_ns + busy_ns);
}

void shop_add_arrivals(const struct sink_shop *shop, struct buf *text)
{
	for (size_t i = 0; i < shop->count; i++)
		buf_add_format(text, "%" PRIu64 " %" PRIu64 "\n",
			shop->arrivals[i].comment, shop->arrivals[i].first_ns);
}
