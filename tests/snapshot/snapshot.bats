# SPDX-License-Identifier: MIT
#
# Snapshots and what may become of them, as far as it takes long or real programs: that the text is not
# looked into where a snapshot does, damage anywhere in it, damage where nothing can be read any more.

load ../lib/rig

compile() {
	"${BARE[@]}" "$BUILD/pinshim" compile "$POLICY" >/dev/null 3>&-
}

# Changes one bit of the byte at OFFSET, and puts that in the place of the snapshot.
flip() { # OFFSET BIT
	"${BARE[@]}" /usr/bin/python3 -c 'if True:
		import os, sys
		name, at, bit = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
		data = bytearray(open(name, "rb").read())
		data[at] ^= 1 << bit
		open(name + ".flipped", "wb").write(data)
		os.rename(name + ".flipped", name)' "$POLICY.snapshot" "$1" "$2"
}

offset_of() { # TEXT: where it stands in the snapshot
	grep -obUaF -- "$1" "$POLICY.snapshot" | tail -n 1 | cut -d: -f1
}

forge() { # the text is $POLICY; standard input is what its snapshot says
	cat >"$T/other.ini"
	"${BARE[@]}" "$BIN/forge" "$POLICY" "$T/other.ini" 3>&-
}

fetch_with() { # COMMAND...: real programs, which get what the server says, or do not
	case $1 in
	curl) run_shimmed curl -sS --cacert "$PKI/ca.pem" --resolve "api.example.com:$PORT:127.0.0.1" \
		"https://api.example.com:$PORT/" ;;
	openssl) run_shimmed openssl s_client -brief -CAfile "$PKI/ca.pem" -servername api.example.com \
		-connect "127.0.0.1:$PORT" <<<"GET / HTTP/1.0"$'\n' ;;
	python) run_shimmed /usr/bin/python3 -c 'if True:
		import socket, ssl, sys
		context = ssl.create_default_context(cafile=sys.argv[1])
		with socket.create_connection(("127.0.0.1", int(sys.argv[2]))) as raw:
			with context.wrap_socket(raw, server_hostname="api.example.com") as tls:
				tls.sendall(b"GET / HTTP/1.0\r\n\r\n")
				tls.recv(100)' "$PKI/ca.pem" "$PORT" ;;
	esac
}

@test "where the snapshot does, the text is not looked into" {
	local program
	for program in curl openssl python; do
		echo "$program"
		start_server http api
		pin_policy api.example.com nobody
		forge <<<"[api.example.com]
pin = $(pin api)"
		fetch_with $program
		assert_quiet
		assert_data 1
		start_server http api
		pin_policy api.example.com api
		forge <<<"[api.example.com]
pin = $(pin nobody)"
		fetch_with $program
		assert_err 'refused api\.example\.com: no pin matched'
		assert_data 0
		# Only until the text is touched.
		start_server http api
		touch "$POLICY"
		fetch_with $program
		assert_quiet
		assert_data 1
	done
}

everything() { # NAME: a policy with all that a snapshot has; api.example.com has the pin of NAME
	local i
	pin other >"$T/list"
	policy <<-END
		log = $T/events
		log = stderr
		unlisted = refuse
		revoked = $T/list
		exempt = /nowhere
		deny = $(pin other)
		[api.example.com]
		verify = full
		ca-file = $PKI/ca.pem
		pin = $(pin "$1")
		[**.example.org]
		mode = off
		$(for i in {1..30}; do printf '[host-%d.example.com]\npin = %s\n' "$i" "$(pin nobody)"; done)
	END
	compile
}

# In steps that have nothing to do with how things lie, and each of the eight bits.
damage_everywhere() { # NAME EXIT-CODE
	local at size n=0 errors
	start_server line api
	everything "$1"
	cp -a "$POLICY.snapshot" "$T/whole"
	size=$(stat -c %s "$T/whole")
	for ((at = n; at < size; at += 61, n++)); do
		# What fills up to a page is nobody's.
		((at < 4096 && at > 1024)) && continue
		: >"$T/events"
		cp -a "$T/whole" "$POLICY.snapshot"
		flip "$at" $((n % 8))
		client connect
		[ "$rc" = "$2" ] || fail "byte $at, bit $((n % 8)): $rc"
		[ "$2" = 0 ] || grep -q 'refused api.example.com: no pin matched' "$T/err" || fail "byte $at"
		errors=$(grep -c policy-error "$T/events" || :)
		[ "$errors" -le 1 ] || fail "byte $at: told $errors times"
		((found += errors)) || :
	done
	[ "$found" -gt 12 ] || fail "only $found of $n were told of"
	echo "# $n bytes, $found told of"
}

@test "one bit anywhere: a right pin is accepted" {
	found=0
	damage_everywhere api 0
}

@test "... and a wrong one refused" {
	found=0
	damage_everywhere nobody 1
	assert_no_data
}

@test "a damaged list of revoked keys: the handshake ends as the text says" {
	local revoked n
	start_server line api
	for revoked in nobody api; do
		: >"$T/events"
		pin $revoked >"$T/list"
		policy <<-END
			log = $T/events
			log = stderr
			revoked = $T/list
			[api.example.com]
			pin = $(pin api)
		END
		compile
		flip "$("${BARE[@]}" /usr/bin/python3 -c 'if True:
			import base64, sys
			key = base64.b64decode(open(sys.argv[2]).read().split("/", 1)[1])
			print(open(sys.argv[1], "rb").read().rindex(key))' "$POLICY.snapshot" "$T/list")" 5
		client connect
		assert_rc "$([ $revoked = api ] && echo 1 || echo 0)"
		[ $revoked = nobody ] || assert_err 'refused api\.example\.com: .*denied'
		n=$(grep -c policy-error "$T/events" || :)
		[ "$n" = 1 ] || fail "told $n times"
		! grep internal-error "$T/events" || fail "told what was not so"
	done
	assert_data 1
}

@test "a program that has shut itself in goes by its snapshot" {
	policy <<-END
		[api.example.com]
		pin = $(pin api)
		[elsewhere.example.org]
		pin = $(pin api)
	END
	compile
	run_shimmed "$BIN/sandbox" "$PKI" api api.example.com after
	assert_rc 0
	assert_fact "before=ok received=6" "behind=ok received=6" "other=ok received=6"
	assert_quiet
}

@test "... and what is damaged there is refused" {
	policy <<-END
		[api.example.com]
		pin = $(pin api)
		[elsewhere.example.org]
		pin = $(pin api)
	END
	compile
	flip "$(offset_of elsewhere.example.org)" 3
	run_shimmed "$BIN/sandbox" "$PKI" api api.example.com after
	assert_rc 0
	assert_fact "before=ok received=6" "behind=ok received=6" "new=ok received=6" \
		"other=failed received=0"
	assert_err "refused elsewhere\.example\.org: .*the policy's snapshot is damaged"
}
