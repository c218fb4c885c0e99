#ifndef GATEWAY_SYSTEM_CONFIG_CHECK_H
#define GATEWAY_SYSTEM_CONFIG_CHECK_H
/* SPDX-License-Identifier: MIT
 *
 * config_check - what settings have to do with each other and with the machine
 *
 * Knows: which settings a site needs, which exclude or bound each other, what two sites
 * may not share, and how a key comes about (key_file, or login and password_file).
 * Must not know: libconfig, and the bounds of single values (that is the table's).
 * Promises: a value that was found bad before is not called missing here.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "system/config.h"
#include "system/setting.h"

struct complaints;

/* A site in the making, and where each of its settings was written (0: nowhere). */
struct draft {
	struct site_config site;
	unsigned line;
	unsigned lines[SETTING_COUNT];
	char *folder; /* the spool without symbolic links, if it exists */
};

struct check {
	struct complaints *complaints;
	mode_t mode;       /* of the configuration file */
	uid_t owner;       /* may own secrets, besides root and ourselves */
	bool with_secrets; /* read them, and look at what TLS will need */
	bool is_daemon;    /* which root may be by consent only */
};

/* The user to become (line 0: not written) is there and within reach. Gives its number,
 * or our own. */
uid_t config_check_user(const struct check *check, const char *user, unsigned line);

/* Completes the site: name, normal URL, key, basic_auth. */
void config_check_site(const struct check *check, struct draft *draft);
void config_check_neighbours(
	const struct check *check, const struct draft *drafts, size_t count);

#endif
