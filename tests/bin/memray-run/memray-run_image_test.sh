# Which process is recorded, and why none was: launchers, entry points,
# probes.

# shellcheck source-path=SCRIPTDIR disable=SC1091
. "$(atf_get_srcdir)/run_subr.sh"

# A program that keeps five megabytes, which nothing else here does.
make_heavy()
{
	echo 'kept = bytearray(5_000_000); print("heavy")' > heavy.py
}

# The capture $1 is that of heavy.py, as the status and the output were.
check_heavy()
{
	atf_check -o inline:"heavy\n" cat out
	atf_check -o match:"^<module> at .*heavy.py	50[0-9]*	" \
	    memray-summary "$1"
}

# Build a program that executes its arguments; the rest are options.
make_launcher()
{
	launcher=$1
	shift
	cat > launcher.c <<-'EOF'
	#include <unistd.h>
	int
	main(int argc, char **argv)
	{
		char *none[] = { NULL };

		(void)argc;
	#ifdef CLEAR
		execve(argv[1], argv + 1, none);
	#endif
		execvp(argv[1], argv + 1);
		return (none[0] == NULL ? 3 : 4);
	}
	EOF
	cc "$@" -o "$launcher" launcher.c 2> cc.err ||
	    atf_skip "no C compiler, or no static C library: $(cat cc.err)"
}

# The interpreter itself, for what looks at files: not a shim.
real_python()
{
	python3 -c 'import os, sys; print(os.path.realpath(sys.executable))'
}

run_case entry "an entry point that changes LD_PRELOAD or the environment"
entry_body()
{
	make_heavy
	python=$(real_python)
	cat > entry.sh <<-EOF
	#!/bin/sh
	export LD_PRELOAD=libutil.so.1
	exec $python "\$@"
	EOF
	chmod +x entry.sh
	atf_check -o save:out memray-run -q -o a.bin ./entry.sh heavy.py
	check_heavy a.bin
	atf_check -o save:out memray-run -q -o b.bin env -i "$python" heavy.py
	check_heavy b.bin
	# The program finds the environment that it was given.
	show='import os; print({k: v for k, v in os.environ.items()
	    if k != "LC_CTYPE"})'
	atf_check -o inline:"{'LD_PRELOAD': 'libutil.so.1'}\n" memray-run -q \
	    -o c.bin env -i LD_PRELOAD=libutil.so.1 "$python" -c "$show"
	atf_check -o inline:"{}\n" memray-run -q -o d.bin env -i "$python" \
	    -c "$show"
}

run_case probe "what only asks the interpreter gives way to the program"
probe_body()
{
	make_heavy
	for first in "-I -B -c 'x = bytearray(9_000_000)'" "-Ic 1" \
	    "-W ignore -c 1" "--version" "-V"; do
		atf_check -o save:out -e save:err memray-run -f -o a.bin \
		    sh -c "python3 $first > /dev/null; python3 heavy.py"
		check_heavy a.bin
	done
	# If nothing follows, it was what was meant.
	atf_check memray-run -q -f -o a.bin \
	    sh -c "python3 -I -c 'x = bytearray(5_000_000)'; true"
	atf_check -o match:"^<module> at <string>	5000" memray-summary a.bin
	# A script that follows another one does not take its place.
	echo 'light = 1' > light.py
	atf_check -o save:out memray-run -q -f -o a.bin \
	    sh -c "python3 heavy.py; python3 light.py"
	check_heavy a.bin
	# A lot of events is no question.
	atf_check memray-run -q -f -o a.bin sh -c "python3 -c '
kept = bytearray(5_000_000)
for i in range(300_000): bytearray(1000)
'; python3 light.py"
	atf_check -o match:"^<module> at <string>	50" memray-summary a.bin
}

# unrecorded status "what is said" [argument ...]
unrecorded()
{
	want=$1 line=$2
	shift 2
	atf_check -s exit:"$want" -o ignore -e save:err \
	    memray-run -o a.bin "$@"
	atf_check -o match:"^memray-run: nothing was recorded: $line\$" cat err
	[ ! -e a.bin ] || atf_fail "there is a capture"
}

run_case reasons "each reason why nothing was recorded has its own line"
reasons_body()
{
	unrecorded 125 ".*/sh ran no CPython that exports its symbols" \
	    sh -c 'echo hi'
	unrecorded 127 ".*/sh ended with 127 before any Python began" \
	    sh -c 'exec ./nosuch 2> /dev/null'
	unrecorded 126 ".*/sh ended with 126 before any Python began" \
	    sh -c 'exit 126'
	unrecorded 125 ".*python3 ran no Python code" python3 --version
}

run_case static "launchers without a dynamic linker"
static_body()
{
	make_heavy
	make_launcher clears -static -DCLEAR
	make_launcher keeps -static
	python=$(real_python)
	unrecorded 125 "./clears is statically linked, so nothing is loaded into it" \
	    ./clears "$python" heavy.py
	unrecorded 125 "./clears is statically linked, so nothing is loaded into it" \
	    sh -c "./clears $python heavy.py"
	atf_check -o save:out memray-run -q -o b.bin ./keeps "$python" \
	    heavy.py
	check_heavy b.bin
}

run_case privileged "programs that get more rights than their caller has" \
    setpriv
privileged_body()
{
	[ "$(id -u)" -eq 0 ] || atf_skip "needs another user"
	make_heavy
	make_launcher launch
	chown 65534 launch
	chmod 4755 launch
	why="has more privileges than its caller, so nothing is loaded into it"
	python=$(real_python)
	unrecorded 125 "./launch $why" ./launch true
	unrecorded 125 "./launch $why" sh -c "./launch true"
	# Not so where the kernel gives it none.
	atf_check -o save:out setpriv --no-new-privs memray-run -q -o b.bin \
	    ./launch "$python" heavy.py
	check_heavy b.bin
}

run_case user "a program that becomes somebody else" "setpriv cc"
user_body()
{
	[ "$(id -u)" -eq 0 ] || atf_skip "needs another user"
	setpriv --reuid 65534 true || atf_skip "cannot become another user"
	why=".*setpriv became user 65534, who cannot reach memray-run"
	unrecorded 125 "$why" setpriv --reuid 65534 true
	# Also if memray-run is late, and looks when it is somebody else, or
	# has ended.
	cat > late.c <<-'EOF'
	#include <fcntl.h>
	#include <string.h>
	#include <sys/syscall.h>
	#include <unistd.h>
	int
	open(const char *path, int flags, ...)
	{
		if (strncmp(path, "/proc/", 6) == 0 &&
		    strspn(path + 6, "0123456789") > 0)
			usleep(200000);
		return ((int)syscall(SYS_openat, AT_FDCWD, path, flags,
		    0600));
	}
	EOF
	atf_check cc -shared -fPIC -o late.so late.c
	make_launcher launch
	chown 65534 launch
	chmod 4755 launch
	LD_PRELOAD="$PWD/late.so"
	export LD_PRELOAD
	unrecorded 125 "$why" setpriv --reuid 65534 true
	unrecorded 125 "$why" setpriv --reuid 65534 sleep 2
	unrecorded 125 "./launch has more privileges than its caller.*" \
	    ./launch true
	unrecorded 125 "./launch has more privileges than its caller.*" \
	    ./launch sleep 2
}

run_case children "children that nobody follows are counted, if they run Python"
children_body()
{
	cat > app.py <<-'EOF'
	import multiprocessing, os, subprocess, sys
	if __name__ == "__main__":
	    if os.fork() == 0:
	        os._exit(0)
	    os.wait()
	    if os.fork() == 0:
	        os.execv("/bin/sh", ["sh", "-c", ":"])
	    os.wait()
	    subprocess.check_call(["sh", "-c", ": nopython"])
	    subprocess.check_call([sys.executable, "-c", "pass"])
	    subprocess.check_call("exec python3 -c pass", shell=True)
	    subprocess.check_call(["./script", "1"])
	    try:
	        subprocess.check_call(["./pythonless"])
	    except FileNotFoundError:
	        pass
	    multiprocessing.set_start_method("spawn")
	    p = multiprocessing.Process(target=print)
	    p.start()
	    p.join()
	EOF
	printf '#!/usr/bin/env python3\n' > script
	chmod +x script
	said="child processes were not recorded: add --follow-fork"
	atf_check -o ignore -e match:"^memray-run: 5 $said\$" \
	    memray-run -o a.bin app.py
	atf_check -o ignore memray-run -q -o b.bin app.py
	atf_check -o ignore -e not-match:"not recorded" \
	    memray-run --follow-fork -o c.bin app.py
	echo 'import os
if os.fork() == 0:
    os._exit(0)
os.wait()' > one.py
	atf_check -e match:"^memray-run: 1 child process was not recorded" \
	    memray-run -o d.bin one.py
	echo 'import subprocess; subprocess.check_call(["true"])' > none.py
	atf_check -e not-match:"not recorded" memray-run -o e.bin none.py
}

run_case ends "how the program ended is said, if it was not well"
ends_body()
{
	echo 'import os, signal, sys
kept = bytearray(50_000_000)
os.kill(os.getpid(), int(sys.argv[1]))' > die.py
	for sig in "9 SIGKILL .out of memory..:" "15 SIGTERM:" \
	    "44 signal 44:"; do
		name=${sig#* }
		atf_check -s signal:"${sig%% *}" -e save:err -x \
		    "exec memray-run -f -o a.bin die.py ${sig%% *}"
		atf_check -e empty grep -q \
		    "was killed by ${name%:} while it held 5[0-9.]*MB" err
		atf_check grep -q "what it held: memray-summary --leaks a.bin" err
	done
	atf_check -s exit:3 -e match:"the program ended with status 3$" \
	    memray-run -f -o a.bin -c 'import sys; sys.exit(3)'
	atf_check -s exit:3 memray-run -q -f -o a.bin -c 'import sys; sys.exit(3)'
	atf_check -e not-match:"the program" memray-run -f -o a.bin -c pass
}

run_case largest "of several processes the one with the largest peak is named"
largest_body()
{
	echo 'import os
if os.fork() == 0:
    kept = bytearray(40_000_000)
    print(os.getpid(), flush=True)
    os._exit(0)
os.wait()' > app.py
	atf_check -o save:out -e save:err memray-run --follow-fork -o a.bin \
	    app.py
	pid=$(cat out)
	atf_check grep -q "^memray-run: the largest peak, 40\.[0-9]*MB, is that of process $pid: a.bin.$pid\$" err
}

run_case musl "a launcher that is linked with another C library"
musl_body()
{
	command -v musl-gcc > /dev/null || atf_skip "no musl-gcc"
	make_heavy
	cat > launcher.c <<-'EOF'
	#include <stdlib.h>
	#include <sys/mman.h>
	#include <unistd.h>
	int
	main(int argc, char **argv)
	{
		void *p = realloc(calloc(3, 1000), 100000);

		free(p);
		p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
		if (argc < 2 || munmap(p, 4096) != 0)
			return (4);
		if (fork() == 0)
			_exit(0);
		execvp(argv[1], argv + 1);
		return (3);
	}
	EOF
	atf_check musl-gcc -o launcher launcher.c
	atf_check -o save:out memray-run -q -o a.bin ./launcher \
	    "$(real_python)" heavy.py
	check_heavy a.bin
	rm a.bin
	unrecorded 125 ".*launcher ran no CPython that exports its symbols" \
	    ./launcher true
}

run_case sanitizer "the run-time library of a sanitizer stays the first"
sanitizer_body()
{
	echo 'int poke(int n) { int a[4] = { n }; return (a[n & 3]); }' > ext.c
	cc -fsanitize=address -shared -fPIC -o ext.so ext.c 2> cc.err ||
	    atf_skip "no sanitizer: $(cat cc.err)"
	asan=$(cc -print-file-name=libasan.so)
	cat > app.py <<-'EOF'
	import ctypes, os
	kept = bytearray(5_000_000)
	print(ctypes.CDLL("./ext.so").poke(4), os.environ["LD_PRELOAD"])
	EOF
	python=$(real_python)
	ASAN_OPTIONS=detect_leaks=0
	export ASAN_OPTIONS
	atf_check -o save:plain env LD_PRELOAD="$asan" "$python" app.py
	atf_check -o file:plain -e match:"a malloc of its own" \
	    env LD_PRELOAD="$asan" memray-run -q -o a.bin "$python" app.py
	atf_check -o match:"^<module> at .*app.py	50[0-9]*	" \
	    memray-summary a.bin
	# An entry point that asks for it, too.
	printf '#!/bin/sh\nLD_PRELOAD=%s exec %s app.py\n' "$asan" "$python" \
	    > entry.sh
	chmod +x entry.sh
	atf_check -o file:plain -e match:"a malloc of its own" \
	    memray-run -q -o b.bin ./entry.sh
}

atf_init_test_cases()
{
	atf_add_test_case children
	atf_add_test_case ends
	atf_add_test_case largest
	atf_add_test_case musl
	atf_add_test_case sanitizer
	atf_add_test_case entry
	atf_add_test_case probe
	atf_add_test_case reasons
	atf_add_test_case static
	atf_add_test_case privileged
	atf_add_test_case user
}
