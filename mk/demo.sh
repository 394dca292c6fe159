#!/bin/sh
#
# usage: OBJTOP=dir demo.sh
#
# Record an example program and show what the summary says about it.

set -eu

top=$(cd "$(dirname "$0")/.." && pwd -P)
PATH=$OBJTOP/bin:$PATH

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
cp "$top/share/examples/wordindex.py" "$dir"
cd "$dir"

# Show a command, then run it.
run()
{
	echo "\$ $*"
	"$@"
	echo
}

run memray-run -o wordindex.bin wordindex.py
run memray-summary -r 8 wordindex.bin
echo "That was share/examples/wordindex.py: see where its memory went, then"
echo "read README, or \`man share/man/man7/memtrace.7'."
