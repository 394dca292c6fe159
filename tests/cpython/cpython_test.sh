# Some modules of CPython's own test suite, on the interpreters that have it,
# end under memray-run as they do alone.  `make cpython' runs all of them.

. "$(atf_get_srcdir)/e2e_subr.sh"

# On a busy machine; seconds are usual.
e2e_timeout=600

# Quick ones, about what a profiler could get in the way of: threads, forks,
# descriptors, the environment, the end of the interpreter.
modules="test_atexit test_code test_context test_errno test_mmap test_popen
    test_pty test_resource test_sys_setprofile test_thread"
mode=native,no-symbols,trace-python-allocators,follow-fork

alike_each()
{
	# Word splitting is wanted.
	# shellcheck disable=SC2086
	atf_check -o match:" 0 differences always" \
	    python3 "$src/cpython_suite.py" -p "$py" -r results -t 60 \
	    -m $mode $modules
}

# Made-up runs: a failure, a skip, another status, a process left behind.
atf_test_case differences
differences_head()
{
	atf_set descr "what counts as a difference, and what is known"
	atf_set require.progs python3
}
differences_body()
{
	cat > known <<-EOF
	# comment
	3.*	*	test_x	t.skipped	for a reason
	EOF
	cat > made_up.py <<-EOF
	import cpython_suite as s
	def run(status, left, **cases):
	    return {"status": status, "left": left, "result": "SUCCESS",
	            "cases": {"t." + k: v for k, v in cases.items()}}
	alone = [run(0, ["1 (of 2): sleep 3"], same="passed", skipped="passed",
	             flaky="failure", gone="passed"),
	         run(0, [], same="passed", skipped="passed", flaky="passed",
	             gone="passed")]
	other = run(125, ["7 (of 1): python"], same="passed",
	            skipped="skipped", flaky="failure", new="passed")
	known = s.read_known("known")
	for what, how in s.differences(alone, other).items():
	    print(what, "|", how, "|",
	          s.reason(known, "3.13.0", "default", "test_x", what))
	print(s.differences(alone, alone[0]), s.differences(alone, alone[1]))
	EOF
	cat > expected <<-EOF
	t.skipped | skipped instead of passed | for a reason
	t.gone | not run instead of passed | None
	exit | 125 instead of 0 | None
	t.new | passed instead of not run | None
	left: python | runs instead of not run | None
	{} {}
	EOF
	atf_check -o file:expected env PYTHONPATH="$(atf_get_srcdir)" \
	    PYTHONDONTWRITEBYTECODE=1 python3 made_up.py
}

# Debug builds are slow, and no different.
has_tests()
{
	"$1" -c 'import sys, test.test_grammar, test.libregrtest
sys.exit("d" in sys.abiflags)' 2>/dev/null
}

atf_init_test_cases()
{
	E2E_PYTHONS=$(e2e_pythons | while read -r name path; do
	    ! has_tests "$path" || printf '%s\t%s\n' "$name" "$path"; done)
	atf_add_test_case differences
	[ -z "$E2E_PYTHONS" ] || e2e_add alike
}
