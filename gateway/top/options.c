/* SPDX-License-Identifier: MIT */
#include "top/options.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <sysexits.h>

static const struct {
	char letter;
	const char *name;
	const char *argument;
	const char *help;
} table[] = {
	{'c', "config", "FILE",
		"read FILE (default " GATEWAY_CONFIG_DIR "/opensi-gateway.conf)"},
	{'t', "test", NULL, "check the configuration, say every error, and exit"},
	{'o', "once", NULL, "send what is ready now, then exit (for cron)"},
	{'w', "wait", NULL, "stand by until no other gateway runs on the spool"},
	{'v', "verbose", NULL, "log everything, as log_level = \"debug\" does"},
	{'V', "version", NULL, "say the version and exit"},
	{'h', "help", NULL, "this help"},
};
enum { OPTION_COUNT = sizeof(table) / sizeof(table[0]) };

static void print_help(void)
{
	puts("Usage: opensi-gateway [OPTION]...\n"
	     "Sends order comments from a spool of XML files to the shop.\n");
	for (size_t i = 0; i < OPTION_COUNT; i++)
		printf("  -%c, --%s%s%-*s %s\n", table[i].letter, table[i].name,
			table[i].argument ? " " : "", table[i].argument ? 5 : 6,
			table[i].argument ? table[i].argument : "", table[i].help);
	puts("\nExit status: 0 done; 1 with --once: something went to failed/; 64 "
	     "usage;\n"
	     "73 the spool cannot be used; 75 try later: another gateway has the spool, "
	     "or\n"
	     "with --once something still waits; 78 configuration.\n"
	     "SIGTERM ends it when what is under way has come back, a second one at "
	     "once;\n"
	     "SIGHUP reads the configuration again.");
}

static int usage(void)
{
	fputs("opensi-gateway: try --help\n", stderr);
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
	*options = (struct options){.config = GATEWAY_CONFIG_DIR "/opensi-gateway.conf"};
	while ((letter = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		int status = take(letter, options);
		if (status >= 0)
			return status;
	}
	if (optind < argc) {
		fprintf(stderr, "opensi-gateway: \"%s\" is no option\n", argv[optind]);
		return usage();
	}
	return -1;
}
