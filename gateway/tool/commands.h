#ifndef GATEWAY_TOOL_COMMANDS_H
#define GATEWAY_TOOL_COMMANDS_H
/* SPDX-License-Identifier: MIT
 *
 * commands - what opensi-spool can do; each returns an exit status
 *
 * A command stands in the file that bears its name, or that of its group.
 */

struct tool;

int run_init(struct tool *tool);
int run_status(struct tool *tool);
int run_list(struct tool *tool);
int run_show(struct tool *tool);
int run_retry(struct tool *tool);
int run_check(struct tool *tool);
int run_envelope(struct tool *tool);
int run_find(struct tool *tool);
int run_ping(struct tool *tool);
int run_purge(struct tool *tool);

#endif
