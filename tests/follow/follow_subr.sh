# Shared by the tests of --follow-fork.

# shellcheck source-path=SCRIPTDIR/../e2e disable=SC1091
. "$(atf_get_srcdir)/e2e_subr.sh"

# Sets $mode.
follow_mode()
{
	e2e_python_flags
	mode="--follow-fork $e2e_flags"
}

# follow_run status script [args]: with everything recorded into cap.bin*,
# and what the processes wrote down in tally.log.
follow_run()
{
	follow_status=$1
	shift
	export PYTHONPATH="$src"
	follow_mode
	# shellcheck disable=SC2086 # one or two options
	atf_check -s exit:"$follow_status" -o save:out -e save:err \
	    memray-run $mode -o cap.bin --python "$py" "$@"
	cat err >&2
}

# The captures say what the processes wrote down: so many processes.
follow_check()
{
	atf_check -o save:check.out -e save:check.err \
	    "$py" "$src/follow_check.py" tally.log cap.bin cap.bin.*
	grep -q "^$1 processes," check.out ||
	    atf_fail "not $1 processes: $(cat check.out)"
}

# The end line agrees.
follow_said()
{
	grep -q "^memray-run: recorded $1 process" err ||
	    atf_fail "not $1 processes: $(cat err)"
}

# meta capture key
follow_meta()
{
	memray-summary --json "$1" | jq -r --arg k "$2" '.metadata[$k]'
}

# Wait for a file that another process makes.
follow_wait()
{
	n=0
	until [ -e "$1" ]; do
		[ $((n += 1)) -lt 1200 ] || atf_fail "$1: never came"
		sleep 0.05
	done
}
