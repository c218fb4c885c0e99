/* SPDX-License-Identifier: MIT */
#include "tool/command.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/words.h"
#include "tool/commands.h"
#include "tool/tool.h"

#define OPTION(member) offsetof(struct tool_options, member)

static const struct option_word options[] = {
	{"config", N_("FILE"), N_("read FILE instead of the usual configuration"),
		OPTION(config), 'c'},
	{"site", N_("NAME"), N_("only this site"), OPTION(site), 's'},
	{"json", NULL, N_("one JSON document, for programs"), OPTION(json), 'j'},
	{"watch", NULL, N_("show it again and again, until it is stopped"), OPTION(watch),
		'w'},
	{"check", NULL, N_("one line and a status for monitoring: 0 to 3"), OPTION(check),
		'C'},
	{"warning", N_("AGE"),
		N_("with --check: a file that waits longer is a warning (1h)"),
		OPTION(warning), 0},
	{"critical", N_("AGE"),
		N_("with --check: one that waits longer is critical (4h)"),
		OPTION(critical), 0},
	{"all", NULL, N_("all files of failed/"), OPTION(all), 'a'},
	{"order", N_("NUMBER"), N_("comments of this WebOrderNumber"), OPTION(order),
		'o'},
	{"comment", N_("ID"), N_("the comment of this CommentId"), OPTION(comment), 'i'},
	{"older-than", N_("AGE"), N_("what is older, such as 90d"), OPTION(older_than),
		0},
	{"yes", NULL, N_("do not ask"), OPTION(yes), 'y'},
	{"null", NULL, N_("names that list and find write, and - reads, end in a NUL"),
		OPTION(null), '0'},
	{"version", NULL, N_("say the version and exit"), OPTION(version), 'V'},
	{"help", NULL, N_("this help"), OPTION(help), 'h'},
};

static const struct command commands[] = {
	{"init", NULL, NULL, "site",
		N_("make the folders of a spool, with owners and modes"), NEED_CONFIG,
		run_init},
	{"status", NULL, NULL, "site json watch check warning critical",
		N_("what each site does, what waits, and why"), NEED_CONFIG, run_status},
	{"list", N_("FOLDER"), NULL, "site json null",
		N_("the files of incoming, sending, sent, failed or sent/DAY"),
		NEED_SPOOLS, run_list},
	{"show", N_("NAME..."), NULL, "site json null",
		N_("a file's comments, their results and its history"), NEED_SPOOLS,
		run_show},
	{"retry", N_("NAME... | --all"), NULL, "site all null json",
		N_("move failed files back to incoming/"), NEED_SPOOLS, run_retry},
	{"check", N_("FILE..."), NULL, "site json null",
		N_("validate files as the gateway does; sends nothing"), NEED_RULES,
		run_check},
	{"envelope", N_("FILE"), NULL, "site",
		N_("what would be sent of a file, the key masked"), NEED_CONFIG,
		run_envelope},
	{"find", NULL, N_("--order NUMBER | --comment ID"),
		"order comment site json null",
		N_("whether, when and with what answer a comment was delivered"),
		NEED_SPOOLS, run_find},
	{"ping", NULL, NULL, "site json",
		N_("ask the shop by a request that stores nothing"), NEED_SECRETS,
		run_ping},
	{"purge", NULL, N_("--older-than AGE"), "older-than yes site json",
		N_("delete old files of sent/ and audit/, after showing them"),
		NEED_SPOOLS, run_purge},
};

enum {
	OPTION_COUNT = sizeof(options) / sizeof(options[0]),
	COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]),
	FARTHEST = 2, /* changes of a letter: more is another word */
};

const struct command *command_at(size_t i)
{
	return i < COMMAND_COUNT ? &commands[i] : NULL;
}

const struct option_word *option_at(size_t i)
{
	return i < OPTION_COUNT ? &options[i] : NULL;
}

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* Whether a list of words has this one. */
static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);
	for (const char *at = list; (at = strstr(at, word)); at += len)
		if ((at == list || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
			return true;
	return false;
}

bool command_takes(const struct command *command, const struct option_word *option)
{
	return has_word("config version help", option->name) ||
	       has_word(command->options, option->name);
}

/* --- what was perhaps meant --- */

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;
	return ab < c ? ab : c;
}

/* Letters to add, leave out or change to make b of a (Levenshtein), row by row. */
static size_t distance(const char *a, const char *b)
{
	size_t len = strlen(b);
	auto_free size_t *row = xcalloc(len + 1, sizeof(*row));
	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];
		row[0] = i + 1;
		for (size_t j = 0; j < len; j++) {
			size_t above = row[j + 1];
			row[j + 1] =
				least(above + 1, row[j] + 1, diagonal + (a[i] != b[j]));
			diagonal = above;
		}
	}
	return row[len];
}

struct guess {
	const char *name;
	size_t distance;
};

static void weigh(struct guess *guess, const char *meant, const char *name)
{
	size_t far = strncmp(name, meant, strlen(meant)) ? distance(meant, name) : 1;
	if (far <= FARTHEST && far < strlen(meant) && far < guess->distance)
		*guess = (struct guess){.name = name, .distance = far};
}

const char *command_nearest(const char *name)
{
	struct guess guess = {.distance = SIZE_MAX};
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		weigh(&guess, name, commands[i].name);
	return guess.name;
}

const char *option_nearest(const struct command *command, const char *name)
{
	struct guess guess = {.distance = SIZE_MAX};
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (!command || command_takes(command, &options[i]))
			weigh(&guess, name, options[i].name);
	return guess.name;
}

const char *word_nearest(const char *const *words, const char *word)
{
	struct guess guess = {.distance = SIZE_MAX};
	for (; *words; words++)
		weigh(&guess, word, *words);
	return guess.name;
}
