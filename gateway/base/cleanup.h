#ifndef GATEWAY_BASE_CLEANUP_H
#define GATEWAY_BASE_CLEANUP_H
/* SPDX-License-Identifier: MIT
 *
 * cleanup - owning locals that let go by themselves
 *
 * Every local that owns something carries one of these attributes, is initialised
 * where it is declared, and leaves by take_ptr() or take_fd(). So no path, and no
 * later edit of a path, can leak. Destructors accept NULL and -1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_close(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* what was written was flushed and checked before */
}

#define auto_free __attribute__((cleanup(cleanup_free)))
#define auto_close __attribute__((cleanup(cleanup_close)))
#define auto_with(destructor) __attribute__((cleanup(destructor)))

#define take_ptr(pointer)                                                                \
	__extension__({                                                                  \
		__typeof__(pointer) taken_ = (pointer);                                  \
		(pointer) = NULL;                                                        \
		taken_;                                                                  \
	})

static inline int take_fd(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

#endif
