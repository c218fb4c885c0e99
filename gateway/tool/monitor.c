/* SPDX-License-Identifier: MIT */
#include "tool/monitor.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/words.h"
#include "core/spoken.h"
#include "tool/print.h"
#include "tool/snapshot.h"

enum {
	WORDS_MAX_BYTES = 16 * 1024,
	CLEANED_MAX_BYTES = 2 * WORDS_MAX_BYTES,
	WORDS_CHARS = 2000,
};

struct judgement {
	enum alarm_level level;
	struct buf *words; /* what is wrong, parted by "; " */
	uint64_t waiting, failed;
	int64_t oldest_s;
	size_t open;
};

static const char *const level_names[] = {
	[ALARM_OK] = "OK",
	[ALARM_WARNING] = "WARNING",
	[ALARM_CRITICAL] = "CRITICAL",
	[ALARM_UNKNOWN] = "UNKNOWN",
};

static bool is_worse(enum alarm_level a, enum alarm_level b)
{
	static const unsigned char ranks[] = {
		[ALARM_OK] = 0,
		[ALARM_WARNING] = 1,
		[ALARM_UNKNOWN] = 2,
		[ALARM_CRITICAL] = 3,
	};
	return ranks[a] > ranks[b];
}

static void __attribute__((format(printf, 4, 5))) blame(struct judgement *j,
	const struct snapshot *s, enum alarm_level level, const char *format, ...)
{
	char text[WORDS_CHARS];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (is_worse(level, j->level))
		j->level = level;
	buf_add_format(
		j->words, "%s%s: %s", j->words->len ? "; " : "", s->status.name, text);
}

static enum alarm_level grave(msec_t age, const struct thresholds *t)
{
	if (age > t->critical)
		return ALARM_CRITICAL;
	return age > t->warning ? ALARM_WARNING : ALARM_OK;
}

/* --- the rules --- */

static enum alarm_level level_of_hold(
	const char *reason, msec_t age, const struct thresholds *t)
{
	static const struct {
		const char *reason;
		enum alarm_level level;
	} known[] = {
		{"key-refused", ALARM_CRITICAL},
		{"website-refused", ALARM_CRITICAL},
		{STATUS_NO_SPACE, ALARM_CRITICAL},
		{"machine-trouble", ALARM_CRITICAL},
		{"no-state", ALARM_UNKNOWN},
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i].reason, reason))
			return known[i].level;
	return age > t->critical ? ALARM_CRITICAL : ALARM_WARNING;
}

static void judge_hold(struct judgement *j, const struct snapshot *s,
	const struct thresholds *t, usec_t now)
{
	const struct status_hold *hold = &s->status.hold;
	char age_text[PRINT_AGE_MAX];
	if (!hold->reason)
		return;
	msec_t age = (now - hold->since) / 1000;
	if (s->is_shut) {
		blame(j, s, ALARM_UNKNOWN, "%s", hold->said);
		return;
	}
	print_age(age_text, age);
	blame(j, s, level_of_hold(hold->reason, age, t), _("%s for %s"),
		spoken(hold->reason), age_text);
}

static void judge_presence(struct judgement *j, const struct snapshot *s,
	const struct thresholds *t, usec_t now)
{
	if (s->status.state != STATE_STOPPED || s->is_shut)
		return;
	bool has_ended = s->has_state && s->was == STATE_STOPPED;
	if (!has_ended || (now - s->updated) / 1000 > t->critical)
		blame(j, s, ALARM_CRITICAL, _("no gateway runs"));
}

static void judge_files(
	struct judgement *j, const struct snapshot *s, const struct thresholds *t)
{
	const struct site_status *site = &s->status;
	char age[PRINT_AGE_MAX];
	enum alarm_level level = grave(site->oldest_waiting_s * MSEC_SECOND, t);
	print_age(age, site->oldest_waiting_s * MSEC_SECOND);
	if (level != ALARM_OK)
		blame(j, s, level, _("a file has waited for %s"), age);
	if (site->failed)
		blame(j, s, ALARM_WARNING,
			words_count("%ju file in failed/", "%ju files in failed/",
				site->failed),
			(uintmax_t)site->failed);
	if (site->unreadable)
		blame(j, s, ALARM_WARNING,
			words_count("%ju file that the gateway may not read",
				"%ju files that the gateway may not read",
				site->unreadable),
			(uintmax_t)site->unreadable);
	if (s->is_stale)
		blame(j, s, ALARM_WARNING, _("state.json is not written any more"));
}

static void judge(struct judgement *j, const struct snapshot *s,
	const struct thresholds *t, usec_t now)
{
	judge_presence(j, s, t, now);
	judge_hold(j, s, t, now);
	judge_files(j, s, t);
	j->open += s->status.state == STATE_OPEN;
	j->waiting += s->status.incoming + s->status.sending;
	j->failed += s->status.failed;
	if (s->status.oldest_waiting_s > j->oldest_s)
		j->oldest_s = s->status.oldest_waiting_s;
}

/* --- the line --- */

/* A bar would begin the figures. */
static void add_words(struct buf *out, const char *words, size_t len)
{
	auto_buf struct buf clean = {.max_bytes = CLEANED_MAX_BYTES};
	text_add_clean(&clean, words, len, WORDS_CHARS);
	for (const char *c = buf_peek(&clean); *c; c++)
		buf_add_char(out, (char)(*c == '|' ? '/' : *c));
}

static void add_figures(
	struct buf *out, const struct judgement *j, const struct thresholds *t)
{
	buf_add_format(out,
		" | waiting=%" PRIu64 ";;;0 failed=%" PRIu64 ";0;;0 oldest=%" PRId64
		"s;%" PRId64 ";%" PRId64 ";0\n",
		j->waiting, j->failed, j->oldest_s < 0 ? 0 : j->oldest_s,
		t->warning / MSEC_SECOND, t->critical / MSEC_SECOND);
}

enum alarm_level monitor_judge(struct buf *out, const struct snapshot *snapshots,
	size_t count, const struct thresholds *thresholds, usec_t now)
{
	auto_buf struct buf words = {.max_bytes = WORDS_MAX_BYTES};
	struct judgement j = {.level = ALARM_OK, .words = &words, .oldest_s = -1};
	for (size_t i = 0; i < count; i++)
		judge(&j, &snapshots[i], thresholds, now);
	buf_add_format(out, "OPENSI %s - ", level_names[j.level]);
	add_words(out, buf_peek(&words), words.len);
	buf_add_text(out, words.len ? "; " : "");
	buf_add_format(
		out, words_count("%zu site open, ", "%zu sites open, ", j.open), j.open);
	buf_add_format(out,
		words_count("%ju file waiting", "%ju files waiting", j.waiting),
		(uintmax_t)j.waiting);
	add_figures(out, &j, thresholds);
	return j.level;
}

void monitor_add_unknown(struct buf *out, const char *why)
{
	buf_add_text(out, "OPENSI UNKNOWN - ");
	add_words(out, why, strlen(why));
	buf_add_char(out, '\n');
}
