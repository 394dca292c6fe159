# Shared by the tests with real programs: packages from the index, in a
# virtual environment beside the tests that is made once.

. "$(atf_get_srcdir)/e2e_subr.sh"

# real_need module ...: sets $venv, whose programs come first on PATH then.
real_need()
{
	src=$(atf_get_srcdir)
	venv=$src/venv
	(
		flock 9
		[ -f "$venv/complete" ] || real_make
	) 9> "$venv.lock" > venv.log 2>&1 || {
		cat venv.log >&2
		atf_fail "the packages of packages.txt cannot be installed"
	}
	PATH=$venv/bin:$PATH
	for m in "$@"; do
		"$venv/bin/python" -c "import $m" || atf_fail "no $m"
	done
}

# With the first interpreter that can make an environment.
real_make()
{
	for p in $(e2e_pythons | cut -f 2); do
		rm -rf "$venv"
		"$p" -m venv "$venv" || continue
		"$venv/bin/python" -m pip install --no-input --no-cache-dir \
		    --disable-pip-version-check --only-binary :all: \
		    -r "$src/packages.txt" || exit 1
		touch "$venv/complete"
		return
	done
	echo "no interpreter has the modules venv and ensurepip"
	exit 1
}

e2e_flags=

# real_same status command ...: the command ends like this and prints the same
# with and without us; the capture is sound.  real_filter takes out of the
# output what changes from run to run.
real_same()
{
	real_status=$1
	shift
	"$@" > plain.raw 2> plain.err
	atf_check_equal "$real_status" $?
	# shellcheck disable=SC2086
	memray-run $e2e_flags -f -q -o cap.bin "$@" > out.raw 2> out.err
	atf_check_equal "$real_status" $?
	real_filter < plain.raw > plain.out
	real_filter < out.raw > out
	[ -s plain.out ] || atf_fail "$1 prints nothing"
	atf_check -o file:plain.out cat out
	real_filter < plain.err > plain.err2
	real_filter < out.err > out.err2
	atf_check -o file:plain.err2 cat out.err2
	real_sound "$real_status"
}

real_filter()
{
	sed 's/plain\.\(raw\|err\)/out.\1/'
}

# The capture is whole and its numbers fit together.
real_sound()
{
	e2e_reports
	atf_check_equal "$1" "$(e2e_meta exit_status)"
	atf_check_equal 0 "$(e2e_meta lost_events)"
	real_leaked=$(e2e_meta leaked_bytes)
	real_peak=$(e2e_meta peak_memory)
	real_total=$(e2e_meta total_bytes_allocated)
	[ "$real_leaked" -le "$real_peak" ] ||
	    e2e_fail "more leaked ($real_leaked) than the peak ($real_peak)"
	[ "$real_peak" -le "$real_total" ] ||
	    e2e_fail "the peak ($real_peak) is above all ($real_total)"
}

# real_top report rows column pattern file-pattern: among so many first rows,
# sorted by own_bytes or total_bytes, is a function like this.
real_top()
{
	jq -r --argjson n "$2" --arg k "$3" '
	    .rows | sort_by(-.[$k]) | .[:$n][] | "\(.function) \(.file)"' \
	    "$1.json" > "top.$3"
	grep -qE "^([^ ]*\.)?$4 .*$5" "top.$3" ||
	    e2e_fail "no $4 in $5 among the first $2: $(cat "top.$3")"
}

# Wait until a command succeeds, a minute at most.
wait_for()
{
	for _ in $(seq 1200); do
		"$@" && return 0
		sleep 0.05
	done
	atf_fail "waited in vain: $*"
}

# As e2e_row, for whatever class or function it is in, and summed up.
real_row()
{
	jq -r --arg f "$2" --arg k "$3" '[.rows[] |
	    select(.function | test("(^|\\.)" + $f + "$"))] |
	    map(.[$k]) | add // 0' "$1.json"
}

# real_at_least what number limit, real_at_most what number limit
real_at_least()
{
	[ "$2" -ge "$3" ] || e2e_fail "$1: $2, expected at least $3"
}

real_at_most()
{
	[ "$2" -le "$3" ] || e2e_fail "$1: $2, expected at most $3"
}
