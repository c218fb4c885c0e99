/* SPDX-License-Identifier: MIT
 *
 * Runs a command and writes what it cost, as JSON.
 *
 *	stopwatch FILE COMMAND [ARGUMENT...]
 *
 * A small program on purpose: the kernel counts the peak memory of whoever starts a
 * program as the program's own, and the runner is larger than what it measures. Children
 * that the command waited for are counted with it.
 */
#include <errno.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double now(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int write_costs(
	const char *path, int status, double started, const struct rusage *usage)
{
	FILE *out = fopen(path, "we");
	if (!out)
		return -errno;
	fprintf(out,
		"{\"status\": %d, \"started\": %.9f, \"wall\": %.9f, \"user\": %.6f, "
		"\"system\": %.6f, \"peak_kib\": %ld, \"voluntary\": %ld}\n",
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), started,
		now() - started, seconds(usage->ru_utime), seconds(usage->ru_stime),
		usage->ru_maxrss, usage->ru_nvcsw);
	return fclose(out) == 0 ? 0 : -errno;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fputs("usage: stopwatch FILE COMMAND [ARGUMENT...]\n", stderr);
		return 64;
	}
	pid_t pid = 0;
	int status = 0;
	struct rusage usage;
	double started = now();
	errno = posix_spawnp(&pid, argv[2], NULL, NULL, argv + 2, environ);
	if (errno || wait4(pid, &status, 0, &usage) < 0 ||
		write_costs(argv[1], status, started, &usage) < 0) {
		perror(argv[2]);
		return 1;
	}
	return 0;
}
