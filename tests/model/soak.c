/* SPDX-License-Identifier: MIT */
/*
 * A long life under the preloaded library: soak FOLDER HANDSHAKES EACH SEED
 * MOST_KB [PINSHIM] makes so many handshakes in one process, and changes one of two
 * policies after EACH of them, as FOLDER/plan says (plan.py). With PINSHIM, the
 * command, most changes come with a snapshot: a good one, an old one, another
 * policy's, one that is damaged, or is while it is in use. Every outcome is held
 * against the plan; descriptors and threads must stay what they were, at most one
 * snapshot of each policy be mapped, and memory grow by MOST_KB at most after the
 * first fifth. Names, servers, and sessions that are offered, right ones and wrong
 * ones, are drawn by SEED.
 */
#include "../stress/pair.h"

#include <fcntl.h>
#include <sys/stat.h>

#define SERVERS	   4
#define MOST_NAMES 32
#define MOST_TABLE (SERVERS * MOST_NAMES + 1)

/* Two policies, both of which have to accept, and what the plan says of them. */
static char paths[2][256], passes[2][MOST_TABLE];
static char names[MOST_NAMES][512];
static int n_names;
static SSL_CTX *servers[SERVERS], *careless, *careful;
static SSL_SESSION *sessions[MOST_NAMES][SERVERS];
static unsigned long outcomes[2], resumptions, good_changes;
static uint64_t state;

/* What may come with a change. */
enum snapshot_kind {
	SNAPSHOT_NONE,
	SNAPSHOT_GOOD,
	SNAPSHOT_OLD,
	SNAPSHOT_OTHERS,
	SNAPSHOT_CUT,
	SNAPSHOT_NOISE,
	SNAPSHOT_HARMED_HEAD,
	SNAPSHOT_HARMED_BLOCK, /* what is found only when it is looked at */
	SNAPSHOT_KINDS,
};

static const char *command; /* NULL: no snapshots */
static bool good[2];	    /* the text is */
static bool harmed[2];	    /* what is in use may be damaged */
static unsigned long kinds[SNAPSHOT_KINDS], harms, mapped;

/* xorshift64*: below N. */
static unsigned draw(unsigned n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (unsigned)((state * 0x2545f4914f6cdd1dull >> 33) % n);
}

static const char *in(const char *folder, char letter, const char *end)
{
	static char path[300];

	snprintf(path, sizeof(path), "%s/%c.%s", folder, letter, end);
	return path;
}

static SSL_CTX *server(const char *folder, char letter, char root)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	BIO *file;
	X509 *sent;

	MUST_HOLD(ctx && SSL_CTX_use_certificate_file(ctx, in(folder, letter, "pem"),
						      SSL_FILETYPE_PEM) == 1);
	MUST_HOLD(SSL_CTX_use_PrivateKey_file(ctx, in(folder, letter, "key"), SSL_FILETYPE_PEM) ==
		  1);
	if (root) {
		file = BIO_new_file(in(folder, root, "pem"), "r");
		sent = PEM_read_bio_X509(file, NULL, NULL, NULL);
		MUST_HOLD(sent && SSL_CTX_add_extra_chain_cert(ctx, sent) == 1);
		BIO_free(file);
	}
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	return ctx;
}

static SSL_CTX *client(const char *folder, int verify)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	MUST_HOLD(ctx && SSL_CTX_load_verify_locations(ctx, in(folder, 'E', "pem"), NULL) == 1);
	SSL_CTX_set_verify(ctx, verify, NULL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	return ctx;
}

static void write_whole(const char *path, const void *bytes, size_t len)
{
	FILE *file = fopen(path, "w");

	MUST_HOLD(file && fwrite(bytes, 1, len, file) == len && fclose(file) == 0);
}

static size_t read_all(const char *path, unsigned char **bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	MUST_HOLD(fd >= 0 && fstat(fd, &st) == 0);
	*bytes = malloc((size_t)st.st_size);
	MUST_HOLD(*bytes && read(fd, *bytes, (size_t)st.st_size) == st.st_size);
	close(fd);
	return (size_t)st.st_size;
}

static const char *snapshot_of(int which)
{
	static char path[300];

	snprintf(path, sizeof(path), "%s.snapshot", paths[which]);
	return path;
}

/* By another process, without the library. */
static void compile(int which)
{
	char line[1200];

	snprintf(line, sizeof(line), "env -u LD_PRELOAD '%s' compile '%s' >/dev/null 2>&1", command,
		 paths[which]);
	MUST_HOLD(system(line) == 0);
}

/* The snapshot of policy WHICH becomes these bytes, by rename as it has to be. */
static void replace_snapshot(int which, const void *bytes, size_t len)
{
	char beside[320];

	snprintf(beside, sizeof(beside), "%s.made", snapshot_of(which));
	write_whole(beside, bytes, len);
	MUST_HOLD(rename(beside, snapshot_of(which)) == 0);
}

/* Its head takes one page. */
static void harm(unsigned char *bytes, size_t len, enum snapshot_kind kind)
{
	const bool in_head = kind == SNAPSHOT_HARMED_HEAD;
	const size_t from = in_head ? 0 : 4096, most = in_head ? 256 : len - 4096;

	for (unsigned n = 1 + draw(in_head ? 4 : 200); n > 0; n--)
		bytes[from + draw((unsigned)most)] ^= (unsigned char)(1u << draw(8));
}

/* The text of policy WHICH is new and good. */
static void come_with(int which, enum snapshot_kind kind)
{
	unsigned char *bytes;
	size_t len;

	compile(kind == SNAPSHOT_OTHERS ? !which : which);
	len = read_all(snapshot_of(kind == SNAPSHOT_OTHERS ? !which : which), &bytes);
	if (kind == SNAPSHOT_CUT)
		replace_snapshot(which, bytes, draw((unsigned)len));
	if (kind == SNAPSHOT_OTHERS)
		replace_snapshot(which, bytes, len);
	if (kind == SNAPSHOT_NOISE)
		for (size_t i = 0; i < len; i++)
			bytes[i] = (unsigned char)draw(256);
	if (kind == SNAPSHOT_HARMED_HEAD || kind == SNAPSHOT_HARMED_BLOCK)
		harm(bytes, len, kind);
	if (kind >= SNAPSHOT_NOISE)
		replace_snapshot(which, bytes, len);
	free(bytes);
}

/* What is in use is written to, or cut; its text is as it was. */
static void harm_in_place(int which)
{
	const char *path = snapshot_of(which);
	unsigned char noise[64];
	struct stat st;
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	MUST_HOLD(fd >= 0 && fstat(fd, &st) == 0);
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (unsigned char)draw(256);
	if (draw(2))
		MUST_HOLD(ftruncate(fd, draw((unsigned)st.st_size + 1)) == 0);
	else
		MUST_HOLD(pwrite(fd, noise, sizeof(noise), draw((unsigned)st.st_size)) ==
			  sizeof(noise));
	close(fd);
	harms++;
}

static int count_maps(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[1024];
	int n = 0;

	MUST_HOLD(maps);
	while (fgets(line, sizeof(line), maps))
		n += strstr(line, ".snapshot") != NULL;
	fclose(maps);
	return n;
}

/* Puts the plan's next policy in force; a bad one must change nothing. */
static void change(FILE *plan)
{
	const unsigned kind_drawn = command ? draw(2 * SNAPSHOT_KINDS) : SNAPSHOT_NONE;
	enum snapshot_kind kind = kind_drawn < SNAPSHOT_KINDS ? kind_drawn : SNAPSHOT_GOOD;
	char table[MOST_TABLE], temporary[300];
	char *text;
	int which;
	size_t len;
	bool bad;

	MUST_HOLD(fscanf(plan, "%d %zu %128s", &which, &len, table) == 3 && fgetc(plan) == '\n');
	bad = !strcmp(table, "bad");
	if (bad)
		len = strlen("nonsense");
	text = malloc(len);
	MUST_HOLD(text && fread(text, 1, len, plan) == len);
	/* Of what is damaged and has no good text nothing could stay. */
	if (bad && harmed[which]) {
		free(text);
		return;
	}
	if (!bad)
		memcpy(passes[which], table, sizeof(table[0]) * (strlen(table) + 1));
	good_changes += !bad;
	if (!bad && kind == SNAPSHOT_OLD && access(paths[which], F_OK) == 0 && good[which])
		compile(which);
	snprintf(temporary, sizeof(temporary), "%s.new", paths[which]);
	write_whole(temporary, text, len);
	MUST_HOLD(rename(temporary, paths[which]) == 0);
	free(text);
	if (!bad && kind != SNAPSHOT_NONE && kind != SNAPSHOT_OLD &&
	    (kind != SNAPSHOT_OTHERS || good[!which]))
		come_with(which, kind);
	good[which] = !bad;
	if (!bad) {
		harmed[which] = kind == SNAPSHOT_HARMED_BLOCK;
		kinds[kind]++;
	}
}

/* Between two changes. */
static void look_after(void)
{
	int which = (int)draw(2), n = count_maps();

	mapped += (unsigned long)n;
	MUST_HOLD(n <= 2);
	if (good[which] && draw(2) && access(snapshot_of(which), F_OK) == 0)
		harm_in_place(which);
}

static bool may_pass(int name, int at)
{
	return passes[0][name * SERVERS + at] == '1' && passes[1][name * SERVERS + at] == '1';
}

/* What has to come of it is decided before it is tried. */
static void one_handshake(void)
{
	int name = (int)draw((unsigned)n_names), other = -1, at = (int)draw(SERVERS);
	bool is_careful = draw(8) == 0, trusted = at == 0 || at == 2, expected, ok;
	SSL *ours = SSL_new(is_careful ? careful : careless), *theirs = SSL_new(servers[at]);
	SSL_SESSION *offered = NULL;
	BIO *to = NULL, *from = NULL;
	char line[8];

	MUST_HOLD(ours && theirs && BIO_new_bio_pair(&to, 0, &from, 0) == 1);
	SSL_set_bio(ours, to, to);
	SSL_set_bio(theirs, from, from);
	SSL_set_accept_state(theirs);
	if (names[name][0] != '-')
		MUST_HOLD(SSL_set_tlsext_host_name(ours, names[name]) == 1);
	/* A second name, to verify: OpenSSL's own check of it counts only for the careful. */
	if (!is_careful && names[name][0] != '-' && draw(8) == 0) {
		other = (int)draw((unsigned)n_names - 1);
		MUST_HOLD(SSL_set1_host(ours, names[other]) == 1);
	}
	if (!is_careful && draw(2) == 0)
		offered = sessions[draw(4) ? name : (int)draw((unsigned)n_names)][at];
	if (offered)
		MUST_HOLD(SSL_set_session(ours, offered) == 1);
	expected = may_pass(name, at) && (other < 0 || may_pass(other, at)) &&
		   (!is_careful || trusted);
	ERR_clear_error();
	ok = connect_both(ours, theirs);
	if (ok != expected) {
		fprintf(stderr, "%s %s at %c: %d, not %d\n", names[name],
			other < 0 ? "" : names[other], 'A' + at, ok, expected);
		exit(1);
	}
	outcomes[ok]++;
	if (ok) {
		MUST_HOLD(SSL_write(ours, "ask", 4) == 4 && SSL_read(theirs, line, 8) == 4);
		MUST_HOLD(SSL_write(theirs, "say", 4) == 4 && SSL_read(ours, line, 8) == 4);
		resumptions += (unsigned long)SSL_session_reused(ours);
		if (!is_careful && other < 0) {
			SSL_SESSION_free(sessions[name][at]);
			sessions[name][at] = SSL_get1_session(ours);
		}
	} else {
		MUST_HOLD(ERR_GET_REASON(ERR_peek_error()) == SSL_R_CERTIFICATE_VERIFY_FAILED);
		MUST_HOLD(SSL_read(theirs, line, 8) <= 0);
		ERR_clear_error();
	}
	SSL_shutdown(ours);
	SSL_free(ours);
	SSL_free(theirs);
}

static void set_up(const char *folder, FILE *plan)
{
	static const char roots[SERVERS] = { 'E', 'F', 'E', '\0' };
	const char *policies = getenv("PINSHIM_POLICY"), *second = strchr(policies, ':');

	MUST_HOLD(second);
	snprintf(paths[0], sizeof(paths[0]), "%.*s", (int)(second - policies), policies);
	snprintf(paths[1], sizeof(paths[1]), "%s", second + 1);
	MUST_HOLD(fscanf(plan, "%d", &n_names) == 1 && n_names <= MOST_NAMES);
	for (int i = 0; i < n_names; i++)
		MUST_HOLD(fscanf(plan, "%511s", names[i]) == 1);
	MUST_HOLD(names[n_names - 1][0] == '-');
	change(plan);
	change(plan);
	for (int i = 0; i < SERVERS; i++)
		servers[i] = server(folder, (char)('A' + i), roots[i]);
	careless = client(folder, SSL_VERIFY_NONE);
	careful = client(folder, SSL_VERIFY_PEER);
}

int main(int argc, char **argv)
{
	long count, each, first = 0, grown;
	int descriptors, threads;
	FILE *plan;
	char path[300];

	if (argc < 6)
		return 2;
	command = argv[6];
	snprintf(path, sizeof(path), "%s/plan", argv[1]);
	plan = fopen(path, "r");
	MUST_HOLD(plan);
	count = atol(argv[2]);
	each = atol(argv[3]);
	state = strtoull(argv[4], NULL, 10) * 2 + 1;
	set_up(argv[1], plan);
	descriptors = count_entries("/proc/self/fd");
	threads = count_entries("/proc/self/task");
	for (long i = 1; i <= count; i++) {
		one_handshake();
		if (i % each == each / 2 && command)
			look_after();
		if (i % each == 0 && i < count)
			change(plan);
		if (i == count / 5)
			first = resident_kb();
	}
	grown = resident_kb() - first;
	printf("handshakes=%ld accepted=%lu refused=%lu resumed=%lu changes=%lu grown=%ldkB\n",
	       count, outcomes[1], outcomes[0], resumptions, good_changes, grown);
	for (int kind = 0; command && kind < SNAPSHOT_KINDS; kind++)
		MUST_HOLD(printf("%s%lu", kind ? " " : "snapshots=", kinds[kind]) > 0 &&
			  kinds[kind] > 0);
	if (command)
		printf(" mapped=%lu harmed=%lu\n", mapped, harms);
	MUST_HOLD(!command || (mapped > 0 && harms > 0 && count_maps() <= 2));
	MUST_HOLD(outcomes[0] > 0 && outcomes[1] > 0 && resumptions > 0 && good_changes > 2);
	MUST_HOLD(grown < atol(argv[5]));
	MUST_HOLD(count_entries("/proc/self/fd") == descriptors);
	MUST_HOLD(count_entries("/proc/self/task") == threads);
	return 0;
}
