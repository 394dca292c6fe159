. "$(atf_get_srcdir)/real_subr.sh"

export PYTHONDONTWRITEBYTECODE=1

# pid_of_program pid-of-memray-run: the program is its only child.
pid_of_program()
{
	cat "/proc/$1/task/$1/children"
}

has_program()
{
	[ -n "$(pid_of_program "$1")" ]
}

# Every kill leaves a whole capture, which says how the program ended.
atf_test_case killed
killed_head()
{
	atf_set descr "SIGKILL at any instant, under every interpreter"
}
killed_body()
{
	src=$(atf_get_srcdir)
	e2e_pythons | cut -f 2 > pythons
	count=$(wc -l < pythons)
	for i in $(seq 30); do
		py=$(sed -n $((i % count + 1))p pythons)
		killed_once $((i % 4)) "$(awk -v s="$i" \
		    'BEGIN { srand(s); print rand() * 0.7 }')"
	done
	# Some of them were far enough to have allocated.
	[ -s began ] || atf_fail "no program got as far as to allocate"
}

# killed_once threads seconds
killed_once()
{
	rm -f cap.bin
	e2e_python_flags
	# shellcheck disable=SC2086
	memray-run $e2e_flags -q -o cap.bin "$py" "$src/endless.py" "$1" \
	    > out &
	run=$!
	wait_for has_program $run
	sleep "$2"
	kill -9 "$(pid_of_program $run)"
	wait $run
	atf_check_equal 137 $?
	# Killed before it was a Python there is nothing to record.
	[ -s cap.bin ] || { [ ! -s out ] && return 0; }
	e2e_reports
	atf_check_equal 137 "$(e2e_meta exit_status)"
	atf_check_equal 0 "$(e2e_meta lost_events)"
	atf_check_equal 0 "$(jq '.metadata.flags // [] | length' peak.json)"
	[ -s out ] || return 0
	echo "$py" >> began
	real_at_least "kept by start" \
	    "$(e2e_row leaks start own_bytes)" 5000000
}

# The unfinished capture holds what `before` has allocated.
is_written()
{
	memray-summary cap.bin 2> /dev/null | grep -q '^before at'
}

# The program does not need the collector.
orphaned_each()
{
	e2e_python_flags
	# shellcheck disable=SC2086
	memray-run $e2e_flags -q -o cap.bin "$py" "$src/survivor.py" pid \
	    > out 2> err &
	run=$!
	wait_for test -s pid
	program=$(cat pid)
	# That takes a second, on an idle machine.
	wait_for is_written
	kill -9 $run
	wait $run
	rm pid
	wait_for test ! -d "/proc/$program"
	atf_check -o inline:"went on 20000000\n" cat out
	atf_check -o empty cat err
	atf_check -s exit:1 -o save:peak.json -e match:"cut short" \
	    memray-summary --json cap.bin
	real_at_least "before" "$(e2e_row peak before own_bytes)" 20000000
	atf_check_equal null "$(e2e_meta exit_status)"
}

atf_init_test_cases()
{
	atf_add_test_case killed
	e2e_add orphaned
}
