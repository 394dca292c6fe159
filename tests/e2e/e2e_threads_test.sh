. "$(atf_get_srcdir)/e2e_subr.sh"

# unknown: bytes of blocks without a Python stack that are left at the end.
unknown()
{
	memray-summary --leaks --no-native cap.bin |
	    awk -F'\t' 'index($1, "<no Python stack>") == 1 { print $4 }'
}

# churn threads at_once: each of the threads has a block in the capture.
churn()
{
	atf_check -o inline:"$1\n" memray-run -q -f -o cap.bin "$py" \
	    "$src/churn.py" ./churn.so "$@"
	left=$(unknown)
	[ "${left:-0}" -ge $(($1 * 1000)) ] ||
	    atf_fail "$left bytes of $(($1 * 1000))"
	[ "$left" -le $(($1 * 1000 + 200000)) ] ||
	    atf_fail "$left bytes are too many"
}

compile_churn()
{
	cc -O1 -shared -fPIC -o churn.so "$src/churn.c" -lpthread \
	    2> cc.err || atf_skip "no C compiler"
}

# PTHREAD_STACK_MIN, of which the C library takes its part.
smallest_stack_each()
{
	compile_churn
	for flags in --compress-on-exit --native --trace-python-allocators \
	    "--native --trace-python-allocators" --aggregate --follow-fork; do
		# Free-threaded builds have something to say.
		# shellcheck disable=SC2086 # options
		atf_check -o inline:"500\n" -e ignore memray-run $flags -q -f \
		    -o cap.bin "$py" "$src/churn.py" ./churn.so 500 8 16384
		left=$(unknown)
		[ "${left:-0}" -ge 500000 ] || atf_fail "$flags: $left bytes"
	done
}

atf_test_case churn
churn_head()
{
	atf_set descr "20000 threads of C that live for a moment"
	atf_set require.progs "memray-run memray-summary"
}
churn_body()
{
	e2e_any_python
	compile_churn
	churn 20000 1
	churn 20000 8
	churn 40000 64
}

# pool threads rounds [how]: what each thread allocates and keeps is there.
pool()
{
	e2e_any_python
	# shellcheck disable=SC2086 # an option or nothing
	atf_check -o inline:"$1 blocks\n" memray-run $e2e_flags -q -f \
	    -o cap.bin "$py" "$src/pool.py" "$@"
	e2e_reports
	e2e_near "kept" "$(e2e_row leaks keep own_bytes)" $(($1 * 100000))
	[ "$(e2e_meta total_allocations)" -ge $(($1 * ($2 + 1))) ] ||
	    e2e_fail "$(e2e_meta total_allocations) allocations"
	atf_check_equal 0 "$(e2e_meta lost_events)"
	atf_check_equal 0 "$(e2e_meta lost_threads)"
}

atf_test_case user
user_head()
{
	atf_set descr "threads of a program that has changed its user: as many \
as are prepared for, and more, which share"
	atf_set require.progs "memray-run memray-summary jq"
	atf_set require.user root
}
user_body()
{
	chmod 755 .
	pool 40 10 user
	pool 150 20 user
}

atf_test_case descriptors
descriptors_head()
{
	atf_set descr "threads of a program without a descriptor left"
	atf_set require.progs "memray-run memray-summary jq"
}
descriptors_body()
{
	pool 40 10 descriptors
	pool 100 10 descriptors
}

atf_test_case root
root_head()
{
	atf_set descr "threads of a program with another root directory"
	atf_set require.progs "memray-run memray-summary jq"
	atf_set require.user root
}
root_body()
{
	pool 100 10 root
}

atf_test_case addresses
addresses_head()
{
	atf_set descr "a program whose addresses are limited has them"
	atf_set require.progs "memray-run memray-summary jq"
}
addresses_body()
{
	e2e_any_python
	# shellcheck disable=SC3045 # more than POSIX, but in all shells
	ulimit -v 2000000
	pool 40 10
}

# Programs are started from stacks that have no room for their environment.
small_stack_each()
{
	atf_check -o save:plain "$py" "$src/small_stack.py"
	e2e_python_flags
	# shellcheck disable=SC2086 # an option or nothing
	atf_check -o file:plain memray-run $e2e_flags -q --follow-fork \
	    -o cap.bin "$py" "$src/small_stack.py"
	set -- cap.bin.*
	[ $# -eq 3 ] || e2e_fail "not three children: $*"
	for f; do
		mv "$f" cap.bin
		e2e_reports
		e2e_near "child" "$(e2e_row leaks '<module>' own_bytes)" \
		    5000000
	done
}

atf_init_test_cases()
{
	atf_add_test_case churn
	atf_add_test_case user
	atf_add_test_case descriptors
	atf_add_test_case root
	atf_add_test_case addresses
	e2e_add small_stack smallest_stack
}
