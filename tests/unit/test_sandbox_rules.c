/* SPDX-License-Identifier: MIT
 *
 * What sandbox asks of the kernel, for every ABI that a kernel may have: syscall(3) is
 * replaced by one that answers as such a kernel would, and notes what it was asked.
 */
#include "system/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#define TRUNCATE (UINT64_C(1) << 14)
#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

static struct {
	int abi; /* or -errno */
	uint64_t handled;
	uint64_t allowed; /* of the latest rule */
	unsigned rules;
	unsigned entries;
} kernel;

static long refuse(int error)
{
	errno = error;
	return -1;
}

static long create_ruleset(const struct landlock_ruleset_attr *attr, uint32_t flags)
{
	if (kernel.abi < 0)
		return refuse(-kernel.abi);
	if (flags == LANDLOCK_CREATE_RULESET_VERSION)
		return kernel.abi;
	kernel.handled = attr->handled_access_fs;
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static long add_rule(const struct landlock_path_beneath_attr *beneath)
{
	kernel.allowed = beneath->allowed_access;
	kernel.rules++;
	/* As a kernel would. */
	return kernel.allowed & ~kernel.handled ? refuse(EINVAL) : 0;
}

long syscall(long __sysno, ...)
{
	long r = 0;
	va_list list;
	va_start(list, __sysno);
	if (__sysno == SYS_landlock_create_ruleset) {
		const void *attr = va_arg(list, const void *);
		(void)va_arg(list, size_t);
		r = create_ruleset(attr, va_arg(list, unsigned));
	} else if (__sysno == SYS_landlock_add_rule) {
		(void)va_arg(list, int);
		unsigned kind = va_arg(list, unsigned);
		assert_int_equal(kind, LANDLOCK_RULE_PATH_BENEATH);
		r = add_rule(va_arg(list, const void *));
	} else {
		assert_int_equal(__sysno, SYS_landlock_restrict_self);
		kernel.entries++;
	}
	va_end(list);
	return r;
}

static int enter(int abi, const char *path, enum sandbox_access access)
{
	int found = 0;
	struct sandbox sandbox = {.rules = NULL};
	memset(&kernel, 0, sizeof(kernel));
	kernel.abi = abi;
	sandbox_allow(&sandbox, path, access);
	int r = sandbox_enter(&sandbox, &found);
	sandbox_done(&sandbox);
	assert_int_equal(found, abi < 0 ? 0 : abi);
	return r;
}

static bool is_allowed(const struct sandbox *s, const char *path, enum sandbox_access a)
{
	for (size_t i = 0; i < s->count; i++)
		if (!strcmp(s->rules[i].path, path) && s->rules[i].access == a)
			return true;
	return false;
}

static size_t count_allowed(const struct sandbox *s, enum sandbox_access access)
{
	size_t count = 0;
	for (size_t i = 0; i < s->count; i++)
		count += s->rules[i].access == access;
	return count;
}

static void test_a_kernel_without_it_is_told_apart(void **state)
{
	(void)state;
	assert_int_equal(enter(-ENOSYS, "/", SANDBOX_READ), -ENOSYS);
	assert_int_equal(enter(-EOPNOTSUPP, "/", SANDBOX_READ), -EOPNOTSUPP);
	assert_int_equal(kernel.entries, 0);
}

static void test_a_kernel_that_forbids_all_claims_confines_nothing(void **state)
{
	(void)state;
	assert_int_equal(enter(1, "/", SANDBOX_READ), -EOPNOTSUPP);
	assert_int_equal(kernel.entries, 0);
	assert_int_equal(kernel.rules, 0);
}

static void test_no_kernel_is_asked_for_what_it_does_not_know(void **state)
{
	(void)state;
	assert_int_equal(enter(2, "/", SANDBOX_SPOOL), 0);
	assert_int_equal(kernel.handled & TRUNCATE, 0);
	assert_true(kernel.handled & LANDLOCK_ACCESS_FS_REFER);
	for (int abi = 3; abi < 20; abi++) {
		assert_int_equal(enter(abi, "/", SANDBOX_SPOOL), 0);
		assert_true(kernel.handled == (TRUNCATE << 1) - 1);
		assert_int_equal(kernel.entries, 1);
	}
}

static void test_each_kind_of_rule_allows_what_it_says(void **state)
{
	(void)state;
	const uint64_t never = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
			       LANDLOCK_ACCESS_FS_MAKE_BLOCK;
	assert_int_equal(enter(3, "/", SANDBOX_READ), 0);
	assert_true(kernel.allowed == READ);
	assert_int_equal(enter(3, "/", SANDBOX_WRITE), 0);
	assert_true(kernel.allowed == (READ | TRUNCATE | LANDLOCK_ACCESS_FS_WRITE_FILE |
					      LANDLOCK_ACCESS_FS_MAKE_REG |
					      LANDLOCK_ACCESS_FS_REMOVE_FILE));
	assert_int_equal(enter(3, "/", SANDBOX_SPOOL), 0);
	assert_true(kernel.allowed == (kernel.handled & ~never));
	/* The kernel refuses rights of folders in a rule on a file. */
	assert_int_equal(enter(3, "/dev/null", SANDBOX_SPOOL), 0);
	assert_true(kernel.allowed == (LANDLOCK_ACCESS_FS_READ_FILE |
					      LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE));
}

static void test_a_path_that_is_not_there_gets_no_rule(void **state)
{
	(void)state;
	assert_int_equal(enter(3, "/nowhere/at/all", SANDBOX_SPOOL), 0);
	assert_int_equal(kernel.rules, 0);
	assert_int_equal(kernel.entries, 1);
}

static void test_of_the_system_nothing_can_be_written(void **state)
{
	(void)state;
	struct sandbox s = {.rules = NULL};
	sandbox_allow_system(&s);
	assert_true(is_allowed(&s, "/etc", SANDBOX_READ));
	assert_true(is_allowed(&s, "/usr", SANDBOX_READ));
	assert_int_equal(count_allowed(&s, SANDBOX_SPOOL), 0);
	assert_false(is_allowed(&s, "/", SANDBOX_READ));
	assert_false(is_allowed(&s, "/", SANDBOX_WRITE));
	assert_false(is_allowed(&s, "/proc", SANDBOX_READ));
	sandbox_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_kernel_without_it_is_told_apart),
		cmocka_unit_test(test_a_kernel_that_forbids_all_claims_confines_nothing),
		cmocka_unit_test(test_no_kernel_is_asked_for_what_it_does_not_know),
		cmocka_unit_test(test_each_kind_of_rule_allows_what_it_says),
		cmocka_unit_test(test_a_path_that_is_not_there_gets_no_rule),
		cmocka_unit_test(test_of_the_system_nothing_can_be_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
