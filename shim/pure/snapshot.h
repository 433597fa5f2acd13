/* SPDX-License-Identifier: MIT */
/*
 * A snapshot: a policy's block in a file, with the record of the files that it
 * was made from and the contents of those that it names. It is read where it is
 * mapped, and nothing in it is believed before it has been checked: all but the
 * block here, the block when something is looked up in it (policy.h). The same
 * on every machine of one byte order. Pure.
 */
#ifndef PINSHIM_SNAPSHOT_H
#define PINSHIM_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pure/policy.h"

/* To be raised with each change of the layout, and of what the texts of a policy are read as. */
#define SNAPSHOT_FORMAT	    1u
#define SNAPSHOT_PAGE	    4096 /* what a block is aligned to */
#define SNAPSHOT_DIGEST_LEN 32
#define SNAPSHOT_ERROR_SIZE 160
#define SNAPSHOT_MAGIC	    "\x89pinshim" /* without its NUL; no text begins so */
#define SNAPSHOT_BYTE_ORDER 0x01020304u

/* What told a file or folder from others, and its content from other content, when it was read. */
struct snapshot_stamp {
	uint32_t path;	/* offset of the NUL-terminated path */
	uint32_t there; /* bool; 0: nothing was there, and the rest is 0 */
	uint64_t device, inode, size;
	int64_t mtime, ctime; /* seconds since the epoch */
	uint32_t mtime_nsec, ctime_nsec;
	uint8_t sha256[SNAPSHOT_DIGEST_LEN]; /* of a file's content; 0 of a folder */
};

/* A file that the policy names: a ca-file or the list of CT logs. */
struct snapshot_file {
	uint32_t path;	   /* offset of the NUL-terminated path */
	uint32_t reserved; /* 0 */
	uint64_t at, len;  /* its bytes */
	uint64_t check;	   /* of these bytes */
};

/* The first four fields are the same in every format. */
struct snapshot_head {
	uint8_t magic[8];
	uint32_t byte_order; /* SNAPSHOT_BYTE_ORDER, as the writer's machine stores it */
	uint32_t format;     /* SNAPSHOT_FORMAT */
	uint64_t size;	     /* bytes of the whole file */
	uint64_t check;	     /* of the first `head_size' bytes, this field as 0 */
	int64_t made;	     /* seconds since the epoch */
	uint32_t head_size;  /* up to the end of the paths; stamps and files lie before it */
	uint32_t pending;    /* bool: the record is not made yet, its texts are being published */
	uint32_t stamps, n_stamps; /* offset and count of struct snapshot_stamp */
	uint32_t files, n_files;   /* offset and count of struct snapshot_file */
	uint32_t n_ct_logs;	   /* that the policy's ct-logs enables */
	uint32_t block_size;
	uint64_t block; /* offset of the block, a multiple of SNAPSHOT_PAGE */
};

/* The same on every machine, so that 32-bit programs use what 64-bit ones wrote. */
_Static_assert(sizeof(struct snapshot_head) == 80 && offsetof(struct snapshot_head, made) == 32 &&
		       offsetof(struct snapshot_head, block) == 72,
	       "a head has the same layout everywhere");
_Static_assert(sizeof(struct snapshot_stamp) == 88 &&
		       offsetof(struct snapshot_stamp, device) == 8 &&
		       offsetof(struct snapshot_stamp, sha256) == 56,
	       "and so has a stamp");
_Static_assert(sizeof(struct snapshot_file) == 32 && offsetof(struct snapshot_file, at) == 8,
	       "and a file");

/* A snapshot that has been opened. What it points to lives as long as the bytes. */
struct snapshot {
	const struct snapshot_head *head;
	const struct snapshot_stamp *stamps;
	const struct snapshot_file *files;
	const struct policy *policy;
};

/*
 * Opens the SIZE bytes at BYTES, which are aligned as a page is. Looks at all but
 * the block's sections and keys. False, with ERROR saying in a fragment what is
 * wrong ("is damaged"), when it is no snapshot that can be used.
 */
bool snapshot_open(const void *bytes, size_t size, struct snapshot *out,
		   char error[SNAPSHOT_ERROR_SIZE]);

/* A path of the head, or the bytes of a file. */
const char *snapshot_path(const struct snapshot *s, uint32_t offset);
const char *snapshot_bytes(const struct snapshot *s, const struct snapshot_file *file);

/* What a snapshot is to be made of. */
struct snapshot_parts {
	const struct policy *policy;
	int64_t made;
	uint32_t n_ct_logs;
	bool pending;
	size_t n_stamps, n_files;
	const char *const *stamp_paths;	     /* of each stamp */
	const struct snapshot_stamp *stamps; /* their `path' is set here */
	const struct policy_text *files;
};

/*
 * The first bytes of the file that PARTS become, up to the block, from malloc(3):
 * *SIZE of them. The block follows; then the bytes of each file, at the `at' of its
 * struct snapshot_file. They depend on the paths alone, not on what a stamp says,
 * so that a record may be made again for the same file. NULL: no memory.
 */
struct snapshot_head *snapshot_make_head(const struct snapshot_parts *parts, size_t *size);

#endif
