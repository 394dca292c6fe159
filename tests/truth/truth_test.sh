. "$(atf_get_srcdir)/e2e_subr.sh"

# truth [option of truth_compare.py ...]: run the script and compare what it
# knows with what was recorded.  Environment and $rounds are the caller's.
truth()
{
	atf_check -e save:err memray-run -q -o cap.bin "$py" \
	    "$src/truth_main.py" log ${rounds:-}
	truth_dump
	atf_check -o save:result "$py" "$src/truth_compare.py" "$@" \
	    log events leaks
}

truth_dump()
{
	atf_check -o save:events "$src/events_dump" -m 60000 cap.bin
	atf_check -o save:leaks "$src/events_dump" -l cap.bin
}

# The same, with the environment "$1" and less to do.
truth_env()
{
	atf_check -e ignore env "$1" memray-run -q -o cap.bin "$py" \
	    "$src/truth_main.py" log 1 600
	truth_dump
	shift
	atf_check -o save:result "$py" "$src/truth_compare.py" "$@" \
	    log events leaks
}

export PYTHONDONTWRITEBYTECODE=1

# Every block that the program knows of is in the capture, with its thread
# and with every frame's function, file and line; what it kept is leaked, what
# it dropped was freed.
stacks_each()
{
	truth
	atf_check -o match:" 0 differences" cat result
}

# The same where every object is an event.
objects_each()
{
	export TRUTH_OBJECTS=yes
	atf_check -e ignore memray-run -q --trace-python-allocators \
	    -o cap.bin "$py" "$src/truth_main.py" log 1 600
	truth_dump
	atf_check -o match:" 0 differences" "$py" "$src/truth_compare.py" \
	    log events leaks
}

atf_test_case public_api
public_api_head()
{
	atf_set descr "stacks by the interpreter's public functions"
}
public_api_body()
{
	e2e_any_python
	truth_env MEMTRACE_WALK=api --api
}

atf_test_case python_malloc
python_malloc_head()
{
	atf_set descr "PYTHONMALLOC=malloc: objects of any size are events"
}
python_malloc_body()
{
	e2e_any_python
	truth_env PYTHONMALLOC=malloc
}

atf_test_case python_malloc_debug
python_malloc_debug_head()
{
	atf_set descr "PYTHONMALLOC=debug: blocks with guards around them"
}
python_malloc_debug_body()
{
	e2e_any_python
	truth_env PYTHONMALLOC=debug
}

# A test of this test: one wrong line, thread or size does not get through.
atf_test_case notices
notices_head()
{
	atf_set descr "the comparison notices what is wrong"
}
notices_body()
{
	e2e_any_python
	rounds=1
	truth
	mv log right
	notices_edit 's/^\(frame	[0-9]*	step:.*\):[0-9]*$/\1:1/'
	notices_edit 's/^\(frame	[0-9]*	\)plain:/\1plane:/'
	notices_edit 's/^\(block	.*	\)worker-3	/\1worker-4	/'
	notices_edit 's/^\(block	.*\) [0-9]*$/\1/'
	notices_edit 's/^block	9/block	8/'
	notices_edit '/^kept/d'
}

notices_edit()
{
	sed "$1" right > log
	cmp -s right log && atf_fail "$1 changes nothing"
	atf_check -s exit:1 -o ignore "$py" "$src/truth_compare.py" \
	    log events leaks
}

atf_init_test_cases()
{
	e2e_add stacks objects
	atf_add_test_case public_api
	atf_add_test_case python_malloc
	atf_add_test_case python_malloc_debug
	atf_add_test_case notices
}
