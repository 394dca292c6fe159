# Servers that fork their workers, and what does not go well.

# shellcheck source-path=SCRIPTDIR disable=SC1091
. "$(atf_get_srcdir)/follow_subr.sh"

follow_case()
{
	atf_test_case "$1"
	eval "$1_descr=\$2"
	eval "$1_head()
	{
		atf_set descr \"\$$1_descr\"
		atf_set require.progs memray-run memray-summary jq python3 $3
		atf_set timeout 300
	}"
}

begin()
{
	py=$(command -v python3) src=$(atf_get_srcdir)
	export PYTHONPATH="$src"
}

follow_case gunicorn "two workers, requests, SIGTERM"
gunicorn_body()
{
	begin
	"$py" -m venv env || atf_skip "no virtual environment"
	env/bin/python -m pip install -q gunicorn > pip.out 2>&1 ||
	    atf_skip "gunicorn cannot be installed"
	memray-run --follow-fork -o cap.bin env/bin/gunicorn -w 2 \
	    -b unix:sock webapp:app > out 2>&1 &
	run=$!
	follow_wait sock
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		atf_check -o inline:"spent\n" "$py" -c '
import http.client, socket
c = http.client.HTTPConnection("localhost")
c.sock = socket.socket(socket.AF_UNIX)
c.sock.connect("sock")
c.request("GET", "/")
print(c.getresponse().read().decode(), end="")'
	done
	kill $run
	wait $run
	status=$?
	mv out err
	cat err >&2
	atf_check_equal 0 $status
	# The one that does not work is the arbiter.
	follow_check "$(cut -d ' ' -f 1 tally.log | sort -u | wc -l)"
	follow_said 3
	! grep -q "not recorded" err || atf_fail "something was not recorded"
}

follow_case stream "a stream holds one capture only"
stream_body()
{
	mkfifo fifo
	for out in - fifo /dev/null /dev/fd/3; do
		atf_check -s exit:125 -o empty -e match:"a file for each process" \
		    memray-run --follow-fork -o $out -c 'pass' 3> x
	done
}

follow_case without "without the option, children are left alone"
without_body()
{
	begin
	atf_check -o ignore -e not-match:"more capture" \
	    memray-run -o cap.bin "$src/forks.py"
	atf_check_equal cap.bin "$(echo cap.bin*)"
	atf_check -e match:"then executed .*python.*--follow-fork" \
	    memray-run -f -o cap.bin "$src/execs.py"
	atf_check_equal cap.bin "$(echo cap.bin*)"
	# Not even the agent is there.
	atf_check -o inline:"None None\n" memray-run -q -f -o cap.bin -c '
import subprocess, sys
subprocess.run([sys.executable, "-c", "import os; "
    "print(os.environ.get(\"LD_PRELOAD\"), os.environ.get(\"MEMTRACE_SOCKET\"))"])'
}

follow_case files "captures of children: overwritten, private, no links"
files_body()
{
	begin
	cat > app.py <<-'END'
	import os
	r, w = os.pipe()
	pid = os.fork()
	if pid == 0:
	    os.read(r, 1)
	    x = bytearray(3000000)
	    os._exit(0)
	name = "cap.bin.%d" % pid
	os.symlink("target", name)
	os.write(w, b"x")
	os.wait()
	print(name)
	END
	echo precious > target
	atf_check -o save:out -e ignore memray-run --follow-fork -o cap.bin app.py
	atf_check_equal precious "$(cat target)"
	[ ! -L "$(cat out)" ] || atf_fail "the link is still there"
	atf_check_equal 600 "$(stat -c %a "$(cat out)")"
	atf_check_equal 600 "$(stat -c %a cap.bin)"
	atf_check -o not-empty memray-summary "$(cat out)"
}

follow_case nothing "no capture of a Python that runs no code"
nothing_body()
{
	begin
	echo 'import subprocess, sys
subprocess.run([sys.executable, "--version"])
subprocess.run(["true"])' > app.py
	atf_check -o match:Python memray-run -q --follow-fork -o cap.bin app.py
	atf_check_equal cap.bin "$(echo cap.bin*)"
}

follow_case untraceable "a Python that is out of reach is named"
untraceable_body()
{
	begin
	cat > static.c <<-'END'
	int main(void) { return (0); }
	END
	cc -static -o python-static static.c 2> /dev/null ||
	    atf_skip "cannot link statically"
	echo 'import subprocess
subprocess.run(["./python-static"], check=True)' > app.py
	atf_check -s exit:125 \
	    -e match:"not recorded: process [0-9]+, ./python-static: " \
	    -e match:"wrote cap.bin" \
	    memray-run --follow-fork -o cap.bin app.py
}

atf_test_case another_user
another_user_head()
{
	atf_set descr "children of another user are out of reach: counted"
	atf_set require.progs memray-run memray-summary python3
	atf_set require.user root
}
another_user_body()
{
	begin
	echo 'import os
os.setuid(65534)
for i in range(3):
    if os.fork() == 0:
        if os.fork() == 0:
            os._exit(0)
        os._exit(os.wait()[1])
    assert os.wait()[1] == 0' > app.py
	atf_check -s exit:125 \
	    -e match:"not recorded: 3 processes that could not reach" \
	    memray-run --follow-fork --no-compress -o cap.bin app.py
	atf_check -o ignore memray-summary cap.bin
	grep -a -q untraced_processes cap.bin ||
	    atf_fail "the capture does not tell"
}

follow_case descriptors "too few descriptors: who is not recorded is named"
descriptors_body()
{
	begin
	export TALLY_LOG="$PWD/tally.log"
	atf_check -s exit:125 -e save:err -x "ulimit -n 256
	    exec memray-run --follow-fork -o cap.bin '$src/storm.py'"
	grep "not recorded: process .*: Too many open files" err > named ||
	    atf_fail "$(cat err)"
	grep "not recorded: [0-9]* more" err || atf_fail "$(cat err)"
	# Those that are recorded are so completely.
	for capture in cap.bin cap.bin.*; do
		pid=$(memray-summary --json "$capture" | jq .metadata.pid)
		grep "^$pid " tally.log >> recorded.log
	done
	[ "$(cut -d ' ' -f 1 recorded.log | sort -u | wc -l)" -ge 30 ] ||
	    atf_fail "too few are recorded"
	mv recorded.log tally.log
	atf_check -o match:" processes, " -e ignore \
	    "$py" "$src/follow_check.py" tally.log cap.bin cap.bin.*
}

follow_case interrupted "SIGTERM ends the wait for a daemon"
interrupted_body()
{
	begin
	memray-run --follow-fork -o cap.bin "$src/daemon.py" > out 2> err &
	run=$!
	until grep -s -q "still recording 2 processes" err; do
		sleep 0.05
	done
	kill $run
	wait $run
	atf_check_equal 5 $?
	cat err >&2
	[ ! -e ended ] || atf_fail "the daemon has ended"
	follow_check 3
	touch stop
	follow_wait ended
}

atf_init_test_cases()
{
	for case in gunicorn stream without files nothing untraceable \
	    another_user descriptors interrupted; do
		atf_add_test_case $case
	done
}
