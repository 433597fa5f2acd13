/* SPDX-License-Identifier: MIT */
/*
 * What is to be said of a host that was asked, from what the library told of the
 * handshake. Judges nothing: whether it is accepted is the library's word.
 */
#ifndef PINSHIM_CMD_CHECK_REMARK_H
#define PINSHIM_CMD_CHECK_REMARK_H

#include "cmd/seen.h"
#include "process/source.h"

struct host_told {
	const struct source *source;
	const char *path;		      /* of the source, absolute, as events have it */
	const struct policy_section *section; /* that decides for the host, or NULL */
	const char *name, *port;
	const struct seen *seen;
	bool looks; /* SECTION is one, and its mode is not off */
	int64_t now;
};

enum remark {
	REMARK_REFUSED =
		0,	   /* by this policy or the host's; or it would be, if that were enforced */
	REMARK_NOT_JUDGED, /* no section is about it, or the section says not to look */
	REMARK_EXEMPT,	   /* its section was not asked: nothing is printed */
	REMARK_ACCEPTED,
};

/*
 * Prints a line to standard output for a host that is accepted or not judged, and
 * for each pin that it did not show; refusals and warnings go to standard error
 * as "FILE:LINE: ...". Adds to *WARNINGS.
 */
enum remark remark_host(const struct host_told *host, unsigned *warnings);

#endif
