# Who gets nothing of a live feed, and what he cannot do to it.

# shellcheck source-path=SCRIPTDIR disable=SC1091
. "$(atf_get_srcdir)/live_subr.sh"

MAGIC=4d54464545440d0a

live_case token "without the token there is nothing but a close"
token_body()
{
	live_start -p "$(live_port)" "$(atf_get_srcdir)/grow.py"
	file=run/memtrace/live-$port
	atf_check -o inline:"600 600 700\n" -x \
	    "echo \$(stat -c %a $file $file.sock run/memtrace)"
	old=$(head -n 1 "$file")
	new=$(tail -n 1 "$file")
	half=$(echo "$old" | cut -c 1-32)
	key=$(printf '09%.0s' $(seq 32))
	for hello in "${MAGIC}0200000000" \
	    "${MAGIC}02000000$key$half" \
	    "${MAGIC}02000000$new$half" \
	    "${MAGIC}0100000064000000$(echo "$old" | cut -c 33-64)" \
	    "${MAGIC}0100000064000000$(echo "$new" | cut -c 1-32)" \
	    "474554202f20485454502f312e310d0a0d0a$key" \
	    "$(printf 'ff%.0s' $(seq 5000))"; do
		live_view_at "127.0.0.1:$port" hello "$hello"
		atf_check_equal 0 "$(cat view.out)"
	done
	# None of these was a viewer.
	[ ! -e started ] || atf_fail "it was started"
	live_view_at "127.0.0.1:$port" once
	live_until "[ -e started ]"
	live_end 7
	[ ! -e "$file" ] || atf_fail "the token is still there"
	[ ! -e "$file.sock" ] || atf_fail "the socket is still there"
}

live_case versions "whoever is of another version hears of ours, and no more"
versions_body()
{
	live_start -p "$(live_port)" "$(atf_get_srcdir)/grow.py"
	half=$(cut -c 1-32 "run/memtrace/live-$port" | head -n 1)
	live_view_at "127.0.0.1:$port" hello "${MAGIC}0100000064000000$half"
	atf_check_equal 32 "$(cat view.out)"
	for place in "127.0.0.1:$port" "$port"; do
		live_view_at "$place" hello "${MAGIC}09000000$half$half"
		atf_check_equal 12 "$(cat view.out)"
	done
	live_view_at "$port" hello "${MAGIC}0100000064000000$half"
	atf_check_equal 12 "$(cat view.out)"
	# A token of version 1 is not said to anybody.
	head -n 1 "run/memtrace/live-$port" > old
	chmod 600 old
	atf_check -s exit:1 -e match:"version 1 .* viewer of version 2" \
	    memray-live --once --token-file old "$port"
	[ ! -e started ] || atf_fail "it was started"
	live_stop
}

live_case silent "who says nothing is sent away, and keeps nobody out"
silent_body()
{
	live_start -p "$(live_port)" "$(atf_get_srcdir)/grow.py"
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
	live_view_at "127.0.0.1:$port" frames 2
	grep -q '^10 ' view.out || atf_fail "no update"
	[ "$(ls /proc/$run/fd | wc -l)" -lt 120 ] ||
	    atf_fail "$(ls -l /proc/$run/fd)"
	wait $crowd || atf_fail "the crowd was not sent away"
	atf_check -o match:gone cat crowd.out
	live_end 7
}

live_case flood "a stranger who comes all the time pushes nobody else out"
flood_body()
{
	live_start -p "$(live_port)" "$(atf_get_srcdir)/grow.py"
	python3 "$src/stranger.py" flood 127.0.0.1 "$port" > flood.out &
	echo $! >> pids
	live_until "grep -q flooding flood.out"
	for n in 1 2; do
		live_view once
		FEED_FROM=127.0.0.3 live_view_at "127.0.0.1:$port" once
	done
	live_end 7
}

# Of what somebody else might see, and of his deeds.
live_case stranger "another user of the machine gets no token and no feed"
stranger_head()
{
	atf_set descr "another user of the machine gets no token and no feed"
	atf_set require.user root
	atf_set require.progs "memray-run memray-live python3"
	atf_set timeout 120
}
stranger_body()
{
	live_start --no-wait "$(atf_get_srcdir)/grow.py" 1 --password=PASSWORD
	live_until "memray-live --once $port | grep -q grow.py"
	file=run/memtrace/live-$port
	# He cannot come there.
	chmod 755 .
	live_stranger read "$file"
	atf_check_equal no "$(cat stranger.out)"
	live_stranger ask "$file.sock"
	atf_check_equal no "$(cat stranger.out)"
	# If he could, nobody would talk to him.
	chmod 755 run run/memtrace
	chmod 666 "$file.sock"
	live_stranger ask "$file.sock"
	atf_check_equal 0 "$(cat stranger.out)"
	live_stranger read "$file"
	atf_check_equal no "$(cat stranger.out)"
	# And the user would not look there any more.
	nobody="memray-live: no program is recorded on port $port"
	atf_check -s exit:1 -e inline:"$nobody\n" memray-live --once "$port"
	chmod 700 run run/memtrace
	atf_check -o match:grow.py memray-live --once "$port"
	live_end 7
}

live_case impostor "who takes the viewer's port learns nothing he can use"
impostor_head()
{
	atf_set descr "who takes the viewer's port learns nothing he can use"
	atf_set require.user root
	atf_set require.progs "memray-run memray-live python3"
	atf_set timeout 120
}
impostor_body()
{
	live_start --no-wait -p "$(live_port)" --live-address 127.0.0.2 \
	    "$(atf_get_srcdir)/grow.py" 1 --password=PASSWORD
	live_until "memray-live --once $port | grep -q grow.py"
	# On this machine it is the local socket, whoever has the port.
	python3 "$src/stranger.py" answer "$port" > answer.out &
	echo $! >> pids
	live_until "grep -q listening answer.out"
	atf_check -o match:grow.py memray-live --once "$port"
	# He answers himself.
	atf_check -s exit:1 -e match:"is not the memray-run" \
	    memray-live --once --host 127.0.0.1 "$port"
	atf_check -o inline:"listening\n60\n" cat answer.out
	# He passes on what both say: they notice nothing, and he neither.
	python3 "$src/stranger.py" relay "$port" 127.0.0.2 > relay.out &
	relay=$!
	live_until "grep -q listening relay.out"
	atf_check -o match:grow.py memray-live --once --host 127.0.0.1 "$port"
	wait $relay || atf_fail "the relay failed"
	[ "$(sed -n 's/^server //p' relay.out | wc -c)" -gt 1000 ] ||
	    atf_fail "nothing was passed on"
	for secret in $(cat "run/memtrace/live-$port") \
	    "$(printf PASSWORD | od -A n -t x1 | tr -d ' \n')" \
	    "$(printf grow.py | od -A n -t x1 | tr -d ' \n')"; do
		grep -q "$(echo "$secret" | cut -c 1-32)" relay.out &&
		    atf_fail "he has seen $secret"
	done
	# What the viewer has said is of no use to him: all of it, or its
	# greeting, to which he gets an answer that he cannot go on from.
	said=$(sed -n 's/^viewer //p' relay.out)
	live_view_at "127.0.0.2:$port" hello "$said"
	atf_check_equal 0 "$(cat view.out)"
	live_view_at "127.0.0.2:$port" hello "$(echo "$said" | cut -c 1-120)"
	atf_check_equal 60 "$(cat view.out)"
	live_end 7
}

live_case garbage "a viewer that talks nonsense is sent away, others stay"
garbage_body()
{
	live_start -p "$(live_port)" "$(atf_get_srcdir)/grow.py"
	python3 "$src/feed.py" "$port" end > view.out &
	viewer=$!
	live_until "[ -e started ]"
	cat > garbage.py <<-END
		import os, random, struct, sys
		sys.path.insert(0, "$src")
		import feed
		for n in range(30):
		    f = feed.Feed("$port" if n % 2 else "127.0.0.1:$port")
		    try:
		        if n % 3 == 0:
		            f.sock.sendall(os.urandom(random.randrange(99, 9999)))
		        elif n % 3 == 1:
		            for i in range(5000):
		                f.ask(100)
		        else:
		            f.say(struct.pack("<II", 2, 100))
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
	export HOME="$PWD"
	live_start "$(atf_get_srcdir)/grow.py"
	atf_check_equal "" "$(ls run/memtrace)"
	for other in "/run/user/$(id -u)/memtrace" "/tmp/memtrace-$(id -u)"; do
		[ ! -e "$other/live-$port" ] || break
	done
	atf_check -o inline:"600 600 700\n" -x \
	    "echo \$(stat -c %a $other/live-$port $other/live-$port.sock $other)"
	live_view once
	live_end 7
	[ ! -e "$other/live-$port" ] || atf_fail "the file is still there"
}

live_case squatted "where somebody has taken all places, viewers are told"
squatted_head()
{
	atf_set descr "where somebody has taken all places, viewers are told"
	atf_set require.user root
	atf_set require.progs "memray-run memray-live python3 setpriv"
	atf_set timeout 120
}
squatted_body()
{
	src=$(atf_get_srcdir)
	mkdir -m 755 empty
	mkdir -m 777 there tmp
	[ -d /tmp/memtrace-54321 ] || mkdir -m 700 /tmp/memtrace-54321
	python=$(live_python)
	chmod 755 .
	cat > stop.py <<-'END'
		import os, time
		while not os.path.exists("there/stop"):
		    time.sleep(0.05)
	END
	(
		exec setpriv --reuid 54321 --regid 54321 --clear-groups env \
		    -u XDG_RUNTIME_DIR HOME="$PWD/empty" TMPDIR="$PWD/tmp" \
		    memray-run --live-remote --python "$python" stop.py
	) > out 2> err &
	run=$!
	echo $run >> pids
	live_until "grep -q 'memray-live --token-file' err"
	port=$(sed -n "s/.*live-\([0-9]*\) .*/\1/p" err)
	atf_check_equal 700 "$(stat -c %a tmp/*)"
	command=$(sed -n "s/^Run '\(.*\)' in another.*/\1/p" err)
	atf_check -s exit:0 -o ignore setpriv --reuid 54321 --regid 54321 \
	    --clear-groups $command --once
	# Root is somebody else, but who listens there is not root's.
	atf_check -s exit:1 -e match:"neither of this user nor root" \
	    $command --once
	# He may watch nonetheless, if he does not mind.
	live_view_at "$PWD/$(ls -d tmp/*/*.sock)" once
	touch there/stop
	wait $run || atf_fail "$(cat err)"
	rmdir /tmp/memtrace-54321
	atf_check_equal "" "$(ls tmp)"
}
squatted_cleanup()
{
	live_cleanup
	rmdir /tmp/memtrace-54321 2>/dev/null
	return 0
}

live_case ports "ports that cannot be had, options that do not go together"
ports_body()
{
	live_start -p "$(live_port)" "$(atf_get_srcdir)/grow.py"
	atf_check -s exit:125 \
	    -e inline:"memray-run: port $port is in use by another program\n" \
	    memray-run --live-remote -p "$port" -c pass
	# A number that no network knows is one of a port, too.
	atf_check -s exit:125 \
	    -e inline:"memray-run: port $port is in use by another memray-run\n" \
	    memray-run --live-remote --live-address 127.0.0.2 -p "$port" -c pass
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
	live_start -p "$(live_port)" --live-address 127.0.0.2 \
	    "$(atf_get_srcdir)/grow.py"
	atf_check -o inline:"Run 'memray-live $port' in another shell to see \
live results\nOr, from elsewhere, 'memray-live --host 127.0.0.2 --token-file \
COPY $port' with a copy of $PWD/run/memtrace/live-$port\n" cat err
	atf_check -s exit:1 -e match:ConnectionRefused \
	    python3 "$src/feed.py" "127.0.0.1:$port" once
	cp "run/memtrace/live-$port" COPY
	atf_check -o ignore env -u XDG_RUNTIME_DIR memray-live --once \
	    --host 127.0.0.2 --token-file COPY "$port"
	live_view_at "127.0.0.2:$port" once
	live_view once
	live_until "[ -e started ]"
	live_end 7
}

live_case no_network "without a port or an address, no network leads there"
no_network_body()
{
	live_start "$(atf_get_srcdir)/grow.py"
	atf_check -s exit:1 -e match:ConnectionRefused \
	    python3 "$src/feed.py" "127.0.0.1:$port" hello 00
	atf_check -o empty cat "run/memtrace/live-$port"
	atf_check -s exit:1 -e match:"listens on no network" \
	    memray-live --once --host 127.0.0.1 "$port"
	# Who comes from elsewhere has no token.
	atf_check -s exit:1 -e inline:"memray-live: the token of port $port is \
not here: see --token-file\n" env XDG_RUNTIME_DIR="$PWD/none" memray-live \
	    --once --host 127.0.0.1 "$port"
	# The socket leads there by any name, as the end of a tunnel does.
	ln -s "run/memtrace/live-$port.sock" tunnel
	live_view_at ./tunnel once
	atf_check -o ignore memray-live --once ./tunnel
	live_until "[ -e started ]"
	live_end 7
}

atf_init_test_cases()
{
	atf_add_test_case token
	atf_add_test_case versions
	atf_add_test_case silent
	atf_add_test_case flood
	atf_add_test_case stranger
	atf_add_test_case impostor
	atf_add_test_case garbage
	atf_add_test_case place
	atf_add_test_case squatted
	atf_add_test_case ports
	atf_add_test_case address
	atf_add_test_case no_network
}
