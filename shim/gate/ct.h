/* SPDX-License-Identifier: MIT */
/*
 * Certificate transparency (`ct = require'): which of the SCTs in a certificate
 * are valid, and by how many logs (RFC 6962). libssl's own switch is no help: it
 * passes whatever failed verification. Only what is embedded in the certificate
 * counts, never what comes in the handshake or with OCSP.
 */
#ifndef PINSHIM_CT_H
#define PINSHIM_CT_H

#include "loader/openssl.h"
#include "process/source.h"

struct ct_count {
	unsigned scts;	     /* valid ones */
	unsigned logs;	     /* different ones that gave them */
	const char *failure; /* why they cannot be counted, or NULL */
};

/*
 * Has LIB read the logs of every policy in force that does not have them yet, as
 * long as files may be opened: once they are needed it may be too late. To be
 * called whenever policies may have come into force. Leaves no trace.
 */
void ct_prepare(struct openssl *lib);

/*
 * Counts the SCTs of the first certificate of CHAIN, which is a verified one, by
 * the logs of SOURCE's policy. Raises errors; the caller takes them back.
 */
struct ct_count ct_count(struct openssl *lib, const struct source *source, STACK_OF(X509) * chain);

#endif
