/* SPDX-License-Identifier: MIT
 *
 * Each line is a label and what it says; what is long goes on below itself. A figure that
 * is nought and would only be in the way is left out.
 */
#include "tool/screen.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/words.h"
#include "core/spoken.h"
#include "tool/print.h"
#include "tool/snapshot.h"

enum {
	MARGIN = 2,
	LABEL_CHARS = 14,
	TEXT_AT = MARGIN + LABEL_CHARS + 1,
	TEXT_LEAST = 20,
	WORDS_CHARS = 1000,
	LINE_MAX_BYTES = 8 * 1024,
	BAR_CHARS = 24,
	EIGHTHS = 8, /* of a character that a bar may end with */
};

struct sheet {
	struct buf *out;
	size_t width;
	usec_t now;
};

/* --- lines --- */

static void add_spaces(struct buf *out, size_t count)
{
	while (count--)
		buf_add_char(out, ' ');
}

static void add_coloured(struct buf *out, enum colour colour, const char *text)
{
	buf_add_format(out, "%s%s%s", print_begin(colour), text, print_end(colour));
}

/* Bytes of the words that fit; one word at least. */
static size_t words_len(const char *text, size_t max_chars)
{
	size_t len = strcspn(text, " ");
	while (text[len]) {
		size_t longer = len + 1 + strcspn(text + len + 1, " ");
		char line[LINE_MAX_BYTES];
		snprintf(line, sizeof(line), "%.*s", (int)longer, text);
		if (text_count(line) > max_chars)
			break;
		len = longer;
	}
	return len;
}

static void add_wrapped(
	const struct sheet *sheet, enum colour colour, const char *text, size_t indent)
{
	size_t room =
		sheet->width > indent + TEXT_LEAST ? sheet->width - indent : TEXT_LEAST;
	for (bool is_first = true; *text; is_first = false) {
		char line[LINE_MAX_BYTES];
		size_t len = words_len(text, room);
		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		add_spaces(sheet->out, is_first ? 0 : indent);
		add_coloured(sheet->out, colour, line);
		buf_add_char(sheet->out, '\n');
		text += len + strspn(text + len, " ");
	}
}

static void add_label(const struct sheet *sheet, const char *label)
{
	size_t chars = text_count(label);
	add_spaces(sheet->out, MARGIN);
	add_coloured(sheet->out, DIM, label);
	add_spaces(sheet->out, chars < LABEL_CHARS ? LABEL_CHARS - chars + 1 : 1);
}

static void __attribute__((format(printf, 4, 5))) say(const struct sheet *sheet,
	const char *label, enum colour colour, const char *format, ...)
{
	char text[LINE_MAX_BYTES / 2];
	auto_buf struct buf clean = {.max_bytes = LINE_MAX_BYTES - 1};
	va_list arguments;
	va_start(arguments, format);
	int len = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	text_add_clean(&clean, text, len < 0 ? 0 : strlen(text), WORDS_CHARS);
	if (!clean.len)
		return;
	add_label(sheet, label);
	add_wrapped(sheet, colour, buf_peek(&clean), TEXT_AT);
}

/* --- bars --- */

static void add_bar(struct buf *out, enum colour colour, double share, bool is_padded)
{
	static const char *const parts[EIGHTHS] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	unsigned eighths = (unsigned)(share * BAR_CHARS * EIGHTHS + 0.5);
	size_t chars = eighths / EIGHTHS + (eighths % EIGHTHS != 0);
	buf_add_text(out, print_begin(colour));
	for (unsigned i = 0; i < eighths / EIGHTHS; i++)
		buf_add_text(out, "█");
	buf_add_format(out, "%s%s", parts[eighths % EIGHTHS], print_end(colour));
	add_spaces(out, is_padded ? BAR_CHARS - chars : 0);
}

static void name_band(unsigned band, char name[PRINT_AGE_MAX])
{
	static const char *const names[AGE_BANDS] = {N_("under 1 min"),
		N_("under 10 min"), N_("under 1 h"), N_("under 6 h"), N_("under 1 d"),
		N_("1 d or more")};
	snprintf(name, PRINT_AGE_MAX, "%s", _(names[band]));
}

static void add_band(const struct sheet *sheet, const struct census *census,
	unsigned band, uint64_t most)
{
	static const enum colour colours[AGE_BANDS] = {
		GREEN, GREEN, GREEN, YELLOW, RED, RED};
	char name[PRINT_AGE_MAX];
	name_band(band, name);
	add_label(sheet, name);
	if (print_is_terminal()) {
		add_bar(sheet->out, colours[band],
			(double)census->bands[band] / (double)most, false);
		buf_add_char(sheet->out, ' ');
	}
	buf_add_format(sheet->out, "%" PRIu64 "\n", census->bands[band]);
}

static void add_ages(const struct sheet *sheet, const struct census *census)
{
	uint64_t most = 0;
	unsigned last = 0;
	for (unsigned i = 0; i < AGE_BANDS; i++) {
		most = census->bands[i] > most ? census->bands[i] : most;
		last = census->bands[i] ? i : last;
	}
	for (unsigned i = 0; most && i <= last; i++)
		add_band(sheet, census, i, most);
}

void screen_add_drain(struct buf *out, const struct drain *drain, size_t width)
{
	const struct sheet sheet = {.out = out, .width = width};
	if (!drain->left || drain->peak <= drain->left)
		return;
	double done = 1 - (double)drain->left / (double)drain->peak;
	add_label(&sheet, _("drains"));
	if (print_is_terminal()) {
		add_bar(out, GREEN, done, true);
		buf_add_char(out, ' ');
	}
	buf_add_format(out, "%d %%", (int)(done * 100));
	if (drain->rate > 0) {
		char age[PRINT_AGE_MAX];
		print_age(age, (msec_t)((double)drain->left / drain->rate * 1000));
		buf_add_text(out, ", ");
		buf_add_format(out, _("done in about %s"), age);
	}
	buf_add_char(out, '\n');
}

/* --- a site --- */

static const enum colour state_colours[] = {
	[STATE_OPEN] = GREEN,
	[STATE_HELD] = RED,
	[STATE_WAITING] = YELLOW,
	[STATE_STOPPED] = RED,
};

static void word_state(const struct snapshot *s, usec_t now, struct buf *words)
{
	const struct status_hold *hold = &s->status.hold;
	char age[PRINT_AGE_MAX];
	print_age(age, (now - (hold->reason ? hold->since : s->updated)) / 1000);
	if (s->is_shut)
		buf_add_format(
			words, _("cannot be looked at (%s)"), spoken(hold->reason));
	else if (s->status.state == STATE_OPEN)
		buf_add_text(words, _("open"));
	else if (s->status.state == STATE_HELD)
		buf_add_format(words, _("held for %s (%s)"), age,
			hold->reason ? spoken(hold->reason) : "");
	else if (s->status.state == STATE_WAITING && s->has_state)
		buf_add_format(words, _("waits, for %s (%s)"), age,
			hold->reason ? spoken(hold->reason) : "");
	else if (s->status.state == STATE_WAITING)
		buf_add_text(words, _("a gateway runs, but does not tell its state"));
	else
		buf_add_text(words, _("no gateway runs"));
}

static void add_title(const struct sheet *sheet, const struct snapshot *s)
{
	auto_buf struct buf words = {.max_bytes = LINE_MAX_BYTES / 2};
	auto_buf struct buf clean = {.max_bytes = LINE_MAX_BYTES};
	add_coloured(sheet->out, BOLD, s->status.name);
	buf_add_text(sheet->out, _(": "));
	word_state(s, sheet->now, &words);
	text_add_clean(&clean, buf_peek(&words), words.len, WORDS_CHARS);
	add_coloured(sheet->out, state_colours[s->status.state], buf_peek(&clean));
	buf_add_char(sheet->out, '\n');
}

static void say_last_run(const struct sheet *sheet, const struct snapshot *s)
{
	char age[PRINT_AGE_MAX];
	print_age(age, (sheet->now - s->updated) / 1000);
	if (s->status.state != STATE_STOPPED || s->is_shut)
		return;
	if (!s->has_state)
		say(sheet, _("last run"), PLAIN, _("not known"));
	else if (s->was == STATE_STOPPED)
		say(sheet, _("last run"), PLAIN, _("ended %s ago"), age);
	else
		say(sheet, _("last run"), YELLOW,
			_("broke off; the last word of it is %s old"), age);
}

static void say_time(const struct sheet *sheet, const char *label, usec_t at)
{
	auto_buf struct buf text = {.max_bytes = PRINT_AGE_MAX};
	char age[PRINT_AGE_MAX];
	times_add_local(&text, at);
	print_age(age, (at - sheet->now) / 1000);
	if (at > sheet->now)
		say(sheet, label, PLAIN, _("in %s (%s)"), age, buf_peek(&text));
	else
		say(sheet, label, PLAIN, "%s", buf_peek(&text));
}

static void say_hold(const struct sheet *sheet, const struct snapshot *s)
{
	const struct status_hold *hold = &s->status.hold;
	if (!hold->reason)
		return;
	if (s->status.state == STATE_STOPPED && s->has_state)
		say(sheet, _("was held"), YELLOW, "%s", spoken(hold->reason));
	if (s->has_state)
		say_time(sheet, _("since"), hold->since);
	say(sheet, s->status.state == STATE_HELD ? _("what happened") : _("why"), PLAIN,
		"%s", hold->said ? _(hold->said) : "");
	say(sheet, _("what to do"), BOLD, "%s", hold->remedy ? _(hold->remedy) : "");
	if (hold->next_try && hold->next_try > sheet->now)
		say_time(sheet, _("next try"), hold->next_try);
	else if (hold->next_try)
		say(sheet, _("next try"), PLAIN, _("now"));
}

static void say_waiting(const struct sheet *sheet, const struct snapshot *s)
{
	const struct site_status *site = &s->status;
	uint64_t count = site->incoming + site->sending;
	char age[PRINT_AGE_MAX];
	if (!count) {
		say(sheet, _("waiting"), PLAIN, _("nothing"));
		return;
	}
	print_age(age, site->oldest_waiting_s * MSEC_SECOND);
	say(sheet, _("waiting"), PLAIN,
		words_count("%ju file: %ju in incoming/, %ju in sending/; since %s",
			"%ju files: %ju in incoming/, %ju in sending/; the oldest for %s",
			count),
		(uintmax_t)count, (uintmax_t)site->incoming, (uintmax_t)site->sending,
		age);
	if (s->is_counted)
		add_ages(sheet, &s->census);
}

static void say_count(const struct sheet *sheet, const char *label, enum colour colour,
	uint64_t count, const char *words)
{
	if (count)
		say(sheet, label, colour, "%" PRIu64 " %s", count, words);
}

static void say_counts(const struct sheet *sheet, const struct site_status *site)
{
	say_count(sheet, _("not settled"), YELLOW, site->deferred,
		words_count("comment that the shop broke on; it is tried again",
			"comments that the shop broke on; they are tried again",
			site->deferred));
	say_count(sheet, _("not known"), YELLOW, site->unknown,
		words_count("comment waits, because the shop may have stored it",
			"comments wait, because the shop may have stored them",
			site->unknown));
	say_count(sheet, _("failed"), RED, site->failed,
		words_count("file in failed/, with its reason: needs a person",
			"files in failed/, with their reasons: need a person",
			site->failed));
	say_count(sheet, _("unreadable"), RED, site->unreadable,
		words_count("file in incoming/ that the gateway may not read",
			"files in incoming/ that the gateway may not read",
			site->unreadable));
	say_count(sheet, _("ignored"), DIM, site->ignored,
		words_count("name in incoming/ that is not taken: opensi-spool list "
			    "incoming says why",
			"names in incoming/ that are not taken: opensi-spool list "
			"incoming says why",
			site->ignored));
	say(sheet, _("sent today"), PLAIN,
		words_count("%ju file", "%ju files", site->sent_today),
		(uintmax_t)site->sent_today);
}

static void say_speed(const struct sheet *sheet, const struct snapshot *s)
{
	const struct site_status *site = &s->status;
	char rate[PRINT_AGE_MAX];
	print_decimal(rate, 1, site->rate);
	if (site->rate > 0)
		say(sheet, _("speed"), PLAIN, _("%s comments a second"), rate);
	if (site->answer_ms)
		say(sheet, _("shop answers"), PLAIN, _("within %jd ms"),
			(intmax_t)site->answer_ms);
	if (s->is_stale)
		say(sheet, _("but"), RED,
			_("state.json has not been written for a while: look at the log "
			  "of the gateway, and whether the disk is full"));
}

void screen_add_site(
	struct buf *out, const struct snapshot *snapshot, usec_t now, size_t width)
{
	const struct sheet sheet = {.out = out, .width = width, .now = now};
	add_title(&sheet, snapshot);
	say_last_run(&sheet, snapshot);
	say_hold(&sheet, snapshot);
	if (snapshot->is_shut)
		return;
	say_waiting(&sheet, snapshot);
	say_counts(&sheet, &snapshot->status);
	say_speed(&sheet, snapshot);
}
