/* SPDX-License-Identifier: MIT */
#include "system/watch.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "skipping.h"
#include "spool_fixture.h"

static struct watch *watch;

static int enter(void **state)
{
	if (spool_enter(state) != 0 || watch_new(&watch) != 0)
		return -1;
	return watch_spool(watch, spool);
}

static int leave(void **state)
{
	watch_free(watch);
	watch_free(NULL);
	return spool_leave(state);
}

static void assert_next(enum watch_sign sign, const char *name)
{
	struct watch_event event = {0};
	bool is_event = false;
	assert_int_equal(watch_next(watch, &event, &is_event), 0);
	assert_true(is_event);
	assert_int_equal(event.sign, sign);
	assert_string_equal(event.name, name);
}

static void assert_silence(void)
{
	struct watch_event event = {0};
	bool is_event = true;
	assert_int_equal(watch_next(watch, &event, &is_event), 0);
	assert_false(is_event);
}

/* At least one alarm about the folders, and none about anything else. */
static void assert_folders_changed(void)
{
	struct watch_event event = {0};
	bool is_event = false;
	unsigned alarms = 0;
	assert_int_equal(watch_next(watch, &event, &is_event), 0);
	for (; is_event; alarms++) {
		assert_int_equal(event.sign, WATCH_FOLDERS);
		assert_string_equal(event.name, "");
		assert_int_equal(watch_next(watch, &event, &is_event), 0);
	}
	assert_true(alarms > 0);
}

static void an_exporter_that_writes_in_place_is_heard_twice(void **state)
{
	(void)state;
	put("incoming/a.xml", "x");
	assert_next(WATCH_BORN, "a.xml");
	assert_next(WATCH_ARRIVED, "a.xml");
	assert_silence();
}

static void a_rename_into_place_is_an_arrival(void **state)
{
	(void)state;
	put("aside", "x");
	assert_silence(); /* files of the root concern nobody */
	assert_int_equal(rename("aside", "incoming/a.xml"), 0);
	assert_next(WATCH_ARRIVED, "a.xml");
	assert_silence();
}

static void another_link_is_made_but_has_not_arrived(void **state)
{
	(void)state;
	put("aside", "x");
	assert_int_equal(link("aside", "incoming/a.xml"), 0);
	assert_next(WATCH_BORN, "a.xml");
	assert_int_equal(unlink("aside"), 0);
	assert_silence(); /* only a look shows that the other name is gone */
}

static void a_change_of_mode_is_a_touch(void **state)
{
	(void)state;
	put("aside", "x");
	assert_int_equal(rename("aside", "incoming/a.xml"), 0);
	assert_next(WATCH_ARRIVED, "a.xml");
	assert_int_equal(chmod("incoming/a.xml", 0600), 0);
	assert_next(WATCH_TOUCHED, "a.xml");
	assert_silence();
}

static void what_goes_is_told_with_its_name(void **state)
{
	(void)state;
	put("aside", "x");
	assert_int_equal(rename("aside", "incoming/a.xml"), 0);
	assert_int_equal(rename("incoming/a.xml", "incoming/b.xml"), 0);
	assert_int_equal(unlink("incoming/b.xml"), 0);
	assert_next(WATCH_ARRIVED, "a.xml");
	assert_next(WATCH_LEFT, "a.xml");
	assert_next(WATCH_ARRIVED, "b.xml");
	assert_next(WATCH_LEFT, "b.xml");
	assert_silence();
}

static void hands_in_sending_are_noticed(void **state)
{
	(void)state;
	put("aside", "x");
	assert_int_equal(rename("aside", "sending/a"), 0);
	assert_int_equal(unlink("sending/a"), 0);
	put("sending/b", "x");
	assert_int_equal(rename("sending/b", "aside"), 0);
	assert_next(WATCH_STRAY, "a");
	assert_next(WATCH_WITHDRAWN, "a");
	assert_next(WATCH_STRAY, "b");
	assert_next(WATCH_STRAY, "b");
	assert_next(WATCH_WITHDRAWN, "b");
	assert_silence();
}

static void a_folder_in_incoming_is_no_drop(void **state)
{
	(void)state;
	assert_int_equal(mkdir("incoming/a.xml", 0750), 0);
	assert_int_equal(rmdir("incoming/a.xml"), 0);
	assert_silence();
}

static void our_own_files_in_the_root_wake_nobody(void **state)
{
	(void)state;
	put("state.json.tmp", "{}");
	assert_int_equal(rename("state.json.tmp", "state.json"), 0);
	assert_int_equal(unlink("state.json"), 0);
	assert_silence();
}

static void a_folder_that_is_moved_removed_or_made_is_told(void **state)
{
	(void)state;
	static const char *const folders[] = {
		"incoming", "sending", "sent", "failed", "audit"};
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		assert_int_equal(rename(folders[i], "away"), 0);
		assert_folders_changed();
		assert_int_equal(rmdir("away"), 0);
		assert_folders_changed();
		assert_int_equal(mkdir(folders[i], 0750), 0);
		assert_folders_changed();
	}
}

static void a_folder_that_was_made_again_is_watched_again(void **state)
{
	(void)state;
	bool changed = false;
	assert_int_equal(rename("incoming", "away"), 0);
	assert_int_equal(mkdir("incoming", 0750), 0);
	assert_folders_changed();
	assert_int_equal(spool_refresh(spool, &changed), 0);
	assert_int_equal(watch_spool(watch, spool), 0);
	put("away/old.xml", "x");
	put("incoming/new.xml", "x");
	assert_next(WATCH_BORN, "new.xml");
	assert_next(WATCH_ARRIVED, "new.xml");
	assert_silence();
}

static unsigned watches_held(void)
{
	char path[64];
	char line[256];
	unsigned count = 0;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", watch_fd(watch));
	FILE *info = fopen(path, "re");
	assert_non_null(info);
	while (fgets(line, sizeof(line), info))
		count += !strncmp(line, "inotify ", 8);
	assert_int_equal(fclose(info), 0);
	return count;
}

static void what_was_moved_away_is_watched_no_more(void **state)
{
	(void)state;
	bool changed = false;
	unsigned before = watches_held();
	assert_int_equal(rename("incoming", "away"), 0);
	assert_int_equal(mkdir("incoming", 0750), 0);
	assert_int_equal(spool_refresh(spool, &changed), 0);
	assert_int_equal(watch_spool(watch, spool), 0);
	assert_int_equal(watches_held(), before);
}

static void watching_the_same_folders_again_doubles_nothing(void **state)
{
	(void)state;
	assert_int_equal(watch_spool(watch, spool), 0);
	put("incoming/a.xml", "x");
	assert_next(WATCH_BORN, "a.xml");
	assert_next(WATCH_ARRIVED, "a.xml");
	assert_silence();
}

static void its_descriptor_is_readable_when_something_is_there(void **state)
{
	(void)state;
	struct pollfd fd = {.fd = watch_fd(watch), .events = POLLIN};
	assert_int_equal(poll(&fd, 1, 0), 0);
	put("incoming/a.xml", "x");
	assert_int_equal(poll(&fd, 1, 0), 1);
	assert_next(WATCH_BORN, "a.xml");
	assert_next(WATCH_ARRIVED, "a.xml");
	assert_silence();
	assert_int_equal(poll(&fd, 1, 0), 0);
}

static void the_longest_name_comes_whole(void **state)
{
	(void)state;
	char path[NAME_MAX + 16] = "incoming/";
	memset(path + 9, 'n', NAME_MAX);
	put(path, "x");
	assert_next(WATCH_BORN, path + 9);
}

static void alarms_that_were_dropped_are_an_alarm(void **state)
{
	(void)state;
	enum { TOUCHES_MAX = 400000 };
	unsigned long room = 16384;
	FILE *limit = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
	char line[32] = "";
	if (limit) {
		if (fgets(line, sizeof(line), limit))
			room = strtoul(line, NULL, 10);
		assert_int_equal(fclose(limit), 0);
	}
	if (room > TOUCHES_MAX)
		skip_because("this system's queue takes too long to fill");

	/* Two names in turn: the same alarm twice in succession counts once. */
	put("aside", "x");
	for (unsigned long i = 0; i <= room / 2; i++) {
		assert_int_equal(rename("aside", "incoming/a.xml"), 0);
		assert_int_equal(rename("incoming/a.xml", "aside"), 0);
	}
	struct watch_event event = {0};
	bool is_event = true;
	unsigned lost = 0;
	while (is_event) {
		assert_int_equal(watch_next(watch, &event, &is_event), 0);
		lost += is_event && event.sign == WATCH_LOST;
	}
	assert_int_equal(lost, 1);
	put("sending/after", "x");
	assert_next(WATCH_STRAY, "after");
}

#define with_watch(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_watch(an_exporter_that_writes_in_place_is_heard_twice),
		with_watch(a_rename_into_place_is_an_arrival),
		with_watch(another_link_is_made_but_has_not_arrived),
		with_watch(a_change_of_mode_is_a_touch),
		with_watch(what_goes_is_told_with_its_name),
		with_watch(hands_in_sending_are_noticed),
		with_watch(a_folder_in_incoming_is_no_drop),
		with_watch(our_own_files_in_the_root_wake_nobody),
		with_watch(a_folder_that_is_moved_removed_or_made_is_told),
		with_watch(a_folder_that_was_made_again_is_watched_again),
		with_watch(what_was_moved_away_is_watched_no_more),
		with_watch(watching_the_same_folders_again_doubles_nothing),
		with_watch(its_descriptor_is_readable_when_something_is_there),
		with_watch(the_longest_name_comes_whole),
		with_watch(alarms_that_were_dropped_are_an_alarm),
	};
	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
