#ifndef GATEWAY_TOOL_ACCESS_H
#define GATEWAY_TOOL_ACCESS_H
/* SPDX-License-Identifier: MIT
 *
 * access - who may do what was refused, in words for somebody who may not
 *
 * Knows: owners, groups and modes. Must not know: what a folder is for.
 */
#include <stdbool.h>
#include <sys/types.h>

struct buf;
struct stat;

/* Bits of a mode: of a folder, but for the last. */
enum access { ACCESS_LOOK = 05, ACCESS_CHANGE = 03, ACCESS_READ = 04 };

/* One sentence: the path, which user and perhaps which group may, and how to be one. */
void access_explain(struct buf *why, const char *path, enum access need);

/* Whether a user may not read such a file, as far as owner and mode tell. */
bool access_is_denied(uid_t user, const struct stat *st);

/* The name of a user, or its number as "#1000". */
enum { ACCESS_NAME_ROOM = 64 };
void access_name_user(uid_t user, char name[ACCESS_NAME_ROOM]);

#endif
