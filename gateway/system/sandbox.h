#ifndef GATEWAY_SYSTEM_SANDBOX_H
#define GATEWAY_SYSTEM_SANDBOX_H
/* SPDX-License-Identifier: MIT
 *
 * sandbox - which files this process can still reach, by Landlock
 *
 * Knows: landlock(7), the files that the configuration names, and those that libraries
 * open long after the start: resolver and its modules, certificates, character sets,
 * time zones. Must not know: what a file means, what is done if there is no Landlock.
 * Promises: writing is left to the spools and to the folder of metrics_file, reading to
 * these, to the folders that hold the named files, and to what every program may read of
 * the system. Rules are on folders wherever a file may be replaced by a rename (a key, a
 * certificate, resolv.conf), and on the root of a spool, so that a folder of it that is
 * made anew is inside. A path that is not there gets no rule: whoever opens it says so.
 * Not confined: descriptors that are open already, and sockets: shops, proxies and name
 * servers have any address and any port, so a rule on ports would only seem to confine.
 * Order: rules are gathered, then entered; after privileges_seal(), without which the
 * kernel refuses, and before any thread is started, as those that exist stay outside.
 * There is no way back, for children neither.
 * Errors: sandbox_enter() gives -errno and nothing is confined; -ENOSYS, -EOPNOTSUPP: the
 * kernel has no Landlock, or one without the right to rename between folders (before ABI
 * 2), under which no drop could ever be claimed.
 */
#include <stddef.h>

struct config;

enum sandbox_access {
	SANDBOX_READ,  /* this file, or all in this folder */
	SANDBOX_WRITE, /* files in this folder too: made, replaced, removed */
	SANDBOX_SPOOL, /* folders too, and moves from one to another */
};

struct sandbox_rule {
	char *path;
	enum sandbox_access access;
};

struct sandbox {
	struct sandbox_rule *rules;
	size_t count, room;
};

/* What the configuration names, and what any program needs of a system. */
void sandbox_allow_config(struct sandbox *s, const struct config *config);
void sandbox_allow_system(struct sandbox *s);
/* A rule of the caller's own. */
void sandbox_allow(struct sandbox *s, const char *path, enum sandbox_access access);
void sandbox_done(struct sandbox *s);

/* From now on nothing outside of the rules. *abi: the kernel's, also if it is too old. */
int sandbox_enter(const struct sandbox *s, int *abi);

#endif
