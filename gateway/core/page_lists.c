/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/words.h"
#include "core/page_parts.h"
#include "core/tally.h"

/* --- four figures for the glance --- */

static void add_tile(struct buf *out, const char *words, const char *folder,
	uint64_t count, bool needs)
{
	buf_add_format(out, "<li%s>", needs ? " class=\"needs\"" : "");
	page_add_element(out, "span", words);
	buf_add_format(out, "<b>%" PRIu64 "</b>\n", count);
	page_add_element(out, "span", folder);
	buf_add_text(out, "</li>\n");
}

void page_add_tiles(struct buf *out, const struct site_status *site)
{
	buf_add_text(out, "<ul class=\"tiles\">\n");
	add_tile(out, _("Files waiting"), _("in incoming/"), site->incoming, false);
	add_tile(out, _("Files being sent"), _("in sending/"), site->sending, false);
	add_tile(out, _("Files sent today"), _("in sent/"), site->sent_today, false);
	add_tile(out, site->failed ? _("Files that need you") : _("Files failed"),
		_("in failed/"), site->failed, site->failed > 0);
	buf_add_text(out, "</ul>\n");
}

/* --- what else there is to know, each only if there is something --- */

static void begin_fact(struct buf *out, const char *term)
{
	buf_add_text(out, "<li>");
	page_add_element(out, "span", term);
	buf_add_text(out, "<b>");
}

static void end_fact(struct buf *out)
{
	buf_add_text(out, "</b></li>\n");
}

static void add_count(struct buf *out, const char *term, uint64_t count)
{
	if (!count)
		return;
	begin_fact(out, term);
	buf_add_format(out, "%" PRIu64, count);
	end_fact(out);
}

static void add_oldest(struct buf *out, const struct site_status *site, usec_t now)
{
	if (site->oldest_waiting_s < 0)
		return;
	begin_fact(out, _("The oldest waits since"));
	page_add_time(out, now - site->oldest_waiting_s * USEC_SECOND, now);
	buf_add_text(out, " (");
	page_add_span(out, site->oldest_waiting_s);
	buf_add_char(out, ')');
	end_fact(out);
}

static void add_speed(struct buf *out, const struct site_status *site)
{
	uint64_t a_minute = (uint64_t)(site->rate * 60 + 0.5);

	add_count(out, _("Comments settled a minute"), a_minute);
	if (!site->answer_ms)
		return;
	begin_fact(out, _("The shop answers in"));
	if (site->answer_ms < MSEC_SECOND)
		buf_add_format(out, "%" PRId64 " ms", site->answer_ms);
	else
		buf_add_format(out, "%" PRId64 ".%" PRId64 " s",
			site->answer_ms / MSEC_SECOND,
			site->answer_ms % MSEC_SECOND / 100);
	end_fact(out);
}

/* By the upper bound of each age; the last has none. */
static void add_ages(struct buf *out, const struct site_status *site)
{
	static const char *const terms[STATUS_AGES] = {
		N_("In sending/ for less than a minute"),
		N_("In sending/ for 1 to 10 minutes"),
		N_("In sending/ for 10 to 60 minutes"),
		N_("In sending/ for 1 to 24 hours"),
		N_("In sending/ for more than a day"),
	};

	for (size_t i = 0; i < STATUS_AGES; i++)
		add_count(out, _(terms[i]), site->ages[i]);
}

void page_add_facts(struct buf *out, const struct site_status *site, usec_t now)
{
	auto_buf struct buf facts = {.max_bytes = out->max_bytes};
	add_oldest(&facts, site, now);
	add_ages(&facts, site);
	add_speed(&facts, site);
	add_count(&facts, _("Comments the shop broke on, to be tried again"),
		site->deferred);
	add_count(&facts, _("Comments whose outcome is not known yet"), site->unknown);
	add_count(&facts, _("Files that the gateway may not read"), site->unreadable);
	add_count(&facts, _("Other names in incoming/, left alone"), site->ignored);
	if (facts.len)
		buf_add_format(out, "<ul class=\"facts\">\n%s</ul>\n", buf_peek(&facts));
}

/* --- the latest files --- */

static void add_file(
	struct buf *out, const struct tally_file *file, enum tally_end end, usec_t now)
{
	buf_add_text(out, "<tr><td class=\"when\">");
	page_add_time(out, file->at, now);
	buf_add_text(out, "</td><th scope=\"row\"><span class=\"name\">");
	page_add_text(out, file->name);
	buf_add_text(out, "</span>");
	if (end == TALLY_FAILED && file->words) {
		buf_add_text(out, " <span class=\"why\">");
		page_add_text(out, file->words);
		buf_add_text(out, "</span>");
	}
	buf_add_text(out, "</th>");
	if (end == TALLY_SENT)
		buf_add_format(out, "<td class=\"number\">%zu</td>", file->comments);
	buf_add_text(out, "</tr>\n");
}

static void add_files(
	struct buf *out, const struct site_status *site, enum tally_end end, usec_t now)
{
	const struct tally_file *latest = site->tally->latest[end];

	buf_add_text(out, "<table>\n");
	page_add_element(out, "caption",
		end == TALLY_FAILED ? _("With the reason of each, newest first")
				    : _("Newest first"));
	buf_add_text(out, "<thead><tr>");
	page_add_element(out, "th scope=\"col\"", _("When"));
	page_add_element(out, "th scope=\"col\"",
		end == TALLY_FAILED ? _("File and reason") : _("File"));
	if (end == TALLY_SENT)
		page_add_element(out, "th scope=\"col\" class=\"number\"", _("Comments"));
	buf_add_text(out, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < TALLY_LATEST && latest[i].name; i++)
		add_file(out, &latest[i], end, now);
	buf_add_text(out, "</tbody>\n</table>\n");
}

static void add_no_files(
	struct buf *out, const struct site_status *site, enum tally_end end)
{
	page_add_element(out, "p class=\"soft\"",
		site->is_once ? _("None in the last run.")
			      : _("None since the gateway started."));
	if (end == TALLY_FAILED && site->failed)
		page_add_element(out, "p class=\"soft\"",
			_("Those of earlier runs are told by: opensi-spool list failed"));
}

static void add_list(struct buf *out, const struct site_status *site, const char *heading,
	enum tally_end end, usec_t now)
{
	buf_add_text(out, "<section>\n");
	page_add_element(out, "h3", heading);
	if (site->tally->latest[end][0].name)
		add_files(out, site, end, now);
	else
		add_no_files(out, site, end);
	buf_add_text(out, "</section>\n");
}

void page_add_lists(struct buf *out, const struct site_status *site, usec_t now)
{
	buf_add_text(out, "<div class=\"lists\">\n");
	add_list(out, site, _("Latest failures"), TALLY_FAILED, now);
	add_list(out, site, _("Newest deliveries"), TALLY_SENT, now);
	buf_add_text(out, "</div>\n");
}
