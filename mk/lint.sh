#!/bin/sh
#
# usage: [CC=compiler] lint.sh
#
# Static checks: C with clang-tidy where there is one (.clang-tidy says which
# checks), else with gcc's analyzer; shell scripts; manual pages.

set -u

cd "$(dirname "$0")/.." || exit 1
status=0

flags="-std=c17 -D_GNU_SOURCE -Ilib/libmtwire -Ilib/libmemtrace
    -Ilib/libmtcollect -Ilib/libmtfe"

bad()
{
	echo "lint: $*" >&2
	status=1
}

lint_c()
{
	# Word splitting of $flags is wanted.
	# shellcheck disable=SC2086
	if command -v clang-tidy >/dev/null; then
		clang-tidy --quiet lib/*/*.c bin/*/*.c -- $flags 2>&1 |
		    grep -v '^[0-9]* warnings\{0,1\} generated'
		return
	fi
	for f in lib/*/*.c bin/*/*.c; do
		# shellcheck disable=SC2086
		gcc $flags -I"${f%/*}" -O1 -fanalyzer -c -o /dev/null "$f" \
		    2>&1
	done
}

if command -v clang-tidy >/dev/null || command -v gcc >/dev/null; then
	found=$(lint_c)
	[ -z "$found" ] || { echo "$found"; bad "C sources"; }
else
	bad "neither clang-tidy nor gcc"
fi

mandoc -T lint -W warning share/man/man*/* || bad "manual pages"

# In tests, ATF calls functions by their names (SC2317), reads variables
# (SC2034) and sets some (SC2154); a helper is beside the test program only in
# the build directory (SC1090, SC1091).
find mk tests bench packaging -name '*.sh' ! -name '*_test.sh' \
    ! -name '*_subr.sh' -exec shellcheck {} + || bad "shell scripts"
find tests \( -name '*_test.sh' -o -name '*_subr.sh' \) \
    -exec shellcheck -s sh -e SC1090,SC1091,SC2034,SC2154,SC2317 {} + ||
    bad "shell tests"
shellcheck .ci/run || bad ".ci/run"

exit $status
