# SPDX-License-Identifier: MIT
#
# Which names a connection has, and which section decides for them.

load ../lib/rig

refused_as() { # NAME KEY=VALUE...
	echo "refused as $1: ${*:2}"
	client connect "${@:2}"
	assert_refused "$1" 'no pin matched'
}

accepted_with() { # KEY=VALUE...
	echo "accepted: $*"
	client connect "$@"
	assert_accepted
}

@test "the SNI in any spelling" {
	local sni
	pin_policy api.example.com nobody
	start_server line api
	for sni in api.example.com API.EXAMPLE.COM Api.Example.com. api.example.com.; do
		refused_as api.example.com "sni=$sni"
	done
	accepted_with sni=xapi.example.com
	accepted_with sni=api.example.com.org
	accepted_with sni=example.com
	assert_data 3
}

@test "the section in any spelling" {
	pin_policy API.Example.COM. nobody
	start_server line api
	refused_as api.example.com sni=api.example.com
	assert_refused_inside
}

@test "the name that the program verifies" {
	pin_policy api.example.com nobody
	start_server line api
	refused_as api.example.com sni= name=api.example.com
	refused_as api.example.com sni=localhost name=api.example.com
	refused_as api.example.com sni=api.example.com name=localhost
	refused_as api.example.com sni=localhost name=API.example.com verify=none
	accepted_with sni=www.example.com name=localhost
	assert_data 1
}

@test "a name that is set when the handshake starts" {
	local scenario
	pin_policy api.example.com nobody
	start_server line api
	for scenario in connect write do_handshake; do
		client "$scenario" named=info
		assert_refused api.example.com 'no pin matched'
	done
	assert_refused_inside
}

@test "SNI and verified name are both judged" {
	policy <<-END
		[api.example.com]
		pin = $(pin api)
		[localhost]
		pin = $(pin nobody)
	END
	start_server line api
	refused_as localhost sni=api.example.com name=localhost
	refused_as localhost sni=localhost name=api.example.com
	accepted_with sni=api.example.com name=api.example.com
	assert_data 1
}

@test "a connection without a name has its address" {
	pin_policy 127.0.0.1 nobody
	start_server line api
	refused_as 127.0.0.1 sni=
	refused_as 127.0.0.1 sni= verify=none
	accepted_with sni=localhost
	assert_data 1
	pin_policy 127.0.0.1 api
	start_server line api
	accepted_with sni=
	assert_data 1
}

@test "an address as SNI" {
	pin_policy 127.0.0.1 nobody
	start_server line api
	refused_as 127.0.0.1 sni=127.0.0.1
	assert_refused_inside
}

@test "an address as the name to verify" {
	pin_policy 127.0.0.1 nobody
	start_server line api
	refused_as 127.0.0.1 sni=localhost name=127.0.0.1
	assert_refused_inside
}

@test "unnamed" {
	start_server line api
	relay
	pin_policy api.example.com nobody
	accepted_with sni=
	policy <<-END
		$(logged)
		unnamed = refuse
	END
	client connect sni=
	assert_rc 1
	assert_err 'refused'
	assert_event '.reason == "unnamed" and .hostname == null and ."name-source" == "none"'
	accepted_with sni=api.example.com
	policy <<-END
		$(logged)
		unnamed = report
	END
	client connect sni=
	assert_rc 0
	assert_fact answer=ok
	assert_event '.reason == "unnamed" and .verdict == "would-refuse"'
	assert_data 3
}

@test "one star is one label" {
	pin_policy '*.example.com' nobody
	start_server line api
	refused_as api.example.com sni=api.example.com
	refused_as www.example.com sni=WWW.example.com
	accepted_with sni=example.com
	accepted_with sni=a.b.example.com
	accepted_with sni=apiexample.com
	assert_data 3
}

@test "two stars are the name and all below" {
	pin_policy '**.example.com' nobody
	start_server line api
	refused_as example.com sni=example.com
	refused_as api.example.com sni=api.example.com
	refused_as a.b.example.com sni=a.b.example.com
	accepted_with sni=badexample.com
	assert_data 1
}

@test "the most specific section alone decides" {
	policy <<-END
		[**.com]
		pin = $(pin nobody)
		[**.example.com]
		pin = $(pin api)
		[*.example.com]
		pin = $(pin nobody)
		[api.example.com]
		pin = $(pin api)
		[**.deep.example.com]
		pin = $(pin nobody)
	END
	start_server line api
	accepted_with sni=api.example.com
	refused_as www.example.com sni=www.example.com
	accepted_with sni=a.b.example.com
	accepted_with sni=example.com
	refused_as deep.example.com sni=deep.example.com
	refused_as x.deep.example.com sni=x.deep.example.com
	refused_as example-two.com sni=example-two.com
	assert_data 3
}

@test "unlisted" {
	start_server line api
	policy <<-END
		$(logged)
		unlisted = refuse
		[api.example.com]
		pin = $(pin api)
	END
	accepted_with sni=api.example.com
	client connect sni=www.example.com
	assert_refused www.example.com
	assert_event '.reason == "unlisted" and .hostname == "www.example.com"'
	policy <<-END
		$(logged)
		unlisted = report
	END
	client connect sni=www.example.com
	assert_rc 0
	assert_event '.reason == "unlisted" and .verdict == "would-refuse"'
	assert_data 2
}

@test "the event names the source of the name" {
	start_server line api
	policy <<-END
		$(logged)
		[api.example.com]
		pin = $(pin nobody)
		[127.0.0.1]
		pin = $(pin nobody)
	END
	client connect
	assert_event '."name-source" == "sni"'
	client connect sni= name=api.example.com
	assert_event '."name-source" == "verify-name"'
	client connect sni=
	assert_event '."name-source" == "address" and .hostname == "127.0.0.1"'
}
