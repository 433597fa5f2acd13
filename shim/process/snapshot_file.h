/* SPDX-License-Identifier: MIT */
/*
 * The snapshot of a policy as a file: where it is, who may have written it,
 * mapped into memory, and whether it is of the files that are there now. It is
 * never written here.
 */
#ifndef PINSHIM_SNAPSHOT_FILE_H
#define PINSHIM_SNAPSHOT_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "pure/snapshot.h"

#define SNAPSHOT_HOME	 "/var/lib/pinshim"
#define SNAPSHOT_OF_HOST SNAPSHOT_HOME "/policy.snapshot"
#define SNAPSHOT_SUFFIX	 ".snapshot"

/* A snapshot that is mapped; `bytes' NULL: none is. */
struct snapshot_map {
	char *path;
	void *bytes;
	size_t size;
	bool copied; /* `bytes' are this process's own */
	struct stat was;
	struct snapshot snapshot;
};

/* Where the snapshot of the policy PATH belongs, from malloc(3); NULL: no memory. */
char *snapshot_file_path(const char *path, bool host);

enum snapshot_found {
	SNAPSHOT_ABSENT = 0,
	SNAPSHOT_UNUSABLE, /* damaged, or the wrong people may have written it */
	SNAPSHOT_MAPPED,
};

/*
 * Maps the snapshot of the policy PATH, and checks it. MAP is to be unmapped when
 * it is MAPPED; when it is UNUSABLE, *ERROR is "PATH: what is wrong; what to do"
 * from malloc(3), or NULL when there was no memory.
 */
enum snapshot_found snapshot_file_map(const char *path, bool host, struct snapshot_map *map,
				      char **error);
void snapshot_file_unmap(struct snapshot_map *map);

/* Whether the very file that is mapped has been written to, or cut, since. */
bool snapshot_file_changed(const struct snapshot_map *map);

/* How a snapshot's record compares with the files. */
enum snapshot_age {
	SNAPSHOT_STALE = 0,
	SNAPSHOT_PENDING, /* its files are being put in place, and it will be current */
	SNAPSHOT_CURRENT,
};

/*
 * Compares the record with the files as they are now, for the policy PATH. Every
 * file has to be readable for this process. When STALE and WHY is not NULL, *WHY
 * is a fragment from malloc(3), such as "/etc/pins.ini has changed"; NULL: no memory.
 */
enum snapshot_age snapshot_file_age(const struct snapshot_map *map, const char *path, bool host,
				    char **why);

/* What stat(2) said of STAMP's file, as far as it is recorded: all that stamp_is_same() asks. */
struct stat snapshot_file_stat(const struct snapshot_stamp *stamp);

/* The other way: what ST says, `st_ino' 0 that nothing is there, goes to STAMP; the rest of it
 * stays. */
void snapshot_file_stamp(const struct stat *st, struct snapshot_stamp *stamp);

#endif
