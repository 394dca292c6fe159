# Files of others: what they cost whoever reads them.

# Makes a file of this kind, see budget_files.py.
file()
{
	python3 "$(atf_get_srcdir)/budget_files.py" "$@" ||
	    atf_fail "status $?"
}

# A test case that has each report read one file.
cost()
{
	eval "atf_test_case $1
	$1_head()
	{
		atf_set descr \"$2\"
		atf_set require.progs python3
		atf_set timeout 300
	}
	$1_body()
	{
		file $3
		atf_check python3 \$(atf_get_srcdir)/budget_run.py x.bin
	}"
}

cost symbols "an address that stands for 64 frames, 300 000 times" \
    "symbols x.bin 300000 64"
cost no_columns "rows of sites without columns" "no_columns x.bin 800000"
cost overlap "blocks that all have the same bytes" "overlap x.bin 9000"
cost deep "a stack of 300 000 calls" "deep x.bin 300000"
cost deeper "a stack of 1 000 000 calls" "deep x.bin 1000000"
cost inflated_nodes "64 MB of zeroes as nodes" "inflated x.bin 3 64000000"
cost inflated_sites "64 MB of zeroes as sites" "inflated x.bin 7 64000000"
cost inflated_events "64 MB of zeroes as events" "inflated x.bin 5 64000000"
cost ids "large numbers of few things" "ids x.bin 60000"
cost again "stacks of memray, each in a new address space" \
    "again x.bin 3000"

atf_test_case crowd
crowd_head()
{
	atf_set descr "addresses that were chosen to have one place in a table"
	atf_set require.progs python3
}
crowd_body()
{
	file crowd x.bin 300000
	atf_check -o match:"19200000.*300000$" memray-summary x.bin
	atf_check -o not-empty memray-transform -o - memray x.bin
}

atf_test_case limit
limit_head()
{
	atf_set descr "one line says what is needed, and a variable allows it"
	atf_set require.progs python3
}
limit_body()
{
	file symbols x.bin 10000 64
	MEMTRACE_MEMORY_MAX=5M
	export MEMTRACE_MEMORY_MAX
	atf_check -s exit:1 -e match:"^memray-summary: x.bin: needs [0-9.]* \
MB of memory or more, and may have 5.0 MB; set MEMTRACE_MEMORY_MAX to let \
it have more$" memray-summary x.bin
	atf_check -s exit:1 -e match:"^memray-summary: standard input: needs" \
	    -x "cat x.bin | memray-summary -"
	MEMTRACE_MEMORY_MAX=1G
	atf_check -o match:"^f at g.c	64" memray-summary x.bin
	atf_check -o match:"^f at g.c	64" -x "cat x.bin | memray-summary -"
	unset MEMTRACE_MEMORY_MAX
	atf_check -o match:"^f at g.c	64" memray-summary x.bin
	export MEMTRACE_MEMORY_MAX
	MEMTRACE_MEMORY_MAX=100MB
	atf_check -s exit:1 -e match:"x.bin: MEMTRACE_MEMORY_MAX in the \
environment is no size: 100MB" memray-summary x.bin
}

atf_test_case recursion
recursion_head()
{
	atf_set descr "stacks lose calls in their middle if that is too much"
	atf_set require.progs python3
}
recursion_body()
{
	file recursion x.bin 6000
	atf_check -o save:out -e inline:"memray-transform: warning: stacks \
without calls in their middle, since they have more than 1024: 4976\n" -x \
	    "memray-transform -o - folded x.bin |
	    awk -F ';' '{ most = NF > most ? NF : most } END { print most }
	    NR == 6000 { for (i = 1; \$i !~ /calls left out/; i++); print i }'"
	atf_check -o inline:"513\n1024\n" cat out
	for format in csv gprof2dot pprof speedscope; do
		atf_check -e match:"more than 1024: 4976$" \
		    memray-transform -o out.$format $format x.bin
	done
	# A tree has each call once, and a capture of memray, too.
	atf_check -o inline:"6001\n" -x "memray-tree -b 10000 x.bin | wc -l"
	atf_check memray-transform -o x.memray memray x.bin
}

atf_test_case again_names
again_names_head()
{
	atf_set descr "what is named again has the same names"
	atf_set require.progs python3
}
again_names_body()
{
	file again x.bin 50
	memray-tree x.bin > out || atf_fail "status $?"
	atf_check -o inline:"1025\n" -x "wc -l < out"
	atf_check -o match:"^64	100.00	1	  0x0 at" sed -n 2p out
}

atf_test_case mutations
mutations_head()
{
	atf_set descr "captures that were cut and changed: status 0 or 1"
	atf_set require.progs python3
	atf_set timeout 600
}
mutations_body()
{
	atf_check -o match:" runs, 0 bad" python3 \
	    "$(atf_get_srcdir)/budget_mutate.py" 1 \
	    "$(atf_get_srcdir)"/golden/*.bin
}

atf_init_test_cases()
{
	for c in symbols no_columns overlap deep deeper inflated_nodes \
	    inflated_sites inflated_events ids again again_names crowd limit recursion \
	    mutations; do
		atf_add_test_case $c
	done
}
