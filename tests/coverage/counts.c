/* SPDX-License-Identifier: MIT
 *
 * counts - lets a program that counts its lines write down the counts
 *
 * Linked into the variant cov in place of two functions (ld --wrap). At its end such a
 * program writes beside its objects, which is outside of all that a gateway may reach;
 * and one that ends by _exit() would not write at all.
 */
#include "system/sandbox.h"

void __real_sandbox_allow_system(struct sandbox *s);
void __wrap_sandbox_allow_system(struct sandbox *s);
void __gcov_dump(void);
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);

void __wrap_sandbox_allow_system(struct sandbox *s)
{
	__real_sandbox_allow_system(s);
	sandbox_allow(s, COUNTS_FOLDER, SANDBOX_WRITE);
}

_Noreturn void __wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}
