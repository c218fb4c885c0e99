#ifndef GATEWAY_TOOL_COMMAND_H
#define GATEWAY_TOOL_COMMAND_H
/* SPDX-License-Identifier: MIT
 *
 * command - the commands of opensi-spool and their options, as data
 *
 * The parser, --help and the completions are made of these tables alone. Must not know:
 * what a command does.
 */
#include <stdbool.h>
#include <stddef.h>

struct tool;

/* How much of the configuration a command needs. */
enum need {
	NEED_RULES,   /* the configuration, if there is one in the usual place */
	NEED_CONFIG,  /* the configuration; spools may be missing */
	NEED_SPOOLS,  /* and every spool that was asked for, open */
	NEED_SECRETS, /* the configuration and the key, which not everyone may read */
};

struct option_word {
	const char *name;     /* long, without its dashes */
	const char *argument; /* NULL: a flag */
	const char *help;     /* for _() */
	size_t offset;        /* in struct tool_options */
	char letter;          /* 0: none */
};

struct command {
	const char *name;
	const char *arguments; /* as --help shows them, or NULL: none are allowed */
	const char *required;  /* likewise: options that it cannot do without, or NULL */
	const char *options; /* the long names of those that it takes, parted by spaces */
	const char *help;    /* for _(): one line */
	enum need need;
	int (*run)(struct tool *tool); /* an exit status */
};

const struct command *command_find(const char *name);
/* The i-th, or NULL. */
const struct command *command_at(size_t i);
const struct option_word *option_at(size_t i);
bool command_takes(const struct command *command, const struct option_word *option);

/* What the user may have meant: the nearest name, or NULL if none is near. */
const char *command_nearest(const char *name);
const char *option_nearest(const struct command *command, const char *name);
/* Likewise, of a list that ends in NULL. */
const char *word_nearest(const char *const *words, const char *word);

#endif
