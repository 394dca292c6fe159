# We count as memray does.  `make agree' compares many more programs.

. "$(atf_get_srcdir)/memray_subr.sh"

atf_test_case programs
programs_head()
{
	atf_set descr "counts, bytes and peaks of programs, as memray has them"
	atf_set require.progs python3
	atf_set timeout 600
}
programs_body()
{
	memray_need 1.20.0 || atf_skip "memray 1.20.0 cannot be installed"
	"$python" -VV
	atf_check -o save:out python3 "$src/memray_agree.py" -t 250 \
	    -p "$python" package:sqlite3 package:pickle
	cat out
	atf_check -o match:"^2 programs compared, 2 within 1 %" tail -n 1 out
}

# Made-up numbers: alike, explained, arenas, from run to run, and another.
atf_test_case judgement
judgement_head()
{
	atf_set descr "which differences are explained, and the status"
	atf_set require.progs python3
}
judgement_body()
{
	cat > made_up.py <<-EOF
	import sys
	import memray_agree as m
	numbers = {"same": ([(100, 100, 100)], [(100, 101, 100)]),
	           "known": ([(103, 100, 100)], [(100, 100, 100)]),
	           "above": ([(104, 9, 9)] * 3, [(100, 9, 9)] * 3),
	           "varies": ([(103, 9, 9), (101, 9, 9), (104, 9, 9)],
	                      [(100, 9, 9), (102, 9, 9), (100, 9, 9)]),
	           "arenas": ([(100, 9, 209, 100, 9, 109)],
	                      [(100, 9, 109, 100, 9, 109)]),
	           "other": ([(9, 9, 103)] * 3, [(9, 9, 100)] * 3),
	           "both": ([(9, 9, 209, 9, 9, 109)] * 3,
	                    [(9, 9, 100, 9, 9, 100)] * 3)}
	def next_of(which):
	    left = {}
	    def run(args, program, mode, path):
	        key = program, mode
	        left.setdefault(key, list(numbers[program][which]))
	        found = left[key].pop(0)
	        return found if len(found) == 6 else found * 2
	    return run
	m.ours, m.theirs = next_of(0), next_of(1)
	def alone(args, argv, end):
	    if argv[-1] == "endless":
	        raise m.TooLong
	    return int(argv[-1] == "broken"), "Trace\nwhy"
	m.run = alone
	m.explained = lambda: [["kno*", "*", "count", "3"],
	                       ["above", "blocks", "count", "3.5"]]
	m.main()
	EOF
	PYTHONPATH=$(atf_get_srcdir) PYTHONDONTWRITEBYTECODE=1
	export PYTHONPATH PYTHONDONTWRITEBYTECODE
	atf_check -o save:out python3 made_up.py same known varies arenas \
	    broken endless
	cat > expected <<-EOF
	same blocks 100 100 +0.000 100 101 -0.990 100 100 +0.000
	same objects 100 100 +0.000 100 101 -0.990 100 100 +0.000
	known blocks 103 100 +3.000+ 100 100 +0.000 100 100 +0.000
	known objects 103 100 +3.000+ 100 100 +0.000 100 100 +0.000
	varies blocks 103 100 +3.000~ 9 9 +0.000 9 9 +0.000
	varies objects 103 100 +3.000~ 9 9 +0.000 9 9 +0.000
	arenas blocks 100 100 +0.000 9 9 +0.000 209 109 +91.743a
	arenas objects 100 100 +0.000 9 9 +0.000 209 109 +91.743a
	broken left out: alone: why
	endless left out: takes longer than 300 s
	4 programs compared, 1 within 1 %, 2 with differences that are explained, 1 that vary, 0 with others; 2 left out
	EOF
	sed '1d; s/  */ /g; s/ $//' out > lines
	atf_check -o file:expected cat lines
	for p in above other both; do
		atf_check -s exit:1 -o match:"3.000!|4.000!|109.000!" \
		    python3 made_up.py same $p
	done
}

# What the short test compares is not nothing: numbers that are not memray's.
atf_test_case different
different_head()
{
	atf_set descr "a program that allocates more under us is found out"
	atf_set require.progs python3
	atf_set timeout 600
}
different_body()
{
	memray_need 1.20.0 || atf_skip "memray 1.20.0 cannot be installed"
	mkdir copy
	cp "$src/memray_agree.py" "$src/memray_agree.txt" \
	    "$src/agree_driver.py" copy/
	cat > copy/agree_packages.py <<-EOF
	def odd():
	    import os
	    more = 1 + ("AGREE_CAPTURE" not in os.environ)
	    return [bytes(100000) for _ in range(20 * more)]
	EOF
	atf_check -s exit:1 -o save:out python3 copy/memray_agree.py -t 250 \
	    -p "$python" package:odd
	cat out
	atf_check -o match:"40 .*20 .*100.000!" grep blocks out
}

atf_init_test_cases()
{
	atf_add_test_case programs
	atf_add_test_case judgement
	atf_add_test_case different
}
