# SPDX-License-Identifier: MIT
"""Clients of FTP, IRC, XMPP, SIP, telnet, and such that speak whatever they are told."""

from frame import Program
from scripts import perl, php, python, ruby
from servers.mail import Imaps
from servers.talk import Ftp, Ftps, Irc, Line, Sip, Telnet, Xmpp

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

TF = """
/def -hCONNECT c = /send hello
/def -t"ok" o = /quit
/def -hDISCONNECT d = /quit
/def -hCONFAIL f = /quit
/test addworld("it", "", "{host}", "{port}", "", "", "", "x")
/connect it
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

# It wants a key of its own.
SIP = """
mkdir -p .sip/auth
openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -subj /CN=me 2>/dev/null
cat key cert > .sip/auth/agent.pem
cp {ca} .sip/auth/cafile.pem
exec timeout 3 sip-options --bind='sips:127.0.0.1:*' sips:{address}:{port}
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
        command=("sh", "-c", "(sleep 1; echo /quit) | epic5 -d -q -n me {host}:{port}::::irc-ssl"),
        env={"TERM": "dumb", "LOGNAME": "me", "MAIL": "/nonexistent"},
        noise=(r"Process \[\d+\]", r".*\d\d:\d\d.*", r"(?:^\*\*\* (INFO|SSL).*\n)+"),
        scanned="/usr/bin/epic5",
    ),
    Program(
        name="tf5",
        packages="tf5",
        server=Line(),
        command=("sh", "-c", "sleep 1 | tf5 -ftfrc -v"),
        files={"tfrc": TF},
        env={"TERM": "dumb"},
        verifies=False,
        # It has names resolved by a child and sends none: the address is all that is known.
        section="127.0.0.1",
        # It ends with 0 whatever came of it.
        refusal=0,
        scanned="/usr/bin/tf5",
    ),
    Program(
        name="sendxmpp",
        packages="sendxmpp",
        server=Xmpp(),
        # Without its log-in: it asks again without TLS, and forgets that it is not connected.
        farewell=rb"<\?xml version='1.0'\?><stream:stream [^>]*> ?",
        scanned="/usr/bin/sendxmpp",
        command=("perl", "-X", "/usr/bin/sendxmpp", "-u", "me", "-p", "pw", "-j", "{host}", "-t", "-a", "{ca}",
                 "you@example.com"),
        stdin="hello\n",
    ),
    python("python slixmpp", packages="python3-slixmpp", server=Xmpp(), text=SLIXMPP,
           uncovered="no name, no address (TLS through memory); `unnamed = refuse' covers it"),
    Program(
        name="sip-options",
        packages="sofia-sip-bin",
        server=Sip(),
        command=("sh", "-c", SIP),
        verifies=False,
        # It waits for an answer whatever became of its question.
        refusal=124,
        section="127.0.0.1",
        scanned="/usr/bin/sip-options",
    ),
    Program(
        name="telnet-ssl",
        packages="telnet-ssl",
        server=Telnet(),
        command=("sh", "-c", "sleep 1 | telnet-ssl -z ssl -z secure -z verify=1 -z cacert={ca} {host} {port}"),
        scanned="/usr/bin/telnet-ssl",
    ),
    Program(
        name="gensiot",
        packages="gensio-bin",
        server=Line(),
        uncovered="no name, no address (TLS through memory); `unnamed = refuse' covers it",
        command=("gensiot", "-i", "stdio(self)", "ssl(CA={ca}),tcp,{host},{port}"),
        stdin="hello\n",
    ),
    Program(
        name="s3270",
        packages="s3270",
        server=Telnet(),
        command=("sh", "-c", "(echo 'Connect(L:{host}:{port})'; sleep 1; echo Quit) | s3270 -cafile {ca}"),
        noise=(r"\d+\.\d+$",),
        scanned="/usr/bin/s3270",
    ),
    Program(
        name="hydra",
        packages="hydra",
        server=Imaps(expect=b"AUTHENTICATE"),
        noise=(r"[-0-9]{10} [0-9:]+",),
        command=("hydra", "-I", "-l", "me", "-p", "pw", "-t", "1", "-S", "-s", "{port}", "{host}", "imap"),
        verifies=False,
    ),
    Program(
        name="medusa",
        packages="medusa",
        server=Imaps(expect=b"AUTHENTICATE"),
        # It ends so whatever it found.
        refusal=0,
        noise=(r"[-0-9]{10} [0-9:]+",),
        command=("medusa", "-h", "{host}", "-n", "{port}", "-s", "-u", "me", "-p", "pw", "-M", "imap", "-T", "1"),
        verifies=False,
    ),
]
