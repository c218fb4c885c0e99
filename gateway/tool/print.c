/* SPDX-License-Identifier: MIT */
#include "tool/print.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/text.h"
#include "base/words.h"
#include "core/spoken.h"

enum {
	CELL_MAX_BYTES = 4096,
	WIDTH_NORMAL = 80,
	GAP = 2,
	ROWS_KEPT = 1000,
};

bool print_is_terminal(void)
{
	return isatty(STDOUT_FILENO);
}

size_t print_width(void)
{
	struct winsize size = {0};
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col)
		return WIDTH_NORMAL;
	return size.ws_col;
}

/* https://no-color.org */
static bool has_colours(void)
{
	const char *off = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	return print_is_terminal() && !(off && *off) && term && strcmp(term, "dumb") != 0;
}

static const char *const starts[] = {
	[PLAIN] = "",
	[GREEN] = "\033[32m",
	[YELLOW] = "\033[33m",
	[RED] = "\033[31m",
	[DIM] = "\033[2m",
	[BOLD] = "\033[1m",
};

const char *print_begin(enum colour colour)
{
	return has_colours() ? starts[colour] : "";
}

const char *print_end(enum colour colour)
{
	return colour != PLAIN && has_colours() ? "\033[0m" : "";
}

static char *clean(const char *text)
{
	auto_buf struct buf out = {.max_bytes = CELL_MAX_BYTES};
	text_add_clean(&out, text, strlen(text), CELL_MAX_BYTES / 4);
	return xstrdup(buf_peek(&out));
}

void print_coloured(enum colour colour, const char *text)
{
	auto_free char *cleaned = clean(text);
	printf("%s%s%s", print_begin(colour), cleaned, print_end(colour));
}

void print_age(char text[PRINT_AGE_MAX], msec_t age)
{
	static const struct {
		msec_t length;
		const char *unit;
	} units[] = {
		{24 * MSEC_HOUR, N_("d")},
		{MSEC_HOUR, N_("h")},
		{MSEC_MINUTE, N_("min")},
		{MSEC_SECOND, N_("s")},
	};
	size_t i = 0;
	while (i < 3 && age < 2 * units[i].length)
		i++;
	snprintf(text, PRINT_AGE_MAX, "%" PRId64 " %s",
		age < 0 ? 0 : age / units[i].length, _(units[i].unit));
}

/* The programs set no locale: it is always a point that snprintf() writes. */
void print_decimal(char text[PRINT_AGE_MAX], int digits, double value)
{
	snprintf(text, PRINT_AGE_MAX, "%.*f", digits, value);
	char *point = strchr(text, '.');
	if (point)
		*point = *_(".");
}

void print_size(char text[PRINT_AGE_MAX], uint64_t bytes)
{
	static const char *const units[] = {N_("B"), N_("KB"), N_("MB"), N_("GB")};
	double size = (double)bytes;
	size_t unit = 0;
	while (size >= 1024 && unit < 3) {
		size /= 1024;
		unit++;
	}
	print_decimal(text, unit ? 1 : 0, size);
	size_t len = strlen(text);
	snprintf(text + len, PRINT_AGE_MAX - len, " %s", _(units[unit]));
}

void print_add_instant(struct buf *out, usec_t at)
{
	if (print_is_terminal())
		times_add_local(out, at);
	else
		times_add_utc(out, at);
}

/* --- listings --- */

struct row {
	enum colour colour;
	char **cells;
};

struct listing {
	const struct column *columns;
	size_t count;
	bool is_json;
	struct row *rows;
	size_t row_count, row_room;
	size_t *widths; /* of the rows so far; NULL: none was printed */
	size_t printed; /* objects of the JSON array */
};

struct listing *listing_new(const struct column *columns, size_t count, bool json)
{
	struct listing *l = xcalloc(1, sizeof(*l));
	l->columns = columns;
	l->count = count;
	l->is_json = json;
	if (json)
		putchar('[');
	return l;
}

/* A byte takes six at most, as \u0000. */
static size_t json_room(const struct listing *l, const char *const *fields)
{
	size_t room = 8;
	for (size_t i = 0; i < l->count; i++)
		room += strlen(l->columns[i].field) + 16 +
			(fields[i] ? 6 * strlen(fields[i]) : 0);
	return room;
}

static void print_json_row(struct listing *l, const char *const *fields)
{
	auto_buf struct buf out = {.max_bytes = json_room(l, fields)};
	buf_add_text(&out, l->printed++ ? ",\n" : "\n");
	for (size_t i = 0; i < l->count; i++) {
		buf_add_format(&out, "%s\"%s\":", i ? "," : " {", l->columns[i].field);
		if (!fields[i])
			buf_add_text(&out, "null");
		else if (l->columns[i].is_number)
			buf_add_text(&out, fields[i]);
		else
			text_add_json(&out, fields[i], strlen(fields[i]));
	}
	buf_add_char(&out, '}');
	fwrite(buf_peek(&out), 1, out.len, stdout);
}

static void print_plain_row(const struct listing *l, const char *const *fields)
{
	for (size_t i = 0; i < l->count; i++) {
		const char *field = fields[i] ? fields[i] : "";
		auto_free char *cleaned =
			l->columns[i].is_name ? xstrdup(field) : clean(field);
		printf("%s%s", i ? "\t" : "", cleaned);
	}
	putchar('\n');
}

static void keep_row(struct listing *l, enum colour colour, const char *const *fields)
{
	l->rows = xgrow(l->rows, &l->row_room, l->row_count + 1, sizeof(*l->rows));
	struct row *row = &l->rows[l->row_count++];
	row->colour = colour;
	row->cells = xcalloc(l->count, sizeof(char *));
	for (size_t i = 0; i < l->count; i++) {
		const char *field = fields[i] ? fields[i] : "";
		row->cells[i] = clean(l->columns[i].is_word ? spoken(field) : field);
	}
}

static const char *title_of(const struct listing *l, size_t i)
{
	return *l->columns[i].title ? _(l->columns[i].title) : "";
}

static void measure(struct listing *l)
{
	if (!l->widths) {
		l->widths = xcalloc(l->count, sizeof(*l->widths));
		for (size_t i = 0; i < l->count; i++)
			l->widths[i] = text_count(title_of(l, i));
	}
	for (size_t r = 0; r < l->row_count; r++)
		for (size_t i = 0; i < l->count; i++) {
			size_t width = text_count(l->rows[r].cells[i]);
			l->widths[i] = width > l->widths[i] ? width : l->widths[i];
		}
}

/* The last column needs no space after it. */
static void print_cell(const struct listing *l, size_t i, const char *text)
{
	int space = (int)(l->widths[i] - text_count(text));
	bool is_number = l->columns[i].is_number;
	bool is_last = i + 1 == l->count;
	printf("%*s%s%*s", is_number ? space : 0, "", text,
		is_last ? 0 : (is_number ? 0 : space) + GAP, "");
}

static void print_titles(const struct listing *l)
{
	fputs(print_begin(BOLD), stdout);
	for (size_t i = 0; i < l->count; i++)
		print_cell(l, i, title_of(l, i));
	printf("%s\n", print_end(BOLD));
}

static void print_rows(struct listing *l)
{
	bool is_first = !l->widths;
	measure(l);
	if (is_first)
		print_titles(l);
	for (size_t r = 0; r < l->row_count; r++) {
		struct row *row = &l->rows[r];
		fputs(print_begin(row->colour), stdout);
		for (size_t i = 0; i < l->count; i++) {
			print_cell(l, i, row->cells[i]);
			free(row->cells[i]);
		}
		printf("%s\n", print_end(row->colour));
		free((void *)row->cells);
	}
	l->row_count = 0;
}

void listing_add(struct listing *l, enum colour colour, const char *const *fields)
{
	if (l->is_json) {
		print_json_row(l, fields);
	} else if (!print_is_terminal()) {
		print_plain_row(l, fields);
	} else {
		keep_row(l, colour, fields);
		if (l->row_count == ROWS_KEPT)
			print_rows(l);
	}
}

void listing_end(struct listing *l)
{
	if (l->is_json)
		fputs(l->printed ? "\n]\n" : "]\n", stdout);
	else if (l->row_count)
		print_rows(l);
	free(l->widths);
	free(l->rows);
	free(l);
}
