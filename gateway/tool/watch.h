#ifndef GATEWAY_TOOL_WATCH_H
#define GATEWAY_TOOL_WATCH_H
/* SPDX-License-Identifier: MIT
 *
 * watch - a screen that is drawn anew whenever state.json changes, and once a second
 *
 * Knows: the terminal, keys, signals. Promises: a change is one write, without flicker;
 * q, Ctrl-C, a hangup or SIGTERM ends it, Ctrl-Z rests it, and the terminal is left as it
 * was. A backlog is counted again no more often than that is worth its cost. Must not
 * know: what a screen says.
 */

struct tool;

/* The exit status. */
int watch_run(struct tool *tool);

#endif
