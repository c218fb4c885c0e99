#ifndef TESTS_UNIT_FRENCH_H
#define TESTS_UNIT_FRENCH_H
/* SPDX-License-Identifier: MIT
 *
 * french - a test that reads what French people read
 *
 * From the catalogue that make has put into build/; tests run in the root of the tree.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/words.h"

enum { FRENCH_MAX_BYTES = 1024 * 1024 };

static inline size_t french_read(char **bytes)
{
	FILE *file = fopen("build/locale/fr/LC_MESSAGES/opensi-gateway.mo", "re");
	assert_non_null(file);
	*bytes = malloc(FRENCH_MAX_BYTES);
	assert_non_null(*bytes);
	size_t len = fread(*bytes, 1, FRENCH_MAX_BYTES, file);
	assert_true(len > 0 && len < FRENCH_MAX_BYTES);
	(void)fclose(file);
	return len;
}

/* Kept to the end of the program. */
static inline void french_begin(void)
{
	static char *bytes;
	static size_t len;
	if (!bytes)
		len = french_read(&bytes);
	assert_int_equal(words_use(bytes, len), 0);
}

static inline void french_end(void)
{
	assert_int_equal(words_use(NULL, 0), 0);
}

#endif
