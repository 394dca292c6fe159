# What a report is about: the options of selections, and processes apart.

# mk_capture writes captures whose summaries are known.
capture()
{
	atf_check "$(atf_get_srcdir)/mk_capture" "$1" "${2-$1.bin}"
}

# moments.bin, and the same without its events.
moments()
{
	capture moments
	atf_check memray-transform -o tables.bin aggregate moments.bin
}

# Own bytes and functions of a summary with these options, on one line.
own()
{
	memray-summary -s 3 "$@" > rows || atf_fail "memray-summary $*"
	awk -F'\t' '$4 > 0 { sub(/ at .*/, "", $1); print $4, $1 }' rows |
	    paste -sd ' ' -
}

# The rest of the line is what own() prints of both captures.
both()
{
	want=$1
	shift
	for f in moments.bin tables.bin; do
		atf_check_equal "$want" "$(own "$@" $f)"
	done
}

atf_test_case views
views_body()
{
	moments
	both "1000 Table.load 200 parse"
	both "500 keep 200 parse 1 <no Python stack>" --leaks
	# Of load there is but one, and its thread made none before it is gone.
	both "1000 Table.load 30 parse" --temporary-allocations
	both "1000 Table.load 30 parse" --temporary-allocation-threshold 1
	both "1000 Table.load 70 parse" --temporary-allocation-threshold 2
	both "1000 Table.load 70 parse" --temporary-allocation-threshold 32768
	both "" --temporary-allocation-threshold 0
}

atf_test_case at
at_head()
{
	atf_set descr "what lives at a time"
}
at_body()
{
	moments
	both "1000 Table.load" --at 0
	both "1000 Table.load" --at 1.2
	both "1000 Table.load 200 parse" --at 1.5
	both "200 parse 1 <no Python stack>" --at 2.5
	both "500 keep 200 parse 1 <no Python stack>" --at 3
	both "500 keep 200 parse 1 <no Python stack>" --at 100
	# It is 09:42:17.8 when the program starts.
	both "1000 Table.load" --at 2026-11-22T09:42:18Z
	both "1000 Table.load" --at '2026-11-22 10:42:18+01:00'
	both "1000 Table.load 200 parse" --at 2026-11-22T09:42:19.2
}

atf_test_case range
range_head()
{
	atf_set descr "what was allocated since a time and lives at another"
}
range_body()
{
	moments
	both "200 parse" --from 1 --to 2.5 --exclude '<no Python stack>'
	both "500 keep 200 parse 1 <no Python stack>" --from 1
	both "500 keep 1 <no Python stack>" --from 1.5
	both "200 parse 1 <no Python stack>" --to 2.5
	both "" --from 3.5 --to 3.9
	both "500 keep" --from 2026-11-22T09:42:20.5 --to 4
}

atf_test_case exactly
exactly_head()
{
	atf_set descr "events know more than intervals"
}
exactly_body()
{
	moments
	# Intervals are ten milliseconds wide.
	atf_check_equal "1000 Table.load" \
	    "$(own --at 1.249999999 moments.bin)"
	atf_check_equal "1000 Table.load 200 parse" \
	    "$(own --at 1.25 moments.bin)"
	atf_check_equal "1000 Table.load 200 parse" \
	    "$(own --at 1.250000001 tables.bin)"
	atf_check_equal "" "$(own --from 1.255 --to 1.9 moments.bin)"
	atf_check_equal "200 parse" \
	    "$(own --from 1.255 --to 1.9 tables.bin)"
}

atf_test_case threads
threads_body()
{
	moments
	both "200 parse" --thread 1235
	both "200 parse" --thread worker-1
	both "200 parse" --thread 'worker-*' --thread nobody
	both "1000 Table.load" --thread main
	both "1000 Table.load 200 parse" --thread main --thread 1235
	both "" --thread 12
	both "30 parse" --thread main --exclude db.py --temporary-allocations
	both "200 parse" --thread 'w*' --at 3
}

atf_test_case calls
calls_head()
{
	atf_set descr "functions and files of any call"
}
calls_body()
{
	moments
	both "1000 Table.load" --include Table.load
	both "1000 Table.load" --include 'Table.*'
	both "1000 Table.load" --include db.py
	both "500 keep" --leaks --include db.py
	both "500 keep 200 parse" --leaks --include decoder.py
	both "500 keep 200 parse" --leaks --include '/srv/app/*'
	both "1 <no Python stack>" --leaks --exclude '/srv/app/*'
	both "1 <no Python stack>" --leaks --include '<no*'
	both "200 parse" --leaks --include parse --exclude keep
	both "" --include parse --exclude '<module>'
	# Totals, too, are those of what is selected.
	atf_check -o match:"^<module> at .*	1000	100.00	0	0.00	1$" \
	    memray-summary --include db.py moments.bin
}

atf_test_case processes
processes_head()
{
	atf_set descr "captures of other processes are as good as not given"
}
processes_body()
{
	capture moments
	capture child
	for p in 1300 '*--worker'; do
		atf_check -o match:'^serve at .*	6000	' \
		    -o not-match:parse \
		    memray-summary --process "$p" moments.bin child.bin
	done
	atf_check_equal 1300 "$(memray-summary --json --process 1300 \
	    moments.bin child.bin | sed -n 's/.*"pid": \([0-9]*\).*/\1/p')"
	atf_check -s exit:1 -e inline:"memray-summary: no process matches \
'13'; there are 1234 (app.py --fast \"two words\"), 1300 (app.py --worker)
memray-summary: no capture is selected\n" \
	    memray-summary --process 13 moments.bin child.bin
	# Times count from the start of the first one.
	atf_check_equal "200 parse 1 <no Python stack>" \
	    "$(own --at 2 --exclude serve moments.bin child.bin)"
	atf_check_equal "1000 Table.load" \
	    "$(own --at 1 moments.bin child.bin)"
	atf_check_equal "6000 serve 200 parse 1 <no Python stack>" \
	    "$(own --at 2 moments.bin child.bin)"
}

atf_test_case by_process
by_process_head()
{
	atf_set descr "processes apart, the largest first"
	atf_set require.progs "python3"
}
by_process_body()
{
	capture moments
	capture child
	tr '|' '\t' > expected <<-'EOF'
	serve at /srv/app/worker.py|6000|100.00|6000|100.00|2|1300|app.py --worker
	<module> at /srv/app/app.py|1200|100.00|0|0.00|2|1234|app.py --fast "two words"
	Table.load at /srv/app/db.py|1000|83.33|1000|83.33|1|1234|app.py --fast "two words"
	EOF
	atf_check -o file:expected \
	    memray-summary --by-process -r 2 moments.bin child.bin
	atf_check -o save:json memray-summary --json --by-process \
	    moments.bin child.bin
	atf_check -o inline:'[["child.bin",1300,"app.py --worker",6000,2,1],'\
'["moments.bin",1234,"app.py --fast \\"two words\\"",1200,2,3]]\n' \
	    -x 'python3 -c "
import json, sys
d = json.load(sys.stdin)
print(json.dumps([[p[\"file\"], p[\"pid\"], p[\"command_line\"],
    p[\"bytes\"], p[\"allocations\"], len(p[\"rows\"])]
    for p in d[\"processes\"]], separators=(\",\", \":\")))
assert \"rows\" not in d and d[\"metadata\"][\"peak_memory\"] == 7200
" < json'
	# A capture that is given twice is two of them.
	atf_check -o match:'^ *4$' -x "memray-summary --by-process \
	    --include Table.load moments.bin child.bin moments.bin |
	    grep -c 1234"
}

atf_test_case by_process_terminal
by_process_terminal_head()
{
	atf_set require.progs "script stty"
}
by_process_terminal_body()
{
	capture moments
	capture child
	atf_check -o save:screen script -qec "stty rows 24 cols 120;
	    NO_COLOR=1 memray-summary --by-process moments.bin child.bin" \
	    /dev/null
	tr -d '\r' < screen | grep -E '^(Process|serve|parse)' |
	    sed 's/  .*//' > lines
	cat > expected <<-'EOF'
	Process 1300: 6.000kB in 2 allocations: app.py --worker
	serve at /srv/app/worker.py
	Process 1234: 1.200kB in 2 allocations: app.py --fast "two words"
	parse at /usr/lib/python3.11/json/decoder.py
	EOF
	atf_check -o file:expected cat lines
}

atf_test_case cut_short
cut_short_head()
{
	atf_set descr "selections of a capture without its end"
}
cut_short_body()
{
	capture moments
	size=$(wc -c < moments.bin)
	head -c $((size - 50)) moments.bin > cut.bin
	for o in "--at 1.5" "--leaks" "--temporary-allocations" \
	    "--thread 1235 --at 1.3" "--from 1 --to 2.5" "--include db.py"; do
		memray-summary $o moments.bin > expected
		atf_check -s exit:1 -o file:expected \
		    -e match:"warning: cut short" memray-summary $o cut.bin
	done
}

atf_test_case conflicts
conflicts_head()
{
	atf_set descr "one view only, and arguments that make sense"
}
conflicts_body()
{
	for o in "--leaks --temporary-allocations" "--leaks --at 1" \
	    "--temporary-allocations --temporary-allocation-threshold 3" \
	    "--at 1 --from 1" "--at 1 --to 2" "--leaks --from 1"; do
		atf_check -s exit:2 -e match:"^memray-summary: argument \
--[a-z-]*: not allowed with argument --[a-z-]*$" memray-summary $o x.bin
	done
	atf_check -s exit:2 -e inline:"memray-summary: argument \
--temporary-allocations: not allowed with argument --leaks\n" \
	    memray-summary --temporary-allocations --leaks x.bin
	for t in "" x -1 1s 2026-11-22 12:00; do
		atf_check -s exit:2 -e inline:"memray-summary: --at: \
not a time: $t\n" memray-summary --at "$t" x.bin
	done
	atf_check -s exit:2 -e inline:"memray-summary: argument --from: \
later than argument --to\n" memray-summary --from 2 --to 1 x.bin
	atf_check -s exit:2 -e inline:"memray-summary: \
--temporary-allocation-threshold: not a number: x\n" \
	    memray-summary --temporary-allocation-threshold x x.bin
}

atf_test_case rounded
rounded_head()
{
	atf_set descr "without events a threshold is taken for another one"
}
rounded_body()
{
	moments
	atf_check -o match:'^parse at .*	70	' \
	    memray-summary --temporary-allocation-threshold 3 moments.bin
	atf_check -o match:'^parse at .*	140	' -e inline:"memray-summary: \
warning: --temporary-allocation-threshold: 3 is taken for 2 where there are \
no events\n" memray-summary --temporary-allocation-threshold 3 tables.bin \
	    tables.bin
}

# says text options: nothing but a line on standard error.
says()
{
	text=$1
	shift
	atf_check -e inline:"memray-summary: $text\n" \
	    memray-summary "$@" moments.bin
}

atf_test_case nothing
nothing_head()
{
	atf_set descr "what is not there is said, with what there is"
}
nothing_body()
{
	capture moments
	says "no thread matches 'nosuch'; there are main, worker-1" \
	    --thread nosuch
	atf_check -o match:'^parse at' -e inline:"memray-summary: no thread \
matches 'nosuch'; there are main, worker-1\n" \
	    memray-summary --thread nosuch --thread worker-1 moments.bin
	says "no function and no file matches 'nosuch'" --include nosuch
	says "nothing is selected: what is chosen held nothing at the \
high-water mark" --exclude '*'
	says "nothing is selected: what is chosen had freed everything at \
the end" --leaks --include Table.load
	says "nothing is selected: what is chosen made no temporary \
allocations" --temporary-allocations --thread 1235
	says "nothing is selected: what is chosen held nothing at that time" \
	    --at 1 --thread worker-1
	says "nothing is selected: the program kept nothing that it allocated \
in that time" --from 3.5
	says "--from: after the end, the run took 4.00 seconds until \
2026-11-22T09:42:21.800+00:00" --from 60
	atf_check -o match:'^parse at' -e inline:"memray-summary: --at: after \
the end, the run took 4.00 seconds until 2026-11-22T09:42:21.800+00:00\n" \
	    memray-summary --at 60 moments.bin
	atf_check -s exit:1 -e inline:"memray-summary: --at: before the \
start, 2026-11-22T09:42:17.800+00:00
memray-summary: no capture is selected\n" \
	    memray-summary --at 2020-01-01T00:00Z moments.bin
	# The end of the run is as good an end as any.
	atf_check -o match:'^parse at' memray-summary --to 60 moments.bin
}

atf_init_test_cases()
{
	atf_add_test_case views
	atf_add_test_case at
	atf_add_test_case range
	atf_add_test_case exactly
	atf_add_test_case threads
	atf_add_test_case calls
	atf_add_test_case processes
	atf_add_test_case nothing
	atf_add_test_case by_process
	atf_add_test_case by_process_terminal
	atf_add_test_case cut_short
	atf_add_test_case conflicts
	atf_add_test_case rounded
}
