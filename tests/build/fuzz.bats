# SPDX-License-Identifier: MIT
#
# What scripts/fuzz.sh does not take. What it runs is `make fuzz'; the corpora are replayed by `make check'.

refused() { # MESSAGE SECONDS TARGET...
	run env "SECONDS=$2" "$BATS_TEST_DIRNAME/../../scripts/fuzz.sh" "${@:3}"
	[ "$status" = 2 ]
	[[ $output == "fuzz.sh: "$1 ]]
}

@test "what is no target, and what is no time" {
	refused "'nonsense' is no target; write one of: "*" peer pin policy "* 60 pin nonsense
	refused "SECONDS is '0'; write a number from 1 on" 0 pin
	refused "SECONDS is '1m'; write a number from 1 on" 1m pin
}
