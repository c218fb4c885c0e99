#ifndef GATEWAY_SYSTEM_STATE_FILE_H
#define GATEWAY_SYSTEM_STATE_FILE_H
/* SPDX-License-Identifier: MIT
 *
 * state_file - where the snapshot of a spool lies, and how it is read again
 *
 * Knows: its name and its bounds. Must not know: what it says (core/status.h).
 */

struct status;

#define STATE_FILE "state.json"

/* folder: the root of a spool. 0 and *status, owned by the caller; -errno; -EINVAL: it is
 * no snapshot. */
int state_file_read(int folder, struct status *status);

#endif
