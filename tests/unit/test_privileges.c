/* SPDX-License-Identifier: MIT */
#include "system/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "skipping.h"

static bool is_sealed(void)
{
	struct rlimit core = {.rlim_max = 1};
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
	       prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 &&
	       getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0;
}

static bool seals(void)
{
	return !is_sealed() && privileges_seal() == 0 && is_sealed();
}

static bool becomes_nobody_for_good(void)
{
	const struct passwd *nobody = getpwnam("nobody");
	if (!nobody)
		return false;
	uid_t uid = nobody->pw_uid;
	gid_t gid = nobody->pw_gid;
	const gid_t before[] = {4242, 4243};
	gid_t after[2] = {0};
	return setgroups(2, before) == 0 && privileges_drop("nobody") == 0 &&
	       geteuid() == uid && getegid() == gid && getgroups(2, after) == 1 &&
	       after[0] == gid && setuid(0) < 0;
}

static bool seals_after_a_change_of_user(void)
{
	return privileges_drop("nobody") == 0 && seals();
}

static bool in_child(bool (*attempt)(void))
{
	int status = 0;
	pid_t child = fork();
	if (child == 0)
		_exit(attempt() ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void test_sealed_it_gains_nothing_and_leaves_no_core(void **state)
{
	(void)state;
	assert_true(in_child(seals));
}

static void test_root_becomes_another_user_for_good(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip_because("only root can become somebody else");
	assert_true(in_child(becomes_nobody_for_good));
	assert_true(in_child(seals_after_a_change_of_user));
}

static void test_whoever_we_are_already_is_no_change(void **state)
{
	(void)state;
	const struct passwd *self = getpwuid(geteuid());
	assert_int_equal(privileges_drop(NULL), 0);
	if (self)
		assert_int_equal(privileges_drop(self->pw_name), 0);
}

static void test_a_user_that_is_not_there_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(privileges_drop("nobody-of-this-name"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sealed_it_gains_nothing_and_leaves_no_core),
		cmocka_unit_test(test_root_becomes_another_user_for_good),
		cmocka_unit_test(test_whoever_we_are_already_is_no_change),
		cmocka_unit_test(test_a_user_that_is_not_there_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
