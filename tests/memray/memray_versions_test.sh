# Captures that memray makes here and now, of programs under several
# interpreters.  Versions that cannot be installed are skipped.

. "$(atf_get_srcdir)/memray_subr.sh"

# Record the program in all the ways that memray has, and compare.
check_modes()
{
	cp "$src/program.py" .
	for mode in "" --no-compress --aggregate --native \
	    --trace-python-allocators; do
		case $mode in
		--aggregate)	kind=-aggregated ;;
		--native)	kind=-native ;;
		*)		kind= ;;
		esac
		# shellcheck disable=SC2086 # none or one
		atf_check -e ignore "$memray" run -q -f $mode -o cap.bin \
		    program.py
		atf_check -o save:says "$python" "$src/memray_says.py" cap.bin
		memray_same says cap.bin "$kind"
	done
}

# A program that does not end properly leaves a file that does not, either.
check_killed()
{
	cat > killed.py <<-END
	import os, signal
	kept = [bytearray(5000) for i in range(2000)]
	os.kill(os.getpid(), signal.SIGKILL)
	END
	atf_check -s ignore -o ignore -e ignore "$memray" run -q -f \
	    -o cap.bin killed.py
	atf_check -s exit:1 -o save:out -e match:"cut short" \
	    memray-summary --json cap.bin
	peak=$("$python" -c 'import memray
print(memray.FileReader("cap.bin").metadata.peak_memory)' 2>/dev/null)
	atf_check -o inline:"$peak\n" jq .metadata.peak_memory out
	atf_check [ "$peak" -gt 9000000 ]
}

version_case()
{
	atf_test_case "$1"
	eval "$1_head() {
		atf_set descr \"captures of memray $2\"
		atf_set require.progs python3
		atf_set timeout 600
	}"
	eval "$1_body() {
		memray_need $2 || atf_skip \"memray $2 cannot be installed\"
		check_modes
		check_killed
	}"
	atf_add_test_case "$1"
}

# memray 1.20 under an interpreter, if there is one for it.
interpreter_each()
{
	memray_need 1.20.0 "$py" ||
	    atf_skip "memray 1.20.0 cannot be installed for it"
	# It does not know the line of functions that have but one.
	case $("$py" -V) in
	"Python 3.9"*)	memray_but="<listcomp>" ;;
	esac
	check_modes
}

atf_init_test_cases()
{
	version_case v1_20 1.20.0
	version_case v1_19 1.19.3
	version_case v1_18 1.18.0
	version_case v1_11 1.11.0
	version_case v1_10 1.10.0
	version_case v1_7 1.7.0
	e2e_add interpreter
}
