# SPDX-License-Identifier: MIT
"""Checks of monitoring systems, and what tries or looks at servers."""

from frame import Program
from servers.http import Http
from servers.lines import Nrpe, Zabbix

PLUGINS = "/usr/lib/nagios/plugins"

# Waits for a line of the file $0 that matches $1 or $2, and ends well if it is $1.
TOLD = """\
until grep -qE "$1|$2" "$0" 2>/dev/null; do sleep 0.05; done
grep -oE "$1" "$0" | head -n 1 | grep .
"""

MONIT = """\
set daemon 1
set log {home}/log
set pidfile {home}/pid
set idfile {home}/id
set statefile {home}/state
set ssl options { verify: enable, CACertificateFile: "{ca}" }
check host api with address {host}
	if failed port {port} protocol https for 1 cycles then alert
"""

ZABBIX = """\
LogType=file
LogFile={home}/log
DebugLevel=4
PidFile={home}/pid
Hostname=it
ControlSocket={home}/control
PluginSocket={home}/plugin
Server=127.0.0.1
ListenPort=10050
ServerActive={host}:{port}
TLSConnect=cert
TLSAccept=cert
TLSCAFile={ca}
TLSCertFile={pki}/api-chain.pem
TLSKeyFile={pki}/api.key
"""

PROGRAMS = [
    Program(
        name="check_http -S",
        packages="monitoring-plugins-basic",
        server=Http(),
        command=(f"{PLUGINS}/check_http", "-S", "--sni", "-H", "{host}", "-p", "{port}"),
        noise=(r"\d\.\d{3,}", r"^[0-9A-F]{16}:error"),
        verifies=False,
        refusal=2,
    ),
    Program(
        name="check_tcp -S",
        packages="monitoring-plugins-basic",
        server=Http(),
        command=(
            f"{PLUGINS}/check_tcp", "-S", "-H", "{host}", "-p", "{port}", "-E", "-s", r"GET / HTTP/1.0\r\n\r\n",
            "-e", "HTTP",
        ),
        noise=(r"\d\.\d{3,}", r"^[0-9A-F]{16}:error"),
        verifies=False,
        refusal=2,
    ),
    Program(
        name="check_nrpe",
        packages="nagios-nrpe-plugin",
        server=Nrpe(),
        command=(
            f"{PLUGINS}/check_nrpe", "-D", "-3", "-A", "{ca}", "-H", "{host}", "-p", "{port}", "-c", "check_users",
        ),
    ),
    Program(
        name="nmap --script http-title",
        packages="nmap",
        server=Http(),
        command=("nmap", "-Pn", "-sT", "-p", "{port}", "--script", "http-title", "{host}"),
        noise=(r"at \d{4}-\d\d-.*$", r"[0-9.]+s latency", r"[0-9.]+ seconds"),
        verifies=False,
        fallback="what it could not do in TLS, it tries in plain text",
    ),
    Program(
        name="monit",
        packages="monit",
        server=Http(),
        command=("monit", "-I", "-c", "{home}/conf"),
        files={"conf": MONIT},
        # It says nothing of what goes well.
        poke=("sh", "-c", "sleep 2; ! grep -o 'failed protocol.*' log"),
        noise=(r"id: [0-9a-f]{32}", r"pid \[\d+\]"),
    ),
    Program(
        name="zabbix_agent2, active checks",
        packages="zabbix-agent2",
        server=Zabbix(),
        command=("zabbix_agent2", "-c", "{home}/conf"),
        files={"conf": ZABBIX},
        poke=("sh", "-c", TOLD, "log", "connection established using", "[Cc]annot|failed"),
    ),
    Program(
        name="icinga2 console",
        packages="icinga2-bin",
        server=Http(
            expect=b"POST https:", kind="application/json",
            body=b'{"results":[{"code":200.0,"status":"fine","result":1.0}]}',
        ),
        command=("icinga2", "console", "--connect", "https://u:p@{host}:{port}/", "-e", "1"),
        scanned="/usr/lib/x86_64-linux-gnu/icinga2/sbin/icinga2",
        verifies=False,
    ),
]
