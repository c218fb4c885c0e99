#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H
/* SPDX-License-Identifier: MIT
 *
 * scratch - a folder of a test's own, below TMPDIR
 *
 * There the runner finds what a test leaves behind, and takes it away.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { SCRATCH_PATH_MAX = 256 };

/* Its path, which is unique. False: errno. */
static inline bool scratch_make(char folder[SCRATCH_PATH_MAX], const char *name)
{
	const char *parent = getenv("TMPDIR");
	int len = snprintf(folder, SCRATCH_PATH_MAX, "%s/%s.XXXXXX",
		parent && *parent ? parent : "/tmp", name);
	return len > 0 && len < SCRATCH_PATH_MAX && mkdtemp(folder);
}

#endif
