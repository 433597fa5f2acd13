/* SPDX-License-Identifier: MIT */
/*
 * The snapshot's head: made, and looked at as something that anybody may have
 * written. Every offset is compared with what it has to lie in before it is used.
 */
#include "pure/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pure/check.h"

static bool fail(char error[SNAPSHOT_ERROR_SIZE], const char *what)
{
	snprintf(error, SNAPSHOT_ERROR_SIZE, "%s", what);
	return false;
}

/* With the check's own field as 0. */
static uint64_t check_of_head(const struct snapshot_head *head)
{
	const size_t behind = offsetof(struct snapshot_head, check) + sizeof(head->check);
	uint64_t check = check_words(0, head, offsetof(struct snapshot_head, check));

	return check_words(check, (const char *)head + behind, head->head_size - behind);
}

static bool is_format(const struct snapshot_head *head, size_t size,
		      char error[SNAPSHOT_ERROR_SIZE])
{
	if (size < sizeof(*head) || memcmp(head->magic, SNAPSHOT_MAGIC, sizeof(head->magic)) != 0)
		return fail(error, size < sizeof(*head) ? "is cut short" : "is no snapshot");
	if (head->byte_order != SNAPSHOT_BYTE_ORDER)
		return fail(error, "was made on a machine of another byte order");
	if (head->format == SNAPSHOT_FORMAT)
		return true;
	snprintf(error, SNAPSHOT_ERROR_SIZE, "has format %u and not %u: another version made it",
		 head->format, SNAPSHOT_FORMAT);
	return false;
}

/* Whether N elements of ITEM bytes at offset AT lie behind the head's fields and before its end. */
static bool has_array(const struct snapshot_head *head, uint32_t at, uint32_t n, size_t item)
{
	return at >= sizeof(*head) && at % 8 == 0 && at <= head->head_size &&
	       n <= (head->head_size - at) / item;
}

/* The head's last byte ends every text in it. */
static bool has_text(const struct snapshot_head *head, uint32_t at)
{
	return at >= sizeof(*head) && at < head->head_size;
}

static bool has_bytes(const struct snapshot_head *head, uint64_t at, uint64_t len)
{
	return at >= head->head_size && at <= head->size && len <= head->size - at;
}

static bool head_holds(const struct snapshot_head *head)
{
	if (head->head_size <= sizeof(*head) || head->head_size > head->size ||
	    check_of_head(head) != head->check)
		return false;
	return ((const char *)head)[head->head_size - 1] == '\0' &&
	       has_array(head, head->stamps, head->n_stamps, sizeof(struct snapshot_stamp)) &&
	       has_array(head, head->files, head->n_files, sizeof(struct snapshot_file)) &&
	       head->block % SNAPSHOT_PAGE == 0 && has_bytes(head, head->block, head->block_size);
}

static bool parts_hold(const struct snapshot *s)
{
	const struct snapshot_head *head = s->head;

	for (uint32_t i = 0; i < head->n_stamps; i++)
		if (!has_text(head, s->stamps[i].path))
			return false;
	for (uint32_t i = 0; i < head->n_files; i++)
		if (!has_text(head, s->files[i].path) ||
		    !has_bytes(head, s->files[i].at, s->files[i].len) ||
		    check_words(0, snapshot_bytes(s, &s->files[i]), s->files[i].len) !=
			    s->files[i].check)
			return false;
	return true;
}

static bool has_file(const struct snapshot *s, uint32_t text)
{
	const char *path = policy_string(s->policy, text);

	for (uint32_t i = 0; i < s->head->n_files; i++)
		if (strcmp(snapshot_path(s, s->files[i].path), path) == 0)
			return true;
	return false;
}

/* Who uses a policy relies upon what it names being there. */
static bool has_all_files(const struct snapshot *s)
{
	const struct policy *p = s->policy;
	const struct policy_value *ca_files;
	size_t n;

	ca_files = policy_values(p, p->ca_files, &n);
	for (size_t i = 0; i < n; i++)
		if (!has_file(s, ca_files[i].text))
			return false;
	return !p->ct_logs.text || has_file(s, p->ct_logs.text);
}

bool snapshot_open(const void *bytes, size_t size, struct snapshot *out,
		   char error[SNAPSHOT_ERROR_SIZE])
{
	const struct snapshot_head *head = bytes;

	if (!is_format(head, size, error))
		return false;
	if (head->size != size)
		return fail(error, size < head->size ? "is cut short" : "has grown");
	if (!head_holds(head))
		return fail(error, "is damaged");
	*out = (struct snapshot){
		.head = head,
		.stamps = (const void *)((const char *)bytes + head->stamps),
		.files = (const void *)((const char *)bytes + head->files),
		.policy = (const void *)((const char *)bytes + head->block),
	};
	if (!parts_hold(out) || !policy_check_top(out->policy, head->block_size) ||
	    !has_all_files(out))
		return fail(error, "is damaged");
	return true;
}

const char *snapshot_path(const struct snapshot *s, uint32_t offset)
{
	return (const char *)s->head + offset;
}

const char *snapshot_bytes(const struct snapshot *s, const struct snapshot_file *file)
{
	return (const char *)s->head + file->at;
}

/* --- making one */

static size_t aligned(size_t at, size_t to)
{
	return (at + to - 1) / to * to;
}

static uint32_t put_text(char *base, size_t *at, const char *text)
{
	uint32_t offset = (uint32_t)*at;

	*at = (size_t)(stpcpy(base + *at, text) - base) + 1;
	return offset;
}

static size_t texts_len(const struct snapshot_parts *parts)
{
	size_t len = 0;

	for (size_t i = 0; i < parts->n_stamps; i++)
		len += strlen(parts->stamp_paths[i]) + 1;
	for (size_t i = 0; i < parts->n_files; i++)
		len += strlen(parts->files[i].path) + 1;
	return len;
}

static void put_stamps(const struct snapshot_parts *parts, struct snapshot_head *head, size_t *at)
{
	struct snapshot_stamp *stamps = (void *)((char *)head + head->stamps);

	head->n_stamps = (uint32_t)parts->n_stamps;
	for (size_t i = 0; i < parts->n_stamps; i++) {
		stamps[i] = parts->stamps[i];
		stamps[i].path = put_text((char *)head, at, parts->stamp_paths[i]);
	}
}

/* The files themselves follow the block. */
static void put_files(const struct snapshot_parts *parts, struct snapshot_head *head, size_t *at)
{
	struct snapshot_file *files = (void *)((char *)head + head->files);
	uint64_t next = aligned(head->block + head->block_size, 8);

	head->n_files = (uint32_t)parts->n_files;
	for (size_t i = 0; i < parts->n_files; i++) {
		const struct policy_text *file = &parts->files[i];

		files[i] = (struct snapshot_file){
			.path = put_text((char *)head, at, file->path),
			.at = next,
			.len = file->len,
			.check = check_words(0, file->bytes, file->len),
		};
		next = aligned(next + file->len, 8);
	}
	head->size = next;
}

struct snapshot_head *snapshot_make_head(const struct snapshot_parts *parts, size_t *size)
{
	size_t stamps = aligned(sizeof(struct snapshot_head), 8);
	size_t files = stamps + parts->n_stamps * sizeof(struct snapshot_stamp);
	size_t at = files + parts->n_files * sizeof(struct snapshot_file);
	struct snapshot_head *head;

	*size = aligned(at + texts_len(parts) + 1, SNAPSHOT_PAGE);
	head = *size <= UINT32_MAX ? calloc(1, *size) : NULL;
	if (!head)
		return NULL;
	memcpy(head->magic, SNAPSHOT_MAGIC, sizeof(head->magic));
	head->byte_order = SNAPSHOT_BYTE_ORDER;
	head->format = SNAPSHOT_FORMAT;
	head->made = parts->made;
	head->pending = parts->pending;
	head->n_ct_logs = parts->n_ct_logs;
	head->stamps = (uint32_t)stamps;
	head->files = (uint32_t)files;
	head->block = *size;
	head->block_size = parts->policy->size;
	put_stamps(parts, head, &at);
	put_files(parts, head, &at);
	head->head_size = (uint32_t)at + 1;
	head->check = check_of_head(head);
	return head;
}
