# Our files are given to the tools that they are for.  What is not here and
# cannot be had is skipped.

capture()
{
	atf_check "$(atf_get_srcdir)/mk_capture" "$1" "${2-$1.bin}"
}

# The user's own directory, where tools keep what they have made before.
own_home()
{
	eval "HOME=~$(id -un)"
	export HOME
}

# tool module: Python packages are installed once, beside the tests.
tool()
{
	src=$(atf_get_srcdir)
	venv=$src/venv
	(
		flock 9
		[ -f "$venv/complete" ] || make_venv
	) 9> "$venv.lock" > venv.log 2>&1 ||
		atf_skip "$1 cannot be installed"
	python=$venv/bin/python
	atf_check "$python" -c "import $1"
}

make_venv()
{
	own_home
	for p in python3 /usr/bin/python3; do
		rm -rf "$venv"
		"$p" -m venv "$venv" || continue
		"$venv/bin/python" -m pip install --no-input --retries 1 \
		    -r "$src/packages.txt" || exit 1
		touch "$venv/complete"
		return
	done
	exit 1
}

atf_test_case gprof2dot
gprof2dot_head()
{
	atf_set descr "gprof2dot draws our functions with our shares"
	atf_set require.progs "python3"
}
gprof2dot_body()
{
	tool gprof2dot
	capture basic
	atf_check memray-transform -o out.json gprof2dot basic.bin
	atf_check -o save:dot "$python" -m gprof2dot -f json out.json
	# keep has 4000 of the 5000 bytes, all of them its own.
	atf_check -o match:'keep.*80\.00%.*\(80\.00%\)' cat dot
	atf_check -o match:'half.*20\.00%.*\(20\.00%\)' cat dot
	atf_check -o match:'main.*100\.00%.*\(0\.00%\)' cat dot
	for k in mixed many names recursion; do
		capture $k
		atf_check memray-transform -o $k.json gprof2dot $k.bin
		atf_check -o match:"^digraph" -e ignore \
		    "$python" -m gprof2dot -f json $k.json
	done
}

atf_test_case folded
folded_head()
{
	atf_set descr "a reader of collapsed stacks finds our functions and shares"
	atf_set require.progs "python3"
}
folded_body()
{
	tool gprof2dot
	capture basic
	atf_check memray-transform -o out folded basic.bin
	atf_check -o save:dot "$python" -m gprof2dot -f collapse out
	# It knows files and lines in parentheses for what they are.
	atf_check -o match:'"lib/store.py:keep".*80\.00%.*\(80\.00%\)' \
	    -o match:'"lib/store.py:half".*20\.00%.*\(20\.00%\)' \
	    -o match:'"app.py:main".*100\.00%.*\(0\.00%\)' cat dot
	for k in mixed names separators; do
		capture $k
		atf_check memray-transform -o $k.out folded $k.bin
		atf_check -o match:"^digraph" -e ignore \
		    "$python" -m gprof2dot -f collapse $k.out
	done
}

atf_test_case csv
csv_head()
{
	atf_set descr "Python's own reader gets every field back"
	atf_set require.progs "python3"
}
csv_body()
{
	for k in mixed names separators many; do
		capture $k
		atf_check memray-transform -o $k.csv csv $k.bin
		peak=$(memray-stats $k.bin | sed -n 's/^peak_bytes	//p')
		atf_check -o inline:"$peak\n" python3 -c '
import csv, sys
with open(sys.argv[1], newline="", encoding="utf-8") as f:
    rows = list(csv.DictReader(f, strict=True))
assert all(None not in r and None not in r.values() for r in rows)
print(sum(int(r["size"]) for r in rows))' $k.csv
	done
	atf_check -o inline:"a,\"b\";x\\\\x3by\\\\x7cz w.py;1\n" python3 -c '
import csv
with open("separators.csv", newline="", encoding="utf-8") as f:
    print(next(csv.DictReader(f))["stack_trace"])'
}

atf_test_case speedscope
speedscope_head()
{
	atf_set descr "the schema that speedscope publishes"
	atf_set require.progs "python3 npm"
}
speedscope_body()
{
	tool jsonschema
	(
		own_home
		npm pack --silent speedscope > npm.log 2>&1 &&
		    tar xzf speedscope-*.tgz
	) || atf_skip "speedscope's package is not to be had"
	schema=$(find package -name file-format-schema.json | head -n 1)
	[ -n "$schema" ] || atf_skip "speedscope's package has no schema"
	for k in mixed names empty; do
		capture $k
		atf_check memray-transform -o $k.json speedscope $k.bin
		atf_check -o match:"frames" "$python" \
		    "$(atf_get_srcdir)/speedscope_check.py" $k.json "$schema"
	done
}

# go tool pprof, quietly; the first use compiles it.
go_pprof()
{
	(
		own_home
		go tool pprof "$@"
	)
}

atf_test_case pprof
pprof_head()
{
	atf_set descr "go tool pprof prints our values, and whole names"
	atf_set require.progs "go"
	atf_set timeout 1200
}
pprof_body()
{
	go_pprof -h 2>&1 | grep -q '^usage:' ||
	    atf_skip "this go has no pprof"
	capture basic
	atf_check memray-transform -o out pprof basic.bin
	go_pprof -top -unit=B out > top 2> err || atf_fail "$(cat err)"
	atf_check cat err
	atf_check -o match:"^Type: inuse_space" \
	    -o match:"^ +4000B 80.00% 80.00% +4000B 80.00% +keep$" \
	    -o match:"^ +1000B 20.00% .* +1000B 20.00% +half$" \
	    -o match:" 5000B +100% +<module>$" cat top
	go_pprof -top -sample_index=alloc_objects out > top
	atf_check -o match:"^ +4 80.00% 80.00% +4 80.00% +keep$" cat top
	go_pprof -lines -top -unit=B out > top
	atf_check -o match:" 3000B 60.00% +keep lib/store.py:23$" cat top
	go_pprof -tags -unit=B out > tags
	atf_check -o match:"5000B .*: malloc" -o match:"5000B .*: main" \
	    cat tags
	capture mixed
	atf_check memray-transform -o mixed pprof mixed.bin
	go_pprof -raw mixed > raw
	atf_check -o match:"1 +16384 +1 +16384: " \
	    -o match:"allocator:\[mmap\] thread:\[worker\]" cat raw
	capture huge
	atf_check memray-transform -o huge pprof huge.bin
	go_pprof -top huge > top
	atf_check -o match:"function_" cat top
}

atf_init_test_cases()
{
	atf_add_test_case gprof2dot
	atf_add_test_case folded
	atf_add_test_case csv
	atf_add_test_case speedscope
	atf_add_test_case pprof
}
