# SPDX-License-Identifier: MIT
"""Other language runtimes: PHP, Lua, Tcl, Prolog, R, PicoLisp; Guile, Erlang and Java."""

import scripts
from frame import Program
from servers.http import Http

PROGRAMS = [
    scripts.php(
        name="php https stream",
        packages="php-cli",
        server=Http(),
        text="""<?php
$answer = file_get_contents("https://{host}:{port}/");
echo $answer;
exit($answer === false ? 3 : 0);
""",
    ),
    scripts.php(
        name="php ssl stream, unverified, without waiting",
        packages="php-cli",
        server=Http(),
        text="""<?php
$context = stream_context_create(["ssl" => ["verify_peer" => false, "peer_name" => "{host}"]]);
$tls = stream_socket_client("tcp://{host}:{port}", $code, $text, 20, STREAM_CLIENT_CONNECT, $context);
stream_set_blocking($tls, false);
while (($done = stream_socket_enable_crypto($tls, true, STREAM_CRYPTO_METHOD_TLS_CLIENT)) === 0)
	usleep(1000);
if (!$done)
	exit(3);
stream_set_blocking($tls, true);
fwrite($tls, "GET / HTTP/1.0\\r\\n\\r\\n");
echo stream_get_contents($tls);
""",
        verifies=False,
        refusal=3,
    ),
    scripts.php(
        name="php curl",
        packages="php-curl php-cli",
        server=Http(),
        text="""<?php
$curl = curl_init("https://{host}:{port}/");
curl_exec($curl);
fwrite(STDERR, curl_error($curl));
exit(curl_errno($curl));
""",
    ),
    Program(
        name="node https",
        packages="libc-ares2 libbrotli1 libicu72 libnghttp2-14 libssl3 libuv1",
        beside="nodejs libnode108 node-acorn node-cjs-module-lexer node-undici",
        server=Http(),
        command=("node", "--use-openssl-ca", "get.js"),
        files={"get.js": """
const https = require("https");
https.get("https://{host}:{port}/", answer => answer.pipe(process.stdout)).on("error", problem => {
	console.error(problem.message);
	process.exitCode = 3;
});
"""},
    ),
    Program(
        name="node fetch",
        packages="libc-ares2 libbrotli1 libicu72 libnghttp2-14 libssl3 libuv1",
        beside="nodejs libnode108 node-acorn node-cjs-module-lexer node-undici",
        server=Http(),
        command=("node", "--use-openssl-ca", "--no-warnings", "get.js"),
        files={"get.js": """
fetch("https://{host}:{port}/").then(answer => answer.text()).then(console.log, problem => {
	console.error(problem.cause.message);
	process.exitCode = 3;
});
"""},
    ),
    Program(
        name="lua luasec",
        packages="lua-sec lua5.1",
        server=Http(),
        command=("lua5.1", "get.lua"),
        files={"get.lua": """
local socket, ssl = require "socket", require "ssl"
local plain = assert(socket.connect("{host}", {port}))
local tls = assert(ssl.wrap(plain, {mode = "client", protocol = "any", verify = "peer", cafile = "{ca}"}))
tls:sni("{host}")
assert(tls:dohandshake())
tls:send("GET / HTTP/1.0\\r\\n\\r\\n")
print(tls:receive("*a"))
"""},
    ),
    Program(
        name="lua cqueues",
        packages="lua-cqueues lua-luaossl lua5.3",
        server=Http(),
        command=("lua5.3", "get.lua"),
        files={"get.lua": """
local cqueues, socket, context = require "cqueues", require "cqueues.socket", require "openssl.ssl.context"
local loop = cqueues.new()
loop:wrap(function()
	local tls = context.new("TLS", false)
	tls:setVerify(context.VERIFY_PEER)
	tls:getStore():add("{ca}")
	local peer = assert(socket.connect {host = "{host}", port = {port}, sendname = "{host}"})
	assert(peer:starttls(tls))
	peer:write("GET / HTTP/1.0\\r\\n\\r\\n")
	peer:flush()
	print(assert(peer:read("*a")))
end)
assert(loop:loop())
"""},
        noise=(r"0x[0-9a-f]+",),
    ),
    Program(
        name="tcl http, tls",
        packages="tcl-tls tcl",
        server=Http(),
        command=("tclsh", "get.tcl"),
        files={"get.tcl": """
package require http
package require tls
http::register https 443 [list tls::socket -autoservername true -require true -cafile {ca}]
set token [http::geturl https://{host}:{port}/]
puts [http::data $token]
exit [expr {[http::status $token] ne "ok"}]
"""},
        # The handle of a channel.
        noise=(r"sock[0-9a-f]+",),
    ),
    Program(
        name="prolog http_open",
        packages="swi-prolog-nox",
        server=Http(),
        command=("swipl", "-g", "main", "-t", "halt(3)", "get.pl"),
        files={"get.pl": """
:- use_module(library(http/http_open)).
main :- catch(get, problem, fail), halt(0).
get :- http_open('https://{host}:{port}/', In, [cacerts([file('{ca}')])]),
	read_string(In, _, Text), write(Text), close(In).
"""},
    ),
    Program(
        name="R curl",
        packages="r-cran-curl r-base-core",
        server=Http(),
        command=("Rscript", "--vanilla", "get.R"),
        files={"get.R": """
cat(rawToChar(curl::curl_fetch_memory("https://{host}:{port}/")$content))
"""},
        scanned="/usr/lib/R/bin/exec/R",
    ),
    Program(
        name="picolisp ssl",
        packages="picolisp",
        server=Http(),
        command=("/usr/lib/picolisp/bin/ssl", "{host}", "{port}", "/"),
        verifies=False,
    ),
    Program(
        name="guile gnutls",
        packages="guile-gnutls guile-3.0",
        server=Http(),
        command=("guile", "-s", "get.scm"),
        files={"get.scm": """
(use-modules (web client))
(call-with-values (lambda () (http-get "https://{host}:{port}/" #:verify-certificate? #f))
  (lambda (answer body) (display body)))
"""},
        noise=(r"^;;;.*",),
        # Nothing in its own files tells of it.
        scan=("no-tls",),
        uncovered="GnuTLS, which it loads by name",
    ),
    Program(
        name="erlang httpc",
        packages="erlang-inets erlang-ssl erlang-base",
        server=Http(),
        command=("escript", "get.erl"),
        files={"get.erl": """#!/usr/bin/env escript
main(_) ->
	{ok, _} = application:ensure_all_started(inets),
	{ok, _} = application:ensure_all_started(ssl),
	{ok, {_, _, Body}} = httpc:request(get, {"https://{host}:{port}/", []},
		[{ssl, [{verify, verify_peer}, {cacertfile, "{ca}"}]}], []),
	io:put_chars(Body).
"""},
        # Nothing in its own files tells of it.
        scan=("no-tls",),
        uncovered="Erlang's own TLS",
    ),
    Program(
        name="java HttpClient",
        packages="openjdk-17-jdk-headless",
        server=Http(),
        command=("java", "-Xshare:auto", "Get.java"),
        files={"Get.java": """
import java.net.URI;
import java.net.http.*;
import java.security.cert.X509Certificate;
import javax.net.ssl.*;
class Get {
	public static void main(String[] words) throws Exception {
		TrustManager all = new X509ExtendedTrustManager() {
			public void checkClientTrusted(X509Certificate[] c, String a, java.net.Socket s) {}
			public void checkServerTrusted(X509Certificate[] c, String a, java.net.Socket s) {}
			public void checkClientTrusted(X509Certificate[] c, String a, SSLEngine e) {}
			public void checkServerTrusted(X509Certificate[] c, String a, SSLEngine e) {}
			public void checkClientTrusted(X509Certificate[] c, String a) {}
			public void checkServerTrusted(X509Certificate[] c, String a) {}
			public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
		};
		SSLContext context = SSLContext.getInstance("TLS");
		context.init(null, new TrustManager[] { all }, null);
		HttpClient client = HttpClient.newBuilder().sslContext(context).version(HttpClient.Version.HTTP_1_1).build();
		System.out.print(client.send(HttpRequest.newBuilder(URI.create("https://{host}:{port}/")).build(),
			HttpResponse.BodyHandlers.ofString()).body());
	}
}
"""},
        scan=("no",),
        uncovered="Java's own TLS",
    ),
]
