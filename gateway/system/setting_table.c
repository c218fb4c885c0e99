/* SPDX-License-Identifier: MIT */
#include "system/setting.h"

#include <assert.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "base/times.h"
#include "base/words.h"
#include "system/config.h"

enum { URL_CHARS = 2000, TEXT_CHARS = 255, NAME_BYTES = 32 };

#define MIB (INT64_C(1024) * 1024)
#define TIB (MIB * MIB)
#define DAY (24 * MSEC_HOUR)

static const char *const levels[] = {"error", "warning", "info", "debug", NULL};
static const char *const languages[] = {"en", "fr", NULL};
static_assert(LEVEL_ERROR == 0 && LEVEL_DEBUG == 3, "the words stand in enum order");

#define SITE(member) .name = #member, .offset = offsetof(struct site_config, member)
#define GLOBAL(member)                                                                   \
	.name = #member, .offset = offsetof(struct config, member), .is_global = true
#define FIXED .is_fixed = true
#define TEXT(most) .type = SETTING_TEXT, .min = 1, .max = (most)
#define PATH .type = SETTING_PATH, .min = 1, .max = PATH_MAX - 1, FIXED
#define DURATION(normal, least, most)                                                    \
	.type = SETTING_DURATION, .standard = (normal), .min = (least), .max = (most)
#define SIZE(normal, least, most)                                                        \
	.type = SETTING_SIZE, .standard = (normal), .min = (least), .max = (most)
#define NUMBER(normal, least, most)                                                      \
	.type = SETTING_NUMBER, .standard = (normal), .min = (least), .max = (most)
#define BOOLEAN(normal) .type = SETTING_BOOLEAN, .standard = (normal)

static const struct setting settings[] = {
	{SITE(website_code), TEXT(64), FIXED, .help = N_("the shop's code in OpenSi")},
	{SITE(name), TEXT(64), FIXED,
		.help = N_("what the site is called in logs and records (website_code)")},
	{SITE(url), TEXT(URL_CHARS), FIXED,
		.help = N_("address of the shop's web service")},
	{SITE(spool), PATH,
		.help = N_("folder that holds incoming/, sent/, failed/ ...")},

	{SITE(key_file), PATH, .help = N_("file with the key that the shop expects")},
	{SITE(login), TEXT(TEXT_CHARS),
		.help = N_("with password_file: the key is made of both")},
	{SITE(password_file), PATH, .help = N_("file with the password for login")},
	{SITE(basic_auth_file), PATH,
		.help = N_("file with user:password for HTTP authentication")},
	{SITE(ca_file), PATH,
		.help = N_("certificates to trust instead of the system's")},
	{SITE(client_cert), PATH, .help = N_("certificate to show to the shop (PEM)")},
	{SITE(client_key), PATH, .help = N_("its private key (PEM)")},
	{SITE(proxy), TEXT(URL_CHARS), FIXED,
		.help = N_("proxy to reach the shop through")},
	{SITE(allow_plaintext), BOOLEAN("false"),
		.help = N_("allow plain http to a shop that is not on this machine")},

	{SITE(pattern), TEXT(TEXT_CHARS), .standard = "*.xml",
		.help = N_("names of the files to take from incoming/")},
	{SITE(settle), DURATION("2s", 100, MSEC_HOUR),
		.help = N_("how long a file that was found must have been quiet")},
	{SITE(rescan), DURATION("5m", 100, DAY),
		.help = N_("how often incoming/ is read without any alarm")},
	{SITE(interval), DURATION("0", 0, DAY),
		.help = N_("send only that often (0: at once)")},

	{SITE(batch_comments), NUMBER("500", 1, 5000),
		.help = N_("comments in one request, at most")},
	{SITE(request_target), DURATION("5s", 100, 10 * MSEC_MINUTE),
		.help = N_("requests grow while answers take less")},
	{SITE(connections), NUMBER("1", 1, 16), .help = N_("requests under way at once")},
	{SITE(connect_timeout), DURATION("10s", 100, 10 * MSEC_MINUTE),
		.help = N_("how long connecting may take")},
	{SITE(request_timeout), DURATION("3m", 100, DAY),
		.help = N_("how long a whole request may take")},
	{SITE(unknown_wait), DURATION("10m", 100, DAY),
		.help = N_("wait before repeating what the shop may still be storing")},

	{SITE(retry_min), DURATION("1s", 100, DAY),
		.help = N_("first wait before a shop in trouble is asked again")},
	{SITE(retry_max), DURATION("10m", 100, DAY), .help = N_("longest such wait")},
	{SITE(max_attempts), NUMBER("5", 1, 1000),
		.help = N_("tries of one comment on which the shop breaks")},
	{SITE(give_up), DURATION("0", 0, 3650 * DAY),
		.help = N_("age at which a comment fails undelivered (0: never)")},

	{SITE(shop_limits), BOOLEAN("true"),
		.help = N_("refuse what OpenSi Connect shops would store wrongly")},
	{SITE(max_file_size), SIZE("16M", MIB, 64 * MIB),
		.help = N_("larger files are refused")},
	{SITE(min_free), SIZE("64M", MIB, TIB),
		.help = N_("no file is taken while the disk has less space free")},
	{SITE(keep_sent), DURATION("0", 0, 36500 * DAY),
		.help = N_("age at which delivered files are erased (0: never)")},
	{SITE(keep_audit), DURATION("0", 0, 36500 * DAY),
		.help = N_("age at which records are erased (0: never)")},

	{SITE(schema), PATH, .standard = GATEWAY_DATA_DIR "/comments.xsd",
		.help = N_("schema of comment files")},
	{SITE(metrics_file), PATH,
		.help = N_("metrics in Prometheus text format go there")},

	{GLOBAL(log_level), .type = SETTING_RANK, .standard = "info", .words = levels,
		.help = N_("least weight of what is logged")},
	{GLOBAL(language), .type = SETTING_WORD, .words = languages,
		.help = N_("language of letters and pages (the locale's)")},
	{GLOBAL(user), TEXT(NAME_BYTES), FIXED,
		.help = N_("user to become when started as root")},
};
static_assert(sizeof(settings) / sizeof(settings[0]) == SETTING_COUNT, "all are counted");

const struct setting *setting_at(size_t index)
{
	assert(index < SETTING_COUNT);
	return &settings[index];
}

size_t setting_index(const struct setting *s)
{
	return (size_t)(s - settings);
}

const struct setting *setting_find(const char *name)
{
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (!strcmp(settings[i].name, name))
			return &settings[i];
	return NULL;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters must be put in, left out or changed. */
static size_t distance(const char *a, const char *b)
{
	size_t row[NAME_BYTES + 1];
	size_t width = strlen(b);
	assert(width <= NAME_BYTES);
	for (size_t i = 0; i <= width; i++)
		row[i] = i;

	for (size_t above = 1; *a; a++, above++) {
		size_t diagonal = row[0];
		row[0] = above;
		for (size_t i = 1; i <= width; i++) {
			bool is_same = !strncasecmp(a, &b[i - 1], 1);
			size_t change = diagonal + (is_same ? 0 : 1);
			diagonal = row[i];
			row[i] = least(change, least(row[i], row[i - 1]) + 1);
		}
	}
	return row[width];
}

const char *setting_suggest(const char *name)
{
	size_t len = strlen(name);
	if (len < 3 || len > NAME_BYTES)
		return NULL;

	const char *nearest = NULL;
	size_t least_distance = len / 3 + 1;
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		size_t away = distance(name, settings[i].name);
		if (away < least_distance) {
			least_distance = away;
			nearest = settings[i].name;
		}
	}
	for (size_t i = 0; i < SETTING_COUNT && !nearest; i++)
		if (strstr(settings[i].name, name))
			nearest = settings[i].name;
	return nearest;
}
