# SPDX-License-Identifier: MIT
"""Clients of message queues: Kafka, MQTT, AMQP, STOMP."""

from frame import Program
from scripts import php, python, ruby
from servers.messages import Amqp, Kafka, Mqtt, Stomp

CONFLUENT = """
import sys
from confluent_kafka import Producer
it = Producer({"bootstrap.servers": "{host}:{port}", "security.protocol": "ssl", "ssl.ca.location": "{ca}",
    "message.timeout.ms": 3000, "request.required.acks": 1, "log_level": 0})
said = []
it.produce("t", b"hello", callback=lambda error, _: said.append(error))
it.flush(10)
print(said)
sys.exit(said != [None])
"""

KAFKA = """
import kafka
it = kafka.KafkaProducer(bootstrap_servers="{host}:{port}", security_protocol="SSL", ssl_cafile="{ca}",
    api_version=(0, 9), max_block_ms=3000, retries=0)
print(it.send("t", b"hello").get(5).offset)
"""

PAHO = """
import sys
import paho.mqtt.client as mqtt
it = mqtt.Client("me")
it.tls_set("{ca}")
it.on_connect = lambda *_: it.publish("t", "hello", 1)
it.on_publish = lambda *_: (print("published"), it.disconnect())
it.connect("{host}", {port})
sys.exit(it.loop_forever())
"""

ASYNCIO_MQTT = """
import asyncio, ssl
from asyncio_mqtt import Client
async def main():
    async with Client("{host}", {port}, tls_context=ssl.create_default_context(cafile="{ca}")) as it:
        await it.publish("t", "hello", qos=1)
    print("published")
asyncio.run(main())
"""

PIKA = """
import pika, ssl
it = pika.BlockingConnection(pika.ConnectionParameters("{host}", {port}, connection_attempts=1,
    ssl_options=pika.SSLOptions(ssl.create_default_context(cafile="{ca}"), "{host}")))
channel = it.channel()
print(channel.queue_declare("q").method.queue)
it.close()
"""

PY_AMQP = """
import amqp
it = amqp.Connection("{host}:{port}", ssl={"ca_certs": "{ca}", "server_hostname": "{host}"})
it.connect()
print(it.channel().queue_declare("q").queue)
it.close()
"""

KOMBU = """
import kombu
it = kombu.Connection("amqps://u:p@{host}:{port}//", ssl={"ca_certs": "{ca}", "server_hostname": "{host}"})
it.connect()
print(it.channel().queue_declare("q").queue)
it.release()
"""

# What it says of its own tasks when it ends is a matter of chance.
AIORMQ = """
import aiormq, asyncio, logging
logging.disable()
async def main():
    it = await aiormq.connect("amqps://u:p@{host}:{port}/?cafile={ca}")
    channel = await it.channel()
    print((await channel.queue_declare("q")).queue)
    await it.close()
asyncio.run(main())
"""

AMQP_PHP = """<?php
$it = new AMQPConnection(["host" => "{host}", "port" => {port}, "cacert" => "{ca}", "verify" => true]);
try {
	$it->connect();
	$queue = new AMQPQueue(new AMQPChannel($it));
	$queue->setName("q");
	echo $queue->declareQueue(), "\\n";
} catch (AMQPConnectionException $error) {
	exit(3);
}
"""

STOMP_PYTHON = """
import stomp
it = stomp.Connection([("{host}", {port})], reconnect_attempts_max=1)
it.set_ssl([("{host}", {port})], ca_certs="{ca}")
it.connect(wait=True)
it.send("/queue/q", "hello")
it.disconnect()
print("sent")
"""

STOMP_RUBY = """
require "stomp"
it = Stomp::Client.new(hosts: [{host: "{host}", port: {port}, ssl: Stomp::SSLParams.new(ts_files: "{ca}")}],
  max_reconnect_attempts: 1, reliable: false, logger: Stomp::NullLogger.new)
it.publish("/queue/q", "hello")
it.close
puts "sent"
"""

BRIDGE = """
listener 1883 127.0.0.1
allow_anonymous true
log_dest stderr
log_type error
log_timestamp false
user root
connection there
address {host}:{port}
bridge_cafile {ca}
cleansession true
restart_timeout 60
topic t out 1
"""


PROGRAMS = [
    Program(
        name="kcat",
        packages="kcat",
        server=Kafka(),
        command=("kcat", "-P", "-b", "{host}:{port}", "-t", "t", "-X", "security.protocol=ssl",
                 "-X", "ssl.ca.location={ca}", "-X", "message.timeout.ms=3000", "-X", "request.required.acks=1"),
        stdin="hello\n",
        noise=(r"^%\d\|[0-9.]+\|", r"after \d+ms"),
    ),
    python("python confluent-kafka", packages="python3-confluent-kafka", server=Kafka(), text=CONFLUENT),
    python("python kafka", packages="python3-kafka", server=Kafka(), text=KAFKA),
    Program(
        name="mosquitto_pub",
        packages="mosquitto-clients",
        server=Mqtt(),
        # It ends with 1 or 8, depending on who is faster.
        command=("sh", "-c", "mosquitto_pub -h {host} -p {port} -t t --cafile {ca} -q 1 -m hello || exit 1"),
        scanned="/usr/bin/mosquitto_pub",
    ),
    Program(
        name="mosquitto_sub, MQTT 5",
        packages="mosquitto-clients",
        server=Mqtt(),
        command=("sh", "-c", "mosquitto_sub -h {host} -p {port} -t t --tls-use-os-certs -V 5 -C 1 || exit 1"),
        scanned="/usr/bin/mosquitto_sub",
    ),
    Program(
        name="mosquitto as a bridge",
        packages="mosquitto mosquitto-clients",
        server=Mqtt(),
        command=("mosquitto", "-c", "mosquitto.conf"),
        files={"mosquitto.conf": BRIDGE},
        ready=1883,
        poke=("sh", "-c", "mosquitto_pub -h 127.0.0.1 -t t -m hello && sleep 1"),
    ),
    Program(
        name="paho_c_pub",
        packages="paho.mqtt.c-examples",
        server=Mqtt(),
        # When it cannot connect, it tries for ever.
        scanned="/usr/bin/paho_c_pub",
        command=("timeout", "3", "paho_c_pub", "-t", "t", "-c", "ssl://{host}:{port}", "--cafile", "{ca}", "-q", "1",
                 "-m", "hello"),
    ),
    python("python paho-mqtt", packages="python3-paho-mqtt", server=Mqtt(), text=PAHO),
    python("python asyncio-mqtt", packages="python3-asyncio-mqtt", server=Mqtt(), text=ASYNCIO_MQTT),
    Program(
        name="amqp-publish",
        packages="amqp-tools",
        server=Amqp(),
        command=("amqp-publish", "--url=amqps://u:p@{host}:{port}", "--cacert={ca}", "-r", "q", "-b", "hello"),
    ),
    python("python pika", packages="python3-pika", server=Amqp(), text=PIKA),
    python("python amqp", packages="python3-amqp", server=Amqp(), text=PY_AMQP),
    python("python kombu", packages="python3-kombu", server=Amqp(), text=KOMBU),
    python("python aiormq", packages="python3-aiormq", server=Amqp(), text=AIORMQ),
    php("php amqp", packages="php-amqp php-cli", server=Amqp(), text=AMQP_PHP),
    # One of its threads reads while another writes on the same connection, which ssl does not bear before
    # Python 3.13: what is written while a ticket is read is lost.
    python("python stomp", packages="python3-stomp", server=Stomp(tickets=0), text=STOMP_PYTHON),
    ruby("ruby stomp", packages="ruby-stomp ruby", server=Stomp(), text=STOMP_RUBY),
]
