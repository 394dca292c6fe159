# Shared by the tests of memray-run.

# Define the test case $1, described by $2, with body $1_body.  The rest are
# programs it needs.
run_case()
{
	atf_test_case "$1"
	eval "$1_head()
	{
		atf_set descr '$2'
		atf_set require.progs python3 $3
	}"
}

# A program that says who it is and what it was given.
make_app()
{
	cat > "$1" <<-'EOF'
	import os, sys
	print(os.getpid(), *sys.argv[1:])
	EOF
}

# Wait for a file that another process makes.
wait_for()
{
	n=0
	while ! [ -e "$1" ]; do
		[ $((n += 1)) -lt 600 ] || atf_fail "$1: never came"
		sleep 0.1
	done
}

# The file $1 is a capture in which something was recorded.
check_capture()
{
	[ -f "$1" ] || atf_fail "$1: no capture ($(ls))"
	atf_check -o not-empty memray-summary "$1"
}

# Run a command without the right of the superuser to ignore modes of files.
as_owner()
{
	if [ "$(id -u)" -ne 0 ]; then
		"$@"
	else
		setpriv --bounding-set=-dac_override,-dac_read_search \
		    --inh-caps=-dac_override,-dac_read_search "$@"
	fi
}

# Skip where the superuser cannot be stopped from ignoring modes of files.
need_modes()
{
	[ "$(id -u)" -ne 0 ] || command -v setpriv > /dev/null ||
	    atf_skip "needs setpriv when run by root"
	echo x > secret
	chmod 0 secret
	as_owner cat secret > /dev/null 2>&1 &&
	    atf_skip "modes of files do not matter here"
	:
}
