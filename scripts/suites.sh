#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Runs other projects' test suites without and with the library and compares them test by test:
# suites.sh [SUITE...], all of tests/suites/*.sh when none is named. Speaks TAP; the table is in its
# comments, and what was run is kept in build/suites/runs. Nothing is installed and nothing is vendored:
# sources come from Debian's archive, by an apt with lists of its own that checks their signatures.
# BUILD is the folder of what is tested, SUITES_FOLDER that of the suites, and PRELOAD_FIRST an object to
# preload before the library.
#
# A suite is a file tests/suites/NAME.sh, which is sourced and sets
#	package		the installed Debian package that is tested; its version goes into the table
#	minimum		how many tests must pass at least
#	handshakes	how many client handshakes the library must have seen at least
#	flaky		how many tests may differ between runs without the library; 0 when it is not set
# and defines
#	prepare		fetches with `source_package' or `binary_package' and makes the folder $TREE
#	run		runs all tests, in a copy of $TREE, with `tested COMMAND...'; what it prints is kept
#	outcomes	standard input is what `run' printed; prints a line OUTCOME NAME for each test, where
#			OUTCOME is one word: passed, skipped, or what else became of it
# See tests/suites/compare.py for how the runs are judged.
set -euo pipefail

cd "${BASH_SOURCE[0]%/*}/.."
. scripts/bare.bash
umask 022
# Numbers have points.
export LC_ALL=C.UTF-8
BUILD=$(realpath "${BUILD:-build}")
LIBRARY=$BUILD/libpinshim.so
COMPARE=$PWD/tests/suites/compare.py
SUITES=${SUITES_FOLDER:-$PWD/tests/suites}
HOME_OF_SUITES=$PWD/build/suites
DEBIAN=$HOME_OF_SUITES/debian
RUNS=$HOME_OF_SUITES/runs
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
# Without the library; with it and no policy; with a policy that names none of the hosts; and with one
# that would refuse everything and only reports, so that every certificate is looked at.
STATES=(none other report)
LIMIT=1200

say() { # TEXT...
	echo "suites.sh: $*" >&2
}

# --- Debian's archive

own_apt() { # PROGRAM ARGUMENT...
	"$1" -qq -o APT::Sandbox::User="$(id -un)" -o "Dir::Etc::sourcelist=$DEBIAN/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$DEBIAN/lists" \
		-o "Dir::Cache=$DEBIAN/cache" "${@:2}"
}

# Debian's archives as this machine knows them, once in a run.
update() {
	mkdir -p "$DEBIAN/lists/partial" "$DEBIAN/cache/archives/partial"
	apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(CODENAME)' 'Created-By: Packages' |
		awk -v key="$KEYRING" '
			$1 == "Debian" && !seen[$2 $3]++ {
				print "deb [signed-by=" key "] " $2 " " $3 " main"
				print "deb-src [signed-by=" key "] " $2 " " $3 " main"
			}' >"$DEBIAN/sources.list"
	[ -s "$DEBIAN/sources.list" ] || {
		say "apt on this machine knows no archive of Debian's"
		return 1
	}
	own_apt apt-get update
}

# Archives forget what was replaced, and mirrors are late: the version that is installed is best, and
# else the newest that is there.
fetch() { # Packages|Sources NAME INSTALLED COMMAND...: COMMAND NAME=VERSION, in a folder of its own
	local kind=$1 name=$2 installed=$3 version
	(
		flock 9
		[ -e "$DEBIAN/$name/complete" ] && exit
		[ -e "$DEBIAN/updated" ] || update
		touch "$DEBIAN/updated"
		own_apt apt-cache madison "$name" |
			awk -F ' *[|] *' -v kind="$kind" -v installed="$installed" '
				$3 ~ kind "$" { print ($2 == installed) " " $2 }' |
			sort -u | sort -k1,1r -k2,2Vr | sed 's/^. //' >"$DEBIAN/$name.versions"
		while read -r version; do
			rm -rf "${DEBIAN:?}/$name"
			mkdir "$DEBIAN/$name"
			cd "$DEBIAN/$name"
			own_apt "${@:4}" "$name=$version" >../"$name.log" 2>&1 || continue
			echo "$version" >version
			touch complete
			exit 0
		done <"$DEBIAN/$name.versions"
		say "Debian's $name cannot be had:"
		cat "$DEBIAN/$name.log" >&2
		exit 1
	) 9>"$DEBIAN/lock"
}

# An unpacked source package, with Debian's patches, becomes $TREE.
source_package() { # NAME
	fetch Sources "$1" "$(dpkg-query -W -f '${source:Version}' "$package")" \
		apt-get source --download-only
	rm -rf "$TREE"
	# apt has checked the signatures of all.
	dpkg-source -q --no-check --no-copy -x "$DEBIAN/$1"/*.dsc "$TREE" >&2
}

# An unpacked binary package becomes $TREE.
binary_package() { # NAME
	fetch Packages "$1" "$(dpkg-query -W -f '${Version}' "$package")" apt-get download
	rm -rf "$TREE"
	mkdir -p "$TREE"
	dpkg-deb --fsys-tarfile "$DEBIAN/$1"/*.deb | tar -x --no-same-owner -C "$TREE"
}

# --- runs

# Runs a command in a clean environment, alone on a network that has loopback only. What it leaves
# running ends with it. It stays in the suite's process group; to any other signal unshare(1) is deaf.
tested() { # COMMAND... | VARIABLE=VALUE... COMMAND...
	local alone=(unshare -nmpf --mount-proc --kill-child)
	[ "$(id -u)" -eq 0 ] || alone+=(-Ur)
	# shellcheck disable=SC2016 # expanded by the inner shell
	timeout --foreground -s KILL "$LIMIT" "${alone[@]}" sh -c 'ip link set lo up && "$@"; exit $?' - \
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "HOME=$RUN/home" "TMPDIR=$RUN/tmp" LANG=C.UTF-8 \
		"${STATE[@]}" "$@"
}

write_policies() {
	cat >"$RUN/other.ini" <<-END
		log = $RUN/log
		[pinned.elsewhere.invalid]
		pin = sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
	END
	cat >"$RUN/report.ini" <<-END
		log      = $RUN/log
		unlisted = report
		unnamed  = report
	END
}

run_as() { # STATE NUMBER: leaves what compare.py reads in $RUNS/SUITE/STATE.NUMBER
	local RUN=$RUNS/$suite/$1.$2 STATE=() start
	rm -rf "$RUN"
	mkdir -p "$RUN/home" "$RUN/tmp"
	write_policies
	[ "$1" = bare ] || STATE=("LD_PRELOAD=${PRELOAD_FIRST:+$PRELOAD_FIRST:}$LIBRARY")
	case $1 in
	bare | none) ;;
	other | report) STATE+=("PINSHIM_POLICY=$RUN/$1.ini" "PINSHIM_EVENTS=$RUN/events") ;;
	esac
	cp -a "$TREE" "$RUN/tree"
	start=$EPOCHREALTIME
	(cd "$RUN/tree" && run) >"$RUN/output" 2>&1 </dev/null || :
	awk "BEGIN { print $EPOCHREALTIME - $start }" >"$RUN/seconds"
	outcomes <"$RUN/output" >"$RUN/outcomes" || :
	rm -rf "${RUN:?}/tree" "${RUN:?}/tmp" "${RUN:?}/home"
	say "$suite: $1, run $2: $(wc -l <"$RUN/outcomes") tests in $(<"$RUN/seconds") s"
}

judged() { # COMMAND: of compare.py
	"$COMPARE" "$1" --minimum "$minimum" --handshakes "$handshakes" --flaky "${flaky:-0}" \
		--version "$(dpkg-query -W -f '${Version}' "$package")" "$suite" "$RUNS/$suite"
}

run_suite() { # SUITE
	local suite=$1 TREE=$HOME_OF_SUITES/tree/$1 state round
	local package minimum handshakes flaky
	# shellcheck disable=SC1090 # one of tests/suites
	source "$SUITES/$suite.sh"
	rm -rf "${RUNS:?}/$suite"
	mkdir -p "$RUNS/$suite"
	say "$suite: preparing"
	prepare
	run_as bare 1
	run_as none 1
	run_as bare 2
	run_as other 1
	run_as report 1
	# What looks odd is run again, both sides in turn, before it is called so.
	judged settled || for round in 3 4 5; do
		for state in bare "${STATES[@]}"; do
			run_as $state $round
		done
	done
	judged verdict >"$RUNS/$suite/verdict"
}

# --- all of them

for suite; do
	[ -e "$SUITES/$suite.sh" ] || {
		say "'$suite' is no suite; write one of:" "$(cd "$SUITES" && echo *.sh | sed 's/\.sh//g')"
		exit 2
	}
done
[ $# -gt 0 ] || {
	set -- "$SUITES"/*.sh
	set -- "${@##*/}"
	set -- "${@%.sh}"
}
need_bare_machine
need_namespaces -n -m -p -f
mkdir -p "$RUNS" "$DEBIAN" "$HOME_OF_SUITES/tree"
rm -f "$DEBIAN/updated"

# Two at a time: they wait more than they compute. Each has a group of its own, so that nothing
# outlives an interrupted run.
set -m
trap 'jobs -p | sed s/^/-/ | xargs -r kill -KILL -- 2>/dev/null || :' EXIT
trap 'exit 130' INT TERM HUP
for suite; do
	while [ "$(jobs -rp | wc -l)" -ge 2 ]; do
		wait -n || :
	done
	rm -f "$RUNS/$suite/verdict"
	run_suite "$suite" &
done
wait
"$COMPARE" table "${@/#/$RUNS/}"
