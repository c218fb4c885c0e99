#ifndef GATEWAY_SYSTEM_PRIVILEGES_H
#define GATEWAY_SYSTEM_PRIVILEGES_H
/* SPDX-License-Identifier: MIT
 *
 * privileges - becoming the configured user for good, and keeping the key in memory
 *
 * Started as root, the gateway reads its configuration and secrets and then has no more
 * use for root. Errors: -errno; the caller must not go on then.
 */

/* Nothing happens if user is NULL, or we are that user already. */
int privileges_drop(const char *user);

/* From now on no program that is run gains any, and what is in memory leaves it neither
 * by a core dump nor by a debugger of the same user. After privileges_drop(): the kernel
 * forgets about dumps when the user changes. */
int privileges_seal(void);

#endif
