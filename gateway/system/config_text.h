#ifndef GATEWAY_SYSTEM_CONFIG_TEXT_H
#define GATEWAY_SYSTEM_CONFIG_TEXT_H
/* SPDX-License-Identifier: MIT
 *
 * config_text - the configuration file's text, made safe to hand to libconfig
 *
 * Knows: where libconfig 1.5 would end the process or read something else than what is
 * written, and prevents it: it exits on a read error (a folder), stops at a NUL byte, and
 * reads a whole number with 32 bits, in silence, unless an L follows it.
 * Promises: lines keep their numbers.
 */
#include <sys/types.h>

struct buf;
struct complaints;

/* 0 with the text in `text` and the file's permissions, or -EINVAL with the complaint. */
int config_text_read(
	const char *path, struct buf *text, mode_t *mode, struct complaints *complaints);

#endif
