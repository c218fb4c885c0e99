/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../unit/scratch.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"

enum { ALIKE_BYTES = 6 };

uint64_t fuzz_chance(const uint8_t *bytes, size_t len)
{
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
	return hash;
}

size_t fuzz_draw(uint64_t *chance, size_t below)
{
	*chance = *chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (size_t)(*chance >> 33) % below;
}

/* A line, or a tag with the text behind it. */
static bool is_piece(const uint8_t *bytes, size_t at)
{
	return !at || bytes[at] == '<' || bytes[at - 1] == '\n';
}

static size_t next_piece(const uint8_t *bytes, size_t len, size_t at)
{
	do
		at++;
	while (at < len && !is_piece(bytes, at));
	return at;
}

static size_t some_piece(const uint8_t *bytes, size_t len, uint64_t *chance)
{
	size_t at = fuzz_draw(chance, len);
	while (!is_piece(bytes, at))
		at--;
	return at;
}

/* Up to the next one that begins like it: an element, with all that it holds. */
static size_t end_of_element(const uint8_t *bytes, size_t len, size_t at)
{
	size_t end = next_piece(bytes, len, at);
	for (size_t next = end; next + ALIKE_BYTES < len;
		next = next_piece(bytes, len, next))
		if (!memcmp(bytes + next, bytes + at, ALIKE_BYTES))
			return next;
	return end;
}

static size_t insert(
	uint8_t *bytes, size_t len, size_t at, const char *what, size_t count)
{
	memmove(bytes + at + count, bytes + at, len - at);
	memcpy(bytes + at, what, count);
	return len + count;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t max_len, unsigned seed)
{
	uint64_t chance = seed;
	if (!len || fuzz_draw(&chance, 2))
		return LLVMFuzzerMutate(bytes, len, max_len);

	size_t at = some_piece(bytes, len, &chance);
	size_t end = fuzz_draw(&chance, 2) ? next_piece(bytes, len, at)
					   : end_of_element(bytes, len, at);
	size_t count = end - at;
	if (fuzz_draw(&chance, 2) && len + count <= max_len) {
		auto_free char *copy = xcalloc(count, 1);
		memcpy(copy, bytes + at, count);
		return insert(bytes, len, some_piece(bytes, len, &chance), copy, count);
	}
	if (count == len)
		return LLVMFuzzerMutate(bytes, len, max_len);
	memmove(bytes + at, bytes + end, len - end);
	return len - count;
}

bool fuzz_is_clean(const char *text, size_t len, size_t max_chars)
{
	size_t chars = 0;
	for (size_t at = 0, step = 0; at < len; at += step, chars++) {
		step = text_char_len(text + at, len - at);
		if (!step || text_is_control(text + at, step))
			return false;
	}
	return chars <= max_chars;
}

bool fuzz_is_same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static char folder[SCRATCH_PATH_MAX];

static int remove_below(
	const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st;
	(void)kind;
	return walk->level ? remove(path) : 0;
}

void fuzz_clear_folder(const char *path)
{
	(void)nftw(path, remove_below, 8, FTW_DEPTH | FTW_PHYS);
}

static void remove_folder(void)
{
	fuzz_clear_folder(folder);
	(void)remove(folder);
}

const char *fuzz_folder(void)
{
	if (*folder)
		return folder;
	if (!scratch_make(folder, "fuzz") || atexit(remove_folder) != 0)
		abort();
	return folder;
}

const char *fuzz_line(const char **at, const char *end, size_t *len)
{
	const char *line = *at;
	if (line == end)
		return NULL;
	const char *newline = memchr(line, '\n', (size_t)(end - line));
	*len = (size_t)((newline ? newline : end) - line);
	*at = newline ? newline + 1 : end;
	return line;
}
