/* SPDX-License-Identifier: MIT */
#include "top/site.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "recovery_bench.h"

static void trouble_is_tried_again_at_intervals_that_grow_up_to_a_minute(void **state)
{
	(void)state;
	static const msec_t waits[] = {1, 2, 4, 8, 16, 32, 60, 60};
	start();
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		(void)site_trouble(site, &now, "looking for files", -EROFS);
		assert_int_equal(site->trouble.again, now.up + waits[i] * MSEC_SECOND);
		assert_true(site_is_paused(site, &now));
		now.up = site->trouble.again;
		assert_false(site_is_paused(site, &now));
	}
	site_trouble_over(site);
	(void)site_trouble(site, &now, "looking for files", -EROFS);
	assert_int_equal(site->trouble.again, now.up + MSEC_SECOND);
}

static bool machine_tells_no_boot;

const char *__real_clock_boot_id(void);
const char *__wrap_clock_boot_id(void);

const char *__wrap_clock_boot_id(void)
{
	return machine_tells_no_boot ? "" : __real_clock_boot_id();
}

static void a_boot_without_an_id_is_another_one(void **state)
{
	(void)state;
	machine_tells_no_boot = true;
	assert_false(site_is_this_boot(clock_boot_id()));
	machine_tells_no_boot = false;
	assert_true(site_is_this_boot(clock_boot_id()));
	assert_false(site_is_this_boot(OTHER_BOOT));
	assert_false(site_is_this_boot(NULL));
}

/* A shop that says much of each of very many comments. */
static void words_are_shortened_when_there_are_very_many(void **state)
{
	static const char words[] = "as long as it is, longer than what is left of it";

	(void)state;
	put("sending/" CLAIM, document);
	start();
	struct job *job = site_find_job(site, STAMP);
	assert_non_null(job);
	site->words = WORDS_BYTES - 1;
	site_note_words(site, job, 0, "1", words);
	assert_string_equal(job->comments[0].message, words);
	site_note_words(site, job, 1, "1", words);
	assert_int_equal(text_count(job->comments[1].message),
		WORDS_SHORT_CHARS + 1); /* with the ellipsis */
	assert_int_equal(site->words, WORDS_BYTES - 1 + job->words);
	site_note_words(site, job, 0, "1", NULL);
	site_note_words(site, job, 1, "1", NULL);
	site_note_words(site, job, 1, "1", words);
	assert_string_equal(job->comments[1].message, words);
	schedule_remove(site->schedule, job);
	site_drop_job(site, job, JOB_DROPPED);
	assert_int_equal(site->words, WORDS_BYTES - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			trouble_is_tried_again_at_intervals_that_grow_up_to_a_minute,
			bench_enter, bench_leave),
		cmocka_unit_test(a_boot_without_an_id_is_another_one),
		cmocka_unit_test_setup_teardown(
			words_are_shortened_when_there_are_very_many, bench_enter,
			bench_leave),
	};
	if (!realpath("xsd/comments.xsd", schema_path))
		return 1;
	return cmocka_run_group_tests_name("site", tests, NULL, NULL);
}
