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
    -Ilib/libmtcollect -Ilib/libmtfe -Ilib/libmtsym -Ilib/memtrace-agent"

bad()
{
	echo "lint: $*" >&2
	status=1
}

# gcc's analyzer takes blocks that another function owns for leaks, and
# invariants between functions for null pointers: that much is off.
# One process a file, as many as there are processors.
each_c()
{
	printf '%s\n' lib/*/*.c bin/*/*.c | xargs -n 1 -P "$(nproc)" "$@"
}

lint_c()
{
	# $0 is the flags, $1 the file, of the inner shell.
	# shellcheck disable=SC2016
	if command -v clang-tidy >/dev/null; then
		each_c sh -c 'clang-tidy --quiet "$1" -- $0' "$flags"
	else
		each_c sh -c 'gcc $0 -c -o /dev/null "$1"' "$flags
		    -O2 -Wall -Wextra -Wduplicated-cond -Wduplicated-branches
		    -Wlogical-op -Wjump-misses-init
		    -fanalyzer -Wno-analyzer-malloc-leak
		    -Wno-analyzer-null-dereference
		    -Wno-analyzer-possible-null-dereference"
	fi 2>&1 | grep -v '^[0-9]* warnings\{0,1\} generated'
}

if command -v clang-tidy >/dev/null || command -v gcc >/dev/null; then
	found=$(lint_c)
	[ -z "$found" ] || { echo "$found"; bad "C sources"; }
else
	bad "neither clang-tidy nor gcc"
fi

mandoc -T lint -W warning share/man/man*/* || bad "manual pages"

# In tests, ATF calls functions by their names (SC2317, SC2119, SC2120), reads variables
# (SC2034) and sets some (SC2154); a helper is beside the test program only in
# the build directory (SC1090, SC1091).
scripts()
{
	find . -name '.?*' -prune -o -path './build*' -prune -o "$@"
}
scripts -name '*.sh' ! -name '*_test.sh' ! -name '*_subr.sh' \
    -exec shellcheck {} + || bad "shell scripts"
scripts \( -name '*_test.sh' -o -name '*_subr.sh' \) \
    -exec shellcheck -s sh -S warning \
    -e SC1090,SC1091,SC2034,SC2119,SC2120,SC2154,SC2317 {} + ||
    bad "shell tests"
shellcheck .ci/run || bad ".ci/run"

exit $status
