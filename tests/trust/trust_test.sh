# Who may do what to whom: memtrace(7), SECURITY CONSIDERATIONS, whose source
# names the test of each sentence.  Those of other users need the superuser,
# who becomes one of them.
# shellcheck disable=SC2154	# $py and $src are set by e2e_any_python

# shellcheck source-path=SCRIPTDIR source=../e2e/e2e_subr.sh disable=SC1091
. "$(atf_get_srcdir)/e2e_subr.sh"

nobody=65534

# trust_case name description [user]: a test case, of the superuser perhaps.
trust_case()
{
	atf_test_case "$1"
	eval "$1_head() {
		atf_set descr \"$2\"
		atf_set require.progs \"memray-run memray-summary jq\"
		[ -z \"$3\" ] || atf_set require.user \"$3\"
		atf_set timeout 120
	}"
}

record()
{
	e2e_any_python
	# shellcheck disable=SC2086 # an option or nothing
	atf_check -o ignore memray-run -q $e2e_flags "$@"
}

mode()
{
	stat -c %a "$1"
}

# ---- Other users ----------------------------------------------------------

trust_case private "captures and all that is made of them are their owner's"
private_body()
{
	umask 0
	e2e_any_python
	record -o c.bin "$py" "$src/spend.py"
	for format in aggregate csv folded gprof2dot memray pprof speedscope
	do
		atf_check memray-transform -o "$format" "$format" c.bin
	done
	atf_check memray-stats -o stats c.bin
	atf_check -e ignore memray-symbolize -o symbolized c.bin
	for file in c.bin aggregate csv folded gprof2dot memray pprof \
	    speedscope stats symbolized; do
		[ "$(mode "$file")" = 600 ] ||
		    atf_fail "$file: $(mode "$file")"
	done
}

trust_case planted "no program writes through somebody else's link or FIFO" root
planted_body()
{
	e2e_any_python
	record -o c.bin "$py" "$src/spend.py"
	echo precious > victim
	ln -s "$PWD/victim" link
	mkfifo fifo
	chmod 666 fifo
	chown -h $nobody link fifo
	for to in link fifo; do
		atf_check -s exit:1 -e match:"somebody else" \
		    memray-transform -f -o $to csv c.bin
		atf_check -s exit:1 -e match:"somebody else" \
		    memray-transform -f -o $to aggregate c.bin
		atf_check -s exit:1 -e match:"somebody else" \
		    memray-stats -f -o $to c.bin
		atf_check -s exit:1 -e match:"somebody else" \
		    memray-symbolize -f -o $to c.bin
		atf_check -s exit:125 -e match:"somebody else" \
		    memray-run -f -o $to "$py" "$src/spend.py"
	done
	atf_check -o inline:"precious\n" cat victim
	atf_check -s exit:1 -e match:"somebody else's symbolic link" \
	    memray-symbolize link
}

trust_case runtime "another user's XDG_RUNTIME_DIR and TMPDIR are not used" root
runtime_body()
{
	mkdir -m 700 theirs
	chown $nobody theirs
	touch -d @1000000 theirs
	e2e_any_python
	(
		export XDG_RUNTIME_DIR="$PWD/theirs" TMPDIR="$PWD/theirs"
		memray-run -q --native -o c.bin "$py" "$src/spend.py" &&
		    memray-summary - < c.bin && cat c.bin | memray-summary -
	) > out || atf_fail "with another user's directories"
	# Nothing was made there, not even for a while.
	atf_check -o inline:"1000000\n" stat -c %Y theirs
}

# impostor user: what a Python says to a collector that is this user's.
impostor()
{
	e2e_any_python
	lib=$(dirname "$(command -v memray-run)")/../lib/memtrace/agent.so
	mkdir -m 777 place
	chmod 777 place .
	atf_check -o save:out "$src/impostor" "$1" "$PWD/place/s" env \
	    LD_PRELOAD="$(realpath "$lib")" MEMTRACE_SOCKET="$PWD/place/s" \
	    "$py" "$src/spend.py"
	atf_check -o ignore grep -x "ended well" out
}

trust_case impostor "a program tells nothing to another user's socket" root
impostor_body()
{
	impostor $nobody
	atf_check -o ignore grep -x "heard 0 bytes" out
}

trust_case unsealed "nor takes memory that can be taken away again"
unsealed_body()
{
	impostor "$(id -u)"
	atf_check -o ignore -x "grep -vx 'heard 0 bytes' out | grep heard"
}

trust_case replaced "memray-run names no frames in a file that took its place"
replaced_body()
{
	e2e_any_python
	cat > swap.py <<-'EOF'
	import os
	x = bytearray(1000000)
	os.rename("c.bin", "moved.bin")
	with open("c.bin", "w") as f:
	    f.write("not a capture\n")
	EOF
	atf_check -e match:"c.bin: another file by now" \
	    memray-run -q --native -o c.bin "$py" swap.py
	atf_check -o inline:"not a capture\n" cat c.bin
	atf_check -o not-empty memray-summary moved.bin
}

# ---- The traced program ---------------------------------------------------

trust_case sealed "shared memory stays as long as it is, and as it is read"
sealed_body()
{
	for what in arena session bell; do
		rm -f c.bin*
		e2e_any_python
		atf_check -o save:out -e ignore memray-run -o c.bin \
		    --follow-fork "$py" "$src/spend.py" "$src/hostile" $what
		atf_check -o inline:"sealed\nended well\n" cat out
		memray-summary --json c.bin > json || atf_fail "no capture"
		[ "$(jq .metadata.total_allocations json)" -gt 3000 ] ||
		    atf_fail "$what: $(cat json)"
	done
}

trust_case shorter "where it can, the collector and the other captures survive"
shorter_head()
{
	atf_set descr "where it can, the collector and the others survive"
	atf_set require.progs "memray-run memray-summary cc"
	atf_set timeout 120
}
shorter_body()
{
	e2e_any_python
	cat > nomemfd.c <<-'EOF'
	#include <errno.h>
	int memfd_create(const char *, unsigned);
	int
	memfd_create(const char *name, unsigned flags)
	{
		(void)name;
		(void)flags;
		errno = ENOSYS;
		return (-1);
	}
	EOF
	cc -shared -fPIC -o nomemfd.so nomemfd.c || atf_fail "no compiler"
	# Also memray-run itself is without.
	atf_check -o save:out -e save:err env LD_PRELOAD="$PWD/nomemfd.so" \
	    memray-run -o c.bin --follow-fork "$py" "$src/spend.py" \
	    "$src/hostile" arena
	atf_check -o inline:"shorter\nended well\n" cat out
	atf_check -o ignore grep "cut the shared memory short" err
	memray-summary --json c.bin > json || atf_fail "no capture"
	[ "$(jq .metadata.total_allocations json)" -gt 3000 ] ||
	    atf_fail "$(cat json)"
}

trust_case environment "the program's children learn nothing from us"
environment_body()
{
	e2e_any_python
	cat > env.py <<-'EOF'
	import os, subprocess
	x = bytearray(1000)
	print(*sorted(k for k in os.environ if "MEMTRACE" in k or k == "LD_PRELOAD"))
	print(subprocess.run(["env"], capture_output=True, text=True).stdout
	    .count("MEMTRACE"))
	EOF
	mkdir -m 700 run
	export XDG_RUNTIME_DIR="$PWD/run"
	atf_check -o inline:"\n0\n" memray-run -q -o c.bin "$py" env.py
	# With --follow-fork they get the name of a socket, which is no secret:
	# its directory is the user's.
	cat > env.py <<-'EOF'
	import os
	path = os.environ["MEMTRACE_SOCKET"].lstrip("+")
	print(oct(os.stat(os.path.dirname(path)).st_mode & 0o777))
	EOF
	atf_check -o inline:"0o700\n" memray-run -q -o d.bin --follow-fork \
	    "$py" env.py
}

# ---- The author of a capture ----------------------------------------------

# c.bin, with a native frame of this file.
mk_native()
{
	"$(atf_get_srcdir)/../bin/memray-symbolize/mk_native" c.bin "$1" \
	    0123456789012345678901234567890123456789 10 || atf_fail "mk_native"
}

trust_case named "nothing but plain files is opened that a capture names"
named_body()
{
	mkfifo fifo
	mk_native "$PWD/fifo"
	(echo hello > fifo; : > let_go) &
	writer=$!
	atf_check -e match:"not a plain file" memray-symbolize c.bin
	atf_check -o not-empty memray-tree c.bin
	[ ! -e let_go ] || atf_fail "the writer was let go"
	kill $writer
}

trust_case debuglink "nor what somebody else's library names" root
debuglink_body()
{
	cat > x.c <<-'EOF'
	int f(int);
	int f(int a) { return (a * 3); }
	EOF
	cc -O1 -g -fPIC -shared -Wl,--build-id -o libx.so x.c ||
	    atf_fail "no compiler"
	objcopy --only-keep-debug libx.so fifo
	strip -g libx.so
	objcopy --add-gnu-debuglink=fifo libx.so
	rm fifo
	mkfifo fifo
	chown $nobody libx.so fifo
	id=$(readelf -n libx.so | sed -n 's/.*Build ID: //p')
	at=$(nm -D libx.so | awk '$3 == "f" { print $1 }')
	"$(atf_get_srcdir)/../bin/memray-symbolize/mk_native" c.bin \
	    "$PWD/libx.so" "$id" "$at" || atf_fail "mk_native"
	atf_check -e ignore timeout 60 memray-symbolize c.bin
	atf_check -o match:"^f at .*libx.so" memray-summary -s 3 c.bin
}

trust_case cache "servers are not asked for another user's cache" root
cache_body()
{
	mkdir -m 777 theirs
	chown $nobody theirs
	mk_native "$PWD/none"
	for variable in HOME XDG_CACHE_HOME DEBUGINFOD_CACHE_PATH; do
		rm -rf ours
		mkdir ours
		for whose in ours theirs; do
			atf_check -e ignore env "$variable=$PWD/$whose" \
			    DEBUGINFOD_URLS="file://$PWD/server" \
			    memray-symbolize c.bin
		done
		[ -n "$(ls -A ours)" ] || atf_skip "no libdebuginfod"
		atf_check ls -A theirs
	done
}

atf_init_test_cases()
{
	atf_add_test_case private
	atf_add_test_case planted
	atf_add_test_case runtime
	atf_add_test_case impostor
	atf_add_test_case unsealed
	atf_add_test_case replaced
	atf_add_test_case sealed
	atf_add_test_case shorter
	atf_add_test_case environment
	atf_add_test_case named
	atf_add_test_case debuglink
	atf_add_test_case cache
}
