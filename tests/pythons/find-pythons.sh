#!/bin/sh
#
# usage: find-pythons.sh [-v]
#
# Print the path of each interpreter that the tests are to use, one a line:
# CPython 3.8 and later, from PATH, /usr/bin, pyenv and $MEMRAY_TEST_PYTHONS
# (paths with colons between).  -v prints a unique name (3_11_2) and a tab
# before the path.  An interpreter that can be reached by several names is
# printed once.  Fails if there is none on PATH or in /usr/bin.

set -u

# Prints "real-path version path name" of a testable interpreter, nothing
# else.  A shim is looked through: what counts is what it ends up running.
probe='
import sys
v = sys.version_info
if sys.implementation.name == "cpython" and v >= (3, 8):
    import os
    name = "%d_%d_%d%s" % (v[0], v[1], v[2], getattr(sys, "abiflags", ""))
    print("%s|%s|%s|%s" % (os.path.realpath(sys.executable),
        sys.version.split()[0], sys.executable, name))
'

# Nothing of the environment may lead an interpreter to another one's library.
unset PYTHONHOME PYTHONPATH PYTHONSTARTUP LD_PRELOAD

# Test runners set HOME to an empty directory; ~user is not fooled by that.
pyenv_root()
{
	if [ -n "${PYENV_ROOT:-}" ]; then
		echo "$PYENV_ROOT"
	elif [ -d "$HOME/.pyenv" ]; then
		echo "$HOME/.pyenv"
	else
		eval "echo ~$(id -un)/.pyenv"
	fi
}

system()
{
	command -v python3
	for f in /usr/bin/python3 /usr/bin/python3.[0-9] \
	    /usr/bin/python3.[0-9][0-9] /usr/bin/python3.[0-9][0-9]t; do
		echo "$f"
	done
}

others()
{
	root=$(pyenv_root)
	for f in "$root"/versions/*/bin/python3.[0-9] \
	    "$root"/versions/*/bin/python3.[0-9][0-9] \
	    "$root"/versions/*/bin/python3.[0-9][0-9]t; do
		echo "$f"
	done
	echo "${MEMRAY_TEST_PYTHONS:-}" | tr : '\n'
}

probe_all()
{
	while read -r f; do
		[ ! -x "$f" ] || "$f" -c "$probe" 2>/dev/null </dev/null
	done
}

verbose=no
[ "${1:-}" != -v ] || verbose=yes

found=$(system | probe_all)
if [ -z "$found" ]; then
	echo "find-pythons.sh: no CPython 3.8 or later on PATH or in /usr/bin" \
	    >&2
	exit 1
fi
{
	echo "$found"
	others | probe_all
} | awk -F '|' -v verbose="$verbose" '
    seen[$1 "|" $2]++	{ next }
			{ n = ++names[$4]; name = $4 (n > 1 ? "_" n : "") }
    verbose == "yes"	{ print name "\t" $3; next }
			{ print $3 }'
