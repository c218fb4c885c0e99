#ifndef GATEWAY_SYSTEM_PUBLISH_H
#define GATEWAY_SYSTEM_PUBLISH_H
/* SPDX-License-Identifier: MIT
 *
 * publish - replace a file that others read, so that they never see half of one
 *
 * Written aside under a hidden name, then renamed over the old one. Not flushed: after a
 * power loss the next snapshot is there soon enough, and a reader must expect none.
 * Must not know: what is in it.
 */
#include <stddef.h>

/* In a folder that is open. 0 or -errno. */
int publish_at(int folder, const char *name, const char *bytes, size_t len);
/* By an absolute path. */
int publish(const char *path, const char *bytes, size_t len);

#endif
