# SPDX-License-Identifier: MIT
"""Clients and proxies of mail and news."""

import ssl

from frame import Program
from scripts import perl, php, python, ruby
from servers.mail import Imap, Imaps, Nntps, Pop, Pops, Smtp, Smtps

MESSAGE = "Subject: hello\n\nhello\n"

FETCHMAIL = """
poll {host} protocol {protocol} service {port} user me password pw mda cat
	{tls} sslcertck sslcertfile {ca}
"""

GETMAIL = """
[retriever]
type = SimpleIMAPSSLRetriever
server = {host}
port = {port}
username = me
password = pw
ca_certs = {ca}
[destination]
type = Mboxrd
path = {home}/mbox
"""

MBSYNC = """
IMAPStore there
Host {host}
Port {port}
User me
Pass pw
SSLType {type}
CertificateFile {ca}
AuthMechs LOGIN

MaildirStore here
Inbox {home}/here

Channel it
Far :there:
Near :here:
Create Near
SyncState *
"""

OFFLINEIMAP = """
[general]
accounts = it
metadata = {home}/metadata
[Account it]
localrepository = here
remoterepository = there
[Repository here]
type = Maildir
localfolders = {home}/mail
[Repository there]
type = IMAP
remotehost = {host}
remoteport = {port}
remoteuser = me
remotepass = pw
ssl = yes
sslcacertfile = {ca}
"""

IMAPFILTER = """
options.certificates = false
account = IMAP { server = "{host}", port = {port}, username = "me", password = "pw", ssl = "auto" }
print(account.INBOX:check_status())
"""

FDM = """
set default-user "root"
set lock-file "{home}/lock"
set verify-certificates
account "it" imaps server "{host}" port {port} user "me" pass "pw"
match all action drop
"""

MAILFILTER = """
LOGFILE = "{home}/log"
VERBOSE = 3
SERVER = "{host}"
USER = "me"
PASS = "pw"
PROTOCOL = "pop3/ssl"
PORT = {port}
"""

ESMTP = """
hostname = {host}:{port}
starttls = required
"""

SMTPLIB = """
import smtplib, ssl
it = smtplib.SMTP("{host}", {port})
it.starttls(context=ssl.create_default_context(cafile="{ca}"))
print(it.sendmail("me@example.com", "you@example.com", "hello"))
it.quit()
"""

AIOSMTPLIB = """
import aiosmtplib, asyncio, ssl
print(asyncio.run(aiosmtplib.send("hello", sender="me@example.com", recipients=["you@example.com"],
    hostname="{host}", port={port}, start_tls=True, tls_context=ssl.create_default_context(cafile="{ca}"))))
"""

IMAPLIB = """
import imaplib, ssl
it = imaplib.IMAP4_SSL("{host}", {port}, ssl_context=ssl.create_default_context(cafile="{ca}"))
print(it.login("me", "pw"), it.select())
it.logout()
"""

POPLIB = """
import poplib, ssl
it = poplib.POP3("{host}", {port})
it.stls(ssl.create_default_context(cafile="{ca}"))
print(it.user("me"), it.pass_("pw"), it.stat())
it.quit()
"""

NET_SMTP_PERL = """
use Net::SMTP;
my $it = Net::SMTP->new("{host}", Port => {port}, Timeout => 5) or die "$@";
$it->starttls(SSL_ca_file => "{ca}") or die "starttls: $@";
$it->mail("me\\@example.com");
$it->to("you\\@example.com");
$it->data("hello\\n") and print "sent\\n";
$it->quit;
"""

NET_POP3_PERL = """
use Net::POP3;
my $it = Net::POP3->new("{host}", Port => {port}, SSL => 1, SSL_ca_file => "{ca}", Timeout => 5) or die "$@";
print $it->login("me", "pw"), "\\n";
$it->quit;
"""

MAIL_IMAPCLIENT = """
use Mail::IMAPClient;
my $it = Mail::IMAPClient->new(Server => "{host}", Port => {port}, User => "me", Password => "pw",
	Starttls => [SSL_verify_mode => 1, SSL_ca_file => "{ca}"]) or die "$@";
print join(",", $it->folders), "\\n";
$it->logout;
"""

NET_SMTP_RUBY = """
require "net/smtp"
context = OpenSSL::SSL::SSLContext.new
context.set_params(ca_file: "{ca}")
it = Net::SMTP.new("{host}", {port})
it.enable_starttls(context)
it.start { |smtp| puts smtp.send_message("hello", "me@example.com", "you@example.com").string }
"""

NET_IMAP_RUBY = """
require "net/imap"
it = Net::IMAP.new("{host}", port: {port}, ssl: {ca_file: "{ca}"})
puts it.login("me", "pw").name
it.logout
"""

NET_POP_RUBY = """
require "net/pop"
it = Net::POP3.new("{host}", {port})
it.enable_ssl(OpenSSL::SSL::VERIFY_PEER, "{ca}")
it.start("me", "pw") { |pop| puts pop.n_mails }
"""

IMAP_PHP = """<?php
$it = imap_open("{{host}:{port}/imap/ssl}INBOX", "me", "pw", 0, 1);
if (!$it) {
	imap_errors();
	exit(3);
}
echo imap_num_msg($it), "\\n";
imap_close($it);
"""

PHPMAILER = """<?php
require "/usr/share/php/libphp-phpmailer/autoload.php";
$it = new PHPMailer\\PHPMailer\\PHPMailer();
$it->isSMTP();
$it->Host = "{host}";
$it->Port = {port};
$it->SMTPSecure = "tls";
$it->SMTPOptions = ["ssl" => ["cafile" => "{ca}"]];
$it->setFrom("me@example.com");
$it->addAddress("you@example.com");
$it->Body = "hello";
if (!$it->send()) exit(3);
echo "sent\\n";
"""

PERDITION_POKE = """
import imaplib
it = imaplib.IMAP4("127.0.0.1", 1143)
print(it.login("me", "pw"))
it.logout()
"""

CURLRC = "mail-from = me@example.com\nmail-rcpt = you@example.com\n"

SLRNPULL = "local.test 10 10\n"

PERDITION = (
    "perdition.imap4", "--no_daemon", "--bind_address", "127.0.0.1", "--listen_port", "1143",
    "--outgoing_server", "{host}", "--outgoing_port", "{port}", "--ssl_mode", "ssl_outgoing",
    "--ssl_ca_file", "{ca}", "--pid_file", "{home}/pid", "--username", "root", "--group", "root", "--log_facility", "-",
)


def fetchmail(name, server, protocol, tls):
    return Program(
        name=name,
        packages="fetchmail",
        server=server,
        command=("fetchmail", "-f", "fetchmailrc", "--nosyslog", "--idfile", "ids", "--pidfile", "pid"),
        files={"fetchmailrc": FETCHMAIL.replace("{protocol}", protocol).replace("{tls}", tls)},
    )


def mbsync(name, server, kind):
    return Program(
        name=name,
        packages="isync",
        server=server,
        command=("sh", "-c", "mkdir here && exec mbsync -c mbsyncrc it"),
        files={"mbsyncrc": MBSYNC.replace("{type}", kind)},
        scanned="/usr/bin/mbsync",
    )


def s_nail(name, server, url, *more):
    return Program(
        name=name,
        packages="s-nail",
        server=server,
        command=("s-nail", "-:/", "-Sv15-compat", f"-Smta={url}", "-Ssmtp-auth=none", "-Stls-ca-file={ca}",
                 "-Stls-ca-no-defaults", "-Stls-verify=strict", "-Sexpandaddr", "-Sfrom=me@example.com",
                 "-Shostname=example.com", "-Ssendwait", *more, "-s", "hello", "you@example.com"),
        stdin="hello\n",
    )


PROGRAMS = [
    fetchmail("fetchmail, IMAPS", Imaps(), "imap", "ssl"),
    fetchmail("fetchmail, POP3 with STLS", Pop(), "pop3", "sslproto 'auto'"),
    Program(
        name="getmail",
        packages="getmail6",
        server=Imaps(),
        command=("getmail", "--getmaildir={home}", "--rcfile=getmailrc"),
        files={"getmailrc": GETMAIL, "mbox": ""},
    ),
    mbsync("mbsync, IMAPS", Imaps(), "IMAPS"),
    mbsync("mbsync, STARTTLS", Imap(), "STARTTLS"),
    Program(
        name="offlineimap",
        packages="offlineimap3",
        server=Imaps(expect=b"AUTHENTICATE"),
        command=("offlineimap", "-c", "offlineimaprc", "-o", "-u", "quiet"),
        files={"offlineimaprc": OFFLINEIMAP},
    ),
    Program(
        name="imapfilter",
        packages="imapfilter",
        server=Imaps(),
        command=("imapfilter", "-c", "config.lua", "-t", "{ca}"),
        files={"config.lua": IMAPFILTER},
    ),
    Program(
        name="fdm",
        packages="fdm",
        server=Imaps(),
        command=("fdm", "-f", "fdm.conf", "fetch"),
        files={"fdm.conf": FDM},
        noise=(r"[0-9.]+ seconds",),
    ),
    Program(
        name="mailfilter",
        packages="mailfilter",
        server=Pops(),
        command=("mailfilter", "-M", "mailfilterrc"),
        files={"mailfilterrc": MAILFILTER},
        noise=(r"^\w+ +\d+ [0-9:]+",),
        verifies=False,
    ),
    s_nail("s-nail, SMTPS", Smtps(), "smtps://{host}:{port}"),
    s_nail("s-nail, STARTTLS", Smtp(), "smtp://{host}:{port}", "-Ssmtp-use-starttls"),
    Program(
        name="esmtp",
        packages="esmtp",
        # Under TLS 1.3 it stumbles over tickets.
        server=Smtp(highest=ssl.TLSVersion.TLSv1_2),
        farewell=b"QUIT\r\n",
        command=("sh", "-c", "mkdir -m 700 .authenticate && cp {ca} .authenticate/ca.pem && "
                 "exec esmtp -C esmtprc -f me@example.com you@example.com"),
        stdin=MESSAGE,
        files={"esmtprc": ESMTP},
        scanned="/usr/bin/esmtp",
    ),
    Program(
        name="swaks, STARTTLS",
        packages="swaks libnet-ssleay-perl",
        server=Smtp(),
        command=("swaks", "--server", "{host}:{port}", "-tls", "--tls-verify", "--tls-ca-path", "{ca}",
                 "--from", "me@example.com", "--to", "you@example.com", "--body", "hello", "--hide-all"),
    ),
    Program(
        name="posttls-finger",
        packages="postfix",
        server=Smtp(expect=b"EHLO"),
        # It exits so whatever it finds.
        verifies=False,
        refusal=0,
        command=("posttls-finger", "-h", "native", "-l", "verify", "-F", "{ca}", "[{host}]:{port}"),
    ),
    Program(
        name="curl, SMTP with STARTTLS",
        packages="curl",
        server=Smtp(),
        command=("curl", "-sS", "-K", "curlrc", "--ssl-reqd", "-T", "message", "smtp://{host}:{port}"),
        files={"curlrc": CURLRC, "message": MESSAGE},
    ),
    Program(
        name="curl, IMAPS",
        packages="curl",
        server=Imaps(expect=b"AUTHENTICATE"),
        command=("curl", "-sS", "imaps://me:pw@{host}:{port}/"),
    ),
    python("python smtplib", packages="python3", server=Smtp(), text=SMTPLIB),
    python("python imaplib", packages="python3", server=Imaps(), text=IMAPLIB),
    python("python poplib", packages="python3", server=Pop(), text=POPLIB),
    python("python aiosmtplib", packages="python3-aiosmtplib", server=Smtp(), text=AIOSMTPLIB),
    perl("perl Net::SMTP", packages="perl libio-socket-ssl-perl", server=Smtp(), text=NET_SMTP_PERL),
    perl("perl Net::POP3", packages="perl libio-socket-ssl-perl", server=Pops(), text=NET_POP3_PERL),
    perl("perl Mail::IMAPClient", packages="libmail-imapclient-perl libio-socket-ssl-perl", server=Imap(),
         text=MAIL_IMAPCLIENT),
    ruby("ruby Net::SMTP", packages="ruby", server=Smtp(), text=NET_SMTP_RUBY),
    ruby("ruby Net::IMAP", packages="ruby", server=Imaps(), text=NET_IMAP_RUBY),
    ruby("ruby Net::POP3", packages="ruby", server=Pops(), text=NET_POP_RUBY),
    php("php imap", packages="php-imap php-cli", server=Imaps(expect=b"AUTHENTICATE"), text=IMAP_PHP),
    php("php PHPMailer", packages="libphp-phpmailer php-cli", server=Smtp(), text=PHPMAILER,
        farewell=b"QUIT\r\n"),
    Program(
        name="slrnpull",
        packages="slrnpull",
        server=Nntps(),
        command=("slrnpull", "-d", "{home}", "-h", "snews://{host}:{port}"),
        files={"slrnpull.conf": SLRNPULL},
        verifies=False,
    ),
    Program(
        name="tin",
        packages="tin",
        server=Nntps(expect=b"GROUP local.test"),
        command=("tin", "-T", "-Z", "-n", "-g", "{host}", "-p", "{port}"),
        files={".newsrc": "local.test: \n"},
        env={"USER": "root", "TERM": "dumb"},
    ),
    Program(
        name="perdition, from IMAP to IMAPS",
        packages="perdition curl",
        server=Imaps(),
        command=PERDITION,
        ready=1143,
        poke=("/usr/bin/python3", "it.py"),
        files={"it.py": PERDITION_POKE},
        noise=(r"^\w+ +\d+ [0-9:]+ ", r"(?<=imap4)\[\d+\](?=: [A-Z])", r"(?<=127.0.0.1:)\d+(?=->)"),
    ),
    Program(
        name="msmtp",
        packages="msmtp",
        server=Smtp(),
        command=("msmtp", "--host={host}", "--port={port}", "--tls", "--tls-trust-file={ca}", "--from=me@example.com",
                 "--domain=example.com", "you@example.com"),
        stdin=MESSAGE,
        scan=("no",),
        uncovered="GnuTLS",
    ),
    Program(
        name="mpop",
        packages="mpop",
        server=Pops(),
        command=("mpop", "--host={host}", "--port={port}", "--tls", "--tls-starttls=off", "--tls-trust-file={ca}",
                 "--user=me", "--passwordeval=echo pw", "--auth=user", "--delivery=mbox,{home}/mbox", "--quiet",
                 "--uidls-file={home}/uidls"),
        scan=("no",),
        uncovered="GnuTLS",
    ),
]
