# Audit hooks of the program, which are there before its first line: they hear
# of the same as without us, however it is recorded.

. "$(atf_get_srcdir)/e2e_subr.sh"

modes="default --native --trace-python-allocators --aggregate --follow-fork
    api"

# audit_run mode argument ...: of the interpreter, recorded in this way.
audit_run()
{
	flags=$e2e_flags walk=
	case $1 in
	default) ;;
	api)	walk=MEMTRACE_WALK=api ;;
	*)	flags="$flags $1" ;;
	esac
	shift
	# shellcheck disable=SC2086 # an option or nothing
	env $walk memray-run $flags -q -f -o cap.bin "$py" "$@"
}

audit_prepare()
{
	e2e_python_flags
	cp "$src/audit.py" sitecustomize.py
	PYTHONPATH=$PWD PYTHONDONTWRITEBYTECODE=1
	export PYTHONPATH PYTHONDONTWRITEBYTECODE
}

# The program's output is that of a plain run.
audit_same()
{
	"$py" "$src/audit.py" > plain || atf_fail "a plain run fails"
	atf_check -o ignore grep "^cpython.run_file" plain
	for mode in $modes; do
		audit_run "$mode" "$src/audit.py" > out 2> err ||
		    e2e_fail "$mode: $(cat err)"
		diff plain out > diff.out ||
		    e2e_fail "$mode: $(cat diff.out)"
		! grep -v "as asked for; " err || e2e_fail "$mode"
	done
}

site_each()
{
	audit_prepare
	audit_same
}

# A hook that refuses what a profiler might do does not make stacks slow.
deny_each()
{
	audit_prepare
	AUDIT_DENY=yes
	export AUDIT_DENY
	audit_same
}

# As an embedding program has it, to the very end.
embedded_each()
{
	e2e_python_flags
	cc -O1 -shared -fPIC -o audit.so "$src/audit.c" -ldl 2> cc.err ||
	    atf_skip "no C compiler"
	LD_PRELOAD=$PWD/audit.so "$py" "$src/blocks.py" 2> plain ||
	    atf_skip "does not run with a library of this machine"
	atf_check -o ignore grep "^cpython.run_file" plain
	for mode in $modes; do
		LD_PRELOAD=$PWD/audit.so audit_run "$mode" "$src/blocks.py" \
		    2> err || e2e_fail "$mode: $(cat err)"
		grep -v "^memray-run: " err | diff plain - > diff.out ||
		    e2e_fail "$mode: $(cat diff.out)"
	done
}

# The end of the script is seen, whether or when it imports atexit.
ends_each()
{
	e2e_python_flags
	for text in "" "import atexit" "import atexit, sys
del sys.modules['atexit']
import atexit"; do
		echo "$text
kept = bytearray(20_000_000)" > ends.py
		audit_run default ends.py || e2e_fail "$text"
		e2e_reports
		e2e_near "$text: leaked" "$(e2e_meta total_bytes_allocated)" \
		    20000000
		e2e_near "$text: leaked" "$(e2e_row leaks '<module>' \
		    own_bytes)" 20000000
	done
}

atf_init_test_cases()
{
	e2e_add site deny embedded ends
}
