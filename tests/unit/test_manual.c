/* SPDX-License-Identifier: MIT
 *
 * What the manual says about settings, metrics and fields is held against the tables that
 * the programs are made of. (The journal's: test_record.c. Options: docs.bats.)
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "core/hold.h"
#include "core/metrics.h"
#include "core/status.h"
#include "system/setting.h"

enum { PAGE_BYTES = 64 * 1024, TABLE_BYTES = 64 * 1024 };

static const char conf_page[] = "contrib/man/opensi-gateway.conf.5.scd";
static const char gateway_page[] = "contrib/man/opensi-gateway.8.scd";

/* A page as it reads, without the backslashes that scdoc wants. */
static char *read_page(const char *path)
{
	static char page[PAGE_BYTES];
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	ssize_t len = read(fd, page, sizeof(page) - 1);
	assert_in_range(len, 1, sizeof(page) - 2);
	char *to = page;
	for (const char *from = page; from < page + len; from++)
		if (*from != '\\')
			*to++ = *from;
	*to = '\0';
	return page;
}

static void assert_has(const char *page, const char *path, const char *text)
{
	if (!strstr(page, text))
		fail_msg("not in %s: %s", path, text);
}

/* The text from a heading to the next. */
static const char *section_of(const char *path, const char *heading)
{
	char *begin = strstr(read_page(path), heading);
	assert_non_null(begin);
	char *end = strstr(begin + 1, "\n# ");
	assert_non_null(end);
	*end = '\0';
	return begin;
}

static unsigned count_lines(const char *page, const char *begin)
{
	unsigned count = 0;
	for (const char *at = page; (at = strstr(at, begin)); at++)
		count++;
	return count;
}

/* Where it stands depends on the prefix that was built for. */
static const char *standard_of(const struct setting *s)
{
	if (!s->standard)
		return "none";
	return s->type == SETTING_PATH ? "the installed one" : s->standard;
}

static void every_setting_is_told_with_default_and_bounds(void **state)
{
	(void)state;
	const char *page = read_page(conf_page);
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = setting_at(i);
		auto_buf struct buf line = {.max_bytes = 1000};
		buf_add_format(&line, "\n*%s* (%s; ", s->name, standard_of(s));
		setting_add_bounds(s, &line);
		buf_add_text(&line, s->is_fixed ? "; restart)\n\t" : ")\n\t");
		assert_has(page, conf_page, buf_peek(&line));
	}
}

static void no_setting_is_told_that_does_not_exist(void **state)
{
	(void)state;
	const char *settings = section_of(conf_page, "\n# SETTINGS");
	assert_int_equal(count_lines(settings, "\n*"), SETTING_COUNT);
}

static void what_all_sites_share_is_told_apart(void **state)
{
	(void)state;
	const char *shared = strstr(read_page(conf_page), "\n## One for all sites");
	assert_non_null(shared);
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		char entry[80];
		(void)snprintf(entry, sizeof(entry), "\n*%s* (", setting_at(i)->name);
		assert_int_equal(!!strstr(shared, entry), setting_at(i)->is_global);
	}
}

static void every_metric_is_told_and_no_other(void **state)
{
	(void)state;
	auto_buf struct buf table = {.max_bytes = TABLE_BYTES};
	const char *page = read_page(gateway_page);
	unsigned count = 0;
	metrics_describe(&table);
	assert_int_equal(buf_finish(&table), 0);
	for (const char *at = buf_peek(&table); *at; at = strchr(at, '\n') + 1) {
		char entry[120];
		(void)snprintf(
			entry, sizeof(entry), "\n*%.*s*\n\t", (int)strcspn(at, "\t"), at);
		assert_has(page, gateway_page, entry);
		count++;
	}
	assert_int_equal(count_lines(page, "\n*opensi_gateway_"), count);
}

static void assert_fields_told(const char *section, json_t *object)
{
	const char *name = NULL;
	json_t *value = NULL;
	json_object_foreach(object, name, value)
	{
		char entry[80];
		(void)snprintf(entry, sizeof(entry), "*%s*", name);
		assert_has(section, gateway_page, entry);
	}
}

static void every_field_of_the_state_is_told(void **state)
{
	(void)state;
	struct site_status site = {.name = "WEB1", .hold = {.reason = "unreachable"}};
	const struct status status = {.version = "1", .sites = &site, .count = 1};
	auto_buf struct buf text = {.max_bytes = TABLE_BYTES};
	const char *section = section_of(gateway_page, "\n# THE STATE");
	status_write(&text, &status);
	json_t *root = json_loads(buf_peek(&text), 0, NULL);
	json_t *told = json_array_get(json_object_get(root, "sites"), 0);
	assert_int_equal(json_object_size(json_object_get(told, "hold")), 5);
	assert_fields_told(section, root);
	assert_fields_told(section, told);
	assert_fields_told(section, json_object_get(told, "hold"));
	json_decref(root);
}

static void every_state_is_told(void **state)
{
	(void)state;
	const char *section = section_of(gateway_page, "\n# THE STATE");
	for (enum site_state s = STATE_OPEN; s <= STATE_STOPPED; s++) {
		char entry[40];
		(void)snprintf(entry, sizeof(entry), "*%s*", state_name(s));
		assert_has(section, gateway_page, entry);
	}
}

static void every_hold_is_told(void **state)
{
	(void)state;
	const char *section = section_of(gateway_page, "\n# THE STATE");
	for (enum hold h = HOLD_UNREACHABLE; h <= HOLD_STORES_NOTHING; h++) {
		char entry[40];
		(void)snprintf(entry, sizeof(entry), "*%s*", hold_name(h));
		assert_has(section, gateway_page, entry);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_setting_is_told_with_default_and_bounds),
		cmocka_unit_test(no_setting_is_told_that_does_not_exist),
		cmocka_unit_test(what_all_sites_share_is_told_apart),
		cmocka_unit_test(every_metric_is_told_and_no_other),
		cmocka_unit_test(every_field_of_the_state_is_told),
		cmocka_unit_test(every_state_is_told),
		cmocka_unit_test(every_hold_is_told),
	};
	return cmocka_run_group_tests_name("manual", tests, NULL, NULL);
}
