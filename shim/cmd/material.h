/* SPDX-License-Identifier: MIT */
/*
 * What `pinshim pin' makes pins of: certificates, leaf first, or one bare key,
 * read from a file or asked of a server. Nothing of it is verified or believed;
 * what was noticed on the way is kept as remarks for people.
 */
#ifndef PINSHIM_CMD_MATERIAL_H
#define PINSHIM_CMD_MATERIAL_H

#include <openssl/x509.h>

#include "pure/policy.h"

#define SUBJECT_SIZE 256
#define REMARK_SIZE  512

struct material {
	const char *what;	       /* "certificate", "private key" ... */
	STACK_OF(X509) * chain;	       /* leaf first; NULL when there is only a key */
	uint8_t key[PIN_LEN];	       /* of the leaf, of the request, or by itself */
	char subject[SUBJECT_SIZE];    /* of the leaf or the request, printable ASCII; "": none */
	char title[POLICY_TITLE_SIZE]; /* what to call the section; "": unknown */
	char chain_remark[REMARK_SIZE], name_remark[REMARK_SIZE]; /* of a server; else "" */
};

/* Both return 0, or the exit code after a complaint. material_free() in either case. */
int material_read(const char *path, struct material *out);    /* "-": standard input */
int material_fetch(const char *target, struct material *out); /* HOST[:PORT] */
void material_free(struct material *m);

/* The parts from which the two above are made. Those that return int: 0, or -1 after a
 * complaint. */
int material_take_chain(struct material *m, STACK_OF(X509) * chain); /* always becomes M's */
int material_take_request(struct material *m, X509_REQ *request);
int material_hash_key(const X509_PUBKEY *key, uint8_t pin[PIN_LEN]);
int material_hash_cert(const X509 *cert, uint8_t pin[PIN_LEN]);
void material_print_subject(const X509_NAME *subject, char out[SUBJECT_SIZE]);

#endif
