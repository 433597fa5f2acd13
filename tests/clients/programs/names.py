# SPDX-License-Identifier: MIT
"""Clients of DNS over TLS and of LDAP."""

from frame import Program
from scripts import perl, php, python, ruby
from servers.talk import Dns, Ldap, Ldaps

UNBOUND = """
server:
	verbosity: 0
	username: ""
	chroot: ""
	directory: "{home}"
	pidfile: ""
	use-syslog: no
	logfile: ""
	interface: 127.0.0.1@5353
	do-not-query-localhost: no
	module-config: "iterator"
	tls-cert-bundle: "{ca}"
	num-threads: 1
remote-control:
	control-enable: no
forward-zone:
	name: "."
	forward-addr: {address}@{port}#{host}
	forward-tls-upstream: yes
"""

STUBBY = """
resolution_type: GETDNS_RESOLUTION_STUB
dns_transport_list:
  - GETDNS_TRANSPORT_TLS
tls_authentication: GETDNS_AUTHENTICATION_REQUIRED
tls_ca_file: "{ca}"
idle_timeout: 1000
timeout: 2000
listen_addresses:
  - 127.0.0.1@5353
upstream_recursive_servers:
  - address_data: {address}
    tls_port: {port}
    tls_auth_name: "{host}"
"""

DNSDIST = """
setLocal("127.0.0.1:5353")
newServer({address="{address}:{port}", tls="openssl", caStore="{ca}", subjectName="{host}", healthCheckMode="up"})
"""

SMARTDNS = """
bind-tcp 127.0.0.1:5353
bind 127.0.0.1:5353
ca-file {ca}
log-level error
cache-size 0
cache-persist no
log-file {home}/log
speed-check-mode none
server-tls {address}:{port} -host-name {host} -tls-host-verify {host}
"""

DIG = ("dig", "@127.0.0.1", "-p", "5353", "www.example.com", "A", "+short", "+tries=1", "+time=5", "+tcp")

DNSPYTHON = """
import dns.message, dns.query, ssl
asked = dns.message.make_query("www.example.com", "A")
print(dns.query.tls(asked, "{address}", timeout=5, port={port}, server_hostname="{host}",
    ssl_context=ssl.create_default_context(cafile="{ca}")).answer)
"""

LDAP3 = """
import ldap3, ssl
tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file="{ca}")
it = ldap3.Connection(ldap3.Server("{host}", {port}, use_ssl=True, tls=tls, get_info=None), "cn=me", "pw",
    auto_bind=True)
it.search("cn=hello", "(cn=*)", attributes="cn", search_scope="BASE")
print(it.response)
it.unbind()
"""

NET_LDAP_PERL = """
use Net::LDAP;
my $it = Net::LDAP->new("{host}", port => {port}) or die $@;
my $said = $it->start_tls(verify => "require", cafile => "{ca}");
die $said->error if $said->code;
$it->bind("cn=me", password => "pw");
print $it->search(base => "cn=hello", filter => "(cn=*)")->entry(0)->dn, "\\n";
$it->unbind;
"""

NET_LDAP_RUBY = """
require "net/ldap"
it = Net::LDAP.new(host: "{host}", port: {port}, encryption: {method: :simple_tls, tls_options: {
  ca_file: "{ca}", verify_mode: OpenSSL::SSL::VERIFY_PEER}},
  auth: {method: :simple, username: "cn=me", password: "pw"})
puts it.search(base: "cn=hello").map(&:dn)
"""

LDAP_PHP = """<?php
ldap_set_option(null, LDAP_OPT_X_TLS_CACERTFILE, "{ca}");
$it = ldap_connect("ldaps://{host}:{port}");
ldap_set_option($it, LDAP_OPT_PROTOCOL_VERSION, 3);
if (!ldap_bind($it, "cn=me", "pw")) exit(3);
echo ldap_get_entries($it, ldap_read($it, "cn=hello", "(cn=*)"))[0]["dn"], "\\n";
"""


def resolver(name, packages, command, conf, text, **more):
    return Program(
        name=name, packages=packages + " bind9-dnsutils", server=Dns(), command=command, files={conf: text},
        ready=5353, poke=DIG, **more,
    )


PROGRAMS = [
    Program(
        name="dig",
        packages="bind9-dnsutils",
        server=Dns(),
        command=("dig", "+tls", "+tls-ca={ca}", "+tls-hostname={host}", "@{address}", "-p", "{port}",
                 "www.example.com", "A", "+short", "+tries=1", "+time=5"),
    ),
    resolver("unbound", packages="unbound", command=("unbound", "-d", "-p", "-c", "unbound.conf"),
             conf="unbound.conf", text=UNBOUND, noise=(r"^\[\d+\]", r"\[\d+:\d\]")),
    Program(
        name="getdns_query",
        packages="getdns-utils",
        server=Dns(),
        command=("getdns_query", "-s", "-l", "L", "-m", "-t", "3000", "@{address}#{port}~{host}", "www.example.com",
                 "A", "-j"),
        noise=(r'"(query|replies)_full":.*', r'"id": *\d+', r'"transaction_id".*'),
    ),
    resolver("stubby", packages="stubby", command=("stubby", "-C", "stubby.yml"),
             conf="stubby.yml", text=STUBBY, noise=(r"^\[[0-9:.]+\]",)),
    resolver("dnsdist", packages="dnsdist",
             command=("dnsdist", "-C", "dnsdist.conf", "--supervised", "--disable-syslog"),
             conf="dnsdist.conf", text=DNSDIST),
    resolver("smartdns", packages="smartdns", command=("smartdns", "-f", "-c", "smartdns.conf", "-p", "-"),
             conf="smartdns.conf", text=SMARTDNS),
    Program(
        name="dnsperf",
        packages="dnsperf",
        server=Dns(),
        command=("dnsperf", "-m", "dot", "-s", "{host}", "-p", "{port}", "-n", "1", "-t", "2", "-l", "4"),
        stdin="www.example.com A\n",
        noise=(r"\d+\.\d{6}", r"Started at.*"),
        verifies=False,
        # It counts what was lost.
        refusal=0,
    ),
    python("python dnspython", packages="python3-dnspython", server=Dns(), text=DNSPYTHON),
    python("python ldap3", packages="python3-ldap3", server=Ldaps(), text=LDAP3),
    perl("perl Net::LDAP", packages="libnet-ldap-perl libio-socket-ssl-perl", server=Ldap(), text=NET_LDAP_PERL),
    ruby("ruby Net::LDAP", packages="ruby-net-ldap ruby", server=Ldaps(), text=NET_LDAP_RUBY),
    Program(
        name="kdig",
        packages="knot-dnsutils",
        server=Dns(),
        command=("kdig", "+tls-ca={ca}", "+tls-hostname={host}", "@{address}", "-p", "{port}", "www.example.com", "A",
                 "+short"),
        scan=("no",),
        uncovered="GnuTLS",
    ),
    Program(
        name="ldapsearch",
        packages="ldap-utils",
        server=Ldaps(),
        command=("ldapsearch", "-x", "-LLL", "-H", "ldaps://{host}:{port}", "-b", "cn=hello"),
        env={"LDAPTLS_CACERT": "{ca}"},
        scan=("no",),
        uncovered="GnuTLS",
    ),
    Program(
        # With its own TLS in libldap's connection.
        name="curl, LDAPS",
        packages="curl",
        server=Ldaps(),
        command=("curl", "-sS", "ldaps://{host}:{port}/cn=hello"),
    ),
    php("php ldap", packages="php-ldap php-cli", server=Ldaps(), text=LDAP_PHP,
        uncovered="GnuTLS, by way of libldap"),
]
