#ifndef GATEWAY_SYSTEM_PRIVILEGES_H
#define GATEWAY_SYSTEM_PRIVILEGES_H
/* SPDX-License-Identifier: MIT
 *
 * privileges - becoming the configured user for good
 *
 * Started as root, the gateway reads its configuration and secrets and then has no more
 * use for root. Errors: -errno; the caller must not go on then.
 */

/* Nothing happens if user is NULL, or we are that user already. */
int privileges_drop(const char *user);

#endif
