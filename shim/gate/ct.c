/* SPDX-License-Identifier: MIT */
/*
 * SCTs before OpenSSL's SCT_LIST_validate(), in a context of ours: the
 * certificate and its issuer from our own verification, the logs from the bytes
 * that were read with the policy, the time by the clock. What is not proved to
 * be valid does not count.
 */
#include "gate/ct.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gate/peer.h"
#include "process/memfile.h"
#include "process/store.h"
#include "pure/lines.h"

/* The logs of one policy, as one library has read them; kept with the policy's files. */
struct logs {
	struct source_kept kept;
	struct openssl *lib;
	CTLOG_STORE *store;
};

static void drop(struct source_kept *kept)
{
	struct logs *logs = (struct logs *)kept;

	logs->lib->CTLOG_STORE_free(logs->store);
	free(logs);
}

/* Whether LIB was built with it (no-ct). */
static bool has_ct(const struct openssl *lib)
{
	return lib->CTLOG_STORE_new && lib->CTLOG_STORE_free && lib->CTLOG_STORE_load_file &&
	       lib->CT_POLICY_EVAL_CTX_new && lib->CT_POLICY_EVAL_CTX_free &&
	       lib->CT_POLICY_EVAL_CTX_set1_cert && lib->CT_POLICY_EVAL_CTX_set1_issuer &&
	       lib->CT_POLICY_EVAL_CTX_set_shared_CTLOG_STORE && lib->CT_POLICY_EVAL_CTX_set_time &&
	       lib->SCT_LIST_validate && lib->SCT_LIST_free && lib->SCT_get0_log_id &&
	       lib->SCT_get_validation_status;
}

static const struct source_file *list_of(const struct source *source)
{
	return source_file(source, policy_string(source->policy, source->policy->ct_logs.text));
}

static bool load(struct openssl *lib, const char *path, struct logs *logs)
{
	logs->store = lib->CTLOG_STORE_new();
	if (logs->store && lib->CTLOG_STORE_load_file(logs->store, path) == 1)
		return true;
	lib->CTLOG_STORE_free(logs->store);
	logs->store = NULL;
	return false;
}

/*
 * OpenSSL gets the very bytes that were read with the policy. Where files in
 * memory cannot be had, or a filter of system calls need not know of them, it
 * reads the file again, which must be the same.
 */
static void read_logs(struct openssl *lib, const struct source_file *list, struct logs *logs)
{
	struct piece text = lines_of(list->bytes, list->len);
	char path[MEMFILE_PATH_SIZE];
	int fd = store_sandboxed() ? -1 : memfile_open(text.at, text.len, path);

	if (fd >= 0) {
		load(lib, path, logs);
		memfile_close(fd);
	} else if (load(lib, list->path, logs) && !source_file_holds(list)) {
		lib->CTLOG_STORE_free(logs->store);
		logs->store = NULL;
	}
}

/* Reads the logs of SOURCE for LIB and keeps them; NULL when they cannot be read just now. */
static const struct logs *keep_logs(struct openssl *lib, const struct source *source)
{
	struct logs *logs = calloc(1, sizeof(*logs));

	if (!logs)
		return NULL;
	logs->kept.owner = lib;
	logs->kept.drop = drop;
	logs->lib = lib;
	lib->ERR_set_mark();
	read_logs(lib, list_of(source), logs);
	lib->ERR_pop_to_mark();
	if (!logs->store) {
		free(logs);
		return NULL;
	}
	source_keep(source, &logs->kept);
	return logs;
}

static const struct logs *find_logs(struct openssl *lib, const struct source *source)
{
	const struct logs *logs = (const struct logs *)source_kept(source, lib);

	return logs || !store_may_open() ? logs : keep_logs(lib, source);
}

void ct_prepare(struct openssl *lib)
{
	const int before = errno;
	const struct store_set *set = store_enter();

	for (size_t i = 0; set && i < set->n; i++) {
		const struct source *source = set->policies[i].source;

		if (source->policy && source->policy->ct_logs.text && has_ct(lib))
			find_logs(lib, source);
	}
	store_leave();
	errno = before;
}

static SCT *sct_at(struct openssl *lib, STACK_OF(SCT) * scts, int i)
{
	return lib->OPENSSL_sk_value((const OPENSSL_STACK *)scts, i);
}

static bool is_valid(struct openssl *lib, const SCT *sct)
{
	return lib->SCT_get_validation_status(sct) == SCT_VALIDATION_STATUS_VALID;
}

static bool same_log(struct openssl *lib, const SCT *a, const SCT *b)
{
	unsigned char *of_a, *of_b;
	size_t len = lib->SCT_get0_log_id(a, &of_a);

	return lib->SCT_get0_log_id(b, &of_b) == len && memcmp(of_a, of_b, len) == 0;
}

/* Whether a log that gave the I-th SCT gave a valid one before that. */
static bool is_known(struct openssl *lib, STACK_OF(SCT) * scts, int i)
{
	for (int j = 0; j < i; j++)
		if (is_valid(lib, sct_at(lib, scts, j)) &&
		    same_log(lib, sct_at(lib, scts, j), sct_at(lib, scts, i)))
			return true;
	return false;
}

/* After SCT_LIST_validate(), which ends at an SCT that it cannot judge: none behind it counts. */
static void count_valid(struct openssl *lib, STACK_OF(SCT) * scts, struct ct_count *count)
{
	int n = lib->OPENSSL_sk_num((const OPENSSL_STACK *)scts);

	for (int i = 0; i < n; i++) {
		if (!is_valid(lib, sct_at(lib, scts, i)))
			continue;
		count->scts++;
		if (!is_known(lib, scts, i))
			count->logs++;
	}
}

static uint64_t now_ms(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void count_by(struct openssl *lib, const struct logs *logs, X509 *leaf, X509 *issuer,
		     struct ct_count *count)
{
	STACK_OF(SCT) *scts = lib->X509_get_ext_d2i(leaf, NID_ct_precert_scts, NULL, NULL);
	CT_POLICY_EVAL_CTX *ctx = lib->CT_POLICY_EVAL_CTX_new();

	if (scts && ctx && lib->CT_POLICY_EVAL_CTX_set1_cert(ctx, leaf) == 1 &&
	    lib->CT_POLICY_EVAL_CTX_set1_issuer(ctx, issuer) == 1) {
		lib->CT_POLICY_EVAL_CTX_set_shared_CTLOG_STORE(ctx, logs->store);
		lib->CT_POLICY_EVAL_CTX_set_time(ctx, now_ms());
		lib->SCT_LIST_validate(scts, ctx);
		count_valid(lib, scts, count);
	}
	lib->CT_POLICY_EVAL_CTX_free(ctx);
	lib->SCT_LIST_free(scts);
}

struct ct_count ct_count(struct openssl *lib, const struct source *source, STACK_OF(X509) * chain)
{
	struct ct_count count = { 0 };
	const struct logs *logs;

	if (!has_ct(lib)) {
		count.failure = "its OpenSSL was built without certificate transparency";
		return count;
	}
	logs = find_logs(lib, source);
	if (!logs && !store_may_open())
		count.failure = "`ct-logs' was not read before a seccomp filter came";
	else if (!logs)
		count.failure = "OpenSSL cannot read what `ct-logs' names, or has no memory";
	else if (peer_chain_len(lib, chain) > 1)
		count_by(lib, logs, peer_chain_cert(lib, chain, 0), peer_chain_cert(lib, chain, 1),
			 &count);
	return count;
}
