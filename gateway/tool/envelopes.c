/* SPDX-License-Identifier: MIT
 *
 * envelope FILE - the very bytes that would be sent of a file, but for the key and
 * a newline at the end
 *
 * One envelope holds what the gateway sends together at most. The schedule may send less
 * at once: it begins with one comment, adapts to the shop, and mixes files.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/table.h"
#include "base/words.h"
#include "core/envelope.h"
#include "core/schedule.h"
#include "tool/commands.h"
#include "tool/judge.h"
#include "tool/problems.h"
#include "tool/tool.h"

#define ENVELOPE_MAX_BYTES ((size_t)512 * 1024 * 1024)

static const char masked_key[] = "********";

/* An order that is in the envelope, once. */
struct order {
	struct table_node node;
	const char *number;
};

struct sheet {
	const struct document *document;
	size_t max_comments;
	const struct comment **comments; /* what goes together */
	size_t count, bytes;
	struct order *orders; /* room for one a comment */
	struct table known;
	size_t repeated; /* comments whose order is in it already */
	size_t beyond;   /* others that there is no room for */
};

static void sheet_done(struct sheet *s)
{
	table_done(&s->known);
	free(s->orders);
	free((void *)s->comments);
}

static bool knows_order(const struct sheet *s, const char *number, uint64_t hash)
{
	struct table_node *node = NULL;
	while ((node = table_find(&s->known, hash, node)))
		if (!strcmp(table_member(node, struct order, node)->number, number))
			return true;
	return false;
}

static void add_comment(struct sheet *s, const struct comment *comment)
{
	const char *number = comment->web_order_number;
	uint64_t hash = table_hash(number, strlen(number));
	size_t bytes = envelope_comment_bytes(comment);
	if (knows_order(s, number, hash)) {
		s->repeated++;
		return;
	}
	if (s->beyond || s->count == s->max_comments ||
		(s->count && s->bytes + bytes > SCHEDULE_BATCH_BYTES)) {
		s->beyond++;
		return;
	}
	struct order *order = &s->orders[s->count];
	order->number = number;
	table_add(&s->known, &order->node, hash);
	s->comments[s->count++] = comment;
	s->bytes += bytes;
}

static void fill_sheet(struct sheet *s, const struct site_config *config)
{
	size_t count = document_count(s->document);
	s->max_comments = (size_t)config->batch_comments;
	s->comments =
		(const struct comment **)xcalloc(count, sizeof(const struct comment *));
	s->orders = xcalloc(count, sizeof(*s->orders));
	for (size_t i = 0; i < count; i++)
		add_comment(s, document_comment(s->document, i));
}

static void say_what_is_left(const struct sheet *s)
{
	if (s->repeated || s->beyond)
		tool_complain(
			words_count(
				"this is the first of several envelopes: it holds %zu "
				"comment of %zu",
				"this is the first of several envelopes: it holds %zu "
				"comments of %zu",
				s->count),
			s->count, document_count(s->document));
	if (s->repeated)
		tool_complain(
			words_count(
				"%zu comment follows another one of its order, and they "
				"go one after the other",
				"%zu comments follow another one of their order, and "
				"those go one after the other",
				s->repeated),
			s->repeated);
	if (s->beyond)
		tool_complain(
			words_count("%zu comment has no room: an envelope holds %zu at "
				    "most (batch_comments), and %d KiB",
				"%zu comments have no room: an envelope holds %zu "
				"at most (batch_comments), and %d KiB",
				s->beyond),
			s->beyond, s->max_comments, SCHEDULE_BATCH_BYTES / 1024);
}

static void print_envelope(
	const struct document *document, const struct site_config *config)
{
	auto_with(sheet_done) struct sheet sheet = {.document = document};
	auto_buf struct buf out = {.max_bytes = ENVELOPE_MAX_BYTES};
	if (!document_count(document)) {
		tool_complain(_("this file holds no comment: nothing is sent"));
		return;
	}
	fill_sheet(&sheet, config);
	envelope_write(
		&out, masked_key, config->website_code, sheet.comments, sheet.count);
	fwrite(buf_peek(&out), 1, out.len, stdout);
	putchar('\n');
	fflush(stdout);
	say_what_is_left(&sheet);
}

static int print_file(const struct site_config *config, const char *file)
{
	auto_with(judge_cleanup) struct judge *judge = judge_open(config);
	auto_with(reading_done) struct reading reading = {0};
	if (!judge)
		return EX_CONFIG;
	int r = judge_read_path(judge, file, &reading);
	if (r < 0) {
		tool_complain("%s: %s", file, judge_trouble_words(r));
		return EXIT_FAILURE;
	}
	if (!reading.document) {
		tool_complain(_("%s: nothing would be sent: %s"), file,
			judge_verdict_words(reading.verdict));
		problems_print(stderr, &reading.problems);
		return EXIT_FAILURE;
	}
	print_envelope(reading.document, config);
	return EXIT_SUCCESS;
}

int run_envelope(struct tool *tool)
{
	size_t at = 0;
	int status = EXIT_SUCCESS;
	if (tool->name_count > 1) {
		tool_complain(_("%s: one file at a time"), tool->names[1]);
		return EX_USAGE;
	}
	const char *file = tool_next_name(tool, &at, &status);
	if (!file)
		return status;
	size_t site = judge_choose_site(tool, file);
	if (site == SIZE_MAX)
		return EX_USAGE;
	return print_file(tool->sites[site].config, file);
}
