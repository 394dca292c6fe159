# Where the capture goes.
# shellcheck disable=SC2086,SC2154	# $owner is a command and its arguments

# shellcheck source-path=SCRIPTDIR disable=SC1091
. "$(atf_get_srcdir)/run_subr.sh"

run_case beside "a script: beside it, with the pid of the program"
beside_body()
{
	mkdir -p "pk dir"
	make_app "pk dir/my app.py"
	atf_check -o save:out memray-run -q "pk dir/my app.py"
	check_capture "pk dir/memray-my app.py.$(cat out).bin"
	atf_check -o inline:"600\n" stat -c %a pk\ dir/*.bin
}

run_case module "-m: in the current directory, after the module"
module_body()
{
	mkdir pk
	: > pk/__init__.py
	make_app pk/sub.py
	atf_check -o save:out memray-run -q -m pk.sub
	check_capture "memray-pk.sub.$(cat out).bin"
}

run_case string "-c and -: in the current directory"
string_body()
{
	make_app app.py
	atf_check -o save:out memray-run -q -c "$(cat app.py)"
	check_capture "memray-string.$(cat out).bin"
	atf_check -o save:out -x "memray-run -q - < app.py"
	check_capture "memray-stdin.$(cat out).bin"
}

run_case program "a program: in the current directory, after its name"
program_body()
{
	make_app app.py
	atf_check -o save:out memray-run -q python3 app.py
	check_capture "memray-python3.$(cat out).bin"
	py=$(python3 -c 'import sys; print(sys.executable)')
	atf_check -o save:out memray-run -q "$py" app.py
	check_capture "memray-$(basename "$py").$(cat out).bin"
}

run_case read_only "a script in a read-only directory: in the current one"
read_only_body()
{
	need_modes
	mkdir ro
	make_app ro/app.py
	chmod 555 ro
	atf_check -o save:out $owner memray-run -q ro/app.py
	check_capture "memray-app.py.$(cat out).bin"
	atf_check -s exit:125 \
	    -e match:"could not create output file ro/x.bin: Permission" \
	    $owner memray-run -o ro/x.bin ro/app.py
}

run_case exists "an existing file is refused before the program starts"
exists_body()
{
	make_app app.py
	echo keep > a.bin
	cp a.bin expected
	atf_check -s exit:125 -e inline:"memray-run: output file a.bin already exists; use --force to overwrite it\n" \
	    memray-run -o a.bin app.py
	atf_check -o file:expected cat a.bin
}

run_case force "-f replaces a file"
force_body()
{
	make_app app.py
	echo old > a.bin
	chmod 644 a.bin
	atf_check -o not-empty memray-run -qf -o a.bin app.py
	check_capture a.bin
	atf_check -o inline:"600\n" stat -c %a a.bin
	# Nothing is lost to a program that cannot run.
	echo old > b.bin
	atf_check -s exit:127 -e not-empty memray-run -f -o b.bin nope.py
	atf_check -o inline:"old\n" cat b.bin
}

run_case force_in_place "-f where the directory is read-only"
force_in_place_body()
{
	need_modes
	make_app app.py
	mkdir ro
	echo old > ro/a.bin
	chmod 555 ro
	atf_check -o not-empty $owner memray-run -qf -o ro/a.bin app.py
	check_capture ro/a.bin
}

run_case bad_output "outputs that cannot be"
bad_output_body()
{
	make_app app.py
	mkdir dir
	atf_check -s exit:125 -e match:"dir is a directory" \
	    memray-run -f -o dir app.py
	atf_check -s exit:125 \
	    -e inline:"memray-run: could not create output file no/x.bin: No such file or directory\n" \
	    memray-run -o no/x.bin app.py
	atf_check -s exit:125 -e match:"could not create" \
	    memray-run -o "" app.py
	atf_check -s exit:125 -e match:"/dev/fd/9: Bad file" \
	    memray-run -o /dev/fd/9 app.py
	atf_check -s exit:125 -e match:"cannot take" -x \
	    "memray-run -o /dev/fd/9 app.py 9< app.py"
}

run_case own_link "our own symbolic link is followed"
own_link_body()
{
	make_app app.py
	echo old > real.bin
	ln -s real.bin link.bin
	atf_check -s exit:125 -e match:"link.bin already exists" \
	    memray-run -o link.bin app.py
	atf_check -o not-empty memray-run -qf -o link.bin app.py
	[ -L link.bin ] || atf_fail "link replaced"
	check_capture real.bin
}

run_case dangling "a link to nowhere is never followed"
dangling_body()
{
	make_app app.py
	ln -s nowhere link.bin
	atf_check -s exit:125 -e match:"already exists" \
	    memray-run -o link.bin app.py
	atf_check -o not-empty memray-run -qf -o link.bin app.py
	[ ! -e nowhere ] || atf_fail "created where the link leads"
	check_capture link.bin
}

run_case symlink_attack "a symbolic link that somebody else planted is refused"
symlink_attack_body()
{
	[ "$(id -u)" -eq 0 ] || atf_skip "only root can make such a link"
	make_app app.py
	echo precious > victim
	ln -s "$PWD/victim" link.bin
	chown -h 65534 link.bin
	atf_check -s exit:125 -e match:"put there by somebody else" \
	    memray-run -f -o link.bin app.py
	atf_check -o inline:"precious\n" cat victim
}

run_case dash "-o -: the capture on standard output, nothing else"
dash_body()
{
	make_app app.py
	atf_check -o save:a.bin -e match:"^[0-9]+ x$" \
	    -e match:"wrote standard output" memray-run -o - app.py x
	check_capture a.bin
	atf_check -o not-empty -e ignore -x \
	    "memray-run -q -o - app.py | memray-summary -"
}

run_case descriptor "-o /dev/fd/3: standard output stays the program's"
descriptor_body()
{
	make_app app.py
	atf_check -o save:sum -x "memray-run -q -o /dev/fd/3 app.py x 3>&1 \
	    > out | memray-summary -"
	[ -s sum ] || atf_fail "no summary"
	atf_check -o match:"^[0-9]+ x$" cat out
}

run_case broken_pipe "the program goes on when nobody reads the capture"
broken_pipe_body()
{
	cat > app.py <<-'EOF'
	import os, time
	while not os.path.exists("gone"):
	    time.sleep(0.05)
	open("finished", "w").close()
	EOF
	atf_check -e match:"^memray-run: standard output: cannot write: Broken pipe; " -x \
	    "{ memray-run -q -o - app.py; echo \$? > status; } | {
	    head -c 8 > /dev/null; exec < /dev/null; : > gone; }"
	[ -e finished ] || atf_fail "the program did not finish"
	atf_check -o inline:"125\n" cat status
}

run_case interrupted "Control-C in a pipe ends the program, not the report"
interrupted_body()
{
	cat > app.py <<-'EOF'
	import time
	kept = [bytearray(3000000)]
	open("started", "w").close()
	time.sleep(60)
	EOF
	cat > job.py <<-'EOF'
	"""The pipe as a job of its own, interrupted when the program runs."""
	import os, signal, subprocess, time
	def default():
	    signal.signal(signal.SIGINT, signal.SIG_DFL)
	job = subprocess.Popen(
	    ["sh", "-c", "trap : INT; memray-run -o - app.py | memray-summary -"],
	    start_new_session=True, preexec_fn=default)
	while not os.path.exists("started"):
	    time.sleep(0.02)
	os.killpg(job.pid, signal.SIGINT)
	print(job.wait())
	EOF
	atf_check -o match:"^<module> at .*/app.py	3......	" \
	    -o match:"^0$" -e match:KeyboardInterrupt \
	    -e not-match:"events were lost" -e not-match:"Broken pipe" \
	    python3 job.py
}

run_case terminal "a capture never goes to a terminal" script
terminal_body()
{
	make_app app.py
	script -qec "memray-run -o - app.py" /dev/null < /dev/null > out 2>&1
	atf_check -o match:"is a terminal" cat out
}

run_case fifo "a FIFO streams the capture"
fifo_body()
{
	make_app app.py
	mkfifo pipe
	cat pipe > a.bin &
	atf_check -o not-empty memray-run -q -o pipe app.py
	wait
	check_capture a.bin
	[ -p pipe ] || atf_fail "the FIFO was replaced"
}

run_case devices "devices: /dev/null takes everything"
devices_body()
{
	make_app app.py
	atf_check -o not-empty memray-run -q -o /dev/null app.py
	[ -c /dev/null ] || atf_fail "gone"
}

atf_init_test_cases()
{
	atf_add_test_case beside
	atf_add_test_case module
	atf_add_test_case string
	atf_add_test_case program
	atf_add_test_case read_only
	atf_add_test_case exists
	atf_add_test_case force
	atf_add_test_case force_in_place
	atf_add_test_case bad_output
	atf_add_test_case own_link
	atf_add_test_case dangling
	atf_add_test_case symlink_attack
	atf_add_test_case dash
	atf_add_test_case descriptor
	atf_add_test_case broken_pipe
	atf_add_test_case interrupted
	atf_add_test_case terminal
	atf_add_test_case fifo
	atf_add_test_case devices
}
