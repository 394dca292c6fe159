# Names of native frames at the end of a run.

. "$(atf_get_srcdir)/run_subr.sh"

# A library whose function keeps memory, and a program that calls it.
setup()
{
	cat > keep.c <<-'EOF'
	#include <stdlib.h>
	void *volatile kept;
	static inline __attribute__((always_inline)) void
	inlined_keep(size_t n)
	{
		kept = malloc(n);		/* line 6 */
	}
	void keep(size_t n);
	void
	keep(size_t n)
	{
		inlined_keep(n);		/* line 12 */
		kept = (char *)kept + 1;
	}
	EOF
	cc -g -O2 -fPIC -shared -Wl,--build-id -o libkeep.so keep.c ||
	    atf_fail "cannot compile"
	cat > app.py <<-EOF
	import ctypes, os
	lib = ctypes.CDLL("$PWD/libkeep.so")
	lib.keep(ctypes.c_size_t(4711000))
	EOF
}

atf_test_case names
names_head()
{
	atf_set descr "a capture with native frames has their names"
	atf_set require.progs "cc python3"
}
names_body()
{
	setup
	atf_check -e match:"wrote app.bin" \
	    memray-run --native -o app.bin app.py
	rm libkeep.so keep.c
	atf_check -o match:"^inlined_keep at $PWD/keep.c	4711000	.*	4711000	" \
	    -o match:"^keep at $PWD/keep.c	4711000	.*	0	" \
	    memray-summary app.bin
	memray-transform -o - folded app.bin > folded
	atf_check -o match:";keep \($PWD/keep.c:12\);inlined_keep \($PWD/keep.c:6\) 4711000" \
	    cat folded
	atf_check -o not-match:keep.c -o match:"^<module> at $PWD/app.py	4" \
	    memray-summary --no-native app.bin
	# The size that was named is that of the file.
	memray-run --native -f -o app.bin app.py 2>err
	size=$(wc -c < app.bin)
	atf_check -o match:"\($((size / 1000)).$(printf %03d $((size % 1000)))kB\)" \
	    cat err
}

atf_test_case later
later_head()
{
	atf_set descr "--no-symbols says how to get names later"
	atf_set require.progs "cc python3"
}
later_body()
{
	setup
	atf_check -e match:"to name its native frames: memray-symbolize app.bin" \
	    memray-run --native --no-symbols -o app.bin app.py
	atf_check -o not-match:"keep\.c" -o match:"^0x[0-9a-f]+ at $PWD/libkeep.so	4711000" \
	    memray-summary app.bin
	atf_check memray-symbolize app.bin
	atf_check -o match:"^keep at $PWD/keep.c	4711000	" \
	    memray-summary app.bin
	atf_check -s exit:125 -e match:"for --native only" \
	    memray-run --no-symbols app.py
}

atf_test_case modes
modes_head()
{
	atf_set descr "tables only, uncompressed, a name like an option"
	atf_set require.progs "cc python3"
}
modes_body()
{
	setup
	for o in --aggregate --no-compress --trace-python-allocators; do
		atf_check -e ignore memray-run --native $o -f -o -odd.bin \
		    app.py
		atf_check -o match:"^inlined_keep at $PWD/keep.c	4711000	" \
		    memray-summary ./-odd.bin
	done
}

atf_test_case stream
stream_head()
{
	atf_set descr "a capture in a pipe, a FIFO or standard output has them"
	atf_set require.progs "cc python3"
}
stream_body()
{
	setup
	memray-run --native -o - app.py 2>err > out.bin || atf_fail "out.bin"
	memray-run --native -o - app.py 2>err | cat > piped.bin
	mkfifo fifo
	cat fifo > fifo.bin &
	memray-run --native -o fifo app.py 2>err || atf_fail "fifo"
	wait
	for f in out piped fifo; do
		atf_check -o match:"^keep at $PWD/keep.c	4711000	" \
		    memray-summary $f.bin
	done
	atf_check -s exit:125 -e match:"No space left" -x \
	    "memray-run --native -o - app.py > /dev/full"
}

atf_test_case children
children_head()
{
	atf_set descr "captures of all processes get names"
	atf_set require.progs "cc python3"
}
children_body()
{
	setup
	cat >> app.py <<-'EOF'
	for i in range(3):
	    if os.fork() == 0:
	        lib.keep(ctypes.c_size_t(1000000))
	        os._exit(0)
	    os.wait()
	EOF
	atf_check -e match:"recorded 4 processes" \
	    memray-run --native --follow-fork -o app.bin app.py
	for f in app.bin app.bin.*; do
		echo "$f"
		memray-summary "$f" | grep "^keep at $PWD/keep.c" ||
		    atf_fail "$f"
	done
}

atf_test_case without
without_head()
{
	atf_set descr "a run whose names cannot be had is a good run"
	atf_set require.progs "cc python3"
}
without_body()
{
	setup
	# An installation of memray-run and the agent alone.
	prefix=$(dirname "$(command -v memray-run)")
	mkdir -p there/bin there/lib/memtrace
	cp "$prefix/memray-run" there/bin
	cp "$prefix"/../lib/libmemtrace.so* there/lib
	cp "$prefix"/../lib/memtrace/*.so there/lib/memtrace
	atf_check -o inline:'hello\n' \
	    -e match:"no symbols of native frames: .*memray-symbolize: No such file" \
	    -e match:"to name its native frames: memray-symbolize app.bin" \
	    there/bin/memray-run --native -o app.bin -c 'print("hello")'
	atf_check -o match:"." memray-summary app.bin
	# Nor does it matter how finding them ends.
	printf '#!/bin/sh\nkill -INT $$\n' > there/bin/memray-symbolize
	chmod 755 there/bin/memray-symbolize
	atf_check -o inline:'hello\n' \
	    -e match:"no symbols of native frames: memray-symbolize: Interrupt" \
	    there/bin/memray-run --native -f -o app.bin -c 'print("hello")'
	atf_check -o match:"." memray-summary app.bin
	atf_check -s exit:3 -e ignore \
	    memray-run --native -o three.bin -c 'import sys; sys.exit(3)'
	# The program removes what it has loaded.
	echo 'os.unlink("libkeep.so")' >> app.py
	atf_check -e match:"no symbols of $PWD/libkeep.so: there is no such file" \
	    memray-run --native -f -o app.bin app.py
	setup
	echo 'os.unlink("libkeep.so")' >> app.py
	atf_check memray-run -q --native -f -o app.bin app.py
}

atf_init_test_cases()
{
	atf_add_test_case names
	atf_add_test_case later
	atf_add_test_case modes
	atf_add_test_case stream
	atf_add_test_case children
	atf_add_test_case without
}
