/* SPDX-License-Identifier: MIT
 *
 * Run from the project's root: what contrib/monitoring asks for has to be there.
 */
#include "core/metrics.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "core/status.h"
#include "core/tally.h"

#define NOW INT64_C(1795428930123456)
#define UP (200 * MSEC_HOUR)
#define PREFIX "opensi_gateway_"
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyz_"

enum { METRICS_MAX_BYTES = 1 << 20 };

static struct tally tally;

static int enter(void **state)
{
	(void)state;
	tally_init(&tally, UP);
	return 0;
}

static int leave(void **state)
{
	(void)state;
	tally_done(&tally);
	return 0;
}

#define metrics_test(test) cmocka_unit_test_setup_teardown(test, enter, leave)

static struct site_status a_site(const char *name)
{
	return (struct site_status){
		.name = name, .oldest_waiting_s = -1, .tally = &tally, .up = UP};
}

static void write_metrics(struct buf *out, struct site_status *sites, size_t count)
{
	buf_init(out, METRICS_MAX_BYTES);
	metrics_write(out, &(struct status){.updated = NOW,
				   .version = "0.1.0",
				   .sites = sites,
				   .count = count});
	assert_int_equal(buf_finish(out), 0);
}

static void assert_says(const struct buf *text, const char *line)
{
	if (!strstr(buf_peek(text), line))
		fail_msg("lacks: %s", line);
}

static void assert_silent(const struct buf *text, const char *line)
{
	if (strstr(buf_peek(text), line))
		fail_msg("has: %s", line);
}

static void be_busy(void)
{
	tally_outcome(&tally, OUTCOME_DELIVERED, UP, NOW);
	tally_outcome(&tally, OUTCOME_REJECTED, UP, NOW);
	tally_answer(&tally, ANSWER_RESULTS, 2, 75, UP);
	tally_answer(&tally, ANSWER_UNKNOWN, 1, 200000, UP);
	tally_answer(&tally, ANSWER_RESULTS, 0, 5, UP);
	tally_file(&tally, TALLY_SENT, &(struct tally_file){.name = (char[]){"a"}});
}

static void figures_are_told_for_the_site(void **state)
{
	(void)state;
	struct site_status site = a_site("boutique");
	auto_buf struct buf text = {0};
	be_busy();
	site.incoming = 3;
	site.oldest_waiting_s = 42;
	write_metrics(&text, &site, 1);
	assert_says(&text, "\n" PREFIX "info{version=\"0.1.0\"} 1\n");
	assert_says(
		&text, "\n" PREFIX "site_state{site=\"boutique\",state=\"open\"} 1\n");
	assert_says(
		&text, "\n" PREFIX "site_state{site=\"boutique\",state=\"held\"} 0\n");
	assert_says(
		&text, "\n" PREFIX "files{site=\"boutique\",folder=\"incoming\"} 3\n");
	assert_says(&text, "\n" PREFIX "oldest_waiting_seconds{site=\"boutique\"} 42\n");
	assert_says(&text, "{site=\"boutique\",outcome=\"delivered\"} 1\n");
	assert_says(&text, "{site=\"boutique\",answer=\"unknown\"} 1\n");
	assert_says(&text, PREFIX "probes_total{site=\"boutique\"} 1\n");
	assert_says(&text, "{site=\"boutique\",result=\"sent\"} 1\n");
	assert_says(&text, PREFIX "last_success_timestamp_seconds{site=\"boutique\"} "
				  "1795428930.123\n");
}

static void what_is_not_is_absent(void **state)
{
	(void)state;
	struct site_status site = a_site("boutique");
	auto_buf struct buf text = {0};
	write_metrics(&text, &site, 1);
	assert_silent(&text, "\n" PREFIX "last_success_timestamp_seconds{");
	assert_silent(&text, "\n" PREFIX "hold_since_timestamp_seconds{");
	assert_says(&text, "\n" PREFIX "oldest_waiting_seconds{site=\"boutique\"} 0\n");
}

static void a_hold_has_its_reason(void **state)
{
	(void)state;
	struct site_status site = a_site("boutique");
	auto_buf struct buf text = {0};
	site.state = STATE_HELD;
	site.hold.reason = "key-refused";
	site.hold.since = NOW;
	write_metrics(&text, &site, 1);
	assert_says(&text, "hold_since_timestamp_seconds{site=\"boutique\","
			   "reason=\"key-refused\"} 1795428930\n");
	assert_says(&text, "site_state{site=\"boutique\",state=\"held\"} 1\n");
}

/* The number after the sample that begins so. */
static uint64_t sample(const struct buf *text, const char *start)
{
	const char *found = strstr(buf_peek(text), start);
	assert_non_null(found);
	return strtoull(found + strlen(start), NULL, 10);
}

static void buckets_are_cumulative(void **state)
{
	(void)state;
	static const char *const bounds[] = {"0.010", "0.050", "0.100", "0.250", "0.500",
		"1", "2.500", "10", "60", "180", "+Inf"};
	struct site_status site = a_site("a");
	auto_buf struct buf text = {0};
	uint64_t below = 0;
	for (msec_t took = 5; took < 400000; took *= 3)
		tally_answer(&tally, ANSWER_RESULTS, 1, took, UP);
	write_metrics(&text, &site, 1);
	for (size_t i = 0; i < sizeof(bounds) / sizeof(*bounds); i++) {
		char start[100];
		snprintf(start, sizeof(start),
			PREFIX "answer_seconds_bucket{site=\"a\",le=\"%s\"} ", bounds[i]);
		assert_true(sample(&text, start) >= below);
		below = sample(&text, start);
	}
	assert_int_equal(below, 11);
	assert_int_equal(sample(&text, PREFIX "answer_seconds_count{site=\"a\"} "), 11);
	assert_says(&text, PREFIX "answer_seconds_sum{site=\"a\"} 442.865\n");
	assert_says(&text, "batch_comments_bucket{site=\"a\",le=\"1\"} 11\n");
}

static void labels_are_escaped(void **state)
{
	(void)state;
	struct site_status site = a_site("a\"b\\c\nd\x1b\xff");
	auto_buf struct buf text = {0};
	write_metrics(&text, &site, 1);
	assert_says(&text, "{site=\"a\\\"b\\\\c?d??\"} ");
}

/* All samples of a metric stand together, after its help and type. */
static void sites_share_each_heading(void **state)
{
	(void)state;
	struct site_status sites[] = {a_site("a"), a_site("b")};
	auto_buf struct buf text = {0};
	write_metrics(&text, sites, 2);
	const char *heading = "# TYPE " PREFIX "probes_total counter\n";
	const char *found = strstr(buf_peek(&text), heading);
	assert_non_null(found);
	assert_null(strstr(found + 1, heading));
	assert_memory_equal(found + strlen(heading),
		PREFIX "probes_total{site=\"a\"} 0\n" PREFIX
		       "probes_total{site=\"b\"} 0\n",
		60);
}

static void counters_never_go_back(void **state)
{
	(void)state;
	static const char *const counters[] = {PREFIX "probes_total{site=\"a\"} ",
		PREFIX "comment_outcomes_total{site=\"a\",outcome=\"delivered\"} ",
		PREFIX "files_total{site=\"a\",result=\"sent\"} ",
		PREFIX "requests_total{site=\"a\",answer=\"results\"} ",
		PREFIX "answer_seconds_count{site=\"a\"} "};
	enum { COUNT = sizeof(counters) / sizeof(*counters) };
	struct site_status site = a_site("a");
	uint64_t last[COUNT] = {0};
	for (msec_t hours = 0; hours < 60; hours += 7) {
		auto_buf struct buf text = {0};
		be_busy();
		(void)tally_rate(&tally, UP + hours * MSEC_HOUR);
		(void)tally_slot(&tally, UP + hours * MSEC_HOUR, 0);
		write_metrics(&text, &site, 1);
		for (size_t i = 0; i < COUNT; i++) {
			assert_true(sample(&text, counters[i]) > last[i]);
			last[i] = sample(&text, counters[i]);
		}
	}
}

/* --- what is described, told and asked for is the same --- */

static bool is_described(const char *name, size_t len)
{
	static const char *const parts[] = {"", "_bucket", "_sum", "_count"};
	auto_buf struct buf all = {.max_bytes = METRICS_MAX_BYTES};
	metrics_describe(&all);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		size_t part = strlen(parts[i]);
		char line[128];
		if (len <= part || memcmp(name + len - part, parts[i], part) != 0)
			continue;
		snprintf(line, sizeof(line), "\n%.*s\t%s", (int)(len - part), name,
			i ? "histogram" : "");
		auto_buf struct buf lines = {.max_bytes = METRICS_MAX_BYTES};
		buf_add_format(&lines, "\n%s", buf_peek(&all));
		if (strstr(buf_peek(&lines), line))
			return true;
	}
	return false;
}

/* Returns how many names there are. */
static size_t assert_all_described(const char *text)
{
	size_t count = 0;
	for (const char *at = text; (at = strstr(at, PREFIX)); count++) {
		size_t len = strspn(at, NAME_CHARS);
		if (!is_described(at, len))
			fail_msg("there is no metric %.*s", (int)len, at);
		at += len;
	}
	return count;
}

static void all_that_is_told_is_described(void **state)
{
	(void)state;
	struct site_status site = a_site("a");
	auto_buf struct buf text = {0};
	auto_buf struct buf all = {.max_bytes = METRICS_MAX_BYTES};
	be_busy();
	site.hold.reason = "unclear";
	write_metrics(&text, &site, 1);
	assert_true(assert_all_described(buf_peek(&text)) > 80);
	metrics_describe(&all);
	for (const char *at = buf_peek(&all); *at; at = strchr(at, '\n') + 1) {
		char heading[128];
		snprintf(heading, sizeof(heading), "# TYPE %.*s ", (int)strcspn(at, "\t"),
			at);
		assert_says(&text, heading);
	}
	assert_false(is_described(PREFIX "none", strlen(PREFIX "none")));
	assert_false(is_described(PREFIX "files_sum", strlen(PREFIX "files_sum")));
}

static char *read_whole(const char *path)
{
	FILE *file = fopen(path, "r");
	char *bytes = calloc(1, METRICS_MAX_BYTES);
	if (!file || !bytes)
		fail_msg("cannot read %s: tests run in the project's root", path);
	assert_true(fread(bytes, 1, METRICS_MAX_BYTES - 1, file) > 0);
	(void)fclose(file);
	return bytes;
}

/* Whether a sample of that metric has that label; value "" : any. */
static bool is_labelled(
	const char *told, const char *name, const char *label, const char *value)
{
	char begin[128];
	char wanted[128];
	snprintf(begin, sizeof(begin), "\n%s", name);
	snprintf(wanted, sizeof(wanted), "%s=\"%s%s", label, value, *value ? "\"" : "");
	for (const char *at = told; (at = strstr(at, begin)); at++) {
		const char *found = strstr(at, wanted);
		bool is_whole = at[strlen(begin)] == '{';
		if (is_whole && found && found < strchr(at + 1, '\n'))
			return true;
	}
	return false;
}

/* Of label="one" or label=~"one|two"; a variable stands for any. */
static void assert_values(
	const char *told, const char *name, const char *label, char *values)
{
	char *rest = NULL;
	if (*values == '$')
		*values = '\0';
	if (!*values && !is_labelled(told, name, label, ""))
		fail_msg("%s has no label %s", name, label);
	for (char *one = strtok_r(values, "|", &rest); one;
		one = strtok_r(NULL, "|", &rest))
		if (!is_labelled(told, name, label, one))
			fail_msg("no %s has %s=\"%s\"", name, label, one);
}

/* Every NAME{label="value",...}; returns how many labels there are. */
static size_t assert_all_labelled(const char *told, const char *text)
{
	size_t count = 0;
	for (const char *at = text; (at = strstr(at, PREFIX));) {
		char name[80];
		char label[40];
		char values[80];
		int len = 0;
		snprintf(name, sizeof(name), "%.*s", (int)strspn(at, NAME_CHARS), at);
		at += strlen(name);
		for (char before = '{'; *at == before; before = ',') {
			at++;
			if (sscanf(at, "%39[a-z]%*[=~]\"%79[^\"]\"%n", label, values,
				    &len) != 2)
				fail_msg("not understood: %s", at);
			assert_values(told, name, label, values);
			at += len;
			count++;
		}
	}
	return count;
}

/* What a site tells that has seen all there is. */
static void write_all(struct buf *text)
{
	struct site_status site = a_site("a");
	be_busy();
	site.hold.reason = "unclear";
	write_metrics(text, &site, 1);
}

static void alert_rules_ask_for_what_there_is(void **state)
{
	(void)state;
	auto_free char *rules = read_whole("contrib/monitoring/alerts.yml");
	auto_buf struct buf told = {0};
	assert_true(assert_all_described(rules) >= 5);
	write_all(&told);
	assert_true(assert_all_labelled(buf_peek(&told), rules) >= 2);
}

static void the_dashboard_asks_for_what_there_is(void **state)
{
	(void)state;
	auto_free char *text = read_whole("contrib/monitoring/dashboard.json");
	auto_buf struct buf told = {0};
	size_t labels = 0;
	write_all(&told);
	assert_all_described(text); /* the choice of a site, too */
	json_t *board = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	size_t at;
	json_t *panel;
	assert_non_null(board);
	json_array_foreach(json_object_get(board, "panels"), at, panel)
	{
		size_t number;
		json_t *target;
		json_array_foreach(json_object_get(panel, "targets"), number, target)
		{
			const char *expr =
				json_string_value(json_object_get(target, "expr"));
			assert_non_null(expr);
			assert_true(assert_all_described(expr) > 0);
			labels += assert_all_labelled(buf_peek(&told), expr);
		}
		assert_true(number > 0);
	}
	assert_true(at > 5);
	assert_true(labels > 10);
	json_decref(board);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		metrics_test(figures_are_told_for_the_site),
		metrics_test(what_is_not_is_absent),
		metrics_test(a_hold_has_its_reason),
		metrics_test(buckets_are_cumulative),
		metrics_test(labels_are_escaped),
		metrics_test(sites_share_each_heading),
		metrics_test(counters_never_go_back),
		metrics_test(all_that_is_told_is_described),
		metrics_test(alert_rules_ask_for_what_there_is),
		metrics_test(the_dashboard_asks_for_what_there_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
