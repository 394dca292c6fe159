# memray-live without a screen: command line, --once, --json.

. "$(atf_get_srcdir)/screen_subr.sh"
. "$(atf_get_srcdir)/live_subr.sh"

# live_case name description: declare a case and its cleanup.
live_case()
{
	atf_test_case "$1" cleanup
	eval "$1_head() {
		atf_set descr '$2'
		atf_set require.progs 'memray-run jq python3 tmux'
		atf_set timeout 60
	}"
	eval "$1_cleanup() { live_end; screen_end; }"
}

live_case once "one table, for programs"
once_body()
{
	live_run ""
	live_at one
	atf_check -o save:out memray-live --once "$port"
	# Functions of ours with their totals in MB, in the order of the table.
	awk -F '\t' '/steps.py\t/ { sub(/ at .*/, "", $1)
	    print $1, int($2 / 1e6), int($4 / 1e6), NF }' out > ours
	atf_check -o inline:"<module> 5 0 6\nmain 5 0 6\nkeep 5 5 6
first 5 0 6\n" cat ours
	live_go one
	live_at two
	atf_check -o match:"^keep at .*/steps.py	8......	" \
	    memray-live --once -s 3 -r 1 "$port"
	live_go two
	live_over 0
}

live_case once_terminal "one table, for people"
once_terminal_body()
{
	live_run ""
	live_at one
	screen_start 100 30 "memray-live --once $port"
	screen_status 0
	screen_wait '^memray-run --live-remote .*steps.py$'
	screen_wait '^1 process, [0-9.]+ seconds, heap 5\.[0-9]+MB \(peak'
	screen_wait '^keep at .*steps.py  *5\.'
	live_go one two
	live_over 0
}

live_case json "a stream of objects, until the program ends"
json_body()
{
	live_run "" status=7
	live_at one
	memray-live --json "$port" > stream &
	viewer=$!
	live_file stream '"state": "running"'
	live_go one two
	live_over 7
	live_ended $viewer
	# Each is on a line of its own.
	atf_check -o inline:"true\n" jq -s --argjson n "$(wc -l < stream)" \
	    'length == $n and $n >= 2' stream
	atf_check -o inline:"\"running\"\nnull\n5\n\"running\"\n" jq -n '
	    input | .state, .exit_status, (.heap / 1e6 | floor),
	    .processes[0].state' stream
	atf_check -o inline:"\"ended\"\n7\n8\n\"ended\"\n7\n" jq -n '
	    last(inputs) | .state, .exit_status, (.heap / 1e6 | floor),
	    .processes[0].state, .processes[0].exit_status' stream
	atf_check -o inline:"\"keep\"\n" jq -n '
	    last(inputs) | .rows | max_by(.own_bytes) | .function' stream
}

live_case json_once "one object"
json_once_body()
{
	live_run ""
	live_at one
	atf_check -o save:object memray-live --once --json -r 2 "$port"
	atf_check -o inline:"2\n[\"allocations\",\"file\",\"function\",\
\"own_bytes\",\"total_bytes\"]\n" jq -c '(.rows | length),
	    (.rows[0] | keys)' object
	atf_check -o inline:"true\n" jq --arg pid "$(cat run.pid)" '
	    .processes[0].parent_pid == ($pid | tonumber) and
	    .rss > .heap and .peak_heap >= .heap and .lost_events == 0' object
	live_go one two
	live_over 0
}

live_case names "names are escaped, and JSON is JSON"
names_body()
{
	live_run "" names
	live_at one
	atf_check -o match:'^run at evil.x1b\[2J.n.u202e.py	1......	' \
	    memray-live --once "$port"
	atf_check -o inline:"true\n" -x "memray-live --once --json $port |
	    jq '[.rows[].file] | any(. == \"evil\\u001b[2J\\n\\u202e.py\")'"
	live_go one two
	live_over 0
}

live_case returns "viewers come and go, several at a time"
returns_body()
{
	live_run ""
	live_at one
	for _ in 1 2 3; do
		atf_check -o match:"^keep" memray-live --once "$port"
	done
	pids=
	for i in 1 2 3; do
		memray-live --json "$port" > "stream$i" &
		pids="$pids $!"
	done
	for i in 1 2 3; do
		live_file "stream$i" '"function": "keep"'
	done
	live_go one two
	live_over 0
	for p in $pids; do
		live_ended "$p"
	done
	atf_check -o inline:"3\n" -x \
	    "cat stream? | jq .state | grep -c ended"
}

live_case waits "a viewer may be there before the program"
waits_body()
{
	port=$(python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	memray-live --json "$port" > stream 2> viewer.err &
	viewer=$!
	sleep 0.7
	live_run "--live-port $port"
	live_at one
	live_file stream '"function": "keep"'
	live_go one two
	live_over 0
	live_ended $viewer
	# It says so on terminals only.
	atf_check cat viewer.err
}

live_case nobody "nobody there: one line, status 1"
nobody_body()
{
	live_run ""
	live_at one
	live_go one two
	live_over 0
	for o in --no-wait --once; do
		atf_check -s exit:1 -e save:err memray-live --json $o "$port"
		atf_check -o inline:"1\n" -x "grep -c '^memray-live: ' err"
		atf_check -o inline:"1\n" -x "wc -l < err"
	done
}

live_case stranger "somebody else listens there: one line, status 1"
stranger_body()
{
	cat > stranger.py <<-'EOP'
	import socket
	s = socket.socket()
	s.bind(("127.0.0.1", 0))
	s.listen()
	open("port.new", "w").write(str(s.getsockname()[1]))
	import os
	os.rename("port.new", "port")
	while True:
	    c = s.accept()[0]
	    c.recv(100)
	    c.sendall(b"HTTP/1.1 400 Bad Request\r\n" * 10)
	    c.close()
	EOP
	python3 stranger.py &
	echo $! > run.pid
	live_file port .
	echo 0123456789abcdef0123456789abcdef > token
	chmod 600 token
	atf_check -s exit:1 -e save:err memray-live --once \
	    --token-file token "$(cat port)"
	atf_check -o inline:"1\n" -x "wc -l < err"
	atf_check -o match:"^memray-live: " cat err
}

atf_test_case usage
usage_head()
{
	atf_set descr "what is no port, and other mistakes"
}
usage_body()
{
	atf_check -s exit:2 -e match:"^usage: memray-live" memray-live
	atf_check -s exit:2 -e match:"^usage: " memray-live 1 2
	atf_check -s exit:2 -e inline:"memray-live: not a port: x\n" \
	    memray-live x
	for p in 0 65536 99999; do
		atf_check -s exit:1 \
		    -e inline:"memray-live: Invalid port: $p\n" memray-live $p
	done
	atf_check -s exit:2 -e match:"^memray-live: --max-rows: not a positive number" \
	    memray-live -r 0 1
	atf_check -s exit:2 -e match:"1 to 5: 6" memray-live -s 6 1
	atf_check -s exit:2 -e ignore memray-live --no-such-option 1
	atf_check -s exit:1 \
	    -e inline:"memray-live: not a terminal; see --json and --once\n" \
	    -o empty memray-live 1
	atf_check -o match:"^memray-live [0-9.]+$" memray-live --version
	atf_check -o match:"--sort-column" memray-live --help
	atf_check -s exit:1 -e ignore -x "memray-live --help > /dev/full"
}

live_case full "output that cannot be written"
full_body()
{
	live_run ""
	live_at one
	atf_check -s exit:1 -e match:"No space left" -x \
	    "memray-live --once $port > /dev/full"
	atf_check -s exit:1 -e match:"No space left" -x \
	    "memray-live --json $port > /dev/full"
	live_go one two
	live_over 0
}

atf_init_test_cases()
{
	for c in once once_terminal json json_once names returns waits \
	    nobody stranger usage full; do
		atf_add_test_case $c
	done
}
