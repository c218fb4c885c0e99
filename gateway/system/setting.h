#ifndef GATEWAY_SYSTEM_SETTING_H
#define GATEWAY_SYSTEM_SETTING_H
/* SPDX-License-Identifier: MIT
 *
 * setting - the one table of settings, and what makes a value fit for one of them
 *
 * Knows: of every setting its name, kind, default, bounds, meaning, where its value is
 * kept, whether it is one for all sites, and whether a running gateway may change it.
 * Must not know: the syntax of the file, and what two settings have to do with each
 * other. Errors: -EINVAL, and words of the form "what is wrong: what to do".
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef GATEWAY_DATA_DIR
#define GATEWAY_DATA_DIR "/usr/share/opensi-gateway" /* the installer says where */
#endif

struct buf;

enum setting_type {
	SETTING_TEXT, /* bounds: characters. Kept as char *, NULL if there is none */
	SETTING_PATH, /* the same, made absolute */
	SETTING_WORD, /* one of `words`, kept as char * */
	SETTING_RANK, /* one of `words`, kept as its place there: an enum */
	SETTING_DURATION,
	SETTING_SIZE,
	SETTING_NUMBER, /* these three as int64_t */
	SETTING_BOOLEAN,
};

struct setting {
	const char *name;
	enum setting_type type;
	bool is_global; /* kept in struct config, not in struct site_config */
	bool is_fixed;  /* a change takes a restart */
	size_t offset;
	const char *standard; /* the default as people would write it, or NULL: none */
	int64_t min, max;
	const char *const *words; /* NULL-terminated */
	const char *help;
};

enum { SETTING_COUNT = 37 };

const struct setting *setting_at(size_t index);
size_t setting_index(const struct setting *s);
/* NULL if there is none of that name. */
const struct setting *setting_find(const char *name);
/* The name that was probably meant, or NULL. */
const char *setting_suggest(const char *name);

/* A value as the file gives it, whatever the setting wants. Borrowed. */
enum value_kind { VALUE_TEXT, VALUE_NUMBER, VALUE_BOOLEAN, VALUE_OTHER };

struct value {
	enum value_kind kind;
	const char *text;
	int64_t number;
	bool truth;
};

/* Puts a value into `owner` (the structure that the offset is meant for), in place of
 * the one there; relative paths are taken from `folder`. 0, or -EINVAL and `why`. */
int setting_read(const struct setting *s, const struct value *value, const char *folder,
	void *owner, struct buf *why);
void setting_set_default(const struct setting *s, void *owner);
void setting_copy(const struct setting *s, const void *from, void *to);
void setting_done(const struct setting *s, void *owner);
bool setting_is_equal(const struct setting *s, const void *a, const void *b);

/* "100ms to 1h", "1 to 16", "true, false", "1 to 64 characters" */
void setting_add_bounds(const struct setting *s, struct buf *out);

#endif
