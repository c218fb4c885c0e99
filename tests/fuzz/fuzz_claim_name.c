/* SPDX-License-Identifier: MIT
 *
 * The lines of an input are names of drops, each left in a spool, claimed, and returned
 * or settled where its name is taken already. A claim's name fits, grows, and gives the
 * exporter's name back, whatever that was.
 */
#include "system/spool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "fuzz.h"

enum { MAX_NAMES = 8, DROP_MAX = CLAIM_NAME_MAX - TIMES_STAMP_LEN - 1 };

/* 2026-11-24T00:00:00Z; and stamps from 2200 on, made by hand, are not followed */
#define NOW (INT64_C(1795478400) * USEC_SECOND)
#define LAST (INT64_C(7258118400) * USEC_SECOND + MAX_NAMES)

#define auto_spool auto_with(drop_spool)

static void drop_spool(struct spool **s)
{
	spool_close(*s);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	auto_buf struct buf path = {.max_bytes = PATH_MAX};
	buf_add_format(&path, "%s/incoming", fuzz_folder());
	return mkdir(buf_peek(&path), 0700);
}

static struct spool *open_spool(void)
{
	struct spool *s = NULL;
	auto_buf struct buf why = {.max_bytes = PATH_MAX};
	if (spool_open(fuzz_folder(), &s, &why) < 0)
		abort();
	return s;
}

/* False for what no file can be called. */
static bool put(const struct spool *s, enum folder folder, const char *name)
{
	if (strchr(name, '/'))
		return false;
	auto_close int fd = openat(spool_folder_fd(s, folder), name,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd >= 0;
}

static bool is_there(const struct spool *s, enum folder folder, const char *name)
{
	struct stat st;
	return spool_look(s, folder, name, &st) == 0;
}

static bool ends_with(const char *text, const char *suffix)
{
	size_t len = strlen(text);
	size_t suffix_len = strlen(suffix);
	return len >= suffix_len && !strcmp(text + len - suffix_len, suffix);
}

/* What the exporter's name has become. */
static void check_drop(const char *drop, const char *given)
{
	size_t len = strlen(given);
	const char *dot = strrchr(given, '.');
	if (len <= DROP_MAX) {
		assert(!strcmp(drop, given));
		return;
	}
	assert(strlen(drop) <= DROP_MAX && strchr(drop, '~'));
	if (dot && strlen(dot) <= 10)
		assert(ends_with(drop, dot));
	if (fuzz_is_clean(given, len, SIZE_MAX))
		assert(fuzz_is_clean(drop, strlen(drop), SIZE_MAX) &&
			!strncmp(drop, given, DROP_MAX / 2 - 4));
}

static void check_claim(const struct claim_name *claim, const char *name)
{
	const char *stamp = NULL;
	const char *given = spool_drop_name(name, &stamp);
	const char *drop = NULL;
	usec_t at = 0;

	assert(strlen(claim->name) <= CLAIM_NAME_MAX && !strchr(claim->name, '/'));
	assert(strlen(claim->stamp) == TIMES_STAMP_LEN);
	assert(times_parse_stamp(claim->stamp, &at) == 0 && at <= LAST);
	if (stamp)
		assert(!strncmp(claim->of, stamp, TIMES_STAMP_LEN));
	else
		assert(!*claim->of && given == name);
	drop = spool_drop_name(claim->name, &stamp);
	assert(stamp == claim->name && !strncmp(stamp, claim->stamp, TIMES_STAMP_LEN));
	assert(drop == claim->name + TIMES_STAMP_LEN + 1 && *drop);
	check_drop(drop, given);
}

static void check_return(struct spool *s, const struct claim_name *claim)
{
	const char *stamp = NULL;
	const char *drop = spool_drop_name(claim->name, &stamp);
	bool is_taken = is_there(s, FOLDER_INCOMING, drop);
	int r = spool_return(s, claim->name);

	assert(r == (is_taken ? -EEXIST : 0));
	assert(is_there(s, FOLDER_INCOMING, drop));
	assert(is_there(s, FOLDER_SENDING, claim->name) == is_taken);
}

/* "NAME~2.xml" for NAME.xml: the number stands before the suffix of the exporter's name,
 * or at its end. */
static void check_numbered(const char *name, const char *claim)
{
	const char *drop = claim + TIMES_STAMP_LEN + 1;
	const char *dot = strrchr(drop, '.');
	size_t head = dot ? (size_t)(dot - claim) : strlen(claim);

	assert(!strncmp(name, claim, head) && !strncmp(name + head, "~2", 2));
	assert(!strcmp(name + head + 2, claim + head));
	assert(strlen(name) + strlen(".reason.txt") <= NAME_MAX);
}

static void check_settling(struct spool *s, const struct claim_name *claim, bool is_taken)
{
	char to[PATH_MAX];

	if (is_taken)
		put(s, FOLDER_FAILED, claim->name);
	int r = spool_settle(s, FOLDER_FAILED, claim->name, NOW, to);
	assert(r == 0 && !strncmp(to, "failed/", 7));
	assert(!is_there(s, FOLDER_SENDING, claim->name));
	assert(is_there(s, FOLDER_FAILED, to + 7));
	if (is_taken)
		check_numbered(to + 7, claim->name);
	else
		assert(!strcmp(to + 7, claim->name));
}

static void live(struct spool *s, const char *name, uint64_t *chance)
{
	struct claim_name claim;
	char before[TIMES_STAMP_LEN + 1] = "";
	const char *stamp = NULL;
	usec_t now = NOW + (usec_t)fuzz_draw(chance, 4) - 2;

	if (!put(s, FOLDER_INCOMING, name))
		return;
	(void)spool_drop_name(name, &stamp);
	if (stamp && fuzz_draw(chance, 2))
		spool_note_stamp(s, stamp);
	(void)spool_last_stamp(s, before);
	int r = spool_claim(s, FOLDER_INCOMING, name, now, &claim);
	assert(r == 0 && !is_there(s, FOLDER_INCOMING, name));
	assert(is_there(s, FOLDER_SENDING, claim.name));
	assert(strcmp(before, claim.stamp) < 0);
	check_claim(&claim, name);
	if (fuzz_draw(chance, 3))
		check_settling(s, &claim, fuzz_draw(chance, 2));
	else
		check_return(s, &claim);
}

static void clear(const struct spool *s)
{
	static const enum folder used[] = {
		FOLDER_INCOMING, FOLDER_SENDING, FOLDER_FAILED};
	for (size_t i = 0; i < sizeof(used) / sizeof(*used); i++) {
		auto_with(spool_closedirp) DIR *dir = spool_list(s, used[i]);
		for (const struct dirent *entry; dir && (entry = readdir(dir));)
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	uint64_t chance = fuzz_chance(bytes, len);
	auto_spool struct spool *s = open_spool();
	const char *at = (const char *)bytes;
	const char *end = at + len;
	size_t line_len = 0;

	for (int i = 0; i < MAX_NAMES; i++) {
		char name[NAME_MAX + 1] = "";
		const char *line = fuzz_line(&at, end, &line_len);
		if (!line)
			break;
		memcpy(name, line, line_len < NAME_MAX ? line_len : NAME_MAX);
		live(s, name, &chance);
	}
	clear(s);
	return 0;
}
