#ifndef GATEWAY_TOOL_ARGUMENTS_H
#define GATEWAY_TOOL_ARGUMENTS_H
/* SPDX-License-Identifier: MIT
 *
 * arguments - the command line of opensi-spool, read by the tables of command.h
 */

struct command;
struct tool;

/* -1: run *command; else the exit status: help and version were told, or what was wrong
 * and what was perhaps meant. */
int arguments_read(
	int argc, char **argv, struct tool *tool, const struct command **command);

#endif
