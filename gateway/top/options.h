#ifndef GATEWAY_TOP_OPTIONS_H
#define GATEWAY_TOP_OPTIONS_H
/* SPDX-License-Identifier: MIT
 *
 * options - the daemon's command line; the help is made from the table that parses it
 */
#include <stdbool.h>

struct options {
	const char *config; /* borrowed from argv, or the default */
	bool is_test;
	bool is_once;
	bool may_wait;
	bool is_verbose;
};

/* -1: go on; else the exit status: --help and --version are done, or usage was told. */
int options_read(int argc, char **argv, struct options *options);

#endif
