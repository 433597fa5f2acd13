# SPDX-License-Identifier: MIT
"""Clients of FTP, IRC, XMPP, SIP, telnet, and such that speak whatever they are told."""

from frame import Program
from scripts import perl, php, python, ruby
from servers.mail import Imaps
from servers.talk import Ftp, Ftps, Irc, Line, Rdp, Sip, Xmpp

FTPLIB = """
import ftplib, ssl
it = ftplib.FTP_TLS(context=ssl.create_default_context(cafile="{ca}"))
it.connect("{host}", {port})
it.login("me", "pw")
print(it.pwd())
it.quit()
"""

NET_FTP_PERL = """
use Net::FTP;
my $it = Net::FTP->new("{host}", Port => {port}, SSL => 1, SSL_ca_file => "{ca}", Timeout => 5) or die "$@";
$it->login("me", "pw");
print $it->pwd, "\\n";
$it->quit;
"""

NET_FTP_RUBY = """
require "net/ftp"
it = Net::FTP.new("{host}", port: {port}, ssl: {ca_file: "{ca}"}, username: "me", password: "pw")
puts it.pwd
it.quit
"""

FTP_PHP = """<?php
$it = ftp_ssl_connect("{host}", {port}, 5);
if (!ftp_login($it, "me", "pw")) exit(3);
echo ftp_pwd($it), "\\n";
ftp_close($it);
"""

EPIC = """
^set ssl_certificate ""
^on ^001 * {quit}
"""

ZNC = """
Version = 1.8.2
SSLCertFile = {home}/znc.pem
<Listener l>
	Host = 127.0.0.1
	Port = 6667
	SSL = false
	URIPrefix = /
	AllowIRC = true
	AllowWeb = false
</Listener>
<User me>
	Admin = true
	Nick = me
	<Network it>
		Server = {host} +{port}
		TrustAllCerts = false
		TrustPKI = true
		IRCConnectEnabled = true
	</Network>
	<Pass password>
		Method = md5
		Hash = 2d4bdcd4a0d3a0b4f45c6a4e5ce0b2d7
		Salt = salt
	</Pass>
</User>
"""

SLIXMPP = """
import asyncio, slixmpp, sys
it = slixmpp.ClientXMPP("me@{host}", "pw")
it.ca_certs = "{ca}"
code = 3
def began(_):
    global code
    code = 0
    print("in")
    it.disconnect(wait=False)
it.add_event_handler("session_start", began)
it.add_event_handler("ssl_invalid_chain", lambda _: it.abort())
it.add_event_handler("connection_failed", lambda _: it.abort())
it.connect(("{address}", {port}))
try:
    it.loop.run_until_complete(asyncio.wait_for(it.disconnected, 5))
except asyncio.TimeoutError:
    pass
sys.exit(code)
"""

BARESIP = """
module_path /usr/lib/baresip/modules
"""

PROGRAMS = [
    Program(
        name="ftp-ssl",
        packages="ftp-ssl",
        server=Ftp(),
        command=("ftp-ssl", "-n", "-z", "secure", "-z", "verify=1", "-z", "cacert={ca}", "{host}", "{port}"),
        stdin="user me pw\npwd\nquit\n",
    ),
    python("python ftplib", packages="python3", server=Ftp(), text=FTPLIB),
    perl("perl Net::FTP", packages="perl libio-socket-ssl-perl", server=Ftps(), text=NET_FTP_PERL),
    ruby("ruby Net::FTP", packages="ruby", server=Ftp(), text=NET_FTP_RUBY),
    php("php ftp", packages="php-cli", server=Ftp(), text=FTP_PHP, verifies=False),
    Program(
        name="lftp",
        packages="lftp",
        server=Ftp(),
        command=("lftp", "-c", "set ssl:ca-file {ca}; set ftp:ssl-force yes; open -u me,pw ftp://{host}:{port}; "
                 "quote PWD"),
        scan=("no",),
        uncovered="GnuTLS",
    ),
    Program(
        name="epic5",
        packages="epic5",
        server=Irc(),
        command=("epic5", "-d", "-q", "-n", "me", "{host}:{port}::::irc-ssl"),
        stdin="",
        env={"TERM": "dumb", "IRCUSER": "me"},
    ),
    Program(
        name="tf5",
        packages="tf5",
        server=Line(),
        command=("tf5", "-f", "-v", "-n", "-c/test addworld('it','','','{host}','{port}','','','x')%;/connect it%;hello"),
        env={"TERM": "dumb"},
        verifies=False,
    ),
    Program(
        name="sendxmpp",
        packages="sendxmpp",
        server=Xmpp(),
        command=("sendxmpp", "-u", "me", "-p", "pw", "-j", "{host}", "-t", "-a", "{ca}", "you@example.com"),
        stdin="hello\n",
    ),
    python("python slixmpp", packages="python3-slixmpp", server=Xmpp(), text=SLIXMPP),
    Program(
        name="sip-options",
        packages="sofia-sip-bin",
        server=Sip(),
        command=("timeout", "5", "sip-options", "--bind=sips:127.0.0.1:*", "sips:{host}:{port}"),
        scanned="/usr/bin/sip-options",
    ),
    Program(
        name="telnet-ssl",
        packages="telnet-ssl",
        server=Line(),
        command=("telnet-ssl", "-z", "ssl", "-z", "secure", "-z", "verify=1", "-z", "cacert={ca}", "{host}", "{port}"),
        stdin="hello\n",
    ),
    Program(
        name="ncat",
        packages="ncat",
        server=Line(),
        command=("ncat", "--ssl-verify", "--ssl-trustfile", "{ca}", "{host}", "{port}"),
        stdin="hello\n",
    ),
    Program(
        name="gensiot",
        packages="gensio-bin",
        server=Line(),
        command=("gensiot", "-i", "stdio(self)", "ssl(CA={ca}),tcp,{host},{port}"),
        stdin="hello\n",
    ),
    Program(
        name="s3270",
        packages="s3270",
        server=Line(expect=b""),
        command=("s3270", "-cafile", "{ca}", "-e", "L:{host}:{port}"),
        stdin="Wait(2,Disconnect)\n",
    ),
    Program(
        name="hydra",
        packages="hydra",
        server=Imaps(),
        command=("hydra", "-I", "-l", "me", "-p", "pw", "-t", "1", "-S", "-s", "{port}", "{host}", "imap"),
        verifies=False,
    ),
    Program(
        name="medusa",
        packages="medusa",
        server=Imaps(),
        command=("medusa", "-h", "{host}", "-n", "{port}", "-s", "-u", "me", "-p", "pw", "-M", "imap", "-T", "1"),
        verifies=False,
    ),
]
