#ifndef GATEWAY_SYSTEM_STATE_FILE_H
#define GATEWAY_SYSTEM_STATE_FILE_H
/* SPDX-License-Identifier: MIT
 *
 * state_file - where the snapshot of a spool lies, and how it is read again
 *
 * Knows: its name and its bounds, and that its time of change is a sign of life: a gateway
 * that has nothing new to tell touches it, which wakes nobody. Must not know: what it says
 * (core/status.h).
 */
#include "base/times.h"

struct status;

#define STATE_FILE "state.json"

/* folder: the root of a spool. 0 and *status, owned by the caller, and *alive, when it was
 * written or touched; -errno; -EINVAL: it is no snapshot. */
int state_file_read(int folder, struct status *status, usec_t *alive);

#endif
