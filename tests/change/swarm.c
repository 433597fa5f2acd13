/* SPDX-License-Identifier: MIT */
/*
 * swarm PROCESSES CHANGES: processes that make handshakes with two servers by
 * turns while the policy, a link, changes from one that accepts the first to one
 * that accepts the second, and every fiftieth time to a bad one. Ends with 0 when
 * every verdict was that of a policy in force at some time during the handshake,
 * and prints how many were accepted and refused.
 */
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "../stress/pair.h"

#define MOST 20000

/*
 * An odd era has one policy in force, an even one lies between two that may both
 * be. Written before the era begins.
 */
static struct {
	atomic_uint era;
	atomic_bool stop;
	atomic_uint reached[64]; /* the era of each process's last handshake */
	atomic_long verdicts[2], seen[2][2];
	uint8_t in_force[MOST];
} * shared;

static struct {
	struct identity id;
	SSL_CTX *ctx;
	char policy[300];
} side[2];

static unsigned sides_between(unsigned first, unsigned last)
{
	unsigned sides = 0;

	for (unsigned e = (first - 1) | 1; e <= (last | 1); e += 2)
		sides |= 1u << shared->in_force[e];
	return sides;
}

static void write_policy(char path[300], const char *end, const char *text)
{
	FILE *file;

	snprintf(path, 300, "%s.%s", getenv("PINSHIM_POLICY"), end);
	file = fopen(path, "w");
	MUST_HOLD(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void point_policy(const char *file)
{
	char temporary[300];

	snprintf(temporary, sizeof(temporary), "%s.new", getenv("PINSHIM_POLICY"));
	MUST_HOLD(symlink(file, temporary) == 0 &&
		  rename(temporary, getenv("PINSHIM_POLICY")) == 0);
}

static void prepare(void)
{
	for (int i = 0; i < 2; i++) {
		char pin[64], text[256];

		if (i)
			make_sibling(&side[i].id, &side[0].id);
		else
			make_identity(&side[i].id);
		side[i].ctx = server_of(&side[i].id);
		pin_text(side[i].id.cert, pin);
		snprintf(text, sizeof(text), "[**.example.com]\npin = %s\n", pin);
		write_policy(side[i].policy, i ? "b" : "a", text);
	}
	point_policy(side[0].policy);
	usleep(30000); /* older than the clock's grain */
}

static int handshakes(int self)
{
	SSL_CTX *client = client_of(&side[0].id, SSL_VERIFY_NONE);

	for (unsigned i = 0; !shared->stop; i++) {
		unsigned before = shared->era, to = i % 2;
		bool ok = talk(client, side[to].ctx, NAME, NULL, NULL);

		MUST_HOLD(sides_between(before, shared->era) & (1u << (ok ? to : !to)));
		shared->reached[self] = before;
		shared->verdicts[ok]++;
		shared->seen[to][ok]++;
	}
	return 0;
}

/* Under a bad policy each goes on with the last good one that it has seen itself. */
static void wait_for_all(int processes)
{
	for (int i = 0; i < processes; i++)
		while (shared->reached[i] < shared->era)
			if (usleep(200) || waitpid(-1, NULL, WNOHANG) != 0)
				abort();
}

static void change(int changes, int processes, const char *bad)
{
	for (int i = 0; i < changes; i++) {
		unsigned era = shared->era;

		usleep(1000);
		if (i % 50 == 49) {
			wait_for_all(processes);
			point_policy(bad);
			continue;
		}
		shared->in_force[era + 2] = !shared->in_force[era];
		shared->era++;
		point_policy(side[shared->in_force[era + 2]].policy);
		shared->era++;
	}
}

int main(int argc, char **argv)
{
	int processes = argc > 2 ? atoi(argv[1]) : 0, changes = argc > 2 ? atoi(argv[2]) : 0;
	char bad[300];
	int status;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	MUST_HOLD(shared != MAP_FAILED && processes > 0 && processes <= 64 &&
		  2 * changes + 2 < MOST);
	prepare();
	write_policy(bad, "bad", "[**.example.com]\npin = nonsense\n");
	shared->era = 1;
	for (int i = 0; i < processes; i++) {
		pid_t pid = fork();

		MUST_HOLD(pid >= 0);
		if (pid == 0)
			exit(handshakes(i));
	}
	change(changes, processes, bad);
	shared->stop = true;
	for (int i = 0; i < processes; i++)
		MUST_HOLD(wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	for (int i = 0; i < 4; i++)
		MUST_HOLD(shared->seen[i / 2][i % 2] > 0);
	printf("%ld %ld\n", (long)shared->verdicts[1], (long)shared->verdicts[0]);
	return 0;
}
