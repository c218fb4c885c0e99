/* SPDX-License-Identifier: MIT */
#include "config_fixture.h"

#include "base/alloc.h"
#include "system/setting.h"

static char sample[32 * 1024]; /* contrib/opensi-gateway.conf */

static int read_sample(void **state)
{
	auto_close int fd = open("contrib/opensi-gateway.conf", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, sample, sizeof(sample) - 1) <= 0)
		return -1;
	return enter(state);
}

static void defaults_are_those_that_are_promised(void **state)
{
	(void)state;
	auto_with(config_cleanup) struct config *config = open_good(SITE);
	const struct site_config *site = &config->sites[0];
	assert_int_equal(config->site_count, 1);
	assert_int_equal(config->log_level, LEVEL_INFO);
	assert_null(config->language);
	assert_string_equal(site->name, "WEB1");
	assert_string_equal(site->key, KEY);
	assert_string_equal(site->pattern, "*.xml");
	assert_string_equal(site->schema, GATEWAY_DATA_DIR "/comments.xsd");
	assert_int_equal(site->settle, 2000);
	assert_int_equal(site->rescan, 300000);
	assert_int_equal(site->interval, 0);
	assert_int_equal(site->batch_comments, 500);
	assert_int_equal(site->request_target, 5000);
	assert_int_equal(site->connections, 1);
	assert_int_equal(site->connect_timeout, 10000);
	assert_int_equal(site->request_timeout, 180000);
	assert_int_equal(site->unknown_wait, 600000);
	assert_int_equal(site->retry_min, 1000);
	assert_int_equal(site->retry_max, 600000);
	assert_int_equal(site->max_attempts, 5);
	assert_int_equal(site->give_up, 0);
	assert_true(site->shop_limits);
	assert_int_equal(site->max_file_size, 16 << 20);
	assert_int_equal(site->min_free, 64 << 20);
	assert_int_equal(site->keep_sent, 0);
	assert_int_equal(site->keep_audit, 0);
	assert_false(site->allow_plaintext);
	assert_true(!site->ca_file && !site->client_cert && !site->client_key);
	assert_true(!site->proxy && !site->basic_auth && !site->metrics_file);
}

static void every_setting_can_be_written(void **state)
{
	(void)state;
	put("other", "me:word\n", 0640);
	auto_with(config_cleanup) struct config *config = open_good(SITE
		"name = \"a.B-1_\"; basic_auth_file = \"other\"; ca_file = \"key\";\n"
		"client_cert = \"key\"; client_key = \"key\"; metrics_file = \"m\";\n"
		"proxy = \"socks5h://u:p@proxy.example:1080\"; allow_plaintext = true;\n"
		"pattern = \"c-*.xml\"; settle = \"100ms\"; rescan = \"1d\"; interval = "
		"0;\n"
		"batch_comments = 5000; request_target = \"200ms\"; connections = 16;\n"
		"connect_timeout = \"100ms\"; request_timeout = \"1h\"; give_up = "
		"\"5d\";\n"
		"unknown_wait = \"100ms\"; retry_min = \"2s\"; retry_max = \"2s\";\n"
		"max_attempts = 1; shop_limits = false; max_file_size = 1048576;\n"
		"min_free = 4294967296; keep_sent = \"90d\"; keep_audit = \"365d\";\n"
		"schema = \"x.xsd\"; log_level = \"debug\"; language = \"fr\";\n");
	const struct site_config *site = &config->sites[0];
	assert_string_equal(site->name, "a.B-1_");
	assert_string_equal(site->basic_auth, "me:word");
	assert_int_equal(site->rescan, 24 * MSEC_HOUR);
	assert_int_equal(site->min_free, INT64_C(4) << 30);
	assert_int_equal(site->keep_audit, 8760 * MSEC_HOUR);
	assert_int_equal(config->log_level, LEVEL_DEBUG);
	assert_string_equal(config->language, "fr");
}

static void a_site_takes_what_it_does_not_say_from_the_top(void **state)
{
	(void)state;
	put("other", "another-key\n", 0600);
	auto_with(config_cleanup) struct config *config = open_good(KEY_FILE
		"settle = \"3s\"; sites = (\n"
		"{ website_code = \"A\"; url = \"https://a\"; spool = \"a\"; },\n"
		"{ website_code = \"B\"; url = \"https://b\"; spool = \"b\";\n"
		"  settle = \"4s\"; key_file = \"other\"; });\n"
		"rescan = \"6m\";");
	assert_int_equal(config->site_count, 2);
	assert_string_equal(config->sites[0].name, "A");
	assert_string_equal(config->sites[0].key, KEY);
	assert_int_equal(config->sites[0].settle, 3000);
	assert_int_equal(config->sites[1].settle, 4000);
	assert_int_equal(config->sites[1].rescan, 360000);
	assert_string_equal(config->sites[1].key, "another-key");
}

static void a_key_holds_only_what_a_shop_can_compare(void **state)
{
	(void)state;
	static const char *const bad[] = {" " KEY, KEY " ", "a b", "cl\xC3\xA9"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		auto_buf struct buf errors = {.max_bytes = ERRORS_BYTES};
		put("other", bad[i], 0600);
		open_bad(CODE URL SPOOL "key_file = \"other\";", &errors);
		assert_non_null(strstr(buf_peek(&errors), "beyond ASCII"));
	}
	char key[130] = {0};
	memset(key, 'k', sizeof(key) - 1);
	auto_buf struct buf errors = {.max_bytes = ERRORS_BYTES};
	put("other", key, 0600);
	open_bad(CODE URL SPOOL "key_file = \"other\";", &errors);
	assert_non_null(strstr(buf_peek(&errors), "at most 128 characters"));
	put("other", "Any-Other-Key", 0600);
	auto_with(config_cleanup) struct config *config =
		open_good(CODE URL SPOOL "key_file = \"other\";");
	assert_string_equal(config->sites[0].key, "Any-Other-Key");
}

static void login_and_password_make_the_key(void **state)
{
	(void)state;
	put("password", "opensi secret\r\n", 0600); /* md5sum of "shop-opensi secret" */
	auto_with(config_cleanup) struct config *config = open_good(
		CODE URL SPOOL "login = \"shop\"; password_file = \"password\";");
	assert_string_equal(config->sites[0].key, "e2ac1b03604d7d83c887d04ffb121548");
}

static void a_tool_needs_no_secrets_and_no_user(void **state)
{
	(void)state;
	auto_with(config_cleanup) struct config *config = NULL;
	auto_buf struct buf errors = {.max_bytes = ERRORS_BYTES};
	put("c.conf", CODE URL SPOOL "key_file = \"nowhere\";", 0600);
	assert_int_equal(config_open_for_tool("c.conf", false, &config, &errors), 0);
	assert_null(config->sites[0].key);

	struct config *none = NULL;
	assert_int_equal(config_open_for_tool("c.conf", true, &none, &errors), -EINVAL);
	assert_non_null(strstr(buf_peek(&errors), "c.conf:1: key_file: "));
}

static void assert_replaceable(const char *before, const char *after, const char *told)
{
	auto_with(config_cleanup) struct config *now = open_good(before);
	auto_with(config_cleanup) struct config *next = open_good(after);
	auto_buf struct buf errors = {.max_bytes = ERRORS_BYTES};
	assert_int_equal(config_may_replace(now, next, &errors), *told ? -EPERM : 0);
	assert_string_equal(buf_peek(&errors), told);
}

static void policy_may_change_under_way(void **state)
{
	(void)state;
	assert_replaceable(SITE, SITE "settle = \"9s\"; log_level = \"debug\";", "");
	assert_replaceable(SITE, SITE "connections = 4; shop_limits = false;", "");
	assert_replaceable(SITE, SITE "pattern = \"a*\"; max_file_size = \"2M\";", "");
}

static void a_secret_may_change_in_its_file(void **state)
{
	(void)state;
	put("other", "first", 0600);
	auto_with(config_cleanup) struct config *now =
		open_good(CODE URL SPOOL "key_file = \"other\";");
	put("other", "second", 0600);
	auto_with(config_cleanup) struct config *next =
		open_good(CODE URL SPOOL "key_file = \"other\";");
	auto_buf struct buf errors = {.max_bytes = ERRORS_BYTES};
	assert_int_equal(config_may_replace(now, next, &errors), 0);
	assert_string_equal(now->sites[0].key, "first");
	assert_string_equal(next->sites[0].key, "second");
}

#define RESTART " changed: needs a restart, which loses nothing\n"

static void what_needs_a_restart_is_refused_as_a_whole(void **state)
{
	(void)state;
	put("other", KEY, 0600);
	assert_replaceable(SITE,
		URL SPOOL KEY_FILE "website_code = \"B\"; name = \"WEB1\";",
		"c.conf: site WEB1: website_code" RESTART);
	assert_replaceable(SITE, URL SPOOL KEY_FILE "website_code = \"B\";",
		"c.conf: site WEB1: website_code" RESTART);
	assert_replaceable(SITE, SITE "name = \"b\";", "c.conf: site WEB1: name" RESTART);
	assert_replaceable(SITE, CODE SPOOL KEY_FILE "url = \"https://b\";",
		"c.conf: site WEB1: url" RESTART);
	assert_replaceable(SITE, CODE URL KEY_FILE "spool = \"b\"; settle = \"3s\";",
		"c.conf: site WEB1: spool" RESTART);
	assert_replaceable(SITE, CODE URL SPOOL "key_file = \"other\";",
		"c.conf: site WEB1: key_file" RESTART);
	assert_replaceable(SITE, SITE "metrics_file = \"m\"; ca_file = \"key\";",
		"c.conf: site WEB1: ca_file" RESTART
		"c.conf: site WEB1: metrics_file" RESTART);
	assert_replaceable(CODE URL KEY_FILE "sites = ({ spool = \"a\"; });",
		CODE KEY_FILE "sites = ({ url = \"https://a\"; spool = \"a\"; }, { name ="
			      " \"b\"; url = \"https://b\"; spool = \"b\"; });",
		"c.conf: the number of sites changed from 1 to 2: needs a restart, which "
		"loses "
		"nothing\n");
}

static struct config *open_of_user(const char *user)
{
	struct config *config = NULL;
	auto_buf struct buf text = {.max_bytes = CONFIG_BYTES};
	auto_buf struct buf errors = {.max_bytes = ERRORS_BYTES};
	buf_add_format(&text, "%s user = \"%s\";", SITE, user);
	put("c.conf", buf_peek(&text), 0600);
	assert_int_equal(config_open_for_tool("c.conf", false, &config, &errors), 0);
	return config;
}

static void whom_it_became_does_not_change_under_way(void **state)
{
	(void)state;
	auto_with(config_cleanup) struct config *now = open_of_user("a");
	auto_with(config_cleanup) struct config *next = open_of_user("b");
	auto_buf struct buf errors = {.max_bytes = ERRORS_BYTES};
	assert_int_equal(config_may_replace(now, next, &errors), -EPERM);
	assert_string_equal(buf_peek(&errors), "c.conf: user" RESTART);
}

static void a_thousand_readings_leave_nothing_behind(void **state)
{
	(void)state;
	auto_buf struct buf errors = {.max_bytes = ERRORS_BYTES};
	for (int i = 0; i < 500; i++) {
		buf_clear(&errors);
		config_free(open_good(SITE "proxy = \"proxy:3128\";"));
		open_bad(SITE "settle = 1; sites = ({ url = \"https://b\"; }, 5);",
			&errors);
	}
}

static void the_sample_is_a_good_configuration(void **state)
{
	(void)state;
	put("boutique.key", KEY, 0600);
	auto_with(config_cleanup) struct config *config = open_good(sample);
	assert_int_equal(unlink("boutique.key"), 0);
	assert_string_equal(config->sites[0].website_code, "WEB1");
	assert_string_equal(config->sites[0].spool, "/var/spool/opensi-gateway");
}

/* As a line of the sample shows it: commented out, at its default if it has one. */
static void add_sample_line(const struct setting *s, struct buf *line)
{
	const char *quote =
		s->type == SETTING_NUMBER || s->type == SETTING_BOOLEAN ? "" : "\"";
	buf_add_format(line, "\n#%s = %s", s->name, quote);
	if (s->standard && s->type != SETTING_PATH)
		buf_add_format(line, "%s%s;\n", s->standard, quote);
}

static void the_sample_shows_every_setting_at_its_default(void **state)
{
	(void)state;
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = setting_at(i);
		auto_buf struct buf line = {.max_bytes = 1000};
		auto_buf struct buf set = {.max_bytes = 1000};
		add_sample_line(s, &line);
		buf_add_format(&set, "\n%s = \"", s->name);
		if (!strstr(sample, buf_peek(&line)) &&
			(s->standard || !strstr(sample, buf_peek(&set))))
			fail_msg("the sample has no line %s", buf_peek(&line));
	}
}

static void a_sample_that_breaks_off_is_refused_in_words(void **state)
{
	(void)state;
	size_t len = strlen(sample);
	for (size_t end = 0; end < len; end += end % 7 + 1) {
		auto_free char *text = xstrndup(sample, end);
		auto_buf struct buf errors = {.max_bytes = ERRORS_BYTES};
		struct config *config = NULL;
		put_config(text);
		int r = config_open("c.conf", &config, &errors);
		assert_true(r == -EINVAL && errors.len > 0);
	}
}

static void every_setting_is_described_in_a_line(void **state)
{
	(void)state;
	auto_buf struct buf out = {.max_bytes = ERRORS_BYTES};
	config_describe(&out);
	assert_int_equal(count_lines(buf_peek(&out)), SETTING_COUNT);
	assert_non_null(strstr(buf_peek(&out), "\nsettle\t2s\t100ms to 1h\thow long"));
	assert_non_null(strstr(buf_peek(&out), "\nlanguage\tnone\ten, fr\tlanguage of"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_those_that_are_promised),
		cmocka_unit_test(every_setting_can_be_written),
		cmocka_unit_test(a_site_takes_what_it_does_not_say_from_the_top),
		cmocka_unit_test(a_key_holds_only_what_a_shop_can_compare),
		cmocka_unit_test(login_and_password_make_the_key),
		cmocka_unit_test(a_tool_needs_no_secrets_and_no_user),
		cmocka_unit_test(policy_may_change_under_way),
		cmocka_unit_test(a_secret_may_change_in_its_file),
		cmocka_unit_test(what_needs_a_restart_is_refused_as_a_whole),
		cmocka_unit_test(whom_it_became_does_not_change_under_way),
		cmocka_unit_test(a_thousand_readings_leave_nothing_behind),
		cmocka_unit_test(the_sample_is_a_good_configuration),
		cmocka_unit_test(the_sample_shows_every_setting_at_its_default),
		cmocka_unit_test(a_sample_that_breaks_off_is_refused_in_words),
		cmocka_unit_test(every_setting_is_described_in_a_line),
	};
	return cmocka_run_group_tests_name("config", tests, read_sample, leave);
}
