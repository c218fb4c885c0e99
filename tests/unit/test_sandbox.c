/* SPDX-License-Identifier: MIT
 *
 * What is confined stays so: each test that enters does it in a child, which says by its
 * exit status how many of its claims were wrong.
 */
#include "system/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <iconv.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "scratch.h"
#include "skipping.h"
#include "system/clock.h"
#include "system/config.h"
#include "system/privileges.h"

static char folder[SCRATCH_PATH_MAX];

static void remake(const char *path, mode_t mode)
{
	if (mkdir(path, mode) < 0 && errno != EEXIST)
		abort();
}

static int touch(const char *path)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : 0;
}

static int begin(void **state)
{
	(void)state;
	static const char *const folders[] = {
		"spool", "spool/incoming", "spool/sending", "etc", "metrics", "outside"};
	static const char *const files[] = {
		"spool/incoming/a", "etc/conf", "etc/key", "outside/key", "outside/b"};
	if (!scratch_make(folder, "sandbox") || chdir(folder) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		remake(folders[i], 0700);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (touch(files[i]) < 0)
			return -1;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st;
	(void)kind;
	(void)walk;
	return remove(path);
}

static int end(void **state)
{
	(void)state;
	return chdir("/") < 0 ? -1 : nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static char *in_folder(const char *name)
{
	char path[300];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return strdup(path);
}

/* A configuration of one site, all in our folder. */
struct paths {
	char *spool, *key, *metrics;
	struct site_config site;
	struct config config;
};

static void paths_done(struct paths *p)
{
	free(p->spool);
	free(p->key);
	free(p->metrics);
	free(p->config.path);
}

static void paths_init(struct paths *p)
{
	*p = (struct paths){.spool = in_folder("spool"),
		.key = in_folder("etc/key"),
		.metrics = in_folder("metrics/gateway.prom")};
	p->site = (struct site_config){
		.spool = p->spool, .key_file = p->key, .metrics_file = p->metrics};
	p->config = (struct config){
		.path = in_folder("etc/conf"), .sites = &p->site, .site_count = 1};
}

static void gather(struct sandbox *s)
{
	auto_with(paths_done) struct paths paths;
	paths_init(&paths);
	sandbox_allow_config(s, &paths.config);
	sandbox_allow_system(s);
}

static int can_read(const char *path)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : 0;
}

static int moved(const char *from, const char *to)
{
	return rename(from, to) < 0 ? -errno : 0;
}

static int made(const char *path)
{
	return mkdir(path, 0700) < 0 ? -errno : 0;
}

static int removed(const char *path)
{
	return remove(path) < 0 ? -errno : 0;
}

static int cut(const char *path)
{
	return truncate(path, 0) < 0 ? -errno : 0;
}

/* One wrong claim, in words. */
static int fault(const char *what, int r, int expected)
{
	if (r == expected)
		return 0;
	fprintf(stderr, "%s: %s instead of %s\n", what, strerrordesc_np(-r),
		strerrordesc_np(-expected));
	return 1;
}

#define claim(call, expected) fault(#call, call, expected)

enum { CHILD_UNCONFINED = 99 };

/* Runs it in a confined child. */
static void confined(int (*claims)(int abi))
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int abi = 0;
		auto_with(sandbox_done) struct sandbox s = {.rules = NULL};
		gather(&s);
		int r = privileges_seal();
		if (r == 0)
			r = sandbox_enter(&s, &abi);
		if (r == -ENOSYS || r == -EOPNOTSUPP)
			_exit(CHILD_UNCONFINED);
		_exit(r < 0 ? CHILD_UNCONFINED - 1 : claims(abi));
	}
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CHILD_UNCONFINED)
		skip_because("no Landlock here, or valgrind in between");
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int spool_claims(int abi)
{
	(void)abi;
	return claim(moved("spool/incoming/a", "spool/sending/a"), 0) +
	       claim(can_read("spool/sending/a"), 0) + claim(made("spool/sent"), 0) +
	       claim(made("spool/sent/day"), 0) +
	       claim(moved("spool/sending/a", "spool/sent/day/a"), 0) +
	       claim(touch("spool/state"), 0) + claim(cut("spool/state"), 0) +
	       claim(removed("spool/sent/day/a"), 0) +
	       claim(removed("spool/sent/day"), 0) + claim(removed("spool/incoming"), 0) +
	       claim(made("spool/incoming"), 0) + claim(touch("spool/incoming/b"), 0) +
	       claim(moved("spool/incoming/b", "spool/sending/b"), 0);
}

static int linked(const char *path)
{
	return symlink("/etc/passwd", path) < 0 ? -errno : 0;
}

static int made_fifo(const char *path)
{
	return mkfifo(path, 0600) < 0 ? -errno : 0;
}

static int made_device(const char *path)
{
	return mknod(path, S_IFCHR | 0600, makedev(1, 3)) < 0 ? -errno : 0;
}

static int foreign_claims(int abi)
{
	(void)abi;
	return claim(linked("spool/sending/link"), 0) +
	       claim(moved("spool/sending/link", "spool/incoming/link"), 0) +
	       claim(made_fifo("spool/sending/fifo"), 0) +
	       claim(moved("spool/sending/fifo", "spool/incoming/fifo"), 0) +
	       (made_device("spool/sending/device") ? 0 : 1);
}

static void what_is_no_file_can_be_set_aside(void **state)
{
	(void)state;
	confined(foreign_claims);
}

static void a_spool_is_ours_with_folders_that_are_made_anew(void **state)
{
	(void)state;
	confined(spool_claims);
}

static int read_only_claims(int abi)
{
	(void)abi;
	return claim(can_read("etc/conf"), 0) + claim(can_read("etc/key"), 0) +
	       claim(can_read("etc"), 0) + claim(touch("etc/key"), -EACCES) +
	       claim(touch("etc/new"), -EACCES) + claim(removed("etc/key"), -EACCES) +
	       claim(moved("etc/key", "spool/key"), -EACCES) +
	       claim(touch("metrics/gateway.prom.aside"), 0) +
	       claim(moved("metrics/gateway.prom.aside", "metrics/gateway.prom"), 0) +
	       claim(removed("metrics/gateway.prom"), 0) +
	       claim(made("metrics/folder"), -EACCES);
}

static void what_is_configured_is_read_and_metrics_are_written(void **state)
{
	(void)state;
	confined(read_only_claims);
}

static int outside_claims(int abi)
{
	return claim(can_read("outside/key"), -EACCES) +
	       claim(can_read("outside"), -EACCES) + claim(can_read("/root"), -EACCES) +
	       claim(can_read("/proc/1/environ"), -EACCES) +
	       claim(touch("outside/b"), -EACCES) + claim(touch("outside/new"), -EACCES) +
	       claim(made("outside/d"), -EACCES) + claim(removed("outside/b"), -EACCES) +
	       claim(moved("spool/incoming/a", "outside/a"), -EACCES) +
	       claim(moved("outside/b", "spool/incoming/b"), -EACCES) +
	       claim(execl("/bin/false", "false", (char *)NULL) ? -errno : 0, -EACCES) +
	       (abi < 3 ? 0 : claim(cut("outside/b"), -EACCES));
}

static void all_else_is_outside(void **state)
{
	(void)state;
	confined(outside_claims);
}

static int has_character_set(const char *name)
{
	iconv_t set = iconv_open("UTF-8", name);
	if (set == (iconv_t)-1) /* NOLINT(performance-no-int-to-ptr) */
		return -errno;
	return iconv_close(set);
}

static int has_local_names(void)
{
	struct addrinfo *found = NULL;
	int r = getaddrinfo("localhost", NULL, NULL, &found);
	if (r == 0)
		freeaddrinfo(found);
	return r ? -ENOENT : 0;
}

static int library_claims(int abi)
{
	(void)abi;
	return claim(has_character_set("EUC-JP"), 0) +
	       claim(has_character_set("IBM1140"), 0) + claim(has_local_names(), 0) +
	       claim(can_read("/etc/resolv.conf"), 0) +
	       claim(can_read("/etc/ssl/certs"), 0) + claim(can_read("/dev/urandom"), 0) +
	       claim(touch("/dev/null"), -EACCES) +
	       claim(can_read("/proc/self/maps"), 0) + (*clock_boot_id() ? 0 : 1);
}

static void libraries_find_what_they_open_late(void **state)
{
	(void)state;
	confined(library_claims);
}

static bool has_rule(
	const struct sandbox *s, const char *name, enum sandbox_access access)
{
	auto_free char *path = in_folder(name);
	for (size_t i = 0; i < s->count; i++)
		if (!strcmp(s->rules[i].path, path) && s->rules[i].access == access)
			return true;
	return false;
}

static void a_file_behind_a_link_is_inside_with_its_folder(void **state)
{
	(void)state;
	assert_int_equal(unlink("etc/key"), 0);
	assert_int_equal(symlink("../outside/key", "etc/key"), 0);
	auto_with(sandbox_done) struct sandbox s = {.rules = NULL};
	gather(&s);
	assert_true(has_rule(&s, "outside", SANDBOX_READ));
	assert_true(has_rule(&s, "etc", SANDBOX_READ));
	assert_true(has_rule(&s, "spool", SANDBOX_SPOOL));
	assert_true(has_rule(&s, "metrics", SANDBOX_WRITE));
	assert_false(has_rule(&s, "outside", SANDBOX_WRITE));
}

static void every_named_file_has_the_folder_that_holds_it(void **state)
{
	(void)state;
	struct site_config site = {.spool = (char *)"/s",
		.key_file = (char *)"/a/f",
		.password_file = (char *)"/b/f",
		.basic_auth_file = (char *)"/c/f",
		.ca_file = (char *)"/d/f",
		.client_cert = (char *)"/e/f",
		.client_key = (char *)"/f",
		.schema = (char *)"/h/f/g",
		.metrics_file = (char *)"/i/f"};
	const struct config config = {
		.path = (char *)"here.conf", .sites = &site, .site_count = 1};
	static const char *const expected[] = {
		".", "/s", "/a", "/b", "/c", "/d", "/e", "/", "/h/f", "/i"};
	auto_with(sandbox_done) struct sandbox s = {.rules = NULL};
	sandbox_allow_config(&s, &config);
	assert_int_equal(s.count, sizeof(expected) / sizeof(expected[0]));
	for (size_t i = 0; i < s.count; i++)
		assert_string_equal(s.rules[i].path, expected[i]);
}

#define test(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(a_spool_is_ours_with_folders_that_are_made_anew),
		test(what_is_no_file_can_be_set_aside),
		test(what_is_configured_is_read_and_metrics_are_written),
		test(all_else_is_outside),
		test(libraries_find_what_they_open_late),
		test(a_file_behind_a_link_is_inside_with_its_folder),
		test(every_named_file_has_the_folder_that_holds_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
