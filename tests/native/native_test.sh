. "$(atf_get_srcdir)/e2e_subr.sh"

# native_tools: the programs with an agent that checks itself, in the place
# of those on the PATH.
native_tools()
{
	[ -e "$src/agent-check.so" ] || atf_skip "its agent was not built"
	bin=$(dirname "$(command -v memray-run)")
	mkdir -p t/bin t/lib/memtrace
	cp "$bin/memray-run" t/bin/
	cp -P "$bin"/../lib/libmemtrace.so* t/lib/
	cp "$src/agent-check.so" t/lib/memtrace/agent.so
}

# native_libraries: what the programs call.
native_libraries()
{
	[ ! -e "$src/native_lib.so" ] || { lib=$src; return; }
	atf_skip "the libraries were not built"
}

# native part least: the part of native_app.py, in which each native stack is
# compared with libunwind's.
native()
{
	native_tools
	native_libraries
	e2e_python_flags
	# shellcheck disable=SC2086 # an option or nothing
	atf_check -o ignore -e save:err env NATIVE_CHECK="$PWD/report" \
	    NATIVE_CHECK_EVERY="${every:-1}" \
	    t/bin/memray-run -q --native --no-symbols -o cap.bin \
	    ${options:-$e2e_flags} "$py" "$src/native_app.py" "$lib" "$1"
	atf_check cat err
	atf_check -o save:result "$py" "$src/native_report.py" report "$2"
}

export PYTHONDONTWRITEBYTECODE=1

exceptions_each()
{
	native exceptions 2000
}
frames_each()
{
	native frames 2000
}
recursion_each()
{
	native recursion 20
}
signals_each()
{
	native signals 400
}
threads_each()
{
	native threads 1000
}
plugs_each()
{
	native plugs 500
}
python_each()
{
	every=3
	native python 1000
}

# Each object an event: many more ways to come to an allocation.
objects_each()
{
	every=50
	options=--trace-python-allocators
	native python 1000
}

# Known stacks of Python and C, as they are in the capture.
merge_each()
{
	native_libraries
	atf_check -e save:err memray-run -q --native -o cap.bin "$py" \
	    "$src/native_merge.py" "$lib"
	atf_check -o save:tables memray-parse -t cap.bin
	atf_check -o inline:"all as expected\n" "$py" \
	    "$src/native_merge.py" check "$lib" tables
}

# Of one interpreter only: what needs packages.
package()
{
	"$1" -c "import $2" 2>/dev/null
}

# Sets $py: an interpreter that has the package, or gets it in an environment
# beside the tests.
with_package()
{
	src=$(atf_get_srcdir)
	for py in $(e2e_pythons | cut -f 2) "$src/venv-$1/bin/python"; do
		! package "$py" "$1" || return 0
	done
	for py in $(e2e_pythons | cut -f 2); do
		"$py" -m venv "$src/venv-$1" || continue
		py=$src/venv-$1/bin/python
		"$py" -m pip install -q --no-input --only-binary :all: "$1" ||
		    atf_fail "$1 cannot be installed"
		return 0
	done
	atf_fail "no interpreter can make an environment for $1"
}

atf_test_case numpy
numpy_head()
{
	atf_set descr "NumPy: stacks as libunwind finds them"
	atf_set timeout 300
}
numpy_body()
{
	with_package numpy
	native numpy 5000
}

atf_test_case lxml
lxml_head()
{
	atf_set descr "lxml: stacks as libunwind finds them"
	atf_set timeout 300
}
lxml_body()
{
	with_package lxml
	native lxml 5000
}

atf_test_case pydantic_core
pydantic_core_head()
{
	atf_set descr "pydantic-core, in Rust: stacks as libunwind finds them"
	atf_set timeout 300
}
pydantic_core_body()
{
	with_package pydantic_core
	native pydantic_core 5000
}

atf_test_case greenlets
greenlets_head()
{
	atf_set descr "greenlets: stacks as libunwind finds them"
	atf_set timeout 300
}
greenlets_body()
{
	with_package greenlet
	native greenlets 1000
}

# A module in the place of another has an id of its own.
atf_test_case recycled
recycled_head()
{
	atf_set descr "libraries in each other's place are told apart"
}
recycled_body()
{
	e2e_any_python
	native_libraries
	# shellcheck disable=SC2086
	atf_check memray-run $e2e_flags -q --native -o cap.bin "$py" \
	    "$src/native_app.py" "$lib" plugs
	atf_check -o save:tables memray-parse -t cap.bin
	for n in 0 1; do
		atf_check -o match:"native_plug$n.so" grep native_plug tables
	done
}

# With --no-... nothing: the plain agent's captures have no native frames.
atf_test_case plain
plain_head()
{
	atf_set descr "without --native there are no native frames"
}
plain_body()
{
	e2e_any_python
	native_libraries
	# shellcheck disable=SC2086
	atf_check memray-run $e2e_flags -q -o cap.bin "$py" \
	    "$src/native_app.py" "$lib" frames
	atf_check -o save:tables memray-parse -t cap.bin
	atf_check -s exit:1 grep -E 'table_kind=5|native_lib' tables
	atf_check -o match:has_native_traces=0 grep has_native tables
}

atf_test_case follow
follow_head()
{
	atf_set descr "children of fork have native stacks of their own"
}
follow_body()
{
	e2e_any_python
	native_libraries
	cat > forks.py <<-EOF
	import ctypes, os, sys
	lib = ctypes.CDLL(sys.argv[1] + "/native_lib.so")
	lib.native_inner(70001)
	if os.fork() == 0:
	    lib.native_inner(70002)
	    os._exit(0)
	os.wait()
	EOF
	atf_check -o ignore -e ignore memray-run --native --follow-fork \
	    --aggregate -o cap.bin "$py" forks.py "$lib"
	atf_check test "$(echo cap.bin.*)" != "cap.bin.*"
	for f in cap.bin cap.bin.*; do
		atf_check -o match:native_lib memray-parse -t "$f"
	done
}

atf_init_test_cases()
{
	e2e_add exceptions frames recursion signals threads plugs python \
	    objects merge
	atf_add_test_case numpy
	atf_add_test_case lxml
	atf_add_test_case pydantic_core
	atf_add_test_case greenlets
	atf_add_test_case recycled
	atf_add_test_case plain
	atf_add_test_case follow
}
