# Watching a program: what viewers see, and that it costs the program nothing.

# shellcheck source-path=SCRIPTDIR disable=SC1091
. "$(atf_get_srcdir)/live_subr.sh"

live_case waits "the program waits for the first viewer, and is itself after"
waits_body()
{
	live_start "$(atf_get_srcdir)/grow.py"
	sleep 0.5
	[ ! -e started ] || atf_fail "it did not wait"
	live_view once
	live_until "[ -e started ]"
	live_view once
	[ "$(live_field 0 heap)" -gt 0 ] || atf_fail "view: $(cat view.out)"
	live_end 7
	atf_check_equal "still here" "$(tail -n 1 out)"
	# Nothing was asked for, nothing is left.
	atf_check_equal "" "$(find . -name "*.bin" -o -name "live-*")"
	atf_check -o match:"no capture was asked for" cat err
}

live_case no_wait "--no-wait starts at once, and a viewer need not come"
no_wait_body()
{
	live_start --no-wait "$(atf_get_srcdir)/grow.py"
	live_until "[ -e started ]"
	live_end 7
	atf_check -o match:"ended before a viewer came" cat err
}

live_case capture "with -o the capture says what the last update said"
capture_body()
{
	for opt in "" --aggregate --trace-python-allocators --follow-fork; do
		rm -f cap.bin*
		# shellcheck disable=SC2086
		live_start $opt -o cap.bin "$(atf_get_srcdir)/grow.py" 200
		python3 "$src/feed.py" "$port" end > view.out &
		viewer=$!
		live_until "[ -e started ]"
		sleep 1
		live_end 7
		wait $viewer || atf_fail "the viewer failed"
		atf_check_equal "over (1, 1792)" "$(tail -n 1 view.out)"
		atf_check_equal "$(live_field 0 heap)" "$(live_field 0 sum)"
		atf_check -o save:leaks memray-summary --json --leaks cap.bin
		atf_check_equal "$(live_field 0 peak)" \
		    "$(jq .metadata.peak_memory leaks)"
		atf_check_equal "$(live_field 0 heap)" \
		    "$(jq '[.rows[].own_bytes] | add' leaks)"
		own=$(awk -F '\t' '$3 == "keep" { print $4 }' view.out)
		atf_check_equal "$own" "$(jq '[.rows[] |
		    select(.function == "keep")][0].own_bytes' leaks)"
	done
}

live_case many_viewers "several watch at once, leave and come back"
many_viewers_body()
{
	live_start "$(atf_get_srcdir)/grow.py" 50
	for n in 1 2 3 4 5; do
		python3 "$src/feed.py" "$port" end > "end.$n" &
		echo $! >> pids
	done
	live_until '[ "$(wc -l 2>/dev/null < watching)" = 5 ]'
	for n in 1 2 3; do
		live_view frames 2
		grep -q '^10 ' view.out || atf_fail "no update: $(cat view.out)"
	done
	live_view once
	live_end 7
	wait
	for n in 2 3 4 5; do
		atf_check -o file:end.1 cat "end.$n"
	done
	grep -q "over (1, 1792)" end.1 || atf_fail "no end: $(cat end.1)"
}

live_case stopped "a viewer that is stopped keeps nobody waiting"
stopped_body()
{
	live_start "$(atf_get_srcdir)/grow.py" 3000
	python3 "$src/feed.py" "$port" end > stopped.out 2>&1 &
	viewer=$!
	echo $viewer >> pids
	live_until "[ -e started ]"
	kill -s STOP $viewer
	sleep 1
	n=$(wc -l < out)
	live_until "[ \"\$(wc -l < out)\" -gt $((n + 3)) ]"
	# Others get what they ask for.
	live_view once
	atf_check_equal "$(live_field 0 heap)" "$(live_field 0 sum)"
	live_end 7
	kill -s CONT $viewer
	kill $viewer
}

live_case family "with --follow-fork each process is listed, with its end"
family_body()
{
	live_start --follow-fork "$(atf_get_srcdir)/family.py"
	live_view once
	live_until "live_view once; [ -n \"\$(live_field 3 heap)\" ]"
	live_view once
	[ "$(live_field 0 heap)" -gt 1000000 ] || atf_fail "view: $(cat view.out)"
	python3 "$src/feed.py" "$port" end > view.out &
	viewer=$!
	live_until "[ -e watching ]"
	live_end 0
	wait $viewer
	# In the order in which they said hello, which may be any.
	heaps=$(for n in 1 2 3; do
		live_field $n heap; done | sort -n | sed 's/.....$//' | tr '\n' ' ')
	atf_check_equal "2 4 6 " "$heaps"
	# Exit statuses 0, 1 and 2 of three children.
	atf_check_equal "0 256 512 " "$(for n in 1 2 3; do
		live_field $n status; done | sort -n | tr '\n' ' ')"
	atf_check_equal "" "$(ls ./*.bin* 2>/dev/null)"
}

live_case crowd "of many processes that have ended, only totals are kept"
crowd_body()
{
	live_start --follow-fork "$(atf_get_srcdir)/family.py" 80
	live_until "live_view once; [ -n \"\$(live_field 80 heap)\" ]"
	live_view once
	# Ended, status known, tables gone.
	live_until "live_view once; [ \"\$(live_field 80 flags)\" = 5 ]"
	atf_check_equal 13 "$(live_field 1 flags)"
	atf_check_equal 5 "$(live_field 70 flags)"
	[ "$(live_field 1 heap)" -gt 200000 ] || atf_fail "view: $(cat view.out)"
	live_end 0
}

live_case interrupted "a signal ends the wait; nothing was started"
interrupted_body()
{
	live_start -o cap.bin "$(atf_get_srcdir)/grow.py"
	kill $run
	wait $run
	atf_check_equal 143 $?
	atf_check -o match:"was not started" cat err
	[ ! -e started ] || atf_fail "it was started"
	atf_check_equal "" "$(find . -name "*.bin" -o -name "live-*")"
}

live_case pause "a viewer that asks for no updates gets none"
pause_body()
{
	live_start "$(atf_get_srcdir)/grow.py"
	cat > pause.py <<-END
		import sys, socket
		sys.path.insert(0, "$src")
		import feed
		f = feed.Feed("$port")
		f.update()
		f.ask(0)
		# What was on its way.
		f.sock.settimeout(1)
		n = f.updates
		try:
		    while f.updates < n + 3:
		        f.frame()
		    sys.exit("updates go on")
		except socket.timeout:
		    pass
		f.sock.settimeout(20)
		f.ask(100)
		f.update()
	END
	atf_check python3 pause.py
	live_end 7
}

atf_init_test_cases()
{
	atf_add_test_case waits
	atf_add_test_case no_wait
	atf_add_test_case capture
	atf_add_test_case many_viewers
	atf_add_test_case stopped
	atf_add_test_case family
	atf_add_test_case crowd
	atf_add_test_case interrupted
	atf_add_test_case pause
}
