#ifndef GATEWAY_SYSTEM_SECRET_H
#define GATEWAY_SYSTEM_SECRET_H
/* SPDX-License-Identifier: MIT
 *
 * secret - one line of text that only few may read
 *
 * Knows: which files are safe to keep a secret in, and that secrets are wiped.
 * Promises: what is read is what was checked (the open file is asked, not its name). A
 * safe file is a regular one that belongs to root, to ourselves or to `owner`, that
 * nobody else can write, and that others cannot read; its group may.
 * A symbolic link is followed: the path is the administrator's own word, and mounted
 * secrets (Kubernetes) are links.
 * Errors: -EINVAL, and words of the form "what is wrong: what to do" that never hold
 * anything of the secret.
 */
#include <sys/types.h>

struct buf;

enum { SECRET_MAX_BYTES = 1024 };

/* The file's one line, without its end of line: 1..1024 bytes, no control characters.
 * To be let go by secret_free(). */
int secret_read(const char *path, uid_t owner, char **secret, struct buf *why);
/* For a file that somebody else reads: is it safe, and can it be opened? */
int secret_check(const char *path, uid_t owner, struct buf *why);
/* Wipes, then frees. */
void secret_free(char *secret);

static inline void secret_cleanup(char **secret)
{
	secret_free(*secret);
}

#define auto_secret __attribute__((cleanup(secret_cleanup)))

#endif
