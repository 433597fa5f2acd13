# SPDX-License-Identifier: MIT
#
# Unmodified programs that send no SNI and give OpenSSL no name to verify: their servers are pinned
# by the names that they ask the resolver for. All names lead to 127.0.0.1 here. A new program is
# one function by_NAME, which connects to $HOST and $PORT, and one @test line: four NAME PROTOCOL
# EXIT, EXIT as in programs.bats. Needs root.
# shellcheck disable=SC2154 # set by the rig

load ../lib/rig

HOST=api.example.com

by_mariadb() {
	in_host "${AS[@]}" mariadb --no-defaults -h "$HOST" -P "$PORT" -u user \
		--ssl-ca="$PKI/ca.pem" --ssl-verify-server-cert -e 'select 1'
}

by_check_tcp() {
	in_host "${AS[@]}" /usr/lib/nagios/plugins/check_tcp -S -H "$HOST" -p "$PORT" \
		-E -s 'GET / HTTP/1.0\r\n\r\n' -e 'HTTP/1.1 200'
}

by_httperf() {
	in_host "${AS[@]}" httperf --ssl --server "$HOST" --port "$PORT" --num-conns 1
}

by_posttls_finger() { # [OPTION...]
	mkdir -p "$T/etc/postfix"
	printf 'compatibility_level = 3.6\nmyhostname = localhost\n' >"$T/etc/postfix/main.cf"
	touch -d yesterday "$T/etc/postfix/main.cf" # it waits while this may be changing
	in_host "${AS[@]}" posttls-finger -h native -l encrypt "$@" "[$HOST]:$PORT"
}

by_swaks() { # [OPTION...]
	in_host "${AS[@]}" swaks "${@:--tls}" --tls-verify --tls-ca-path "$PKI/ca.pem" \
		--server "$HOST" --port "$PORT" --helo localhost -f a@example.com -t b@example.com \
		--data $'Subject: test\n\nhello'
}

by_swaks_tls_on_connect() {
	by_swaks --tls-on-connect
}

# It verifies the name itself, in Perl, and resolves it with what is gethostbyname_r in C.
by_perl() {
	in_host "${AS[@]}" perl -MIO::Socket::SSL - "$HOST" "$PORT" "$PKI/ca.pem" <<-'END'
		my ($host, $port, $ca) = @ARGV;
		my $socket = IO::Socket::SSL->new(
			PeerAddr => Socket::inet_ntoa(scalar gethostbyname($host)), PeerPort => $port,
			SSL_ca_file => $ca, SSL_verifycn_name => $host, SSL_hostname => "") or die $SSL_ERROR;
		print $socket "GET / HTTP/1.0\r\n\r\n";
		print <$socket>;
	END
}

by_dig() { # [OPTION...]
	in_host "${AS[@]}" dig -p "$PORT" "@$HOST" +tls +tries=1 +short "$@" www.example.org
}

# Runs the program; of what it says ports and times are taken out.
ask() { # ENVIRONMENT...
	AS=("$@")
	# shellcheck disable=SC2086 # a function and its arguments
	by_$program
	same_text "$T/out" >"$T/same"
	mv "$T/same" "$T/out"
}

ask_both() { # the bare run is kept
	ask "${BARE[@]}"
	keep bare
	ask "${SHIMMED[@]}"
}

refused_as() { # NAME SOURCE
	assert_refused_inside
	assert_rc "$exit"
	assert_err "pinshim: .*\[[0-9]+\]: refused $1: no pin matched \(.*\[$1\], $2\)"
}

with_right_pin() {
	start_server "$proto" api
	pin_policy "$HOST" api
	sed -i '1i log-accepted = yes' "$POLICY"
	ask_both
	assert_err "pinshim: .*\[[0-9]+\]: accepted $HOST: pin matched \(.*, name from the resolver\)"
	sed -i '/^pinshim: /d' "$T/err"
	assert_same_as bare
	assert_data 2
	[ "$(connections '.sni != null')" = 0 ] || fail "the program sent a name"
}

with_wrong_pin() {
	if [ "$exit" = untrusted ]; then
		start_server "$proto" untrusted
		ask "${BARE[@]}"
		assert_no_data
		exit=$rc
	fi
	start_server "$proto" api
	pin_policy "$HOST" nobody
	ask "${SHIMMED[@]}"
	refused_as "$HOST" 'name from the resolver'
}

with_no_section() {
	start_server "$proto" api
	pin_policy elsewhere.example.org nobody
	ask_both
	assert_same_as bare
	assert_data 2
}

# The address is a name besides, which must be accepted, too.
with_wrong_address() {
	start_server "$proto" api
	pin_policy "$HOST" api
	printf '%s\n' "[127.0.0.1]" "pin = $(pin nobody)" >>"$POLICY"
	ask "${SHIMMED[@]}"
	refused_as 127.0.0.1 "the server's address"
}

# Names lead to 127.0.0.1; the policy stands where posttls-finger, which gives up root, can read it.
prepare() {
	mkdir -p "$T/etc"
	echo "127.0.0.1 $HOST" >"$T/etc/hosts"
	echo "hosts: files" >"$T/etc/nsswitch.conf"
	POLICY=$T/etc/pins.ini
	SHIMMED=("${SHIMMED_ALONE[@]}" PINSHIM_POLICY=/etc/pins.ini)
}

four() { # PROGRAM PROTOCOL EXIT
	local program=$1 proto=$2 exit=$3 AS case
	prepare
	for case in right_pin wrong_pin no_section wrong_address; do
		echo "case: $case"
		"with_$case"
	done
}

@test "mariadb" { four mariadb mariadb untrusted; }
@test "check_tcp" { four check_tcp http 2; }
@test "httperf" { four httperf http 255; }
@test "posttls-finger, which exits with 0 whatever it finds" { four posttls_finger smtp 0; }
@test "swaks with STARTTLS" { four swaks smtp untrusted; }
@test "swaks with TLS on connect" { four swaks_tls_on_connect smtps untrusted; }
@test "perl: IO::Socket::SSL without SNI" { four perl http untrusted; }

# --- which names count

@test "the event says that the resolver gave the name" {
	local program=check_tcp exit=2 AS
	prepare
	start_server http api
	{
		logged
		printf '%s\n' "[$HOST]" "pin = $(pin nobody)"
	} | policy
	ask "${SHIMMED[@]}"
	refused_as "$HOST" 'name from the resolver'
	assert_event ".verdict == \"refused\" and .hostname == \"$HOST\" and
		.\"name-source\" == \"resolver\" and .port == $PORT"
}

@test "of the names that lead to an address those count that were asked for, in any spelling" {
	local program=check_tcp exit=2 AS
	prepare
	echo "127.0.0.1 www.example.com" >>"$T/etc/hosts"
	start_server http api
	pin_policy www.example.com nobody
	ask_both
	assert_same_as bare
	assert_data 2
	start_server http api
	HOST=WWW.Example.com
	ask "${SHIMMED[@]}"
	refused_as www.example.com 'name from the resolver'
}

# --- names that come another way, or not at all

@test "dig +tls-ca and posttls-finger -l secure give OpenSSL the name to verify" {
	local program proto exit=0 AS
	prepare
	for program in "dig +tls-ca=$PKI/ca.pem" "posttls_finger -l secure -F $PKI/ca.pem"; do
		echo "program: $program"
		[ "${program%% *}" = dig ] && proto=dns || proto=smtp
		start_server "$proto" api
		pin_policy "$HOST" api
		ask_both
		assert_same_as bare
		assert_data 2
		start_server "$proto" api
		pin_policy "$HOST" nobody
		ask "${SHIMMED[@]}"
		refused_as "$HOST" 'name that the program verifies'
	done
}

@test "dig +tls, whose TLS has no socket, is unnamed" {
	local program=dig AS
	prepare
	start_server dns api
	printf '%s\n' "[$HOST]" "pin = $(pin nobody)" "[127.0.0.1]" "pin = $(pin nobody)" | policy
	ask_both
	assert_same_as bare
	assert_data 2
	start_server dns api
	echo "unnamed = refuse" | policy
	ask "${SHIMMED[@]}"
	assert_err "pinshim: dig\[[0-9]+\]: refused .*pins\.ini:1, no name"
	grep -q "verification .* failed: no server name" "$T/out" || fail "dig does not say why"
	assert_refused_inside
}
