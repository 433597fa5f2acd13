# SPDX-License-Identifier: MIT
#
# Very many threads make handshakes while the policy changes all the time. PINSHIM_THREADS and
# PINSHIM_CHANGES say how many; PINSHIM_GROWTH how many kilobytes more the process may hold in the
# end, which a sanitizer needs.

load common

# What malloc keeps for each thread would pass for held.
PLAIN_MALLOC=glibc.malloc.tcache_count=0:glibc.malloc.arena_max=2

@test "sixty-four threads, a thousand changes: each verdict is that of a policy in force, nothing is kept" {
	shimmed env "GLIBC_TUNABLES=$PLAIN_MALLOC" "$BIN/stress" pin swaps \
		"${PINSHIM_CHANGES:-1000}" "${PINSHIM_THREADS:-64}" "${PINSHIM_GROWTH:-1500}"
}
