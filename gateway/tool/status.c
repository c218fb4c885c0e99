/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/words.h"
#include "system/clock.h"
#include "tool/commands.h"
#include "tool/monitor.h"
#include "tool/print.h"
#include "tool/screen.h"
#include "tool/snapshot.h"
#include "tool/tool.h"
#include "tool/watch.h"

enum { OUT_MAX_BYTES = 16 * 1024 * 1024 };

static const struct thresholds usual = {.warning = MSEC_HOUR, .critical = 4 * MSEC_HOUR};

struct sites {
	struct snapshot *list;
	size_t count;
	usec_t now;
};

static void sites_done(struct sites *sites)
{
	for (size_t i = 0; i < sites->count; i++)
		snapshot_done(&sites->list[i]);
	free(sites->list);
}

static void take_all(const struct tool *tool, struct sites *sites)
{
	sites->list = xcalloc(tool->site_count, sizeof(*sites->list));
	sites->count = tool->site_count;
	sites->now = clock_now().wall;
	for (size_t i = 0; i < sites->count; i++)
		snapshot_take(tool->sites[i].config, sites->now, NULL, &sites->list[i]);
}

static void add_screen(struct buf *out, const struct sites *sites)
{
	for (size_t i = 0; i < sites->count; i++) {
		if (i)
			buf_add_char(out, '\n');
		screen_add_site(out, &sites->list[i], sites->now, print_width());
	}
}

/* The form of state.json, with the sites of all spools in it. */
static void add_json(struct buf *out, const struct sites *sites)
{
	auto_buf struct buf merged = {.max_bytes = OUT_MAX_BYTES};
	auto_free struct site_status *all = xcalloc(sites->count, sizeof(*all));
	bool is_running = true;
	for (size_t i = 0; i < sites->count; i++) {
		all[i] = sites->list[i].status;
		is_running = is_running && snapshot_is_running(&sites->list[i]);
	}
	status_write(&merged, &(struct status){.updated = sites->now,
				      .version = GATEWAY_VERSION,
				      .sites = all,
				      .count = sites->count});
	buf_add_format(out, "{\"running\":%s,%s", is_running ? "true" : "false",
		buf_peek(&merged) + 1);
}

static int exit_status(const struct sites *sites)
{
	for (size_t i = 0; i < sites->count; i++)
		if (sites->list[i].is_shut)
			return EX_CANTCREAT;
	for (size_t i = 0; i < sites->count; i++) {
		const struct snapshot *s = &sites->list[i];
		if (!s->has_state && snapshot_is_running(s))
			return EXIT_FAILURE;
	}
	return EX_OK;
}

/* --- --check --- */

static bool read_age(const char *option, const char *text, msec_t *age)
{
	if (!text || tool_read_age(text, age))
		return true;
	tool_complain(
		_("%s \"%s\": write an age such as 90s, 10m, 4h or 2d"), option, text);
	return false;
}

static int run_check_of_status(const struct tool *tool)
{
	auto_with(sites_done) struct sites sites = {0};
	auto_buf struct buf out = {.max_bytes = OUT_MAX_BYTES};
	struct thresholds t = usual;
	if (!read_age("--warning", tool->options.warning, &t.warning) ||
		!read_age("--critical", tool->options.critical, &t.critical))
		return EX_USAGE;
	if (!tool->options.warning && t.warning > t.critical)
		t.warning = t.critical;
	if (t.warning > t.critical) {
		tool_complain(_("--warning %s is more than --critical %s"),
			tool->options.warning,
			tool->options.critical ? tool->options.critical : "4h");
		return EX_USAGE;
	}
	take_all(tool, &sites);
	enum alarm_level level =
		monitor_judge(&out, sites.list, sites.count, &t, sites.now);
	fwrite(buf_peek(&out), 1, out.len, stdout);
	return (int)level;
}

/* --- the command --- */

static int refuse_mixture(void)
{
	tool_complain(_("status shows one of --watch, --json and --check at a time"));
	return EX_USAGE;
}

int run_status(struct tool *tool)
{
	const struct tool_options *options = &tool->options;
	if (options->watch + options->json + options->check > 1)
		return refuse_mixture();
	if (options->check)
		return run_check_of_status(tool);
	if (options->warning || options->critical) {
		tool_complain(_("--warning and --critical want --check"));
		return EX_USAGE;
	}
	if (options->watch)
		return watch_run(tool);
	auto_with(sites_done) struct sites sites = {0};
	auto_buf struct buf out = {.max_bytes = OUT_MAX_BYTES};
	take_all(tool, &sites);
	if (options->json)
		add_json(&out, &sites);
	else
		add_screen(&out, &sites);
	fwrite(buf_peek(&out), 1, out.len, stdout);
	return exit_status(&sites);
}
