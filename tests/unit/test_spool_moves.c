/* SPDX-License-Identifier: MIT */
#include "system/spool.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "spool_fixture.h"

static const usec_t noon = 1795435200 * USEC_SECOND; /* 2026-11-23T12:00:00Z */

#define NOON_STAMP "20261123T120000.000000Z"

static struct claim_name claim_at(const char *drop, usec_t now)
{
	struct claim_name claim = {{0}, {0}, {0}};
	assert_int_equal(spool_claim(spool, FOLDER_INCOMING, drop, now, &claim), 0);
	return claim;
}

static struct claim_name put_and_claim(const char *drop, usec_t now)
{
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "incoming/%s", drop);
	put(path, drop);
	return claim_at(drop, now);
}

static void assert_in(const char *folder, const char *name)
{
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_true(is_there(path));
}

static unsigned count_in(enum folder folder)
{
	unsigned count = 0;
	auto_with(spool_closedirp) DIR *dir = spool_list(spool, folder);
	assert_non_null(dir);
	for (const struct dirent *entry; (entry = readdir(dir));)
		count += entry->d_name[0] != '.';
	return count;
}

/* --- names --- */

static void assert_drop_name(const char *name, const char *drop, bool has_stamp)
{
	const char *stamp = NULL;
	assert_string_equal(spool_drop_name(name, &stamp), drop);
	assert_true(stamp == (has_stamp ? name : NULL));
}

static void a_claim_prefix_is_told_from_an_exporters_name(void **state)
{
	(void)state;
	assert_drop_name("a.xml", "a.xml", false);
	assert_drop_name(NOON_STAMP "_a.xml", "a.xml", true);
	assert_drop_name(NOON_STAMP "_20261123T130000.000000Z_a.xml", "a.xml", true);
	assert_drop_name(NOON_STAMP "_", NOON_STAMP "_", false);
	assert_drop_name(NOON_STAMP "a.xml", NOON_STAMP "a.xml", false);
	assert_drop_name(
		"20261323T120000.000000Z_a.xml", "20261323T120000.000000Z_a.xml", false);
	assert_drop_name("2026", "2026", false);
	assert_drop_name("", "", false);
}

static void a_claim_says_when_and_what(void **state)
{
	(void)state;
	struct claim_name claim = put_and_claim("a.xml", noon);
	assert_string_equal(claim.name, NOON_STAMP "_a.xml");
	assert_string_equal(claim.stamp, NOON_STAMP);
	assert_string_equal(claim.of, "");
	assert_holds("sending/" NOON_STAMP "_a.xml", "a.xml");
	assert_int_equal(count_in(FOLDER_INCOMING), 0);
}

static void a_claim_prefix_is_replaced_and_not_stacked(void **state)
{
	(void)state;
	struct claim_name claim = put_and_claim("20250101T000000.000001Z_a.xml", noon);
	assert_string_equal(claim.name, NOON_STAMP "_a.xml");
	assert_string_equal(claim.of, "20250101T000000.000001Z");
}

static void stamps_never_repeat_also_with_the_clock_set_back(void **state)
{
	(void)state;
	const usec_t clock[] = {noon, noon, noon - 1, noon - 3600 * USEC_SECOND, noon + 2,
		noon + 60 * USEC_SECOND, 0};
	char last[TIMES_STAMP_LEN + 1] = "";
	for (size_t i = 0; i < sizeof(clock) / sizeof(clock[0]); i++) {
		struct claim_name claim = put_and_claim("a.xml", clock[i]);
		assert_true(strcmp(claim.stamp, last) > 0);
		memcpy(last, claim.stamp, sizeof(last));
	}
	char told[TIMES_STAMP_LEN + 1];
	assert_true(spool_last_stamp(spool, told));
	assert_string_equal(told, last);
}

static void stamps_come_after_those_that_were_noted(void **state)
{
	(void)state;
	char last[TIMES_STAMP_LEN + 1];
	assert_false(spool_last_stamp(spool, last));
	spool_note_stamp(spool, "20300101T000000.000000Z");
	spool_note_stamp(spool, "20290101T000000.000000Z");
	spool_note_stamp(spool, "no stamp");
	assert_true(spool_last_stamp(spool, last));
	assert_string_equal(last, "20300101T000000.000000Z");
	struct claim_name claim = put_and_claim("a.xml", noon);
	assert_string_equal(claim.stamp, "20300101T000000.000001Z");
}

static void a_taken_claim_gets_the_next_stamp(void **state)
{
	(void)state;
	put("sending/" NOON_STAMP "_a.xml", "other");
	struct claim_name claim = put_and_claim("a.xml", noon);
	assert_string_equal(claim.stamp, "20261123T120000.000001Z");
	assert_holds("sending/" NOON_STAMP "_a.xml", "other");
}

static void what_vanished_is_not_claimed(void **state)
{
	(void)state;
	struct claim_name claim;
	assert_int_equal(
		spool_claim(spool, FOLDER_INCOMING, "a.xml", noon, &claim), -ENOENT);
}

static void an_unclaimed_name_in_sending_is_claimed_there(void **state)
{
	(void)state;
	struct claim_name claim;
	put("sending/a.xml", "x");
	assert_int_equal(spool_claim(spool, FOLDER_SENDING, "a.xml", noon, &claim), 0);
	assert_holds("sending/" NOON_STAMP "_a.xml", "x");
	assert_false(is_there("sending/a.xml"));
}

static void the_longest_name_is_shortened_in_the_middle(void **state)
{
	(void)state;
	char drop[NAME_MAX + 1];
	memset(drop, 'm', NAME_MAX);
	drop[NAME_MAX] = '\0';
	memcpy(drop, "orders-", 7);
	memcpy(drop + NAME_MAX - 7, "-17.xml", 7);
	struct claim_name claim = put_and_claim(drop, noon);
	assert_true(strlen(claim.name) <= CLAIM_NAME_MAX);
	assert_int_equal(strncmp(claim.name, NOON_STAMP "_orders-m", 32), 0);
	assert_non_null(strchr(claim.name, '~'));
	assert_string_equal(claim.name + strlen(claim.name) - 8, "m-17.xml");
	assert_in("sending", claim.name);
	char reason[PATH_MAX];
	snprintf(reason, sizeof(reason), "%s.reason.txt", claim.name);
	assert_int_equal(spool_place(spool, FOLDER_FAILED, reason, "x", 1), 0);
}

static void a_name_is_never_cut_within_a_character(void **state)
{
	(void)state;
	for (size_t shift = 0; shift < 3; shift++) {
		char drop[NAME_MAX + 1] = "";
		size_t len = shift;
		memset(drop, 'a', shift);
		for (; len + 3 + 4 <= NAME_MAX; len += 3)
			memcpy(drop + len, "€", 4);
		memcpy(drop + len, ".xml", 5);
		struct claim_name claim = put_and_claim(drop, noon);
		for (const char *at = claim.name; *at;) {
			size_t step = text_char_len(at, strlen(at));
			assert_true(step > 0);
			at += step;
		}
		assert_true(strlen(claim.name) <= CLAIM_NAME_MAX);
	}
}

static void a_name_of_broken_bytes_is_claimed_too(void **state)
{
	(void)state;
	char drop[NAME_MAX + 1];
	memset(drop, 0x80, NAME_MAX);
	drop[NAME_MAX] = '\0';
	struct claim_name claim = put_and_claim(drop, noon);
	assert_in("sending", claim.name);
}

static void a_name_that_just_fits_stays_whole(void **state)
{
	(void)state;
	enum { FITS = CLAIM_NAME_MAX - TIMES_STAMP_LEN - 1 };
	char drop[FITS + 2];
	memset(drop, 'm', sizeof(drop));
	drop[FITS] = '\0';
	struct claim_name claim = put_and_claim(drop, noon);
	assert_string_equal(claim.name + TIMES_STAMP_LEN + 1, drop);
	drop[FITS] = 'm';
	drop[FITS + 1] = '\0';
	claim = put_and_claim(drop, noon + 1);
	assert_non_null(strchr(claim.name, '~'));
}

static void what_is_returned_has_its_own_name_again(void **state)
{
	(void)state;
	struct claim_name claim = put_and_claim("a.xml", noon);
	assert_int_equal(spool_return(spool, claim.name), 0);
	assert_holds("incoming/a.xml", "a.xml");
	assert_int_equal(count_in(FOLDER_SENDING), 0);
}

static void nothing_is_returned_over_a_new_drop(void **state)
{
	(void)state;
	struct claim_name claim = put_and_claim("a.xml", noon);
	put("incoming/a.xml", "new");
	assert_int_equal(spool_return(spool, claim.name), -EEXIST);
	assert_holds("incoming/a.xml", "new");
	assert_in("sending", claim.name);
}

/* --- settling --- */

static void assert_settled(enum folder folder, const char *claim, const char *expected)
{
	char to[PATH_MAX];
	assert_int_equal(spool_settle(spool, folder, claim, noon, to), 0);
	assert_string_equal(to, expected);
	assert_true(is_there(to));
}

static void the_delivered_go_to_the_local_day(void **state)
{
	(void)state;
	assert_int_equal(setenv("TZ", "Pacific/Auckland", 1), 0);
	tzset();
	struct claim_name claim = put_and_claim("a.xml", noon);
	assert_settled(FOLDER_SENT, claim.name, "sent/2026-11-24/" NOON_STAMP "_a.xml");
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	tzset();
	put("sending/b.xml", "x");
	assert_settled(FOLDER_SENT, "b.xml", "sent/2026-11-23/b.xml");
	assert_int_equal(spool_flush(spool), 0);
}

static void a_taken_name_gets_a_number(void **state)
{
	(void)state;
	put("sending/a.xml", "1");
	assert_settled(FOLDER_FAILED, "a.xml", "failed/a.xml");
	put("sending/a.xml", "2");
	assert_settled(FOLDER_FAILED, "a.xml", "failed/a~2.xml");
	put("sending/a.xml", "3");
	assert_settled(FOLDER_FAILED, "a.xml", "failed/a~3.xml");
	assert_holds("failed/a.xml", "1");
	assert_holds("failed/a~2.xml", "2");
	put("sending/a.xml", "4");
	assert_settled(FOLDER_SENT, "a.xml", "sent/2026-11-23/a.xml");
	put("sending/a.xml", "5");
	assert_settled(FOLDER_SENT, "a.xml", "sent/2026-11-23/a~2.xml");
}

static void a_number_never_gets_into_the_stamp(void **state)
{
	(void)state;
	put("failed/" NOON_STAMP "_orders", "1");
	put("sending/" NOON_STAMP "_orders", "2");
	assert_settled(
		FOLDER_FAILED, NOON_STAMP "_orders", "failed/" NOON_STAMP "_orders~2");
}

static void what_the_admin_took_cannot_be_settled(void **state)
{
	(void)state;
	char to[PATH_MAX];
	assert_int_equal(spool_settle(spool, FOLDER_SENT, "a", noon, to), -ENOENT);
	assert_int_equal(spool_settle(spool, FOLDER_FAILED, "a", noon, to), -ENOENT);
}

static void a_days_folder_that_was_removed_is_made_again(void **state)
{
	(void)state;
	put("sending/a.xml", "1");
	assert_settled(FOLDER_SENT, "a.xml", "sent/2026-11-23/a.xml");
	assert_int_equal(spool_flush(spool), 0);
	assert_int_equal(unlink("sent/2026-11-23/a.xml"), 0);
	assert_int_equal(rmdir("sent/2026-11-23"), 0);
	put("sending/a.xml", "2");
	assert_settled(FOLDER_SENT, "a.xml", "sent/2026-11-23/a.xml");
	assert_int_equal(spool_flush(spool), 0);
}

static void a_days_folder_that_was_moved_away_gets_nothing_more(void **state)
{
	(void)state;
	put("sending/a.xml", "1");
	assert_settled(FOLDER_SENT, "a.xml", "sent/2026-11-23/a.xml");
	assert_int_equal(spool_flush(spool), 0);
	assert_int_equal(rename("sent/2026-11-23", "archive"), 0);
	put("sending/b.xml", "2");
	assert_settled(FOLDER_SENT, "b.xml", "sent/2026-11-23/b.xml");
	assert_false(is_there("archive/b.xml"));
}

static void folders_that_were_made_again_are_found_again(void **state)
{
	(void)state;
	bool changed = true;
	assert_int_equal(spool_refresh(spool, &changed), 0);
	assert_false(changed);
	put("sending/a.xml", "1");
	assert_settled(FOLDER_SENT, "a.xml", "sent/2026-11-23/a.xml");
	assert_int_equal(rename("sent", "sent.old"), 0);
	assert_int_equal(rmdir("failed"), 0);
	assert_int_equal(rename("incoming", "incoming.old"), 0);
	assert_int_equal(mkdir("incoming", 0750), 0);
	assert_int_equal(spool_refresh(spool, &changed), 0);
	assert_true(changed);
	assert_int_equal(spool_flush(spool), 0);

	struct claim_name claim = put_and_claim("b.xml", noon);
	assert_settled(FOLDER_SENT, claim.name, "sent/2026-11-23/" NOON_STAMP "_b.xml");
	put("sending/c.xml", "3");
	assert_settled(FOLDER_FAILED, "c.xml", "failed/c.xml");
	assert_int_equal(spool_flush(spool), 0);
}

static void a_missing_incoming_is_an_error_until_it_is_back(void **state)
{
	(void)state;
	bool changed = false;
	assert_int_equal(rmdir("incoming"), 0);
	assert_int_equal(spool_refresh(spool, &changed), -ENOENT);
	assert_int_equal(mkdir("incoming", 0750), 0);
	assert_int_equal(spool_refresh(spool, &changed), 0);
	assert_true(changed);
}

static void what_is_placed_replaces_its_earlier_self_only(void **state)
{
	(void)state;
	assert_int_equal(spool_place(spool, FOLDER_FAILED, "r.txt", "one two", 7), 0);
	assert_int_equal(spool_place(spool, FOLDER_FAILED, "r.txt", "three", 5), 0);
	assert_holds("failed/r.txt", "three");
	assert_int_equal(count_in(FOLDER_FAILED), 1);
	assert_int_equal(spool_remove(spool, FOLDER_FAILED, "r.txt"), 0);
	assert_int_equal(spool_remove(spool, FOLDER_FAILED, "r.txt"), -ENOENT);
}

static void an_unfinished_file_of_a_dead_run_is_in_nobodys_way(void **state)
{
	(void)state;
	put("failed/.being-written.tmp", "half");
	assert_int_equal(spool_place(spool, FOLDER_FAILED, "r.txt", "whole", 5), 0);
	assert_holds("failed/r.txt", "whole");
	assert_false(is_there("failed/.being-written.tmp"));
}

static void a_file_that_cannot_be_placed_leaves_nothing_behind(void **state)
{
	(void)state;
	assert_int_equal(mkdir("failed/r.txt", 0750), 0);
	assert_int_equal(spool_place(spool, FOLDER_FAILED, "r.txt", "x", 1), -EISDIR);
	assert_false(is_there("failed/.being-written.tmp"));
}

static void everything_can_be_flushed_at_once(void **state)
{
	(void)state;
	put("sending/a.xml", "1");
	assert_settled(FOLDER_SENT, "a.xml", "sent/2026-11-23/a.xml");
	assert_int_equal(spool_flush_all(spool), 0);
	assert_int_equal(spool_flush(spool), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_spool(a_claim_prefix_is_told_from_an_exporters_name),
		in_spool(a_claim_says_when_and_what),
		in_spool(a_claim_prefix_is_replaced_and_not_stacked),
		in_spool(stamps_never_repeat_also_with_the_clock_set_back),
		in_spool(stamps_come_after_those_that_were_noted),
		in_spool(a_taken_claim_gets_the_next_stamp),
		in_spool(what_vanished_is_not_claimed),
		in_spool(an_unclaimed_name_in_sending_is_claimed_there),
		in_spool(the_longest_name_is_shortened_in_the_middle),
		in_spool(a_name_is_never_cut_within_a_character),
		in_spool(a_name_of_broken_bytes_is_claimed_too),
		in_spool(a_name_that_just_fits_stays_whole),
		in_spool(what_is_returned_has_its_own_name_again),
		in_spool(nothing_is_returned_over_a_new_drop),
		in_spool(the_delivered_go_to_the_local_day),
		in_spool(a_taken_name_gets_a_number),
		in_spool(a_number_never_gets_into_the_stamp),
		in_spool(what_the_admin_took_cannot_be_settled),
		in_spool(a_days_folder_that_was_removed_is_made_again),
		in_spool(a_days_folder_that_was_moved_away_gets_nothing_more),
		in_spool(folders_that_were_made_again_are_found_again),
		in_spool(a_missing_incoming_is_an_error_until_it_is_back),
		in_spool(what_is_placed_replaces_its_earlier_self_only),
		in_spool(an_unfinished_file_of_a_dead_run_is_in_nobodys_way),
		in_spool(a_file_that_cannot_be_placed_leaves_nothing_behind),
		in_spool(everything_can_be_flushed_at_once),
	};
	return cmocka_run_group_tests_name("spool_moves", tests, NULL, NULL);
}
