# Shared by the tests of memray-run.

# Define the test case $1, described by $2, with body $1_body.  The rest are
# programs it needs.
run_case()
{
	atf_test_case "$1"
	eval "$1_descr=\$2"
	eval "$1_head()
	{
		atf_set descr \"\$$1_descr\"
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

# The files here are these and no others, in the order of the alphabet.
check_files()
{
	files=$(echo *)
	[ "$files" = "$*" ] || atf_fail "files: $files"
}

# Set $owner to what takes away the right to ignore modes of files, which the
# superuser has.  Skip where that is not possible.
need_modes()
{
	owner=
	echo x > secret
	chmod 0 secret
	cat secret > /dev/null 2>&1 || return 0
	owner="setpriv --inh-caps=-dac_override,-dac_read_search
	    --bounding-set=-dac_override,-dac_read_search"
	$owner true || atf_skip "needs setpriv when run by root"
	$owner cat secret > /dev/null 2>&1 &&
	    atf_skip "modes of files do not matter here"
	:
}
