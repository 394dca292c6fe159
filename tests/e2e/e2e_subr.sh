# Shared by the end-to-end tests: run a program under every interpreter, and
# ask the summary of its capture.
#
# A test file defines functions NAME_each and ends with
#
#	atf_init_test_cases() { e2e_add NAME ... ; }
#
# which makes a test case NAME_3_11_2 of each for each interpreter.  Inside,
# $py is the interpreter and $src the directory of the Python programs.  A
# case may take $e2e_timeout seconds.

# "name<tab>path" of each interpreter; mk/check.sh finds them once for all.
e2e_pythons()
{
	if [ -n "${E2E_PYTHONS:-}" ]; then
		echo "$E2E_PYTHONS"
	else
		sh "$(atf_get_srcdir)/find-pythons.sh" -v
	fi
}

e2e_add_one()
{
	atf_test_case "$1_$2"
	eval "$1_$2_head() {
		atf_set require.progs \"memray-run memray-summary jq\"
		atf_set timeout ${e2e_timeout:-120}
		atf_set descr \"$1: $3\"
	}"
	eval "$1_$2_body() {
		py=\$(e2e_python $2) src=\$(atf_get_srcdir)
		$1_each
	}"
	atf_add_test_case "$1_$2"
}

# Sets $py, $src and $e2e_flags for what does not depend on the version: the
# first interpreter, if possible one whose objects come from malloc, too.
e2e_any_python()
{
	py=$(e2e_pythons | awk -F '\t' '
	    NR == 1 || ($1 !~ /t/ && !malloc) { py = $2 }
	    $1 !~ /t/ { malloc = 1 }
	    END { print py }')
	src=$(atf_get_srcdir)
	e2e_python_flags
}

# The interpreter of a name.
e2e_python()
{
	e2e_pythons | awk -F '\t' -v name="$1" '$1 == name { print $2 }'
}

e2e_add()
{
	e2e_pythons > "${TMPDIR:-/tmp}/e2e.$$" || exit 1
	for e2e_case in "$@"; do
		while read -r e2e_name e2e_path; do
			e2e_add_one "$e2e_case" "$e2e_name" "$e2e_path"
		done < "${TMPDIR:-/tmp}/e2e.$$"
	done
	rm -f "${TMPDIR:-/tmp}/e2e.$$"
}

# Sets $e2e_flags, options for memray-run: a free-threaded interpreter takes
# memory by the gigabyte for an allocator of its own, so that only objects tell
# anything.
e2e_python_flags()
{
	e2e_flags=
	! e2e_free_threaded || e2e_flags=--trace-python-allocators
}

e2e_free_threaded()
{
	"$py" -c 'import sys; sys.exit("t" not in sys.abiflags)'
}

# e2e_record script [args]: record it into cap.bin, which must go well, with
# the program's output in `out`.
e2e_record()
{
	e2e_python_flags
	# shellcheck disable=SC2086 # an option or nothing
	atf_check -o save:out memray-run $e2e_flags -q -o cap.bin "$py" "$@"
	e2e_reports
}

# The reports on cap.bin: peak.json and leaks.json, of which the latter says
# so if there are none.
e2e_reports()
{
	atf_check -o save:peak.json memray-summary --json cap.bin
	atf_check -o save:leaks.json -e save:leaks.err \
	    memray-summary --json --leaks cap.bin
	atf_check -s exit:1 grep -vxF "memray-summary: nothing is selected: \
the program had freed everything at the end" leaks.err
}

# e2e_row report function field: of the function's row; 0 if there is none.
e2e_row()
{
	jq -r --arg f "$2" --arg k "$3" \
	    '[.rows[] | select(.function == $f)][0][$k] // 0' "$1.json"
}

e2e_meta()
{
	jq -r --arg k "$1" '.metadata[$k]' peak.json
}

# e2e_near what actual expected: actual may be a little more than expected,
# since an interpreter also gets arenas for its small objects; they have up to
# a megabyte each.
e2e_near()
{
	if [ "$2" -lt "$3" ] || [ "$2" -gt $(($3 + 2500000)) ]; then
		e2e_fail "$1 is $2, expected $3"
	fi
}

# e2e_below what actual limit
e2e_below()
{
	[ "$2" -le "$3" ] || e2e_fail "$1 is $2, expected at most $3"
}

# e2e_line report function script marker: the row's line is the marked one.
e2e_line()
{
	e2e_want=$(grep -n "# $4\$" "$src/$3" | cut -d : -f 1)
	e2e_is=$(e2e_row "$1" "$2" line)
	[ "$e2e_is" = "$e2e_want" ] ||
	    e2e_fail "line of $2 in $1 is $e2e_is, expected $e2e_want"
}

e2e_fail()
{
	for e2e_report in peak leaks; do
		[ ! -f $e2e_report.json ] || jq -c . $e2e_report.json >&2
	done
	atf_fail "$py: $1"
}
