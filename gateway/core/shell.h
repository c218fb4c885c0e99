#ifndef GATEWAY_CORE_SHELL_H
#define GATEWAY_CORE_SHELL_H
/* SPDX-License-Identifier: MIT
 *
 * shell - a command that an admin can paste, whatever bytes a path has
 *
 * Promises: one line, without control characters and valid UTF-8; sh, dash and bash make
 * of it exactly the paths that were given.
 */

struct buf;

/* mv 'from' 'to', or the same by printf and xargs where a path cannot be shown. */
void shell_add_move(struct buf *out, const char *from, const char *to);

#endif
