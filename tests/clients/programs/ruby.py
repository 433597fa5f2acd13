# SPDX-License-Identifier: MIT
"""Ruby: its own openssl, and the two that bring another way, EventMachine and libcurl."""

import scripts
from servers.http import Http, Http2


def ruby(name, packages, script, server=Http(), **more):
    # Addresses of objects and times, in what is said of an exception.
    return scripts.ruby(f"ruby {name}", packages, server, script, noise=(r"0x[0-9a-f]+", r"\d+\.\d+"), **more)


PROGRAMS = [
    ruby(
        "Net::HTTP",
        packages="ruby",
        script="""
require "net/http"
puts Net::HTTP.get(URI("https://{host}:{port}/"))
""",
    ),
    ruby(
        "open-uri, unverified",
        packages="ruby",
        script="""
require "open-uri"
require "openssl"
puts URI.open("https://{host}:{port}/", ssl_verify_mode: OpenSSL::SSL::VERIFY_NONE).read
""",
        verifies=False,
        refusal=1,
    ),
    ruby(
        "excon",
        packages="ruby-excon",
        script="""
require "excon"
puts Excon.get("https://{host}:{port}/").body
""",
    ),
    ruby(
        "httpclient",
        packages="ruby-httpclient",
        script="""
require "httpclient"
client = HTTPClient.new
client.ssl_config.set_default_paths
puts client.get_content("https://{host}:{port}/")
""",
    ),
    ruby(
        "http.rb",
        packages="ruby-http",
        script="""
require "http"
puts HTTP.get("https://{host}:{port}/").to_s
""",
    ),
    ruby(
        "async-http, HTTP/2",
        packages="ruby-async-http",
        server=Http2(),
        script="""
require "async"
require "async/http/internet"
Async do
  client = Async::HTTP::Internet.new
  begin
    puts client.get("https://{host}:{port}/").read
  rescue StandardError => problem
    warn problem.message
    exit! 3
  ensure
    client.close
  end
end
""",
    ),
    ruby(
        "EventMachine",
        packages="ruby-eventmachine",
        script="""
require "eventmachine"
module Get
  def post_init
    start_tls(sni_hostname: "{host}")
  end
  def ssl_handshake_completed
    send_data "GET / HTTP/1.0\\r\\n\\r\\n"
  end
  def receive_data(data)
    puts data
    $got = true
  end
  def unbind
    EM.stop
  end
end
EM.run { EM.connect("{host}", {port}, Get) }
exit($got ? 0 : 3)
""",
        verifies=False,
        refusal=3,
    ),
    ruby(
        "curb",
        packages="ruby-curb",
        script="""
require "curb"
puts Curl.get("https://{host}:{port}/").body
""",
        scanned="/usr/lib/x86_64-linux-gnu/rubygems-integration/3.1.0/extensions/x86_64-linux/3.1.0/"
        "curb-1.0.5/curb_core.so",
        # It is of ruby, whose own openssl is covered.
        scan=("partly",),
        uncovered="GnuTLS, by libcurl-gnutls",
    ),
    ruby(
        "typhoeus",
        packages="ruby-typhoeus",
        script="""
require "typhoeus"
answer = Typhoeus.get("https://{host}:{port}/")
warn answer.return_message
puts answer.body
exit(answer.success? ? 0 : 3)
""",
    ),
]
