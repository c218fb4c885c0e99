/* SPDX-License-Identifier: MIT */
#include "config_fixture.h"

#include <grp.h>
#include <limits.h>
#include <sys/wait.h>

#include "base/alloc.h"

struct mistake {
	const char *text;
	const char *start; /* of the one error line, after the file's name */
	const char *words; /* that are in it */
};

static void assert_mistakes(const struct mistake *mistakes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		auto_buf struct buf errors = {.max_bytes = ERRORS_BYTES};
		open_bad(mistakes[i].text, &errors);
		const char *line = buf_peek(&errors);
		auto_buf struct buf start = {.max_bytes = 1000};
		buf_add_format(&start, "c.conf%s", mistakes[i].start);
		if (strncmp(line, buf_peek(&start), start.len) != 0 ||
			!strstr(line, mistakes[i].words) || count_lines(line) != 1)
			fail_msg("for\n%s\nwas told\n%s", mistakes[i].text, line);
	}
}

#define ASSERT_MISTAKES(list) assert_mistakes(list, sizeof(list) / sizeof((list)[0]))

static void each_value_is_judged_with_its_line(void **state)
{
	(void)state;
	static const struct mistake mistakes[] = {
		{SITE "\nsetle = \"2s\";", ":2: setle: unknown", "did you mean settle?"},
		{SITE "\n\nzzzzzzz = 1;", ":3: zzzzzzz: unknown", "remove it"},
		{SITE "\nsettle = 5;", ":2: settle: 5 is not", "\"500ms\""},
		{SITE "\nsettle = \"5\";", ":2: settle: \"5\" is not", "with its unit"},
		{SITE "\nsettle = \"5 s\";", ":2: settle: \"5 s\" is not", "\"2s\""},
		{SITE "\nsettle = 0;", ":2: settle: 0 is too small", "100ms to 1h"},
		{SITE "\nsettle = \"99ms\";", ":2: settle: \"99ms\" is too small",
			"100ms"},
		{SITE "\nsettle = \"2h\";", ":2: settle: \"2h\" is too large", "1h"},
		{SITE "\nsettle = \"99999999999999999999d\";",
			":2: settle: ", "too large"},
		{SITE "\nsettle = true;", ":2: settle: a duration", "in quotes"},
		{SITE "\nsettle = [1];", ":2: settle: a duration", "in quotes"},
		{SITE "\nsettle = 1.5;", ":2: settle: a duration", "in quotes"},
		{SITE "\nmin_free = \"16MB\";", ":2: min_free: \"16MB\"", "\"16M\""},
		{SITE "\nconnections = \"2\";", ":2: connections: \"2\"",
			"without quotes"},
		{SITE "\nconnections = 17;", ":2: connections: 17 is too", "1 to 16"},
		{SITE "\nshop_limits = \"no\";", ":2: shop_limits: yes or no", "false"},
		{SITE "\nlog_level = \"loud\";", ":2: log_level: \"loud\"", "warning"},
		{SITE "\nlanguage = \"de\";", ":2: language: \"de\"", "en, fr"},
		{SITE "\nproxy = \"\";", ":2: proxy: is empty", "remove"},
		{SITE "\nproxy = \"gopher://x\";", ":2: proxy: ", "unknown kind"},
		{SITE "\nproxy = \"http://\";", ":2: proxy: ", "names no host"},
		{SITE "\npattern = \"a/*.xml\";", ":2: pattern: ", "'/'"},
		{SITE "\nname = \"a b\";", ":2: name: ", "letters, digits"},
		{URL SPOOL KEY_FILE "\nwebsite_code = \"W \";",
			":2: website_code: ", "space"},
		{CODE SPOOL KEY_FILE "\nurl = \"shop\";", ":2: url: ", "https://"},
		{CODE SPOOL KEY_FILE "\nurl = \"http://shop.example\";",
			":2: url: ", "allow_plaintext"},
		{CODE SPOOL KEY_FILE "\nurl = \"https://u:p@h/\";",
			":2: url: ", "basic_auth_file"},
	};
	ASSERT_MISTAKES(mistakes);
}

static void what_is_too_much_is_told(void **state)
{
	(void)state;
	auto_buf struct buf path = {.max_bytes = CONFIG_BYTES};
	auto_buf struct buf sites = {.max_bytes = CONFIG_BYTES};
	buf_add_text(&path, CODE URL KEY_FILE "\nspool = \"");
	for (int i = 0; i < PATH_MAX / 2 - 1; i++)
		buf_add_text(&path, "a/");
	buf_add_text(&path, "\";");
	buf_add_text(&sites, CODE URL KEY_FILE "\nsites = (");
	for (int i = 0; i < 1001; i++)
		buf_add_format(&sites, "%s{}", i ? "," : "");
	buf_add_text(&sites, ");");
	const struct mistake mistakes[] = {
		{buf_peek(&path), ":2: spool: ", "too long for a path"},
		{buf_peek(&sites), ":2: sites: holds 1001 sites", "at most 1000"},
	};
	ASSERT_MISTAKES(mistakes);
}

static void no_number_is_cut_to_a_smaller_one(void **state)
{
	(void)state;
	static const struct mistake mistakes[] = {
		{SITE "\nconnections = 4294967297;", ":2: connections: 4294967297 is",
			"16"},
		{SITE "\nconnections = 0x100000001;", ":2: connections: 4294967297",
			"16"},
		{SITE "\nconnections = 99999999999999999999999999;",
			":2: connections: ", "too large"},
		{SITE "\nconnections = 18446744073709551617L;",
			":2: connections: ", "too large"},
		{SITE "\nconnections = -18446744073709551615;",
			":2: connections: ", "too small"},
		{SITE "\nconnections = 1e1;", ":2: connections: a whole number", "point"},
	};
	ASSERT_MISTAKES(mistakes);

	auto_with(config_cleanup) struct config *config = open_good(
		URL SPOOL KEY_FILE "/* 1 \" */ # 2 \"\n // 3 \"\nconnections=+3;"
				   "website_code = \"a \\\" 12\";min_free=1048577L;");
	assert_int_equal(config->sites[0].connections, 3);
	assert_int_equal(config->sites[0].min_free, 1048577);
	assert_string_equal(config->sites[0].website_code, "a \" 12");
	assert_string_equal(config->sites[0].name, "a---12");
}

static void what_is_missing_is_named(void **state)
{
	(void)state;
	static const struct mistake mistakes[] = {
		{URL SPOOL KEY_FILE, ": website_code is missing", "code"},
		{CODE SPOOL KEY_FILE, ": url is missing", "address"},
		{CODE URL KEY_FILE, ": spool is missing", "incoming/"},
		{CODE URL SPOOL, ": the key is missing", "login and password_file"},
		{SPOOL KEY_FILE
			"sites = (\n{ " CODE URL "},\n"
			"{ name = \"b\"; spool = \"b\"; website_code = \"B\"; });",
			":3: url is missing", "address"},
	};
	ASSERT_MISTAKES(mistakes);
}

static void settings_that_do_not_go_together_are_named(void **state)
{
	(void)state;
	put("password", "secret", 0600);
	static const struct mistake mistakes[] = {
		{SITE "\nlogin = \"me\";", ":2: key_file excludes", "keep one"},
		{CODE URL SPOOL "\nlogin = \"me\";", ":2: login alone", "password_file"},
		{CODE URL SPOOL "\npassword_file = \"password\";", ":2: password_file",
			"write login"},
		{SITE "\nretry_min = \"20m\";", ":2: retry_min (20m) must", "(10m)"},
		{SITE "\nretry_max = \"2s\";\nretry_min = \"3s\";", ":3: retry_min",
			"2s"},
		{SITE "\nrequest_timeout = \"10s\";", ":2: connect_timeout", "request"},
		{SITE "\nrequest_target = \"4m\";", ":2: request_target (4m)", "(3m)"},
		{SITE "\nclient_key = \"key\";", ":2: client_key: ", "client_cert"},
	};
	ASSERT_MISTAKES(mistakes);
}

static void two_sites_share_nothing_they_must_not(void **state)
{
	(void)state;
	static const struct mistake mistakes[] = {
		{CODE URL KEY_FILE "sites = (\n{ name = \"a\"; spool = \"a\"; },\n"
				   "{ name = \"b\"; spool = \"b\"; });",
			":1: url: the sites of lines 2 and 3", "website_code"},
		{CODE KEY_FILE SPOOL "sites = (\n{ name=\"a\"; url=\"https://a\"; },\n"
				     "{ name=\"b\"; url=\"https://b\"; });",
			":1: spool: the sites of lines 2 and 3", "its own"},
		{CODE KEY_FILE "sites = (\n{ spool=\"a\"; url=\"https://a\"; },\n"
			       "{ spool=\"b\"; url=\"https://b\"; });",
			":3: name: two sites are called WEB1", "its own name"},
		{CODE KEY_FILE
			"sites = (\n{ name=\"a\"; spool=\"a\"; url=\"https://a\"; }"
			",\n{ name=\"b\"; spool=\"b\"; url=\"https://A:443/\"; });",
			":3: url: the sites of lines 2 and 3", "remove one"},
		{CODE KEY_FILE "sites = (\n{ name=\"a\"; spool=\"/tmp\"; "
			       "url=\"https://a\"; },\n{ name=\"b\"; "
			       "spool=\"/tmp/../tmp/.\"; url=\"https://b\"; });",
			":3: spool: the sites of lines 2 and 3", "its own"},
	};
	ASSERT_MISTAKES(mistakes);
}

static void sites_are_a_list_of_groups(void **state)
{
	(void)state;
	static const struct mistake mistakes[] = {
		{SITE "\nsites = 5;", ":2: sites: a list", "( {"},
		{SITE "\nsites = ();", ":2: sites: is empty", "remove it"},
		{SITE "\nsites = [1, 2];", ":2: sites: a list", "( {"},
		{SITE "\nsites = ({ name = \"a\"; },\n 5);", ":3: sites: ", "{ ... }"},
		{SITE "\nsites = ({\nlog_level = \"info\"; });",
			":3: log_level: ", "for all sites"},
	};
	ASSERT_MISTAKES(mistakes);
}

static void all_errors_come_at_once_in_the_order_of_lines(void **state)
{
	(void)state;
	auto_buf struct buf errors = {.max_bytes = ERRORS_BYTES};
	open_bad("sites = ({ name = 5;\nsettle = 1; });\nconnections = 99;\n\nfoo = 1;",
		&errors);
	static const char *const starts[] = {"c.conf:1: name:", "c.conf:1: spool is",
		"c.conf:1: the key", "c.conf:1: url is", "c.conf:1: website_code is",
		"c.conf:2: settle:", "c.conf:3: connections:", "c.conf:5: foo:"};
	const char *line = buf_peek(&errors);
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		assert_int_equal(strncmp(line, starts[i], strlen(starts[i])), 0);
		line = strchr(line, '\n') + 1;
	}
	assert_string_equal(line, "");
}

static void what_sites_inherit_is_blamed_once(void **state)
{
	(void)state;
	static const struct mistake mistakes[] = {
		{CODE "\nkey_file = \"nowhere\";\nsites = ("
		      "{ name=\"a\"; spool=\"a\"; url=\"https://a\"; },"
		      "{ name=\"b\"; spool=\"b\"; url=\"https://b\"; });",
			":2: key_file: ", "nowhere cannot be read"},
	};
	ASSERT_MISTAKES(mistakes);
}

static void fifty_errors_are_told_and_the_rest_counted(void **state)
{
	(void)state;
	auto_buf struct buf text = {.max_bytes = ERRORS_BYTES};
	auto_buf struct buf errors = {.max_bytes = ERRORS_BYTES};
	buf_add_text(&text, SITE);
	for (int i = 0; i < 62; i++)
		buf_add_format(&text, "\nzzzzzzz%d = 1;", i);
	open_bad(buf_peek(&text), &errors);
	assert_int_equal(count_lines(buf_peek(&errors)), 51);
	assert_non_null(strstr(buf_peek(&errors), "c.conf: and 12 more\n"));
}

static void a_broken_file_is_told_where(void **state)
{
	(void)state;
	static const struct mistake mistakes[] = {
		{SITE "\nsettle = \"2s\"\nrescan = ;", ":3: syntax error", "semicolon"},
		{SITE "\nsettle = \"2s\";\nsettle = \"2s\";", ":3: duplicate", "correct"},
		{SITE "\n@include \"/etc/passwd\"\n",
			":2: ", "@include is not supported"},
		{SITE "\n@include \"/etc\"\n", ":2: ", "@include is not supported"},
		{SITE "\n@include \"c.conf\"\n", ":2: ", "@include is not supported"},
	};
	ASSERT_MISTAKES(mistakes);
}

static void assert_unreadable(const char *path, const char *told)
{
	struct config *config = NULL;
	auto_buf struct buf errors = {.max_bytes = ERRORS_BYTES};
	assert_int_equal(config_open(path, &config, &errors), -EINVAL);
	assert_null(config);
	assert_int_equal(strncmp(buf_peek(&errors), told, strlen(told)), 0);
	assert_int_equal(count_lines(buf_peek(&errors)), 1);
}

static void a_file_that_cannot_be_used_is_told_why(void **state)
{
	(void)state;
	assert_unreadable("nowhere.conf", "nowhere.conf: cannot be read (No such file");
	assert_unreadable("/etc", "/etc: is not a regular file");
	assert_unreadable("/dev/zero", "/dev/zero: is not a regular file");

	auto_free char *much = xcalloc((2 << 20) + 1, 1);
	memset(much, '\n', 2 << 20);
	put_config(much);
	assert_unreadable("c.conf", "c.conf: is larger than 1 MiB");

	auto_close int fd = open("c.conf", O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_int_equal(write(fd, "a=1;\n\0b=2;", 10), 10);
	assert_unreadable("c.conf", "c.conf:2: holds a NUL byte");
}

/* 0: it is refused in these words. */
static int open_as_nobody(const char *words)
{
	struct config *config = NULL;
	auto_buf struct buf errors = {.max_bytes = ERRORS_BYTES};
	if (geteuid() == 0 &&
		(setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0))
		return 2;
	int r = config_open("c.conf", &config, &errors);
	return r < 0 && strstr(buf_peek(&errors), words) ? 0 : 1;
}

static void assert_nobody_is_told(const char *words)
{
	int status = 0;
	pid_t child = fork();
	if (child == 0)
		_exit(open_as_nobody(words));
	assert_true(child > 0 && waitpid(child, &status, 0) == child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void who_may_not_read_it_is_told_who_may(void **state)
{
	(void)state;
	put("c.conf", SITE, 0);
	assert_nobody_is_told("run as the gateway's user");
}

static void only_root_becomes_somebody_else(void **state)
{
	(void)state;
	assert_int_equal(chmod(".", 0755), 0);
	put("c.conf", SITE "user = \"root\";", 0644);
	assert_nobody_is_told("user: only root can run as root");
	put("c.conf", SITE "user = \"daemon\";", 0644);
	assert_nobody_is_told("user: only root can become daemon");
	assert_int_equal(chmod(".", 0700), 0);
}

static void unsafe_secrets_are_refused(void **state)
{
	(void)state;
	put("open", "me:word", 0644);
	put("other", "0123456789ABCDEF0123456789ABCDEF", 0600);
	static const struct mistake mistakes[] = {
		{CODE URL SPOOL "\nkey_file = \"open\";", ":2: key_file: /",
			"chmod 600 /"},
		{CODE URL SPOOL "\nkey_file = \"other\";", ":2: key_file: /",
			"lower case"},
		{CODE URL SPOOL "login = \"a\";\npassword_file = \"open\";",
			":2: password_file: /", "chmod 600"},
		{SITE "\nbasic_auth_file = \"open\";", ":2: basic_auth_file: /",
			"chmod 600"},
		{SITE "\nbasic_auth_file = \"key\";", ":2: basic_auth_file: /",
			"user:password"},
		{SITE "\nclient_cert = \"open\";", ":2: client_cert: /", "chmod 600"},
		{SITE "client_cert = \"open\";\nclient_key = \"open\";",
			":2: client_key: /", "chmod 600"},
		{SITE "\nca_file = \"nowhere\";", ":2: ca_file: /", "No such file"},
		{SITE "\nca_file = \"/etc\";", ":2: ca_file: /etc", "not a regular"},
	};
	ASSERT_MISTAKES(mistakes);
}

static void a_password_in_an_open_file_is_refused(void **state)
{
	(void)state;
	struct config *config = NULL;
	auto_buf struct buf errors = {.max_bytes = ERRORS_BYTES};
	put_config(SITE "\nproxy = \"http://u:hush@proxy\";");
	assert_int_equal(chmod("c.conf", 0644), 0);
	assert_int_equal(config_open("c.conf", &config, &errors), -EINVAL);
	assert_non_null(strstr(buf_peek(&errors), "c.conf:2: proxy: holds a password"));
	assert_null(strstr(buf_peek(&errors), "hush"));
}

static void root_must_be_told_whom_to_become(void **state)
{
	(void)state;
	struct config *config = NULL;
	auto_buf struct buf errors = {.max_bytes = ERRORS_BYTES};
	put("c.conf", SITE, 0600);
	int r = config_open("c.conf", &config, &errors);
	assert_int_equal(r, geteuid() == 0 ? -EINVAL : 0);
	config_free(r == 0 ? config : NULL);
	if (geteuid() == 0)
		assert_int_equal(
			strncmp(buf_peek(&errors), "c.conf: user is missing", 23), 0);

	buf_clear(&errors);
	put("c.conf", SITE "\nuser = \"nobody-of-that-name\";", 0600);
	assert_int_equal(config_open("c.conf", &config, &errors), -EINVAL);
	assert_non_null(strstr(buf_peek(&errors), "c.conf:2: user: there is no user"));
}

enum { NOBODY = 65534 };

static void only_root_becomes_another(void **state)
{
	(void)state;
	struct config *config = NULL;
	auto_buf struct buf errors = {.max_bytes = ERRORS_BYTES};
	bool is_root = geteuid() == 0;
	put("c.conf", SITE "\nuser = \"root\";", 0600);
	if (is_root) {
		assert_int_equal(chown(".", NOBODY, NOBODY), 0);
		assert_int_equal(chown("key", NOBODY, NOBODY), 0);
		assert_int_equal(chown("c.conf", NOBODY, NOBODY), 0);
		assert_int_equal(seteuid(NOBODY), 0);
	}
	int r = config_open("c.conf", &config, &errors);
	if (is_root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(r, -EINVAL);
	assert_non_null(strstr(buf_peek(&errors),
		"c.conf:2: user: only root can run as root: start as root, or "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_value_is_judged_with_its_line),
		cmocka_unit_test(what_is_too_much_is_told),
		cmocka_unit_test(no_number_is_cut_to_a_smaller_one),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(settings_that_do_not_go_together_are_named),
		cmocka_unit_test(two_sites_share_nothing_they_must_not),
		cmocka_unit_test(sites_are_a_list_of_groups),
		cmocka_unit_test(all_errors_come_at_once_in_the_order_of_lines),
		cmocka_unit_test(what_sites_inherit_is_blamed_once),
		cmocka_unit_test(fifty_errors_are_told_and_the_rest_counted),
		cmocka_unit_test(a_broken_file_is_told_where),
		cmocka_unit_test(a_file_that_cannot_be_used_is_told_why),
		cmocka_unit_test(who_may_not_read_it_is_told_who_may),
		cmocka_unit_test(only_root_becomes_somebody_else),
		cmocka_unit_test(unsafe_secrets_are_refused),
		cmocka_unit_test(a_password_in_an_open_file_is_refused),
		cmocka_unit_test(root_must_be_told_whom_to_become),
		cmocka_unit_test(only_root_becomes_another),
	};
	return cmocka_run_group_tests_name("config errors", tests, enter, leave);
}
