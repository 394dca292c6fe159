# Signal handlers that fork in the middle of our hooks, and then return.

# shellcheck source-path=SCRIPTDIR disable=SC1091
. "$(atf_get_srcdir)/follow_subr.sh"

N=60

# handler_run options: no child has crashed, and nothing was lost.
handler_run()
{
	export PYTHONPATH="$src"
	e2e_python_flags
	rm -f cap.bin* tally.log
	# shellcheck disable=SC2086
	atf_check -o empty -e save:err memray-run -f $e2e_flags "$@" \
	    -o cap.bin --python "$py" "$src/handler.py" $N
	atf_check -s exit:1 grep -E "lost|damaged|^memray-run: not recorded" err
}

# The parent's capture says what it has allocated, no more and no less.
handler_parent()
{
	tail -n 1 tally.log > parent.log
	atf_check -o match:"^1 processes," \
	    "$py" "$src/follow_check.py" parent.log cap.bin
}

alone_each()
{
	handler_run
	handler_parent
	handler_run --trace-python-allocators
	handler_parent
	handler_run --native
	atf_check_equal 0 "$(follow_meta cap.bin lost_events)"
	[ "$(echo cap.bin.*)" = "cap.bin.*" ] || atf_fail "more than one: $(ls)"
}

follow_each()
{
	handler_run --follow-fork
	follow_check $((N + 1))
	follow_said $((N + 1))
	handler_run --follow-fork --trace-python-allocators
	follow_check $((N + 1))
	follow_said $((N + 1))
	handler_run --follow-fork --native --trace-python-allocators
	follow_said $((N + 1))
}

atf_init_test_cases()
{
	e2e_add alone follow
}
