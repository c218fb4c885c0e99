#ifndef TESTS_UNIT_SKIPPING_H
#define TESTS_UNIT_SKIPPING_H
/* SPDX-License-Identifier: MIT
 *
 * skipping - a test that cannot be made here, and why
 *
 * What is printed before a skip is the reason that the runner shows. Needs cmocka.h
 * before it.
 */
#define skip_because(reason)                                                             \
	do {                                                                             \
		print_message("%s\n", reason);                                           \
		skip();                                                                  \
	} while (0)

#endif
