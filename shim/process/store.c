/* SPDX-License-Identifier: MIT */
/*
 * Which policies are in force, and their exchange under running handshakes.
 * Readers announce themselves in a counter and take one pointer; whoever
 * exchanges the set frees the old one when no reader is left. No mutex: a
 * fork(2) in the wrong moment would leave it locked for ever in the child.
 */
#include "process/store.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "process/event.h"
#include "process/known.h"
#include "process/last_good.h"

/* What an exchange took out of force, until the last reader has gone. */
struct retired {
	struct retired *next;
	struct store_set *set;
	const struct source *sources[];
};

static struct store_set none;
static char unread_path[] = "policies", no_memory[] = "out of memory while the policies were read";
static const struct source unread_source = { .path = unread_path, .error = no_memory };
/* In force until there is memory to read the policies for the first time. */
static const struct store_set unread = {
	1, { { .source = &unread_source, .newest = &unread_source } }
};
static _Atomic(struct store_set *) current;
static _Atomic size_t readers;
static _Atomic uint64_t last_serial;
static _Atomic pid_t exchanging; /* the process in which a thread is at it; 0: nobody */
static struct retired *retired;	 /* only touched by whoever holds `exchanging' */
static _Atomic(const char *) program;
static atomic_bool read_sandboxed;
static _Atomic(const char *) events;

bool store_sandboxed(void)
{
	static atomic_bool filtered; /* a filter never goes away again */

	int mode = filtered ? 1 : prctl(PR_GET_SECCOMP, 0, 0, 0, 0);

	/* Only a filter answers EPERM. */
	if (mode > 0 || (mode < 0 && errno == EPERM))
		filtered = true;
	return filtered;
}

bool store_may_open(void)
{
	return read_sandboxed || !store_sandboxed();
}

/* NULL: no memory. */
static const char *find_program(void)
{
	const char *known = program, *expected = NULL;
	char *path;
	ssize_t len;

	if (known)
		return known;
	path = malloc(PATH_MAX);
	if (!path)
		return NULL;
	len = readlink("/proc/self/exe", path, PATH_MAX - 1);
	path[len > 0 ? len : 0] = '\0';
	if (atomic_compare_exchange_strong(&program, &expected, path))
		return path;
	free(path);
	return expected;
}

const char *store_program(void)
{
	const char *known = program;

	/* It is found out with the policies; a filter need not allow that any more. */
	if (!known && !store_sandboxed())
		known = find_program();
	return known ? known : "";
}

static bool is_exempt(const struct policy *p)
{
	const struct policy_value *exempts;
	size_t n;

	exempts = policy_values(p, p->exempts, &n);
	for (size_t i = 0; i < n; i++)
		if (policy_glob(policy_string(p, exempts[i].text), store_program()))
			return true;
	return false;
}

static void put_in_force(struct store_policy *policy, const struct source *source)
{
	policy->source = policy->newest = source;
	policy->serial = ++last_serial;
	policy->exempt = source->policy && is_exempt(source->policy);
	/* In good time: a seccomp filter may come. */
	if (source->policy && !policy->exempt && source->policy->tofu)
		known_prepare();
}

/* A source that is nothing but an error, for a variable that cannot be understood. */
static struct source *bad_source(const char *path, const char *error)
{
	struct source *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->path = strdup(path);
	s->error = strdup(error);
	if (s->path && s->error)
		return s;
	source_free(s);
	return NULL;
}

/* Adds SOURCE, and what the environment says of its policy, to SET. */
static int add(struct store_set **set, struct source *source, enum policy_mode cap, const char *log)
{
	struct store_set *more;
	size_t n = (*set)->n;

	if (!source)
		return -1;
	more = realloc(*set, sizeof(*more) + (n + 1) * sizeof(more->policies[0]));
	if (more)
		*set = more;
	if (!more || !find_program()) {
		source_free(source);
		return -1;
	}
	more->policies[n] = (struct store_policy){ .cap = cap, .log = log };
	put_in_force(&more->policies[n], source);
	more->n = n + 1;
	return 0;
}

/* POLICY, the host's, is bad from the start: the last good one, if there is any, is in force. */
static int fall_back(struct store_policy *policy)
{
	const struct source *bad = policy->source;
	struct source *good = last_good_load();

	if (!good)
		return -1;
	if (!good->policy) {
		source_free(good);
		return 0;
	}
	put_in_force(policy, good);
	policy->newest = bad;
	return 0;
}

static int add_host(struct store_set **set)
{
	struct source *host = source_load(SOURCE_HOST_DIR, true);

	if (host && host->absent) {
		source_free(host);
		return 0;
	}
	if (add(set, host, MODE_ENFORCE, NULL) < 0 || !host)
		return -1;
	return host->policy || host->shortage ? 0 : fall_back(&(*set)->policies[0]);
}

static bool is_log(const char *log)
{
	return *log == '/' || !strcmp(log, "stderr") || !strcmp(log, "syslog") ||
	       !strcmp(log, "none");
}

/* VALUE for as long as the process, since the program may change its environment; NULL: no memory.
 */
static const char *keep(_Atomic(const char *) *place, const char *value)
{
	const char *known = *place;
	char *copy;

	if (known)
		return known;
	copy = strdup(value);
	if (!copy || atomic_compare_exchange_strong(place, &known, copy))
		return copy;
	free(copy);
	return known;
}

/* Adds a bad policy that says that the VALUE of VARIABLE is not understood. 0, or -1: no memory. */
static int add_bad(struct store_set **set, const char *variable, const char *value,
		   const char *instead)
{
	char *error;
	int rv;

	if (asprintf(&error, "%s: '%s' is not understood; write %s, or unset it", variable, value,
		     instead) < 0)
		return -1;
	rv = add(set, bad_source("environment", error), MODE_ENFORCE, NULL);
	free(error);
	return rv;
}

static int add_events(struct store_set **set, const char *to)
{
	if (*to == '/' || !strcmp(to, "-"))
		return keep(&events, to) && find_program() ? 0 : -1;
	return add_bad(set, "PINSHIM_EVENTS", to, "an absolute path or -");
}

/* Adds one policy for each element of LIST. */
static int add_listed(struct store_set **set, const char *list, enum policy_mode cap,
		      const char *log)
{
	char **paths = source_list(list);
	int rv = paths ? 0 : -1;

	for (char **path = paths; rv == 0 && *path; path++)
		rv = add(set, source_load(*path, false), cap, log);
	free(paths);
	return rv;
}

/*
 * The policies of LIST and the one that refuses the names REFUSED, each of which
 * may be NULL, with what $PINSHIM_MODE and $PINSHIM_LOG say. No mode lifts the second.
 */
static int add_program(struct store_set **set, const char *list, const char *refused)
{
	static _Atomic(const char *) kept_log;
	const char *mode = secure_getenv("PINSHIM_MODE"), *to = secure_getenv("PINSHIM_LOG");
	enum policy_mode cap = MODE_ENFORCE;
	const char *log = NULL;

	if (mode && !policy_mode_of(mode, &cap) &&
	    add_bad(set, "PINSHIM_MODE", mode, "report or off") < 0)
		return -1;
	if (to && is_log(to) && !(log = keep(&kept_log, to)))
		return -1;
	if (to && !log &&
	    add_bad(set, "PINSHIM_LOG", to, "stderr, syslog, none or an absolute path") < 0)
		return -1;
	if (list && add_listed(set, list, cap, log) < 0)
		return -1;
	return refused ? add(set, source_of_refused(refused), MODE_ENFORCE, log) : 0;
}

static void free_set(struct store_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct store_policy *policy = &set->policies[i];

		if (policy->newest != policy->source)
			source_free((struct source *)policy->newest);
		source_free((struct source *)policy->source);
	}
	free(set);
}

static int fill(struct store_set **set)
{
	const char *list = secure_getenv("PINSHIM_POLICY"), *to = secure_getenv("PINSHIM_EVENTS");
	const char *refused = secure_getenv("PINSHIM_REFUSE");

	if (add_host(set) < 0 || (to && add_events(set, to) < 0))
		return -1;
	return list || refused ? add_program(set, list, refused) : 0;
}

static struct store_set *first_set(void)
{
	struct store_set *set = calloc(1, sizeof(*set));

	if (!set)
		return NULL;
	if (fill(&set) < 0) {
		free_set(set);
		return NULL;
	}
	if (set->n)
		read_sandboxed = store_sandboxed();
	if (set->n || events)
		return set;
	free(set);
	return &none;
}

/* Says that the files of POLICY are bad, and what is in force instead. */
static void tell_of_bad(const struct store_policy *policy)
{
	const char *error = policy->newest->error;
	char date[DATE_SIZE], *longer = NULL;

	if (last_good_is(policy->source) &&
	    asprintf(&longer, "%s; the last good policy of %s is used", error,
		     last_good_date(policy->source, date)) < 0)
		longer = NULL;
	event_bad_policy(policy, longer ? longer : error);
	free(longer);
}

/* Says that the texts of POLICY were read, though there is a snapshot, and what is wrong with it.
 */
static void tell_of_snapshot(const struct store_policy *policy)
{
	const struct source *source = policy->source;

	if (source->policy && source->snapshot_error)
		event_bad_snapshot(policy, source->snapshot_error);
}

/* Of a SET that has just been read. */
static void tell_of_all_bad(const struct store_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		if (set->policies[i].newest != set->policies[i].source)
			tell_of_bad(&set->policies[i]);
		tell_of_snapshot(&set->policies[i]);
	}
}

/* Puts *SET in force as the first, or finds there what another thread was faster with. */
static void begin(struct store_set **set)
{
	struct store_set *expected = NULL;

	if (!atomic_compare_exchange_strong(&current, &expected, *set)) {
		if (*set != &none)
			free_set(*set);
		*set = expected;
		return;
	}
	tell_of_all_bad(*set);
}

bool store_active(void)
{
	struct store_set *set = current;
	int cancel = PTHREAD_CANCEL_ENABLE;

	if (set)
		return set != &none;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	if ((set = first_set())) {
		store_enter(); /* so that nobody frees it before it is told of */
		begin(&set);
		store_leave();
	}
	pthread_setcancelstate(cancel, NULL);
	return set != &none;
}

bool store_is_empty(void)
{
	return current == &none;
}

bool store_has_policy(void)
{
	const struct store_set *set = store_enter();
	bool any = set->n;

	store_leave();
	return any;
}

const char *store_events(void)
{
	return events;
}

const struct store_set *store_enter(void)
{
	/* Sequentially consistent, as is reclaim(): it sees us, or we see its new set. */
	readers++;
	return current ? current : &unread;
}

void store_leave(void)
{
	readers--;
}

/* Whether what is in force for POLICY may no longer be what its files say. */
static bool has_changed(const struct store_policy *policy)
{
	return source_changed(policy->newest) ||
	       (policy->source != policy->newest && source_spoiled(policy->source));
}

static bool any_changed(const struct store_set *set)
{
	for (size_t i = 0; set && i < set->n; i++)
		if (has_changed(&set->policies[i]))
			return true;
	return false;
}

void store_distrust(const struct store_policy *policy)
{
	((struct source *)(uintptr_t)policy->source)->distrusted = true;
}

static void reclaim(void)
{
	while (retired && !readers) {
		struct retired *gone = retired;

		retired = gone->next;
		for (size_t i = 0; gone->sources[i]; i++)
			source_free((struct source *)gone->sources[i]);
		free(gone->set);
		free(gone);
	}
}

static bool in_use(const struct store_policy *policy, const struct source *source)
{
	return policy && (policy->source == source || policy->newest == source);
}

static void retire(struct store_set *old, const struct store_set *set)
{
	struct retired *gone = calloc(1, sizeof(*gone) + (2 * old->n + 1) * sizeof(old));
	size_t n = 0;

	if (!gone)
		return; /* a leak, and nothing worse */
	for (size_t i = 0; i < old->n; i++) {
		const struct store_policy *before = &old->policies[i];
		const struct store_policy *now = i < set->n ? &set->policies[i] : NULL;

		if (!in_use(now, before->source))
			gone->sources[n++] = before->source;
		if (before->newest != before->source && !in_use(now, before->newest))
			gone->sources[n++] = before->newest;
	}
	gone->set = old;
	gone->next = retired;
	retired = gone;
}

/* The policy of OLD as it is now: from the texts alone, where its snapshot was found damaged. */
static struct source *load_again(const struct store_policy *old)
{
	const struct source *was = old->newest;
	struct source *source;

	if (!old->source->distrusted)
		return source_load(was->path, was->host);
	source = source_read(was->path, was->host, false);
	if (source && asprintf(&source->snapshot_error, "%s: is damaged; make it anew",
			       old->source->map.path) < 0)
		source->snapshot_error = NULL;
	return source;
}

/*
 * POLICY was in force from a snapshot that was written to, and its files are bad. Where
 * no more was done to the host's than to link it, say, it is still the last good policy.
 */
static int stand_in(struct store_policy *policy)
{
	if (!policy->source->host || policy->source->policy || policy->source->shortage)
		return 0;
	if (fall_back(policy) < 0)
		return -1;
	if (policy->source->policy)
		tell_of_bad(policy);
	return 0;
}

/* 0, or -1 when memory ran out. */
static int renew(struct store_policy *policy)
{
	bool spoiled = source_spoiled(policy->source); /* its rules cannot stay */
	bool damaged = policy->source->distrusted;
	struct source *source;
	bool again; /* the same failure as before is no change */

	if (!has_changed(policy))
		return 0;
	source = load_again(policy);
	if (!source)
		return -1;
	if (source->policy || !policy->source->policy || spoiled) {
		put_in_force(policy, source);
		tell_of_snapshot(policy);
		return spoiled && !damaged ? stand_in(policy) : 0;
	}
	again = policy->newest->error && !strcmp(policy->newest->error, source->error);
	policy->newest = source;
	if (!again)
		tell_of_bad(policy);
	return 0;
}

/* A copy of OLD with what has changed; NULL: no memory, and *RV -1 when it was wanting later. */
static struct store_set *renewed(const struct store_set *old, int *rv)
{
	size_t size = sizeof(*old) + old->n * sizeof(old->policies[0]);
	struct store_set *set = malloc(size);

	if (!set)
		return NULL;
	memcpy(set, old, size);
	for (size_t i = 0; i < set->n; i++)
		if (renew(&set->policies[i]) < 0)
			*rv = -1;
	return set;
}

/* Whether a policy could not be read so far, so that it is not even known whether it is there. */
static bool is_unread(const struct store_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->policies[i].source->shortage)
			return true;
	return false;
}

static int exchange(void)
{
	struct store_set *old = current, *set;
	int rv = 0;

	if (!any_changed(old))
		return 0;
	set = is_unread(old) ? first_set() : renewed(old, &rv);
	if (!set)
		return -1;
	if (is_unread(old))
		tell_of_all_bad(set);
	current = set;
	retire(old, set);
	return rv;
}

/* How long a thread waits while another reads a changed policy, in steps of a ms. */
#define WAIT_MOST 2000

/* Whether there is still something to exchange, and this thread is to do it. */
static bool may_exchange(void)
{
	static const struct timespec pause = { 0, 1000000 };
	const pid_t self = getpid();

	for (int waited = 0; waited < WAIT_MOST; waited++) {
		pid_t holder = 0;
		bool changed;

		/* A holder of another process is what fork(2) left of one: nobody will end its
		 * work. */
		if (atomic_compare_exchange_strong(&exchanging, &holder, self) ||
		    (holder != self && atomic_compare_exchange_strong(&exchanging, &holder, self)))
			return true;
		/* This handshake has begun after the change, so what is in force does not do. */
		nanosleep(&pause, NULL);
		changed = any_changed(store_enter());
		store_leave();
		if (!changed)
			return false;
	}
	return false;
}

int store_refresh(void)
{
	const struct store_set *set = store_enter();
	bool changed = set->n && !store_sandboxed() && any_changed(set);
	int rv = 0;

	store_leave();
	if (set == &unread)
		store_active();
	if (!changed || !may_exchange())
		return 0;
	rv = exchange();
	reclaim();
	exchanging = 0;
	return rv;
}
