# SPDX-License-Identifier: MIT
#
# Children of a program whose threads go on resolving names.

load ../lib/rig

@test "children judge by what was resolved before" {
	start_server line api
	pin_policy localhost nobody
	client forks sni= resolve=getaddrinfo host=localhost host2=localhost
	assert_rc 1
	assert_fact good=0
	[ "$(grep -c '^pinshim: .* refused localhost: .*name from the resolver' "$T/err")" = 20 ] ||
		fail "not every child was refused"
	assert_refused_inside
	start_server line api
	pin_policy localhost api
	client forks sni= resolve=getaddrinfo host=localhost host2=localhost
	assert_rc 0
	assert_fact good=20
	assert_quiet
}
