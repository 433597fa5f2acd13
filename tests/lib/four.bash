# SPDX-License-Identifier: MIT
#
# One unmodified program with the right pin, a wrong pin, no section, and a broken policy. A new
# program is one function by_NAME, which runs it in the environment AS against $PORT with the trust
# anchors $CA, and one @test line: four NAME PROTOCOL HOST EXIT, EXIT being its exit code when it is
# refused or `untrusted', to take the one it has for a certificate that it does not trust.
# shellcheck shell=bash disable=SC2034,SC2154 # set and read by the rig and the bats files

same_as_bare() {
	start_server "$proto" api
	AS=("${BARE[@]}")
	try "by_$program"
	keep bare
	AS=("${SHIMMED[@]}")
	try "by_$program"
	assert_same_as bare
	assert_data 2
}

with_right_pin() {
	pin_policy "$HOST" api
	same_as_bare
}

with_wrong_pin() {
	pin_policy "$HOST" nobody
	if [ "$exit" = untrusted ]; then
		start_server "$proto" untrusted
		AS=("${BARE[@]}")
		try "by_$program"
		assert_no_data
		exit=$rc
	fi
	start_server "$proto" api
	AS=("${SHIMMED[@]}")
	try "by_$program"
	assert_refused_inside
	assert_rc "$exit"
	assert_out ""
	assert_err "pinshim: .*\[[0-9]+\]: refused $HOST: no pin matched \(.*pins.ini:2 \[$HOST\]"
}

with_no_section() {
	pin_policy elsewhere.example.org nobody
	same_as_bare
}

with_broken_policy() {
	policy <<-END
		[elsewhere.example.org]
		pni = $(pin api)
	END
	start_server "$proto" api
	AS=("${SHIMMED[@]}")
	try "by_$program"
	assert_no_data
	assert_rc "$exit"
	assert_out ""
	assert_err "refused .*pins.ini:2: .*pni"
}

four() { # PROGRAM PROTOCOL HOST EXIT
	local program=$1 proto=$2 HOST=$3 exit=$4 CA=$PKI/ca.pem AS case
	for case in right_pin wrong_pin no_section broken_policy; do
		echo "case: $case"
		"with_$case"
	done
}
