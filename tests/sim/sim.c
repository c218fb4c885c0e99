/* SPDX-License-Identifier: MIT
 *
 * The schedule under virtual time: many seeded lives of a gateway before a bad shop.
 * Without options a quick sample; `--requests 10000000` is the long run.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "figures.h"
#include "world.h"

enum { QUICK_SEEDS = 1000 };

struct options {
	uint64_t seed, seeds, requests;
	bool figures;
};

static void usage(void)
{
	fputs("usage: sim [--seed N] [--seeds N] [--requests N] [--figures]\n", stderr);
	exit(64);
}

static uint64_t number(const char *text)
{
	char *end = NULL;
	uint64_t value = strtoull(text, &end, 10);
	if (end == text || *end)
		usage();
	return value;
}

static struct options options_read(int argc, char **argv)
{
	static const struct option known[] = {
		{"seed", required_argument, NULL, 's'},
		{"seeds", required_argument, NULL, 'n'},
		{"requests", required_argument, NULL, 'r'},
		{"figures", no_argument, NULL, 'f'},
		{0},
	};
	struct options o = {.seed = 1};
	bool is_one = false;
	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		if (c == 's') {
			o.seed = number(optarg);
			is_one = true;
		} else if (c == 'n') {
			o.seeds = number(optarg);
		} else if (c == 'r') {
			o.requests = number(optarg);
		} else if (c == 'f') {
			o.figures = true;
		} else {
			usage();
		}
	}
	if (!o.seeds && is_one && !o.requests)
		o.seeds = 1;
	if (!o.seeds)
		o.seeds = o.requests ? UINT64_MAX : QUICK_SEEDS;
	return o;
}

static void tell(uint64_t lives, uint64_t seed, const struct world_figures *figures)
{
	printf("ok: %" PRIu64 " lives from seed %" PRIu64 ", %" PRIu64
	       " comments, %" PRIu64 " requests\n",
		lives, seed, figures->comments, figures->requests);
	printf("stored twice by our fault: %" PRIu64 "\n", figures->doubled);
	printf("stored twice by a shop that crashed before noting the number: %" PRIu64
	       "\n",
		figures->repeated);
	printf("stored twice by a shop at work for longer than unknown_wait after a "
	       "crash "
	       "of ours: %" PRIu64 "\n",
		figures->overdue);
	printf("woken at a told instant: %" PRIu64 " times, %" PRIu64 " of them idly\n",
		figures->wakes, figures->idle_wakes);
}

int main(int argc, char **argv)
{
	struct options o = options_read(argc, argv);
	if (o.figures) {
		figures_print();
		return 0;
	}
	struct world_figures figures = {0};
	uint64_t lives = 0;
	for (; lives < o.seeds && (!o.requests || figures.requests < o.requests); lives++)
		world_live(o.seed + lives, &figures);
	tell(lives, o.seed, &figures);
	return 0;
}
