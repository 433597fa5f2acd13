# SPDX-License-Identifier: MIT
"""Clients of databases."""

from frame import Program
from scripts import perl, php, python, ruby
from servers.databases import Mariadb, Mongo, Ovsdb, Postgres, Redis

LIBPQ = "host={host} port={port} user=u dbname=d gssencmode=disable sslrootcert={ca} sslmode="

ASYNCPG = """
import asyncio, asyncpg, ssl
async def main():
    db = await asyncpg.connect(host="{host}", port={port}, user="u", database="d",
        ssl=ssl.create_default_context(cafile="{ca}"), statement_cache_size=0, timeout=10)
    print(await db.execute("select 1"))
    db.terminate()
asyncio.run(main())
"""

PSYCOPG2 = """
import psycopg2
db = psycopg2.connect("{libpq}verify-full")
db.autocommit = True
cursor = db.cursor()
cursor.execute("select 1")
print(cursor.fetchall())
""".replace("{libpq}", LIBPQ)

PG_PHP = """<?php
$db = pg_connect("{libpq}verify-full");
if (!$db) exit(3);
echo pg_fetch_row(pg_query($db, "select 1"))[0], "\\n";
""".replace("{libpq}", LIBPQ)

PG_RUBY = """
require "pg"
puts PG.connect("{libpq}verify-full").exec("select 1").values.inspect
""".replace("{libpq}", LIBPQ)

PG_PERL = """
use DBI;
my $dsn = "{libpq}verify-full";
$dsn =~ tr/ /;/;
my $db = DBI->connect("dbi:Pg:$dsn", "u", "", {PrintError => 0, RaiseError => 1, pg_server_prepare => 0});
print $db->selectrow_array("select 1"), "\\n";
""".replace("{libpq}", LIBPQ)

ODBC_INI = """
[there]
Driver = {driver}
Servername = {host}
Port = {port}
Database = d
Username = u
SSLmode = verify-full
pqopt = sslrootcert={ca} gssencmode=disable
"""

PGBOUNCER_INI = """
[databases]
d = host={host} port={port} user=u
[pgbouncer]
listen_addr =
unix_socket_dir = {home}
listen_port = 6432
auth_type = any
server_tls_sslmode = verify-full
server_tls_ca_file = {ca}
server_check_query = select 1
query_wait_timeout = 3
server_login_retry = 60
;
pidfile = {home}/pid
"""

PYMYSQL = """
import pymysql
db = pymysql.connect(host="{host}", port={port}, user="u", ssl={"ca": "{ca}"})
cursor = db.cursor()
cursor.execute("select greeting")
print(cursor.fetchall())
"""

MYSQLDB = """
import MySQLdb
db = MySQLdb.connect(host="{host}", port={port}, user="u", ssl={"ca": "{ca}"})
cursor = db.cursor()
cursor.execute("select greeting")
print(cursor.fetchall())
"""

AIOMYSQL = """
import aiomysql, asyncio, ssl
async def main():
    db = await aiomysql.connect(host="{host}", port={port}, user="u",
        ssl=ssl.create_default_context(cafile="{ca}"))
    cursor = await db.cursor()
    await cursor.execute("select greeting")
    print(await cursor.fetchall())
    db.close()
asyncio.run(main())
"""

MYSQLI_PHP = """<?php
mysqli_report(MYSQLI_REPORT_OFF);
$db = mysqli_init();
$db->ssl_set(null, null, "{ca}", null, null);
$fine = $db->real_connect("{host}", "u", "", "", {port}, null, MYSQLI_CLIENT_SSL);
if (!$fine) exit(3);
echo $db->query("select greeting")->fetch_row()[0], "\\n";
"""

MARIADB_PERL = """
use DBI;
my $db = DBI->connect("dbi:MariaDB:host={host};port={port};mariadb_ssl=1;mariadb_ssl_verify_server_cert=1;"
	. "mariadb_ssl_ca_file={ca}", "u", "", {PrintError => 0, RaiseError => 1});
print $db->selectrow_array("select greeting"), "\\n";
"""

MYSQL2_RUBY = """
require "mysql2"
db = Mysql2::Client.new(host: "{host}", port: {port}, username: "u", sslca: "{ca}", sslverify: true)
puts db.query("select greeting").first.inspect
"""

REDIS_PYTHON = """
import redis
print(redis.Redis("{host}", {port}, ssl=True, ssl_ca_certs="{ca}", ssl_check_hostname=True).ping())
"""

REDIS_PERL = """
use Redis;
my $db = Redis->new(server => "{host}:{port}", ssl => 1, SSL_verify_mode => 1, no_auto_connect_on_new => 0);
print $db->ping, "\\n";
"""

REDIS_PHP = """<?php
$db = new Redis();
try {
	$db->connect("tls://{host}", {port}, 5, null, 0, 0, ["stream" => ["cafile" => "{ca}"]]);
	echo $db->ping(), "\\n";
} catch (RedisException $error) {
	exit(3);
}
"""

REDIS_RUBY = """
require "redis"
puts Redis.new(url: "rediss://{host}:{port}", ssl_params: {ca_file: "{ca}"}, reconnect_attempts: 0).ping
"""

MONGO_PYTHON = """
import pymongo
db = pymongo.MongoClient("{host}", {port}, tls=True, tlsCAFile="{ca}", directConnection=True,
    serverSelectionTimeoutMS=2000, heartbeatFrequencyMS=60000)
print(db.admin.command("ping")["ok"])
"""

MONGO_PHP = """<?php
try {
	$db = new MongoDB\\Driver\\Manager("mongodb://{host}:{port}/?tls=true&directConnection=true"
		. "&serverSelectionTimeoutMS=2000", [], ["ca_file" => "{ca}"]);
	$answer = $db->executeCommand("admin", new MongoDB\\Driver\\Command(["ping" => 1]));
	echo $answer->toArray()[0]->ok, "\\n";
} catch (MongoDB\\Driver\\Exception\\Exception $error) {
	exit(3);
}
"""

MONGO_RUBY = """
require "mongo"
Mongo::Logger.logger.level = Logger::FATAL
db = Mongo::Client.new(["{host}:{port}"], database: "admin", connect: :direct, ssl: true, ssl_ca_cert: "{ca}",
  server_selection_timeout: 2, monitoring_io: false)
puts db.database.command(ping: 1).first["ok"]
"""

OVSDB = """
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out cert -subj /CN=me 2>/dev/null
exec ovsdb-client -p key -c cert -C {ca} list-dbs ssl:{address}:{port}
"""

REPLICA = """
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out cert -subj /CN=me 2>/dev/null
exec redis-server --port 0 --unixsocket socket --save '' --loglevel warning --replicaof {host} {port} \\
	--tls-replication yes --tls-ca-cert-file {ca} --tls-cert-file cert --tls-key-file key
"""


def psql(name, mode, **more):
    return Program(
        name=name,
        packages="postgresql-client-15",
        server=Postgres(),
        command=("/usr/lib/postgresql/15/bin/psql", "-XAtc", "select 1", LIBPQ + mode),
        **more,
    )


PROGRAMS = [
    psql("psql, verify-full", "verify-full"),
    psql("psql, require", "require", verifies=False, refusal=2),
    psql("psql, prefer", "prefer", verifies=False, fallback="goes on in plain text by default"),
    python("python psycopg2", packages="python3-psycopg2", server=Postgres(), text=PSYCOPG2),
    python("python asyncpg", packages="python3-asyncpg", server=Postgres(), text=ASYNCPG),
    perl("perl DBD::Pg", packages="libdbd-pg-perl", server=Postgres(), text=PG_PERL),
    php("php pgsql", packages="php-pgsql php-cli", server=Postgres(), text=PG_PHP),
    ruby("ruby pg", packages="ruby-pg ruby", server=Postgres(), text=PG_RUBY),
    Program(
        name="isql with PostgreSQL's ODBC",
        packages="odbc-postgresql unixodbc",
        server=Postgres(),
        command=("isql", "-v", "-b", "there"),
        stdin="select 1\n",
        files={"odbc.ini": ODBC_INI.replace("{driver}", "/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so")},
        env={"ODBCINI": "{home}/odbc.ini"},
        scanned="/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so",
    ),
    Program(
        name="pgbouncer",
        packages="pgbouncer postgresql-client-15",
        server=Postgres(),
        # It refuses to be root.
        command=("unshare", "-U", "--map-user=1000", "pgbouncer", "pgbouncer.ini"),
        scanned="/usr/sbin/pgbouncer",
        files={"pgbouncer.ini": PGBOUNCER_INI},
        ready="{home}/pid",
        noise=(r"^[-0-9]+ [0-9:.]+ UTC \[\d+\]", r"0x[0-9a-f]+", r"unix\(\d+\):\d+", r"(?<=127.0.0.1:)\d+"),
        poke=("/usr/lib/postgresql/15/bin/psql", "-XAtc", "select 1", "host={home} port=6432 user=u dbname=d"),
    ),
    Program(
        name="mariadb",
        packages="mariadb-client-core",
        server=Mariadb(),
        command=("mariadb", "--no-defaults", "-h{host}", "-P{port}", "-uu", "--ssl-ca={ca}",
                 "--ssl-verify-server-cert", "-Ne", "select greeting"),
    ),
    python("python PyMySQL", packages="python3-pymysql", server=Mariadb(), text=PYMYSQL),
    python("python aiomysql", packages="python3-aiomysql", server=Mariadb(), text=AIOMYSQL),
    python("python MySQLdb", packages="python3-mysqldb", server=Mariadb(), text=MYSQLDB),
    perl("perl DBD::MariaDB", packages="libdbd-mariadb-perl", server=Mariadb(), text=MARIADB_PERL),
    php("php mysqli", packages="php-mysql php-cli", server=Mariadb(), text=MYSQLI_PHP),
    ruby("ruby mysql2", packages="ruby-mysql2 ruby", server=Mariadb(), text=MYSQL2_RUBY),
    Program(
        name="redis-cli",
        packages="redis-tools",
        server=Redis(),
        command=("redis-cli", "-h", "{host}", "-p", "{port}", "--tls", "--sni", "{host}", "--cacert", "{ca}", "PING"),
    ),
    Program(
        name="redis-benchmark",
        packages="redis-tools",
        server=Redis(),
        # When it cannot connect, it tries for ever.
        command=("timeout", "3", "redis-benchmark", "-h", "{host}", "-p", "{port}", "--tls", "--cacert", "{ca}",
                 "-n", "1", "-c", "1", "-t", "ping_mbulk", "-q"),
        scanned="/usr/bin/redis-benchmark",
        noise=(r"(inf|[0-9.]+)(?= requests| msec)", r"p50=[0-9.]+", r".*rps=.*\r"),
    ),
    Program(
        name="redis-server as a replica",
        packages="redis-server",
        server=Redis(),
        command=("sh", "-c", REPLICA),
        ready="{home}/socket",
        poke=("sleep", "1"),
        noise=(r"^\d+:\w [^#*]*", r"pid=\d+", r"^.*signal-handler.*"),
        scanned="/usr/bin/redis-server",
    ),
    python("python redis", packages="python3-redis", server=Redis(), text=REDIS_PYTHON),
    perl("perl Redis", packages="libredis-perl", server=Redis(), text=REDIS_PERL),
    php("php redis", packages="php-redis php-cli", server=Redis(), text=REDIS_PHP),
    ruby("ruby redis", packages="ruby-redis ruby", server=Redis(), text=REDIS_RUBY),
    python("python pymongo", packages="python3-pymongo", server=Mongo(), text=MONGO_PYTHON),
    php("php mongodb", packages="php-mongodb php-cli", server=Mongo(), text=MONGO_PHP),
    ruby("ruby mongo", packages="ruby-mongo ruby", server=Mongo(), text=MONGO_RUBY),
    Program(
        name="ovsdb-client",
        packages="openvswitch-common",
        server=Ovsdb(),
        command=("sh", "-c", OVSDB),
        scanned="/usr/bin/ovsdb-client",
        section="127.0.0.1",
    ),
]
