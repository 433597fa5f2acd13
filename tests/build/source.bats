# SPDX-License-Identifier: MIT
#
# The fast part of scripts/lint.sh. The slow part, static analysis, is `make lint'.

setup() {
	LINT=$BATS_TEST_DIRNAME/../../scripts/lint.sh
}

@test "C is formatted as .clang-format says" {
	"$LINT" format
}

@test "every source names its licence" {
	"$LINT" licence
}

@test "the rooms of shim keep to their fences" {
	"$LINT" fences
}

@test "the manual pages are clean" {
	"$LINT" manuals
}

@test "shell scripts are clean" {
	"$LINT" shell
}
