/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: any bytes as a snapshot, as they are and with check words that
 * hold. What is opened lies wholly inside of them, and so does all that is then
 * looked up; what cannot be looked up is said to be damaged.
 *
 * The first byte says which check words are made to hold, the next two how many
 * bytes are the head's, up to the block; what lacks to a page is filled up.
 */
#include "fuzz.h"
#include "pure/check.h"
#include "pure/policy_check.h"
#include "pure/revoked.h"
#include "pure/snapshot.h"
#include "pure/verdict.h"

#define IMAGE_MOST 65536

enum { FIX_SIZE = 1, FIX_FILES = 2, FIX_BLOCK = 4, FIX_SECTIONS = 8, FIX_HEAD = 16 };

static size_t n_image;
static uint8_t *image; /* as a page is aligned, and not a byte more than it says */

static bool is_in(uint64_t at, uint64_t len, uint64_t size)
{
	return at <= size && len <= size - at;
}

static void fix_files(struct snapshot_head *head)
{
	const size_t item = sizeof(struct snapshot_file);
	struct snapshot_file *files = (void *)(image + head->files);

	if (head->files % 8 || !is_in(head->files, (uint64_t)head->n_files * item, n_image))
		return;
	for (uint32_t i = 0; i < head->n_files && i < 8; i++)
		if (is_in(files[i].at, files[i].len, n_image))
			files[i].check = check_words(0, image + files[i].at, files[i].len);
}

static void fix_sections(struct policy *p, size_t size)
{
	const size_t item = sizeof(struct policy_section);
	struct policy_section *sections;

	if (p->sections.at % 8 || !is_in(p->sections.at, p->sections.count * (uint64_t)item, size))
		return;
	sections = (void *)((char *)p + p->sections.at);
	for (uint32_t i = 0; i < p->sections.count && i < 16; i++) {
		struct policy_section *s = &sections[i];
		uint64_t end = s->pins.at + (uint64_t)s->pins.count * sizeof(struct policy_pin);

		if (s->name <= s->pins.at && end <= size)
			s->check = policy_section_check(
				policy_body_check((char *)p + s->name, end - s->name, i + 1), s);
	}
}

static void fix_block(struct snapshot_head *head, unsigned how)
{
	struct policy *p;
	size_t size;

	if (head->block % SNAPSHOT_PAGE || !is_in(head->block, sizeof(*p), n_image))
		return;
	p = (void *)(image + head->block);
	size = n_image - head->block;
	if (how & FIX_SECTIONS)
		fix_sections(p, size);
	if (how & FIX_BLOCK && is_in(p->top.at, p->top.count, size))
		p->check = policy_head_check(p);
}

static void fix_head(struct snapshot_head *head)
{
	const size_t before = offsetof(struct snapshot_head, check);
	const size_t behind = before + sizeof(head->check);

	if (head->head_size >= behind && head->head_size <= n_image)
		head->check = check_words(check_words(0, head, before), image + behind,
					  head->head_size - behind);
}

static void fix(unsigned how)
{
	struct snapshot_head *head = (void *)image;

	if (n_image < sizeof(*head))
		return;
	if (how & FIX_SIZE)
		head->size = n_image;
	if (how & FIX_FILES)
		fix_files(head);
	fix_block(head, how);
	if (how & FIX_HEAD)
		fix_head(head);
}

/* --- what is opened */

static void must_be_inside(const void *at, size_t len)
{
	const uint8_t *bytes = at;

	must(bytes >= image && (size_t)(bytes - image) <= n_image &&
	     len <= n_image - (size_t)(bytes - image));
}

static void must_be_text(const char *text)
{
	must_be_inside(text, 1);
	must(memchr(text, '\0', n_image - (size_t)((const uint8_t *)text - image)) != NULL);
}

static void must_be_place(const struct policy *p, struct policy_place place)
{
	must_be_text(policy_string(p, place.file));
}

static void check_pins(const struct policy *p, struct policy_span span)
{
	size_t n;
	const struct policy_pin *pins = policy_pins(p, span, &n);

	must_be_inside(pins, n * sizeof(*pins));
	for (size_t i = 0; i < n; i++) {
		must(pins[i].kind <= PIN_DENY && policy_pin_word(pins[i].kind));
		must_be_place(p, pins[i].place);
	}
}

static void check_values(const struct policy *p, struct policy_span span)
{
	size_t n;
	const struct policy_value *values = policy_values(p, span, &n);

	must_be_inside(values, n * sizeof(*values));
	for (size_t i = 0; i < n; i++) {
		must_be_text(policy_string(p, values[i].text));
		must_be_place(p, values[i].place);
	}
}

static void check_top(const struct policy *p)
{
	must((uintptr_t)p % 8 == 0);
	must_be_inside(p, sizeof(*p));
	must_be_inside(p, p->size);
	must_be_text(policy_string(p, p->path));
	must(policy_mode_word(p->mode) && policy_action_word(p->unlisted) &&
	     policy_action_word(p->unnamed));
	must_be_place(p, p->mode_place);
	must_be_place(p, p->unlisted_place);
	must_be_place(p, p->unnamed_place);
	check_pins(p, p->deny);
	check_values(p, p->logs);
	check_values(p, p->exempts);
	check_values(p, p->revoked);
	check_values(p, p->ca_files);
	must_be_text(policy_string(p, p->ct_logs.text));
	must_be_place(p, p->ct_logs.place);
}

static void check_section(const struct policy *p, const struct policy_section *s, const char *name)
{
	char title[POLICY_TITLE_SIZE];
	const size_t len = strlen(name);

	must_be_inside(s, sizeof(*s));
	must_be_text(policy_name(p, s));
	must(len >= strlen(policy_name(p, s)));
	must(!strcmp(name + len - strlen(policy_name(p, s)), policy_name(p, s)));
	must(strlen(policy_title(p, s, title)) < sizeof(title));
	must(policy_mode_word(s->mode) && policy_mode_word(s->after_expiry));
	must(policy_expires(s) >= 0);
	must_be_place(p, s->place);
	must_be_text(policy_string(p, s->ca_file.text));
	must_be_place(p, s->ca_file.place);
	check_pins(p, s->pins);
}

/* Evidence of nothing is never accepted where something is demanded, or nobody knows what. */
static void judge(const struct policy *p, const char *name, enum name_kind kind)
{
	const struct evidence nothing = { 0 };
	struct judgement j;
	struct demand d;

	verdict_demand(p, name, kind, 20000 * INT64_C(86400), &d);
	must(!d.damaged || (!d.blank && !d.section));
	verdict_judge(&d, &nothing, &j);
	must(!d.damaged || (j.damaged && j.verdict == VERDICT_REFUSED));
	must(!j.damaged || j.reason == REASON_INTERNAL_ERROR);
}

static void look_up(const struct policy *p)
{
	static const struct {
		const char *name;
		enum name_kind kind;
	} names[] = {
		{ "one.example.com", NAME_HOST }, { "a.two.example.com", NAME_HOST },
		{ "a.b.three.test", NAME_HOST },  { "nobody.test", NAME_HOST },
		{ "192.0.2.7", NAME_ADDRESS },
	};
	const struct policy_section *s;
	const struct policy_pin *pin;
	uint8_t key[PIN_LEN];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		bool whole = policy_find(p, names[i].name, names[i].kind, &s);

		must(whole || !s);
		if (s)
			check_section(p, s, names[i].name);
		judge(p, names[i].name, names[i].kind);
	}
	for (const char *c = "\1AZ\377"; *c; c++) {
		memset(key, *c, sizeof(key));
		must(revoked_find(p, key, &pin) || !pin);
		if (!pin)
			continue;
		must_be_inside(pin, sizeof(*pin));
		must(!memcmp(pin->sha256, key, sizeof(key)));
		must_be_place(p, pin->place);
	}
}

static void check_head(const struct snapshot *s)
{
	unsigned sum = 0;

	must((const void *)s->head == image && s->head->size == n_image);
	must_be_inside(s->stamps, s->head->n_stamps * sizeof(*s->stamps));
	must_be_inside(s->files, s->head->n_files * sizeof(*s->files));
	for (uint32_t i = 0; i < s->head->n_stamps; i++)
		must_be_text(snapshot_path(s, s->stamps[i].path));
	for (uint32_t i = 0; i < s->head->n_files; i++) {
		must_be_text(snapshot_path(s, s->files[i].path));
		must_be_inside(snapshot_bytes(s, &s->files[i]), s->files[i].len);
		for (uint64_t at = 0; at < s->files[i].len; at++)
			sum += (unsigned char)snapshot_bytes(s, &s->files[i])[at];
	}
	must(sum < UINT32_MAX);
}

static void open_it(void)
{
	char error[SNAPSHOT_ERROR_SIZE] = "";
	struct snapshot s;

	if (snapshot_open(image, n_image, &s, error)) {
		check_head(&s);
		check_top(s.policy);
		look_up(s.policy);
		return;
	}
	must(*error && strlen(error) < sizeof(error));
	for (const char *c = error; *c; c++)
		must((unsigned char)*c >= ' ' && *c != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t head_len, before;

	if (size < 3 || size > IMAGE_MOST)
		return 0;
	head_len = data[1] | (size_t)data[2] << 8;
	head_len = head_len < size - 3 ? head_len : size - 3;
	before = (head_len + SNAPSHOT_PAGE - 1) / SNAPSHOT_PAGE * SNAPSHOT_PAGE;
	/* All of a file is there but where it is cut in its head. */
	n_image = head_len == size - 3 ? head_len : before + size - 3 - head_len;
	must(posix_memalign((void **)&image, SNAPSHOT_PAGE, n_image ? n_image : 1) == 0);
	memset(image, 0, n_image);
	memcpy(image, data + 3, head_len);
	if (n_image > before)
		memcpy(image + before, data + 3 + head_len, n_image - before);
	open_it();
	fix(data[0]);
	open_it();
	free(image);
	return 0;
}
