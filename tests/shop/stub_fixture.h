#ifndef TESTS_SHOP_STUB_FIXTURE_H
#define TESTS_SHOP_STUB_FIXTURE_H
/* SPDX-License-Identifier: MIT
 *
 * stub_fixture - the scripted shop (stub_shop.py) and a transport, for unit tests
 *
 * One process serves all tests of a program: what it does is chosen by the path of the
 * URL. Its log is the witness of what a shop would have seen. STUB_SHOP names the program
 * if it is not found from the source tree.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../unit/scratch.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "system/transport.h"

enum { STUB_PATH_MAX = SCRATCH_PATH_MAX + 64 };

struct stub {
	pid_t pid;
	int port, proxy_port;
	bool tls;
	char log[STUB_PATH_MAX];
};

static char folder[SCRATCH_PATH_MAX];
static struct transport *transport;
static unsigned fds_before;

static const char *stub_path(void)
{
	const char *given = getenv("STUB_SHOP");
	return given ? given : "tests/shop/stub_shop.py";
}

static const char *in_folder(const char *name)
{
	static char paths[8][STUB_PATH_MAX];
	static unsigned next;
	char *path = paths[next++ % 8];
	(void)snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

/* "@name" is a file beside the stub. */
static char *script_argument(const char *script)
{
	char *argument = NULL;
	int folder_len = (int)(strrchr(stub_path(), '/') - stub_path());
	if (*script != '@')
		return xstrdup(script);
	assert_true(
		asprintf(&argument, "@%.*s/%s", folder_len, stub_path(), script + 1) > 0);
	return argument;
}

static void stub_exec(
	const struct stub *stub, int out, const char *script, const char *const *more)
{
	char *args[16] = {xstrdup(stub_path()), xstrdup("--script"),
		script_argument(script), xstrdup("--log"), xstrdup(stub->log),
		xstrdup("--proxy=user:word")};

	for (unsigned i = 0; more && more[i]; i++)
		args[6 + i] = xstrdup(more[i]);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)dup2(out, STDOUT_FILENO);
	(void)execv(args[0], args);
	_exit(127);
}

static int read_port(FILE *ports, const char *name)
{
	char line[64] = "";
	assert_non_null(fgets(line, sizeof(line), ports));
	assert_memory_equal(line, name, strlen(name));
	return (int)strtol(line + strlen(name), NULL, 10);
}

static inline void stub_start(
	struct stub *stub, const char *log, const char *script, const char *const *more)
{
	int pipe_fds[2];
	(void)snprintf(stub->log, sizeof(stub->log), "%s", in_folder(log));
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	stub->pid = fork();
	assert_true(stub->pid >= 0);
	if (stub->pid == 0)
		stub_exec(stub, pipe_fds[1], script, more);
	(void)close(pipe_fds[1]);

	FILE *ports = fdopen(pipe_fds[0], "r");
	assert_non_null(ports);
	stub->port = read_port(ports, "PORT ");
	(void)read_port(ports, "CONTROL ");
	stub->proxy_port = read_port(ports, "PROXY ");
	(void)fclose(ports);
}

static inline void stub_stop(struct stub *stub)
{
	if (stub->pid <= 0)
		return;
	(void)kill(stub->pid, SIGTERM);
	(void)waitpid(stub->pid, NULL, 0);
}

static inline int folder_remove(void)
{
	char command[STUB_PATH_MAX];
	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command); /* NOLINT(cert-env33-c): our own words */
}

/* How many lines of the stub's log hold all of the words given. */
static inline unsigned stub_seen(
	const struct stub *stub, const char *event, const char *path, const char *more)
{
	char wanted_event[64];
	char wanted_path[64] = "";
	auto_free char *line = NULL;
	size_t room = 0;
	unsigned count = 0;
	FILE *log = fopen(stub->log, "r");

	assert_non_null(log);
	(void)snprintf(wanted_event, sizeof(wanted_event), "\"event\": \"%s\"", event);
	if (path)
		(void)snprintf(
			wanted_path, sizeof(wanted_path), "\"path\": \"%s\"", path);
	while (getline(&line, &room, log) > 0)
		count += strstr(line, wanted_event) && strstr(line, wanted_path) &&
			 (!more || strstr(line, more));
	(void)fclose(log);
	return count;
}

static unsigned count_fds(void)
{
	unsigned count = 0;
	DIR *dir = opendir("/proc/self/fd");
	while (dir && readdir(dir))
		count++;
	(void)closedir(dir);
	return count;
}

static int setup(void **state)
{
	(void)state;
	fds_before = count_fds();
	transport = transport_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	transport_free(transport);
	return count_fds() == fds_before ? 0 : -1;
}

static inline struct endpoint *endpoint_at(
	const struct stub *stub, const char *path, const struct endpoint_options *more)
{
	struct endpoint_options options = {0};
	char url[256];
	(void)snprintf(url, sizeof(url), "%s://127.0.0.1:%d%s",
		stub->tls ? "https" : "http", stub->port, path);
	if (more)
		options = *more;
	if (!options.connections)
		options.connections = 1;
	if (!options.connect_timeout)
		options.connect_timeout = 10000;
	if (!options.request_timeout)
		options.request_timeout = 20000;
	if (!options.url)
		options.url = url;
	return endpoint_new(&options);
}

static struct exchange *next_ended(void)
{
	struct exchange *x = NULL;
	while (!(x = transport_next(transport)))
		assert_int_equal(transport_wait(transport, NULL, 0, MSEC_NEVER), 0);
	return x;
}

static struct exchange *exchange_with(struct endpoint *e, const char *body, size_t len)
{
	char *copy = xcalloc(len, 1);
	memcpy(copy, body, len);
	struct exchange *x = transport_post(transport, e, copy, len, e);
	assert_ptr_equal(next_ended(), x);
	assert_ptr_equal(exchange_cookie(x), e);
	return x;
}

static enum reply_end end_with(struct endpoint *e)
{
	struct reply reply;
	struct exchange *x = exchange_with(e, "<request/>", 10);
	exchange_reply(x, &reply);
	enum reply_end end = reply.end;
	assert_int_equal(end == REPLY_ANSWERED, reply.trouble == NULL);
	assert_int_equal(end == REPLY_ANSWERED, reply.status != 0);
	if (reply.trouble)
		print_message("# %s\n", reply.trouble);
	exchange_free(x);
	return end;
}

static inline enum reply_end end_at(
	const struct stub *stub, const char *path, const struct endpoint_options *more)
{
	struct endpoint *e = endpoint_at(stub, path, more);
	enum reply_end end = end_with(e);
	endpoint_free(e);
	return end;
}

#endif
