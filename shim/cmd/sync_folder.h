/* SPDX-License-Identifier: MIT */
/*
 * What was renamed in a folder is on the disk after this.
 */
#ifndef PINSHIM_CMD_SYNC_FOLDER_H
#define PINSHIM_CMD_SYNC_FOLDER_H

/* 0, or -1 after a complaint. */
int sync_folder(const char *path);

#endif
