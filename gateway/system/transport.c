/* SPDX-License-Identifier: MIT
 *
 * At most once. When a kept connection turns out dead, libcurl repeats the request on a
 * new one, a POST like any other, though the shop may have read it and be at work on it.
 * No option turns that off. Two refusals do, each enough for its case:
 *   - some of the body was sent: libcurl must rewind, and our seek callback refuses;
 *   - libcurl took some of the body and could send none of it: it would go on with the
 *     rest on the new connection, without a rewind. It asks before each request whether
 *     it may (CURLOPT_PREREQFUNCTION), and once any of the body was given it may not.
 * A repeat before libcurl took any of the body is welcome: nobody has seen a comment.
 */
#include "system/transport.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "base/words.h"
#include "system/curl_table.h"
#include "system/endpoint.h"

enum {
	CONNECTIONS_KEPT = 256,     /* libcurl's own guess closes those of quiet shops */
	HEAD_MAX_BYTES = 64 * 1024, /* all header lines of an exchange together */
	TROUBLE_MAX_BYTES = 2048,
	CURL_TEXT_CHARS = 200,
	HTTP_PROXY_REFUSED = 407,
};

/* Larger than any wait that is obeyed, small enough to be counted in milliseconds. */
#define RETRY_MAX_SECONDS ((msec_t)INT32_MAX)

struct transport {
	CURLM *multi;
	struct curl_waitfd *waits;
	size_t wait_room;
};

struct exchange {
	struct transport *transport;
	struct endpoint *endpoint;
	CURL *easy;
	void *cookie;
	char *body;
	size_t len;
	size_t given; /* bytes that libcurl took; never goes back */
	size_t head_bytes;
	bool head_is_whole;
	struct buf answer;
	const char *stopped;         /* why we stopped reading the answer, or NULL */
	char error[CURL_ERROR_SIZE]; /* in libcurl's words */
	bool ended;
	struct reply reply;
	char *trouble;
	msec_t took;
};

static void must_multi(CURLMcode code)
{
	if (code != CURLM_OK)
		abort();
}

struct transport *transport_new(void)
{
	struct transport *t = xcalloc(1, sizeof(*t));

	(void)signal(SIGPIPE, SIG_IGN);
	must(curl_global_init(CURL_GLOBAL_DEFAULT));
	t->multi = curl_multi_init();
	if (!t->multi)
		abort();
	must_multi(curl_multi_setopt(
		t->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT));
	return t;
}

void transport_free(struct transport *t)
{
	if (!t)
		return;
	must_multi(curl_multi_cleanup(t->multi));
	curl_global_cleanup();
	free(t->waits);
	free(t);
}

static size_t give_body(char *to, size_t size, size_t count, void *context)
{
	struct exchange *x = context;
	size_t room = size * count;
	size_t left = x->len - x->given;
	size_t step = left < room ? left : room;

	memcpy(to, x->body + x->given, step);
	x->given += step;
	return step;
}

static int refuse_rewind(void *context, curl_off_t offset, int origin)
{
	(void)context;
	(void)offset;
	(void)origin;
	return CURL_SEEKFUNC_FAIL;
}

static int refuse_second_start(
	void *context, char *their_ip, char *our_ip, int their_port, int our_port)
{
	const struct exchange *x = context;

	(void)their_ip;
	(void)our_ip;
	(void)their_port;
	(void)our_port;
	return x->given ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static size_t take_answer(char *bytes, size_t size, size_t count, void *context)
{
	struct exchange *x = context;

	buf_add(&x->answer, bytes, size * count);
	if (buf_finish(&x->answer) == 0)
		return size * count;
	x->stopped = _("the answer is larger than any shop's");
	return 0;
}

/* What is needed of them, libcurl keeps. But a connection that is closed amid them is to
 * libcurl the end of an answer without a body, and not an error. So their end is noted:
 * an empty line, unless it was that of an interim answer and another head follows. */
static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
	static const char beginning[] = {'H', 'T', 'T', 'P', '/'};
	struct exchange *x = context;
	size_t len = size * count;

	if (*bytes == '\r' || *bytes == '\n')
		x->head_is_whole = true;
	else if (len > sizeof(beginning) && !memcmp(bytes, beginning, sizeof(beginning)))
		x->head_is_whole = false;
	x->head_bytes += len;
	if (x->head_bytes <= HEAD_MAX_BYTES)
		return len;
	x->stopped = _("the answer has more header lines than any shop's");
	return 0;
}

static void set_callbacks(CURL *easy, struct exchange *x)
{
	must(curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_body));
	must(curl_easy_setopt(easy, CURLOPT_READDATA, x));
	must(curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, refuse_rewind));
	must(curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, refuse_second_start));
	must(curl_easy_setopt(easy, CURLOPT_PREREQDATA, x));
	must(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer));
	must(curl_easy_setopt(easy, CURLOPT_WRITEDATA, x));
	must(curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header));
	must(curl_easy_setopt(easy, CURLOPT_HEADERDATA, x));
	must(curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, x->error));
	must(curl_easy_setopt(easy, CURLOPT_PRIVATE, x));
	must(curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->len));
}

struct exchange *transport_post(struct transport *t, struct endpoint *endpoint,
	char *body, size_t len, void *cookie)
{
	struct exchange *x = xcalloc(1, sizeof(*x));

	assert(len > 0);
	x->transport = t;
	x->endpoint = endpoint;
	x->cookie = cookie;
	x->body = body;
	x->len = len;
	buf_init(&x->answer, RESPONSE_MAX_BYTES);
	x->easy = endpoint_take_easy(endpoint);
	set_callbacks(x->easy, x);
	must_multi(curl_multi_add_handle(t->multi, x->easy));
	return x;
}

static_assert(POLLIN == CURL_WAIT_POLLIN && POLLPRI == CURL_WAIT_POLLPRI &&
		      POLLOUT == CURL_WAIT_POLLOUT,
	"libcurl's events are poll's");

static struct curl_waitfd *borrow_waits(
	struct transport *t, struct pollfd *fds, unsigned count)
{
	t->waits = xgrow(t->waits, &t->wait_room, count, sizeof(*t->waits));
	for (unsigned i = 0; i < count; i++) {
		fds[i].revents = 0;
		t->waits[i] =
			(struct curl_waitfd){.fd = fds[i].fd, .events = fds[i].events};
	}
	return t->waits;
}

/* libcurl wakes up for a descriptor's hang-up or error and does not tell of it: the
 * caller would wait again, in circles. So poll() is asked, without waiting. */
static int look_at(struct pollfd *fds, unsigned count)
{
	if (count && poll(fds, count, 0) < 0 && errno != EINTR)
		return -errno;
	return 0;
}

int transport_wait(
	struct transport *t, struct pollfd *fds, unsigned count, msec_t timeout)
{
	struct curl_waitfd *waits = borrow_waits(t, fds, count);
	msec_t slice = timeout > INT_MAX ? INT_MAX : timeout;

	errno = 0;
	CURLMcode code =
		curl_multi_poll(t->multi, waits, count, slice < 0 ? 0 : (int)slice, NULL);
	if (code == CURLM_UNRECOVERABLE_POLL)
		return errno ? -errno : -EIO;
	must_multi(code);
	int still_running = 0;
	must_multi(curl_multi_perform(t->multi, &still_running));
	return look_at(fds, count);
}

static const char *answer_header(CURL *easy, const char *name)
{
	struct curl_header *found = NULL;

	if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK)
		return NULL;
	return found->value;
}

/* Seconds, or a date. A date is taken by the shop's own clock, if it tells its time:
 * CURLINFO_RETRY_AFTER goes by ours, and cannot tell "0" from "not asked". */
static msec_t asked_wait(CURL *easy)
{
	const char *wish = answer_header(easy, "Retry-After");
	if (!wish || !*wish)
		return -1;

	msec_t seconds = 0;
	if (wish[strspn(wish, "0123456789")] == '\0') {
		seconds = strtoll(wish, NULL, 10);
	} else {
		time_t until = curl_getdate(wish, NULL);
		const char *date = answer_header(easy, "Date");
		time_t now = date ? curl_getdate(date, NULL) : -1;
		if (until < 0)
			return -1;
		seconds = until - (now < 0 ? time(NULL) : now);
	}
	if (seconds > RETRY_MAX_SECONDS)
		seconds = RETRY_MAX_SECONDS;
	return seconds > 0 ? seconds * MSEC_SECOND : 0;
}

/* Was the request handed over whole? What libcurl took from us is certain; what it sent
 * of that it counts well, but it starts again at 0 when it sets out to repeat a request,
 * and then fails, perhaps because it cannot connect. So 0 says nothing once it took all,
 * and no error code does. In doubt it was sent. */
static bool was_sent(const struct exchange *x)
{
	curl_off_t count = 0;

	if (x->given < x->len)
		return false;
	must(curl_easy_getinfo(x->easy, CURLINFO_SIZE_UPLOAD_T, &count));
	return count == 0 || (size_t)count == x->len;
}

static enum reply_end end_of(const struct exchange *x, CURLcode code)
{
	if (code == CURLE_OK)
		return REPLY_ANSWERED;
	return was_sent(x) ? REPLY_CUT : REPLY_NOT_SENT;
}

/* What happened (in libcurl's words); what to do about it */
static char *describe(const struct exchange *x, CURLcode code)
{
	const struct curl_row *row = curl_table_find(code);
	const char *details = *x->error ? x->error : curl_easy_strerror(code);
	auto_buf struct buf text = {.max_bytes = TROUBLE_MAX_BYTES};

	buf_add_text(&text, x->stopped ? x->stopped : _(row->what));
	if (!x->stopped) {
		buf_add_text(&text, " (");
		text_add_clean(&text, details, strlen(details), CURL_TEXT_CHARS);
		buf_add_char(&text, ')');
	}
	if (!x->stopped && row->remedy)
		buf_add_format(&text, _("; %s"), _(row->remedy));
	return buf_take(&text);
}

/* A proxy that wants other credentials has not passed the request on; only a proxy of our
 * own may say so. Through a tunnel libcurl reports it as an error by itself. */
static bool is_proxy_refusal(const struct exchange *x, CURLcode code, long status)
{
	return code == CURLE_OK && status == HTTP_PROXY_REFUSED &&
	       endpoint_has_proxy(x->endpoint);
}

static void exchange_end(struct exchange *x, CURLcode code)
{
	curl_off_t took = 0;
	long status = 0;

	if (code == CURLE_OK && !x->head_is_whole)
		code = CURLE_PARTIAL_FILE;
	must(curl_easy_getinfo(x->easy, CURLINFO_TOTAL_TIME_T, &took));
	must(curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status));
	x->took = took / 1000;
	x->reply.end = end_of(x, code);
	x->reply.retry_after = asked_wait(x->easy);
	if (is_proxy_refusal(x, code, status)) {
		x->reply.end = REPLY_NOT_SENT;
		x->trouble = xstrdup(_("the proxy refuses our credentials (HTTP 407); "
				       "check the user and password in proxy"));
	} else if (code != CURLE_OK) {
		x->trouble = describe(x, code);
	} else {
		x->reply.status = (int)status;
		x->reply.body_len = x->answer.len;
	}
	x->reply.body = x->reply.end == REPLY_ANSWERED ? buf_peek(&x->answer) : "";
	x->reply.trouble = x->trouble;
	x->ended = true;
}

struct exchange *transport_next(struct transport *t)
{
	int left = 0;
	const CURLMsg *note = curl_multi_info_read(t->multi, &left);
	if (!note)
		return NULL;

	struct exchange *x = NULL;
	must(curl_easy_getinfo(note->easy_handle, CURLINFO_PRIVATE, (char **)&x));
	exchange_end(x, note->data.result);
	return x;
}

void *exchange_cookie(const struct exchange *x)
{
	return x->cookie;
}

void exchange_reply(const struct exchange *x, struct reply *reply)
{
	assert(x->ended);
	*reply = x->reply;
}

msec_t exchange_took(const struct exchange *x)
{
	assert(x->ended);
	return x->took;
}

void exchange_free(struct exchange *x)
{
	if (!x)
		return;
	must_multi(curl_multi_remove_handle(x->transport->multi, x->easy));
	must(curl_easy_setopt(x->easy, CURLOPT_ERRORBUFFER, NULL)); /* the handle stays */
	endpoint_give_easy(x->endpoint, x->easy);
	explicit_bzero(x->body, x->len); /* it held the key */
	free(x->body);
	buf_done(&x->answer);
	free(x->trouble);
	free(x);
}
