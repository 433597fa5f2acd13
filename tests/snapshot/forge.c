/* SPDX-License-Identifier: MIT */
/*
 * A snapshot that lies: forge POLICY OTHER writes POLICY.snapshot, with the record
 * of the file POLICY and the rules of the file OTHER. Whoever goes by these has not
 * looked into the text. Not a thing that anybody but a file's owner can do.
 */
#include "../unit/snapshots.h"

int main(int argc, char **argv)
{
	static char error[POLICY_ERROR_SIZE], bytes[65536];
	struct policy_text text = { .path = argc > 2 ? argv[2] : "", .bytes = bytes };
	struct source *s;
	FILE *file;
	char *to;

	CHECK(argc == 3 && (file = fopen(argv[2], "r")));
	text.len = fread(bytes, 1, sizeof(bytes), file);
	s = source_read(argv[1], false, false);
	to = snapshot_file_path(argv[1], false);
	CHECK(s && s->policy && to);
	s->policy = policy_parse(&text, 1, argv[1], false, error);
	CHECK(s->policy);
	write_snapshot(s, false, to);
	return 0;
}
