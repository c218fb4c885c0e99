#ifndef GATEWAY_TOOL_PRINT_H
#define GATEWAY_TOOL_PRINT_H
/* SPDX-License-Identifier: MIT
 *
 * print - the same facts for a person, for a pipe and for a program
 *
 * On a terminal: columns of one width, colours, "3 min ago". In a pipe: one line a row,
 * fields parted by one tab, times in full, no colour. --json: one array of objects. Names
 * and foreign texts come out clean (base/text.h), but for names in a pipe, which are the
 * bytes that the folder has. Colours follow NO_COLOR and TERM=dumb.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/times.h"

struct buf;

enum { PRINT_AGE_MAX = 40 };

enum colour { PLAIN, GREEN, YELLOW, RED, DIM, BOLD };

bool print_is_terminal(void);
/* Characters in a line of the terminal; 80 where it does not tell. */
size_t print_width(void);

/* Text in a colour if this is a terminal; always clean there. */
void print_coloured(enum colour colour, const char *text);

/* What begins and ends a colour; "" where there are none. */
const char *print_begin(enum colour colour);
const char *print_end(enum colour colour);

/* "3 s", "12 min", "5 h", "3 d": the largest unit of which there are two or more. */
void print_age(char text[PRINT_AGE_MAX], msec_t age);

/* "2.5", or "2,5" in a language that writes it so. */
void print_decimal(char text[PRINT_AGE_MAX], int digits, double value);

/* "812 B", "1.5 KB", "3.0 GB"; powers of 1024. */
void print_size(char text[PRINT_AGE_MAX], uint64_t bytes);

/* A listing. On a terminal the first rows are kept for a while, for the widths. */
struct column {
	const char *title; /* for people, by _() */
	const char *field; /* for --json */
	bool is_number;    /* set to the right; a JSON number */
	bool is_name;      /* bytes of a file's name */
	bool is_word;      /* a name that programs read: spoken on a terminal */
};
struct listing;
struct listing *listing_new(const struct column *columns, size_t count, bool json);
/* Fields in the order of the columns; copied. NULL: nothing to tell (null, or empty). */
void listing_add(struct listing *listing, enum colour colour, const char *const *fields);
/* A time whose very instant matters: local with its offset on a terminal, RFC 3339
 * elsewhere. */
void print_add_instant(struct buf *out, usec_t at);
/* Prints what is left and frees it. */
void listing_end(struct listing *listing);

#endif
