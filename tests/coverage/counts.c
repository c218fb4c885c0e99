/* SPDX-License-Identifier: MIT
 *
 * sandbox - lets a gateway that counts its lines write down the counts
 *
 * Linked into the variant cov in place of sandbox_allow_system() (ld --wrap): at its end
 * such a program writes beside its objects, which is outside of all that a gateway may
 * reach.
 */
#include "system/sandbox.h"

void __real_sandbox_allow_system(struct sandbox *s);
void __wrap_sandbox_allow_system(struct sandbox *s);

void __wrap_sandbox_allow_system(struct sandbox *s)
{
	__real_sandbox_allow_system(s);
	sandbox_allow(s, COUNTS_FOLDER, SANDBOX_WRITE);
}
