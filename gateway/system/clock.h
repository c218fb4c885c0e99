#ifndef GATEWAY_SYSTEM_CLOCK_H
#define GATEWAY_SYSTEM_CLOCK_H
/* SPDX-License-Identifier: MIT
 *
 * clock - the only place that asks the kernel what time it is
 *
 * Waits go by CLOCK_BOOTTIME, which nobody can set and which counts sleep; names, records
 * and letters to people by CLOCK_REALTIME. A turn asks once and hands the answer on.
 */
#include "base/times.h"

struct moment {
	msec_t up;   /* since boot */
	usec_t wall; /* since 1970 */
};

struct moment clock_now(void);

/* The kernel's id of this boot (random(4)), "" where it cannot be read. Static. */
const char *clock_boot_id(void);

#endif
