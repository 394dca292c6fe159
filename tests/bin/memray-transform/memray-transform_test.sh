# mk_capture, of the tests of memray-summary, writes captures that are known.
capture()
{
	atf_check "$(atf_get_srcdir)/mk_capture" "$1" "${2-$1.bin}"
}

# Format $1 of the capture "mixed" is what the file $2 says.
mixed()
{
	capture mixed
	atf_check -o file:"$(atf_get_srcdir)/$2" \
	    memray-transform -o - "$1" mixed.bin
}

atf_test_case csv
csv_head()
{
	atf_set descr "memray's columns, lines that end as RFC 4180 says"
}
csv_body()
{
	capture mixed
	memray-transform -o - csv mixed.bin > out || atf_fail "status $?"
	atf_check -o inline:"$(wc -l < out)\n" grep -c "$(printf '\r')$" out
	tr -d '\r' < out > got
	atf_check -o file:"$(atf_get_srcdir)/mixed.csv" cat got
}

atf_test_case csv_quotes
csv_quotes_head()
{
	atf_set descr "fields with commas and quotes are quoted, others cleaned"
}
csv_quotes_body()
{
	capture separators
	atf_check -o match:'^MALLOC,1,10,1234,0x4d2 \(main\),"a,""b"";x\\x3by\\x7cz w.py;1"' \
	    memray-transform -o - csv separators.bin
	capture names
	atf_check -o match:'^MALLOC,1,30,.*,tab\\there;back\\\\slash\\n.py;1.$' \
	    -o match:'red;\\xff.py;1.$' memray-transform -o - csv names.bin
}

atf_test_case gprof2dot
gprof2dot_body()
{
	mixed gprof2dot mixed.json
}

atf_test_case speedscope
speedscope_body()
{
	mixed speedscope mixed.speedscope.json
}

atf_test_case speedscope_rules
speedscope_rules_head()
{
	atf_set descr "what the schema requires of our part of the format"
	atf_set require.progs "python3"
}
speedscope_rules_body()
{
	for k in mixed names empty unknown huge zeroes; do
		capture $k
		atf_check memray-transform -o out.json speedscope $k.bin
		atf_check -o match:"frames" python3 \
		    "$(atf_get_srcdir)/speedscope_check.py" out.json
		rm out.json
	done
}

atf_test_case folded
folded_head()
{
	atf_set descr "one number behind the last blank, semicolons between frames only"
}
folded_body()
{
	mixed folded mixed.folded
	capture separators
	atf_check -o inline:'a,"b" (x\\x3by|z w.py:1) 10\n' \
	    memray-transform -o - folded separators.bin
	capture names
	atf_check -o match:'^tab\\there \(back\\\\slash\\n.py:1\) 30$' \
	    memray-transform -o - folded names.bin
}

atf_test_case pprof
pprof_head()
{
	atf_set descr "read by a reader of our own, with all rules checked"
	atf_set require.progs "python3"
}
pprof_body()
{
	capture mixed
	atf_check memray-transform -o out pprof mixed.bin
	atf_check -o file:"$(atf_get_srcdir)/mixed.pprof.txt" \
	    python3 "$(atf_get_srcdir)/pprof_dump.py" out
	# The same again: nothing in it depends on the time or the name.
	atf_check memray-transform -o out2 pprof mixed.bin
	atf_check cmp out out2
	for k in names empty unknown many; do
		capture $k
		atf_check memray-transform -o $k.out pprof $k.bin
		atf_check -o match:"^default inuse_space" \
		    python3 "$(atf_get_srcdir)/pprof_dump.py" $k.out
	done
}

atf_test_case pprof_namesakes
pprof_namesakes_head()
{
	atf_set descr "functions with the same name get their files in it"
	atf_set require.progs "python3"
}
pprof_namesakes_body()
{
	capture modules
	atf_check memray-transform -o out pprof modules.bin
	atf_check -o save:text python3 "$(atf_get_srcdir)/pprof_dump.py" out
	atf_check -o ignore grep \
	    'f (lib/store.py) (f) at lib/store.py:1 of 1$' text
	atf_check -o ignore grep '	<module> () at /srv/app/run.py:3' text
}

atf_test_case pprof_leaks
pprof_leaks_head()
{
	atf_set descr "with --leaks, in use is what was never freed"
	atf_set require.progs "python3"
}
pprof_leaks_body()
{
	capture basic
	for o in "" --leaks; do
		atf_check memray-transform -f $o -o out pprof basic.bin
		python3 "$(atf_get_srcdir)/pprof_dump.py" out |
		    grep '^[0-9]' | sort > "values$o"
	done
	printf '%s thread=main allocator=malloc\n' '1 1000 1 1000' \
	    '1 1000 1 1000' '3 3000 3 3000' > expected
	atf_check -o file:expected cat values
	printf '%s thread=main allocator=malloc\n' '1 1000 0 0' \
	    '1 1000 1 1000' '3 3000 0 0' > expected
	atf_check -o file:expected cat values--leaks
}

atf_test_case deep
deep_head()
{
	atf_set descr "a recursion is written with all its calls"
}
deep_body()
{
	capture deep
	atf_check -o inline:"3000\n" -x \
	    "memray-transform -o - folded deep.bin | awk -F ';' '{ print NF }'"
	atf_check memray-transform -o deep.memray memray deep.bin
	atf_check -o match:"^down" memray-summary deep.memray
}

atf_test_case leaks
leaks_body()
{
	capture basic
	m='<module> (app.py:5);main (app.py:12);'
	printf "$m%s\n" 'keep (lib/store.py:22) 1000' \
	    'keep (lib/store.py:23) 3000' \
	    'half (lib/store.py:31) 1000' > expected
	atf_check -o file:expected memray-transform -o - folded basic.bin
	echo "${m}keep (lib/store.py:22) 1000" > expected
	atf_check -o file:expected \
	    memray-transform --leaks -o - folded basic.bin
	atf_check -o match:'^MALLOC,1,1000,' -o not-match:3000 \
	    memray-transform -o - --leaks csv basic.bin
	atf_check -o match:'"endValue": 1000,' -o match:'"endValue": 1,' \
	    memray-transform -o - --leaks speedscope basic.bin
	atf_check -o match:'"cost": \[1000\]' -o not-match:3000 \
	    memray-transform -o - --leaks gprof2dot basic.bin
}

# Without -o the files are beside the capture, named as memray names them.
atf_test_case file_names
file_names_head()
{
	atf_set descr "memray's names, beside the capture"
}
file_names_body()
{
	mkdir dir
	capture basic dir/memray-app.py.12.bin
	for f in csv:csv gprof2dot:json speedscope:speedscope.json \
	    folded:folded pprof:pb.gz; do
		n=dir/memray-${f%:*}-app.py.12.${f#*:}
		atf_check -e inline:"memray-transform: wrote $n\n" \
		    memray-transform "${f%:*}" dir/memray-app.py.12.bin
		atf_check memray-transform -o expected "${f%:*}" \
		    dir/memray-app.py.12.bin
		atf_check cmp expected "$n"
		rm expected
	done
	# Children have the same name with another number.
	cp dir/memray-app.py.12.bin memray-app.py.12.bin.13
	atf_check -e match:" wrote memray-csv-app.py.12.bin.13.csv$" \
	    memray-transform csv memray-app.py.12.bin.13
	# Letters may be capitals.
	atf_check -e match:" wrote dir/memray-csv-x.csv$" -x \
	    "cp memray-app.py.12.bin.13 dir/x.bin &&
	    memray-transform CSV dir/x.bin"
}

atf_test_case overwrite
overwrite_body()
{
	capture basic
	echo precious > memray-csv-basic.csv
	atf_check -s exit:1 -e inline:"memray-transform: \
memray-csv-basic.csv: already exists, not overwritten without --force\n" \
	    memray-transform csv basic.bin
	atf_check -o inline:"precious\n" cat memray-csv-basic.csv
	for o in -f --force; do
		echo precious > memray-csv-basic.csv
		atf_check -e not-empty memray-transform $o csv basic.bin
		atf_check -o match:"^allocator," cat memray-csv-basic.csv
	done
	atf_check memray-transform csv basic.bin -o /dev/null
	# Without a capture there is no report.
	atf_check -s exit:1 -e not-empty \
	    memray-transform -o new csv missing.bin
	[ ! -e new ] || atf_fail "a file without a report"
}

atf_test_case several
several_head()
{
	atf_set descr "stacks of several captures are one, records are not"
}
several_body()
{
	capture basic
	capture recursion
	memray-transform -o - folded basic.bin |
	    awk '{ $NF *= 2; print }' > expected
	memray-transform -o - folded recursion.bin >> expected
	atf_check -o file:expected memray-transform -o - folded \
	    basic.bin recursion.bin basic.bin
	atf_check -o inline:"12\n" -x "memray-transform -o - csv \
	    basic.bin recursion.bin basic.bin | wc -l"
	atf_check -e inline:"memray-transform: wrote memray-csv-basic.csv\n" \
	    memray-transform csv basic.bin recursion.bin
	atf_check -s exit:1 -o not-empty -e match:"^memray-transform: \
missing.bin: cannot open" memray-transform -o - csv missing.bin basic.bin
}

atf_test_case standard_input
standard_input_head()
{
	atf_set descr "a capture from a pipe goes to a pipe"
}
standard_input_body()
{
	capture basic
	memray-transform -o - csv basic.bin > expected
	atf_check -o file:expected -x \
	    "cat basic.bin | memray-transform csv -"
}

atf_test_case incomplete
incomplete_body()
{
	capture lost
	atf_check -s exit:1 -o not-empty -e inline:"memray-transform: \
lost.bin: warning: 3 events were lost\n" memray-transform -o - csv lost.bin
	capture cut
	atf_check -s exit:1 -o match:"keep .lib/store.py:23. 3000" \
	    -e match:"warning: cut short" \
	    memray-transform -o - folded cut.bin
	echo nothing > text
	atf_check -s exit:1 -e match:"^memray-transform: text: " \
	    memray-transform -o - csv text
}

atf_test_case empty
empty_body()
{
	capture empty
	atf_check memray-transform -o - folded empty.bin
	atf_check -o inline:"allocator,num_allocations,size,tid,\
thread_name,stack_trace\r\n" memray-transform -o - csv empty.bin
	atf_check -o match:'"events": \[\]' -o match:'"functions": \[\]' \
	    memray-transform -o - gprof2dot empty.bin
}

atf_test_case terminal
terminal_head()
{
	atf_set descr "what is binary does not go to a terminal"
	atf_set require.progs "script"
}
terminal_body()
{
	capture basic
	atf_check -s exit:1 -o match:"^memray-transform: pprof is not for \
terminals.?$" script -qec "memray-transform -o - pprof basic.bin" /dev/null
	atf_check -o match:"^allocator," \
	    script -qec "memray-transform -o - csv basic.bin" /dev/null
}

atf_test_case usage
usage_body()
{
	for a in "" csv -x "--nonsense csv x.bin"; do
		atf_check -s exit:2 -e match:"^usage: memray-transform " \
		    -x "memray-transform $a"
	done
	atf_check -s exit:2 -e inline:"memray-transform: Format not \
supported: foo; there are aggregate, csv, folded, gprof2dot, memray, pprof, \
speedscope\n" memray-transform foo x.bin
	for o in -h --help; do
		atf_check -o match:"^usage: memray-transform " \
		    memray-transform $o
	done
	for o in -V --version; do
		atf_check -o match:"^memray-transform [0-9.]+$" \
		    memray-transform $o
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
	for f in csv folded gprof2dot pprof speedscope; do
		[ -c /dev/full ] || continue
		atf_check -s exit:1 -e inline:"memray-transform: standard \
output: No space left on device\n" \
		    -x "memray-transform -o - $f huge.bin > /dev/full"
		atf_check -s exit:1 -e inline:"memray-transform: /dev/full: \
cannot write: No space left on device\n" \
		    memray-transform -o /dev/full $f huge.bin
	done
	for t in "" "trap '' PIPE;"; do
		atf_check -o match:"^allocator" -x \
		    "$t memray-transform -o - csv huge.bin | head -n 1"
	done
}

atf_init_test_cases()
{
	atf_add_test_case csv
	atf_add_test_case csv_quotes
	atf_add_test_case gprof2dot
	atf_add_test_case speedscope
	atf_add_test_case speedscope_rules
	atf_add_test_case folded
	atf_add_test_case pprof
	atf_add_test_case pprof_namesakes
	atf_add_test_case pprof_leaks
	atf_add_test_case deep
	atf_add_test_case leaks
	atf_add_test_case file_names
	atf_add_test_case overwrite
	atf_add_test_case several
	atf_add_test_case standard_input
	atf_add_test_case incomplete
	atf_add_test_case empty
	atf_add_test_case terminal
	atf_add_test_case usage
	atf_add_test_case output
}
