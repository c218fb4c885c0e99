/* SPDX-License-Identifier: MIT */
#include "top/options.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/text.h"
#include "base/words.h"

static const char usual_config[] = GATEWAY_CONFIG_DIR "/opensi-gateway.conf";

static const struct {
	char letter;
	const char *name;
	const char *argument;
	const char *help;
} table[] = {
	{'c', "config", N_("FILE"), N_("read FILE instead of the usual configuration")},
	{'t', "test", NULL, N_("check the configuration, say every error, and exit")},
	{'o', "once", NULL, N_("send what is ready now, then exit (for cron)")},
	{'w', "wait", NULL, N_("stand by until no other gateway runs on the spool")},
	{'v', "verbose", NULL, N_("log everything, as log_level = \"debug\" does")},
	{'V', "version", NULL, N_("say the version and exit")},
	{'h', "help", NULL, N_("this help")},
};
enum { OPTION_COUNT = sizeof(table) / sizeof(table[0]), NAME_CHARS = 15 };

static void print_option(size_t i)
{
	const char *argument = table[i].argument ? _(table[i].argument) : "";
	size_t chars = strlen(table[i].name) + 1 + text_count(argument);
	printf("  -%c, --%s %s%*s %s\n", table[i].letter, table[i].name, argument,
		chars < NAME_CHARS ? (int)(NAME_CHARS - chars) : 0, "", _(table[i].help));
}

static void print_help(void)
{
	puts(_("Usage: opensi-gateway [OPTION]...\n"
	       "Sends order comments from a spool of XML files to the shop.\n"));
	for (size_t i = 0; i < OPTION_COUNT; i++)
		print_option(i);
	printf(_("\n"
		 "The configuration is %s\n"
		 "unless -c names another.\n"
		 "\n"
		 "Exit status: 0 done; 1 with --once: something went to failed/; 64 "
		 "usage;\n"
		 "71 the system refuses what is needed; 73 the spool cannot be used; "
		 "75 try\n"
		 "later: another gateway has the spool, its disk is full, or with --once "
		 "something\n"
		 "still waits; 78 configuration.\n"
		 "SIGTERM ends it when what is under way has come back, a second one at "
		 "once;\n"
		 "SIGHUP reads the configuration again.\n"),
		usual_config);
}

static int usage(void)
{
	fputs(_("opensi-gateway: try --help\n"), stderr);
	return EX_USAGE;
}

/* getopt_long(3) wants its own two forms of the table. */
static void make_tables(struct option *longs, char *shorts)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		longs[i] = (struct option){.name = table[i].name,
			.has_arg = table[i].argument ? required_argument : no_argument,
			.val = table[i].letter};
		*shorts++ = table[i].letter;
		if (table[i].argument)
			*shorts++ = ':';
	}
}

static int take(int letter, struct options *options)
{
	switch (letter) {
	case 'c':
		options->config = optarg;
		return -1;
	case 't':
		options->is_test = true;
		return -1;
	case 'o':
		options->is_once = true;
		return -1;
	case 'w':
		options->may_wait = true;
		return -1;
	case 'v':
		options->is_verbose = true;
		return -1;
	case 'V':
		puts("opensi-gateway " GATEWAY_VERSION);
		return EX_OK;
	case 'h':
		print_help();
		return EX_OK;
	default:
		return usage();
	}
}

int options_read(int argc, char **argv, struct options *options)
{
	struct option longs[OPTION_COUNT + 1] = {0};
	char shorts[2 * OPTION_COUNT + 1] = "";
	int letter = 0;
	make_tables(longs, shorts);
	*options = (struct options){.config = usual_config};
	while ((letter = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		int status = take(letter, options);
		if (status >= 0)
			return status;
	}
	if (optind < argc) {
		fprintf(stderr, _("opensi-gateway: \"%s\" is no option\n"), argv[optind]);
		return usage();
	}
	return -1;
}
