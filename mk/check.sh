#!/bin/sh
#
# usage: OBJTOP=dir [KYUA_J=n] check.sh [filter ...]
#
# Run the staged tests and say how many passed, on the last line and in
# OBJTOP/check.result.

set -u

top=$(cd "$(dirname "$0")/.." && pwd -P)
db=$OBJTOP/kyua.db

fail()
{
	echo "check: $*" >&2
	exit 1
}

for p in kyua atf-sh; do
	command -v $p >/dev/null || fail "$p: not found; run \`make deps'"
done

PATH=$OBJTOP/bin:$PATH
# libatf-c leaks when it lists its test cases.
LSAN_OPTIONS=suppressions=$top/tests/lsan.supp:print_suppressions=0
export PATH LSAN_OPTIONS

# Find the interpreters once, not again in every test.
E2E_PYTHONS=$(sh "$top/tests/pythons/find-pythons.sh" -v) || exit 1
export E2E_PYTHONS
echo "Interpreters:"
echo "$E2E_PYTHONS" | sed 's/^/    /'

# Whoever started us may have left signals ignored (nohup, a background job,
# a continuous integration service), and a shell cannot undo that.
default_signals=
! env --default-signal true 2>/dev/null ||
    default_signals="env --default-signal"

# Everything that kyua writes stays in the build directory.
run_kyua()
{
	$default_signals kyua --logfile="$OBJTOP/kyua.log" -v parallelism="${KYUA_J:-2}" \
	    -v test_suites.memtrace.srctop="$top" "$@"
}

rm -f "$db" "$OBJTOP/check.result"
run_kyua test -k "$OBJTOP/tests/Kyuafile" -r "$db" "$@"
status=$?
[ -f "$db" ] || fail "kyua could not run the tests"
# All of a failed test's output, but not kyua's own context (the environment).
[ $status -eq 0 ] || run_kyua report -r "$db" --verbose \
    --results-filter=broken,failed |
    awk '/^===> / { context = /Execution context/ } !context'

# "Test cases: 9 total, 1 skipped, 0 expected failures, 0 broken, 0 failed"
counts=$(run_kyua report -r "$db" --results-filter= |
    sed -n 's/^Test cases: //p')
echo "$counts" | tr ',' '\n' | awk '
    / total/			{ total = $1 }
    / skipped/			{ skipped = $1 }
    / broken/ || / failed/	{ failed += $1 }
    END {
	printf "%d passed, %d failed", total - skipped - failed, failed
	printf skipped ? ", " skipped " skipped\n" : "\n"
    }' > "$OBJTOP/check.result"
cat "$OBJTOP/check.result"
case $(cat "$OBJTOP/check.result") in
"0 passed, 0 failed"*)	fail "no test was run" ;;
esac
exit $status
