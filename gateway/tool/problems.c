/* SPDX-License-Identifier: MIT */
#include "tool/problems.h"

#include "base/buf.h"
#include "base/words.h"
#include "core/reason.h"
#include "tool/writer.h"

enum { PROBLEM_MAX_BYTES = 64 * 1024 };

void problems_print(FILE *to, const struct problems *problems)
{
	for (size_t i = 0; i < problems->kept_count; i++) {
		auto_buf struct buf line = {.max_bytes = PROBLEM_MAX_BYTES};
		reason_add_problem(&line, &problems->kept[i]);
		fprintf(to, "  %s\n", buf_peek(&line));
	}
	size_t more = problems->count - problems->kept_count;
	if (more)
		fprintf(to,
			words_count("  and %zu more problem\n",
				"  and %zu more problems\n", more),
			more);
}

static void write_problem(struct writer *w, const struct problem *p)
{
	writer_open(w, NULL, '{');
	writer_count(w, "line", p->line);
	writer_count(w, "comment", p->comment);
	writer_text(w, "order", p->order);
	writer_text(w, "field", p->field);
	writer_text(w, "value", p->value);
	writer_text(w, "rule", p->rule);
	writer_close(w, '{');
}

void problems_write(struct writer *w, const struct problems *problems)
{
	if (problems)
		writer_number(w, "problem_count", (int64_t)problems->count);
	else
		writer_text(w, "problem_count", NULL);
	writer_open(w, "problems", '[');
	for (size_t i = 0; problems && i < problems->kept_count; i++)
		write_problem(w, &problems->kept[i]);
	writer_close(w, '[');
}
