# SPDX-License-Identifier: MIT
"""Perl: every way to TLS there leads to Net::SSLeay or to Crypt::SSLeay."""

import scripts
from servers.http import Http


def perl(name, packages, script, **more):
    return scripts.perl(f"perl {name}", packages, Http(), "use strict;\nuse warnings;\n" + script, **more)


PROGRAMS = [
    perl(
        "Net::SSLeay",
        packages="libnet-ssleay-perl",
        script="""
use IO::Socket::INET;
use Net::SSLeay;
my $plain = IO::Socket::INET->new("{host}:{port}") or die;
my $context = Net::SSLeay::CTX_new() or die;
Net::SSLeay::CTX_load_verify_locations($context, "{ca}", "") or die;
Net::SSLeay::CTX_set_verify($context, Net::SSLeay::VERIFY_PEER(), 0);
my $tls = Net::SSLeay::new($context);
Net::SSLeay::set_tlsext_host_name($tls, "{host}");
Net::SSLeay::set_fd($tls, fileno $plain);
Net::SSLeay::connect($tls) == 1 or die Net::SSLeay::ERR_error_string(Net::SSLeay::ERR_get_error());
Net::SSLeay::write($tls, "GET / HTTP/1.0\\r\\n\\r\\n");
print Net::SSLeay::read($tls);
""",
    ),
    perl(
        "IO::Socket::SSL",
        packages="libio-socket-ssl-perl",
        script="""
use IO::Socket::SSL;
my $tls = IO::Socket::SSL->new("{host}:{port}") or die $SSL_ERROR;
print $tls "GET / HTTP/1.0\\r\\n\\r\\n";
print <$tls>;
""",
    ),
    perl(
        "LWP",
        packages="libwww-perl liblwp-protocol-https-perl",
        script="""
use LWP::UserAgent;
my $answer = LWP::UserAgent->new->get("https://{host}:{port}/");
die $answer->content unless $answer->is_success;
print $answer->content;
""",
    ),
    perl(
        "HTTP::Tiny",
        packages="perl libio-socket-ssl-perl",
        script="""
use HTTP::Tiny;
my $answer = HTTP::Tiny->new(verify_SSL => 1)->get("https://{host}:{port}/");
die $answer->{content} unless $answer->{success};
print $answer->{content};
""",
    ),
    perl(
        "HTTP::Tiny, unverified",
        packages="perl libio-socket-ssl-perl",
        script="""
use HTTP::Tiny;
my $answer = HTTP::Tiny->new(verify_SSL => 0)->get("https://{host}:{port}/");
die $answer->{content} unless $answer->{success};
print $answer->{content};
""",
        verifies=False,
    ),
    perl(
        "Mojo::UserAgent",
        packages="libmojolicious-perl libio-socket-ssl-perl",
        script="""
use Mojo::UserAgent;
print Mojo::UserAgent->new->get("https://{host}:{port}/")->result->body;
""",
    ),
    perl(
        "AnyEvent::Handle",
        packages="libanyevent-perl libnet-ssleay-perl",
        script="""
use AnyEvent;
use AnyEvent::Handle;
my $done = AnyEvent->condvar;
my $handle; $handle = AnyEvent::Handle->new(
	connect => ["{host}", {port}], tls => "connect", peername => "{host}",
	tls_ctx => {verify => 1, verify_peername => "https", ca_file => "{ca}"},
	on_error => sub { $done->send("failed: $_[2]") },
	on_eof => sub { $done->send("ok") },
	on_read => sub { print $_[0]{rbuf}; $_[0]{rbuf} = "" },
);
$handle->push_write("GET / HTTP/1.0\\r\\n\\r\\n");
my $said = $done->recv;
die $said unless $said eq "ok";
""",
    ),
    perl(
        "Net::Async::HTTP",
        packages="libnet-async-http-perl libio-async-ssl-perl",
        script="""
use IO::Async::Loop;
use Net::Async::HTTP;
my $loop = IO::Async::Loop->new;
my $client = Net::Async::HTTP->new;
$loop->add($client);
print $client->GET("https://{host}:{port}/")->get->content;
""",
    ),
    perl(
        "POE::Filter::SSL",
        packages="libpoe-filter-ssl-perl",
        script="""
use POE qw(Component::Client::TCP Filter::SSL);
my $code = 3;
POE::Component::Client::TCP->new(
	RemoteAddress => "{host}", RemotePort => {port},
	Filter => ["POE::Filter::SSL", client => 1, sni => "{host}", cacrt => "{ca}"],
	Connected => sub { $_[HEAP]{server}->put("GET / HTTP/1.0\\r\\n\\r\\n") },
	ServerInput => sub { print $_[ARG0]; $code = 0 },
	ServerError => sub { $_[KERNEL]->yield("shutdown") },
);
POE::Kernel->run;
exit $code;
""",
        verifies=False,
    ),
    perl(
        "Net::SSL (Crypt::SSLeay)",
        packages="libcrypt-ssleay-perl",
        script="""
use Net::SSL;
$ENV{HTTPS_CA_FILE} = "{ca}";
my $tls = Net::SSL->new(PeerAddr => "{host}", PeerPort => {port}, SSL_Debug => 0) or die $@ || $!;
$tls->print("GET / HTTP/1.0\\r\\n\\r\\n");
my $answer;
$tls->read($answer, 4096);
print $answer;
""",
    ),
]
