# memray-run --live: the program behind the view, a script in its place here.

# shellcheck source-path=SCRIPTDIR disable=SC1091
. "$(atf_get_srcdir)/live_subr.sh"

# A memray-run with another memray-live beside it, which ends with the status
# that the file view.end holds.
live_here()
{
	src=$(atf_get_srcdir)
	export XDG_RUNTIME_DIR="$PWD/run"
	mkdir -p -m 700 run
	mkdir -p tree/bin
	cp "$(command -v memray-run)" tree/bin
	ln -s "$(cd "$(dirname "$(command -v memray-run)")/../lib" && pwd)" \
	    tree/lib
	cat > tree/bin/memray-live <<-'END'
		#!/bin/sh
		echo $$ > view.pid
		echo "$@" > view.args
		[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo yes > view.tty
		trap 'echo INT >> view.signals' INT
		until [ -e view.end ]; do
			sleep 0.05
		done
		exit "$(cat view.end)"
	END
	chmod +x tree/bin/memray-live
}

# live_run arguments of memray-run: on a terminal, in the background
live_run()
{
	python3 "$src/terminal.py" tree/bin/memray-run "$@" > screen &
	run=$!
	echo $run >> pids
	live_until "[ -e view.args ]"
}

live_log()
{
	sed -n 's/^--program-log \([^ ]*\) .*/\1/p' view.args
}

live_interrupt()
{
	printf '\003' > keys.new
	mv keys.new keys
}

live_case quit "quitting the view ends the program, as the user wants it"
quit_body()
{
	live_here
	live_run --live "$src/talk.py"
	live_until "[ -e talked ]"
	# A group of its own, nothing of it on the terminal.
	atf_check -o match:"^[0-9]* True False False False$" cat who
	atf_check_equal yes "$(cat view.tty)"
	atf_check_equal "" "$(cat screen)"
	port=$(sed 's/.* //' view.args)
	live_view once
	[ "$(live_field 0 heap)" -gt 1000000 ] || atf_fail "view: $(cat view.out)"
	log=$(live_log)
	atf_check_equal 600 "$(stat -c %a "$log")"
	atf_check -o inline:"out\nerr\n" cat "$log"
	echo 0 > view.end
	wait $run
	atf_check_equal 0 $?
	# Told at the end.
	atf_check -o match:'^out' -o match:'^err' cat screen
	[ ! -e "$log" ] || atf_fail "the log is still there"
	atf_check_equal "" "$(find . -name '*.bin')"
}

live_case own_end "a program that ends otherwise has its own status"
own_end_body()
{
	live_here
	live_run --live -o cap.bin "$src/talk.py" deaf
	live_until "[ -e talked ]"
	echo 0 > view.end
	wait $run
	atf_check_equal 9 $?
	atf_check -o not-empty memray-summary cap.bin
}

live_case no_symbols "the view has no names if the capture is to have none"
no_symbols_body()
{
	live_here
	live_run --live --native --no-symbols "$src/talk.py"
	live_until "[ -e talked ]"
	atf_check -o match:"^--program-log [^ ]* --no-symbols [0-9]*$" \
	    cat view.args
	echo 0 > view.end
	wait $run
	atf_check_equal 0 $?
}

live_case detach "a program goes on when the view is left, and hears ^C then"
detach_body()
{
	live_here
	live_run --live "$src/talk.py"
	live_until "[ -e talked ]"
	live_interrupt
	live_until "[ -e view.signals ]"
	kill -0 "$(cut -d ' ' -f 1 who)" || atf_fail "^C reached the program"
	echo 3 > view.end
	live_until "grep -q 'detached; the program goes on' screen"
	port=$(sed 's/.* //' view.args)
	live_view once
	live_interrupt
	wait $run
	atf_check_equal 130 $?
	atf_check -o match:KeyboardInterrupt cat screen
}

live_case stays "the view stays when the program has ended"
stays_body()
{
	live_here
	live_run --live "$src/talk.py"
	live_until "[ -e talked ]"
	port=$(sed 's/.* //' view.args)
	python3 "$src/feed.py" "$port" end > view.out &
	viewer=$!
	live_until "[ -e watching ]"
	touch stop
	wait $viewer
	atf_check_equal "over (1, 1024)" "$(tail -n 1 view.out)"
	atf_check_equal "" "$(cat screen)"
	echo 0 > view.end
	wait $run
	atf_check_equal 4 $?
}

live_case hangup "when the terminal goes away, so do the program and the view"
hangup_body()
{
	live_here
	live_run --live -o cap.bin "$src/talk.py"
	live_until "[ -e talked ]"
	kill -s KILL $run
	program=$(cut -d ' ' -f 1 who)
	live_until "! kill -0 $program 2>/dev/null"
	live_until "! kill -0 $(cat view.pid) 2>/dev/null"
	live_until "memray-summary cap.bin"
}

live_case much "much output neither blocks the program nor is lost"
much_body()
{
	live_here
	live_run --live "$src/talk.py" much
	live_until "[ -e talked ]"
	log=$(live_log)
	touch stop
	echo 0 > view.end
	wait $run
	atf_check -o match:"what the program wrote \(400.008kB\) is in $log" \
	    cat screen
	atf_check_equal 400008 "$(wc -c < "$log")"
	rm "$log"
}

live_case redirected "what is redirected stays so"
redirected_body()
{
	live_here
	cat > go.sh <<-END
		exec tree/bin/memray-run --live "$src/talk.py" > there 2>&1
	END
	python3 "$src/terminal.py" sh go.sh > screen &
	run=$!
	echo $run >> pids
	live_until "[ -e talked ] && [ -e view.args ]"
	atf_check -o inline:"out\nerr\n" cat there
	live_until "[ -e view.tty ]"
	echo 0 > view.end
	wait $run
	atf_check_equal 0 $?
}

live_case no_terminal "without a terminal, or a view, nothing is started"
no_terminal_body()
{
	live_here
	atf_check -s exit:125 -e match:"--live needs a terminal" \
	    setsid -w tree/bin/memray-run --live "$src/talk.py"
	rm tree/bin/memray-live
	atf_check -s exit:125 -o match:"memray-live: No such file" \
	    python3 "$src/terminal.py" tree/bin/memray-run --live \
	    "$src/talk.py"
	[ ! -e who ] || atf_fail "it was started"
}

atf_init_test_cases()
{
	atf_add_test_case quit
	atf_add_test_case own_end
	atf_add_test_case no_symbols
	atf_add_test_case detach
	atf_add_test_case stays
	atf_add_test_case hangup
	atf_add_test_case much
	atf_add_test_case redirected
	atf_add_test_case no_terminal
}
