/* SPDX-License-Identifier: MIT */
#include "core/intake.h"
#include "skipping.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const msec_t settle_time = 2000;

static struct intake *intake;

static int enter(void **state)
{
	(void)state;
	intake = intake_new("*.xml", settle_time);
	return 0;
}

static int leave(void **state)
{
	(void)state;
	intake_free(intake);
	return 0;
}

/* A file that arrived at this ctime. */
static struct sighting file(int64_t changed)
{
	return (struct sighting){.inode = 7,
		.size = 100,
		.modified = changed,
		.changed = changed,
		.links = 1};
}

static struct sighting linked(uint64_t links)
{
	struct sighting s = file(5);
	s.links = links;
	return s;
}

/* The time of what was seen last, and what it was. */
static msec_t now;
static struct sighting last;

static void see(const char *name, enum sign sign, struct sighting s, msec_t at)
{
	now = at;
	last = s;
	intake_see(intake, name, sign, &s, at);
}

/* What is due by then looks the same. */
static unsigned look_at_all(struct sighting s, msec_t at)
{
	unsigned looks = 0;
	msec_t due = 0;
	now = at;
	last = s;
	for (const char *name; (name = intake_look(intake, at, &due)); looks++)
		see(name, SIGN_LOOK, s, at);
	return looks;
}

static void assert_none_ready(void)
{
	assert_null(intake_next(intake, now));
}

static void assert_next(const char *name)
{
	const char *next = intake_next(intake, now);
	assert_non_null(next);
	assert_string_equal(next, name);
}

static bool is_confirmed(const char *name, struct sighting s)
{
	bool was_quiet = false;
	assert_next(name);
	return intake_confirm(intake, name, &s, now, &was_quiet);
}

static void assert_ready(const char *name, bool expect_quiet)
{
	bool was_quiet = !expect_quiet;
	assert_next(name);
	assert_true(intake_confirm(intake, name, &last, now, &was_quiet));
	assert_int_equal(was_quiet, expect_quiet);
}

static void take(const char *name)
{
	assert_next(name);
	intake_forget(intake, name);
}

static struct intake_counts counts(void)
{
	struct intake_counts c = {0};
	intake_count(intake, now, &c);
	return c;
}

static void only_finished_visible_names_of_the_pattern_are_wanted(void **state)
{
	(void)state;
	static const char *const wanted[] = {"a.xml", "a b.xml", "é.xml", "a.tmp.xml"};
	static const char *const unwanted[] = {".a.xml", "a.XML", "a.xml.tmp",
		"a.xml.part", "a.xml.filepart", "a.xml~", ""};
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		assert_true(intake_wants(intake, wanted[i]));
	for (size_t i = 0; i < sizeof(unwanted) / sizeof(unwanted[0]); i++)
		assert_false(intake_wants(intake, unwanted[i]));
}

static void no_pattern_makes_an_unfinished_name_wanted(void **state)
{
	(void)state;
	intake_set(intake, "*", settle_time);
	assert_true(intake_wants(intake, "orders"));
	assert_false(intake_wants(intake, "orders.tmp"));
	assert_false(intake_wants(intake, "orders.part"));
	assert_false(intake_wants(intake, "orders.filepart"));
	assert_false(intake_wants(intake, "orders~"));
	assert_false(intake_wants(intake, "orders.reason.txt"));
	assert_false(intake_wants(intake, ".orders"));
}

static void what_arrives_is_ready_at_once(void **state)
{
	(void)state;
	see("a.xml", SIGN_ARRIVED, file(5), 1000);
	assert_ready("a.xml", false);
}

static void what_is_ready_stays_next_until_it_is_forgotten(void **state)
{
	(void)state;
	see("a.xml", SIGN_ARRIVED, file(5), 1000);
	see("b.xml", SIGN_ARRIVED, file(4), 1000);
	see("a.xml", SIGN_TOUCHED, file(6), 1001);
	see("a.xml", SIGN_ARRIVED, file(7), 1002);
	see("a.xml", SIGN_SCAN, file(7), 1003);
	assert_ready("a.xml", false);
	assert_ready("a.xml", false);
	intake_forget(intake, "a.xml");
	intake_forget(intake, "a.xml");
	assert_ready("b.xml", false);
}

static void what_a_scan_finds_is_ready_after_settle_of_quiet(void **state)
{
	(void)state;
	msec_t due = 0;
	see("a.xml", SIGN_SCAN, file(5), 1000);
	assert_none_ready();
	assert_null(intake_look(intake, 1000 + settle_time - 1, &due));
	assert_int_equal(due, 1000 + settle_time);
	now = 1000 + settle_time - 1;
	assert_none_ready();
	now = 1000 + settle_time;
	assert_ready("a.xml", true);
	assert_null(intake_look(intake, now, &due));
	assert_int_equal(due, MSEC_NEVER);
}

static void what_is_only_made_starts_the_clock(void **state)
{
	(void)state;
	see("a.xml", SIGN_BORN, file(5), 1000);
	assert_none_ready();
	assert_int_equal(look_at_all(file(5), 1000 + settle_time), 1);
	assert_ready("a.xml", true);
}

static void a_close_ends_the_wait_of_what_was_only_made(void **state)
{
	(void)state;
	see("a.xml", SIGN_BORN, file(5), 1000);
	see("a.xml", SIGN_ARRIVED, file(6), 1001);
	assert_ready("a.xml", false);
}

enum { FACTS = 4 };

/* file(5), with one fact about it changed. */
static struct sighting changed_in(unsigned fact)
{
	struct sighting s = file(5);
	s.inode += fact == 0;
	s.size += fact == 1;
	s.modified += fact == 2;
	s.changed += fact == 3;
	return s;
}

static void any_change_starts_the_clock_anew(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FACTS; i++) {
		see("a.xml", SIGN_BORN, file(5), 0);
		assert_int_equal(look_at_all(changed_in(i), settle_time), 1);
		assert_none_ready();
		assert_int_equal(look_at_all(changed_in(i), 2 * settle_time - 1), 0);
		assert_int_equal(look_at_all(changed_in(i), 2 * settle_time), 1);
		take("a.xml");
	}
}

static void a_touch_or_a_listing_is_no_news_of_what_settles(void **state)
{
	(void)state;
	see("a.xml", SIGN_BORN, file(5), 0);
	see("a.xml", SIGN_TOUCHED, file(6), 1000);
	see("a.xml", SIGN_SCAN, file(6), 1500);
	assert_int_equal(look_at_all(file(6), settle_time), 1);
	assert_none_ready(); /* but it did change */
	assert_int_equal(look_at_all(file(6), 2 * settle_time), 1);
	assert_ready("a.xml", true);
}

static void another_settle_counts_from_the_next_sighting(void **state)
{
	(void)state;
	msec_t due = 0;
	intake_set(intake, "*.xml", 100);
	see("a.xml", SIGN_BORN, file(5), 1000);
	assert_null(intake_look(intake, 0, &due));
	assert_int_equal(due, 1100);
}

/* Who shortens it does so because he waits. */
static void another_settle_counts_for_what_is_watched(void **state)
{
	(void)state;
	msec_t due = 0;
	see("a.xml", SIGN_BORN, file(5), 1000);
	see("b.xml", SIGN_BORN, file(6), 1050);
	intake_set(intake, "*.xml", 100);
	assert_null(intake_look(intake, 1099, &due));
	assert_int_equal(due, 1100);
	assert_string_equal(intake_look(intake, 1100, &due), "a.xml");
	assert_int_equal(look_at_all(file(5), 1100), 1);
	intake_set(intake, "*.xml", 3 * settle_time);
	assert_null(intake_look(intake, 1150, &due));
	assert_int_equal(due, 1050 + 3 * settle_time);
}

static void another_settle_counts_for_a_backlog(void **state)
{
	(void)state;
	see("a.xml", SIGN_SCAN, file(5), 1000);
	intake_set(intake, "*.xml", 100);
	now = 1099;
	assert_none_ready();
	now = 1100;
	take("a.xml");
}

static void a_backlog_goes_by_ctime_then_by_version_sorted_name(void **state)
{
	(void)state;
	see("c10.xml", SIGN_SCAN, file(5), 0);
	see("z.xml", SIGN_SCAN, file(4), 0);
	see("c9.xml", SIGN_SCAN, file(5), 0);
	see("a.xml", SIGN_SCAN, file(6), 0);
	now = settle_time;
	take("z.xml");
	take("c9.xml");
	take("c10.xml");
	take("a.xml");
	assert_none_ready();
}

static void events_do_not_overtake_what_a_scan_found(void **state)
{
	(void)state;
	see("old.xml", SIGN_SCAN, file(5), 0);
	see("new.xml", SIGN_ARRIVED, file(1), 10);
	assert_none_ready();
	now = settle_time;
	take("old.xml");
	take("new.xml");
}

static void a_drop_that_leaves_while_it_settles_holds_nobody_back(void **state)
{
	(void)state;
	see("old.xml", SIGN_SCAN, file(5), 0);
	see("new.xml", SIGN_ARRIVED, file(6), 10);
	intake_forget(intake, "old.xml");
	take("new.xml");
}

static void what_goes_on_changing_loses_its_place_in_the_backlog(void **state)
{
	(void)state;
	see("grows.xml", SIGN_SCAN, file(1), 0);
	see("quiet.xml", SIGN_SCAN, file(5), 0);
	see("new.xml", SIGN_ARRIVED, file(6), 10);
	now = settle_time;
	assert_false(is_confirmed("grows.xml", file(7)));
	assert_true(is_confirmed("quiet.xml", file(5)));
	take("quiet.xml");
	take("new.xml");
	assert_none_ready();
	assert_int_equal(look_at_all(file(7), 2 * settle_time), 1);
	take("grows.xml");
}

static void a_closed_but_unchanged_find_keeps_its_place(void **state)
{
	(void)state;
	see("b.xml", SIGN_SCAN, file(2), 0);
	see("a.xml", SIGN_SCAN, file(1), 0);
	see("b.xml", SIGN_ARRIVED, file(2), 10);
	now = settle_time;
	take("a.xml");
	take("b.xml");
}

/* No look was made of it since the listing but that of its claim. */
static void any_change_takes_a_find_out_of_the_backlog(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FACTS; i++) {
		see("a.xml", SIGN_SCAN, file(5), 0);
		now = settle_time;
		assert_false(is_confirmed("a.xml", changed_in(i)));
		assert_none_ready();
		assert_int_equal(look_at_all(changed_in(i), 2 * settle_time - 1), 0);
		assert_int_equal(look_at_all(changed_in(i), 2 * settle_time), 1);
		assert_ready("a.xml", true);
		take("a.xml");
	}
}

static void a_link_made_to_a_find_is_seen_at_its_claim(void **state)
{
	(void)state;
	see("a.xml", SIGN_SCAN, file(5), 0);
	now = settle_time;
	assert_false(is_confirmed("a.xml", linked(2)));
	assert_none_ready();
	assert_int_equal(counts().settling, 1);
}

static void a_backlog_waits_settle_after_its_last_find(void **state)
{
	(void)state;
	see("a.xml", SIGN_SCAN, file(5), 0);
	see("b.xml", SIGN_SCAN, file(6), 1500);
	msec_t due = 0;
	assert_null(intake_look(intake, now, &due));
	assert_int_equal(due, 1500 + settle_time);
	now = 1500 + settle_time - 1;
	assert_none_ready();
	assert_int_equal(counts().settling, 2);
	assert_int_equal(counts().ready, 0);
	now = 1500 + settle_time;
	assert_int_equal(counts().settling, 0);
	assert_int_equal(counts().ready, 2);
	take("a.xml");
	take("b.xml");
}

static void what_was_written_to_after_its_quiet_is_watched_again(void **state)
{
	(void)state;
	see("a.xml", SIGN_BORN, file(5), 0);
	assert_int_equal(look_at_all(file(5), settle_time), 1);
	assert_ready("a.xml", true);
	assert_false(is_confirmed("a.xml", file(6)));
	assert_none_ready();
	assert_int_equal(look_at_all(file(6), 2 * settle_time), 1);
	assert_ready("a.xml", true);
}

static void events_go_in_the_order_in_which_they_became_ready(void **state)
{
	(void)state;
	see("born.xml", SIGN_BORN, file(1), 0);
	see("z.xml", SIGN_ARRIVED, file(3), 1);
	see("a.xml", SIGN_ARRIVED, file(2), 2);
	see("born.xml", SIGN_LOOK, file(1), settle_time);
	take("z.xml");
	take("a.xml");
	take("born.xml");
}

static void more_than_one_link_is_looked_at_three_times_then_left_alone(void **state)
{
	(void)state;
	see("a.xml", SIGN_ARRIVED, linked(2), 0);
	for (msec_t looks = 1; looks <= INTAKE_LINK_LOOKS; looks++) {
		assert_int_equal(counts().settling, 1);
		assert_int_equal(look_at_all(linked(2), looks * settle_time), 1);
		assert_none_ready();
	}
	assert_int_equal(counts().settling, 0);
	assert_int_equal(counts().linked, 1);
	assert_int_equal(look_at_all(linked(2), 100 * settle_time), 0);
}

static void alarms_are_not_looks_at_links(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		see("a.xml", SIGN_ARRIVED, linked(2), i);
	assert_int_equal(counts().settling, 1);
	assert_int_equal(counts().linked, 0);
}

static void a_scan_looks_again_at_what_was_left_alone_for_its_links(void **state)
{
	(void)state;
	see("a.xml", SIGN_SCAN, linked(3), 0);
	for (msec_t looks = 1; looks <= INTAKE_LINK_LOOKS; looks++)
		look_at_all(linked(3), looks * settle_time);
	assert_int_equal(counts().linked, 1);
	assert_false(intake_knows(intake, "a.xml"));
	see("a.xml", SIGN_SCAN, linked(3), 10 * settle_time);
	assert_int_equal(counts().settling, 1);
	for (msec_t looks = 11; looks <= 10 + INTAKE_LINK_LOOKS; looks++)
		assert_int_equal(look_at_all(linked(3), looks * settle_time), 1);
	assert_int_equal(counts().linked, 1);
}

static void a_single_link_is_awaited_for_quiet(void **state)
{
	(void)state;
	see("a.xml", SIGN_BORN, linked(2), 0);
	assert_int_equal(look_at_all(linked(1), settle_time), 1);
	assert_none_ready();
	assert_int_equal(look_at_all(linked(1), 2 * settle_time), 1);
	assert_ready("a.xml", true);
}

static void the_last_other_link_going_wakes_what_was_left_alone(void **state)
{
	(void)state;
	see("a.xml", SIGN_BORN, linked(2), 0);
	for (msec_t looks = 1; looks <= INTAKE_LINK_LOOKS; looks++)
		look_at_all(linked(2), looks * settle_time);
	see("a.xml", SIGN_TOUCHED, linked(1), 10 * settle_time);
	assert_int_equal(look_at_all(linked(1), 11 * settle_time), 1);
	assert_ready("a.xml", true);
}

static void linked_finds_hold_nobody_back(void **state)
{
	(void)state;
	see("linked.xml", SIGN_SCAN, linked(2), 0);
	see("new.xml", SIGN_ARRIVED, file(6), 10);
	take("new.xml");
}

static void what_is_no_file_is_counted_apart_until_it_is_one(void **state)
{
	(void)state;
	see("a.xml", SIGN_ARRIVED, file(5), 0);
	assert_true(intake_pass_over(intake, "a.xml"));
	assert_true(intake_pass_over(intake, "b.xml"));
	assert_false(intake_pass_over(intake, "a.xml"));
	assert_int_equal(counts().odd, 2);
	assert_int_equal(intake_waiting(intake), 0);
	assert_int_equal(counts().ready, 0);
	assert_none_ready();
	assert_false(intake_knows(intake, "a.xml"));
	see("a.xml", SIGN_SCAN, file(6), 10);
	look_at_all(file(6), 10 + settle_time);
	assert_ready("a.xml", true);
	intake_scan_begin(intake);
	intake_scan_end(intake);
	assert_int_equal(counts().odd, 0);
	assert_true(intake_pass_over(intake, "b.xml"));
}

static void what_cannot_be_read_is_set_aside_and_said_once(void **state)
{
	(void)state;
	see("a.xml", SIGN_ARRIVED, file(5), 0);
	see("b.xml", SIGN_ARRIVED, file(6), 0);
	assert_true(intake_set_aside(intake, "a.xml", 5));
	assert_int_equal(counts().unreadable, 1);
	take("b.xml");
	assert_none_ready();
	assert_int_equal(look_at_all(file(5), 100 * settle_time), 0);

	assert_false(intake_knows(intake, "a.xml"));
	see("a.xml", SIGN_SCAN, file(5), 100 * settle_time);
	assert_int_equal(look_at_all(file(5), 101 * settle_time), 1);
	assert_ready("a.xml", true);
	assert_false(intake_set_aside(intake, "a.xml", 5));
}

static void the_oldest_is_told_whatever_it_waits_for(void **state)
{
	(void)state;
	assert_true(intake_oldest(intake) == INT64_MAX);
	see("settling.xml", SIGN_BORN, file(9), 0);
	assert_true(intake_oldest(intake) == 9);
	see("backlog.xml", SIGN_SCAN, file(8), 0);
	assert_true(intake_oldest(intake) == 8);
	see("linked.xml", SIGN_ARRIVED, linked(2), 0);
	assert_true(intake_oldest(intake) == 5);
	for (int i = 1; i <= INTAKE_LINK_LOOKS; i++)
		see("linked.xml", SIGN_LOOK, linked(2), i * settle_time);
	assert_int_equal(counts().linked, 1);
	assert_true(intake_oldest(intake) == 5);
	see("shut.xml", SIGN_ARRIVED, file(4), 0);
	(void)intake_set_aside(intake, "shut.xml", 4);
	assert_true(intake_oldest(intake) == 4);
	intake_forget(intake, "shut.xml");
	assert_true(intake_oldest(intake) == 5);
	intake_forget(intake, "linked.xml");
	intake_forget(intake, "backlog.xml");
	assert_true(intake_oldest(intake) == 9);
	intake_forget(intake, "settling.xml");
	assert_true(intake_oldest(intake) == INT64_MAX);
}

static void a_change_of_mode_brings_back_what_could_not_be_read(void **state)
{
	(void)state;
	see("a.xml", SIGN_ARRIVED, file(5), 0);
	assert_true(intake_set_aside(intake, "a.xml", 5));
	see("a.xml", SIGN_TOUCHED, file(6), 10);
	assert_int_equal(counts().unreadable, 0);
	assert_int_equal(look_at_all(file(6), 10 + settle_time), 1);
	assert_ready("a.xml", true);
}

static void what_broke_off_is_made_ready_by_quiet_alone(void **state)
{
	(void)state;
	struct sighting half = file(5);
	struct sighting whole = file(6);
	see("a.xml", SIGN_ARRIVED, half, 0);
	intake_distrust(intake, "a.xml", &half, 10);
	assert_none_ready();
	see("a.xml", SIGN_ARRIVED, half, 20);
	see("a.xml", SIGN_ARRIVED, whole, 30);
	assert_none_ready();
	assert_int_equal(look_at_all(whole, 29 + settle_time), 0);
	assert_int_equal(look_at_all(whole, 30 + settle_time), 1);
	assert_ready("a.xml", true);
}

static void a_name_that_was_taken_can_come_back_distrusted(void **state)
{
	(void)state;
	struct sighting half = file(5);
	see("a.xml", SIGN_ARRIVED, half, 0);
	take("a.xml");
	intake_distrust(intake, "a.xml", &half, 10);
	see("a.xml", SIGN_ARRIVED, half, 11); /* our own putting it back */
	assert_none_ready();
	assert_int_equal(look_at_all(half, 10 + settle_time), 1);
	assert_ready("a.xml", true);
}

static void a_scan_forgets_what_it_did_not_see(void **state)
{
	(void)state;
	see("gone-ready.xml", SIGN_ARRIVED, file(5), 0);
	see("gone-settling.xml", SIGN_BORN, file(5), 0);
	see("gone-aside.xml", SIGN_ARRIVED, file(5), 0);
	(void)intake_set_aside(intake, "gone-aside.xml", 5);
	see("listed.xml", SIGN_ARRIVED, file(5), 0);
	intake_scan_begin(intake);
	assert_true(intake_knows(intake, "listed.xml"));
	see("meanwhile.xml", SIGN_ARRIVED, file(6), 1);
	intake_scan_end(intake);
	take("listed.xml");
	take("meanwhile.xml");
	assert_none_ready();
	assert_int_equal(counts().settling, 0);
	assert_int_equal(counts().unreadable, 0);
}

static void a_scan_stats_only_what_it_does_not_know(void **state)
{
	(void)state;
	see("settling.xml", SIGN_BORN, file(5), 0);
	see("ready.xml", SIGN_ARRIVED, file(5), 0);
	assert_true(intake_knows(intake, "settling.xml"));
	assert_true(intake_knows(intake, "ready.xml"));
	assert_false(intake_knows(intake, "never.xml"));
}

static void everything_is_counted_in_one_place(void **state)
{
	(void)state;
	see("a.xml", SIGN_ARRIVED, file(5), 0);
	see("b.xml", SIGN_SCAN, file(5), 0);
	see("c.xml", SIGN_BORN, file(5), 0);
	see("d.xml", SIGN_ARRIVED, file(5), 0);
	(void)intake_set_aside(intake, "d.xml", 5);
	struct intake_counts c = counts();
	assert_int_equal(c.ready, 1);
	assert_int_equal(c.settling, 2);
	assert_int_equal(c.unreadable, 1);
	assert_int_equal(c.linked, 0);
}

/* In an order that has nothing to do with the one expected. */
static void a_large_backlog_comes_out_in_order(void **state)
{
	(void)state;
	enum { FILES = 10007, STEP = 4201, EVERY = 7 };
	char name[32];
	for (unsigned i = 0; i < FILES; i++) {
		unsigned n = i * STEP % FILES;
		snprintf(name, sizeof(name), "%u.xml", n);
		see(name, SIGN_SCAN, file(n / 10), i % 50);
	}
	for (unsigned n = 0; n < FILES; n += EVERY) {
		snprintf(name, sizeof(name), "%u.xml", n);
		intake_forget(intake, name);
	}
	now = 2 * settle_time;
	for (unsigned n = 0; n < FILES; n++) {
		snprintf(name, sizeof(name), "%u.xml", n);
		if (n % EVERY)
			take(name);
	}
	assert_none_ready();
}

static size_t allocated(void)
{
	struct mallinfo2 info = mallinfo2();
	return info.uordblks + info.hblkhd;
}

/* Names of 14 characters. */
static void a_waiting_file_costs_48_bytes_and_its_name(void **state)
{
	(void)state;
	enum { FILES = 128 * 1024, NAME_BYTES = 14, EVERY = 1000 };
	size_t before = allocated();
	size_t peak = before;
	char name[32];
	for (unsigned n = 0; n < FILES; n++) {
		snprintf(name, sizeof(name), "c%09u.xml", n);
		see(name, SIGN_SCAN, file(n), 0);
		if (n % EVERY == 0 && allocated() > peak)
			peak = allocated();
	}
	assert_in_range((peak - before) / FILES, 0, 48 + NAME_BYTES);
}

static void a_backlog_that_is_through_costs_nothing(void **state)
{
	(void)state;
	enum { FILES = 128 * 1024, LITTLE = 256 * 1024 };
	size_t before = allocated();
	char name[32];
	for (unsigned n = 0; n < FILES; n++) {
		snprintf(name, sizeof(name), "c%09u.xml", n);
		see(name, SIGN_SCAN, file(n), 0);
	}
	if (allocated() == before)
		skip_because("the malloc of asan counts nothing");
	assert_true(allocated() > before + LITTLE);
	now = settle_time;
	for (unsigned n = 0; n < FILES; n++) {
		snprintf(name, sizeof(name), "c%09u.xml", n);
		take(name);
	}
	assert_true(allocated() < before + LITTLE);
	see("after.xml", SIGN_ARRIVED, file(1), now);
	take("after.xml");
}

#define with_intake(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_intake(only_finished_visible_names_of_the_pattern_are_wanted),
		with_intake(no_pattern_makes_an_unfinished_name_wanted),
		with_intake(what_arrives_is_ready_at_once),
		with_intake(what_is_ready_stays_next_until_it_is_forgotten),
		with_intake(what_a_scan_finds_is_ready_after_settle_of_quiet),
		with_intake(what_is_only_made_starts_the_clock),
		with_intake(a_close_ends_the_wait_of_what_was_only_made),
		with_intake(any_change_starts_the_clock_anew),
		with_intake(a_touch_or_a_listing_is_no_news_of_what_settles),
		with_intake(another_settle_counts_from_the_next_sighting),
		with_intake(another_settle_counts_for_what_is_watched),
		with_intake(another_settle_counts_for_a_backlog),
		with_intake(a_backlog_goes_by_ctime_then_by_version_sorted_name),
		with_intake(events_do_not_overtake_what_a_scan_found),
		with_intake(a_drop_that_leaves_while_it_settles_holds_nobody_back),
		with_intake(what_goes_on_changing_loses_its_place_in_the_backlog),
		with_intake(a_closed_but_unchanged_find_keeps_its_place),
		with_intake(any_change_takes_a_find_out_of_the_backlog),
		with_intake(a_link_made_to_a_find_is_seen_at_its_claim),
		with_intake(a_backlog_waits_settle_after_its_last_find),
		with_intake(what_was_written_to_after_its_quiet_is_watched_again),
		with_intake(events_go_in_the_order_in_which_they_became_ready),
		with_intake(more_than_one_link_is_looked_at_three_times_then_left_alone),
		with_intake(alarms_are_not_looks_at_links),
		with_intake(a_scan_looks_again_at_what_was_left_alone_for_its_links),
		with_intake(a_single_link_is_awaited_for_quiet),
		with_intake(the_last_other_link_going_wakes_what_was_left_alone),
		with_intake(linked_finds_hold_nobody_back),
		with_intake(what_is_no_file_is_counted_apart_until_it_is_one),
		with_intake(the_oldest_is_told_whatever_it_waits_for),
		with_intake(what_cannot_be_read_is_set_aside_and_said_once),
		with_intake(a_change_of_mode_brings_back_what_could_not_be_read),
		with_intake(what_broke_off_is_made_ready_by_quiet_alone),
		with_intake(a_name_that_was_taken_can_come_back_distrusted),
		with_intake(a_scan_forgets_what_it_did_not_see),
		with_intake(a_scan_stats_only_what_it_does_not_know),
		with_intake(everything_is_counted_in_one_place),
		with_intake(a_large_backlog_comes_out_in_order),
		with_intake(a_waiting_file_costs_48_bytes_and_its_name),
		with_intake(a_backlog_that_is_through_costs_nothing),
	};
	return cmocka_run_group_tests_name("intake", tests, NULL, NULL);
}
