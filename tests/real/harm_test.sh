. "$(atf_get_srcdir)/real_subr.sh"

export PYTHONDONTWRITEBYTECODE=1

# same script [args]: output and status are those of a plain run.  Warnings
# of debug builds about the scripts themselves are not the matter here.
same()
{
	script=$1
	shift
	e2e_python_flags
	real_same 0 "$py" -W ignore "$src/$script" "$@"
}

# Environment, descriptors and children are those of a program of its own.
env_each()
{
	same env.py one "two words"
	MEMTRACE_MINE=kept same env.py
}

# What the process was is recorded; what it becomes is not.
exec_each()
{
	atf_check -s exit:7 -o save:plain "$py" "$src/exec.py"
	e2e_python_flags
	# shellcheck disable=SC2086
	atf_check -s exit:7 -o file:plain memray-run $e2e_flags -q \
	    -o cap.bin "$py" "$src/exec.py"
	e2e_reports
	e2e_near "kept" "$(e2e_row leaks keep own_bytes)" 30000000
	e2e_near "peak" "$(e2e_row peak keep own_bytes)" 30000000
}

# The limit on the address space still works.
limit_each()
{
	! e2e_free_threaded ||
	    atf_skip "reserves more than the limit by itself"
	# shellcheck disable=SC3045 # more than POSIX, but in all shells
	ulimit -v 614400
	same limit.py
	atf_check -o inline:"no more\n200\n" cat out
	real_at_least "peak" "$real_peak" 209715200
}

# The end of the stack is where it was.
deep_each()
{
	same deep.py
	real_at_least "bottom" \
	    "$(real_row leaks python_recursion own_bytes)" 1000000
}

# Children without exec are not in the capture, nor do they disturb it.
forks_each()
{
	same forks.py child.out
	real_at_least "kept" "$(e2e_row leaks keep own_bytes)" 10000000
	real_at_most "peak" "$real_peak" 20000000
	atf_check_equal 0 "$(real_row peak child_work total_bytes)"
	wait_for test -s child.out
	atf_check -o inline:"300\n" cat child.out
}

children_each()
{
	same children.py
	real_at_least "kept" "$(e2e_row leaks keep own_bytes)" 5000000
	real_at_most "kept" "$(e2e_row leaks keep own_bytes)" 7000000
}

# Handlers that allocate come in between everywhere.
storm_each()
{
	e2e_python_flags
	# shellcheck disable=SC2086
	atf_check -o save:out memray-run $e2e_flags -q -o cap.bin "$py" \
	    "$src/storm.py"
	real_sound 0
	handled=$(cat out)
	real_at_least "handlers" "$handled" 100
	real_at_least "bytes" "$real_total" $((handled * 100000))
}

# More threads than an arena has rings, one after the other and at once.
crowd_each()
{
	same crowd.py
	atf_check -o match:"^900 " cat out
	for f in work together; do
		[ $f = work ] && n=700 size=100000 || n=200 size=50000
		real_at_least "blocks of $f" \
		    "$(e2e_row leaks $f allocations)" $n
		real_at_least "bytes of $f" \
		    "$(e2e_row leaks $f own_bytes)" $((n * size))
	done
}

atf_init_test_cases()
{
	e2e_add env exec limit deep forks children storm crowd
}
