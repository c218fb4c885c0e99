#ifndef GATEWAY_SYSTEM_CONFIG_H
#define GATEWAY_SYSTEM_CONFIG_H
/* SPDX-License-Identifier: MIT
 *
 * config - the configuration file becomes one checked structure, or a list of errors
 *
 * Knows: libconfig, the one table of settings (name, type, unit, default, bounds, help),
 * the permissions that a secret's file must have.
 * Must not know: who uses a value. One file: libconfig's @include is refused.
 * Promises: everything is checked at once, each error with file and line; a structure is
 * given only if there is none. What was given is not changed afterwards. What files of
 * secrets hold is wiped before its memory is freed.
 * Rules: every setting may stand at top level as the default of all sites; relative paths
 * are relative to the configuration file; a missing default takes the table's.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/times.h"

struct buf;

enum config_level { LEVEL_ERROR, LEVEL_WARNING, LEVEL_INFO, LEVEL_DEBUG };

struct site_config {
	char *name;    /* [A-Za-z0-9._-]; if not given, website_code brought to it */
	bool is_named; /* it was given */
	char *website_code;
	char *url;   /* in normal form: equal shops have equal texts */
	char *spool; /* all paths are absolute */
	char *pattern;
	char *schema;
	char *key;        /* what goes on the wire; secret */
	char *basic_auth; /* "user:password", or NULL; secret */
	char *key_file, *login, *password_file, *basic_auth_file; /* as configured */
	char *ca_file, *client_cert, *client_key, *proxy;         /* or NULL */
	char *metrics_file;                                       /* or NULL */
	msec_t settle, rescan, interval;
	msec_t request_target, connect_timeout, request_timeout, unknown_wait;
	msec_t retry_min, retry_max, give_up;
	msec_t keep_sent, keep_audit;
	int64_t batch_comments, connections, max_attempts;
	int64_t max_file_size, min_free; /* bytes */
	bool shop_limits, allow_plaintext;
};

struct config {
	char *path;
	struct site_config *sites;
	size_t site_count;
	enum config_level log_level;
	char *language; /* "en", "fr", or NULL: the locale */
	char *user;     /* or NULL */
};

/* For the daemon. Reads and checks. 0 and *config (owned by the caller), or -EINVAL with
 * every error in `errors`, a line each: "FILE:LINE: what is wrong: what to do", in the
 * order of lines; without LINE where the file as a whole is to blame. */
int config_open(const char *path, struct config **config, struct buf *errors);

/* After becoming config->user: can who we are now read what TLS will be read from at each
 * new connection? config_open() looked as root, who can read anything. 0, or -EACCES with
 * the errors as above. */
int config_check_reach(const struct config *config, struct buf *errors);

/* For whoever looks at a spool or asks a shop: `user` is not asked for; without secrets
 * their files are not touched (key and basic_auth are NULL), as not everyone who may
 * look at a spool may read them. */
int config_open_for_tool(
	const char *path, bool with_secrets, struct config **config, struct buf *errors);
void config_free(struct config *config);

static inline void config_cleanup(struct config **config)
{
	config_free(*config);
}

/* 0 if `next` may replace `now` without a restart, else -EPERM with the reasons. After 0
 * both have the same sites at the same places. */
int config_may_replace(
	const struct config *now, const struct config *next, struct buf *errors);

/* One line a setting: name, default, bounds, help, parted by tabs. For documentation. */
void config_describe(struct buf *out);

#endif
