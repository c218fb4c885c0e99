#ifndef TESTS_UNIT_EFFORT_H
#define TESTS_UNIT_EFFORT_H
/* SPDX-License-Identifier: MIT
 *
 * effort - how much of a test that could go on for ever is done
 *
 * Usually a sample that a person waits for; under valgrind, where each step takes fifty
 * times as long, a small one; all of it when GATEWAY_TORTURE is set. What is sampled is
 * drawn from fixed seeds, so that each effort does the same in each run.
 */
#include <stddef.h>
#include <stdlib.h>

struct effort {
	size_t all;
	size_t sample;
	size_t under_valgrind;
};

/* tests/run sets GATEWAY_VALGRIND: a program cannot see it without valgrind's headers. */
static inline size_t effort(struct effort e)
{
	if (getenv("GATEWAY_TORTURE"))
		return e.all;
	return getenv("GATEWAY_VALGRIND") ? e.under_valgrind : e.sample;
}

#endif
