/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/words.h"
#include "french.h"

static void english_is_what_is_said_without_a_catalogue(void **state)
{
	(void)state;
	assert_string_equal(_("All is well"), "All is well");
	assert_string_equal(words_count("%lu day", "%lu days", 1), "%lu day");
	assert_string_equal(words_count("%lu day", "%lu days", 0), "%lu days");
	assert_string_equal(words_count("%lu day", "%lu days", 2), "%lu days");
}

static void a_sentence_is_found_in_the_catalogue(void **state)
{
	(void)state;
	french_begin();
	assert_string_equal(_("All is well"), "Tout va bien");
	assert_string_equal(_("Nothing is sent"), "Rien n’est envoyé");
	french_end();
	assert_string_equal(_("All is well"), "All is well");
}

static void one_that_is_not_there_stays_english(void **state)
{
	(void)state;
	french_begin();
	assert_string_equal(_("Nobody ever says this"), "Nobody ever says this");
	assert_string_equal(words_count("%lu nobody", "%lu nobodies", 2), "%lu nobodies");
	assert_string_equal(_("\x7f"), "\x7f");
	french_end();
}

/* The head of the catalogue translates nothing. */
static void the_empty_sentence_stays_empty(void **state)
{
	(void)state;
	french_begin();
	assert_string_equal(words_find(""), "");
	french_end();
}

static void none_is_one_in_french(void **state)
{
	(void)state;
	french_begin();
	assert_string_equal(words_count("%lu day", "%lu days", 0), "%lu jour");
	assert_string_equal(words_count("%lu day", "%lu days", 1), "%lu jour");
	assert_string_equal(words_count("%lu day", "%lu days", 2), "%lu jours");
	french_end();
}

static void a_catalogue_that_is_cut_is_refused(void **state)
{
	(void)state;
	auto_free char *bytes = NULL;
	size_t len = french_read(&bytes);
	for (size_t cut = 0; cut < len; cut++) {
		auto_free char *part = malloc(cut ? cut : 1);
		memcpy(part, bytes, cut);
		assert_int_equal(words_use(part, cut), -EINVAL);
	}
}

/* One that lies is refused, or read within its bounds: the sanitizers look on. */
static void a_catalogue_whose_tables_lie_is_harmless(void **state)
{
	(void)state;
	auto_free char *bytes = NULL;
	size_t len = french_read(&bytes);
	auto_free char *copy = malloc(len);
	for (size_t at = 0; at < 2048; at += 4) {
		static const uint32_t lies[] = {0, 1, 0x7fffffff, 0xffffffff, 0xfffffff8};
		for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
			memcpy(copy, bytes, len);
			memcpy(copy + at, &lies[i], sizeof(lies[i]));
			if (words_use(copy, len) < 0)
				continue;
			(void)strlen(_("All is well"));
			(void)strlen(words_count("%lu day", "%lu days", 2));
		}
	}
	french_end();
}

static void a_catalogue_that_counts_otherwise_is_refused(void **state)
{
	(void)state;
	auto_free char *bytes = NULL;
	size_t len = french_read(&bytes);
	char *rule = memmem(bytes, len, "(n > 1)", 7);
	assert_non_null(rule);
	rule[5] = '2';
	assert_int_equal(words_use(bytes, len), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(english_is_what_is_said_without_a_catalogue),
		cmocka_unit_test(a_sentence_is_found_in_the_catalogue),
		cmocka_unit_test(one_that_is_not_there_stays_english),
		cmocka_unit_test(the_empty_sentence_stays_empty),
		cmocka_unit_test(none_is_one_in_french),
		cmocka_unit_test(a_catalogue_that_is_cut_is_refused),
		cmocka_unit_test(a_catalogue_whose_tables_lie_is_harmless),
		cmocka_unit_test(a_catalogue_that_counts_otherwise_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
