/* SPDX-License-Identifier: MIT */
/*
 * A ring of pairs, an address and a name, written in the order of their tickets;
 * and for each hash of an address a chain through the ring, from the newest pair
 * to the oldest, and for each hash of a pair another, since very many names may
 * lead to one address. The ring grows by chunks until it is full; from then on a pair
 * takes the place of the oldest. A chain ends where a place no longer holds the
 * pair that it was linked for: what follows is older still.
 *
 * Every field is atomic, and a reader looks at the mark of a place last: writers
 * change it first.
 * A thread may be gone at any point (fork(2)): what it had not linked is not
 * found, and the place that it was writing to is passed over for ever.
 */
#include "process/resolver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "pure/siphash.h"

/* Twice what is promised: a pair that is resolved again is renewed only in the older half. */
#define PLACES	(UINT64_C(2) * RESOLVER_KEPT)
#define CHUNK	1024
#define BUCKETS 32768
#define GROUP	256 /* buckets in a page: few names take few pages */

/* The chains that a pair is in. */
enum way { BY_ADDRESS, BY_PAIR, WAYS };

#define ADDRESS_WORDS (sizeof(struct in6_addr) / sizeof(uint64_t))
#define NAME_WORDS    ((NAME_SIZE + sizeof(uint64_t) - 1) / sizeof(uint64_t))

struct place {
	_Atomic uint64_t mark;	     /* twice the ticket of its pair; odd: somebody writes here */
	_Atomic uint64_t next[WAYS]; /* the next older ticket of the chain; 0: none */
	_Atomic uint64_t address[ADDRESS_WORDS];
	_Atomic uint64_t name[NAME_WORDS];
};

/* IPv4 addresses are mapped (RFC 4291 section 2.5.5.2). */
union key {
	struct in6_addr address;
	uint64_t words[ADDRESS_WORDS];
};

union text {
	char bytes[NAME_SIZE];
	uint64_t words[NAME_WORDS];
};

static _Atomic(struct place *) chunks[PLACES / CHUNK];
static _Atomic(_Atomic uint64_t *) chains; /* BUCKETS of each: their newest tickets */
static _Atomic uint64_t last_ticket;
static atomic_bool lost; /* memory ran out: a name is missing */

/* Whether KEY is an address. */
static bool make_key(int family, const void *bytes, union key *key)
{
	struct in_addr v4;

	if (family == AF_INET6) {
		memcpy(&key->address, bytes, sizeof(key->address));
	} else if (family == AF_INET) {
		key->address = (struct in6_addr){ .s6_addr = { [10] = 0xff, [11] = 0xff } };
		memcpy(&key->address.s6_addr[12], bytes, sizeof(v4));
	} else {
		return false;
	}
	/* Who connects to no address is connected to this machine. */
	memcpy(&v4, &key->address.s6_addr[12], sizeof(v4));
	if (IN6_IS_ADDR_UNSPECIFIED(&key->address)) {
		key->address = (struct in6_addr)IN6ADDR_LOOPBACK_INIT;
	} else if (IN6_IS_ADDR_V4MAPPED(&key->address) && v4.s_addr == htonl(INADDR_ANY)) {
		v4.s_addr = htonl(INADDR_LOOPBACK);
		memcpy(&key->address.s6_addr[12], &v4, sizeof(v4));
	}
	return true;
}

static void *get_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* Keyed, so that nobody can choose what shares one chain. */
static size_t hash(const void *bytes, size_t len)
{
	return (size_t)siphash(bytes, len, (const uint8_t *)getauxval(AT_RANDOM));
}

/*
 * The chain of KEY's pairs or, with a NAME, of that pair; NULL when there is none
 * yet, and with MAKE when memory ran out.
 */
static _Atomic uint64_t *chain_of(const union key *key, const char *name, bool make)
{
	const size_t size = sizeof(*chains) * WAYS * BUCKETS;
	_Atomic uint64_t *all = chains, *expected = NULL;
	size_t bucket;

	if (!all && make && (all = get_memory(size)) &&
	    !atomic_compare_exchange_strong(&chains, &expected, all)) {
		munmap(all, size);
		all = expected;
	}
	if (!all)
		return NULL;
	bucket = hash(key, sizeof(*key)) % BUCKETS;
	if (!name)
		return &all[bucket * WAYS + BY_ADDRESS];
	bucket = bucket / GROUP * GROUP + hash(name, strlen(name)) % GROUP;
	return &all[bucket * WAYS + BY_PAIR];
}

static struct place *place_of(uint64_t ticket)
{
	struct place *chunk = chunks[ticket % PLACES / CHUNK];

	return chunk ? &chunk[ticket % CHUNK] : NULL;
}

/* The same, made where it is not there yet; NULL when memory ran out. */
static struct place *make_place(uint64_t ticket)
{
	_Atomic(struct place *) *chunk = &chunks[ticket % PLACES / CHUNK];
	struct place *expected = NULL, *more;

	if (*chunk)
		return place_of(ticket);
	more = get_memory(CHUNK * sizeof(*more));
	if (more && !atomic_compare_exchange_strong(chunk, &expected, more))
		munmap(more, CHUNK * sizeof(*more));
	return place_of(ticket);
}

/* A ticket and its place, in which nobody else writes; NULL when memory ran out. */
static struct place *take_place(uint64_t *ticket)
{
	for (;;) {
		struct place *place = make_place(*ticket = ++last_ticket);
		uint64_t mark;

		if (!place)
			return NULL;
		mark = place->mark;
		/* In use, or this thread was so slow that the ring has overtaken it. */
		if (mark & 1 || mark > 2 * *ticket)
			continue;
		if (atomic_compare_exchange_strong(&place->mark, &mark, 2 * *ticket + 1))
			return place;
	}
}

/* Puts the pair in front of CHAIN. False when a newer one stands there: the chain is in order. */
static bool link_pair(struct place *place, uint64_t ticket, _Atomic uint64_t *chain, enum way way)
{
	uint64_t front = *chain;

	do {
		if (front > ticket)
			return false;
		place->next[way] = front;
	} while (!atomic_compare_exchange_weak(chain, &front, ticket));
	return true;
}

/* Whether the pair was written. */
static bool write_pair(const union key *key, const union text *name)
{
	const size_t n = strlen(name->bytes) / sizeof(name->words[0]) + 1;
	_Atomic uint64_t *by_address = chain_of(key, NULL, true);
	_Atomic uint64_t *by_pair = chain_of(key, name->bytes, true);
	struct place *place;
	uint64_t ticket;
	bool linked;

	if (!by_address || !by_pair)
		return false;
	do {
		place = take_place(&ticket);
		if (!place)
			return false;
		for (size_t i = 0; i < ADDRESS_WORDS; i++)
			place->address[i] = key->words[i];
		for (size_t i = 0; i < n; i++)
			place->name[i] = name->words[i];
		linked = link_pair(place, ticket, by_address, BY_ADDRESS);
		/* What is not found this way is written once more, no worse. */
		if (linked)
			link_pair(place, ticket, by_pair, BY_PAIR);
		place->mark = 2 * ticket;
	} while (!linked);
	return true;
}

/* A way along a chain. */
struct walk {
	const union key *key;
	enum way way;
	uint64_t next;
	uint64_t ticket; /* of the pair that was read last */
	union text name;
};

/* Along the pairs of KEY or, with a NAME, that one. */
static struct walk walk_from(const union key *key, const char *name)
{
	_Atomic uint64_t *chain = chain_of(key, name, false);

	return (struct walk){ .key = key,
			      .way = name ? BY_PAIR : BY_ADDRESS,
			      .next = chain ? *chain : 0 };
}

/* Reads the next pair with the address; false when there is none. */
static bool read_pair(struct walk *walk)
{
	while (walk->next) {
		struct place *place = place_of(walk->next);
		union key key;

		walk->ticket = walk->next;
		for (size_t i = 0; i < ADDRESS_WORDS; i++)
			key.words[i] = place->address[i];
		for (size_t i = 0; i < NAME_WORDS; i++)
			walk->name.words[i] = place->name[i];
		walk->next = place->next[walk->way];
		/* What was linked is whole, also if its writer has not let go of it. */
		if (place->mark / 2 != walk->ticket)
			return false;
		if (!memcmp(&key, walk->key, sizeof(key)))
			return true;
	}
	return false;
}

/* The ticket of the pair, the last where there are several; 0: it is not known. */
static uint64_t find_pair(const union key *key, const char *name)
{
	struct walk walk = walk_from(key, name);

	while (read_pair(&walk))
		if (!strcmp(walk.name.bytes, name))
			return walk.ticket;
	return 0;
}

static bool is_known(const union key *key, const char *name)
{
	const uint64_t ticket = find_pair(key, name);

	return ticket && last_ticket - ticket < RESOLVER_KEPT;
}

bool resolver_name(const char *asked, char out[NAME_SIZE])
{
	const size_t zone = strcspn(asked, "%");
	char bare[INET6_ADDRSTRLEN] = "";
	struct in6_addr v6;
	struct in_addr v4;
	enum name_kind kind;

	if (zone < sizeof(bare))
		memcpy(bare, asked, zone);
	if (!*asked || inet_aton(asked, &v4) || inet_pton(AF_INET6, bare, &v6) == 1)
		return false;
	kind = name_normalise(asked, strlen(asked), out, NULL);
	if (kind == NAME_BAD)
		name_printable(asked, out);
	return kind != NAME_ADDRESS;
}

void resolver_add(const char *name, int family, const void *bytes)
{
	union text text = { .words = { 0 } };
	union key key;

	if (!make_key(family, bytes, &key) || is_known(&key, name))
		return;
	memcpy(text.bytes, name, strnlen(name, NAME_MAX_LEN));
	if (!write_pair(&key, &text))
		lost = true;
}

bool resolver_names(int family, const void *bytes, void (*each)(void *arg, const char *name),
		    void *arg)
{
	union key key;
	struct walk walk;

	if (make_key(family, bytes, &key)) {
		walk = walk_from(&key, NULL);
		while (read_pair(&walk))
			if (find_pair(&key, walk.name.bytes) <= walk.ticket)
				each(arg, walk.name.bytes);
	}
	return !lost;
}
