#!/bin/sh
#
# usage: OBJTOP=dir agree.sh [argument of memray_agree.py ...]
#
# Run memray_agree.py with what it needs, which goes into a virtual environment
# below OBJTOP, of the first interpreter that there are wheels for.

set -u

here=$(cd "$(dirname "$0")" && pwd -P)
venv=$OBJTOP/agree
log=$OBJTOP/agree.log

agree_install()
{
	rm -rf "$venv"
	"$1" -m venv "$venv" && "$venv/bin/python" -m pip install -q \
	    --no-input --retries 1 --disable-pip-version-check \
	    --only-binary :all: -r "$here/agree_packages.txt" &&
	    touch "$venv/complete"
}

agree_need()
{
	[ ! -f "$venv/complete" ] || return 0
	pythons=$(sh "$here/../pythons/find-pythons.sh") || return 1
	: > "$log"
	for p in $pythons; do
		echo "agree: installing for $p" >&2
		! agree_install "$p" >> "$log" 2>&1 || return 0
	done
	cat "$log" >&2
	echo "agree: no interpreter can have all of agree_packages.txt" >&2
	return 1
}

agree_need || exit 2
PATH=$OBJTOP/bin:$PATH exec nice python3 "$here/memray_agree.py" \
    -p "$venv/bin/python" "$@"
