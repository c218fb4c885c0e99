/* SPDX-License-Identifier: MIT */
#include "core/page.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include <libxml/HTMLparser.h>
#include <libxml/xpath.h>

#include "base/buf.h"
#include "base/text.h"
#include "core/status.h"
#include "core/tally.h"
#include "skipping.h"

#define NOW INT64_C(1795428930123456) /* 2026-11-23T10:15:30.123456Z */
#define UP (200 * MSEC_HOUR + 4 * MSEC_MINUTE)

static struct tally tally;

static int enter(void **state)
{
	(void)state;
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	tally_init(&tally, UP - 30 * MSEC_HOUR);
	return 0;
}

static int leave(void **state)
{
	(void)state;
	tally_done(&tally);
	return 0;
}

#define page_test(test) cmocka_unit_test_setup_teardown(test, enter, leave)

static struct site_status a_site(void)
{
	return (struct site_status){
		.name = "boutique", .oldest_waiting_s = -1, .tally = &tally, .up = UP};
}

static void write_page(struct buf *out, struct site_status *sites, size_t count)
{
	buf_init(out, PAGE_MAX_BYTES);
	page_write(out, &(struct status){.updated = NOW,
				.version = "0.1.0",
				.sites = sites,
				.count = count});
	assert_int_equal(buf_finish(out), 0);
}

/* A file that ended is copied, so its texts need not be its own. */
static void ended(enum tally_end end, usec_t at, const char *name, const char *words)
{
	const struct tally_file file = {
		.at = at, .name = (char *)name, .words = (char *)words, .comments = 12};
	tally_file(&tally, end, &file);
}

static void assert_says(const struct buf *page, const char *text)
{
	if (!strstr(buf_peek(page), text))
		fail_msg("the page lacks: %s", text);
}

static void assert_silent(const struct buf *page, const char *text)
{
	const char *found = strstr(buf_peek(page), text);
	if (found)
		fail_msg("the page has: %.60s", found);
}

static void assert_page_of(struct site_status site, const char *says, const char *lacks)
{
	auto_buf struct buf page = {0};
	write_page(&page, &site, 1);
	assert_says(&page, says);
	if (lacks)
		assert_silent(&page, lacks);
}

/* --- what a merchant sees first --- */

static void an_open_site_is_well(void **state)
{
	(void)state;
	struct site_status site = a_site();
	assert_page_of(site, "<p class=\"headline\">All is well</p>", "class=\"hold\"");
	assert_page_of(site, "<title>✓ All is well – boutique", "class=\"needs\"");
	assert_page_of(site, "Nothing waits.", NULL);
	site.sending = 1;
	assert_page_of(site, "1 file is on its way.", "Nothing waits");
	site.incoming = 2;
	assert_page_of(site, "3 files are on their way.", NULL);
	tally.last_success = NOW - USEC_SECOND;
	assert_page_of(a_site(),
		"Last delivery: <time datetime=\"2026-11-23T10:15:29.000000Z\">11:15:29",
		NULL);
}

static void failures_ask_for_a_person(void **state)
{
	(void)state;
	struct site_status site = a_site();
	site.failed = 2;
	assert_page_of(
		site, "<p class=\"headline\">Some files need you</p>", "All is well");
	assert_page_of(
		site, "2 files in failed/ need you; their reasons lie beside", NULL);
	assert_page_of(site, "<li class=\"needs\">", NULL);
	site.failed = 0;
	site.unreadable = 1;
	assert_page_of(site, "Some files cannot be read", "All is well");
}

static struct site_status held_for(const char *reason)
{
	struct site_status site = a_site();
	site.state = STATE_HELD;
	site.hold = (struct status_hold){
		.since = NOW - 30 * USEC_SECOND,
		.reason = reason,
		.said = "HTTP 503",
		.remedy = "look at its log",
		.next_try = NOW + 60 * USEC_SECOND,
	};
	return site;
}

static void a_hold_says_why_and_what_to_do(void **state)
{
	(void)state;
	struct site_status site = held_for("key-refused");
	assert_page_of(site, "<p class=\"headline\">The shop does not accept the key</p>",
		"All is well");
	assert_page_of(site, "<dt>What happened</dt>\n<dd>HTTP 503</dd>", NULL);
	assert_page_of(site, "<dd class=\"remedy\">look at its log</dd>", NULL);
	assert_page_of(site, "<dt>Next try</dt>\n<dd><time", NULL);
	assert_page_of(site, ">11:16:30</time>", NULL);
	site.hold.next_try = 0;
	assert_page_of(site, "Nothing is lost", "Next try");
	site.hold.said = NULL;
	assert_page_of(site, "Nothing is lost", "What happened");
	assert_page_of(held_for("of-tomorrow"), ">of-tomorrow</p>", NULL);
}

static void trouble_of_this_machine_is_not_laid_to_the_shop(void **state)
{
	(void)state;
	struct site_status site = held_for("no-space");
	site.state = STATE_WAITING;
	assert_page_of(site, "The system said", "What happened");
}

static void a_stopped_site_is_not_well(void **state)
{
	(void)state;
	struct site_status site = held_for("unreachable");
	site.state = STATE_STOPPED;
	assert_page_of(site, "<p class=\"headline\">The gateway is stopped</p>",
		"class=\"hold\"");
	assert_page_of(site, "<title>■ ", "All is well");
}

static void between_runs_by_cron_nobody_is_told_to_start_it(void **state)
{
	(void)state;
	struct site_status site = held_for("unreachable");
	site.state = STATE_STOPPED;
	site.is_once = true;
	assert_page_of(site, "The last one ended: <time", "until it is started again");
	assert_page_of(site, "<title>■ Between two runs", "The gateway is stopped");
	site.is_once = false;
	assert_page_of(site, "until it is started again", "Between two runs");
}

static void figures_are_shown_where_there_are_any(void **state)
{
	(void)state;
	struct site_status site = a_site();
	assert_page_of(site, "class=\"tiles\"", "class=\"facts\"");
	site.oldest_waiting_s = 7500;
	site.ages[2] = 17;
	site.rate = 0.5;
	site.answer_ms = 1250;
	site.unknown = 3;
	assert_page_of(site, ">09:10:30</time> (2 hours)</b>", NULL);
	site.oldest_waiting_s = 150;
	assert_page_of(site, " (2 minutes)</b>", NULL);
	assert_page_of(site, "In sending/ for 10 to 60 minutes</span>\n<b>17</b>", NULL);
	assert_page_of(site, "Comments settled a minute</span>\n<b>30</b>", NULL);
	assert_page_of(site, "<b>1.2 s</b>", NULL);
	assert_page_of(site, "not known yet</span>\n<b>3</b>", "broke on");
}

static void the_title_tells_the_worst_of_many_sites(void **state)
{
	(void)state;
	struct site_status sites[] = {a_site(), held_for("unreachable"), a_site()};
	auto_buf struct buf page = {0};
	sites[1].name = "jardin";
	sites[2].failed = 1;
	write_page(&page, sites, 3);
	assert_says(&page, "<title>⏸ The shop cannot be reached – jardin – ");
	for (unsigned i = 1; i <= 3; i++) {
		char text[64];
		snprintf(text, sizeof(text), "href=\"#site-%u\"", i);
		assert_says(&page, text);
		snprintf(text, sizeof(text), "<h2 id=\"site-%u\">", i);
		assert_says(&page, text);
	}
}

static void a_parsed_snapshot_has_no_last_day(void **state)
{
	(void)state;
	struct site_status site = a_site();
	site.tally = NULL;
	assert_page_of(site, "class=\"tiles\"", "The last 24 hours");
	auto_buf struct buf page = {0};
	write_page(&page, NULL, 0);
	assert_says(&page, "There is no shop.");
}

/* --- nothing from outside is more than text --- */

static const char hostile[] = "a</title></style><script>alert(1)</script>"
			      "\"'><img src=x onerror=alert(1)>&amp;\x1b[31m\n"
			      "\xe2\x80\xae\xc2\x9b\xe2\x80\xac\xff";

static int count_nodes(const struct buf *page, const char *path)
{
	htmlDocPtr doc = htmlReadMemory(buf_peek(page), (int)page->len, NULL, "UTF-8",
		HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET);
	xmlXPathContextPtr context = xmlXPathNewContext(doc);
	xmlXPathObjectPtr found = xmlXPathEval((const xmlChar *)path, context);
	int count = found->nodesetval ? found->nodesetval->nodeNr : 0;
	xmlXPathFreeObject(found);
	xmlXPathFreeContext(context);
	xmlFreeDoc(doc);
	return count;
}

static void fill_with_hostility(struct site_status *site)
{
	ended(TALLY_SENT, NOW, hostile, hostile);
	ended(TALLY_FAILED, NOW, hostile, hostile);
	tally_outcome(&tally, OUTCOME_DELIVERED, UP, NOW);
	*site = held_for(hostile);
	site->name = hostile;
	site->hold.said = site->hold.remedy = hostile;
}

static void assert_clean(const struct buf *page)
{
	for (size_t at = 0; at < page->len;) {
		size_t len = text_char_len(page->bytes + at, page->len - at);
		assert_true(len > 0);
		assert_true(page->bytes[at] == '\n' ||
			    !text_is_control(page->bytes + at, len));
		at += len;
	}
}

static void names_and_words_stay_text(void **state)
{
	(void)state;
	struct site_status sites[2];
	auto_buf struct buf page = {0};
	fill_with_hostility(&sites[0]);
	sites[1] = sites[0];
	buf_init(&page, PAGE_MAX_BYTES);
	page_write(&page,
		&(struct status){
			.updated = NOW, .version = hostile, .sites = sites, .count = 2});
	assert_clean(&page);
	assert_int_equal(count_nodes(&page, "//script|//img|//@onerror"), 0);
	assert_int_equal(count_nodes(&page, "//title[not(ancestor::svg)]"), 1);
	assert_int_equal(count_nodes(&page, "//style"), 1);
	assert_says(&page, "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&gt;");
	assert_says(&page, "&amp;amp;?[31m?????");
}

static void nothing_is_loaded(void **state)
{
	(void)state;
	static const char *const ways[] = {"<script", "<link", "<iframe", "<object",
		"<form", "src=", "url(", "@import", "http:", "https:", "//"};
	struct site_status site = held_for("unclear");
	auto_buf struct buf page = {0};
	tally_outcome(&tally, OUTCOME_DELIVERED, UP, NOW);
	write_page(&page, &site, 1);
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		assert_silent(&page, ways[i]);
	assert_says(&page, "content=\"default-src 'none'; style-src 'unsafe-inline'; ");
	assert_says(&page, "<meta name=\"referrer\" content=\"no-referrer\">");
}

static void the_longest_texts_have_room(void **state)
{
	(void)state;
	char name[NAME_MAX + 1];
	char words[600 * 4 + 1];
	memset(name, '"', NAME_MAX);
	name[NAME_MAX] = '\0';
	memset(words, '"', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	struct site_status site = held_for(words);
	site.name = name;
	site.hold.said = site.hold.remedy = words;
	for (size_t i = 0; i < TALLY_LATEST; i++) {
		ended(TALLY_SENT, NOW, name, words);
		ended(TALLY_FAILED, NOW, name, words);
	}
	for (unsigned i = 0; i < TALLY_SLOTS; i++) {
		msec_t at = UP - (msec_t)(TALLY_SLOTS - 1 - i) * TALLY_SLOT;
		tally_outcome(&tally, OUTCOME_DELIVERED, at, NOW);
		tally_outcome(&tally, OUTCOME_REJECTED, at, NOW);
		tally_answer(&tally, ANSWER_RESULTS, 2, i, at);
	}
	auto_buf struct buf page = {0};
	write_page(&page, &site, 1);
	auto_buf struct buf again = {0};
	write_page(&again, &site, 1);
	assert_string_equal(buf_peek(&page), buf_peek(&again));
}

/* --- the last day --- */

static void delivered(unsigned slots_ago, unsigned comments, msec_t took)
{
	msec_t at = UP - slots_ago * TALLY_SLOT;
	for (unsigned i = 0; i < comments; i++)
		tally_outcome(&tally, OUTCOME_DELIVERED, at, NOW);
	tally_answer(&tally, ANSWER_RESULTS, comments, took, at);
}

static void an_idle_day_has_no_drawing(void **state)
{
	(void)state;
	assert_page_of(a_site(), "Nothing was sent.", "class=\"plot\"");
	tally.started = UP;
	assert_page_of(a_site(), "Nothing was sent since then.", "Nothing was sent.");
}

static void gaps_are_gaps(void **state)
{
	(void)state;
	struct site_status site = a_site();
	delivered(143, 3, 40);
	delivered(20, 5, 50);
	delivered(19, 10, 100);
	delivered(0, 1, 20);
	auto_buf struct buf page = {0};
	write_page(&page, &site, 1);
	assert_says(&page, "class=\"delivered\" d=\"M0 0"
			   "M0.1 50v-15.0h.8V50z"
			   "M123.1 50v-25.0h.8V50z"
			   "M124.1 50v-50.0h.8V50z"
			   "M143.1 50v-5.0h.8V50z\"");
	assert_says(
		&page, "class=\"time\" d=\"M0 0M0 30.0h1M123 25.0h1V0.0h1M143 40.0h1\"");
	assert_silent(&page, "class=\"unknown\"");
	assert_silent(&page, "class=\"rejected\"");
	assert_says(&page,
		"<desc>19 delivered, 0 rejected. Most in ten minutes: 10, from "
		"08:01 on.</desc>");
}

static void what_was_before_the_start_is_not_called_idle(void **state)
{
	(void)state;
	tally_init(&tally, UP - MSEC_HOUR);
	struct site_status site = a_site();
	delivered(0, 1, 20);
	assert_page_of(site, "class=\"unknown\" x=\"0\" y=\"0\" width=\"137\"", NULL);
	assert_page_of(site, "Known since the gateway was started: <time", NULL);
	assert_page_of(site, ">10:15:30</time>", NULL);
}

static void rejections_stand_below_the_line(void **state)
{
	(void)state;
	struct site_status site = a_site();
	delivered(0, 500, 20);
	tally_outcome(&tally, OUTCOME_REJECTED, UP, NOW);
	assert_page_of(
		site, "class=\"rejected\" d=\"M0 0M143.1 50.5v3.0h.8V50.5z\"", NULL);
	assert_page_of(site, "rejected, below the line", NULL);
}

/* The first slot begins at 11:21:30 local time. */
static void hours_are_those_of_the_server(void **state)
{
	(void)state;
	struct site_status site = a_site();
	delivered(0, 1, 20);
	assert_page_of(site, "<span style=\"left:15.1%\">15:00</span>", ">14:00<");
	assert_page_of(site, "<span style=\"left:90.1%\">09:00</span></div>", NULL);
	setenv("TZ", "IST-5:30", 1);
	tzset();
	assert_page_of(site, ">15:00</span></div>", ">15:30<");
	setenv("TZ", "LHST-10:30LHDT-11,M10.1.0,M4.1.0", 1);
	tzset();
	assert_page_of(site, ">18:00</span></div>", NULL);
}

static void the_figures_are_there_by_the_hour(void **state)
{
	(void)state;
	struct site_status site = a_site();
	delivered(73, 3, 40);
	delivered(8, 2, 50);
	delivered(2, 5, 50);
	delivered(0, 1, 1500);
	tally_outcome(&tally, OUTCOME_REJECTED, UP, NOW);
	auto_buf struct buf page = {0};
	write_page(&page, &site, 1);
	assert_says(&page,
		"<tr><th scope=\"row\">11:00</th><td class=\"number\">1</td>"
		"<td class=\"number\">1</td><td class=\"number\">1.5 s</td></tr>\n"
		"<tr><th scope=\"row\">10:00</th><td class=\"number\">5</td>"
		"<td class=\"number\">0</td><td class=\"number\">50 ms</td></tr>\n"
		"<tr><th scope=\"row\">09:00</th>");
	assert_says(&page, "<tr><th scope=\"row\">2026-11-22 23:00</th>");
}

static void the_latest_files_are_listed(void **state)
{
	(void)state;
	struct site_status site = a_site();
	assert_page_of(site, "None since the gateway started.", "<table>");
	assert_page_of(site, "None since the gateway started.", "list failed");
	site.failed = 2;
	assert_page_of(site, "told by: opensi-spool list failed", "<table>");
	ended(TALLY_FAILED, NOW - INT64_C(86400) * USEC_SECOND, "x.xml",
		"not sent: too large");
	ended(TALLY_SENT, NOW, "y.xml", NULL);
	assert_page_of(site, "<span class=\"why\">not sent: too large</span>", NULL);
	assert_page_of(site, ">2026-11-22 11:15</time>", NULL);
	assert_page_of(site,
		"<span class=\"name\">y.xml</span></th><td class=\"number\">12</td>",
		NULL);
}

/* --- form --- */

/* By HTML Tidy, which says nothing about a page that it takes for valid. */
static void assert_tidy(const struct buf *page)
{
	/* NOLINTNEXTLINE(cert-env33-c): words of our own */
	FILE *tidy = popen("tidy -quiet -errors -utf8 >&2", "w");
	assert_non_null(tidy);
	assert_int_equal(fwrite(page->bytes, 1, page->len, tidy), page->len);
	int status = pclose(tidy);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 127)
		skip_because("there is no tidy: contrib/deps test");
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void every_page_is_valid_html(void **state)
{
	(void)state;
	struct site_status sites[4];
	auto_buf struct buf empty = {0};
	auto_buf struct buf idle = {0};
	auto_buf struct buf full = {0};
	write_page(&empty, NULL, 0);
	assert_tidy(&empty);
	sites[0] = a_site();
	write_page(&idle, sites, 1);
	assert_tidy(&idle);
	fill_with_hostility(&sites[1]);
	delivered(0, 500, 20);
	sites[2] = a_site();
	sites[2].failed = sites[2].incoming = sites[2].unknown = 1;
	sites[3] = a_site();
	sites[3].state = STATE_STOPPED;
	write_page(&full, sites, 4);
	assert_tidy(&full);
}

/* x to the power of 2.4, without the library of such things. */
static double raised(double x)
{
	double root = 1; /* the fifth of x squared */
	for (int i = 0; i < 60; i++)
		root -= (root * root * root * root * root - x * x) /
			(5 * root * root * root * root);
	return x * x * root;
}

/* Of WCAG 2. */
static double luminance(unsigned colour)
{
	static const double weights[] = {0.0722, 0.7152, 0.2126};
	double sum = 0;
	for (size_t i = 0; i < 3; i++) {
		double part = (colour >> (8 * i) & 0xFFU) / 255.0;
		sum += weights[i] *
		       (part <= 0.03928 ? part / 12.92 : raised((part + 0.055) / 1.055));
	}
	return sum;
}

static unsigned colour_of(const char *sheet, const char *name)
{
	char start[32];
	snprintf(start, sizeof(start), "--%s:#", name);
	const char *found = strstr(sheet, start);
	assert_non_null(found);
	char *end = NULL;
	unsigned long colour = strtoul(found + strlen(start), &end, 16);
	if (end - found - (long)strlen(start) == 3)
		colour = (colour >> 8 & 0xF) * 0x110000 + (colour >> 4 & 0xF) * 0x1100 +
			 (colour & 0xF) * 0x11;
	return (unsigned)colour;
}

static void assert_contrast(
	const char *sheet, const char *one, const char *other, double least)
{
	double a = luminance(colour_of(sheet, one)) + 0.05;
	double b = luminance(colour_of(sheet, other)) + 0.05;
	double contrast = a > b ? a / b : b / a;
	if (contrast < least)
		fail_msg("%s on %s: %.2f", one, other, contrast);
}

static void every_colour_can_be_read(void **state)
{
	(void)state;
	static const char *const texts[][2] = {{"ink", "paper"}, {"ink", "card"},
		{"soft", "paper"}, {"soft", "card"}, {"link", "card"}, {"link", "paper"},
		{"look", "card"}, {"look", "paper"}, {"well", "well-tint"},
		{"look", "look-tint"}, {"held", "held-tint"}, {"off", "off-tint"},
		{"ink", "well-tint"}, {"ink", "look-tint"}, {"ink", "held-tint"},
		{"ink", "off-tint"}};
	static const char *const signs[][2] = {{"bar", "card"}, {"held", "card"},
		{"line-of-time", "card"}, {"bar", "unknown"}};
	struct site_status site = a_site();
	auto_buf struct buf page = {0};
	write_page(&page, &site, 1);
	const char *light = strstr(buf_peek(&page), ":root{");
	const char *dark = strstr(light, "@media(prefers-color-scheme:dark)");
	assert_non_null(dark);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_contrast(light, texts[i][0], texts[i][1], 4.5);
		assert_contrast(dark, texts[i][0], texts[i][1], 4.5);
	}
	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++) {
		assert_contrast(light, signs[i][0], signs[i][1], 3);
		assert_contrast(dark, signs[i][0], signs[i][1], 3);
	}
}

static void a_screen_reader_finds_its_way(void **state)
{
	(void)state;
	struct site_status sites[] = {a_site(), a_site()};
	auto_buf struct buf page = {0};
	delivered(0, 1, 20);
	ended(TALLY_SENT, NOW, "y.xml", NULL);
	write_page(&page, sites, 2);
	assert_int_equal(count_nodes(&page, "/html[@lang='en']"), 1);
	assert_int_equal(count_nodes(&page, "//main"), 1);
	assert_int_equal(count_nodes(&page, "//body/header|//body/footer|//nav"), 3);
	assert_int_equal(count_nodes(&page, "//h1"), 1);
	assert_int_equal(count_nodes(&page, "//h2"), 2);
	assert_int_equal(count_nodes(&page, "//table[not(caption)]"), 0);
	assert_int_equal(count_nodes(&page, "//th[not(@scope)]"), 0);
	assert_int_equal(
		count_nodes(&page, "//svg[not(@aria-hidden)][not(title) or not(desc)]"),
		0);
	assert_int_equal(count_nodes(&page, "//*[@id=preceding::*/@id]"), 0);
	assert_int_equal(count_nodes(&page, "//meta[@http-equiv='refresh']"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		page_test(an_open_site_is_well),
		page_test(failures_ask_for_a_person),
		page_test(a_hold_says_why_and_what_to_do),
		page_test(trouble_of_this_machine_is_not_laid_to_the_shop),
		page_test(a_stopped_site_is_not_well),
		page_test(between_runs_by_cron_nobody_is_told_to_start_it),
		page_test(figures_are_shown_where_there_are_any),
		page_test(the_title_tells_the_worst_of_many_sites),
		page_test(a_parsed_snapshot_has_no_last_day),
		page_test(names_and_words_stay_text),
		page_test(nothing_is_loaded),
		page_test(the_longest_texts_have_room),
		page_test(an_idle_day_has_no_drawing),
		page_test(gaps_are_gaps),
		page_test(what_was_before_the_start_is_not_called_idle),
		page_test(rejections_stand_below_the_line),
		page_test(hours_are_those_of_the_server),
		page_test(the_figures_are_there_by_the_hour),
		page_test(the_latest_files_are_listed),
		page_test(every_page_is_valid_html),
		page_test(every_colour_can_be_read),
		page_test(a_screen_reader_finds_its_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
