/* SPDX-License-Identifier: MIT
 *
 * From the top: the state in one line, what to do about it, the figures, the last day,
 * the lists.
 */
#include "core/page.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/words.h"
#include "core/page_parts.h"
#include "core/tally.h"

/* How a site is shown: each has its colour, its sign and its words. */
enum mood { MOOD_WELL, MOOD_LOOK, MOOD_HELD, MOOD_OFF };

static const struct {
	const char *class;
	const char *mark; /* in the title of the window */
	const char *path; /* of the sign, 24 by 24 */
} moods[] = {
	[MOOD_WELL] = {"well", "✓",
		"M12 1a11 11 0 1 0 0 22a11 11 0 0 0 0-22zm-1.6 16.2l-4.7-4.7 "
		"1.7-1.7 3 3 6.3-6.3 1.7 1.7z"},
	[MOOD_LOOK] = {"look", "!",
		"M12 1.5L.8 22h22.4zm-1.2 7.6h2.4v6.5h-2.4zm0 8h2.4v2.3h-2.4z"},
	[MOOD_HELD] = {"held", "⏸",
		"M12 1a11 11 0 1 0 0 22a11 11 0 0 0 0-22zM8 7h2.8v10h-2.8zm5.2 "
		"0h2.8v10h-2.8z"},
	[MOOD_OFF] = {"off", "■", "M12 1a11 11 0 1 0 0 22a11 11 0 0 0 0-22zM8 8h8v8h-8z"},
};

/* One word of the snapshot, in a merchant's words. */
static const struct {
	const char *reason, *words;
} reasons[] = {
	{"unreachable", N_("The shop cannot be reached")},
	{"unclear", N_("The shop gave no usable answer")},
	{"refusing", N_("The shop refuses every request")},
	{"key-refused", N_("The shop does not accept the key")},
	{"website-refused", N_("The shop does not know this website code")},
	{"stores-nothing", N_("The shop answers, but stores nothing")},
	{"machine-trouble", N_("This server has trouble with its disk")},
	{"no-space", N_("The disk of this server is almost full")},
	{"power-loss", N_("Waiting, because the end of the journal may be lost")},
};

static bool is_shops_fault(const struct site_status *site)
{
	return site->state == STATE_HELD;
}

static const char *reason_words(const char *reason)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (!strcmp(reasons[i].reason, reason))
			return _(reasons[i].words);
	return reason;
}

static enum mood mood_of(const struct site_status *site)
{
	switch (site->state) {
	case STATE_STOPPED:
		return MOOD_OFF;
	case STATE_HELD:
	case STATE_WAITING:
		return MOOD_HELD;
	case STATE_OPEN:
		break;
	}
	return site->failed || site->unreadable ? MOOD_LOOK : MOOD_WELL;
}

static const char *headline_of(const struct site_status *site)
{
	switch (mood_of(site)) {
	case MOOD_OFF:
		return site->is_once ? _("Between two runs")
				     : _("The gateway is stopped");
	case MOOD_HELD:
		return site->hold.reason ? reason_words(site->hold.reason)
					 : _("Nothing is sent");
	case MOOD_LOOK:
		return site->failed ? _("Some files need you")
				    : _("Some files cannot be read");
	case MOOD_WELL:
		break;
	}
	return _("All is well");
}

static void add_sign(struct buf *out, enum mood mood)
{
	buf_add_format(out,
		"<svg class=\"sign\" viewBox=\"0 0 24 24\" aria-hidden=\"true\">"
		"<path fill=\"currentColor\" fill-rule=\"evenodd\" d=\"%s\"/></svg>\n",
		moods[mood].path);
}

/* --- the state of a site --- */

static void add_rest(struct buf *out, const struct site_status *site, usec_t now)
{
	if (!site->is_once) {
		page_add_element(out, "p",
			_("Nothing is sent until it is started again. Files wait where "
			  "they are."));
		return;
	}
	buf_add_text(out, "<p>");
	page_add_text(out, _("What waits is sent by the next run. The last one ended:"));
	buf_add_char(out, ' ');
	page_add_time(out, now, now);
	buf_add_text(out, "</p>\n");
}

/* What a person asks next: is something lost, is something to be done? */
static void add_consequence(struct buf *out, const struct site_status *site, usec_t now)
{
	uint64_t waiting = site->incoming + site->sending;

	switch (mood_of(site)) {
	case MOOD_OFF:
		add_rest(out, site, now);
		return;
	case MOOD_HELD:
		page_add_element(out, "p",
			_("Nothing is lost: files wait, and are sent as soon as it can "
			  "be done."));
		return;
	case MOOD_LOOK:
		page_add_element(
			out, "p", _("Everything else goes on: the shop takes comments."));
		return;
	case MOOD_WELL:
		break;
	}
	if (waiting) {
		buf_add_text(out, "<p>");
		page_say(out,
			words_count("%ju file is on its way.",
				"%ju files are on their way.", waiting),
			(uintmax_t)waiting);
		buf_add_text(out, "</p>\n");
	} else if (site->tally && site->tally->last_success) {
		buf_add_text(out, "<p>");
		page_add_text(out, _("Nothing waits. Last delivery:"));
		buf_add_char(out, ' ');
		page_add_time(out, site->tally->last_success, now);
		buf_add_text(out, "</p>\n");
	} else {
		page_add_element(out, "p", _("Nothing waits."));
	}
}

static void add_needs(struct buf *out, const struct site_status *site)
{
	if (!site->failed)
		return;
	buf_add_text(out, "<p>");
	page_say(out,
		words_count("%ju file in failed/ needs you; its reason lies beside it.",
			"%ju files in failed/ need you; their reasons lie beside them.",
			site->failed),
		(uintmax_t)site->failed);
	buf_add_text(out, "</p>\n");
}

static void add_state(
	struct buf *out, const struct site_status *site, size_t number, usec_t now)
{
	buf_add_text(out, "<div class=\"state\">\n");
	add_sign(out, mood_of(site));
	buf_add_format(out, "<div>\n<h2 id=\"site-%zu\">", number);
	page_add_text(out, site->name);
	buf_add_text(out, "</h2>\n");
	page_add_element(out, "p class=\"headline\"", headline_of(site));
	add_consequence(out, site, now);
	add_needs(out, site);
	buf_add_text(out, "</div>\n</div>\n");
}

/* --- what holds it up --- */

static void add_term(
	struct buf *out, const char *term, const char *class, const char *text)
{
	if (!text || !*text)
		return;
	page_add_element(out, "dt", term);
	buf_add_format(out, "<dd%s>", class);
	page_add_text(out, text);
	buf_add_text(out, "</dd>\n");
}

static void add_term_of_time(struct buf *out, const char *term, usec_t at, usec_t now)
{
	if (!at)
		return;
	page_add_element(out, "dt", term);
	buf_add_text(out, "<dd>");
	page_add_time(out, at, now);
	buf_add_text(out, "</dd>\n");
}

static void add_hold(struct buf *out, const struct site_status *site, usec_t now)
{
	const struct status_hold *hold = &site->hold;

	if (!hold->reason || site->state == STATE_STOPPED)
		return;
	buf_add_text(out, "<dl class=\"hold\">\n");
	add_term(out, _("What to do"), " class=\"remedy\"",
		hold->remedy && *hold->remedy ? _(hold->remedy) : NULL);
	add_term(out, is_shops_fault(site) ? _("What happened") : _("The system said"),
		"", hold->said ? _(hold->said) : NULL);
	add_term_of_time(out, _("Since"), hold->since, now);
	add_term_of_time(out, _("Next try"), hold->next_try, now);
	buf_add_text(out, "</dl>\n");
}

static void add_site(
	struct buf *out, const struct site_status *site, size_t number, usec_t now)
{
	buf_add_format(out, "<section class=\"site %s\" aria-labelledby=\"site-%zu\">\n",
		moods[mood_of(site)].class, number);
	add_state(out, site, number, now);
	add_hold(out, site, now);
	page_add_tiles(out, site);
	buf_add_text(out, "<div class=\"body\">\n");
	page_add_facts(out, site, now);
	if (site->tally) {
		page_add_day(out, site, now);
		page_add_lists(out, site, now);
	}
	buf_add_text(out, "</div>\n</section>\n");
}

/* --- the document --- */

static const struct site_status *worst_of(const struct status *status)
{
	static const int gravity[] = {
		[MOOD_WELL] = 0, [MOOD_LOOK] = 1, [MOOD_OFF] = 2, [MOOD_HELD] = 3};
	const struct site_status *worst = status->sites;

	for (size_t i = 1; i < status->count; i++)
		if (gravity[mood_of(&status->sites[i])] > gravity[mood_of(worst)])
			worst = &status->sites[i];
	return worst;
}

static void add_title(struct buf *out, const struct status *status)
{
	buf_add_text(out, "<title>");
	if (status->count) {
		const struct site_status *worst = worst_of(status);
		buf_add_format(out, "%s ", moods[mood_of(worst)].mark);
		page_add_text(out, headline_of(worst));
		buf_add_text(out, " – ");
		page_add_text(out, worst->name);
		buf_add_text(out, " – ");
	}
	page_add_text(out, _("OpenSi comment gateway"));
	buf_add_text(out, "</title>\n");
}

static void add_head(struct buf *out, const struct status *status)
{
	buf_add_text(out, "<!DOCTYPE html>\n<html lang=\"");
	/* Translators: the code of your language, such as fr. */
	page_add_text(out, _("en"));
	buf_add_text(out,
		"\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
		"'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action "
		"'none'\">\n"
		"<meta name=\"referrer\" content=\"no-referrer\">\n"
		"<meta name=\"robots\" content=\"noindex\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, "
		"initial-scale=1\">\n");
	add_title(out, status);
	buf_add_text(out, "<style>\n");
	for (const char *const *part = page_style; *part; part++)
		buf_add_text(out, *part);
	buf_add_text(out, "</style>\n</head>\n<body>\n");
}

static void add_header(struct buf *out, const struct status *status)
{
	buf_add_text(out, "<header>\n");
	page_add_element(out, "h1", _("OpenSi comment gateway"));
	buf_add_text(out, "<p>");
	page_add_element(out, "span class=\"open-long\"",
		_("This page has been open for a while."));
	page_add_text(out, _("As of"));
	buf_add_char(out, ' ');
	page_add_time(out, status->updated, status->updated);
	/* A reference to nothing but this page itself. */
	buf_add_text(out, " <a class=\"reload\" href=\"?\">");
	page_add_text(out, _("Reload"));
	buf_add_text(out, "</a></p>\n</header>\n");
}

static void add_list_of_sites(struct buf *out, const struct status *status)
{
	buf_add_text(out, "<nav aria-label=\"");
	page_add_text(out, _("Shops"));
	buf_add_text(out, "\">\n<ul class=\"sites\">\n");
	for (size_t i = 0; i < status->count; i++) {
		const struct site_status *site = &status->sites[i];
		buf_add_format(out, "<li class=\"%s\"><a href=\"#site-%zu\">",
			moods[mood_of(site)].class, i + 1);
		add_sign(out, mood_of(site));
		buf_add_text(out, "<span><b>");
		page_add_text(out, site->name);
		buf_add_text(out, "</b> <span>");
		page_add_text(out, headline_of(site));
		buf_add_text(out, "</span></span></a></li>\n");
	}
	buf_add_text(out, "</ul>\n</nav>\n");
}

static void add_footer(struct buf *out, const struct status *status)
{
	auto_buf struct buf written = {.max_bytes = 64};
	times_add_local(&written, status->updated);
	buf_add_text(out, "<footer>\n<p>");
	page_say(out,
		_("Written %s by version %s, whenever something changes. Times are those "
		  "of this server."),
		buf_peek(&written), status->version ? status->version : "?");
	buf_add_text(out, "</p>\n</footer>\n</body>\n</html>\n");
}

void page_write(struct buf *out, const struct status *status)
{
	add_head(out, status);
	add_header(out, status);
	buf_add_text(out, "<main>\n");
	if (status->count > 1)
		add_list_of_sites(out, status);
	for (size_t i = 0; i < status->count; i++)
		add_site(out, &status->sites[i], i + 1, status->updated);
	if (!status->count)
		page_add_element(out, "p", _("There is no shop."));
	buf_add_text(out, "</main>\n");
	add_footer(out, status);
}
