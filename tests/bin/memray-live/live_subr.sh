# Programs that are watched, for the tests of memray-live.

# live_run options [argument ...]: record steps.py, or $program, with these
# options of memray-run (one word, may be empty) in the background; $port is
# where.
live_run()
{
	_options=$1
	shift
	# The options are words.
	# shellcheck disable=SC2086
	memray-run --live-remote --no-wait $_options \
	    "$(atf_get_srcdir)/${program:-steps.py}" "$@" > run.out 2> run.err &
	echo $! > run.pid
	live_file run.err "Run 'memray-live"
	port=$(sed -n "s/.*memray-live \([0-9]*\)'.*/\1/p" run.err)
}

# live_file name pattern: wait until the pattern is in the file.
live_file()
{
	for _ in $(seq 300); do
		if grep -qs -e "$2" "$1"; then
			return
		fi
		sleep 0.05
	done
	atf_fail "not in $1: $2"
}

# live_at step: wait until the program is there.
live_at()
{
	for _ in $(seq 300); do
		[ ! -f "at-$1" ] || return 0
		sleep 0.05
	done
	atf_fail "the program does not get to $1"
}

# live_go step ...: let it go on.
live_go()
{
	for _step in "$@"; do
		: > "go-$_step"
	done
}

# live_over n: wait for the end of memray-run, which must have that status.
live_over()
{
	_status=0
	wait "$(cat run.pid)" || _status=$?
	rm run.pid
	atf_check_equal "$1" "$_status"
}

# live_ended pid: a viewer in the background must end with status 0.
live_ended()
{
	wait "$1" || atf_fail "a viewer ended with status $?"
}

# For the cleanup.
live_end()
{
	live_go one two work child
	if [ -f run.pid ]; then
		kill "$(cat run.pid)" 2>/dev/null || true
	fi
}
