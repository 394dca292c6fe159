# Signals: the program gets those that are meant for it, and no others.

# shellcheck source-path=SCRIPTDIR disable=SC1091
. "$(atf_get_srcdir)/run_subr.sh"

# Define the test case $1, described by $2: the scenario $1 of signals.py.
scenario()
{
	run_case "$1" "$2"
	eval "$1_body()
	{
		atf_check python3 \"\$(atf_get_srcdir)/signals.py\" $1
	}"
}

scenario same_death "memray-run dies of the signal that the program died of"
scenario forwarded "signals sent to memray-run reach the program"
scenario forwarded_default "a program without a handler dies of them"
scenario interrupt "an interrupt of the group ends the program as always"
scenario interrupt_once "an interrupt of the group reaches the program once"
scenario own_group "what the program sends its group reaches it once"
scenario stop "a stop of the job stops memray-run, too"
scenario continued "who continues memray-run continues the program"
scenario stopped_alone "a program that is stopped alone is still served"
scenario inherited "mask and dispositions are as without memray-run"

run_case no_core "memray-run itself leaves no core"
no_core_body()
{
	atf_check -s signal:segv -x "ulimit -c unlimited; exec memray-run -q \
	    -o a.bin -c 'import os, resource, signal
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
os.kill(os.getpid(), signal.SIGSEGV)'"
	check_files a.bin
}

run_case first_process "the first process of a container" unshare
first_process_body()
{
	unshare --fork --pid --mount-proc true 2> /dev/null ||
	    atf_skip "may not make a process namespace"
	atf_check python3 "$(atf_get_srcdir)/signals.py" first_process
}

atf_init_test_cases()
{
	atf_add_test_case same_death
	atf_add_test_case forwarded
	atf_add_test_case forwarded_default
	atf_add_test_case interrupt
	atf_add_test_case interrupt_once
	atf_add_test_case own_group
	atf_add_test_case stop
	atf_add_test_case continued
	atf_add_test_case stopped_alone
	atf_add_test_case inherited
	atf_add_test_case no_core
	atf_add_test_case first_process
}
