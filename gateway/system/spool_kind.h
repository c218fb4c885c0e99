#ifndef GATEWAY_SYSTEM_SPOOL_KIND_H
#define GATEWAY_SYSTEM_SPOOL_KIND_H
/* SPDX-License-Identifier: MIT
 *
 * spool_kind - why a name in a folder of the spool is no drop, if it is no regular file
 */
#include <sys/stat.h>

/* What it is, and what its owner can do: in the language that is spoken. */
const char *spool_kind_words(mode_t mode);

#endif
