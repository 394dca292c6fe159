. "$(atf_get_srcdir)/e2e_subr.sh"

# ends how status: the program ends in this way; its output, its status and
# its standard error are those of a plain run, and the capture is whole.
ends()
{
	"$py" "$src/ends.py" "$1" > plain.out 2> plain.err
	[ $? -eq "$2" ] || atf_skip "a plain run does not end with $2"
	e2e_python_flags
	# shellcheck disable=SC2086 # an option or nothing
	memray-run $e2e_flags -q -o cap.bin "$py" "$src/ends.py" "$1" \
	    > out 2> err
	atf_check_equal "$2" $?
	atf_check -o file:plain.out cat out
	atf_check -o file:plain.err cat err
	e2e_reports
	e2e_near "$1: kept" "$(e2e_row peak keep own_bytes)" 30000000
	e2e_near "$1: leaked" "$(e2e_row leaks keep own_bytes)" 30000000
	atf_check_equal "$2" "$(e2e_meta exit_status)"
	atf_check_equal 0 "$(e2e_meta lost_events)"
}

exit_each()
{
	ends exit 3
}

underscore_exit_each()
{
	ends _exit 5
}

exception_each()
{
	ends raise 1
}

kill_each()
{
	ends kill 137
}

term_each()
{
	ends term 143
}

abort_each()
{
	# shellcheck disable=SC3045 # more than POSIX, but in all shells
	ulimit -c 0
	ends abort 134
}

# The program finds its process as it would without us.
same_each()
{
	atf_check -o save:plain -e save:plain.err "$py" "$src/same.py" a "b c"
	e2e_python_flags
	# shellcheck disable=SC2086
	atf_check -o file:plain -e file:plain.err \
	    memray-run $e2e_flags -q -o cap.bin "$py" "$src/same.py" a "b c"
}

# Names of threads are found without running any of the program's code.
thread_names_each()
{
	atf_check -o save:plain "$py" "$src/named.py"
	e2e_record "$src/named.py"
	atf_check -o file:plain cat out
	atf_check -o match:"plainly-named" memray-parse cap.bin
}

# Descriptors are numbered as without us, and closing them all is harmless.
descriptors_each()
{
	atf_check -o save:plain "$py" "$src/descriptors.py"
	e2e_record "$src/descriptors.py"
	atf_check -o file:plain cat out
	e2e_near "kept" "$(e2e_row leaks keep own_bytes)" 30000000
}

stdin_each()
{
	echo "from standard input" > in
	e2e_python_flags
	atf_check -o inline:"FROM STANDARD INPUT\n\n" -x \
	    "memray-run $e2e_flags -q -o cap.bin $py $src/ends.py stdin < in"
	e2e_reports
	e2e_near "kept" "$(e2e_row leaks keep own_bytes)" 30000000
}

# Closed from the beginning, as under some supervisors.
closed_stdio_each()
{
	e2e_python_flags
	# shellcheck disable=SC2086
	atf_check memray-run $e2e_flags -q -o cap.bin "$py" "$src/blocks.py" \
	    <&- >&- 2>&-
	e2e_reports
	e2e_near "keep" "$(e2e_row leaks keep own_bytes)" 40000000
}

# The ways to name a program, other than interpreter and script.
forms_each()
{
	cp "$src/blocks.py" .
	e2e_python_flags
	# shellcheck disable=SC2086
	set -- $e2e_flags -q --python "$py"
	atf_check memray-run "$@" -o a.bin blocks.py
	atf_check memray-run "$@" -o b.bin -m blocks
	atf_check -x "memray-run $* -o c.bin - < blocks.py"
	atf_check memray-run "$@" -o d.bin -c "$(cat blocks.py)"
	for f in a b c d; do
		mv $f.bin cap.bin
		e2e_reports
		e2e_near "$f: keep" "$(e2e_row leaks keep own_bytes)" 40000000
		e2e_near "$f: peak" "$(e2e_meta peak_memory)" 100000000
	done
}

# The user's own preloaded allocator goes on working, and is recorded.
jemalloc_each()
{
	lib=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p |
	    awk '/libjemalloc\.so/ { print $NF; exit }')
	[ -n "$lib" ] || atf_skip "no jemalloc here"
	LD_PRELOAD=$lib "$py" -c pass || atf_skip "does not run with jemalloc"
	cp "$src/blocks.py" app.py
	cat >> app.py <<-EOF
	import os
	print(os.environ["LD_PRELOAD"])
	with open("/proc/self/maps") as maps:
	    print("libjemalloc" in maps.read())
	EOF
	e2e_python_flags
	# shellcheck disable=SC2086
	atf_check -o inline:"$lib\nTrue\n" env LD_PRELOAD="$lib" \
	    memray-run $e2e_flags -q -o cap.bin "$py" app.py
	e2e_reports
	e2e_near "keep" "$(e2e_row leaks keep own_bytes)" 40000000
	e2e_near "hog" "$(e2e_row peak hog own_bytes)" 60000000
}

# The frames cannot be read, as if the version were not known: the program runs
# to its end, and it is said where the stacks come from.
unread_each()
{
	says="stacks come from its public API"
	# Nor may they be asked for, here and in debug builds from 3.14 on.
	"$py" -c 'import sys; sys.exit("t" not in sys.abiflags and not
	    ("d" in sys.abiflags and sys.version_info >= (3, 14)))' &&
	    says="there are no Python stacks"
	e2e_python_flags
	# shellcheck disable=SC2086
	atf_check -o inline:"10\n" -e match:"^memray-run: .*; $says" \
	    env MEMTRACE_WALK=api memray-run $e2e_flags -q -o cap.bin "$py" \
	    "$src/threads.py"
	e2e_reports
	[ "$(e2e_meta total_bytes_allocated)" -ge 200000000 ] ||
	    e2e_fail "$(e2e_meta total_bytes_allocated) bytes allocated"
	atf_check_equal 0 "$(e2e_meta lost_events)"
}

# A capture without objects says so, where they are all that there is.
hint_each()
{
	cp /dev/null expected
	! e2e_free_threaded ||
	    echo "memray-run: objects come from an allocator inside Python:" \
	    "to record them, use --trace-python-allocators" > expected
	atf_check -e file:expected memray-run -q -o cap.bin "$py" -c pass
	atf_check memray-run -q --trace-python-allocators -o all.bin "$py" \
	    -c pass
}

# A handler that jumps out of us: what was recorded there is lost, no more.
jumps_each()
{
	cc -D_GNU_SOURCE -O1 -shared -fPIC -o jumps.so "$src/jumps.c" \
	    -lpthread 2> cc.err || atf_skip "no C compiler"
	e2e_python_flags
	# The status says that events were lost.
	# shellcheck disable=SC2086
	atf_check -s ignore -o save:made -e save:err memray-run $e2e_flags -q \
	    -o cap.bin "$py" "$src/jumps.py" ./jumps.so
	atf_check -s ignore -o save:stats.json -e ignore \
	    memray-stats --json cap.bin
	seen=$(jq '[.top_allocations_by_count[] |
	    select(.location | startswith("jump:"))][0].count' stats.json)
	[ "$seen" -gt $(($(cat made) - 1000)) ] ||
	    e2e_fail "$seen blocks of $(cat made)"
}

# unnoticed what option ...: a library sees nothing of us, whatever is recorded.
unnoticed()
{
	cc -O1 -shared -fPIC -o unnoticed.so "$src/unnoticed.c" -lpthread \
	    2> cc.err || atf_skip "no C compiler"
	what=$1
	shift
	e2e_python_flags
	atf_check -o save:plain "$py" "$src/unnoticed.py" ./unnoticed.so "$what"
	for flags in "$@"; do
		# shellcheck disable=SC2086 # options
		atf_check -o file:plain memray-run $e2e_flags $flags -q -f \
		    -o cap.bin "$py" "$src/unnoticed.py" ./unnoticed.so "$what"
	done
}

errno_each()
{
	unnoticed errno --compress-on-exit "--native --no-symbols" \
	    --trace-python-allocators --follow-fork
	atf_check -o inline:"0 changes\n" cat plain
}

# All that the interrupted loop did is in the capture.
disarmed_each()
{
	for mode in --compress-on-exit "--native --no-symbols" \
	    --trace-python-allocators; do
		unnoticed handlers "$mode"
		atf_check -o inline:"300000 rounds\n" cat plain
		e2e_reports
		[ "$(e2e_meta total_allocations)" -ge 600000 ] ||
		    e2e_fail "$(e2e_meta total_allocations) allocations"
		atf_check_equal 0 "$(e2e_meta lost_events)"
	done
}

allocators_each()
{
	unnoticed swap --trace-python-allocators \
	    "--native --no-symbols --trace-python-allocators"
}

atf_init_test_cases()
{
	e2e_add exit underscore_exit exception kill term abort same \
	    thread_names \
	    descriptors stdin closed_stdio forms jemalloc unread hint jumps \
	    errno allocators disarmed
}
