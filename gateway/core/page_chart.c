/* SPDX-License-Identifier: MIT
 *
 * A drawing is 144 wide, one unit a slot, and is stretched to the width of the page;
 * so texts are no part of it but lie above and below it.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/words.h"
#include "core/page_parts.h"
#include "core/tally.h"

enum {
	UP = 50,   /* height of the largest value */
	DOWN = 10, /* room below the base line, for what was rejected */
	TICK_HOURS = 3,
	LOCAL_HOUR = sizeof("2026-11-23 ") - 1, /* where it stands in a local time */
	LOCAL_MINUTE = LOCAL_HOUR + 3,
	LOCAL_SECOND = LOCAL_MINUTE + 3,
};
#define USEC_SLOT (TALLY_SLOT * 1000)
#define USEC_HOUR (MSEC_HOUR * 1000)

/* The day that is shown: slot 0 is the oldest. */
struct day {
	const struct tally_slot *slots[TALLY_SLOTS];
	size_t known_from; /* before that slot, the gateway did not run */
	usec_t begin;      /* of slot 0 */
	uint64_t delivered, rejected;
	uint64_t most, slowest; /* comments, milliseconds, of one slot */
	size_t busiest;         /* the slot that has `most` */
};

static uint64_t answer_ms(const struct tally_slot *slot)
{
	return slot->answers ? slot->answer_ms / slot->answers : 0;
}

static void day_look(struct day *day, const struct site_status *site, usec_t now)
{
	struct tally *t = site->tally;
	usec_t in_slot = site->up % TALLY_SLOT * 1000;

	*day = (struct day){
		.begin = now - in_slot - (TALLY_SLOTS - 1) * USEC_SLOT,
	};
	for (size_t i = 0; i < TALLY_SLOTS; i++) {
		const struct tally_slot *slot =
			tally_slot(t, site->up, (unsigned)(TALLY_SLOTS - 1 - i));
		day->slots[i] = slot;
		day->delivered += slot->delivered;
		day->rejected += slot->rejected;
		if (slot->delivered > day->most) {
			day->most = slot->delivered;
			day->busiest = i;
		}
		if (answer_ms(slot) > day->slowest)
			day->slowest = answer_ms(slot);
	}
	int64_t oldest = t->slot - (TALLY_SLOTS - 1);
	int64_t first = t->started / TALLY_SLOT;
	day->known_from = first > oldest ? (size_t)(first - oldest) : 0;
}

static usec_t slot_begin(const struct day *day, size_t slot)
{
	return day->begin + (usec_t)slot * USEC_SLOT;
}

/* The smallest of 1, 2, 5, 10, 20 ... that is no less. */
static uint64_t round_up(uint64_t value)
{
	uint64_t step = 1;

	while (step * 10 <= value)
		step *= 10;
	if (value <= step)
		return step;
	if (value <= 2 * step)
		return 2 * step;
	return value <= 5 * step ? 5 * step : 10 * step;
}

/* The height of a drawing, in comments and in milliseconds; few are not drawn as many. */
static uint64_t full_of_comments(const struct day *day)
{
	return round_up(day->most < 5 ? 5 : day->most);
}

static uint64_t full_of_ms(const struct day *day)
{
	return round_up(day->slowest < 10 ? 10 : day->slowest);
}

/* In tenths of a unit, so that no number depends on a locale. */
static unsigned height_of(uint64_t value, uint64_t full, unsigned max)
{
	unsigned most = max * 10;
	uint64_t tenths = value * most / full;

	if (value && tenths < 10)
		tenths = 10; /* one of many is still seen */
	return tenths > most ? most : (unsigned)tenths;
}

/* --- hours on the server's own clock --- */

static unsigned two_digits(const char *text)
{
	return (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
}

static void read_local(struct buf *text, usec_t at)
{
	buf_clear(text);
	times_add_local(text, at);
}

/* The first full hour after an instant, by the local clock. */
static usec_t next_hour(usec_t at)
{
	auto_buf struct buf text = {.max_bytes = 64};
	read_local(&text, at);
	const char *local = buf_peek(&text);
	unsigned into =
		two_digits(local + LOCAL_MINUTE) * 60 + two_digits(local + LOCAL_SECOND);
	return at - at % USEC_SECOND + USEC_HOUR - (usec_t)into * USEC_SECOND;
}

static void add_hours(struct buf *out, const struct day *day)
{
	auto_buf struct buf text = {.max_bytes = 64};
	usec_t span = TALLY_SLOTS * USEC_SLOT;

	buf_add_text(out, "<div class=\"hours\" aria-hidden=\"true\">");
	for (usec_t at = next_hour(day->begin); at < day->begin + span;
		at = next_hour(at)) {
		read_local(&text, at);
		const char *hour = buf_peek(&text) + LOCAL_HOUR;
		usec_t place = (at - day->begin) * 1000 / span;
		/* Those at the edges would be cut. */
		if (two_digits(hour) % TICK_HOURS || place < 30 || place > 970)
			continue;
		buf_add_format(out,
			"<span style=\"left:%" PRId64 ".%" PRId64 "%%\">%.5s</span>",
			place / 10, place % 10, hour);
	}
	buf_add_text(out, "</div>\n");
}

/* --- drawings --- */

static void begin_drawing(struct buf *out, const struct day *day, unsigned height)
{
	buf_add_format(out, "<g aria-hidden=\"true\">");
	if (day->known_from)
		buf_add_format(out,
			"<rect class=\"unknown\" x=\"0\" y=\"0\" width=\"%zu\" "
			"height=\"%u\"/>",
			day->known_from, height);
	buf_add_format(out, "<path class=\"grid\" d=\"M0 0H%d M0 %dH%d\"/>", TALLY_SLOTS,
		UP / 2, TALLY_SLOTS);
}

static void end_drawing(struct buf *out)
{
	buf_add_format(out, "<path class=\"base\" d=\"M0 %dH%d\"/></g></svg>\n", UP,
		TALLY_SLOTS);
}

static void add_bars(struct buf *out, const struct day *day)
{
	uint64_t full = full_of_comments(day);

	buf_add_text(out, "<path class=\"delivered\" d=\"M0 0");
	for (size_t i = 0; i < TALLY_SLOTS; i++) {
		unsigned height = height_of(day->slots[i]->delivered, full, UP);
		if (height)
			buf_add_format(out, "M%zu.1 %dv-%u.%uh.8V%dz", i, UP, height / 10,
				height % 10, UP);
	}
	buf_add_text(out, "\"/>");
	if (!day->rejected)
		return;
	buf_add_text(out, "<path class=\"rejected\" d=\"M0 0");
	for (size_t i = 0; i < TALLY_SLOTS; i++) {
		unsigned height = height_of(day->slots[i]->rejected, full, DOWN);
		/* At least so deep that it is seen; a hair below the line. */
		if (height)
			buf_add_format(out, "M%zu.1 %d.5v%u.%uh.8V%d.5z", i, UP,
				2 + height / 10, height % 10, UP);
	}
	buf_add_text(out, "\"/>");
}

/* One step a slot; where there was no answer the line ends. */
static void add_line(struct buf *out, const struct day *day)
{
	uint64_t full = full_of_ms(day);
	bool is_drawing = false;

	buf_add_text(out, "<path class=\"time\" d=\"M0 0");
	for (size_t i = 0; i < TALLY_SLOTS; i++) {
		const struct tally_slot *slot = day->slots[i];
		unsigned down = UP * 10 - height_of(answer_ms(slot), full, UP);
		if (slot->answers && is_drawing)
			buf_add_format(out, "V%u.%uh1", down / 10, down % 10);
		else if (slot->answers)
			buf_add_format(out, "M%zu %u.%uh1", i, down / 10, down % 10);
		is_drawing = slot->answers > 0;
	}
	buf_add_text(out, "\"/>");
}

static void add_duration(struct buf *out, uint64_t ms)
{
	if (ms < 1000)
		buf_add_format(out, "%" PRIu64 " ms", ms);
	else if (ms % 1000)
		buf_add_format(
			out, "%" PRIu64 ".%" PRIu64 " s", ms / 1000, ms % 1000 / 100);
	else
		buf_add_format(out, "%" PRIu64 " s", ms / 1000);
}

static void begin_svg(struct buf *out, unsigned height, const char *title)
{
	buf_add_format(out,
		"<svg role=\"img\" viewBox=\"0 0 %d %u\" preserveAspectRatio=\"none\">\n",
		TALLY_SLOTS, height);
	page_add_element(out, "title", title);
}

static void add_key(struct buf *out, const char *key, const char *words)
{
	buf_add_format(out, "<span class=\"key %s\">", key);
	page_add_text(out, words);
	buf_add_text(out, "</span> ");
}

static void add_deliveries(struct buf *out, const struct day *day)
{
	auto_buf struct buf local = {.max_bytes = 64};
	unsigned height = UP + (day->rejected ? DOWN + 3 : 0);

	buf_add_text(out, "<figure>\n<figcaption>");
	add_key(out, "up", _("Comments delivered in ten minutes"));
	if (day->rejected)
		add_key(out, "down", _("rejected, below the line"));
	if (day->known_from)
		add_key(out, "none", _("not known"));
	buf_add_text(out, "</figcaption>\n<div class=\"plot\">\n");
	begin_svg(out, height, _("Comments delivered in the last 24 hours"));
	buf_add_text(out, "<desc>");
	read_local(&local, slot_begin(day, day->busiest));
	page_say(out,
		_("%ju delivered, %ju rejected. Most in ten minutes: %ju, from %.5s on."),
		(uintmax_t)day->delivered, (uintmax_t)day->rejected, (uintmax_t)day->most,
		buf_peek(&local) + LOCAL_HOUR);
	buf_add_text(out, "</desc>\n");
	begin_drawing(out, day, height);
	add_bars(out, day);
	end_drawing(out);
	buf_add_format(out, "<span class=\"top\" aria-hidden=\"true\">%" PRIu64 "</span>",
		full_of_comments(day));
	add_hours(out, day);
	buf_add_text(out, "</div>\n</figure>\n");
}

static void add_answers(struct buf *out, const struct day *day)
{
	auto_buf struct buf slowest = {.max_bytes = 32};

	buf_add_text(out, "<figure>\n<figcaption>");
	add_key(out, "time", _("Time the shop took to answer, on average"));
	buf_add_text(out, "</figcaption>\n<div class=\"plot\">\n");
	begin_svg(out, UP, _("Answer time of the shop in the last 24 hours"));
	buf_add_text(out, "<desc>");
	add_duration(&slowest, day->slowest);
	page_say(
		out, _("The slowest ten minutes had %s on average."), buf_peek(&slowest));
	buf_add_text(out, "</desc>\n");
	begin_drawing(out, day, UP);
	add_line(out, day);
	end_drawing(out);
	buf_add_text(out, "<span class=\"top\" aria-hidden=\"true\">");
	add_duration(out, full_of_ms(day));
	buf_add_text(out, "</span>");
	add_hours(out, day);
	buf_add_text(out, "</div>\n</figure>\n");
}

/* --- the same in figures --- */

static void add_row(
	struct buf *out, const struct tally_slot *sum, const char *hour, bool has_day)
{
	if (!sum->delivered && !sum->rejected && !sum->answers)
		return;
	buf_add_format(out, "<tr><th scope=\"row\">%.*s%.2s:00</th>",
		has_day ? LOCAL_HOUR : 0, hour, hour + LOCAL_HOUR);
	buf_add_format(out,
		"<td class=\"number\">%" PRIu64 "</td><td class=\"number\">%" PRIu64
		"</td><td class=\"number\">",
		sum->delivered, sum->rejected);
	if (sum->answers)
		add_duration(out, answer_ms(sum));
	else
		buf_add_text(out, "–");
	buf_add_text(out, "</td></tr>\n");
}

/* An hour ends where the text of the local hour changes. */
static void add_rows(struct buf *out, const struct day *day, usec_t now)
{
	auto_buf struct buf text = {.max_bytes = 64};
	auto_buf struct buf today = {.max_bytes = 64};
	char hour[64] = "";
	struct tally_slot sum = {0};

	times_add_local_day(&today, now);
	for (size_t i = TALLY_SLOTS; i > 0; i--) {
		const struct tally_slot *slot = day->slots[i - 1];
		read_local(&text, slot_begin(day, i - 1));
		if (strncmp(hour, buf_peek(&text), LOCAL_MINUTE) != 0) {
			add_row(out, &sum, hour,
				strncmp(hour, buf_peek(&today), today.len) != 0);
			sum = (struct tally_slot){0};
			memcpy(hour, buf_peek(&text), text.len + 1);
		}
		sum.delivered += slot->delivered;
		sum.rejected += slot->rejected;
		sum.answers += slot->answers;
		sum.answer_ms += slot->answer_ms;
	}
	add_row(out, &sum, hour, strncmp(hour, buf_peek(&today), today.len) != 0);
}

static void add_table(struct buf *out, const struct day *day, usec_t now)
{
	buf_add_text(out, "<details>\n");
	page_add_element(out, "summary", _("The same in figures"));
	buf_add_text(out, "<table class=\"hourly\">\n");
	page_add_element(out, "caption",
		_("By the hour, newest first; hours without anything are left out"));
	buf_add_text(out, "<thead><tr>");
	page_add_element(out, "th scope=\"col\"", _("From"));
	page_add_element(out, "th scope=\"col\" class=\"number\"", _("Delivered"));
	page_add_element(out, "th scope=\"col\" class=\"number\"", _("Rejected"));
	page_add_element(out, "th scope=\"col\" class=\"number\"", _("Answer time"));
	buf_add_text(out, "</tr></thead>\n<tbody>\n");
	add_rows(out, day, now);
	buf_add_text(out, "</tbody>\n</table>\n</details>\n");
}

void page_add_day(struct buf *out, const struct site_status *site, usec_t now)
{
	struct day day;

	day_look(&day, site, now);
	page_add_element(out, "h3", _("The last 24 hours"));
	if (day.known_from) {
		buf_add_text(out, "<p class=\"soft\">");
		page_add_text(out, _("Known since the gateway was started:"));
		buf_add_char(out, ' ');
		page_add_time(out, now - (site->up - site->tally->started) * 1000, now);
		buf_add_text(out, "</p>\n");
	}
	if (!day.delivered && !day.rejected && !day.slowest) {
		page_add_element(out, "p class=\"soft\"",
			day.known_from ? _("Nothing was sent since then.")
				       : _("Nothing was sent."));
		return;
	}
	buf_add_text(out, "<div class=\"charts\">\n");
	add_deliveries(out, &day);
	add_answers(out, &day);
	buf_add_text(out, "</div>\n");
	add_table(out, &day, now);
}
