/* SPDX-License-Identifier: MIT
 *
 * ping - asks the shop as the gateway does to end a hold: by a request that stores
 * nothing; then what software it runs, which not every shop tells. It disturbs no gateway
 * that runs: nothing in a spool is touched.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "base/words.h"
#include "core/envelope.h"
#include "core/hold.h"
#include "core/response.h"
#include "core/soap_read.h"
#include "system/transport.h"
#include "tool/commands.h"
#include "tool/print.h"
#include "tool/tool.h"
#include "tool/writer.h"

enum { ENVELOPE_BYTES = 64 * 1024, SOFTWARE_CHARS = 100, SOFTWARE_BYTES = 1024 };

/* One site's answer. */
struct pong {
	const struct site_config *site;
	enum hold hold;
	bool is_answered; /* by something that speaks HTTP */
	char *said;
	char *software; /* or NULL */
	msec_t took;
};

static void pong_done(struct pong *pong)
{
	free(pong->said);
	free(pong->software);
}

static void free_endpoint(struct endpoint **endpoint)
{
	endpoint_free(*endpoint);
}

static void free_exchange(struct exchange **exchange)
{
	exchange_free(*exchange);
}

static void free_transport(struct transport **transport)
{
	transport_free(*transport);
}

/* --- asking --- */

/* NULL: this machine could not wait. */
static struct exchange *ask(
	struct transport *transport, struct endpoint *endpoint, struct buf *body)
{
	size_t len = body->len;
	auto_with(free_exchange) struct exchange *asked =
		transport_post(transport, endpoint, buf_take(body), len, NULL);
	while (!transport_next(transport))
		if (transport_wait(transport, NULL, 0, MSEC_NEVER) < 0)
			return NULL;
	return take_ptr(asked);
}

/* As the gateway understands the answer to its probe. */
static enum hold hold_after(const struct response *response)
{
	static const enum hold by_answer[] = {
		[ANSWER_RESULTS] = HOLD_NONE,
		[ANSWER_REFUSED] = HOLD_REFUSING,
		[ANSWER_NOTHING] = HOLD_UNREACHABLE,
		[ANSWER_UNKNOWN] = HOLD_UNCLEAR,
	};
	if (response->answer == ANSWER_REFUSED && response->blame == BLAME_KEY)
		return HOLD_KEY;
	if (response->answer == ANSWER_REFUSED && response->blame == BLAME_WEBSITE)
		return HOLD_WEBSITE;
	return by_answer[response->answer];
}

/* A shop may say back what it was sent. */
static char *without_key(const char *words, const char *key)
{
	char *copy = xstrdup(words);
	size_t len = strlen(key);
	for (char *at = copy; len && (at = strstr(at, key)); at += len)
		memset(at, '*', len);
	return copy;
}

static void ask_probe(
	struct transport *transport, struct endpoint *endpoint, struct pong *pong)
{
	const struct site_config *site = pong->site;
	auto_with(response_done) struct response response = {0};
	auto_buf struct buf body = {.max_bytes = ENVELOPE_BYTES};
	struct reply reply;
	envelope_write(&body, site->key, site->website_code, NULL, 0);
	auto_with(free_exchange) struct exchange *asked = ask(transport, endpoint, &body);
	if (!asked) {
		pong->hold = HOLD_UNREACHABLE;
		return;
	}
	exchange_reply(asked, &reply);
	reply.secret = site->key;
	response_read(&reply, NULL, 0, &response);
	pong->took = exchange_took(asked);
	pong->is_answered = reply.end == REPLY_ANSWERED;
	pong->hold = hold_after(&response);
	if (pong->hold != HOLD_NONE)
		pong->said = xstrdup(response.words);
}

static void free_answer(struct soap_answer *answer)
{
	soap_done(answer);
}

static void ask_version(
	struct transport *transport, struct endpoint *endpoint, struct pong *pong)
{
	auto_with(free_answer) struct soap_answer answer = {.form = SOAP_NEITHER};
	auto_buf struct buf body = {.max_bytes = ENVELOPE_BYTES};
	auto_buf struct buf software = {.max_bytes = SOFTWARE_BYTES};
	struct reply reply;
	envelope_write_version(&body, pong->site->key);
	auto_with(free_exchange) struct exchange *asked = ask(transport, endpoint, &body);
	if (!asked)
		return;
	exchange_reply(asked, &reply);
	if (reply.end != REPLY_ANSWERED || reply.status != 200)
		return;
	soap_read(reply.body, reply.body_len, 0, &answer);
	if (!answer.version)
		return;
	auto_free char *version = without_key(answer.version, pong->site->key);
	text_add_clean(&software, version, strlen(version), SOFTWARE_CHARS);
	pong->software = buf_take(&software);
}

static void ping_site(struct transport *transport, struct pong *pong)
{
	auto_with(free_endpoint) struct endpoint *endpoint = endpoint_for(pong->site, 1);
	ask_probe(transport, endpoint, pong);
	if (pong->hold == HOLD_NONE)
		ask_version(transport, endpoint, pong);
}

/* --- telling --- */

/* A hold may be about comments that are in doubt; an empty request leaves none. */
static const char *remedy_of(const struct pong *pong)
{
	if (pong->hold == HOLD_UNCLEAR)
		return N_(
			"no usable answer came; nothing was stored, as nothing was sent "
			"to be: check url and the shop's web server");
	return hold_remedy(pong->hold);
}

static bool has_tls(const struct pong *pong)
{
	return !strncmp(pong->site->url, "https:", 6);
}

/* What a shop looks at first: the key, then the website code. */
static bool is_key_good(const struct pong *pong)
{
	return pong->hold == HOLD_NONE || pong->hold == HOLD_WEBSITE;
}

static void print_fact(const char *name, enum colour colour, const char *fact)
{
	printf("  %s%*s", name, (int)(14 - text_count(name)), "");
	print_coloured(colour, fact);
	putchar('\n');
}

static void print_reached(const struct pong *pong)
{
	char text[100];
	if (!pong->is_answered) {
		print_fact(_("reachable"), RED, _("no"));
		return;
	}
	snprintf(text, sizeof(text), _("yes, answered in %jd ms"), (intmax_t)pong->took);
	print_fact(_("reachable"), GREEN, text);
	print_fact(_("TLS"), has_tls(pong) ? GREEN : YELLOW,
		has_tls(pong) ? _("yes, certificate verified") : _("no"));
}

static void print_accepted(const struct pong *pong)
{
	if (is_key_good(pong))
		print_fact(_("key"), GREEN, _("good"));
	else if (pong->hold == HOLD_KEY)
		print_fact(_("key"), RED, _("refused"));
	if (pong->hold == HOLD_NONE)
		print_fact(_("website code"), GREEN, _("good"));
	else if (pong->hold == HOLD_WEBSITE)
		print_fact(_("website code"), RED, _("not accepted"));
}

static void print_pong(const struct pong *pong)
{
	print_coloured(BOLD, pong->site->name);
	putchar(' ');
	print_coloured(PLAIN, pong->site->url);
	putchar('\n');
	print_reached(pong);
	print_accepted(pong);
	if (pong->software)
		print_fact(_("software"), PLAIN, pong->software);
	if (pong->said && *pong->said)
		print_fact(_("was said"), PLAIN, pong->said);
	if (pong->hold != HOLD_NONE)
		print_fact(_("what to do"), PLAIN, _(remedy_of(pong)));
}

/* Of what was not looked at, nothing is known: null. */
static void write_accepted(struct writer *w, const char *field, bool is_good, bool is_bad)
{
	if (is_good || is_bad)
		writer_bool(w, field, is_good);
	else
		writer_text(w, field, NULL);
}

static void write_pong(struct writer *w, const struct pong *pong)
{
	bool is_good = pong->hold == HOLD_NONE;
	writer_open(w, NULL, '{');
	writer_text(w, "site", pong->site->name);
	writer_text(w, "url", pong->site->url);
	writer_text(w, "state", is_good ? "good" : hold_name(pong->hold));
	writer_bool(w, "reachable", pong->is_answered);
	writer_bool(w, "tls", has_tls(pong));
	write_accepted(w, "key_good", is_key_good(pong), pong->hold == HOLD_KEY);
	write_accepted(w, "website_code_good", is_good, pong->hold == HOLD_WEBSITE);
	writer_number(w, "ms", pong->took);
	writer_text(w, "software", pong->software);
	writer_text(w, "said", pong->said);
	writer_text(w, "remedy", is_good ? NULL : remedy_of(pong));
	writer_close(w, '{');
}

int run_ping(struct tool *tool)
{
	auto_with(free_transport) struct transport *transport = transport_new();
	struct writer writer = {0};
	int status = EXIT_SUCCESS;
	if (tool->options.json)
		writer_open(&writer, NULL, '[');
	for (size_t i = 0; i < tool->site_count; i++) {
		auto_with(pong_done) struct pong pong = {.site = tool->sites[i].config};
		ping_site(transport, &pong);
		if (tool->options.json)
			write_pong(&writer, &pong);
		else
			print_pong(&pong);
		status = pong.hold == HOLD_NONE ? status : EXIT_FAILURE;
	}
	if (tool->options.json)
		writer_close(&writer, '[');
	return status;
}
