/* SPDX-License-Identifier: MIT */
#include "system/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "system/config.h"

/* ABI 3; Debian 12's header ends at ABI 2. */
#define ACCESS_TRUNCATE (UINT64_C(1) << 14)

#define ACCESS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ACCESS_WRITE                                                                     \
	(ACCESS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |     \
		LANDLOCK_ACCESS_FS_REMOVE_FILE | ACCESS_TRUNCATE)
/* Who may move a thing to another folder may make one of its kind there: what others left
 * in sending/ that is no file is set aside as well. Not devices: they would lead out. */
#define ACCESS_SPOOL                                                                     \
	(ACCESS_WRITE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR |    \
		LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_MAKE_FIFO |             \
		LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REFER)
/* What a rule on a file, not a folder, may speak of. */
#define ACCESS_OF_FILE                                                                   \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE)

static const uint64_t access_bits[] = {
	[SANDBOX_READ] = ACCESS_READ,
	[SANDBOX_WRITE] = ACCESS_WRITE,
	[SANDBOX_SPOOL] = ACCESS_SPOOL,
};

enum { ABI_LEAST = 2 };

/* All that an ABI can forbid, from the lowest on; the last one stands for newer ones. */
static const uint64_t abi_bits[] = {
	LANDLOCK_ACCESS_FS_MAKE_SYM | (LANDLOCK_ACCESS_FS_MAKE_SYM - 1),
	LANDLOCK_ACCESS_FS_REFER,
	ACCESS_TRUNCATE,
};

/* --- which files --- */

/* Replaced by a rename, a file in /etc would be outside of a rule of its own. */
static const char *const system_files[] = {
	"/etc", /* names, certificates, time zone, the linker's cache */
	"/usr",
	"/lib", /* character sets and name services are loaded when needed */
	"/lib64",
	"/var/lib/ca-certificates",
	"/dev/null",
	"/dev/random",
	"/dev/urandom",
	"/proc/self", /* folders are watched by /proc/self/fd */
	"/proc/sys",  /* the id of the boot; settings that malloc asks for */
	"/sys/devices/system/cpu",
};

/* Named by each site, read again at SIGHUP or with a new connection. */
static const size_t site_files[] = {
	offsetof(struct site_config, key_file),
	offsetof(struct site_config, password_file),
	offsetof(struct site_config, basic_auth_file),
	offsetof(struct site_config, ca_file),
	offsetof(struct site_config, client_cert),
	offsetof(struct site_config, client_key),
	offsetof(struct site_config, schema),
};

void sandbox_allow(struct sandbox *s, const char *path, enum sandbox_access access)
{
	s->rules = xgrow(s->rules, &s->room, s->count + 1, sizeof(*s->rules));
	s->rules[s->count++] =
		(struct sandbox_rule){.path = xstrdup(path), .access = access};
}

static void allow_folder_of(
	struct sandbox *s, const char *path, enum sandbox_access access)
{
	const char *slash = strrchr(path, '/');
	size_t len = !slash ? 0 : slash == path ? 1 : (size_t)(slash - path);
	auto_free char *folder = slash ? xstrndup(path, len) : xstrdup(".");
	sandbox_allow(s, folder, access);
}

/* Its folder; and if it is a link, the one that holds what is meant. */
static void allow_named(struct sandbox *s, const char *path)
{
	auto_free char *real = realpath(path, NULL);
	allow_folder_of(s, path, SANDBOX_READ);
	if (real)
		allow_folder_of(s, real, SANDBOX_READ);
}

static void allow_site(struct sandbox *s, const struct site_config *site)
{
	sandbox_allow(s, site->spool, SANDBOX_SPOOL);
	for (size_t i = 0; i < sizeof(site_files) / sizeof(site_files[0]); i++) {
		const char *path = *(char *const *)((const char *)site + site_files[i]);
		if (path)
			allow_named(s, path);
	}
	if (site->metrics_file)
		allow_folder_of(s, site->metrics_file, SANDBOX_WRITE);
}

void sandbox_allow_config(struct sandbox *s, const struct config *config)
{
	allow_named(s, config->path);
	for (size_t i = 0; i < config->site_count; i++)
		allow_site(s, &config->sites[i]);
}

void sandbox_allow_system(struct sandbox *s)
{
	for (size_t i = 0; i < sizeof(system_files) / sizeof(system_files[0]); i++)
		sandbox_allow(s, system_files[i], SANDBOX_READ);
	/* Often a link into /run, to what is replaced whenever the network changes. */
	allow_named(s, "/etc/resolv.conf");
}

void sandbox_done(struct sandbox *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->rules[i].path);
	free(s->rules);
	*s = (struct sandbox){.rules = NULL};
}

/* --- Landlock; glibc has no names for its calls --- */

static int ask_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0,
		LANDLOCK_CREATE_RULESET_VERSION);
	return abi < 0 ? -errno : (int)abi;
}

static uint64_t bits_of_abi(int abi)
{
	uint64_t bits = 0;
	for (size_t i = 0; i < sizeof(abi_bits) / sizeof(abi_bits[0]); i++)
		bits |= (int)i < abi ? abi_bits[i] : 0;
	return bits;
}

static int make_ruleset(uint64_t handled)
{
	const struct landlock_ruleset_attr attr = {.handled_access_fs = handled};
	long fd = syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0U);
	return fd < 0 ? -errno : (int)fd;
}

static int add_rule(int ruleset, const struct sandbox_rule *rule, uint64_t handled)
{
	auto_close int fd = open(rule->path, O_PATH | O_CLOEXEC);
	struct stat st;
	if (fd < 0)
		return 0;
	if (fstat(fd, &st) < 0)
		return -errno;
	uint64_t bits = access_bits[rule->access] & handled;
	const struct landlock_path_beneath_attr beneath = {
		.parent_fd = fd,
		.allowed_access = S_ISDIR(st.st_mode) ? bits : bits & ACCESS_OF_FILE,
	};
	long r = syscall(
		SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0U);
	return r < 0 ? -errno : 0;
}

int sandbox_enter(const struct sandbox *s, int *abi)
{
	int kernel = ask_abi();
	if (kernel < 0)
		return kernel;
	*abi = kernel;
	if (kernel < ABI_LEAST)
		return -EOPNOTSUPP;

	uint64_t handled = bits_of_abi(kernel);
	auto_close int ruleset = make_ruleset(handled);
	int r = ruleset < 0 ? ruleset : 0;
	for (size_t i = 0; r == 0 && i < s->count; i++)
		r = add_rule(ruleset, &s->rules[i], handled);
	if (r < 0)
		return r;
	return syscall(SYS_landlock_restrict_self, ruleset, 0U) < 0 ? -errno : 0;
}
