#ifndef GATEWAY_BASE_BANNED_H
#define GATEWAY_BASE_BANNED_H
/* SPDX-License-Identifier: MIT
 *
 * banned - C library calls that nobody here may use
 *
 * Included by the compiler into every file (-include), so that a use fails to build.
 * Unbounded writes, hidden state, errors that cannot be told from values.
 */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol atoll gets
#pragma GCC poison gmtime localtime ctime asctime mktemp tmpnam

#endif
