# One capture with names that break whatever is not careful, and everything
# that is made of it.

. "$(atf_get_srcdir)/e2e_subr.sh"

# Sets $src; the capture nasty.bin.  Its command line has a name, too.
record()
{
	e2e_any_python
	lib=$src/formats_lib.so
	[ -e "$lib" ] || atf_skip "the library was not built"
	evil=$(printf 'arg\033[31m\302\233\342\200\256=\t"\377')
	# shellcheck disable=SC2086 # an option or nothing
	atf_check -o ignore -e save:recorded memray-run -o nasty.bin \
	    --native $e2e_flags "$py" "$src/formats_program.py" "$lib" "$evil"
	check text recorded
}

# check kind file
check()
{
	atf_check "$py" "$src/formats_check.py" "$@"
}

# made kind command ...: the standard output of it.
made()
{
	kind=$1
	shift
	atf_check -o save:out -e save:err "$@"
	check "$kind" out
	check text err
}

# screen command ...: what it prints on a terminal.
screen()
{
	atf_check -o save:out env NO_COLOR=1 COLUMNS=20000 \
	    LC_ALL=C.UTF-8 "$py" -c '
import pty, sys
sys.exit(pty.spawn(sys.argv[1:]) >> 8)' "$@" < /dev/null
	check terminal out
}

export PYTHONDONTWRITEBYTECODE=1

atf_test_case reports
reports_head()
{
	atf_set descr "summary, stats, tree and parse"
	atf_set require.progs "memray-run jq"
}
reports_body()
{
	record
	made tsv memray-summary nasty.bin
	made tsv memray-summary --by-process nasty.bin
	made names memray-summary --json nasty.bin
	made names memray-summary --by-process --json nasty.bin
	made tsv memray-stats -n 10000 nasty.bin
	made names memray-stats --json -n 10000 nasty.bin
	made tsv memray-tree -b 10000 nasty.bin
	made names memray-tree -b 10000 --json nasty.bin
	made parse memray-parse nasty.bin
	screen memray-summary -r 10000 nasty.bin
	screen memray-summary -r 10000 --by-process nasty.bin
	screen memray-stats -n 10000 nasty.bin
	screen env TERM=dumb memray-tree -b 10000 nasty.bin
}

atf_test_case transform
transform_head()
{
	atf_set descr "all formats of memray-transform"
	atf_set require.progs "memray-run jq"
}
transform_body()
{
	record
	made csv memray-transform -o - csv nasty.bin
	made folded memray-transform -o - folded nasty.bin
	made gprof2dot memray-transform -o - gprof2dot nasty.bin
	made pprof memray-transform -o - pprof nasty.bin
	made speedscope memray-transform -o - speedscope nasty.bin
	# What comes back of captures is the same.
	memray-summary --json nasty.bin | jq -S .rows > expected
	for format in aggregate memray; do
		atf_check memray-transform -o $format.bin $format nasty.bin
		made names memray-summary --json $format.bin
	done
	atf_check -o file:expected -x \
	    "memray-summary --json aggregate.bin | jq -S .rows"
}

atf_test_case symbols
symbols_head()
{
	atf_set descr "names of libraries and of what is in them"
	atf_set require.progs "memray-run jq"
}
symbols_body()
{
	record
	atf_check -o save:out memray-summary --json nasty.bin
	atf_check -o inline:"1\n" jq '[.rows[] | select((.function |
	    contains("\u001b[31m\u0007")) and (.function |
	    contains("=cmd;|,\"")) and (.file |
	    contains("lib/escape") | not))] | length' out
	atf_check -o save:out -e save:err memray-symbolize -o - nasty.bin
	check text err
}

atf_test_case live
live_head()
{
	atf_set descr "of a program that runs"
	atf_set require.progs "memray-run jq"
}
live_body()
{
	e2e_any_python
	mkfifo ready
	# shellcheck disable=SC2086 # an option or nothing
	memray-run -q --live-remote --no-wait $e2e_flags "$py" \
	    "$src/formats_program.py" wait > ready 2> err &
	read -r line < ready
	[ "$line" = ready ] || atf_fail "it did not start: $(cat err)"
	port=$(sed -n 's/.*memray-live \([0-9]*\).*/\1/p' err)
	made lines memray-live --json --once -r 100000 "$port"
	made tsv memray-live --once "$port"
	screen memray-live --once -r 100000 "$port"
	: > go
	wait $! || atf_fail "status $?"
	check text err
}
live_cleanup()
{
	: > go
}

atf_init_test_cases()
{
	atf_add_test_case reports
	atf_add_test_case transform
	atf_add_test_case symbols
	atf_add_test_case live
}
