#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The completion for bash, held to what the command says of itself.

load ../lib/rig

setup_file() {
	# shellcheck disable=SC2016 # for the inner shell
	export ASK='
		source "$1"
		shift
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		COMP_LINE="$*"
		COMP_POINT=${#COMP_LINE}
		_pinshim "$1" "${@: -1}" "${@: -2:1}"
		printf "%s\n" "${COMPREPLY[@]}"'
}

# completes WORD...: what is offered for the last one, a line each, in $T/out.
completes() {
	echo '127.0.0.1 localhost' >"$T/hosts" # this machine's may have more names
	run_bare "HOSTFILE=$T/hosts" bash -c "$ASK" - "$ROOT/conf/pinshim.bash-completion" "$BUILD/pinshim" "$@"
	assert_rc 0
	[ ! -s "$T/err" ] || fail "the completion complains"
	cp "$T/out" "$T/offered"
}

offers() { # LINE...: all of these
	local line
	for line; do
		grep -qxF -- "$line" "$T/offered" || fail "not offered: $line"
	done
}

offers_only() { # LINE...
	diff <(printf '%s\n' "$@" | sort) <(sort -u "$T/offered") || fail "offered something else"
}

# help WORD...: what the command says, into $T/help.
help() {
	run_bare "$BUILD/pinshim" "$@" --help
	assert_rc 0
	cp "$T/out" "$T/help"
}

verbs() { # into $verbs
	mapfile -t verbs < <(grep -oE 'pinshim [a-z]+' "$T/help" | cut -d' ' -f2)
}

@test "every verb, and nothing else" {
	help
	verbs
	[ ${#verbs[@]} -ge 4 ]
	completes ''
	offers_only --help --version "${verbs[@]}"
	completes chec
	offers_only check
}

@test "every option of every verb" {
	local verb options n=0
	help
	verbs
	for verb in "${verbs[@]}"; do
		help "$verb"
		# Wherever the usage or the list of options has one.
		mapfile -t options < <(grep -E '^usage|^ +-' "$T/help" | sed -E 's/(^ +-[^ ].*[^ ])  .*/\1/' |
			grep -oE -- '(^|[^a-z-])--?[a-z][a-z-]*' | sed -E 's/^[^-]//' | sort -u)
		completes "$verb" -
		offers_only --help --version "${options[@]}"
		n=$((n + ${#options[@]}))
	done
	[ $n -ge 3 ]
	completes check --stri
	offers_only --strict
}

@test "files, hosts and programs where the usage says so" {
	mkdir "$T/here"
	touch "$T/here/pins.ini" "$T/here/with blank.ini"
	cd "$T/here"
	completes check pin
	offers_only pins.ini
	completes check --strict with
	offers_only 'with blank.ini'
	completes run -p pin
	offers_only pins.ini
	completes run -p pins.ini curl
	offers curl
	completes run -p pins.ini -- curl
	offers curl
	completes run -p pins.ini curl pin
	offers_only pins.ini
	completes explain localh
	offers localhost
	completes explain -p pins.ini localhost curl
	offers curl
	completes pin pin
	offers_only pins.ini
	completes pin localh
	offers localhost
	completes run --refuse localh
	offers_only localhost
	completes run -x localhost -e pin
	offers_only pins.ini
	completes host ''
	offers_only enable disable status
	completes known ''
	offers_only list forget
	completes known forget localh
	offers_only localhost
	completes host enable --root "$T/he"
	offers_only "$T/here"
	completes check -c --port 44
	offers_only ''
	completes check -c pins.ini localh
	offers localhost
	completes frob pin
	offers_only ''
}

@test "with the package bash-completion, and where it is installed" {
	local stage=$T/stage
	mkdir -p "$stage/completions"
	cp "$ROOT/conf/pinshim.bash-completion" "$stage/completions/pinshim"
	cat >"$T/ask" <<-'END'
		source /usr/share/bash-completion/bash_completion
		PATH=$2:$PATH
		BASH_COMPLETION_USER_DIR=$1
		_completion_loader pinshim
		COMP_WORDS=(pinshim run -p x curl --incl)
		COMP_CWORD=5
		COMP_LINE="${COMP_WORDS[*]}"
		COMP_POINT=${#COMP_LINE}
		complete -p pinshim
		_pinshim pinshim --incl curl
		printf "%s\n" "${COMPREPLY[@]}"
	END
	run_bare bash "$T/ask" "$stage" "$BUILD"
	grep -qx 'complete -F _pinshim pinshim' "$T/out" || fail "it is not loaded"
	# What curl itself has.
	grep -qx -- "--include" "$T/out" || fail "curl's own completion is not asked"
}
