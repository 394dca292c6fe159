# The whole process tree: what children allocate is in their captures.

# shellcheck source-path=SCRIPTDIR disable=SC1091
. "$(atf_get_srcdir)/follow_subr.sh"

pools_each()
{
	follow_run 7 "$src/pools.py"
	atf_check_equal "fork True forkserver True spawn True executor True" \
	    "$(tr '\n' ' ' < out | sed 's/ $//')"
	n=$(cut -d ' ' -f 1 tally.log | sort -u | wc -l)
	follow_check "$n"
	! grep -q resource_tracker cap.bin.* ||
	    atf_fail "a helper process was recorded"
}

execs_each()
{
	follow_run 0 "$src/execs.py"
	follow_check 12
	follow_said 12
	[ "$(echo cap.bin.*.2)" != "cap.bin.*.2" ] ||
	    atf_fail "no capture of the image behind exec: $(ls)"
}

forks_each()
{
	follow_run 0 "$src/forks.py"
	follow_check 9
	follow_said 9
	while read -r pid status; do
		atf_check_equal "$status" \
		    "$(follow_meta "cap.bin.$pid" exit_status | sed s/null/"$status"/)"
	done < out
	# The summary tells the processes apart.
	atf_check -o save:rows memray-summary --by-process cap.bin cap.bin.*
	for f in cap.bin cap.bin.*; do
		follow_meta "$f" pid
	done | sort > pids
	atf_check -o file:pids -x "cut -f 7 rows | sort -u"
}

storm_each()
{
	follow_run 0 "$src/storm.py"
	follow_check 201
	follow_said 201
}

daemon_each()
{
	export PYTHONPATH="$src"
	follow_mode
	# shellcheck disable=SC2086 # one or two options
	memray-run $mode -o cap.bin --python "$py" \
	    "$src/daemon.py" > out 2> err &
	follow_wait out
	until grep -q left out && [ "$(wc -l < tally.log)" -ge 3 ]; do
		sleep 0.05
	done
	touch stop
	wait $!
	atf_check_equal 5 $?
	[ -e ended ] || atf_fail "memray-run did not wait for the daemon"
	follow_check 3
	cat err >&2
	follow_said 4
}

# The program ends before what it started has come to say hello.
orphans_each()
{
	cat > app.py <<-'END'
	import os, subprocess, sys, tally
	tally.spend(400)
	child = subprocess.Popen([sys.executable, tally.__file__])
	if os.fork() == 0:
	    tally.spend(400)
	os._exit(0)
	END
	follow_run 0 app.py
	follow_check 3
	follow_said 3
}

# Another version, in a virtual environment.
venv_each()
{
	other=$(e2e_pythons | awk -F '\t' -v py="$py" \
	    '$1 !~ /t(_|$)/ && $2 != py { print $2; exit }')
	[ -n "$other" ] || atf_skip "there is but one interpreter"
	"$other" -m venv --without-pip env || atf_skip "no virtual environment"
	follow_run 0 "$src/execs.py" "$PWD/env/bin/python"
	follow_check 13
}

atf_init_test_cases()
{
	e2e_add pools execs forks storm daemon orphans venv
}
