# SPDX-License-Identifier: MIT
#
# Connections that say no name: what the program resolved is judged, and the results of the
# resolver functions are the real ones. The names are those of an /etc/hosts of our own.

load ../lib/rig

hosts() { # LOOKUP: how names are found (nsswitch.conf)
	mkdir -p "$T/etc"
	cat >"$T/etc/hosts" <<-END
		127.0.0.1 localhost
		127.0.0.1 api.example.com alias.example.com
		127.0.0.1 other.example.com
		0.0.0.0 any.example.com
		192.0.2.7 far.example.com
		192.0.2.8 far.example.com
		2001:db8::7 far.example.com
	END
	echo "hosts: $1" >"$T/etc/nsswitch.conf"
	printf '%s\n' 'nameserver 127.0.0.1' 'options timeout:1 attempts:1' >"$T/etc/resolv.conf"
}

# The client without SNI, which resolves; later KEY=VALUEs win.
client() { # SCENARIO [KEY=VALUE...]
	[ -e "$T/etc/hosts" ] || hosts files
	in_host "${SHIMMED[@]}" "$CLIENT" "$1" "$PORT" "ca=$PKI/ca.pem" \
		resolve=getaddrinfo host=api.example.com "${@:2}"
}

refused_as() { # NAME KEY=VALUE...
	echo "refused as $1: ${*:2}"
	client connect "${@:2}"
	assert_refused "$1"
}

accepted_with() { # KEY=VALUE...
	echo "accepted: $*"
	client connect "$@"
	assert_accepted
}

@test "every function that resolves names" {
	local function
	start_server line api
	for function in getaddrinfo mapped gethostbyname gethostbyname2 gethostbyname_r \
		gethostbyname2_r; do
		{
			logged
			printf '%s\n' '[api.example.com]' "pin = $(pin nobody)"
		} | policy
		rm -f "$T/events"
		refused_as api.example.com "resolve=$function"
		assert_err 'no pin matched .*name from the resolver'
		assert_event '.hostname == "api.example.com" and ."name-source" == "resolver"'
		refused_as api.example.com "resolve=$function" verify=none
		refused_as api.example.com "resolve=$function" host=API.Example.com
		pin_policy api.example.com api
		accepted_with "resolve=$function"
	done
	assert_data 6
}

@test "other ways to make a handshake" {
	local scenario
	start_server line api
	for scenario in write do_handshake read fork threads; do
		pin_policy api.example.com nobody
		client "$scenario"
		assert_rc 1
		assert_err 'refused api.example.com: no pin matched .*name from the resolver'
		pin_policy api.example.com api
		client "$scenario"
		assert_rc 0
		assert_quiet
	done
	assert_data 4 # the threads send nothing
}

@test "an address that stands for this machine" {
	start_server line api
	pin_policy any.example.com nobody
	refused_as any.example.com host=any.example.com
	assert_refused_inside
}

@test "a name that was resolved to another address" {
	pin_policy far.example.com nobody
	start_server line api
	accepted_with host=far.example.com,api.example.com
	assert_data 1
}

@test "all names of the address are judged" {
	policy <<-END
		$(logged)
		[api.example.com]
		pin = $(pin api)
		[other.example.com]
		pin = $(pin nobody)
	END
	start_server line api
	refused_as other.example.com host=api.example.com,other.example.com
	refused_as other.example.com host=other.example.com,api.example.com
	accepted_with host=api.example.com
	accepted_with host=api.example.com,api.example.com,localhost
	assert_data 2
}

@test "the name that was asked for counts, not the canonical one" {
	start_server line api
	pin_policy api.example.com nobody
	accepted_with host=alias.example.com
	pin_policy alias.example.com nobody
	accepted_with host=api.example.com
	refused_as alias.example.com host=alias.example.com
	assert_data 2
}

@test "a name that is sent or verified is judged instead" {
	start_server line api
	pin_policy api.example.com nobody
	accepted_with sni=localhost
	accepted_with name=localhost
	refused_as api.example.com
	assert_data 2
}

@test "a section of the address is judged besides" {
	start_server line api
	printf '%s\n' '[api.example.com]' "pin = $(pin api)" '[127.0.0.1]' "pin = $(pin nobody)" | policy
	refused_as 127.0.0.1
	assert_err "the server's address"
	printf '%s\n' '[api.example.com]' "pin = $(pin nobody)" '[127.0.0.1]' "pin = $(pin api)" | policy
	refused_as api.example.com
	pin_policy 127.0.0.1 nobody
	refused_as 127.0.0.1
	refused_as 127.0.0.1 resolve=mapped
	pin_policy 127.0.0.1 api
	accepted_with
	assert_data 1
}

@test "unlisted: the address is not, where a name leads to it" {
	start_server line api
	policy <<-END
		$(logged)
		unlisted = refuse
		[api.example.com]
		pin = $(pin api)
	END
	accepted_with
	accepted_with resolve=mapped
	refused_as other.example.com host=other.example.com
	assert_event '.reason == "unlisted" and .hostname == "other.example.com"'
	# One of two: nobody can tell which of them the connection is meant for.
	refused_as other.example.com host=other.example.com,api.example.com
	refused_as 127.0.0.1 host=
	assert_event '.reason == "unlisted" and .hostname == "127.0.0.1" and ."name-source" == "address"'
	rm "$T/events"
	policy <<-END
		$(logged)
		unlisted = report
	END
	client connect
	assert_rc 0
	assert_event '.verdict == "would-refuse" and .hostname == "api.example.com"'
	! grep '"hostname":"127' "$T/events" || fail "the address was judged, too"
	assert_data 3
}

@test "unlisted: a name that has no form" {
	start_server line api
	printf '127.0.0.1 b\303\274cher.example\n' | {
		hosts files
		cat >>"$T/etc/hosts"
	}
	echo 'unlisted = refuse' | policy
	refused_as 'b\?\?cher.example' $'host=b\303\274cher.example' resolve=gethostbyname
	assert_refused_inside
}

@test "an SNI that is no name does not stand for one" {
	start_server line api
	pin_policy api.example.com nobody
	refused_as api.example.com "sni=api.example.com:$PORT"
	assert_refused_inside
	start_server line api
	pin_policy api.example.com api
	accepted_with "sni=api.example.com:$PORT"
	printf '%s\n' 'unlisted = refuse' '[api.example.com]' "pin = $(pin api)" | policy
	refused_as "api.example.com:$PORT" "sni=api.example.com:$PORT"
	pin_policy 127.0.0.1 nobody
	refused_as 127.0.0.1 "sni=api.example.com:$PORT" resolve=
	assert_data 1
}

@test "denied keys" {
	start_server line api
	echo "deny = $(pin api)" | policy
	refused_as api.example.com
	assert_refused_inside
}

@test "a connection without an address stays unnamed" {
	start_server line api
	relay
	policy <<-END
		$(logged)
		unnamed = refuse
		[api.example.com]
		pin = $(pin nobody)
	END
	client connect
	assert_rc 1
	assert_event '.reason == "unnamed"'
	assert_refused_inside
}

@test "a name for which there was no memory" {
	start_server line api
	policy <<-END
		$(logged)
		[api.example.com]
		pin = $(pin api)
	END
	accepted_with mmap=works
	refused_as 127.0.0.1 mmap=fails
	assert_event '.reason == "internal-error"'
	accepted_with mmap=fails sni=api.example.com
	accepted_with mmap=fails name=api.example.com
	accepted_with mmap=fails resolve=
	assert_data 4
}

@test "the host that a BIO connects to" {
	start_server line api
	pin_policy api.example.com nobody
	client bio resolve=
	assert_refused api.example.com 'no pin matched .*name from the resolver'
	client bio resolve= host=127.0.0.1
	assert_accepted
	pin_policy 127.0.0.1 nobody
	client bio resolve= host=127.0.0.1
	assert_refused 127.0.0.1 "no pin matched .*the server's address"
	pin_policy api.example.com api
	client bio resolve=
	assert_accepted
	assert_data 2
}

resumed() { # COUNT KEY=VALUE...: of the two connections so many go on with a session
	client resume "${@:2}"
	[ "$(grep -cx 'answer=ok' "$T/out")" = 2 ] || fail "expected two answers"
	[ "$(grep -cx 'reused=1' "$T/out")" = "$1" ] || fail "expected $1 resumptions"
	assert_quiet
}

@test "sessions are resumed" {
	local version
	start_server line api
	pin_policy api.example.com api
	for version in 1.2 1.3; do
		resumed 1 max=$version via=set
		resumed 1 max=$version via=set host2=api.example.com
		resumed 1 max=$version via=set drive=write
		# Names for which nothing is demanded change nothing.
		resumed 1 max=$version via=set host2=other.example.com
		resumed 1 max=$version via=set host=other.example.com,localhost,api.example.com \
			host2=localhost,other.example.com
	done
	assert_data 20
}

@test "the address has a further name when a session is resumed" {
	local version
	start_server line api
	for version in 1.2 1.3; do
		# The certificate in the session answers for the name, or a full handshake does.
		printf '%s\n' '[api.example.com]' "pin = $(pin api)" \
			'[other.example.com]' "pin = $(pin api)" | policy
		resumed 1 max=$version via=set host2=other.example.com
		printf '%s\n' '[api.example.com]' "pin = $(pin api)" \
			'[other.example.com]' "pin-cert = $(pin_cert api)" | policy
		resumed 0 max=$version via=set host2=other.example.com
		printf '%s\n' '[api.example.com]' "pin = $(pin api)" \
			'[other.example.com]' "pin = $(pin nobody)" | policy
		client resume max=$version via=set host2=other.example.com
		assert_rc 1
		assert_err 'refused other.example.com: '
		client resume max=$version via=set host2=other.example.com drive=write
		assert_rc 1
		assert_err 'refused other.example.com: '
	done
	# Two connections with data of each run, and one of those that end in a refusal.
	assert_data 12
}

@test "no policy is read because a name is resolved" {
	hosts files
	pin_policy api.example.com api
	start_server line api
	# On a file system that notes each reading.
	# shellcheck disable=SC2016 # expanded by the inner shell
	in_host bash -euc '
		mkdir "$1"
		mount -t tmpfs -o strictatime none "$1"
		cp "$2" "$1/pins.ini"
		for program in "$3" "$4"; do
			touch -a -d @1 "$1/pins.ini"
			$program >/dev/null
			stat -c %X "$1/pins.ini"
		done' - "$T/watched" "$POLICY" \
		"${SHIMMED[*]} PINSHIM_POLICY=$T/watched/pins.ini $BUILD/tests/resolve api.example.com" \
		"${SHIMMED[*]} PINSHIM_POLICY=$T/watched/pins.ini $CLIENT connect $PORT ca=$PKI/ca.pem"
	assert_rc 0
	[ "$(sed -n 1p "$T/out")" = 1 ] || fail "the policy was read"
	[ "$(sed -n 2p "$T/out")" -gt 1 ] || fail "the test would not notice a reading"
}

everything() { # COMMAND-PREFIX...
	in_host "$@" "$BUILD/tests/resolve" api.example.com alias.example.com far.example.com \
		localhost any.example.com nowhere.example.com 127.0.0.1 127.1 ::1 fe80::1%lo '' a..b \
		$'b\303\274cher.example'
	assert_rc 0
}

@test "what the functions return is what they return without the shim" {
	local lookup
	echo 'nonsense' | policy
	for lookup in files 'files dns' nonesuch; do
		hosts "$lookup"
		everything "${BARE[@]}"
		[ "$(wc -l <"$T/out")" -gt 300 ] || fail "too little was printed"
		keep bare
		everything "${SHIMMED[@]}"
		assert_same_as bare
		everything "${SHIMMED_ALONE[@]}"
		assert_same_as bare
	done
}
