/* SPDX-License-Identifier: MIT */
/* Counts the certificates of a PEM file and finds the one that lasts longest. */
#include "cmd/anchors.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#define DAY_S 86400

/* Seconds since the epoch; 0 when that cannot be told. */
static int64_t seconds_of(const ASN1_TIME *time)
{
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int days, seconds;
	int64_t rv = 0;

	if (epoch && ASN1_TIME_diff(&days, &seconds, epoch, time) == 1)
		rv = (int64_t)days * DAY_S + seconds;
	ASN1_TIME_free(epoch);
	return rv;
}

struct anchors anchors_read(const char *bytes, size_t len)
{
	BIO *bio = len <= INT_MAX ? BIO_new_mem_buf(bytes, (int)len) : NULL;
	struct anchors found = { .unreadable = !bio };
	int64_t end;
	X509 *cert;

	ERR_clear_error();
	while (bio && (cert = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL))) {
		found.count++;
		end = seconds_of(X509_get0_notAfter(cert));
		if (end > found.end)
			found.end = end;
		X509_free(cert);
	}
	/* The end of the file and nothing else may end the reading. */
	if (bio && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		found.unreadable = true;
	ERR_clear_error();
	BIO_free(bio);
	return found;
}
