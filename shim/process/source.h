/* SPDX-License-Identifier: MIT */
/*
 * The files of one policy: found, checked for who may write them, read whole
 * and parsed. The library and the command load policies through here alone, so
 * that they cannot disagree. Keeps nothing, decides nothing, logs nothing.
 */
#ifndef PINSHIM_SOURCE_H
#define PINSHIM_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "process/snapshot_file.h"
#include "pure/policy.h"

/* The host's policy: a file and a folder of *.ini in one folder, which are one policy. */
#define SOURCE_HOST_DIR "/etc/pinshim"
#define POLICY_FILE	"policy.ini"
#define POLICY_DIR	"policy.d"

/* What stat(2) said of a path when it was read. `st_ino' 0: it was not there. */
struct source_stamp {
	char *path;
	struct stat was;
};

/* A file that was read: a policy's text, or what a policy names, such as a ca-file. */
struct source_file {
	char *path;
	char *bytes;
	size_t len;
	bool in_folder; /* it was found in a folder of policies */
	bool borrowed;	/* the bytes are somebody else's */
};

/*
 * Something that was made from the policy's files, and is freed with them. To
 * begin a structure of its maker's.
 */
struct source_kept {
	struct source_kept *next;
	const void *owner;
	void (*drop)(struct source_kept *kept);
};

struct source {
	char *path; /* of the policy: a file, a folder, or the folder of a host's policy */
	bool host;
	bool draft;		     /* it is to become part of the host's policy */
	bool keeping;		     /* the texts are kept */
	bool unparsed;		     /* they are only read */
	bool last_good;		     /* the host's snapshot, whatever has become of its files */
	bool copying;		     /* what is being read need not be root's */
	const struct policy *policy; /* sealed read-only; NULL when the policy is bad */
	char *error;		     /* "FILE:LINE: what is wrong; what to write", or NULL */
	bool absent;		     /* nothing is there: for the host's policy that means none */
	bool empty;    /* a file is: that is an error, unless it is just being written */
	bool shortage; /* it is bad for want of something that may come: to be read again */
	struct source_stamp *stamps; /* all that a change of the policy would change */
	size_t n_stamps;
	struct source_file *files; /* every ca-file and the ct-logs, read */
	size_t n_files;
	size_t n_ct_logs; /* that `ct-logs' enables */
	_Atomic(struct source_kept *) kept;
	struct source_file *texts; /* what was parsed, where that was to be kept */
	size_t n_texts;
	struct source_file *lists; /* likewise: the `revoked' lists */
	size_t n_lists;
	struct snapshot_map map; /* where `policy' and the files lie, when no text was read */
	char *snapshot_error;	 /* why a snapshot that is there was not used; or NULL */
	atomic_bool distrusted;	 /* the map was found damaged when something was looked up */
};

/*
 * Is called now and then while texts are parsed, DONE of TOTAL bytes so far. NULL,
 * unless the command sets it.
 */
extern void (*source_progress)(size_t done, size_t total);

/*
 * Loads the policy at PATH, a file or a folder of *.ini (for HOST: the folder of
 * policy.ini and policy.d, which only root may write): from its snapshot, when that
 * is of the very files that are there now, and otherwise as source_read(). A
 * snapshot that is just being made is waited for, a second at most.
 *
 * Always returns a source, to be freed with source_free(), unless memory ran
 * out (NULL).
 */
struct source *source_load(const char *path, bool host);

/*
 * The same from its texts alone. Files that change while they are read, or that
 * are younger than the file system's clock can tell apart, are read again; that
 * takes some 20 ms at most unless they go on changing. With KEEP what was read stays
 * in `texts'.
 */
struct source *source_read(const char *path, bool host, bool keep);

/*
 * The host's policy as it would be with a copy of PATH in it: of a file as
 * policy.ini, of a folder as policy.d, beside the other of the two as it stands;
 * of SOURCE_HOST_DIR as it is. What was read is kept in `texts'. For the rest as
 * source_read().
 */
struct source *source_load_draft(const char *path);

/*
 * The host's policy that a good DRAFT becomes, with the paths that its texts will
 * have then, and which stamps alone are of the files that it names.
 */
struct source *source_of_draft(const struct source *draft);

/* Reads the texts of the host's policy, and parses nothing: `texts', `stamps' and `error'. */
struct source *source_read_texts(void);

/* The last good policy: the host's snapshot, `absent' where there is none (last_good.h). */
struct source *source_load_last_good(void);

void source_free(struct source *s);

/* The policy that refuses the names in LIST (policy_refusing()); NULL when memory ran out. */
struct source *source_of_refused(const char *list);

/* What $PINSHIM_REFUSE's policy is called wherever a policy's path is told. */
#define SOURCE_REFUSE "PINSHIM_REFUSE"

/* Whether anything that was read is no longer what it was: one stat(2) a stamp. */
bool source_changed(const struct source *s);

/* Whether its snapshot can be relied upon no more: what was looked up or will be may be wrong. */
bool source_spoiled(const struct source *s);

/* Whether there is at its path what was read. */
bool source_file_holds(const struct source_file *file);
/* Whether a file called NAME in a folder is part of its policy: as the shell's *.ini, none hidden.
 */
bool source_is_text(const char *name);

/* The file PATH among those read with the policy, or NULL. */
const struct source_file *source_file(const struct source *s, const char *path);

/* Keeps KEPT with S for its owner, and what an owner has kept, or NULL. Threads may do so at once.
 */
void source_keep(const struct source *s, struct source_kept *kept);
const struct source_kept *source_kept(const struct source *s, const void *owner);

/*
 * The elements of a colon-separated list of policies as absolute paths, in a
 * NULL-terminated array that one free(3) releases; NULL when memory ran out.
 * An empty element stays an empty string: it names nothing. Paths that differ in
 * "//", "/./" or a slash at the end alone become the same; links are not followed.
 */
char **source_list(const char *list);

#endif
