/* SPDX-License-Identifier: MIT */
#include "tool/arguments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tool/command.h"
#include "tool/tool.h"

enum { ARGUMENTS_MAX = 16, RUN = -1 };

static char *arguments[ARGUMENTS_MAX];
static struct tool tool;
static const struct command *command;
static char said[8192]; /* on both outputs */

static int split(char *line)
{
	int count = 0;
	char *save = NULL;
	for (char *word = strtok_r(line, " ", &save); word;
		word = strtok_r(NULL, " ", &save)) {
		assert_in_range(count, 0, ARGUMENTS_MAX - 2);
		arguments[count++] = word;
	}
	arguments[count] = NULL;
	return count;
}

/* Of what is written to a descriptor meanwhile, the end is put into `said`. */
static int read_aside(int count)
{
	FILE *file = tmpfile();
	assert_non_null(file);
	fflush(stdout);
	int out = dup(STDOUT_FILENO);
	int err = dup(STDERR_FILENO);
	dup2(fileno(file), STDOUT_FILENO);
	dup2(fileno(file), STDERR_FILENO);
	int status = arguments_read(count, arguments, &tool, &command);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	rewind(file);
	said[fread(said, 1, sizeof(said) - 1, file)] = '\0';
	fclose(file);
	return status;
}

/* The words live as long as the test. */
static int read_line(char *line)
{
	tool = (struct tool){.options.config = "usual"};
	command = NULL;
	return read_aside(split(line));
}

static void assert_told(const char *given, int status, const char *words)
{
	auto_free char *line = strdup(given);
	assert_int_equal(read_line(line), status);
	if (!strstr(said, words))
		fail_msg("%s: says %s", given, said);
}

static void options_and_names_come_in_any_order(void **state)
{
	(void)state;
	auto_free char *line =
		strdup("opensi-spool -c a show --json x -s b y -- -a --all");
	assert_int_equal(read_line(line), RUN);
	assert_string_equal(command->name, "show");
	assert_string_equal(tool.options.config, "a");
	assert_string_equal(tool.options.site, "b");
	assert_true(tool.options.json);
	assert_false(tool.options.all);
	assert_int_equal(tool.name_count, 4);
	assert_string_equal(tool.names[0], "x");
	assert_string_equal(tool.names[1], "y");
	assert_string_equal(tool.names[2], "-a");
	assert_string_equal(tool.names[3], "--all");
}

static void what_is_mistyped_is_told_with_what_is_near(void **state)
{
	(void)state;
	assert_told("opensi-spool statsu", EX_USAGE,
		"unknown command \"statsu\": did you mean \"status\"?");
	assert_told("opensi-spool purgatory", EX_USAGE,
		"unknown command \"purgatory\": try --help");
	assert_told("opensi-spool list --jsno", EX_USAGE,
		"unknown option \"--jsno\": did you mean \"--json\"?");
	assert_told("opensi-spool --verison", EX_USAGE, "did you mean \"--version\"?");
	assert_told("opensi-spool list failed -x", EX_USAGE,
		"unknown option \"-x\": try --help");
}

/* Of another command, it would be no help. */
static void an_option_is_near_only_to_those_of_its_command(void **state)
{
	(void)state;
	assert_told("opensi-spool list --ordre 7", EX_USAGE,
		"unknown option \"--ordre\": try --help");
	assert_told("opensi-spool find --ordre 7", EX_USAGE, "\"--order\"?");
	assert_told("opensi-spool list --order 7", EX_USAGE,
		"list does not take --order: try list --help");
}

static void what_is_missing_or_too_much_is_told(void **state)
{
	(void)state;
	assert_told("opensi-spool status -c", EX_USAGE, "-c wants an argument");
	assert_told("opensi-spool find --order", EX_USAGE, "--order wants an argument");
	assert_told("opensi-spool show", EX_USAGE, "show wants NAME...");
	assert_told("opensi-spool ping shop", EX_USAGE, "too much: \"shop\"");
	assert_told("opensi-spool", EX_USAGE, "Usage: opensi-spool");
}

static void help_and_version_are_told_wherever_they_are_asked_for(void **state)
{
	(void)state;
	static const char version[] = "opensi-spool " GATEWAY_VERSION "\n";
	assert_told("opensi-spool --version", EX_OK, version);
	assert_told("opensi-spool list -V", EX_OK, version);
	assert_told("opensi-spool -h", EX_OK, "  purge ");
	assert_told("opensi-spool list --help", EX_OK, "--null");
	assert_null(strstr(said, "--order"));
	assert_told("opensi-spool help", EX_OK, "  purge ");
	assert_told("opensi-spool help --help", EX_OK, "  purge ");
	assert_told("opensi-spool help list", EX_OK, "--null");
	assert_null(strstr(said, "--order"));
	assert_told("opensi-spool help lits", EX_USAGE, "did you mean \"list\"?");
	assert_told("opensi-spool show help", RUN, "");
}

static void the_help_of_a_command_begins_with_what_it_wants(void **state)
{
	(void)state;
	assert_told("opensi-spool ping -h", EX_OK, "opensi-spool ping [OPTION]...\n");
	assert_told("opensi-spool show -h", EX_OK, "show [OPTION]... NAME...\n");
	assert_told("opensi-spool find -h", EX_OK,
		"find [OPTION]... --order NUMBER | --comment ID\n");
	assert_told(
		"opensi-spool purge -h", EX_OK, "purge [OPTION]... --older-than AGE\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_and_names_come_in_any_order),
		cmocka_unit_test(what_is_mistyped_is_told_with_what_is_near),
		cmocka_unit_test(an_option_is_near_only_to_those_of_its_command),
		cmocka_unit_test(what_is_missing_or_too_much_is_told),
		cmocka_unit_test(help_and_version_are_told_wherever_they_are_asked_for),
		cmocka_unit_test(the_help_of_a_command_begins_with_what_it_wants),
	};
	return cmocka_run_group_tests_name("tool arguments", tests, NULL, NULL);
}
