# SPDX-License-Identifier: MIT
#
# Unmodified programs that are linked with libssl, or load a library that is; see lib/four.bash.
# shellcheck disable=SC2154 # set by the rig

load ../lib/rig
load ../lib/four

HOST=api.example.com
REQUEST=$'GET / HTTP/1.0\r\n\r'

by_curl() {
	"${AS[@]}" curl -sS --cacert "$CA" --connect-to "$HOST:443:127.0.0.1:$PORT" "https://$HOST/"
}

by_curl_insecure() {
	"${AS[@]}" curl -ksS --connect-to "$HOST:443:127.0.0.1:$PORT" "https://$HOST/"
}

by_s_client() {
	"${AS[@]}" openssl s_client -quiet -verify_quiet -verify_return_error -CAfile "$CA" \
		-servername "$HOST" -verify_hostname "$HOST" -connect "127.0.0.1:$PORT" <<<"$REQUEST"
}

by_ocsp() {
	"${AS[@]}" openssl ocsp -issuer "$PKI/int.pem" -cert "$PKI/api.pem" \
		-url "https://127.0.0.1:$PORT/"
}

by_urllib() {
	"${AS[@]}" /usr/bin/python3 - "$HOST" "$PORT" "$CA" <<-'END'
		import socket, ssl, sys, urllib.request
		host, port, ca = sys.argv[1:]
		connect = socket.create_connection
		socket.create_connection = lambda _, *rest: connect(("127.0.0.1", port), *rest)
		context = ssl.create_default_context(cafile=ca)
		try:
		    print(urllib.request.urlopen(f"https://{host}/", context=context).read())
		except urllib.error.URLError as error:
		    sys.exit(type(error.reason).__name__)
	END
}

by_python_unverified() {
	"${AS[@]}" /usr/bin/python3 - "$HOST" "$PORT" <<-'END'
		import socket, ssl, sys
		context = ssl._create_unverified_context()
		plain = socket.create_connection(("127.0.0.1", sys.argv[2]))
		with context.wrap_socket(plain, server_hostname=sys.argv[1]) as tls:
		    tls.sendall(b"GET / HTTP/1.0\r\n\r\n")
		    print(tls.recv(4096))
	END
}

by_lwp() {
	"${AS[@]}" perl -MLWP::UserAgent - "$HOST" "$PORT" "$CA" <<-'END'
		my ($host, $port, $ca) = @ARGV;
		@LWP::Protocol::http::EXTRA_SOCK_OPTS = (PeerAddr => "127.0.0.1", PeerPort => $port,
			SSL_hostname => $host, SSL_verifycn_name => $host);
		my $answer = LWP::UserAgent->new(ssl_opts => {SSL_ca_file => $ca})->get("https://$host/");
		die $answer->content unless $answer->is_success;
		print $answer->content;
	END
}

by_net_http() {
	"${AS[@]}" /usr/bin/ruby -rnet/http - "$HOST" "$PORT" "$CA" <<-'END'
		http = Net::HTTP.new(ARGV[0], ARGV[1].to_i, nil)
		http.ipaddr = "127.0.0.1"
		http.use_ssl = true
		http.ca_file = ARGV[2]
		begin
		  print http.get("/").body
		rescue OpenSSL::SSL::SSLError
		  exit 3
		end
	END
}

by_php() {
	"${AS[@]}" /usr/bin/php -d display_errors=stderr -d log_errors=0 -- "$HOST" "$PORT" "$CA" <<-'END'
		<?php
		$tls = ["peer_name" => $argv[1], "cafile" => $argv[3]];
		$answer = file_get_contents("https://127.0.0.1:$argv[2]/", false,
			stream_context_create(["ssl" => $tls]));
		echo $answer;
		exit($answer === false ? 3 : 0);
	END
}

by_psql() {
	"${AS[@]}" /usr/lib/postgresql/*/bin/psql -XAtc 'select 1' "host=$HOST hostaddr=127.0.0.1 port=$PORT
		user=u dbname=d gssencmode=disable sslmode=verify-full sslrootcert=$CA"
}

by_redis_cli() {
	"${AS[@]}" redis-cli -h 127.0.0.1 -p "$PORT" --tls --sni "$HOST" --cacert "$CA" PING
}

by_socat() {
	"${AS[@]}" socat -t60 - "OPENSSL:127.0.0.1:$PORT,cafile=$CA,commonname=$HOST,snihost=$HOST" \
		<<<"$REQUEST"
}

# What a client of the daemon sees that waits on a socket of its own; then the daemon is ended.
ask_daemon() { # PID
	started "$1"
	wait_for listens "$T/socket"
	local code=0
	"${BARE[@]}" curl -sSf --unix-socket "$T/socket" "http://$HOST/" || code=$?
	end "$1"
	rm -f "$T/socket"
	return "$code"
}

by_nginx() {
	mkdir -p "$T/www"
	cat >"$T/nginx.conf" <<-END
		daemon off;
		user root;
		pid $T/nginx.pid;
		error_log stderr warn;
		events {}
		http {
			access_log off;
			client_body_temp_path $T/www;
			proxy_temp_path $T/www;
			fastcgi_temp_path $T/www;
			uwsgi_temp_path $T/www;
			scgi_temp_path $T/www;
			server {
				listen unix:$T/socket;
				location / {
					proxy_pass https://127.0.0.1:$PORT;
					proxy_ssl_server_name on;
					proxy_ssl_name $HOST;
					proxy_ssl_verify on;
					proxy_ssl_verify_depth 5;
					proxy_ssl_trusted_certificate $CA;
				}
			}
		}
	END
	"${AS[@]}" nginx -c "$T/nginx.conf" -e stderr &
	ask_daemon $!
}

by_stunnel() {
	cat >"$T/stunnel.conf" <<-END
		foreground = yes
		debug = err
		pid =
		[https]
		client = yes
		accept = $T/socket
		connect = 127.0.0.1:$PORT
		sni = $HOST
		checkHost = $HOST
		verifyChain = yes
		CAfile = $CA
	END
	"${AS[@]}" stunnel4 "$T/stunnel.conf" &
	ask_daemon $!
}

more_recorded() { # COUNT: connections than that
	[ "$(connections)" -gt "$1" ]
}

# It ends with its input, whatever has become of the connection; that is over when the server records it.
by_syslog_ng() {
	local before
	before=$(connections)
	cat >"$T/syslog-ng.conf" <<-END
		@version: 3.35
		options { stats-freq(0); time-reopen(30); };
		source in { stdin(flags(no-parse)); };
		destination out {
			network("$HOST" port($PORT) transport("tls")
				tls(ca-file("$CA") peer-verify(yes) sni(yes)));
		};
		log { source(in); destination(out); };
	END
	{ printf 'one\nbye\n' && wait_for more_recorded "$before"; } |
		"${AS[@]}" syslog-ng -Fe --no-caps -f "$T/syslog-ng.conf" -R "$T/persist" -c "$T/control" \
			--pidfile "$T/syslog-ng.pid"
}

@test "curl" { four curl http api.example.com untrusted; }
@test "curl -k" { four curl_insecure http api.example.com 60; }
@test "openssl s_client" { four s_client http api.example.com untrusted; }
@test "openssl ocsp, which never calls SSL_connect and sends no SNI" { four ocsp http 127.0.0.1 1; }
@test "python: urllib" { four urllib http api.example.com untrusted; }
@test "python: ssl without verification" { four python_unverified http api.example.com 1; }
@test "perl: LWP" { four lwp http api.example.com untrusted; }
@test "ruby: Net::HTTP" { four net_http http api.example.com untrusted; }
@test "php: https stream" { shim_first && four php http api.example.com untrusted; }
@test "psql, sslmode=verify-full" { four psql postgres api.example.com untrusted; }
@test "redis-cli --tls" { four redis_cli redis api.example.com untrusted; }
@test "socat" { four socat http api.example.com untrusted; }
@test "nginx as a proxy to https" { four nginx http api.example.com untrusted; }
@test "stunnel" { four stunnel http api.example.com untrusted; }
@test "syslog-ng, which never calls SSL_connect" { four syslog_ng sink localhost untrusted; }

# --- what the program itself says

refused_text='SSL certificate problem: pin mismatch for api\.example\.com \(.*pins\.ini:2\)'

@test "curl prints the cause, also with -k" {
	pin_policy api.example.com nobody
	start_server http api
	CA=$PKI/ca.pem AS=("${SHIMMED[@]}")
	try by_curl
	assert_rc 60
	assert_err "^curl: \(60\) $refused_text"
	try by_curl_insecure
	assert_rc 60
	assert_err "^curl: \(60\) $refused_text"
	assert_refused_inside
}

@test "python's exception carries the cause" {
	pin_policy api.example.com nobody
	start_server http api
	AS=("${SHIMMED[@]}")
	try by_python_unverified
	assert_err 'SSLCertVerificationError.*certificate verify failed: pin mismatch for api\.example\.com'
	assert_refused_inside
}
