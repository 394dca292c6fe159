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

atf_test_case plain
plain_head()
{
	atf_set descr "lines for programs"
}
plain_body()
{
	capture mixed
	lines <<-'EOF'
	total_allocations|9
	total_bytes|1017591
	peak_bytes|1017591
	leaked_allocations|9
	leaked_bytes|1013495
	size|0|2|2
	size|3|14|1
	size|15|62|1
	size|63|250|2
	size|251|998|1
	size|999|3980|0
	size|3981|15847|0
	size|15848|63094|1
	size|63095|251187|0
	size|251188|999999|1
	allocator|MALLOC|1001132|5
	allocator|CALLOC|1|1
	allocator|REALLOC|10|1
	allocator|MMAP|16384|1
	allocator|PYMALLOC_MALLOC|64|1
	location_by_size|array|/opt/v/lib/python3.11/site-packages/numpy/core/numeric.py|8|1001000|2
	location_by_size|<module>|/srv/app/run.py|3|16384|2
	location_by_size|_find|<frozen importlib._bootstrap>|51|164|2
	location_by_size|<no Python stack>||0|32|1
	location_by_size|Part.load|/srv/app/shop/parts.py|12|11|2
	location_by_count|<module>|/srv/app/run.py|3|16384|2
	location_by_count|Part.load|/srv/app/shop/parts.py|12|11|2
	location_by_count|_find|<frozen importlib._bootstrap>|51|164|2
	location_by_count|array|/opt/v/lib/python3.11/site-packages/numpy/core/numeric.py|8|1001000|2
	location_by_count|<no Python stack>||0|32|1
	module_by_size|numpy|1001000|2
	module_by_size|run|16384|2
	module_by_size|shop|111|3
	module_by_size|<root>|96|2
	module_by_count|shop|111|3
	module_by_count|<root>|96|2
	module_by_count|numpy|1001000|2
	module_by_count|run|16384|2
	EOF
	atf_check -o file:expected memray-stats mixed.bin
}

atf_test_case num_largest
num_largest_body()
{
	capture many
	for n in 1 7 60 1000; do
		w=$((n < 60 ? n : 60))
		atf_check -o inline:"$w\n" -x "memray-stats -n $n many.bin |
		    grep -c ^location_by_size"
		atf_check -o inline:"$w\n" -x \
		    "memray-stats --num-largest $n many.bin |
		    grep -c ^location_by_count"
	done
	atf_check -o inline:"5\n" -x "memray-stats many.bin |
	    grep -c ^location_by_size"
	atf_check -o match:"^location_by_size	Handler60.process_request	" \
	    -x "memray-stats -n 1 many.bin"
}

atf_test_case modules
modules_head()
{
	atf_set descr "the same module by all of its paths, ties by name"
}
modules_body()
{
	capture modules
	lines <<-'EOF'
	module_by_size|<root>|4000|4
	module_by_size|shop|3000|3
	module_by_size|<string>|1000|1
	module_by_size|app|1000|1
	module_by_size|elsewhere|1000|1
	module_by_size|lib|1000|1
	module_by_size|six|1000|1
	module_by_size|yaml|1000|1
	EOF
	atf_check -o file:expected -x "memray-stats -n 100 modules.bin |
	    grep module_by_size"
}

atf_test_case json
json_head()
{
	atf_set descr "memray's names and types"
}
json_body()
{
	capture mixed
	cat > expected <<-'EOF'
	{
	  "total_num_allocations": 9,
	  "total_bytes_allocated": 1017591,
	  "allocation_size_histogram": [
	    {"min_bytes": 0, "max_bytes": 2, "count": 2},
	    {"min_bytes": 3, "max_bytes": 14, "count": 1},
	    {"min_bytes": 15, "max_bytes": 62, "count": 1},
	    {"min_bytes": 63, "max_bytes": 250, "count": 2},
	    {"min_bytes": 251, "max_bytes": 998, "count": 1},
	    {"min_bytes": 999, "max_bytes": 3980, "count": 0},
	    {"min_bytes": 3981, "max_bytes": 15847, "count": 0},
	    {"min_bytes": 15848, "max_bytes": 63094, "count": 1},
	    {"min_bytes": 63095, "max_bytes": 251187, "count": 0},
	    {"min_bytes": 251188, "max_bytes": 999999, "count": 1}
	  ],
	  "allocator_type_distribution": {
	    "MALLOC": 5,
	    "CALLOC": 1,
	    "REALLOC": 1,
	    "MMAP": 1,
	    "PYMALLOC_MALLOC": 1
	  },
	  "top_allocations_by_size": [
	    {"location": "array:/opt/v/lib/python3.11/site-packages/numpy/core/numeric.py:8", "size": 1001000},
	    {"location": "<module>:/srv/app/run.py:3", "size": 16384},
	    {"location": "_find:<frozen importlib._bootstrap>:51", "size": 164},
	    {"location": "<stack trace unavailable>", "size": 32}
	  ],
	  "top_allocations_by_count": [
	    {"location": "<module>:/srv/app/run.py:3", "count": 2},
	    {"location": "Part.load:/srv/app/shop/parts.py:12", "count": 2},
	    {"location": "_find:<frozen importlib._bootstrap>:51", "count": 2},
	    {"location": "array:/opt/v/lib/python3.11/site-packages/numpy/core/numeric.py:8", "count": 2}
	  ],
	  "top_modules_by_allocation_size": [
	    {"module": "numpy", "num_allocations": 2, "total_bytes": 1001000},
	    {"module": "run", "num_allocations": 2, "total_bytes": 16384},
	    {"module": "shop", "num_allocations": 3, "total_bytes": 111},
	    {"module": "<root>", "num_allocations": 2, "total_bytes": 96}
	  ],
	  "top_modules_by_allocation_count": [
	    {"module": "shop", "num_allocations": 3, "total_bytes": 111},
	    {"module": "<root>", "num_allocations": 2, "total_bytes": 96},
	    {"module": "numpy", "num_allocations": 2, "total_bytes": 1001000},
	    {"module": "run", "num_allocations": 2, "total_bytes": 16384}
	  ],
	  "metadata": {
	EOF
	atf_check -o save:out memray-stats --json -n 4 mixed.bin
	head -n "$(wc -l < expected)" out > first
	atf_check -o file:expected cat first
	# The rest is that of memray-summary, and this.
	cat > expected <<-'EOF'
	    "trace_python_allocators": false,
	    "still_recording": false,
	    "lost_threads": 0,
	    "lost_bytes": 0,
	    "total_frames": 5,
	    "main_thread_id": 1234,
	    "file_format": 0
	  }
	}
	EOF
	tail -n 9 out > last
	atf_check -o file:expected cat last
	for k in start_time end_time total_allocations peak_memory \
	    command_line pid python_allocator has_native_traces; do
		atf_check -o ignore grep "^    \"$k\": " out
	done
}

atf_test_case json_valid
json_valid_head()
{
	atf_set descr "JSON is valid whatever the names are"
	atf_set require.progs "python3"
}
json_valid_body()
{
	for k in names empty unknown; do
		capture $k
		atf_check -o ignore -x \
		    "memray-stats --json $k.bin | python3 -m json.tool"
	done
}

atf_test_case sizes_alike
sizes_alike_head()
{
	atf_set descr "bins of captures whose blocks are all of one size, or of none"
}
sizes_alike_body()
{
	capture unknown
	atf_check -o inline:"10\n" -x \
	    "memray-stats unknown.bin | grep -c ^size"
	atf_check -o inline:"1\n" -x "memray-stats unknown.bin |
	    awk '\$1 == \"size\" && \$4 > 0' | wc -l"
	for k in zeroes ones; do
		capture $k
		atf_check -o inline:"3\n" -x "memray-stats $k.bin |
		    awk '\$1 == \"size\" { n += \$4 } END { print n }'"
	done
}

atf_test_case selected
selected_head()
{
	atf_set descr "threads, processes and calls"
}
selected_body()
{
	capture mixed
	lines <<-'EOF'
	total_allocations|3
	total_bytes|16480
	peak_bytes|16480
	leaked_allocations|3
	leaked_bytes|12384
	allocator|MALLOC|32|1
	allocator|MMAP|16384|1
	allocator|PYMALLOC_MALLOC|64|1
	location_by_size|<module>|/srv/app/run.py|3|16384|1
	location_by_size|_find|<frozen importlib._bootstrap>|51|64|1
	location_by_size|<no Python stack>||0|32|1
	EOF
	for t in 1235 worker 'w*'; do
		atf_check -o save:out memray-stats --thread "$t" mixed.bin
		atf_check -o file:expected -x "grep -E \
		    '^(total|peak|leaked|allocator|location_by_s)' out"
	done
	# Sizes of 32 and 64 to 16384 bytes, each taken for a power of two.
	atf_check_equal 3 "$(awk '$1 == "size" { n += $4 } END { print n }' \
	    out)"
	atf_check -o match:'^total_allocations	1$' -e inline:"memray-stats: \
no function and no file matches 'json/*'\n" \
	    memray-stats --include 'json/*' --include loads --exclude '<module>' \
	    mixed.bin
	memray-stats mixed.bin > expected
	atf_check -o file:expected memray-stats --process 1234 mixed.bin
	atf_check -s exit:1 -e inline:"memray-stats: no process matches '1'; \
there is 1234 (app.py --fast \"two words\")
memray-stats: no capture is selected\n" memray-stats --process 1 mixed.bin
	atf_check -s exit:2 -e ignore memray-stats --leaks mixed.bin
}

atf_test_case empty
empty_body()
{
	capture empty
	lines <<-'EOF'
	total_allocations|0
	total_bytes|0
	peak_bytes|0
	leaked_allocations|0
	leaked_bytes|0
	EOF
	atf_check -o file:expected memray-stats empty.bin
	atf_check -o match:'"allocation_size_histogram": \[\],' \
	    memray-stats --json empty.bin
}

atf_test_case several
several_head()
{
	atf_set descr "the numbers of several captures are added up"
}
several_body()
{
	capture basic
	capture recursion
	lines <<-'EOF'
	total_allocations|15
	total_bytes|10500
	peak_bytes|10500
	leaked_allocations|7
	leaked_bytes|2500
	EOF
	memray-stats basic.bin recursion.bin basic.bin > out ||
	    atf_fail "status $?"
	atf_check -o file:expected head -n 5 out
	atf_check -o match:'	keep	lib/store.py	23	6000	6$' \
	    grep '^location_by_size' out
	atf_check -o match:'"peak_memory": 10500,' \
	    -o match:'"captures": \[' -o match:'"main_thread_id": 1234,' \
	    memray-stats --json basic.bin recursion.bin basic.bin
	atf_check -s exit:1 -o file:out -e inline:"memray-stats: missing.bin: \
cannot open: No such file or directory\n" \
	    memray-stats basic.bin recursion.bin missing.bin basic.bin
}

atf_test_case incomplete
incomplete_head()
{
	atf_set descr "what is missing is said, and changes the status"
}
incomplete_body()
{
	capture lost
	atf_check -s exit:1 -o match:"^total_allocations	5" -e inline:\
"memray-stats: lost.bin: warning: 3 events were lost\n" memray-stats lost.bin
	capture cut
	atf_check -s exit:1 -o match:"^total_allocations	5" \
	    -e match:"^memray-stats: cut.bin: warning: cut short" \
	    memray-stats cut.bin
	echo nothing > text
	atf_check -s exit:1 -e match:"^memray-stats: text: " \
	    memray-stats text
}

atf_test_case standard_input
standard_input_body()
{
	capture basic
	memray-stats basic.bin > expected
	atf_check -o file:expected -x "cat basic.bin | memray-stats -"
}

atf_test_case output
output_head()
{
	atf_set descr "-o writes to a file, and not over one without -f"
}
output_body()
{
	capture basic
	memray-stats --json basic.bin > expected
	atf_check memray-stats --json -o out basic.bin
	atf_check cmp expected out
	echo precious > out
	atf_check -s exit:1 -e inline:"memray-stats: out: already exists, \
not overwritten without --force\n" \
	    memray-stats --json --output out basic.bin
	atf_check -o inline:"precious\n" cat out
	for o in -f --force; do
		echo precious > out
		atf_check memray-stats --json $o -o out basic.bin
		atf_check cmp expected out
	done
	atf_check -o file:expected memray-stats --json -o - basic.bin
	# Without a capture there is no report.
	atf_check -s exit:1 -e not-empty memray-stats -o new missing.bin
	[ ! -e new ] || atf_fail "a file without a report"
}

atf_test_case names
names_head()
{
	atf_set descr "a name takes one field, whatever it contains"
}
names_body()
{
	capture names
	lines <<-'EOF'
	location_by_size|tab\there|back\\slash\n.py|1|30|1
	location_by_size|\x1b[31mred|\xff.py|1|20|1
	location_by_size|café|日本語.py|1|10|1
	EOF
	atf_check -o file:expected -x "memray-stats names.bin |
	    grep ^location_by_size"
}

# What memray-stats shows on a terminal.
screen()
{
	atf_check -o save:screen script -qec "$* memray-stats $k.bin" \
	    /dev/null
	tr -d '\r' < screen > screen.txt
	sed "s/$(printf '\033')\[[0-9;]*m//g" screen.txt > screen.plain
}

atf_test_case terminal
terminal_head()
{
	atf_set descr "memray's layout, without control characters of others"
	atf_set require.progs "script"
}
terminal_body()
{
	k=mixed
	capture $k
	screen LC_ALL=C TERM=xterm
	atf_check -o file:"$(atf_get_srcdir)/screen.txt" cat screen.plain
	screen LC_ALL=C.UTF-8 TERM=dumb
	atf_check cmp screen.txt screen.plain
	atf_check -o match:': 2 ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇$' cat screen.plain
	k=empty
	capture $k
	screen TERM=xterm NO_COLOR=1
	atf_check -o ignore grep "<no data for histogram>" screen.txt
	k=names
	capture $k
	screen TERM=dumb
	atf_check -o match:'- tab\\there:back' cat screen.txt
}

atf_test_case usage
usage_body()
{
	for a in "" -x --nonsense; do
		atf_check -s exit:2 -e match:"^usage: memray-stats " \
		    -x "memray-stats $a"
	done
	for n in 0 -1 x 4294967296; do
		atf_check -s exit:2 -e inline:"memray-stats: --num-largest: \
not a positive number: $n\n" memray-stats -n "$n" x.bin
	done
	for o in -h --help; do
		atf_check -o match:"^usage: memray-stats " memray-stats $o
	done
	for o in -V --version; do
		atf_check -o match:"^memray-stats [0-9]+\.[0-9]+\.[0-9]+$" \
		    memray-stats $o
	done
}

atf_test_case full_disk
full_disk_body()
{
	[ -c /dev/full ] || atf_skip "needs /dev/full"
	capture basic
	for o in "" --json; do
		atf_check -s exit:1 -e inline:"memray-stats: standard \
output: No space left on device\n" -x "memray-stats $o basic.bin > /dev/full"
	done
	atf_check -s exit:1 -e match:"^memray-stats: /dev/full: " \
	    memray-stats -o /dev/full basic.bin
}

atf_init_test_cases()
{
	atf_add_test_case plain
	atf_add_test_case num_largest
	atf_add_test_case modules
	atf_add_test_case json
	atf_add_test_case json_valid
	atf_add_test_case sizes_alike
	atf_add_test_case selected
	atf_add_test_case empty
	atf_add_test_case several
	atf_add_test_case incomplete
	atf_add_test_case standard_input
	atf_add_test_case output
	atf_add_test_case names
	atf_add_test_case terminal
	atf_add_test_case usage
	atf_add_test_case full_disk
}
