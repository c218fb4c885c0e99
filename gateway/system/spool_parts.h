#ifndef GATEWAY_SYSTEM_SPOOL_PARTS_H
#define GATEWAY_SYSTEM_SPOOL_PARTS_H
/* SPDX-License-Identifier: MIT
 *
 * spool_parts - what the two halves of the spool share
 *
 * spool.c finds the folders and looks into them, spool_move.c moves and writes what is in
 * them. Nobody else includes this.
 */
#include <sys/types.h>

#include "system/spool.h"

enum { FOLDER_MODE = 0750, FILE_MODE = 0640 };

struct spool {
	char *path;
	int root;
	int lock;
	int folders[FOLDER_COUNT];
	bool is_dirty[FOLDER_COUNT]; /* renamed in or out since the last flush */
	int day;                     /* the folder in sent/ that was used last, or -1 */
	char day_name[16];
	dev_t day_device;
	ino_t day_inode;
	bool day_is_dirty;
	usec_t last_stamp;
};

#endif
