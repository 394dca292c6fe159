# Shared by the tests of live feeds: a program that runs until it is told to
# stop, and a viewer in Python.

# live_case name description
live_case()
{
	atf_test_case "$1" cleanup
	eval "$1_head() {
		atf_set descr \"$2\"
		atf_set require.progs \"memray-run memray-summary python3 jq\"
		atf_set timeout 120
	}"
	eval "$1_cleanup() { live_cleanup; }"
}

# Processes of a test that failed in the middle.
live_cleanup()
{
	touch stop
	[ ! -f pids ] || while read -r pid; do
		kill -s CONT "$pid" 2>/dev/null
		kill "$pid" 2>/dev/null
	done < pids
	return 0
}

# live_start options program [arguments]: with --live-remote, in the
# background; sets $run and $port.
live_start()
{
	src=$(atf_get_srcdir)
	export XDG_RUNTIME_DIR="$PWD/run"
	mkdir -p -m 700 run
	rm -f stop started out err watching
	memray-run --live-remote "$@" > out 2> err &
	run=$!
	echo $run >> pids
	live_until "grep -q memray-live err"
	port=$(sed -n "s/.*'memray-live \([0-9]*\)'.*/\1/p" err)
}

# live_until command: until it succeeds
live_until()
{
	live_n=0
	until eval "$1"; do
		[ $((live_n += 1)) -lt 1200 ] || {
			cat err >&2
			atf_fail "never: $1"
		}
		sleep 0.05
	done
}

# live_port: one that is free
live_port()
{
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# live_python: one that everybody may run
live_python()
{
	for live_p in $(which -a python3); do
		! setpriv --reuid 65534 --clear-groups "$live_p" -c pass \
		    2>/dev/null || break
	done
	echo "$live_p"
}

# live_view command ...: of feed.py, into view.out
live_view()
{
	live_view_at "$port" "$@"
}

# live_view_at place command ...: the same, of that place
live_view_at()
{
	python3 "$src/feed.py" "$@" > view.out 2> view.err ||
	    atf_fail "feed.py $*: $(cat view.err)"
}

# live_stranger command ...: of stranger.py, into stranger.out
live_stranger()
{
	python3 "$src/stranger.py" "$@" > stranger.out 2> stranger.err ||
	    atf_fail "stranger.py $*: $(cat stranger.err)"
}

# live_stop: end what still waits for its first viewer
live_stop()
{
	kill "$run"
	wait "$run"
	return 0
}

# live_end status: stop the program, which ends with that
live_end()
{
	touch stop
	wait "$run"
	atf_check_equal "$1" $?
}

# live_field process name: of the line of a process in view.out
live_field()
{
	awk -F '\t' -v n="$1" -v f="$2" '$1 == n {
	    for (i = 3; i < NF; i += 2)
		    if ($i == f)
			    print $(i + 1) }' view.out
}
