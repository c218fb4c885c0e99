/* SPDX-License-Identifier: MIT
 *
 * A catalogue as msgfmt(1) writes it: a head, a table of the English strings in order, a
 * table of the translations, both of (length, offset), in little-endian order unless
 * asked otherwise. A string with forms for numbers holds them one after the other, each
 * with its NUL. Everything is checked when the catalogue is taken, nothing when it is
 * asked.
 */
#include "base/words.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { MAGIC_AT = 0, COUNT_AT = 8, ENGLISH_AT = 12, OTHER_AT = 16, HEAD_LEN = 20 };
enum { ENTRY_LEN = 8 };

static const uint32_t magic = 0x950412de;

struct catalogue {
	const char *bytes;
	size_t len;
	size_t count;
	size_t english, other; /* where the tables begin */
	bool one_is_most;      /* French: "0 fichier", "1 fichier", "2 fichiers" */
};

static struct catalogue in_use;

static size_t number_at(const struct catalogue *c, size_t at)
{
	uint32_t number = 0;
	memcpy(&number, c->bytes + at, sizeof(number));
	return le32toh(number);
}

static const char *string_at(const struct catalogue *c, size_t table, size_t index)
{
	return c->bytes + number_at(c, table + index * ENTRY_LEN + 4);
}

static bool is_table(const struct catalogue *c, size_t table)
{
	if (table > c->len || (c->len - table) / ENTRY_LEN < c->count)
		return false;
	for (size_t i = 0; i < c->count; i++) {
		size_t len = number_at(c, table + i * ENTRY_LEN);
		size_t at = number_at(c, table + i * ENTRY_LEN + 4);
		if (at >= c->len || len >= c->len - at || c->bytes[at + len])
			return false;
	}
	return true;
}

/* NULL if there is none. */
static const char *find(const struct catalogue *c, const char *english, size_t *len)
{
	size_t low = 0;
	size_t high = c->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(english, string_at(c, c->english, middle));
		if (order == 0) {
			*len = number_at(c, c->other + middle * ENTRY_LEN);
			return string_at(c, c->other, middle);
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* The head of the catalogue translates the empty string. */
static int learn_to_count(struct catalogue *c)
{
	size_t len = 0;
	const char *head = find(c, "", &len);
	if (!head)
		return -EINVAL;
	c->one_is_most = strstr(head, "nplurals=2; plural=(n > 1);");
	return c->one_is_most || strstr(head, "nplurals=2; plural=(n != 1);") ? 0
									      : -EINVAL;
}

int words_use(const void *catalogue, size_t len)
{
	struct catalogue c = {.bytes = catalogue, .len = len};
	if (!catalogue) {
		in_use = c;
		return 0;
	}
	if (len < HEAD_LEN || number_at(&c, MAGIC_AT) != magic)
		return -EINVAL;
	c.count = number_at(&c, COUNT_AT);
	c.english = number_at(&c, ENGLISH_AT);
	c.other = number_at(&c, OTHER_AT);
	if (!is_table(&c, c.english) || !is_table(&c, c.other) || learn_to_count(&c) < 0)
		return -EINVAL;
	in_use = c;
	return 0;
}

const char *words_find(const char *english)
{
	size_t len = 0;
	const char *found = *english ? find(&in_use, english, &len) : NULL;
	return found ? found : english;
}

const char *words_count(const char *one, const char *many, size_t count)
{
	size_t len = 0;
	const char *found = find(&in_use, one, &len);
	if (!found)
		return count == 1 ? one : many;
	size_t first_len = strlen(found);
	bool is_one = in_use.one_is_most ? count <= 1 : count == 1;
	return is_one || first_len >= len ? found : found + first_len + 1;
}
