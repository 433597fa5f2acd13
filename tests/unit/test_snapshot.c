/* SPDX-License-Identifier: MIT */
/*
 * A snapshot's bytes: what is made is what is opened, and whatever else they
 * are, they are refused, or no other than what was made. Under AddressSanitizer
 * nothing outside of them is read either: each image is as long as it says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pure/check.h"
#include "pure/snapshot.h"

#define P    "pin = sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
#define TEXT "[one.example.com]\n" P "[*.two.example.com]\n" P
#define CA   "-----BEGIN CERTIFICATE-----\nx\n"

struct image {
	uint8_t *bytes;
	size_t size;
	struct snapshot_head *head; /* at `bytes' */
};

static struct image whole; /* never changed */

static struct image image_of(const void *bytes, size_t size)
{
	struct image image = { .size = size };

	assert_int_equal(posix_memalign((void **)&image.bytes, SNAPSHOT_PAGE, size ? size : 1), 0);
	memcpy(image.bytes, bytes, size);
	image.head = (void *)image.bytes;
	return image;
}

static struct image copy(void)
{
	return image_of(whole.bytes, whole.size);
}

static struct snapshot_stamp *stamps(const struct image *image)
{
	return (void *)(image->bytes + image->head->stamps);
}

static struct snapshot_file *files(const struct image *image)
{
	return (void *)(image->bytes + image->head->files);
}

static struct policy *block(const struct image *image)
{
	return (void *)(image->bytes + image->head->block);
}

/* As the head's maker does, so that what comes behind it is looked at. */
static void fix_check(struct image *image)
{
	const size_t behind = offsetof(struct snapshot_head, size) + 2 * sizeof(uint64_t);
	uint64_t check = check_words(0, image->bytes, behind - sizeof(uint64_t));

	image->head->check =
		check_words(check, image->bytes + behind, image->head->head_size - behind);
}

static struct policy *parse(const char *bytes)
{
	const struct policy_text text = { "p.ini", bytes, strlen(bytes) };
	static char error[POLICY_ERROR_SIZE];
	struct policy *p = policy_parse(&text, 1, "p.ini", false, error);

	assert_non_null(p);
	return p;
}

static struct image make(const struct snapshot_parts *parts)
{
	size_t size;
	struct snapshot_head *head = snapshot_make_head(parts, &size);
	const struct snapshot_file *placed = (void *)((char *)head + head->files);
	uint8_t *bytes = calloc(1, head->size);
	struct image image;

	assert_non_null(bytes);
	memcpy(bytes, head, size);
	memcpy(bytes + size, parts->policy, parts->policy->size);
	for (size_t i = 0; i < parts->n_files; i++)
		memcpy(bytes + placed[i].at, parts->files[i].bytes, parts->files[i].len);
	image = image_of(bytes, head->size);
	free(bytes);
	free(head);
	return image;
}

static const char *const paths[] = { "/etc/p.ini", "/etc/gone", "/etc/ca.pem" };
static const struct snapshot_stamp recorded[] = {
	{ .there = 1,
	  .device = 1,
	  .inode = 2,
	  .size = 3,
	  .mtime = -4,
	  .ctime = 5,
	  .mtime_nsec = 6,
	  .ctime_nsec = 7,
	  .sha256 = { 8 } },
	{ .there = 0 },
	{ .there = 1, .inode = UINT64_MAX, .size = 1 },
};
static const struct policy_text named[] = {
	{ "/etc/ca.pem", CA, sizeof(CA) - 1 },
	{ "/etc/logs", "log", 3 },
	{ "/etc/empty", "", 0 },
};

static struct snapshot_parts all_parts(const struct policy *p)
{
	return (struct snapshot_parts){ .policy = p,
					.made = 1234567890123,
					.n_ct_logs = 7,
					.n_stamps = 3,
					.n_files = 3,
					.stamp_paths = paths,
					.stamps = recorded,
					.files = named };
}

static int make_whole(void **state)
{
	struct policy *p = parse(TEXT);
	struct snapshot_parts parts = all_parts(p);

	(void)state;
	whole = make(&parts);
	free(p);
	return 0;
}

static int free_whole(void **state)
{
	(void)state;
	free(whole.bytes);
	return 0;
}

/* Whether IMAGE is opened; and then it is, for all who ask, what was made. */
static bool opens(const struct image *image, char error[SNAPSHOT_ERROR_SIZE])
{
	struct snapshot s;

	memset(error, 0, SNAPSHOT_ERROR_SIZE);
	return snapshot_open(image->bytes, image->size, &s, error);
}

static bool is_as_made(const struct image *image)
{
	struct snapshot s;
	char error[SNAPSHOT_ERROR_SIZE];

	if (!snapshot_open(image->bytes, image->size, &s, error))
		return false;
	assert_int_equal(s.head->made, 1234567890123);
	assert_int_equal(s.head->n_ct_logs, 7);
	assert_int_equal(s.head->pending, 0);
	assert_int_equal(s.head->n_stamps, 3);
	assert_int_equal(s.head->n_files, 3);
	for (int i = 0; i < 3; i++) {
		struct snapshot_stamp stamp = s.stamps[i];

		assert_string_equal(snapshot_path(&s, stamp.path), paths[i]);
		stamp.path = 0;
		assert_memory_equal(&stamp, &recorded[i], sizeof(stamp));
		assert_string_equal(snapshot_path(&s, s.files[i].path), named[i].path);
		assert_int_equal(s.files[i].len, named[i].len);
		assert_memory_equal(snapshot_bytes(&s, &s.files[i]), named[i].bytes, named[i].len);
	}
	assert_int_equal((uintptr_t)s.policy % 8, 0);
	assert_int_equal(s.policy->size, block(&whole)->size);
	return true;
}

static void expect(struct image *image, const char *what)
{
	char error[SNAPSHOT_ERROR_SIZE];

	if (opens(image, error))
		fail_msg("it was opened, though it %s", what);
	if (strcmp(error, what) != 0)
		fail_msg("it %s, not: %s", what, error);
	free(image->bytes);
}

static void what_is_made_is_opened(void **state)
{
	(void)state;
	assert_true(is_as_made(&whole));
	assert_int_equal(whole.size % 8, 0);
	assert_int_equal(whole.head->block % SNAPSHOT_PAGE, 0);
	/* The maker did what this test does by itself. */
	fix_check(&whole);
	assert_true(is_as_made(&whole));
}

static void one_of_nothing_but_a_policy(void **state)
{
	struct policy *p = parse(TEXT);
	struct snapshot_parts parts = { .policy = p, .pending = true };
	struct image image = make(&parts);
	struct snapshot s;
	char error[SNAPSHOT_ERROR_SIZE];

	(void)state;
	assert_true(snapshot_open(image.bytes, image.size, &s, error));
	assert_int_equal(s.head->n_stamps + s.head->n_files, 0);
	assert_int_equal(s.head->pending, 1);
	assert_memory_equal(s.policy, p, p->size);
	free(image.bytes);
	free(p);
}

/* A file that the policy names, and nobody reads for it any more. */
static void one_that_lacks_a_file(void **state)
{
	static const char *const texts[] = {
		"[one.example.com]\nverify = full\nca-file = /etc/other.pem\n" P,
		"ct-logs = /etc/other\n[one.example.com]\nct = require\n" P,
		/* The first of two is there. */
		"[one.example.com]\nverify = full\nca-file = /etc/ca.pem\n"
		"[two.example.com]\nverify = full\nca-file = /etc/ca.pe\n",
	};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct policy *p = parse(texts[i]);
		struct snapshot_parts parts = all_parts(p);
		struct image image = make(&parts);

		expect(&image, "is damaged");
		free(p);
	}
}

/* So that it may be put into a file that is there already. */
static void another_record_needs_the_same_room(void **state)
{
	static const struct snapshot_stamp nothing[3];
	struct policy *p = parse(TEXT);
	struct snapshot_parts parts = all_parts(p);
	struct image image;

	(void)state;
	parts.stamps = nothing;
	parts.pending = true;
	parts.made = 1;
	image = make(&parts);
	assert_int_equal(image.size, whole.size);
	assert_int_equal(image.head->head_size, whole.head->head_size);
	assert_memory_equal(files(&image), files(&whole), 3 * sizeof(struct snapshot_file));
	free(image.bytes);
	free(p);
}

/*
 * What one machine wrote others use, be their words of 32 or of 64 bits. When this
 * number has to change, so has SNAPSHOT_FORMAT, unless no version was released since.
 */
static void the_same_on_every_machine(void **state)
{
	(void)state;
	assert_int_equal(check_words(0, whole.bytes, whole.size), 0xdc3df625b4c56102);
}

/* --- what the first fields say */

static void another_kind_of_file(void **state)
{
	char page[SNAPSHOT_PAGE];
	struct image image;

	(void)state;
	for (int i = 0; i < 8; i++) {
		image = copy();
		image.head->magic[i] ^= 0x20;
		expect(&image, "is no snapshot");
	}
	memset(page, '\n', sizeof(page));
	memcpy(page, TEXT, sizeof(TEXT));
	image = image_of(page, sizeof(page));
	expect(&image, "is no snapshot");
	memset(page, 0, sizeof(page));
	image = image_of(page, sizeof(page));
	expect(&image, "is no snapshot");
	image = image_of(page, 0);
	expect(&image, "is cut short");
}

static void swap(void *at, size_t len)
{
	uint8_t *bytes = at;

	for (size_t i = 0; i < len / 2; i++) {
		uint8_t byte = bytes[i];

		bytes[i] = bytes[len - 1 - i];
		bytes[len - 1 - i] = byte;
	}
}

static void another_byte_order(void **state)
{
	struct image image = copy();
	struct snapshot_head *h = image.head;

	(void)state;
	swap(&h->byte_order, 4);
	fix_check(&image);
	expect(&image, "was made on a machine of another byte order");
	/* As it really comes: each field is the other way round, the format too. */
	image = copy();
	h = image.head;
	for (uint8_t *at = image.bytes + 8; at < image.bytes + 16; at += 4)
		swap(at, 4);
	for (uint8_t *at = image.bytes + 16; at < image.bytes + 40; at += 8)
		swap(at, 8);
	for (uint8_t *at = image.bytes + 40; at < image.bytes + 72; at += 4)
		swap(at, 4);
	swap(&h->block, 8);
	expect(&image, "was made on a machine of another byte order");
}

static void another_format(void **state)
{
	static const uint32_t formats[] = { 0, SNAPSHOT_FORMAT + 1, UINT32_MAX };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct image image = copy();
		char what[SNAPSHOT_ERROR_SIZE];

		image.head->format = formats[i];
		fix_check(&image);
		snprintf(what, sizeof(what), "has format %u and not %u: another version made it",
			 formats[i], SNAPSHOT_FORMAT);
		expect(&image, what);
	}
}

static void another_size(void **state)
{
	struct image image;

	(void)state;
	for (int i = 0; i < 4; i++) {
		static const int64_t more[] = { 1, -1, 4096, INT64_MAX / 2 };

		image = copy();
		image.head->size += (uint64_t)more[i];
		fix_check(&image);
		expect(&image, more[i] > 0 ? "is cut short" : "has grown");
	}
	image = image_of(whole.bytes, whole.size - 1);
	expect(&image, "is cut short");
}

static void another_check_word(void **state)
{
	struct image image = copy();

	(void)state;
	image.head->check++;
	expect(&image, "is damaged");
	image = copy();
	image.head->check = 0;
	expect(&image, "is damaged");
}

/* --- what a head says that is whole, and lies */

#define LIES(...)                                     \
	do {                                          \
		struct image image = copy();          \
		struct snapshot_head *h = image.head; \
		__VA_ARGS__;                          \
		(void)h;                              \
		fix_check(&image);                    \
		expect(&image, "is damaged");         \
	} while (0)

/* Here no check word can be made. */
#define LIES_OF_ITS_SIZE(value)                \
	do {                                   \
		struct image image = copy();   \
		image.head->head_size = value; \
		expect(&image, "is damaged");  \
	} while (0)

static void a_head_that_is_not_where_it_says(void **state)
{
	const uint32_t head_size = whole.head->head_size;
	struct image empty = copy();

	(void)state;
	LIES_OF_ITS_SIZE(0);
	LIES_OF_ITS_SIZE(31);
	LIES_OF_ITS_SIZE((uint32_t)whole.size + 1);
	LIES_OF_ITS_SIZE(UINT32_MAX);
	LIES_OF_ITS_SIZE(INT32_MAX);
	/* Nothing is left behind the fields, not even a NUL. */
	empty.head->head_size = sizeof(*empty.head);
	empty.head->n_stamps = empty.head->n_files = 0;
	empty.head->stamps = empty.head->files = sizeof(*empty.head);
	fix_check(&empty);
	expect(&empty, "is damaged");
	/* The last text has no end before that of the head. */
	LIES(h->head_size = head_size - 2);
	LIES(image.bytes[head_size - 1] = 'x');
}

static void arrays_that_lie_elsewhere(void **state)
{
	const uint32_t head_size = whole.head->head_size;
	/* The same fields of stamps and of files. */
	uint32_t *at, *n;

	(void)state;
	for (int i = 0; i < 2; i++) {
#define ARRAY(set) \
	LIES(at = i ? &h->files : &h->stamps; n = i ? &h->n_files : &h->n_stamps; (void)at; set)

		ARRAY(*at = 0);
		ARRAY(*at = 0; *n = 0);
		ARRAY(*at = sizeof(*h) - 8; *n = 0);
		ARRAY(*at = sizeof(*h) - 8; *n = 1);
		ARRAY(*at += 4; *n = 0);
		ARRAY(*at += 1; *n = 0);
		ARRAY(*at = (head_size + 7) / 8 * 8 + 8; *n = 0);
		ARRAY(*at = UINT32_MAX - 7);
		ARRAY(*n = UINT32_MAX);
		ARRAY(*n = UINT32_MAX / (i ? 32 : 88) + 2);
		ARRAY(*n = (head_size - *at) / (i ? 32 : 88) + 1);
#undef ARRAY
	}
}

/* The very block, and all behind it, a little further on. */
static void a_block_that_is_not_on_a_page(void **state)
{
	(void)state;
	for (size_t by = 1; by <= 2048; by *= 2) {
		uint8_t *bytes = calloc(1, whole.size + by);
		struct image image;

		assert_non_null(bytes);
		memcpy(bytes, whole.bytes, whole.head->block);
		memcpy(bytes + whole.head->block + by, block(&whole),
		       whole.size - whole.head->block);
		image = image_of(bytes, whole.size + by);
		free(bytes);
		image.head->size += by;
		image.head->block += by;
		for (int i = 0; i < 3; i++)
			files(&image)[i].at += by;
		fix_check(&image);
		expect(&image, "is damaged");
	}
}

/* It begins in the head, and behind that stands what would do. */
static void an_array_that_goes_on_behind_the_head(void **state)
{
	const uint32_t at = (whole.head->head_size - 8) / 8 * 8, path = whole.head->head_size - 2;

	(void)state;
	LIES(h->stamps = at; h->n_stamps = 1; stamps(&image)->path = path);
	LIES(h->files = at; h->n_files = 1; files(&image)->path = path;
	     files(&image)->at = image.size; files(&image)->len = 0;
	     files(&image)->check = check_words(0, "", 0));
}

static void a_block_that_lies_elsewhere(void **state)
{
	(void)state;
	LIES(h->block = 0);
	LIES(h->block += 8);
	LIES(h->block += SNAPSHOT_PAGE);
	LIES(h->block = 1u << 20);
	LIES(h->block = UINT64_MAX - SNAPSHOT_PAGE + 1);
	LIES(h->block_size = UINT32_MAX);
	LIES(h->block_size = (uint32_t)(whole.size - h->block) + 1);
	LIES(h->block_size = 0);
	LIES(h->block_size = 8);
	LIES(h->block_size++);
	LIES(h->block_size--);
	/* And it knows of itself how long it is. */
	LIES(block(&image)->size++);
	LIES(block(&image)->size = 0);
	LIES(block(&image)->size = UINT32_MAX);
}

static void texts_that_lie_elsewhere(void **state)
{
	static const uint32_t all[] = { 0, 8, sizeof(struct snapshot_head) - 1, 0, UINT32_MAX };

	(void)state;
	for (int which = 0; which < 3; which++)
		for (int i = 0; i < 5; i++) {
			const uint32_t at = i == 3 ? whole.head->head_size : all[i];

			LIES(stamps(&image)[which].path = at);
			LIES(files(&image)[which].path = at);
		}
}

/* Behind the head, and with their own check words. */
static void files_that_lie_elsewhere(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
#define ENTRY(set)                                                               \
	LIES(struct snapshot_file *f = &files(&image)[i]; set;                   \
	     if (f->at <= image.size && f->len <= image.size - f->at) f->check = \
		     check_words(0, image.bytes + f->at, f->len))

		ENTRY(f->at = 0);
		ENTRY(f->at = h->head_size - 1);
		ENTRY(f->at = whole.size + 1);
		ENTRY(f->at = UINT64_MAX - f->len + 1);
		ENTRY(f->len = UINT64_MAX);
		ENTRY(f->len = whole.size - f->at + 1);
		ENTRY(f->len = -f->at);
#undef ENTRY
		LIES(files(&image)[i].check++);
	}
}

/* --- damage */

static void whatever_is_cut_off(void **state)
{
	(void)state;
	for (size_t size = 0; size < whole.size; size++) {
		struct image image = image_of(whole.bytes, size);

		expect(&image, "is cut short");
	}
}

/* Even where the head knows of it. */
static void whatever_is_left_out(void **state)
{
	(void)state;
	for (size_t size = sizeof(struct snapshot_head); size < whole.size; size++) {
		struct image image = image_of(whole.bytes, size);
		char error[SNAPSHOT_ERROR_SIZE];

		image.head->size = size;
		if (size >= image.head->head_size)
			fix_check(&image);
		/* Of nothing but what fills up, nobody misses anything. */
		if (opens(&image, error))
			assert_true(is_as_made(&image));
		else
			assert_string_equal(error, "is damaged");
		free(image.bytes);
	}
}

static bool is_covered(size_t at)
{
	if (at < whole.head->head_size)
		return true;
	if (at >= whole.head->block && at < whole.head->block + sizeof(struct policy))
		return true;
	for (int i = 0; i < 3; i++)
		if (at >= files(&whole)[i].at && at - files(&whole)[i].at < files(&whole)[i].len)
			return true;
	return false;
}

/* Of the whole file, but for what the block checks when it is looked up. */
static void every_single_bit(void **state)
{
	struct image image = copy();

	(void)state;
	for (size_t at = 0; at < whole.size; at++) {
		for (int bit = 0; bit < 8; bit++) {
			char error[SNAPSHOT_ERROR_SIZE];

			image.bytes[at] ^= (uint8_t)(1 << bit);
			if (!opens(&image, error))
				assert_true(*error);
			else if (is_covered(at))
				fail_msg("bit %d of byte %zu was passed over", bit, at);
			else
				assert_true(is_as_made(&image));
			image.bytes[at] ^= (uint8_t)(1 << bit);
		}
	}
	free(image.bytes);
}

/* All that a snapshot that was opened lets a reader reach. */
static size_t read_all(const struct snapshot *s)
{
	size_t sum = s->policy->size;

	for (uint32_t i = 0; i < s->head->n_stamps; i++)
		sum += strlen(snapshot_path(s, s->stamps[i].path)) + s->stamps[i].there;
	for (uint32_t i = 0; i < s->head->n_files; i++) {
		const char *bytes = snapshot_bytes(s, &s->files[i]);

		sum += strlen(snapshot_path(s, s->files[i].path));
		for (uint64_t at = 0; at < s->files[i].len; at++)
			sum += (unsigned char)bytes[at];
	}
	return sum;
}

static uint64_t random_state = 1;

static uint32_t draw(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 16) % below;
}

/* Numbers that are near a limit, in any of the head's words, under a check word that holds. */
static void any_head_whose_check_word_holds(void **state)
{
	const uint32_t words = whole.head->head_size / 4;
	unsigned opened = 0;

	(void)state;
	for (int round = 0; round < 100000; round++) {
		struct image image = copy();
		struct snapshot s;
		char error[SNAPSHOT_ERROR_SIZE];

		for (uint32_t n = 1 + draw(3); n > 0; n--) {
			const uint32_t limits[] = { 0,
						    draw(UINT32_MAX),
						    UINT32_MAX,
						    draw(whole.head->head_size),
						    whole.head->head_size,
						    (uint32_t)whole.size - draw(16),
						    sizeof(struct snapshot_head),
						    draw(64) };
			uint32_t value = limits[draw(8)], at = 10 + draw(words - 10);

			memcpy(image.bytes + 4 * (size_t)at, &value, 4);
		}
		if (image.head->head_size > 32 && image.head->head_size <= image.size)
			fix_check(&image);
		if (snapshot_open(image.bytes, image.size, &s, error)) {
			assert_true(read_all(&s) > 0);
			opened++;
		}
		free(image.bytes);
	}
	assert_in_range(opened, 1000, 99000); /* or it shows nothing */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_made_is_opened),
		cmocka_unit_test(one_of_nothing_but_a_policy),
		cmocka_unit_test(one_that_lacks_a_file),
		cmocka_unit_test(another_record_needs_the_same_room),
		cmocka_unit_test(the_same_on_every_machine),
		cmocka_unit_test(another_kind_of_file),
		cmocka_unit_test(another_byte_order),
		cmocka_unit_test(another_format),
		cmocka_unit_test(another_size),
		cmocka_unit_test(another_check_word),
		cmocka_unit_test(a_head_that_is_not_where_it_says),
		cmocka_unit_test(arrays_that_lie_elsewhere),
		cmocka_unit_test(a_block_that_is_not_on_a_page),
		cmocka_unit_test(an_array_that_goes_on_behind_the_head),
		cmocka_unit_test(a_block_that_lies_elsewhere),
		cmocka_unit_test(texts_that_lie_elsewhere),
		cmocka_unit_test(files_that_lie_elsewhere),
		cmocka_unit_test(whatever_is_cut_off),
		cmocka_unit_test(whatever_is_left_out),
		cmocka_unit_test(every_single_bit),
		cmocka_unit_test(any_head_whose_check_word_holds),
	};

	return cmocka_run_group_tests(tests, make_whole, free_whole);
}
