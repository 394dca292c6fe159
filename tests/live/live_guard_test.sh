# Who gets nothing of a live feed, and what he cannot do to it.

# shellcheck source-path=SCRIPTDIR disable=SC1091
. "$(atf_get_srcdir)/live_subr.sh"

MAGIC=4d54464545440d0a

live_case token "without the token there is nothing but a close"
token_body()
{
	live_start "$(atf_get_srcdir)/grow.py"
	file=run/memtrace/live-$port
	atf_check -o inline:"600 700\n" -x \
	    "echo \$(stat -c %a $file run/memtrace)"
	secret=$(cat "$file")
	zeros=00000000000000000000000000000000
	for hello in "${MAGIC}0100000064000000$zeros" \
	    "${MAGIC}0100000064000000$(echo "$secret" | cut -c 33-64)" \
	    "${MAGIC}0200000064000000$zeros" \
	    "474554202f20485454502f312e310d0a0d0a$zeros" \
	    "$(printf 'ff%.0s' $(seq 5000))"; do
		live_view hello "$hello"
		atf_check_equal 0 "$(cat view.out)"
	done
	# Another version hears of ours, and no more.
	live_view hello "${MAGIC}0900000064000000$(echo "$secret" |
	    cut -c 1-32)"
	atf_check_equal 32 "$(cat view.out)"
	# None of these was a viewer.
	[ ! -e started ] || atf_fail "it was started"
	live_view once
	live_until "[ -e started ]"
	live_end 7
	[ ! -e "$file" ] || atf_fail "the token is still there"
}

live_case silent "who says nothing is sent away, and keeps nobody out"
silent_body()
{
	live_start "$(atf_get_srcdir)/grow.py"
	cat > crowd.py <<-END
		import socket
		crowd = []
		for i in range(300):
		    crowd.append(socket.create_connection(("127.0.0.1", $port)))
		    if i % 3:
		        crowd[-1].send(b"MTFEED")
		print("here", flush=True)
		for s in crowd:
		    s.settimeout(30)
		    try:
		        assert s.recv(1) == b""
		    except ConnectionResetError:
		        pass
		print("gone")
	END
	python3 crowd.py > crowd.out &
	crowd=$!
	echo $crowd >> pids
	live_until "grep -q here crowd.out"
	live_view once
	live_view frames 2
	grep -q '^10 ' view.out || atf_fail "no update"
	[ "$(ls /proc/$run/fd | wc -l)" -lt 100 ] ||
	    atf_fail "$(ls -l /proc/$run/fd)"
	wait $crowd || atf_fail "the crowd was not sent away"
	atf_check -o match:gone cat crowd.out
	live_end 7
}

live_case garbage "a viewer that talks nonsense is sent away, others stay"
garbage_body()
{
	live_start "$(atf_get_srcdir)/grow.py"
	python3 "$src/feed.py" "$port" end > view.out &
	viewer=$!
	live_until "[ -e started ]"
	cat > garbage.py <<-END
		import os, random, struct, sys
		sys.path.insert(0, "$src")
		import feed
		for n in range(60):
		    f = feed.Feed($port)
		    try:
		        if n % 3 == 0:
		            f.sock.sendall(os.urandom(random.randrange(1, 9999)))
		        elif n % 3 == 1:
		            for i in range(5000):
		                f.ask(100)
		        else:
		            f.sock.sendall(struct.pack("<II", 2, 100))
		        feed.end_of_connection(f.sock)
		    except (BrokenPipeError, ConnectionResetError):
		        pass
	END
	atf_check python3 garbage.py
	live_end 7
	wait $viewer || atf_fail "the viewer failed"
	atf_check_equal "over (1, 1792)" "$(tail -n 1 view.out)"
}

live_case place "the token is kept where nobody else can look, or nowhere"
place_body()
{
	mkdir -m 755 run run/memtrace
	live_start "$(atf_get_srcdir)/grow.py"
	other=/tmp/memtrace-$(id -u)/live-$port
	atf_check_equal "" "$(ls run/memtrace)"
	atf_check -o inline:"600 700\n" -x \
	    "echo \$(stat -c %a $other /tmp/memtrace-$(id -u))"
	live_view once
	live_end 7
	[ ! -e "$other" ] || atf_fail "the token is still there"
}

live_case ports "ports that cannot be had, options that do not go together"
ports_body()
{
	live_start "$(atf_get_srcdir)/grow.py"
	atf_check -s exit:125 \
	    -e inline:"memray-run: port $port is in use by another program\n" \
	    memray-run --live-remote -p "$port" -c pass
	for p in 0 65536 99999999999999999999; do
		atf_check -s exit:125 -e inline:"memray-run: Invalid port: $p\n" \
		    memray-run --live-remote -p $p -c pass
	done
	kill "$run"
	atf_check -s exit:125 -e match:"--live-port needs a number" \
	    memray-run --live-remote -p 12x -c pass
	atf_check -s exit:125 -e match:"--live-port requires --live-remote" \
	    memray-run -p 1234 -c pass
	atf_check -s exit:125 -e match:"--live-port requires --live-remote" \
	    memray-run --live --live-port 1234 -c pass
	atf_check -s exit:125 -e match:"--no-wait requires --live-remote" \
	    memray-run --no-wait -c pass
	atf_check -s exit:125 -e match:"--live-address requires" \
	    memray-run --live-address ::1 -c pass
	atf_check -s exit:125 -e match:"--live excludes --live-remote" \
	    memray-run --live --live-remote -c pass
	atf_check -s exit:125 -e match:"address nowhere.invalid: " \
	    memray-run --live-remote --live-address nowhere.invalid -c pass
	atf_check_equal "" "$(ls ./*.bin 2>/dev/null)"
}

live_case address "--live-address listens there, and nowhere else"
address_body()
{
	live_start --live-address 127.0.0.2 "$(atf_get_srcdir)/grow.py"
	atf_check -s exit:1 -e match:ConnectionRefused \
	    python3 "$src/feed.py" "$port" once
	sed 's/"127.0.0.1"/"127.0.0.2"/' "$src/feed.py" > there.py
	atf_check -o ignore python3 there.py "$port" once
	live_until "[ -e started ]"
	live_end 7
}

atf_init_test_cases()
{
	atf_add_test_case token
	atf_add_test_case silent
	atf_add_test_case garbage
	atf_add_test_case place
	atf_add_test_case ports
	atf_add_test_case address
}
