# Whatever becomes of the program, what it did is in the capture.

# shellcheck source-path=SCRIPTDIR disable=SC1091
. "$(atf_get_srcdir)/follow_subr.sh"

# kills name options: twelve programs killed, each at a random instant.
kills()
{
	kills_name=$1
	shift
	atf_test_case "kill_$kills_name"
	eval "kill_${kills_name}_head()
	{
		atf_set descr \"SIGKILL at any instant: $*\"
		atf_set require.progs memray-run memray-summary python3
		atf_set timeout 300
	}"
	eval "kill_${kills_name}_body()
	{
		atf_check python3 \"\$(atf_get_srcdir)/survive.py\" 12 \$\$ $*
	}"
	kills_all="$kills_all kill_$kills_name"
}

kills_all=
kills default
kills plain --no-compress
kills objects --trace-python-allocators
kills aggregate --aggregate
kills aggregate_objects --aggregate --trace-python-allocators
kills fork --follow-fork
kills fork_all --follow-fork --aggregate --trace-python-allocators

survive_case()
{
	atf_test_case "$1"
	eval "$1_descr=\$2"
	eval "$1_head()
	{
		atf_set descr \"\$$1_descr\"
		atf_set require.progs memray-run memray-summary jq python3 $3
	}"
}

# The capture is whole and says how the program ended.
check_end()
{
	atf_check -o save:leaks.json memray-summary --json --leaks cap.bin
	n=$(jq '[.rows[] | select(.function | test("^keep|listcomp")) |
	    .own_bytes] | add' leaks.json)
	[ "$n" -ge 20000000 ] || atf_fail "only $n bytes were kept"
	atf_check_equal "$1" "$(jq .metadata.exit_status leaks.json)"
	atf_check_equal 0 "$(jq .metadata.lost_events leaks.json)"
}

# ends how status
ends()
{
	for opt in "" --aggregate "--trace-python-allocators --follow-fork"; do
		# shellcheck disable=SC2086
		memray-run -f -q -o cap.bin $opt \
		    "$(atf_get_srcdir)/ends.py" "$1" 2> err
		atf_check_equal "$2" $?
		check_end "$2"
	done
}

survive_case underscore_exit "os._exit"
underscore_exit_body()
{
	ends _exit 5
}

survive_case abort "abort()"
abort_body()
{
	ends abort 134
}

survive_case fault "a segmentation fault in C"
fault_body()
{
	ends fault 139
}

survive_case overflow "an overflow of the stack by C code"
overflow_body()
{
	cat > overflow.c <<-'END'
	int overflow(int);
	int overflow(int n)
	{
		volatile char room[4096];

		room[n % 4096] = 1;
		return (overflow(n + 1) + room[0]);
	}
	END
	cc -shared -fPIC -o overflow.so overflow.c 2> cc.err ||
	    atf_skip "no C compiler"
	ends overflow 139
}

survive_case no_memory "a limit of memory: the program's own MemoryError"
no_memory_body()
{
	atf_check -s exit:1 -e match:MemoryError \
	    memray-run -q -o cap.bin "$(atf_get_srcdir)/ends.py" limit
	check_end 1
}

# The directory of a new control group below ours, in $group.
make_group()
{
	old=/sys/fs/cgroup/memory$(sed -n 's/.*:memory://p' /proc/self/cgroup)
	new=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
	for dir in "$old" "$new"; do
		group=$dir/memtrace-test-$$
		mkdir "$group" 2> /dev/null || continue
		for limit in memory.limit_in_bytes memory.max; do
			[ ! -w "$group/$limit" ] ||
			    ! echo 80000000 > "$group/$limit" || return 0
		done
		rmdir "$group"
	done
	return 1
}

atf_test_case out_of_memory cleanup
out_of_memory_head()
{
	atf_set descr "the kernel kills the program for its memory"
	atf_set require.progs memray-run memray-summary jq python3
	atf_set require.user root
}
out_of_memory_body()
{
	make_group || atf_skip "no control group of memory can be made"
	echo "$group" > group
	for opt in "" --aggregate --follow-fork; do
		# shellcheck disable=SC2016 disable=SC2086
		sh -c 'echo $$ > "$1/cgroup.procs" && shift && exec "$@"' sh \
		    "$group" memray-run -f -q -o cap.bin $opt \
		    "$(atf_get_srcdir)/ends.py" memory 2> err
		atf_check_equal 137 $?
		check_end 137
	done
}
out_of_memory_cleanup()
{
	[ ! -f group ] || rmdir "$(cat group)"
}

survive_case first_process "the first process of a container: SIGTERM" unshare
first_process_body()
{
	unshare -pf --mount-proc true 2> /dev/null ||
	    atf_skip "may not make a container"
	cat > app.py <<-'END'
	import os, signal, sys, time
	kept = [bytearray(1000) for _ in range(20000)]
	def end(number, frame):
	    sys.exit(6)
	signal.signal(signal.SIGTERM, end)
	if os.fork() == 0:          # An orphan that nobody waits for.
	    if os.fork() == 0:
	        time.sleep(0.1)
	    os._exit(0)
	os.wait()
	open("ready", "w").close()
	while True:
	    signal.pause()
	END
	for opt in "" --follow-fork; do
		rm -f ready
		# shellcheck disable=SC2086
		unshare -pf --mount-proc --kill-child \
		    memray-run -f -q -o cap.bin $opt app.py &
		run=$!
		follow_wait ready
		read -r pid _ < "/proc/$run/task/$run/children"
		kill "$pid"
		wait $run
		atf_check_equal 6 $?
		atf_check -o save:leaks.json \
		    memray-summary --json --leaks cap.bin
		atf_check_equal 6 "$(jq .metadata.exit_status leaks.json)"
	done
}

# disk_full options: a disk of 400 KB and a program that needs more.
disk_full()
{
	atf_check -s exit:"$1" -o save:out -e save:err unshare -m sh -c "
	    mount -t tmpfs -o size=$2 none disk || exit 99
	    memray-run --no-compress -o disk/cap.bin $3 app.py $4
	    status=\$?
	    for f in disk/*; do
		memray-summary \$f 2>> summary.err || echo \$f
		memray-summary --json \$f 2>> json.err
	    done
	    exit \$status"
	cat err >&2
}

disk_program()
{
	unshare -m sh -c "mount -t tmpfs -o size=1m none ." 2> /dev/null ||
	    atf_skip "may not mount"
	mkdir disk
	cat > app.py <<-'END'
	import os, random, sys
	def spend():
	    x = [None] * 999
	    for i in range(100000):
	        x[random.randrange(999)] = bytearray(random.randrange(600, 9000))
	if "fork" in sys.argv and os.fork() == 0:
	    spend()
	    os._exit(0)
	spend()
	if "fork" in sys.argv:
	    print(os.wait()[1])
	print("done")
	sys.exit(int(sys.argv[1]))
	END
}

survive_case disk_full "a disk that fills up: all is said, nothing is harmed" \
    unshare
disk_full_body()
{
	disk_program
	for status in 0 4; do
		disk_full $((status == 0 ? 125 : status)) 400k "" $status
		atf_check -o match:"^done$" -o match:"^spend" \
		    -o match:'"lost_events": *[1-9]' cat out
		atf_check -o match:"disk/cap.bin: .*No space left on device; [0-9]+ events were lost$" \
		    cat err
		atf_check -o match:"lost" cat summary.err
	done
}

survive_case disk_full_fork "the same with two processes" unshare
disk_full_fork_body()
{
	disk_program
	disk_full 125 900k --follow-fork "0 fork"
	atf_check -o match:"^done$" -o match:"^0$" cat out
	atf_check_equal 2 "$(grep -c '^spend' out)"
	atf_check -o match:"No space left on device; [0-9]+ events were lost$" \
	    cat err
	atf_check -o match:"lost" cat summary.err
}

# Tables are small, and known before the disk is full.
survive_case disk_full_aggregate "tables fit where events do not" unshare
disk_full_aggregate_body()
{
	disk_program
	disk_full 0 400k --aggregate 0
	atf_check -o match:"^done$" -o match:"^spend" \
	    -o match:'"lost_events": *0' cat out
}

survive_case no_room "no room for the capture of a child" unshare
no_room_body()
{
	disk_program
	atf_check -s exit:125 -o match:"^0$" -o match:"^done$" -e save:err \
	    unshare -m sh -c "mount -t tmpfs -o size=4m,nr_inodes=2 none disk &&
	    exec memray-run -o disk/cap.bin --follow-fork app.py 0 fork"
	atf_check -o match:"disk/cap.bin.[0-9]*: cannot create: No space left on device; [0-9]+ events were lost$" \
	    cat err
}

# Two unfinished captures hold what the program has allocated.
are_written()
{
	n=$(memray-summary --json cap.bin 2> /dev/null |
	    jq .metadata.total_allocations)
	[ "${n:-0}" -ge 20000 ] || return 1
	n=$(memray-summary --json cap.bin.* 2> /dev/null |
	    jq .metadata.total_allocations)
	[ "${n:-0}" -ge 20000 ]
}

survive_case collector_killed "memray-run is killed: the program goes on"
collector_killed_body()
{
	cat > app.py <<-'END'
	import os, time
	kept = [bytearray(1000) for _ in range(20000)]
	pid = os.fork()
	kept.append([bytearray(1000) for _ in range(20000)])
	while not os.path.exists("written"):
	    time.sleep(0.05)
	os.kill(os.getppid() if pid else os.getpid(), 9 if pid else 0)
	for i in range(300000):
	    kept[i % 20000] = bytearray(1000)
	if pid == 0:
	    os._exit(0)
	os.wait()
	open("ended", "w").close()
	END
	memray-run -q --follow-fork -o cap.bin app.py &
	for _ in $(seq 1200); do
		! are_written || break
		sleep 0.05
	done
	touch written
	wait $!
	atf_check_equal 137 $?
	follow_wait ended
	for capture in cap.bin cap.bin.*; do
		memray-summary --json "$capture" > sum.json 2> sum.err
		n=$(jq '.metadata.total_allocations' sum.json)
		[ "$n" -ge 20000 ] || atf_fail "$capture has $n allocations"
	done
}

atf_init_test_cases()
{
	for case in $kills_all underscore_exit abort fault overflow \
	    no_memory out_of_memory first_process disk_full disk_full_fork \
	    disk_full_aggregate no_room collector_killed; do
		atf_add_test_case "$case"
	done
}
