/* SPDX-License-Identifier: MIT */
#include "system/spool_name.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/times.h"
#include "core/intake.h"
#include "system/spool.h"

const char *spool_drop_name(const char *name, const char **stamp)
{
	usec_t at = 0;
	*stamp = NULL;
	while (times_parse_stamp(name, &at) == 0 && name[TIMES_STAMP_LEN] == '_' &&
		name[TIMES_STAMP_LEN + 1]) {
		if (!*stamp)
			*stamp = name;
		name += TIMES_STAMP_LEN + 1;
	}
	return name;
}

bool spool_name_is_drop(const char *name, const struct intake *intake)
{
	const char *stamp = NULL;
	return name[0] != '.' && intake_wants(intake, spool_drop_name(name, &stamp));
}

bool spool_is_reason(const char *name)
{
	size_t len = strlen(name);
	return len > SPOOL_REASON_LEN &&
	       !strcmp(name + len - SPOOL_REASON_LEN, SPOOL_REASON);
}

bool spool_is_day(const char *name, const char *suffix)
{
	static const char form[] = "0000-00-00";
	for (size_t i = 0; i < SPOOL_DAY_LEN; i++)
		if (form[i] == '0' ? name[i] < '0' || name[i] > '9' : name[i] != form[i])
			return false;
	return !strcmp(name + SPOOL_DAY_LEN, suffix);
}

/* Where the tail of an over-long name begins: at a character, not within one. */
static const char *tail_of(const char *name, size_t len)
{
	const char *tail = name + strlen(name) - len;
	while (((unsigned char)*tail & 0xC0U) == 0x80)
		tail++;
	return tail;
}

void spool_name_shorten(struct buf *b, const char *name, size_t max)
{
	if (strlen(name) <= max) {
		buf_add_text(b, name);
		return;
	}
	size_t half = (max - 1) / 2;
	size_t head = half;
	while (head && ((unsigned char)name[head] & 0xC0U) == 0x80)
		head--;
	buf_add(b, name, head);
	buf_add_char(b, '~');
	buf_add_text(b, tail_of(name, half));
}

void spool_name_number(const char *name, int number, char numbered[NAME_MAX + 1])
{
	const char *stamp = NULL;
	const char *dot = strrchr(spool_drop_name(name, &stamp), '.');
	const char *suffix = dot ? dot : name + strlen(name);
	snprintf(numbered, NAME_MAX + 1, "%.*s~%d%.*s", (int)(suffix - name), name,
		number, CLAIM_NAME_MAX, suffix);
}

bool spool_name_may_be(const char *name, const char *drop)
{
	const char *dot = strrchr(name, '.');
	size_t head = dot ? (size_t)(dot - name) : strlen(name);
	if (!strcmp(name, drop))
		return true;
	if (strncmp(name, drop, head) != 0 || drop[head] != '~')
		return false;
	const char *number = drop + head + 1;
	size_t digits = strspn(number, "0123456789");
	return digits && !strcmp(number + digits, name + head);
}
