/* SPDX-License-Identifier: MIT
 *
 * check FILE...: files anywhere on this machine, judged as the gateway would; nothing is
 * moved or sent. Where several sites are configured, a file in one of their spools is
 * judged by that site's rules, and --site names the rules for all else.
 */
#include <errno.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/words.h"
#include "tool/commands.h"
#include "tool/judge.h"
#include "tool/print.h"
#include "tool/problems.h"
#include "tool/tool.h"
#include "tool/writer.h"

struct checking {
	struct tool *tool;
	struct judge **judges; /* one for each site, or a single one; NULL until wanted */
	struct writer writer;
};

static void checking_done(struct checking *c)
{
	for (size_t i = 0; i < c->tool->site_count || i == 0; i++)
		judge_close(c->judges[i]);
	free((void *)c->judges);
}

static const struct judge *judge_for(struct checking *c, size_t site)
{
	const struct tool *tool = c->tool;
	if (!c->judges[site])
		c->judges[site] =
			judge_open(tool->site_count ? tool->sites[site].config : NULL);
	return c->judges[site];
}

/* --- telling --- */

/* reading NULL: the file could not be read, and why says what the matter is. */
static void print_json(struct checking *c, const char *file,
	const struct reading *reading, const char *why)
{
	struct writer *w = &c->writer;
	const struct document *document = reading ? reading->document : NULL;
	writer_open(w, NULL, '{');
	writer_text(w, "file", file);
	writer_text(
		w, "verdict", reading ? verdict_name(reading->verdict) : "unreadable");
	if (document)
		writer_number(w, "comments", (int64_t)document_count(document));
	else
		writer_text(w, "comments", NULL);
	problems_write(w, reading ? &reading->problems : NULL);
	writer_text(w, "why", why);
	writer_close(w, '{');
}

static void print_unreadable(struct checking *c, const char *file, int r)
{
	if (c->tool->options.json)
		print_json(c, file, NULL, judge_trouble_words(r));
	else
		tool_complain("%s: %s", file, judge_trouble_words(r));
}

static void print_words(const char *file, const struct reading *reading)
{
	bool is_valid = reading->verdict == VERDICT_VALID;
	size_t count = is_valid ? document_count(reading->document) : 0;
	print_coloured(PLAIN, file);
	fputs(": ", stdout);
	print_coloured(is_valid ? GREEN : RED, judge_verdict_words(reading->verdict));
	if (is_valid)
		printf(words_count(", %zu comment", ", %zu comments", count), count);
	putchar('\n');
	problems_print(stdout, &reading->problems);
}

/* --- the command --- */

static int check_file(struct checking *c, const char *file)
{
	auto_with(reading_done) struct reading reading = {0};
	size_t site = judge_choose_site(c->tool, file);
	if (site == SIZE_MAX)
		return EX_USAGE;
	const struct judge *judge = judge_for(c, site);
	if (!judge)
		return EX_CONFIG;
	int r = judge_read_path(judge, file, &reading);
	if (r < 0)
		print_unreadable(c, file, r);
	else if (c->tool->options.json)
		print_json(c, file, &reading, NULL);
	else
		print_words(file, &reading);
	return r == 0 && reading.verdict == VERDICT_VALID ? EX_OK : EXIT_FAILURE;
}

int run_check(struct tool *tool)
{
	size_t judge_count = tool->site_count ? tool->site_count : 1;
	auto_with(checking_done) struct checking c = {
		.tool = tool,
		.judges = (struct judge **)xcalloc(judge_count, sizeof(struct judge *)),
	};
	int status = EX_OK;
	size_t at = 0;
	const char *file = NULL;
	if (!tool->configuration)
		tool_complain(
			_("without a configuration that can be used, files are judged "
			  "by the schema that is installed and the usual limits"));
	if (tool->options.json)
		writer_open(&c.writer, NULL, '[');
	while (status <= EXIT_FAILURE && (file = tool_next_name(tool, &at, &status))) {
		int one = check_file(&c, file);
		status = one > status ? one : status;
	}
	if (tool->options.json)
		writer_close(&c.writer, '[');
	return status;
}
