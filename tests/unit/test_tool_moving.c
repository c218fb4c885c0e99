/* SPDX-License-Identifier: MIT
 *
 * What moves while show or find looks for it: the journal is searched, a file is found,
 * and then the gateway goes on before the next look.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "spool_fixture.h"
#include "tool/commands.h"
#include "tool/journal.h"
#include "tool/place.h"
#include "tool/tool.h"

#define STAMP "20261123T101530.123456Z"
#define CLAIM STAMP "_a.xml"
#define DAY "sent/2026-11-23"
#define LINE                                                                             \
	"{\"v\":1,\"t\":\"2026-11-23T10:15:30.123456Z\",\"up\":1,\"claim\":\"" STAMP     \
	"\",\"drop\":\"a.xml\","
#define TAKEN LINE "\"ev\":\"reading\"}\n"
#define POSTED LINE "\"ev\":\"posting\",\"n\":1,\"order\":\"WEB-1\",\"comment\":\"7\"}\n"
#define DELIVERED                                                                        \
	LINE "\"ev\":\"outcome\",\"n\":1,\"order\":\"WEB-1\",\"comment\":\"7\","         \
	     "\"result\":\"delivered\"}\n" LINE                                          \
	     "\"ev\":\"settled\",\"result\":\"valid\",\"to\":\"sent/x\"}\n"

static void (*after_search)(void);
static void (*after_place)(void);

static void once(void (**hook)(void))
{
	void (*run)(void) = *hook;
	*hook = NULL;
	if (run)
		run();
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): names of ld */
void __real_journal_search(struct journal *j, const struct journal_search *search);
void __wrap_journal_search(struct journal *j, const struct journal_search *search);
bool __real_place_find(
	const struct spool *at, const char *stamp, const char *drop, struct place *place);
bool __wrap_place_find(
	const struct spool *at, const char *stamp, const char *drop, struct place *place);

void __wrap_journal_search(struct journal *j, const struct journal_search *search)
{
	__real_journal_search(j, search);
	once(&after_search);
}

bool __wrap_place_find(
	const struct spool *at, const char *stamp, const char *drop, struct place *place)
{
	bool is_found = __real_place_find(at, stamp, drop, place);
	once(&after_place);
	return is_found;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* --- what the gateway does meanwhile --- */

static void record(const char *lines)
{
	put("audit/2026-11-23.jsonl", lines);
}

static void go(const char *from, const char *to)
{
	assert_int_equal(rename(from, to), 0);
}

static void deliver(void)
{
	record(TAKEN POSTED DELIVERED);
	go("sending/" CLAIM, DAY "/" CLAIM);
}

static void take_away(void)
{
	go("sending/" CLAIM, DAY "/" CLAIM);
}

static void claim(void)
{
	go("incoming/a.xml", "sending/" CLAIM);
	record(TAKEN);
}

/* --- what is said then --- */

static char schema_path[PATH_MAX];

static int hear(int (*run)(struct tool *), struct tool *tool, char said[4096])
{
	memset(said, 0, 4096);
	fflush(stdout);
	int before = dup(STDOUT_FILENO);
	assert_non_null(freopen("said", "w", stdout));
	int status = run(tool);
	fflush(stdout);
	assert_int_equal(dup2(before, STDOUT_FILENO), STDOUT_FILENO);
	close(before);
	auto_close int fd = open("said", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0 && read(fd, said, 4095) > 0);
	return status;
}

static int show(char *name, char said[4096])
{
	static char site_name[] = "WEB1", no_schema[] = "none.xsd";
	struct site_config config = {
		.name = site_name, .spool = spool_root, .schema = no_schema};
	struct tool_site site = {.config = &config, .spool = spool};
	struct tool tool = {.options.json = true,
		.names = &name,
		.name_count = 1,
		.sites = &site,
		.site_count = 1};
	return hear(run_show, &tool, said);
}

static int find(const char *order, char said[4096])
{
	static char site_name[] = "WEB1", pattern[] = "*.xml";
	struct site_config config = {.name = site_name,
		.spool = spool_root,
		.schema = schema_path,
		.pattern = pattern,
		.max_file_size = 1 << 20};
	struct tool_site site = {.config = &config, .spool = spool};
	struct tool tool = {.options = {.json = true, .order = order},
		.sites = &site,
		.site_count = 1};
	return hear(run_find, &tool, said);
}

static void assert_said(const char *said, const char *words)
{
	if (!strstr(said, words))
		fail_msg("not said: %s\n%s", words, said);
}

static void begin(const char *path, const char *lines)
{
	assert_int_equal(mkdir(DAY, 0750), 0);
	put(path, "x");
	record(lines);
	after_search = after_place = NULL;
}

static void what_is_delivered_after_the_search_is_told_as_delivered(void **state)
{
	(void)state;
	char said[4096];
	char name[] = "a.xml";
	begin("sending/" CLAIM, TAKEN POSTED);
	after_search = deliver;
	assert_int_equal(show(name, said), 0);
	assert_said(said, "\"file\":\"" DAY "/" CLAIM "\"");
	assert_said(said, "\"result\":\"delivered\"");
}

static void what_moves_once_it_was_found_is_found_where_it_went(void **state)
{
	(void)state;
	char said[4096];
	char name[] = "a.xml";
	begin("sending/" CLAIM, TAKEN POSTED);
	after_place = take_away;
	assert_int_equal(show(name, said), 0);
	assert_said(said, "\"file\":\"" DAY "/" CLAIM "\"");
	assert_said(said, "\"size\":1,");
}

static void what_the_journal_does_not_know_is_found_where_it_went(void **state)
{
	(void)state;
	char said[4096];
	char name[] = CLAIM;
	begin("sending/" CLAIM, "");
	after_search = take_away;
	assert_int_equal(show(name, said), 0);
	assert_said(said, "\"file\":\"" DAY "/" CLAIM "\"");
}

static void what_is_claimed_after_the_search_is_told_once(void **state)
{
	(void)state;
	char said[4096];
	char name[] = "a.xml";
	begin("incoming/a.xml", "");
	after_search = claim;
	assert_int_equal(show(name, said), 0);
	assert_said(said, "\"file\":\"sending/" CLAIM "\"");
	assert_said(said, "\"event\":\"reading\"");
	assert_null(strstr(said, "\"file\":\"incoming/"));
}

/* It was in sending/ while the days of the journal were read, and has left it before that
 * is looked into. */
static void find_does_not_deny_what_is_delivered_meanwhile(void **state)
{
	(void)state;
	char said[4096];
	begin("sending/" CLAIM, TAKEN);
	after_search = deliver;
	assert_int_equal(find("WEB-1", said), 0);
	assert_said(said, "\"state\":\"delivered\"");
	assert_said(said, "\"file\":\"" DAY "/" CLAIM "\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_spool(what_is_delivered_after_the_search_is_told_as_delivered),
		in_spool(what_moves_once_it_was_found_is_found_where_it_went),
		in_spool(what_the_journal_does_not_know_is_found_where_it_went),
		in_spool(what_is_claimed_after_the_search_is_told_once),
		in_spool(find_does_not_deny_what_is_delivered_meanwhile),
	};
	if (!realpath("xsd/comments.xsd", schema_path))
		return 1;
	return cmocka_run_group_tests_name("tool moving", tests, NULL, NULL);
}
