# Selections, and captures without their events.

# mk_capture, of the tests of memray-summary, writes captures that are known.
capture()
{
	atf_check "$(atf_get_srcdir)/mk_capture" "$1" "${2-$1.bin}"
}

# The innermost functions and their bytes, with these options, on one line.
folded()
{
	memray-transform -o - "$@" folded moments.bin > stacks ||
	    atf_fail "memray-transform $*"
	sed 's/ ([^)]*)//g; s/.*;//' stacks | LC_ALL=C sort | paste -sd ' ' -
}

# The rest of the line is what folded() prints.
selects()
{
	want=$1
	shift
	atf_check_equal "$want" "$(folded "$@")"
}

atf_test_case selections
selections_body()
{
	capture moments
	selects "Table.load 1000 parse 200"
	selects "<no Python stack> 1 keep 500 parse 200" --leaks
	selects "Table.load 1000 parse 30" --temporary-allocations
	selects "Table.load 1000" --at 1
	selects "keep 500" --from 2.5
	selects "<no Python stack> 1 parse 200" --to 2.5
	selects "parse 200" --thread worker-1
	selects "parse 200" --include decoder.py
	selects "Table.load 1000" --exclude decoder.py
	selects "<no Python stack> 1 keep 500 parse 200" --process 1234 \
	    --leaks
	atf_check -s exit:1 -e inline:"memray-transform: no process matches \
'1'; there is 1234 (app.py --fast \"two words\")
memray-transform: no capture is selected\n" memray-transform -o - --process 1 folded moments.bin
	atf_check -s exit:2 -e inline:"memray-transform: argument --at: \
not allowed with argument --leaks\n" \
	    memray-transform --leaks --at 1 folded moments.bin
}

atf_test_case formats
formats_head()
{
	atf_set descr "all formats know selections"
	atf_set require.progs "python3 gunzip"
}
formats_body()
{
	capture moments
	for f in csv gprof2dot speedscope folded; do
		atf_check -o match:parse -o not-match:Table.load \
		    memray-transform -o - --thread 1235 $f moments.bin
	done
	atf_check memray-transform -o x.pb.gz --thread 1235 pprof moments.bin
	atf_check -o save:dump python3 "$(atf_get_srcdir)/pprof_dump.py" \
	    x.pb.gz
	atf_check -o match:parse -o not-match:Table.load cat dump
	atf_check -o match:'inuse: of the time that was chosen, at its end' \
	    -x "memray-transform -o - --to 1 pprof moments.bin | gunzip"
}

atf_test_case aggregate
aggregate_head()
{
	atf_set descr "reports are the same without the events"
}
aggregate_body()
{
	for c in basic mixed moments huge empty; do
		capture $c
		atf_check memray-transform -o $c.tables.bin aggregate $c.bin
		for r in "summary" "summary --leaks" "stats" \
		    "summary --temporary-allocations" "summary --json" \
		    "summary --at 1.05" "transform -o - csv"; do
			memray-$r $c.bin > expected 2> said ||
			    atf_fail "memray-$r"
			atf_check -o file:expected -e file:said \
			    memray-$r $c.tables.bin
		done
		memray-parse -t $c.bin | grep '^SAMPLE' > expected
		atf_check -o file:expected -x \
		    "memray-parse -t $c.tables.bin | grep '^SAMPLE' || true"
		atf_check -o inline:"END	events=0\n" -x \
		    "memray-parse $c.tables.bin | tail -n 1"
		atf_check -o match:'aggregated=1' -x \
		    "memray-parse -t $c.tables.bin | grep ^STATE"
	done
	atf_check test "$(wc -c < huge.tables.bin)" -lt \
	    "$(wc -c < huge.bin)"
}

atf_test_case aggregate_again
aggregate_again_head()
{
	atf_set descr "what is aggregated stays as it is, also in its place"
}
aggregate_again_body()
{
	capture moments
	atf_check memray-transform -o a.bin aggregate moments.bin
	atf_check memray-transform -o b.bin aggregate a.bin
	atf_check cmp a.bin b.bin
	atf_check memray-transform -f -o moments.bin aggregate moments.bin
	atf_check cmp a.bin moments.bin
	atf_check -o save:c.bin -x \
	    "memray-transform -o - aggregate - < moments.bin"
	atf_check cmp a.bin c.bin
}

atf_test_case aggregate_incomplete
aggregate_incomplete_head()
{
	atf_set descr "what is missing from a capture is missing from its tables"
}
aggregate_incomplete_body()
{
	capture lost
	atf_check -s exit:1 -e match:"lost.bin: warning: 3 events were lost" \
	    memray-transform -o tables.bin aggregate lost.bin
	atf_check -s exit:1 -o ignore \
	    -e match:"tables.bin: warning: 3 events were lost" \
	    memray-summary tables.bin
	capture cut
	memray-summary cut.bin > expected 2> said
	atf_check -s exit:1 -e match:"cut.bin: warning: cut short" \
	    memray-transform -f -o tables.bin aggregate cut.bin
	atf_check -s exit:1 -o file:expected \
	    -e match:"tables.bin: warning: cut short" \
	    memray-summary tables.bin
}

atf_test_case aggregate_output
aggregate_output_head()
{
	atf_set descr "names, and what is refused"
}
aggregate_output_body()
{
	capture moments memray-app.py.7.bin
	atf_check -e inline:"memray-transform: wrote \
memray-aggregate-app.py.7.bin\n" \
	    memray-transform aggregate memray-app.py.7.bin
	atf_check -s exit:1 -e match:"already exists" \
	    memray-transform aggregate memray-app.py.7.bin
	cp memray-app.py.7.bin x.bin
	atf_check -s exit:2 -e inline:"memray-transform: aggregate: takes \
one capture\n" memray-transform aggregate x.bin x.bin
	for o in --leaks "--at 1" "--process 1" "--include x"; do
		atf_check -s exit:2 -e inline:"memray-transform: aggregate: \
takes no selection\n" memray-transform $o aggregate x.bin
	done
	atf_check -s exit:1 -e match:"^memray-transform: missing.bin: " \
	    memray-transform aggregate missing.bin
	[ -c /dev/full ] || return 0
	atf_check -s exit:1 -e match:"No space left on device" \
	    memray-transform -o /dev/full aggregate x.bin
}

atf_init_test_cases()
{
	atf_add_test_case selections
	atf_add_test_case formats
	atf_add_test_case aggregate
	atf_add_test_case aggregate_again
	atf_add_test_case aggregate_incomplete
	atf_add_test_case aggregate_output
}
