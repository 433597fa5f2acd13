#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Builds with two compilers and two sets of sanitizers, for other machines and for every line of
# OpenSSL, passes all tests, two suites at a time, and ends with one line: how many passed, how many
# failed. Every suite speaks TAP, which is kept in build/check/SUITE.tap. A suite that says less than
# it announced has failed, and so has, where CI=true, a test that was skipped.
# shellcheck disable=SC2317 # functions that are called by name
set -u

cd "${BASH_SOURCE[0]%/*}/.." || exit 1
unset "${!PINSHIM_@}" LD_PRELOAD MAKEFLAGS MAKELEVEL
OUT=$PWD/build/check
rm -rf "$OUT"
mkdir -p "$OUT/findings"

family() { # PID: and all that it started, of what is still there
	local child
	echo "$1"
	for child in $(cat "/proc/$1/task"/*/children 2>/dev/null); do # on one line
		family "$child"
	done
}

# Suites have process groups of their own, so that it is here that an interrupted run ends, and nothing
# outlives it.
set -m
trap 'kill $(family $$ | tail -n +2) 2>/dev/null' EXIT
trap 'exit 130' INT TERM HUP

# Reads TAP; prints what failed and why, and last: PASSED FAILED SKIPPED.
judge() { # EXIT-CODE
	awk -v rc="$1" -v ci="${CI:-}" '
		/^1\.\.[0-9]+/ { announced = 1; plan = substr($1, 4) + 0 }
		/^ok / { shown = 0; n++ }
		/^ok .*# (skip|SKIP)/ { skipped++; if (ci == "true") { skipped--; failed++; print } next }
		/^ok / { passed++ }
		/^not ok / { shown = 40; n++; failed++; print; next }
		shown && /^#/ { shown--; print }
		END {
			if (!announced)
				wrong = "did not say how many tests it has"
			else if (!n)
				wrong = "has no test"
			else if (n != plan)
				wrong = "announced " plan " tests and did " n + 0
			else if (rc != 0 && !failed)
				wrong = "exited with " rc
			if (wrong != "") {
				print "the suite " wrong
				failed++
			}
			print passed + 0, failed + 0, skipped + 0
		}'
}

# A suite that says nothing for so many seconds hangs.
LIMIT=${SUITE_LIMIT:-1200}
# One program is ended before that, so that it is named.
PROGRAM_LIMIT=1100

# Ends what hangs, after it was looked at.
end_hung() { # PID
	local pids
	mapfile -t pids < <(family "$1")
	echo "ended, for nothing was heard of it in $LIMIT s:"
	ps -o pid,ppid,stat,etime,wchan:20,args -p "$(IFS=,; echo "${pids[*]}")"
	kill -KILL "${pids[@]}"
}

run_suite() { # SUITE COMMAND...
	local suite=$1 rc verdict passed failed skipped file=$OUT/$1 exited told
	shift
	mkdir -p "${file%/*}"
	SECONDS=0
	: >"$file.tap"
	exec {exited}< <("$@" >>"$file.tap" 2>"$file.err" </dev/null; echo $?)
	until told=$(stat -c %s "$file.tap") && read -r -t "$LIMIT" rc <&"$exited"; do
		# Slow is not hung.
		[ $? -gt 128 ] && [ "$(stat -c %s "$file.tap")" != "$told" ] && continue
		rc=124
		kill -0 $! 2>/dev/null && end_hung $! >>"$file.err" 2>&1
		break
	done
	exec {exited}<&-
	verdict=$(judge "$rc" <"$file.tap")
	printf '%s\n' "${verdict##*$'\n'}" >"$file.result"
	read -r passed failed skipped <"$file.result"
	{
		printf '%-24s %4d passed, %d failed, %d skipped (%d s)\n' \
			"$suite" "$passed" "$failed" "$skipped" "$SECONDS"
		[ "$failed" = 0 ] || {
			sed '$d; s/^/    /' <<<"$verdict"
			tail -n 40 "$file.err" | sed 's/^/    | /'
		}
	} >"$file.said"
	cat "$file.said"
}

suites=()

now() { # SUITE COMMAND...
	suites+=("$1")
	run_suite "$@" &
	wait $!
}

start() { # SUITE COMMAND...: as soon as there is room
	suites+=("$1")
	while [ "$(jobs -rp | wc -l)" -ge 2 ]; do
		wait -n
	done
	run_suite "$@" &
}

tap() { # NUMBER NAME COMMAND...: one test; what it prints is shown when it fails
	local said
	if said=$("${@:3}" 2>&1); then
		echo "ok $1 - $2"
	else
		echo "not ok $1 - $2"
		sed 's/^/# /' <<<"$said"
	fi
}

# --- suites

build() { # KIND MAKE-ARGUMENT...
	echo 1..1
	tap 1 "builds without a warning" make -s -j2 "BUILD=build/$1" "${@:2}" tests
}

unit() { # KIND SOURCE
	local program=${2##*/}
	TSAN_OPTIONS=suppressions=$PWD/scripts/tsan.supp CMOCKA_MESSAGE_OUTPUT=TAP timeout -k 5 $PROGRAM_LIMIT "build/$1/tests/${program%.c}"
}

replay() { # KIND: the corpus of every fuzz target
	local sources=(tests/fuzz/fuzz_*.c) name n=0
	echo "1..${#sources[@]}"
	for name in "${sources[@]##*/fuzz_}"; do
		tap $((++n)) "${name%.c}" timeout -k 5 $PROGRAM_LIMIT "build/$1/tests/replay_${name%.c}" \
			"tests/fuzz/corpus/${name%.c}"
	done
}

# A suite of bats, in a build with a sanitizer also with its runtime and its options.
bats_on() { # KIND OPTION ARGUMENT...
	local findings=$OUT/findings/${suite//\//-}
	export BUILD=$PWD/build/$1 PINSHIM_BUILD=$PWD/build/$1
	case $1 in
	asan)
		PRELOAD_FIRST=$(gcc -print-file-name=libasan.so):$OUT/wake.so
		# What programs leak themselves must not change their exit codes.
		TEST_ENVIRONMENT="ASAN_OPTIONS=abort_on_error=1:exitcode=0:verify_asan_link_order=0:$2:log_path=$findings \
			UBSAN_OPTIONS=print_stacktrace=1:log_path=$findings"
		;;
	tsan)
		PRELOAD_FIRST=$(gcc -print-file-name=libtsan.so):$OUT/wake.so
		# Nor must the races of theirs.
		TEST_ENVIRONMENT=TSAN_OPTIONS=suppressions=$PWD/scripts/tsan.supp:exitcode=0:log_path=$findings
		export PINSHIM_GROWTH=1000000 # it holds memory of its own
		;;
	esac
	export PRELOAD_FIRST TEST_ENVIRONMENT
	bats --tap "${@:3}"
}

# Whether a sanitizer's report is about the library. Of leaks only those are whose memory it asked
# for itself; programs that end without tidying up leak all that OpenSSL gave them. Of the races in
# other people's programs, of whose locks little is seen, those that begin in it.
is_ours() { # REPORT
	local stacks='^Direct leak'
	case $1 in
	*/tsan-programs.*) stacks='^ +#0' ;;
	*) grep -qE 'runtime error|WARNING: ThreadSanitizer|ERROR: AddressSanitizer' "$1" && return ;;
	esac
	awk -v stacks="$stacks" '
		$0 ~ stacks { undecided = 1 }
		undecided && /^ +#/ && !/libsanitizer|lib[at]san|libc\.so/ {
			undecided = 0
			if (/libpinshim| shim\//)
				ours = 1
		}
		END { exit !ours }' "$1"
}

findings() {
	local report n=0
	for report in "$OUT"/findings/*; do
		is_ours "$report" && n=$((n + 1)) && tap "$n" "${report##*/}" eval 'cat "$report"; false'
	done
	[ $n -gt 0 ] || echo "ok $((++n)) - the sanitizers found nothing"
	echo "1..$n"
}

# --- all of them

build_kind() { # KIND MAKE-ARGUMENT...: the other suites of KIND make sense only when this passed
	now "$1/compile" build "$@"
	[ "$(<"$OUT/$1/compile.result")" = '1 0 0' ] && built+=" $1 "
}

# What starts a sanitizer's runtime in good time.
gcc -shared -fPIC -Wl,-z,initfirst -o "$OUT/wake.so" tests/lib/wake.c

built=
build_kind gcc CC=gcc CFLAGS='-O2 -g -Werror'
build_kind clang CC=clang CFLAGS='-O2 -g -Werror'
build_kind asan CC=gcc CFLAGS='-O1 -g -Werror' SANITIZE=address,undefined
build_kind tsan CC=gcc CFLAGS='-O1 -g -Werror' SANITIZE=thread

is_built() {
	[[ $built == *" $1 "* ]]
}

# All tests of FILES but those of LEFT_OUT, for bats' --filter.
all_but() { # LEFT_OUT FILE...
	sed -n 's/^@test "\(.*\)" {.*/\1/p' "${@:2}" | grep -vxF "$1" | sed 's/[^[:alnum:] ]/./g; s/.*/^&$/' |
		paste -sd '|'
}

shopt -s extglob
others=(tests/e2e/{programs,nameless,foreign}.bats)
# Of the foreign, which are about loading, hardly any has threads.
threaded=(tests/e2e/{programs,nameless}.bats)
own=(tests/e2e/!(programs|nameless|foreign).bats)
# Looking for leaks is slow: once through every way to make a handshake and to resume is enough.
leaking=(tests/e2e/{handshake,resumption}.bats)
quick=(tests/e2e/!(programs|nameless|foreign|handshake|resumption).bats)

# The runtime's allocator is not let go of in a child of a program with threads: it waits for ever.
not_asan=$'children judge by what was resolved before'
# SBCL makes its threads' stacks itself, and the runtime ends it when it unmaps them.
not_asan+=$'\nsbcl: cl+ssl, which looks in every object and so comes upon the shim'
# A second C library, and another malloc than the runtime's own.
not_asan+=$'\na namespace of its own is not reached: it is as if there were no shim'
not_asan+=$'\na preloaded malloc that looks for the real one, before the shim and behind it'

# The longest first. Other machines; every line of OpenSSL, and which gate catches what on it.
start machines/arm64 scripts/machines.sh arm64
start abi/matrix scripts/abi.sh matrix
start abi/gates scripts/abi.sh gates
for line in 1.1.1 3.5 3.6 4.0; do
	start "abi/e2e-$line" scripts/abi.sh e2e "$line"
done
start machines/i386 scripts/machines.sh i386
is_built tsan && {
	start tsan/e2e bats_on tsan '' "${own[@]}"
	start tsan/programs bats_on tsan '' "${threaded[@]}"
	start tsan/swaps bats_on tsan '' tests/stress/swaps.bats
}
is_built gcc && for folder in e2e $(cd tests && printf '%s\n' */*.bats | cut -d/ -f1 | sort -u | grep -vx e2e); do
	start "gcc/$folder" bats_on gcc '' "tests/$folder"
done
is_built asan && {
	start asan/e2e bats_on asan detect_leaks=0 --filter "$(all_but "$not_asan" "${quick[@]}")" "${quick[@]}"
	start asan/programs bats_on asan detect_leaks=0 --filter "$(all_but "$not_asan" "${others[@]}")" "${others[@]}"
	start asan/leaks bats_on asan detect_leaks=1 "${leaking[@]}"
	start asan/corpus replay asan
}
for kind in $built; do
	for source in tests/unit/test_*.c; do
		name=${source##*/test_}
		start "$kind/unit/${name%.c}" unit "$kind" "$source"
	done
done
wait
now findings findings

# A suite that left no result behind has failed, too.
for suite in "${suites[@]}"; do
	grep -sxE '[0-9]+ [0-9]+ [0-9]+' "$OUT/$suite.result" || echo 0 1 0
done | awk '
	{ passed += $1; failed += $2; skipped += $3 }
	END {
		printf "%d passed, %d failed%s\n", passed, failed, skipped ? ", " skipped " skipped" : ""
		exit failed > 0 || passed == 0
	}' | tee "$OUT/summary"
exit "${PIPESTATUS[1]}"
