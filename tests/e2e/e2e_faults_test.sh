. "$(atf_get_srcdir)/e2e_subr.sh"

# The recorder is stopped, killed or slow at a step of what it does for the
# program, while many threads of that start: the program ends as it would
# alone, and what is lost is said.

faults_head()
{
	atf_set descr "$1"
	atf_set require.progs "memray-run memray-summary jq"
	atf_set timeout 300
}

prepare()
{
	e2e_any_python
	cc -D_GNU_SOURCE -O1 -shared -fPIC -o faults.so "$src/faults.c" -ldl \
	    2> cc.err || atf_skip "no C compiler"
}

# begin step at how: the program is started, and $run is memray-run.
begin()
{
	rm -f out cap.bin began met
	# shellcheck disable=SC2086 # an option or nothing
	POOL_BEGAN=began FAULT_STEP=$1 FAULT_AT=$2 FAULT_HOW=$3 LD_PRELOAD=$PWD/faults.so \
	    memray-run $e2e_flags -q -o cap.bin "$py" "$src/pool.py" 120 300 \
	    > out 2> err &
	run=$!
}

# met step: the recorder came to it; else nothing was tried.
met()
{
	[ -e met ] || atf_fail "$1: the recorder did not come to this step"
}

# If the program was begun at all, its output comes.
wait_for_output()
{
	n=0
	until grep -q '^120 blocks$' out; do
		n=$((n + 1))
		[ $n -lt 50 ] || [ -e began ] || return 0
		[ $n -lt 600 ] || atf_fail "the program hangs: $*"
		sleep 0.2
	done
}

# Of those that come before each process, the first one or two are for the
# session itself.
steps="accept:1 accept:2 hello:1 hello:2 memory:3 memory:4 welcome:1 welcome:2
    welcomed:1 drain:1 drain:20"

atf_test_case stopped
stopped_head()
{
	faults_head "stopped for two seconds"
}
stopped_body()
{
	prepare
	for at in $steps; do
		begin "${at%:*}" "${at#*:}" stop
		(sleep 2; kill -CONT $run) 2> /dev/null &
		wait $run || [ $? -eq 125 ] || atf_fail "$at: $(cat err)"
		met "$at"
		wait_for_output "$at"
		atf_check -o save:leaks.json -e ignore -s ignore \
		    memray-summary --json --leaks cap.bin
		kept=$(e2e_row leaks keep own_bytes)
		[ "$kept" -ge 12000000 ] || [ "$(jq .metadata.lost_events \
		    leaks.json)" -gt 0 ] || atf_fail "$at: $kept bytes"
	done
}

atf_test_case killed
killed_head()
{
	faults_head "killed"
}
killed_body()
{
	prepare
	for at in $steps; do
		begin "${at%:*}" "${at#*:}" kill
		wait $run
		atf_check_equal 137 $?
		met "$at"
		wait_for_output "$at"
	done
}

atf_test_case killed_unseen
killed_unseen_head()
{
	faults_head "killed, where the kernel does not tell of it"
}
killed_unseen_body()
{
	prepare
	FAULT_ROBUST=no
	export FAULT_ROBUST
	for at in hello:2 welcome:2 drain:1 drain:5 drain:20; do
		begin "${at%:*}" "${at#*:}" kill
		wait $run
		atf_check_equal 137 $?
		met "$at"
		wait_for_output "$at"
	done
}

atf_test_case slow
slow_head()
{
	faults_head "slow"
}
slow_body()
{
	prepare
	for at in accept:1 hello:1 memory:3 welcome:1 welcomed:1 drain:1; do
		begin "${at%:*}" "${at#*:}" slow
		wait $run || atf_fail "$at: $(cat err)"
		met "$at"
		wait_for_output "$at"
		e2e_reports
		e2e_near "$at: kept" "$(e2e_row leaks keep own_bytes)" 12000000
		atf_check_equal 0 "$(e2e_meta lost_events)"
	done
}

atf_init_test_cases()
{
	atf_add_test_case stopped
	atf_add_test_case killed
	atf_add_test_case killed_unseen
	atf_add_test_case slow
}
