/* SPDX-License-Identifier: MIT */
/*
 * A policy becomes the host's, and the last good one, in steps of which each
 * leaves whole policies behind, wherever it may be interrupted. Checks nothing:
 * what is published has been read and found good.
 */
#ifndef PINSHIM_CMD_PUBLISH_H
#define PINSHIM_CMD_PUBLISH_H

#include "process/source.h"

#define PUBLISHED_FILE SOURCE_HOST_DIR "/" POLICY_FILE
#define PUBLISHED_DIR  SOURCE_HOST_DIR "/" POLICY_DIR

enum publish_place {
	PUBLISH_IN_PLACE, /* it is the host's policy already */
	PUBLISH_FILE,	  /* as policy.ini */
	PUBLISH_FOLDER,	  /* as policy.d */
};

/*
 * Waits until nobody else is publishing, and keeps others out for as long as this
 * process lives. 0, or -1 after a complaint.
 */
int publish_lock(void);

enum publish_result {
	PUBLISH_FAILED = 0, /* nothing has changed, or a complaint said what has */
	PUBLISH_STALE,	    /* it is the host's policy, and read from its texts */
	PUBLISH_DONE,
};

/*
 * Publishes the texts of DRAFT that are below its path at PLACE, with the snapshot
 * of the whole, which is the last good policy as well. Has complained unless DONE.
 */
enum publish_result publish(const struct source *draft, enum publish_place place);

#endif
