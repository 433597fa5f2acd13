# SPDX-License-Identifier: MIT
"""Proxies and tunnels, as the TLS clients that they are towards the server behind them.

A daemon is asked in plain text by curl, whose exit code is what a refusal is known by.
"""

from frame import Program
from servers.http import Http
from servers.lines import Radius
from servers.talk import Dns
from servers.trojan import Trojan

FRONT = 9080
ASK = ("curl", "-sSf", f"http://127.0.0.1:{FRONT}/")


def proxy(conf, **more):
    """A daemon that reads the file CONF, and takes HTTP in plain text on FRONT."""
    return Program(files={"conf": conf}, **{"server": Http(), "poke": ASK, "ready": FRONT, **more})


NGINX = """\
daemon off;
master_process off;
pid {home}/pid;
# Of what the tests' observer wants, too, nginx clears the environment.
env DRIVE_RECORD;
error_log stderr error;
events {}
http {
	access_log off;
	client_body_temp_path {home};
	proxy_temp_path {home};
	fastcgi_temp_path {home};
	uwsgi_temp_path {home};
	scgi_temp_path {home};
	server {
		listen 127.0.0.1:9080;
		location / {
			proxy_pass https://{host}:{port};
			proxy_ssl_server_name on;
			proxy_ssl_name {host};
			proxy_ssl_verify on;
			proxy_ssl_verify_depth 5;
			proxy_ssl_trusted_certificate {ca};
		}
	}
}
"""

HAPROXY = """\
defaults
	mode http
	timeout connect 3s
	timeout client 3s
	timeout server 3s
	retries 0
frontend front
	bind 127.0.0.1:9080
	default_backend back
backend back
	server one {host}:{port} ssl verify required ca-file {ca} sni str({host}) verifyhost {host}
"""

APACHE = """\
ServerRoot {home}
ServerName localhost
PidFile {home}/pid
ErrorLog /dev/stderr
LogLevel error
Listen 127.0.0.1:9080
User www-data
Group www-data
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
LoadModule socache_shmcb_module /usr/lib/apache2/modules/mod_socache_shmcb.so
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
SSLProxyEngine on
SSLProxyVerify require
SSLProxyVerifyDepth 5
SSLProxyCACertificateFile {ca}
ProxyPass / https://{host}:{port}/
"""

SQUID = """\
visible_hostname localhost
http_port 127.0.0.1:9080 accel defaultsite={host}
cache_peer {host} parent {port} 0 no-query no-digest originserver tls tls-cafile={ca} name=back
http_access allow all
cache_peer_access back allow all
never_direct allow all
cache deny all
access_log none
cache_log stdio:/dev/null
cache_store_log none
pid_filename none
coredump_dir {home}
pinger_enable off
netdb_filename none
dns_nameservers 127.0.0.1
shutdown_lifetime 0 seconds
"""

STUNNEL = """\
foreground = yes
debug = err
pid =
[https]
client = yes
accept = {home}/socket
connect = {host}:{port}
sni = {host}
checkHost = {host}
verifyChain = yes
CAfile = {ca}
"""

H2O = """\
listen: {host: 127.0.0.1, port: 9080}
user: root
num-threads: 1
error-log: /dev/stderr
proxy.ssl.verify-peer: ON
proxy.ssl.cafile: {ca}
hosts:
  default:
    paths:
      /:
        proxy.reverse.url: https://{host}:{port}/
"""

TROJAN = """\
{
	"run_type": "client",
	"local_addr": "127.0.0.1", "local_port": 9080,
	"remote_addr": "{host}", "remote_port": {port},
	"password": ["secret"],
	"log_level": 5,
	"ssl": {
		"verify": true, "verify_hostname": true, "cert": "{ca}", "sni": "{host}",
		"cipher": "", "cipher_tls13": "", "alpn": ["http/1.1"], "reuse_session": true,
		"session_ticket": false, "curves": ""
	},
	"tcp": {
		"no_delay": true, "keep_alive": true, "reuse_port": false, "fast_open": false,
		"fast_open_qlen": 20
	}
}
"""

RADSECPROXY = """\
ListenUDP 127.0.0.1:1812
LogLevel 5
tls default {
	CACertificateFile {ca}
	CertificateFile {pki}/api-chain.pem
	CertificateKeyFile {pki}/api.key
}
client 127.0.0.1 {
	type udp
	secret testing123
}
server {host} {
	type tls
	secret radsec
	port {port}
	certificateNameCheck on
	statusServer off
}
realm * {
	server {host}
}
"""

DNSDIST = """\
setLocal("127.0.0.1:5300")
newServer({address="{address}:{port}", tls="openssl", subjectName="{host}", caStore="{ca}", validateCertificates=true,
	healthCheckMode="up"})
"""

PROGRAMS = [
    proxy(
        NGINX,
        name="nginx, proxy_ssl",
        packages="nginx-light",
        command=("nginx", "-c", "{home}/conf", "-e", "stderr"),
    ),
    proxy(
        HAPROXY,
        name="haproxy, to a server in TLS",
        packages="haproxy",
        command=("haproxy", "-db", "-f", "conf"),
    ),
    proxy(
        APACHE,
        name="apache2, mod_proxy",
        packages="apache2-bin",
        command=("apache2", "-X", "-f", "{home}/conf"),
    ),
    proxy(
        SQUID,
        name="squid, cache_peer tls",
        packages="squid-openssl",
        command=("squid", "-N", "-f", "{home}/conf"),
    ),
    proxy(
        STUNNEL,
        name="stunnel, client = yes",
        packages="stunnel4",
        command=("stunnel4", "{home}/conf"),
        # Whether curl still finds it, when the connection is reset at once, is chance.
        poke=("sh", "-c", 'curl -sSf --unix-socket "$0" "$1" || exit 1', "{home}/socket", "http://{host}/"),
        ready="{home}/socket",
    ),
    proxy(
        H2O,
        name="h2o, proxy.reverse",
        packages="h2o",
        command=("h2o", "-m", "worker", "-c", "{home}/conf"),
        noise=(r"\(pid:\d+\)",),
    ),
    proxy(
        "",
        name="nghttpx",
        packages="nghttp2-proxy",
        command=(
            "nghttpx", "--conf={home}/conf", f"-f127.0.0.1,{FRONT};no-tls",
            "-b{host},{port};/;tls;sni={host};proto=http/1.1", "--cacert={ca}",
            "--errorlog-file=/dev/stderr", "--log-level=ERROR", "--workers=1", "--single-process",
        ),
        noise=(r"^.* NOTICE .*$",),
    ),
    proxy(
        TROJAN,
        name="trojan",
        packages="trojan",
        server=Trojan(),
        command=("trojan", "conf"),
        poke=("curl", "-sSf", "-x", f"socks5h://127.0.0.1:{FRONT}", "http://www.example.com/"),
    ),
    proxy(
        DNSDIST,
        name='dnsdist, tls="openssl"',
        packages="dnsdist bind9-dnsutils",
        server=Dns(),
        command=("dnsdist", "--supervised", "-C", "{home}/conf"),
        poke=("dig", "-p", "5300", "+tries=1", "+time=3", "@127.0.0.1", "www.example.com", "+short"),
        ready=5300,
    ),
    proxy(
        RADSECPROXY,
        name="radsecproxy, TLS",
        packages="radsecproxy freeradius-utils",
        server=Radius(),
        command=("radsecproxy", "-f", "-i", "{home}/pid", "-c", "{home}/conf"),
        poke=(
            "sh", "-c",
            "echo User-Name=somebody,User-Password=x | radclient -r 3 -t 1 127.0.0.1 auth testing123 >log2; "
            # It does not end otherwise while there is nobody to forward to.
            "code=$?; kill -KILL $(cat pid); exit $code",
        ),
        ready="{home}/pid",
        noise=(r"^\w{3} \w{3} .*$",),
    ),
    Program(
        name="proxytunnel -E",
        packages="proxytunnel",
        server=Http(expect=b"CONNECT "),
        command=("proxytunnel", "-q", "-E", "-p", "{host}:{port}", "-d", "www.example.com:22"),
    ),
]
