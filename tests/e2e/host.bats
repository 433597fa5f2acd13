# SPDX-License-Identifier: MIT
#
# The host's policy, in a mount namespace of its own. Needs root, as the host's policy itself does.

load ../lib/rig

host_policy() { # [FILE]: standard input becomes the host's policy; it logs to $T/events
	mkdir -p "$T/etc/pinshim/policy.d"
	{
		[ $# = 1 ] || echo "log = $T/events"
		cat
	} >"$T/etc/pinshim/${1:-policy.ini}"
}

host_section() { # LINE...
	printf '%s\n' "[api.example.com]" "$@" | host_policy
}

# The client under the host's policy alone.
client() { # [KEY=VALUE...]
	in_host "${SHIMMED_ALONE[@]}" "$CLIENT" connect "$PORT" "ca=$PKI/ca.pem" \
		sni=api.example.com "$@"
}

# The client under the host's policy and $POLICY.
client_both() { # [VARIABLE=VALUE...]
	in_host "${SHIMMED[@]}" "$@" "$CLIENT" connect "$PORT" "ca=$PKI/ca.pem" sni=api.example.com
}

refused_with() { # PATTERN: of the cause that the program sees
	assert_rc 1
	assert_fact handshake=failed
	grep -qE "^verify_text=$1" "$T/out" || fail "the cause is not $1"
}

@test "a pin of the host's policy" {
	start_server line api
	host_section "pin = $(pin nobody)"
	client
	refused_with 'pin mismatch for api\.example\.com \(policy\.ini:2\)'
	assert_quiet
	assert_event '.verdict == "refused" and .policy == "/etc/pinshim/policy.ini"'
	assert_refused_inside
	start_server line api
	host_section "pin = $(pin api)"
	client
	assert_accepted
	client sni=localhost
	assert_accepted
	assert_data 2
}

@test "no host policy: nothing is judged, nothing is said" {
	mkdir -p "$T/etc/pinshim"
	start_server line api
	client
	assert_accepted
	rmdir "$T/etc/pinshim"
	client
	assert_accepted
	assert_data 2
}

@test "both policies must accept" {
	start_server line api
	host_section "pin = $(pin api)"
	pin_policy api.example.com nobody
	client_both
	refused_with 'pin mismatch for api\.example\.com \(pins\.ini:2\)'
	host_section "pin = $(pin nobody)"
	pin_policy api.example.com api
	client_both
	refused_with 'pin mismatch for api\.example\.com \(policy\.ini:2\)'
	assert_refused_inside
	start_server line api
	host_section "pin = $(pin api)"
	client_both
	assert_accepted
}

@test "no variable loosens the host's policy" {
	local variable
	start_server line api
	host_section "pin = $(pin nobody)"
	printf '%s\n' "mode = off" "exempt = $CLIENT" "[api.example.com]" "mode = off" | policy
	for variable in PINSHIM_MODE=off PINSHIM_MODE=report PINSHIM_LOG=none PINSHIM_POLICY=; do
		rm -f "$T/events"
		client_both "$variable"
		assert_rc 1
		assert_event '.verdict == "refused"'
	done
	assert_refused_inside
}

@test "the files of policy.d are one policy with policy.ini" {
	start_server line api
	host_section "pin = $(pin api)"
	host_policy policy.d/a.ini <<<"[localhost]
pin = $(pin nobody)"
	client
	assert_accepted
	client sni=localhost
	refused_with 'pin mismatch for localhost \(a\.ini:1\)'
	host_policy policy.d/b.ini <<<"[localhost]
pin = $(pin api)"
	client
	refused_with '.*b\.ini:1'
	assert_data 1
}

@test "a host policy without policy.ini" {
	start_server line api
	host_policy policy.d/a.ini <<<"[api.example.com]
pin = $(pin nobody)"
	client
	refused_with 'pin mismatch for api\.example\.com \(a\.ini:1\)'
	assert_refused_inside
}

@test "a bad host policy refuses every handshake" {
	start_server line api
	host_policy <<<"nonsense"
	client
	refused_with '.*policy\.ini:2'
	client sni=localhost
	refused_with '.*policy\.ini:2'
	assert_no_data
}

@test "tofu is an error in the host's policy" {
	start_server line api
	host_section "tofu = yes"
	client
	refused_with '.*policy\.ini:3'
	assert_no_data
}

untrusted() { # COMMAND...: makes the host's policy one that others could write
	rm -rf "${T:?}/etc"
	host_section "pin = $(pin api)"
	host_policy policy.d/a.ini <<<"[localhost]
pin = $(pin api)"
	client
	assert_accepted
	echo "untrusted: $*"
	"$@"
	client
	refused_with 'bad pin policy: .*(others than root|owned by uid 65534)'
	client sni=elsewhere.example.org
	refused_with 'bad pin policy: .*(others than root|owned by uid 65534)'
}

link_to_open_folder() {
	mkdir -p "$T/open"
	chmod 777 "$T/open"
	mv "$T/etc/pinshim/policy.ini" "$T/open/policy.ini"
	ln -s "$T/open/policy.ini" "$T/etc/pinshim/policy.ini"
}

@test "a host policy that others than root could write" {
	start_server line api
	untrusted chmod g+w "$T/etc/pinshim/policy.ini"
	untrusted chmod o+w "$T/etc/pinshim/policy.ini"
	untrusted chown 65534 "$T/etc/pinshim/policy.ini"
	untrusted chmod g+w "$T/etc/pinshim/policy.d/a.ini"
	untrusted chmod o+w "$T/etc/pinshim/policy.d"
	untrusted chown 65534 "$T/etc/pinshim/policy.d"
	untrusted chmod g+w "$T/etc/pinshim"
	untrusted chown 65534 "$T/etc/pinshim"
	untrusted link_to_open_folder
	assert_data 9
}

@test "verify = full believes neither the program's anchors nor the environment's" {
	start_server line api
	host_section "verify = full"
	client
	refused_with 'unverified chain of api\.example\.com'
	in_host "${SHIMMED_ALONE[@]}" "SSL_CERT_FILE=$PKI/ca.pem" "SSL_CERT_DIR=$PKI" \
		"$CLIENT" connect "$PORT" "ca=$PKI/ca.pem" sni=api.example.com verify=none
	refused_with 'unverified chain of api\.example\.com'
	assert_refused_inside
}

trust_root() { # FILE: the root becomes one of the system's, from this file
	mkdir -p "$T/etc/ssl/certs"
	ln -s "$1" "$T/etc/ssl/certs/$(openssl x509 -in "$PKI/root.pem" -noout -subject_hash).0"
}

@test "verify = full believes the system's anchors, or the ca-file" {
	start_server line api
	host_section "verify = full"
	trust_root "$PKI/root.pem"
	client
	assert_accepted
	rm -rf "${T:?}/etc/ssl"
	host_section "verify = full" "ca-file = /etc/pinshim/ca.pem"
	cp "$PKI/ca.pem" "$T/etc/pinshim/ca.pem"
	client
	assert_accepted
	assert_data 2
}

@test "a ca-file that others than root could write" {
	start_server line api
	host_section "verify = full" "ca-file = /etc/pinshim/ca.pem"
	cp "$PKI/ca.pem" "$T/etc/pinshim/ca.pem"
	chmod g+w "$T/etc/pinshim/ca.pem"
	client
	refused_with 'bad pin policy: .*ca\.pem.*others than root'
	assert_no_data
}

@test "pin-ca of a root that only the system's store has" {
	start_server line api
	host_section "pin-ca = $(pin root)"
	client verify=none ca=
	refused_with 'pin mismatch'
	trust_root "$PKI/root.pem"
	client verify=none ca=
	assert_accepted
	assert_data 1
}

@test "exempt in the host's policy" {
	start_server line api
	printf '%s\n' "exempt = $CLIENT" "[api.example.com]" "pin = $(pin nobody)" | host_policy
	client
	assert_accepted
	assert_data 1
}

@test "likely: a locally installed root signed it" {
	local folder=/usr/local/share/ca-certificates
	[ -d "$folder" ] || fail "the test needs $folder"
	start_server line api
	host_section "pin = $(pin nobody)"
	trust_root "$folder/local.crt"
	# shellcheck disable=SC2016 # expanded by the inner shell
	in_host bash -euc 'mount -t tmpfs none "$1"; cp "$2" "$1/local.crt"; shift 2; exec "$@"' - \
		"$folder" "$PKI/root.pem" "${SHIMMED_ALONE[@]}" "$CLIENT" connect "$PORT" \
		"ca=$PKI/ca.pem" sni=api.example.com
	refused_with 'pin mismatch'
	assert_event '."likely-cause" | test("local")'
}
