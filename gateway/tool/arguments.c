/* SPDX-License-Identifier: MIT
 *
 * Options may stand before and after the command; what follows "--" are names.
 */
#include "tool/arguments.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/words.h"
#include "tool/command.h"
#include "tool/tool.h"

enum { OPTIONS_MAX = 32, NAME_CHARS = 20, NAME_BYTES = 64 };

static void print_option(const struct option_word *option)
{
	char letter[8] = "    ";
	auto_buf struct buf name = {.max_bytes = NAME_BYTES};
	if (option->letter)
		snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	buf_add_format(&name, "--%s%s%s", option->name, option->argument ? " " : "",
		option->argument ? _(option->argument) : "");
	size_t chars = text_count(buf_peek(&name));
	printf("  %s%s%*s %s\n", letter, buf_peek(&name),
		chars < NAME_CHARS ? (int)(NAME_CHARS - chars) : 0, "", _(option->help));
}

static void print_command_help(const struct command *command)
{
	const char *wanted = command->required ? command->required : command->arguments;
	printf("%s opensi-spool %s %s%s%s\n", _("Usage:"), command->name,
		_("[OPTION]..."), wanted ? " " : "", wanted ? _(wanted) : "");
	printf("%s.\n\n", _(command->help));
	const struct option_word *option = NULL;
	for (size_t i = 0; (option = option_at(i)); i++)
		if (command_takes(command, option))
			print_option(option);
}

static int print_version(void)
{
	puts("opensi-spool " GATEWAY_VERSION);
	return EX_OK;
}

static void print_help(void)
{
	puts(_("Usage: opensi-spool [-c FILE] COMMAND [ARGUMENT]...\n"
	       "Looks at the spools of the OpenSi comment gateway, running or not.\n"));
	const struct command *command = NULL;
	for (size_t i = 0; (command = command_at(i)); i++)
		printf("  %-10s %s\n", command->name, _(command->help));
	printf(_("\nopensi-spool COMMAND --help tells the options of a command, "
		 "--version "
		 "the version.\n"
		 "Where names are wanted, - takes them from standard input. The "
		 "configuration is\n"
		 "%s unless -c names another.\n\n"
		 "Exit status: 0 done; 1 not found, or failed for some; 64 usage; 73 the "
		 "spool is\n"
		 "missing or cannot be read; 78 configuration. status --check: 0 good, 1 "
		 "warning,\n"
		 "2 critical, 3 unknown.\n"),
		GATEWAY_CONFIG_DIR "/opensi-gateway.conf");
}

/* --- getopt_long(3) wants its own two forms of the table --- */

struct forms {
	struct option longs[OPTIONS_MAX + 1];
	char shorts[2 * OPTIONS_MAX + 3];
};

static void make_forms(struct forms *forms)
{
	const struct option_word *option = NULL;
	char *at = stpcpy(forms->shorts, "+:");
	memset(forms->longs, 0, sizeof(forms->longs));
	for (size_t i = 0; i < OPTIONS_MAX && (option = option_at(i)); i++) {
		forms->longs[i] = (struct option){.name = option->name,
			.has_arg = option->argument ? required_argument : no_argument,
			.val = (int)(256 + i)};
		if (!option->letter)
			continue;
		*at++ = option->letter;
		if (option->argument)
			*at++ = ':';
	}
	*at = '\0';
}

static const struct option_word *option_of(int value)
{
	const struct option_word *option = NULL;
	if (value >= 256)
		return option_at((size_t)value - 256);
	for (size_t i = 0; (option = option_at(i)); i++)
		if (option->letter == value)
			break;
	return option;
}

static void store(struct tool_options *options, const struct option_word *option)
{
	char *to = (char *)options + option->offset;
	if (option->argument)
		*(const char **)(void *)to = optarg;
	else
		*(bool *)to = true;
}

/* --- what was wrong --- */

static int refuse(const char *what, const char *given, const char *meant)
{
	if (meant)
		tool_complain(_("%s \"%s\": did you mean \"%s\"?"), what, given, meant);
	else
		tool_complain(_("%s \"%s\": try --help"), what, given);
	return EX_USAGE;
}

static int refuse_option(
	const struct command *command, int value, char *const *argv, int before)
{
	char letter[] = {'-', (char)optopt, '\0'};
	const char *given = argv[before];
	if (value == ':') {
		tool_complain(_("%s wants an argument"), given);
		return EX_USAGE;
	}
	bool is_long = !strncmp(given, "--", 2);
	const char *near = is_long ? option_nearest(command, given + 2) : NULL;
	char meant[40];
	snprintf(meant, sizeof(meant), "--%s", near ? near : "");
	return refuse(_("unknown option"), is_long ? given : letter, near ? meant : NULL);
}

/* --- reading --- */

/* Takes options up to the first argument that is none. */
static int read_options(int argc, char **argv, const struct command *command,
	struct tool_options *options)
{
	struct forms forms;
	make_forms(&forms);
	opterr = 0;
	for (;;) {
		int before = optind ? optind : 1;
		int value = getopt_long(argc, argv, forms.shorts, forms.longs, NULL);
		if (value == -1)
			return -1;
		if (value == '?' || value == ':')
			return refuse_option(command, value, argv, before);
		const struct option_word *option = option_of(value);
		assert(option); /* getopt knows no others */
		if (command && !command_takes(command, option)) {
			tool_complain(_("%s does not take --%s: try %s --help"),
				command->name, option->name, command->name);
			return EX_USAGE;
		}
		store(options, option);
	}
}

/* Options and names in any order, until "--". */
static int read_rest(
	int argc, char **argv, const struct command *command, struct tool *tool)
{
	while (optind < argc) {
		int status = read_options(argc, argv, command, &tool->options);
		if (status >= 0)
			return status;
		bool is_end = !strcmp(argv[optind - 1], "--");
		for (; is_end && optind < argc; optind++)
			tool->names[tool->name_count++] = argv[optind];
		if (optind < argc)
			tool->names[tool->name_count++] = argv[optind++];
	}
	return -1;
}

static int check_names(const struct command *command, const struct tool *tool)
{
	if (!command->arguments && tool->name_count)
		return refuse(_("too much:"), tool->names[0], NULL);
	if (command->arguments && !tool->name_count && !tool->options.all) {
		tool_complain(_("%s wants %s"), command->name, _(command->arguments));
		return EX_USAGE;
	}
	return -1;
}

/* The word help, as people type it, is --help. */
static int read_beginning(int argc, char **argv, struct tool_options *options)
{
	optind = 0; /* anew, whatever was read before (getopt(3)) */
	int status = read_options(argc, argv, NULL, options);
	if (status >= 0 || optind >= argc || strcmp(argv[optind], "help") != 0)
		return status;
	options->help = true;
	optind++;
	return read_options(argc, argv, NULL, options);
}

int arguments_read(
	int argc, char **argv, struct tool *tool, const struct command **command)
{
	int status = read_beginning(argc, argv, &tool->options);
	if (status >= 0)
		return status;
	if (tool->options.version)
		return print_version();
	if (optind >= argc) {
		print_help();
		return tool->options.help ? EX_OK : EX_USAGE;
	}
	const char *name = argv[optind++];
	*command = command_find(name);
	if (!*command)
		return refuse(_("unknown command"), name, command_nearest(name));
	tool->names = argv; /* behind what was read, so nothing is overwritten unread */
	status = read_rest(argc, argv, *command, tool);
	if (status >= 0)
		return status;
	if (tool->options.version)
		return print_version();
	if (tool->options.help) {
		print_command_help(*command);
		return EX_OK;
	}
	return check_names(*command, tool);
}
