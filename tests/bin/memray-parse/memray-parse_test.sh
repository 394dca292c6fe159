# mk_capture, of the tests of memray-summary, writes captures that are known.
capture()
{
	atf_check "$(atf_get_srcdir)/mk_capture" "$1" "${2-$1.bin}"
}

# What is expected, with | for tabs.
lines()
{
	tr '|' '\t' > expected
}

atf_test_case head
head_head()
{
	atf_set descr "header, metadata and state come first"
}
head_body()
{
	capture basic
	lines <<-'EOF'
	HEADER|file=basic.bin|major=1|minor=0|start_time_ns=1795340537800000000
	META|command_line=app.py --fast "two words"
	META|pid=1234
	META|python_version=3.11.7
	META|python_allocator=pymalloc
	META|end_time_ns=1795340538900000000
	META|exit_status=768
	META|total_allocations=5
	META|total_bytes=5000
	META|peak_bytes=5000
	META|peak_time_ns=1795340537800000000
	META|leaked_allocations=1
	META|leaked_bytes=1000
	META|lost_events=0
	META|has_native_traces=0
	META|trace_python_allocators=0
	META|lost_threads=0
	META|lost_bytes=0
	STATE|cut=0|damaged=0|aggregated=0|rebuilt=0|disk_full=0|lost_bytes_of_file=0|recording=0
	EOF
	atf_check -o save:out memray-parse basic.bin
	# The minor version may grow.
	sed 's/minor=[0-9]*/minor=0/' out | head -n 19 > first
	atf_check -o file:expected cat first
}

atf_test_case tables
tables_body()
{
	capture mixed
	lines <<-'EOF'
	THREAD|id=0|tid=1234|name=main
	THREAD|id=1|tid=1235|name=worker
	CODE|id=0|function=<unknown>|file=<unknown>|first_line=0|table_kind=0|table_bytes=0
	CODE|id=1|function=<module>|file=/srv/app/run.py|first_line=1|table_kind=4|table_bytes=0
	CODE|id=2|function=Part.load|file=/srv/app/shop/parts.py|first_line=10|table_kind=4|table_bytes=0
	CODE|id=3|function=array|file=/opt/v/lib/python3.11/site-packages/numpy/core/numeric.py|first_line=7|table_kind=4|table_bytes=0
	CODE|id=4|function=loads|file=/usr/lib/python3.11/json/__init__.py|first_line=100|table_kind=4|table_bytes=0
	CODE|id=5|function=_find|file=<frozen importlib._bootstrap>|first_line=50|table_kind=4|table_bytes=0
	CODE|id=6|function=loads|file=/usr/lib/python3.11/json/__init__.py|first_line=100|table_kind=4|table_bytes=0
	CODE|id=7|function=_find|file=<frozen importlib._bootstrap>|first_line=50|table_kind=4|table_bytes=0
	NODE|id=1|parent=0|code=1|offset=3|line=3
	NODE|id=2|parent=1|code=2|offset=12|line=12
	NODE|id=3|parent=2|code=4|offset=101|line=101
	NODE|id=4|parent=3|code=5|offset=51|line=51
	NODE|id=5|parent=2|code=3|offset=8|line=8
	NODE|id=6|parent=0|code=6|offset=101|line=101
	NODE|id=7|parent=6|code=7|offset=51|line=51
	SITE|thread=0|node=1|allocator=malloc|allocations=1|bytes=0|peak_allocations=1|peak_bytes=0|leaked_allocations=1|leaked_bytes=0
	SITE|thread=0|node=2|allocator=calloc|allocations=1|bytes=1|peak_allocations=1|peak_bytes=1|leaked_allocations=1|leaked_bytes=1
	SITE|thread=0|node=2|allocator=realloc|allocations=1|bytes=10|peak_allocations=1|peak_bytes=10|leaked_allocations=1|leaked_bytes=10
	SITE|thread=0|node=4|allocator=malloc|allocations=1|bytes=100|peak_allocations=1|peak_bytes=100|leaked_allocations=1|leaked_bytes=100
	SITE|thread=0|node=5|allocator=malloc|allocations=2|bytes=1001000|peak_allocations=2|peak_bytes=1001000|leaked_allocations=2|leaked_bytes=1001000
	SITE|thread=1|node=0|allocator=malloc|allocations=1|bytes=32|peak_allocations=1|peak_bytes=32|leaked_allocations=1|leaked_bytes=32
	SITE|thread=1|node=1|allocator=mmap|allocations=1|bytes=16384|peak_allocations=1|peak_bytes=16384|leaked_allocations=1|leaked_bytes=12288
	SITE|thread=1|node=7|allocator=pymalloc_malloc|allocations=1|bytes=64|peak_allocations=1|peak_bytes=64|leaked_allocations=1|leaked_bytes=64
	EOF
	# Sites are in no order.
	memray-parse mixed.bin > out || atf_fail "status $?"
	{
		grep -E '^(THREAD|CODE|NODE)' out
		grep '^SITE' out | LC_ALL=C sort
	} > got
	atf_check -o file:expected cat got
}

atf_test_case events
events_head()
{
	atf_set descr "events in their order, points of the timeline before"
}
events_body()
{
	capture mixed
	lines <<-'EOF'
	SAMPLE|time_ns=1000000|heap=11|rss=5000|anon_rss=4000
	SAMPLE|time_ns=500000000|heap=1001207|rss=6000|anon_rss=4500
	SAMPLE|time_ns=600000000|heap=1013495|rss=7000|anon_rss=5000
	ALLOCATION|number=0|time_ns=0|thread=0|node=1|allocator=malloc|address=0x1000|size=0
	ALLOCATION|number=1|time_ns=0|thread=0|node=2|allocator=calloc|address=0x1010|size=1
	ALLOCATION|number=2|time_ns=0|thread=0|node=2|allocator=realloc|address=0x1021|size=10
	ALLOCATION|number=3|time_ns=0|thread=0|node=4|allocator=malloc|address=0x103b|size=100
	ALLOCATION|number=4|time_ns=0|thread=0|node=5|allocator=malloc|address=0x10af|size=1000
	ALLOCATION|number=5|time_ns=0|thread=0|node=5|allocator=malloc|address=0x14a7|size=1000000
	ALLOCATION|number=6|time_ns=500000000|thread=1|node=7|allocator=pymalloc_malloc|address=0xf56f7|size=64
	ALLOCATION|number=7|time_ns=500000000|thread=1|node=0|allocator=malloc|address=0xf5747|size=32
	ALLOCATION|number=8|time_ns=500000000|thread=1|node=1|allocator=mmap|address=0xf6000|size=16384
	UNMAP|time_ns=500000000|thread=1|address=0xf7000|size=4096
	END|events=10
	EOF
	atf_check -o file:expected -x \
	    "memray-parse mixed.bin | sed -n '/^SAMPLE/,\$p'"
	capture basic
	lines <<-'EOF'
	FREE|number=4|time_ns=0|thread=0
	FREE|number=1|time_ns=0|thread=0
	FREE|number=2|time_ns=0|thread=0
	FREE|number=3|time_ns=0|thread=0
	EOF
	atf_check -o file:expected -x "memray-parse basic.bin | grep ^FREE"
}

atf_test_case more
more_head()
{
	atf_set descr "what is known of sites besides totals"
}
more_body()
{
	capture mixed
	lines <<-'EOF'
	HISTOGRAM|smallest=0|largest=1000000
	BUCKET|smallest=0|largest=0|allocations=1
	BUCKET|smallest=1|largest=1|allocations=1
	BUCKET|smallest=10|largest=10|allocations=1
	BUCKET|smallest=32|largest=32|allocations=1
	BUCKET|smallest=64|largest=64|allocations=1
	BUCKET|smallest=100|largest=100|allocations=1
	BUCKET|smallest=1000|largest=1000|allocations=1
	BUCKET|smallest=16384|largest=16639|allocations=1
	BUCKET|smallest=999424|largest=1007615|allocations=1
	LIFETIMES|interval_ns=10000000|intervals=111
	EOF
	atf_check -o save:out memray-parse -t mixed.bin
	atf_check -o file:expected grep -E '^(HISTOGRAM|BUCKET|LIFETIMES)' out
	# Sites are in no order: by the bytes of each, which are all different.
	awk -F'[\t=]' '
	    $1 == "SITE" { bytes[n++] = $11 }
	    $1 == "LIFETIME" { print bytes[$3], $5, $7, $9, $11 }' out |
	    LC_ALL=C sort > lifetimes
	cat > expected <<-'EOF'
	0 0 never 1 0
	1 0 never 1 1
	10 0 never 1 10
	100 0 never 1 100
	1001000 0 never 2 1001000
	16384 50 never 1 12288
	32 50 never 1 32
	64 50 never 1 64
	EOF
	atf_check -o file:expected cat lifetimes
	# Blocks were freed long after they were allocated, or at once.
	capture basic
	atf_check -o save:out memray-parse -t basic.bin
	atf_check -o match:'bits=[0-9]+	allocations=[0-9]+	bytes=[0-9]+' \
	    grep ^TEMPORARY out
}

atf_test_case blocks
blocks_head()
{
	atf_set descr "blocks follow each other, all kinds have names"
}
blocks_body()
{
	capture mixed
	atf_check -o save:blocks -x "memray-parse mixed.bin | grep ^BLOCK"
	atf_check awk -F'[\t=]' '
	    NR > 1 && $3 != end { print "not at", end ": " $0 }
	    { end = $3 + 24 + $13 }' blocks
	for n in meta codes nodes threads events samples sites; do
		atf_check -o ignore grep -w "name=$n" blocks
	done
}

atf_test_case no_events
no_events_head()
{
	atf_set descr "--tables leaves out the events and what counts them"
}
no_events_body()
{
	capture basic
	memray-parse basic.bin |
	    grep -vE '^(ALLOCATION|FREE|UNMAP|END)	' > expected
	for o in -t --tables; do
		atf_check -o file:expected memray-parse $o basic.bin
	done
}

atf_test_case one_line
one_line_head()
{
	atf_set descr "a record is a line, a field has one tab before it, whatever the names"
}
one_line_body()
{
	capture names
	lines <<-'EOF'
	CODE|id=1|function=tab\there|file=back\\slash\n.py|first_line=1|table_kind=4|table_bytes=0
	CODE|id=2|function=\x1b[31mred|file=\xff.py|first_line=1|table_kind=4|table_bytes=0
	CODE|id=3|function=café|file=日本語.py|first_line=1|table_kind=4|table_bytes=0
	EOF
	atf_check -o file:expected -x "memray-parse names.bin |
	    grep -E '^CODE	id=[123]'"
	capture basic "$(printf 'odd\tname')"
	atf_check -o match:'^HEADER	file=odd\\tname	major' \
	    memray-parse "$(printf 'odd\tname')"
}

atf_test_case large
large_head()
{
	atf_set descr "200 000 nodes and allocations, none lost between buffers"
}
large_body()
{
	capture huge
	atf_check -o save:out memray-parse huge.bin
	atf_check -o inline:"200000\n" grep -c '^ALLOCATION	number=' out
	atf_check -o inline:"END	events=200000\n" tail -n 1 out
	atf_check awk -F'\t' '
	    $1 == "ALLOCATION" && $2 != "number=" n++ { print }
	    $1 == "ALLOCATION" && NF != 8 { print }
	    $1 == "NODE" && ($2 != "id=" ++m || NF != 6) { print }' out
}

atf_test_case several
several_body()
{
	capture basic
	capture unknown
	{
		memray-parse basic.bin
		memray-parse unknown.bin
	} > expected
	atf_check -o file:expected memray-parse basic.bin unknown.bin
	atf_check -s exit:1 -o file:expected -e match:"^memray-parse: \
missing.bin: cannot open: No such file or directory$" \
	    memray-parse basic.bin missing.bin unknown.bin
}

atf_test_case standard_input
standard_input_body()
{
	capture basic
	memray-parse basic.bin | sed 's/basic.bin/-/' > expected
	atf_check -o file:expected -x "cat basic.bin | memray-parse -"
}

atf_test_case cut_short
cut_short_head()
{
	atf_set descr "what is there is printed, what is missing is said"
}
cut_short_body()
{
	capture cut
	atf_check -s exit:1 -o save:out -e match:"warning: cut short" \
	    memray-parse cut.bin
	atf_check -o match:"^STATE	cut=1	damaged=0	aggregated=0	rebuilt=1	" \
	    grep ^STATE out
	atf_check -o inline:"END	events=9\n" tail -n 1 out
	capture basic
	n=$(wc -c < basic.bin)
	while [ $((n -= 7)) -gt 0 ]; do
		head -c $n basic.bin > part.bin
		atf_check -s exit:1 -o ignore -e match:"^memray-parse: part" \
		    memray-parse part.bin
	done
}

atf_test_case damaged
damaged_head()
{
	atf_set descr "damage among the events is found when they are read"
}
damaged_body()
{
	capture huge
	# The middle of the last block of events.
	at=$(memray-parse -t huge.bin | awk -F'[\t=]' '
	    $1 == "BLOCK" && $7 == "events" { at = $3 + 24 + int($13 / 2) }
	    END { print at }')
	printf '\377\000\377' |
	    dd of=huge.bin bs=1 seek="$at" conv=notrunc 2>/dev/null
	atf_check -o ignore memray-parse --tables huge.bin
	atf_check -s exit:1 -o save:out -e inline:"memray-parse: huge.bin: \
warning: damaged, unreadable parts were skipped\n" memray-parse huge.bin
	atf_check -o match:"^END	events=[0-9]+$" tail -n 1 out
}

atf_test_case terminal
terminal_head()
{
	atf_set descr "a terminal is refused, unless told otherwise"
	atf_set require.progs "script"
}
terminal_body()
{
	capture basic
	atf_check -s exit:1 -o match:"^memray-parse: You must redirect stdout \
to a file or shell pipeline\..?$" \
	    script -qec "memray-parse basic.bin" /dev/null
	for o in -f --force; do
		atf_check -o match:"^END	events=9" \
		    script -qec "memray-parse $o basic.bin" /dev/null
	done
}

atf_test_case usage
usage_body()
{
	for a in "" -x --nonsense; do
		atf_check -s exit:2 -e match:"^usage: memray-parse " \
		    -x "memray-parse $a"
	done
	for o in -h --help; do
		atf_check -o match:"^usage: memray-parse " memray-parse $o
	done
	for o in -V --version; do
		atf_check -o match:"^memray-parse [0-9]+\.[0-9]+\.[0-9]+$" \
		    memray-parse $o
	done
}

atf_test_case output
output_head()
{
	atf_set descr "full disks are reported, readers that go away are not"
}
output_body()
{
	capture huge
	[ ! -c /dev/full ] || atf_check -s exit:1 -e inline:"memray-parse: \
standard output: No space left on device\n" \
	    -x "memray-parse huge.bin > /dev/full"
	atf_check -s exit:1 -e inline:"memray-parse: standard output: Bad \
file descriptor\n" -x "memray-parse huge.bin >&-"
	for t in "" "trap '' PIPE;"; do
		atf_check -o match:"^HEADER" -x \
		    "$t memray-parse huge.bin huge.bin | head -n 1"
	done
}

atf_init_test_cases()
{
	atf_add_test_case head
	atf_add_test_case tables
	atf_add_test_case events
	atf_add_test_case more
	atf_add_test_case blocks
	atf_add_test_case no_events
	atf_add_test_case one_line
	atf_add_test_case large
	atf_add_test_case several
	atf_add_test_case standard_input
	atf_add_test_case cut_short
	atf_add_test_case damaged
	atf_add_test_case terminal
	atf_add_test_case usage
	atf_add_test_case output
}
