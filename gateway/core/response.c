/* SPDX-License-Identifier: MIT
 *
 * What a reply means is decided by the table `meanings` alone, from three things: how the
 * exchange ended, the HTTP status, and what the body is. The rest of this file finds out
 * what the body is, pairs results with comments, and finds words.
 */
#include "core/response.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "base/words.h"
#include "core/soap_read.h"

/* So much of a body is looked at to describe it: titles stand at the top. */
enum { HEAD_BYTES = 16 * 1024, TITLE_CHARS = 100, BEGINNING_CHARS = 80 };

/* From so many bytes on, the beginning of a secret is one. */
enum { SECRET_TELLS = 4 };

enum form {
	FORM_NOT_SENT = 1 << 0,
	FORM_CUT = 1 << 1,
	FORM_RESULTS = 1 << 2,       /* a setCommentsResponse whose results pair */
	FORM_UNSOUND = 1 << 3,       /* one whose results do not */
	FORM_KEY_FAULT = 1 << 4,     /* a fault that names the key */
	FORM_WEBSITE_FAULT = 1 << 5, /* one that names the website code */
	FORM_REQUEST_FAULT = 1 << 6, /* one that names the request */
	FORM_FAULT = 1 << 7,         /* any other fault */
	FORM_EMPTY = 1 << 8,
	FORM_OTHER = 1 << 9, /* a web page, broken XML, anything */
	FORM_ANY = (1 << 10) - 1,
};

#define STATUS_ANY INT_MIN, INT_MAX
#define STATUS_ONLY(status) (status), (status)
#define STATUS_CLASS(digit) 100 * (digit), 100 * (digit) + 99

struct meaning {
	int status_from, status_to;
	unsigned forms;
	enum answer answer;
	enum blame blame;
	const char *remark; /* for people, or NULL */
};

/* The first row that fits. After a fault the shop has ended its work, whatever it stored;
 * a cache in front of it answers 5xx while it still goes on. */
/* clang-format off */
static const struct meaning meanings[] = {
	{STATUS_ANY,       FORM_NOT_SENT,      ANSWER_NOTHING, BLAME_NONE, NULL},
	{STATUS_ANY,       FORM_CUT,           ANSWER_UNKNOWN, BLAME_NONE, NULL},
	{STATUS_ONLY(200), FORM_RESULTS,       ANSWER_RESULTS, BLAME_NONE, NULL},
	{STATUS_ANY,       FORM_RESULTS,       ANSWER_UNKNOWN, BLAME_NONE,
		N_("results count only with HTTP 200")},
	{STATUS_ANY,       FORM_UNSOUND,       ANSWER_UNKNOWN, BLAME_NONE, NULL},
	{STATUS_ONLY(407), FORM_ANY,           ANSWER_NOTHING, BLAME_NONE,
		N_("the proxy wants to know who asks")},
	{STATUS_ONLY(408), FORM_ANY,           ANSWER_NOTHING, BLAME_NONE, NULL},
	{STATUS_ONLY(425), FORM_ANY,           ANSWER_NOTHING, BLAME_NONE, NULL},
	{STATUS_ONLY(429), FORM_ANY,           ANSWER_NOTHING, BLAME_NONE, NULL},
	{STATUS_ANY,       FORM_KEY_FAULT,     ANSWER_REFUSED, BLAME_KEY, NULL},
	{STATUS_ANY,       FORM_WEBSITE_FAULT, ANSWER_REFUSED, BLAME_WEBSITE, NULL},
	{STATUS_ANY,       FORM_REQUEST_FAULT, ANSWER_REFUSED, BLAME_REQUEST, NULL},
	{STATUS_CLASS(4),  FORM_ANY,           ANSWER_REFUSED, BLAME_REQUEST, NULL},
	{STATUS_ANY,       FORM_FAULT,         ANSWER_REFUSED, BLAME_NONE, NULL},
	{STATUS_CLASS(3),  FORM_ANY,           ANSWER_REFUSED, BLAME_NONE,
		N_("a redirect, which was not followed: correct the url")},
	{STATUS_ONLY(500), FORM_ANY,           ANSWER_REFUSED, BLAME_NONE, NULL},
	{STATUS_ONLY(200), FORM_EMPTY,         ANSWER_REFUSED, BLAME_REQUEST,
		N_("perhaps the request was too large for the shop")},
	{STATUS_ANY,       FORM_ANY,           ANSWER_UNKNOWN, BLAME_NONE, NULL},
};
/* clang-format on */

static const struct meaning *find_meaning(int status, enum form form)
{
	const struct meaning *m = meanings;

	while (status < m->status_from || status > m->status_to ||
		!(m->forms & (unsigned)form))
		m++;
	return m;
}

/* What came. */
struct sight {
	enum form form;
	struct soap_answer soap;
	const char *unsound; /* why results do not pair */
	struct verdict_of_shop *verdicts;
	size_t count;
};

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Bytes of the secret at text, or of the part of it that a cut left there; 0: none. */
static size_t secret_len(const char *text, const char *secret)
{
	size_t len = 0;

	while (secret && secret[len] && text[len] == secret[len])
		len++;
	bool is_cut = !text[len] && len >= SECRET_TELLS;
	return len && (!secret[len] || is_cut) ? len : 0;
}

/* One clean line, with one space for any white space: faults and titles have lines. The
 * secret is hidden before the text is shortened: half of it would not be found. */
static void add_line(
	struct buf *b, const char *text, const char *secret, size_t max_chars)
{
	auto_buf struct buf line = {.max_bytes = RESPONSE_MAX_BYTES};

	for (size_t hidden = 0; *text; text++) {
		size_t len = secret_len(text, secret);
		hidden = len > hidden ? len : hidden;
		if (hidden || !is_space(*text))
			buf_add(&line, hidden ? "*" : text, 1);
		else if (line.len && text[1] && !is_space(text[1]))
			buf_add_char(&line, ' ');
		hidden -= hidden > 0;
	}
	text_add_clean(b, buf_peek(&line), line.len, max_chars);
}

static char *copy_line(const char *text, const char *secret)
{
	auto_buf struct buf b = {.max_bytes = RESPONSE_MAX_BYTES};

	add_line(&b, text, secret, RESPONSE_WORDS_CHARS - 1); /* and the ellipsis */
	return buf_take(&b);
}

static void free_verdicts(struct verdict_of_shop *verdicts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(verdicts[i].message);
	free(verdicts);
}

static void sight_done(struct sight *s)
{
	soap_done(&s->soap);
	free_verdicts(s->verdicts, s->verdicts ? s->count : 0);
}

/* The keys of comments or of results, to be brought into one order. */
struct named {
	char *key;
	size_t index;
};

struct names {
	struct named *list;
	size_t count;
};

static void names_init(struct names *n, size_t max_count)
{
	*n = (struct names){.list = xcalloc(max_count, sizeof(n->list[0]))};
}

static void names_done(struct names *n)
{
	for (size_t i = 0; i < n->count; i++)
		free(n->list[i].key);
	free(n->list);
}

/* Leaves out what shops strip, on either side of the comparison. */
static void names_add(struct names *n, const char *key)
{
	auto_buf struct buf bare = {.max_bytes = RESPONSE_MAX_BYTES};

	for (; *key; key++)
		if ((unsigned char)*key >= 0x20 && *key != 0x7F)
			buf_add_char(&bare, *key);
	n->list[n->count] = (struct named){.key = buf_take(&bare), .index = n->count};
	n->count++;
}

static int compare_named(const void *left, const void *right)
{
	const struct named *a = left;
	const struct named *b = right;
	int r = strcmp(a->key, b->key);

	return r ? r : (a->index > b->index) - (a->index < b->index);
}

static void names_sort(struct names *n)
{
	qsort(n->list, n->count, sizeof(n->list[0]), compare_named);
}

/* How many from there on bear this key. */
static size_t names_run(const struct names *n, size_t from, const char *key)
{
	size_t at = from;

	while (at < n->count && !strcmp(n->list[at].key, key))
		at++;
	return at - from;
}

/* Codes that we do not know count by their class. False if it has none that we know. */
static bool judge(const struct soap_result *result, struct verdict_of_shop *verdict)
{
	static const enum result by_class[] = {
		['1'] = RESULT_STORED, ['2'] = RESULT_KNOWN, ['3'] = RESULT_REJECTED};
	const char *code = result->code;

	if (strlen(code) != 4 || strspn(code, "0123456789") != 4 || code[0] < '1' ||
		code[0] > '3')
		return false;
	verdict->result = by_class[(unsigned char)code[0]];
	memcpy(verdict->code, code, sizeof(verdict->code));
	verdict->message = *result->message ? xstrdup(result->message) : NULL;
	return true;
}

/* Both lists sorted. For each order as many results as comments, or none. */
static const char *pair_runs(const struct names *asked, const struct names *told,
	const struct soap_result *results, struct verdict_of_shop *verdicts)
{
	size_t t = 0;

	for (size_t a = 0, run = 0; a < asked->count; a += run) {
		const char *key = asked->list[a].key;
		size_t found = names_run(told, t, key);
		run = names_run(asked, a, key);
		if (found && found != run)
			return _("an order has not as many results as comments");
		for (size_t i = 0; i < found; i++)
			if (!judge(&results[told->list[t + i].index],
				    &verdicts[asked->list[a + i].index]))
				return _("a result has a code of no known class");
		t += found;
	}
	return t == told->count ? NULL
				: _("a result names an order that was not asked for");
}

/* NULL, or why the results cannot be told apart. Verdicts are "rejected" until paired. */
static const char *pair_results(const struct soap_answer *soap, const char *const *orders,
	size_t count, struct verdict_of_shop *verdicts)
{
	auto_with(names_done) struct names asked = {0};
	auto_with(names_done) struct names told = {0};

	if (soap->foreign)
		return _("there is more in it than results");
	if (soap->count > count)
		return _("there are more results than comments");
	if (count == 1 && soap->count == 1)
		return judge(soap->results, verdicts)
			       ? NULL
			       : _("the result has a code of no known class");
	names_init(&asked, count);
	names_init(&told, soap->count);
	for (size_t i = 0; i < count; i++)
		names_add(&asked, orders[i]);
	for (size_t i = 0; i < soap->count; i++)
		names_add(&told, soap->results[i].key);
	names_sort(&asked);
	names_sort(&told);
	return pair_runs(&asked, &told, soap->results, verdicts);
}

static enum form look_at_results(struct sight *s, const char *const *orders, size_t count)
{
	if (!count)
		return FORM_RESULTS;
	s->count = count;
	s->verdicts = xcalloc(count, sizeof(s->verdicts[0]));
	for (size_t i = 0; i < count; i++)
		s->verdicts[i].result = RESULT_REJECTED;
	s->unsound = pair_results(&s->soap, orders, count, s->verdicts);
	return s->unsound ? FORM_UNSOUND : FORM_RESULTS;
}

static bool begins_with(const char *text, const char *prefix)
{
	return !strncasecmp(text, prefix, strlen(prefix));
}

/* SOAP 1.1 says Client, SOAP 1.2 Sender; 1.1 lets a dot and more follow. */
static bool blames_sender(const char *fault_code)
{
	const char *colon = strrchr(fault_code, ':');
	const char *name = colon ? colon + 1 : fault_code;
	size_t len = strcspn(name, ".");

	return len == strlen("Client") &&
	       (begins_with(name, "Client") || begins_with(name, "Sender"));
}

/* The shop gives all its own faults one code: only the text tells them apart. Those of its
 * engine, which blame the request, may quote anything that was in it. */
static enum form look_at_fault(const struct soap_answer *soap)
{
	if (begins_with(soap->fault_text, "Authentification"))
		return FORM_KEY_FAULT;
	if (begins_with(soap->fault_text, "SOAP-ERROR: Encoding") ||
		blames_sender(soap->fault_code))
		return FORM_REQUEST_FAULT;
	if (strcasestr(soap->fault_text, "code website"))
		return FORM_WEBSITE_FAULT;
	return FORM_FAULT;
}

static bool is_empty(const struct reply *reply)
{
	for (size_t i = 0; i < reply->body_len; i++)
		if (!is_space(reply->body[i]))
			return false;
	return true;
}

static enum form look_at_body(const struct reply *reply, const char *const *orders,
	size_t count, struct sight *s)
{
	if (is_empty(reply))
		return FORM_EMPTY;
	soap_read(reply->body, reply->body_len, count, &s->soap);
	if (s->soap.form == SOAP_RESULTS)
		return look_at_results(s, orders, count);
	if (s->soap.form == SOAP_FAULT)
		return look_at_fault(&s->soap);
	return FORM_OTHER;
}

static void look_at(const struct reply *reply, const char *const *orders, size_t count,
	struct sight *s)
{
	if (reply->end == REPLY_ANSWERED)
		s->form = look_at_body(reply, orders, count, s);
	else
		s->form = reply->end == REPLY_NOT_SENT ? FORM_NOT_SENT : FORM_CUT;
}

static void add_title(struct buf *b, const char *head, const char *secret)
{
	const char *title = strcasestr(head, "<title");
	const char *text = title ? strchr(title, '>') : NULL;
	const char *end = text ? strcasestr(text, "</title") : NULL;

	if (!end) {
		buf_add_text(b, _(", a web page without a title"));
		return;
	}
	auto_free char *words = xstrndup(text + 1, (size_t)(end - text) - 1);
	buf_add_text(b, _(", a web page titled \""));
	add_line(b, words, secret, TITLE_CHARS);
	buf_add_text(b, _("\""));
}

static void add_other(struct buf *b, const struct reply *reply)
{
	auto_free char *head = xstrndup(
		reply->body, reply->body_len < HEAD_BYTES ? reply->body_len : HEAD_BYTES);

	if (strcasestr(head, "<html") || strcasestr(head, "<title")) {
		add_title(b, head, reply->secret);
		return;
	}
	buf_add_text(b, _(", something else that begins \""));
	add_line(b, head, reply->secret, BEGINNING_CHARS);
	buf_add_text(b, _("\""));
}

static void add_fault(struct buf *b, const struct soap_answer *soap)
{
	bool silent = !*soap->fault_text;

	buf_add_text(b, silent ? _(", a fault without words: ") : _(", fault: "));
	buf_add_text(b, silent ? soap->fault_code : soap->fault_text);
}

static void add_sight(struct buf *b, const struct reply *reply, const struct sight *sight)
{
	if (sight->soap.form == SOAP_FAULT)
		add_fault(b, &sight->soap);
	else if (sight->form == FORM_UNSOUND)
		buf_add_format(
			b, _(", an answer that cannot be trusted: %s"), sight->unsound);
	else if (sight->form == FORM_EMPTY)
		buf_add_text(b, _(", empty"));
	else if (sight->form == FORM_OTHER)
		add_other(b, reply);
}

static char *find_words(
	const struct reply *reply, const struct sight *sight, const char *remark)
{
	auto_buf struct buf b = {.max_bytes = RESPONSE_MAX_BYTES};

	if (reply->end == REPLY_ANSWERED) {
		buf_add_format(&b, "HTTP %d", reply->status);
		add_sight(&b, reply, sight);
	} else {
		buf_add_text(&b,
			reply->end == REPLY_NOT_SENT
				? _("the request could not be sent")
				: _("the request was sent, but no whole answer came"));
		if (reply->trouble)
			buf_add_format(&b, _(": %s"), reply->trouble);
	}
	if (remark)
		buf_add_format(&b, _("; %s"), _(remark));
	return copy_line(buf_peek(&b), reply->secret);
}

static msec_t bounded_wait(msec_t retry_after)
{
	return retry_after < 0 ? -1 : msec_min(retry_after, MSEC_HOUR);
}

static void shorten_messages(struct response *response, const char *secret)
{
	for (size_t i = 0; i < response->count; i++) {
		auto_free char *whole = response->results[i].message;
		if (whole)
			response->results[i].message = copy_line(whole, secret);
	}
}

void response_read(const struct reply *reply, const char *const *orders, size_t count,
	struct response *response)
{
	auto_with(sight_done) struct sight sight = {0};

	look_at(reply, orders, count, &sight);
	const struct meaning *meaning = find_meaning(reply->status, sight.form);
	*response = (struct response){
		.answer = meaning->answer,
		.blame = meaning->blame,
		.unpaired = sight.form == FORM_UNSOUND && reply->status == 200,
		.retry_after = bounded_wait(reply->retry_after),
		.words = find_words(reply, &sight, meaning->remark),
	};
	if (meaning->answer == ANSWER_RESULTS) {
		response->results = take_ptr(sight.verdicts);
		response->count = count;
		shorten_messages(response, reply->secret);
	}
}

void response_done(struct response *response)
{
	free_verdicts(response->results, response->count);
	free(response->words);
	*response = (struct response){.retry_after = -1};
}
