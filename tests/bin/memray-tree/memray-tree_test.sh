# mk_capture, of the tests of memray-summary, writes captures that are known.
capture()
{
	atf_check "$(atf_get_srcdir)/mk_capture" "$1" "${2-$1.bin}"
}


atf_test_case plain
plain_head()
{
	atf_set descr "a node a line, the biggest first, indented"
}
plain_body()
{
	capture basic
	cat > expected <<-'EOT'
	5000	100.00	5	<ROOT>
	5000	100.00	5	  <module> at app.py:5
	5000	100.00	5	    main at app.py:12
	3000	60.00	3	      keep at lib/store.py:23
	1000	20.00	1	      half at lib/store.py:31
	1000	20.00	1	      keep at lib/store.py:22
	EOT
	atf_check -o file:expected memray-tree basic.bin
}

atf_test_case indented
indented_head()
{
	atf_set descr "40 levels are indented, of others the depth is a column"
}
indented_body()
{
	capture deep
	atf_check -o save:out memray-tree deep.bin
	atf_check awk -F '\t' '
	    { match($4, /^ */); deep = NR - 1 }
	    RLENGTH != (deep < 40 ? 2 * deep : 80) ||
	    NF != (deep > 40 ? 5 : 4) || (NF == 5 && $5 != deep) {
		exit 1
	    }' out
	# What is written grows with the depth, not with its square.
	atf_check test "$(wc -c < out)" -lt \
	    $(($(wc -l < out) * 160))
}

atf_test_case leaks
leaks_body()
{
	capture basic
	cat > expected <<-'EOT'
	1000	100.00	1	<ROOT>
	1000	100.00	1	  <module> at app.py:5
	1000	100.00	1	    main at app.py:12
	1000	100.00	1	      keep at lib/store.py:22
	EOT
	atf_check -o file:expected memray-tree --leaks basic.bin
}

atf_test_case biggest
biggest_head()
{
	atf_set descr "allocations that are not among the biggest are one node"
}
biggest_body()
{
	capture basic
	cat > expected <<-'EOT'
	5000	100.00	5	<ROOT>
	3000	60.00	3	  <module> at app.py:5
	3000	60.00	3	    main at app.py:12
	3000	60.00	3	      keep at lib/store.py:23
	2000	40.00	2	  2 allocations from 2 locations below the threshold
	EOT
	atf_check -o file:expected memray-tree -b 1 basic.bin
	atf_check -o match:"^1000	20.00	1	  1 allocation from 1 location\
 below the threshold$" memray-tree --biggest-allocs=2 basic.bin
	atf_check -o not-match:threshold memray-tree -b 3 basic.bin
	# 200 by default.
	capture huge
	atf_check -o match:"	  199800 allocations from 199800 locations" \
	    -x "memray-tree huge.bin | tail -n 1"
}

atf_test_case selection
selection_head()
{
	atf_set descr "what other reports select, this one does as well"
}
selection_body()
{
	capture basic
	atf_check -o match:"^1000	100.00	1	<ROOT>$" -o not-match:keep \
	    memray-tree --include 'hal?' basic.bin
	atf_check -o match:"^1000	" -o not-match:keep \
	    memray-tree --exclude keep basic.bin
	atf_check -o match:"^5000	" memray-tree --thread main basic.bin
	atf_check -o inline:"0	0.00	0	<ROOT>\n" -e inline:"memray-tree: \
no thread matches '99'; there is main\n" memray-tree --thread 99 basic.bin
	atf_check -s exit:1 -e inline:"memray-tree: no process matches '99'; \
there is 1234 (app.py --fast \"two words\")
memray-tree: no capture is selected\n" memray-tree --process 99 basic.bin
	# The last block was freed when no other had been allocated since.
	atf_check -o match:"^1000	100.00	1	<ROOT>$" -o match:half \
	    -o not-match:keep memray-tree --temporary-allocations basic.bin
	atf_check -o match:"^4000	100.00	4	<ROOT>$" \
	    memray-tree --temporary-allocation-threshold 8 basic.bin
	atf_check -s exit:2 -e match:"not allowed with" \
	    memray-tree --leaks --temporary-allocations basic.bin
}

atf_test_case agrees
agrees_head()
{
	atf_set descr "memray-transform says the same of the stacks"
}
agrees_body()
{
	for k in basic recursion mixed modules names many started; do
		capture $k
		memray-transform -o - folded $k.bin |
		    awk '{ n += $NF } END { print n + 0 }' > expected
		atf_check -o file:expected -x \
		    "memray-tree $k.bin | sed -n 1p | cut -f 1"
		# The leaves are the stacks.
		memray-tree --json $k.bin > json
		atf_check -o file:expected jq '[.nodes[] | select(.depth == 1)
		    | .bytes] | add' json
	done
}

atf_test_case several
several_head()
{
	atf_set descr "several captures are added up"
}
several_body()
{
	capture basic
	capture recursion
	{
		memray-tree basic.bin |
		    awk -F '\t' -v OFS='\t' '{ $1 *= 2; $3 *= 2
			if (NR == 1) { $1 += 500; $3 += 5 }
			print $1, $3, $4 }'
		memray-tree recursion.bin | sed 1d | cut -f 1,3,4
	} > expected
	atf_check -o file:expected -x "memray-tree basic.bin recursion.bin \
	    basic.bin | cut -f 1,3,4"
	atf_check -s exit:1 -o match:"^5000	" -e match:"^memray-tree: \
missing.bin: cannot open" memray-tree missing.bin basic.bin
}

atf_test_case standard_input
standard_input_body()
{
	capture basic
	memray-tree basic.bin > expected
	atf_check -o file:expected -x "cat basic.bin | memray-tree -"
}

atf_test_case no_stack
no_stack_head()
{
	atf_set descr "what no Python function allocated, and nothing at all"
}
no_stack_body()
{
	capture unknown
	printf '%s\n' '64	100.00	1	<ROOT>' \
	    '64	100.00	1	  <no Python stack>' > expected
	atf_check -o file:expected memray-tree unknown.bin
	capture empty
	atf_check -o inline:"0	0.00	0	<ROOT>\n" memray-tree empty.bin
	# Blocks without a byte are blocks.
	capture zeroes
	atf_check -o match:"^0	0.00	3	  <no Python stack>$" \
	    memray-tree --leaks zeroes.bin
}

atf_test_case names
names_head()
{
	atf_set descr "control characters are escaped"
}
names_body()
{
	capture names
	{
		printf '60\t100.00\t3\t<ROOT>\n'
		printf '30\t50.00\t1\t  %s\n' \
		    'tab\there at back\\slash\n.py:1'
		printf '20\t33.33\t1\t  %s\n' '\x1b[31mred at \xff.py:1'
		printf '10\t16.67\t1\t  café at 日本語.py:1\n'
	} > expected
	atf_check -o file:expected memray-tree names.bin
}

atf_test_case json
json_head()
{
	atf_set descr "nodes name their parents, which come first"
	atf_set require.progs "jq"
}
json_body()
{
	capture basic
	memray-tree --json -b 2 basic.bin > json || atf_fail "status $?"
	atf_check -o inline:'["metadata","below_threshold","nodes"]\n' \
	    jq -c keys_unsorted json
	atf_check -o inline:'"app.py --fast \\"two words\\""\n' \
	    jq .metadata.command_line json
	atf_check -o inline:\
'{"locations":1,"allocations":1,"bytes":1000}\n' \
	    jq -c .below_threshold json
	cat > expected <<-'EOT'
	[0,null,0,null,null,0,5000,100,5]
	[1,0,1,"<module>","app.py",5,4000,80,4]
	[2,1,2,"main","app.py",12,4000,80,4]
	[3,2,3,"keep","lib/store.py",23,3000,60,3]
	[4,2,3,"keep","lib/store.py",22,1000,20,1]
	EOT
	atf_check -o file:expected jq -c '.nodes[] | [.id, .parent, .depth,
	    .function, .file, .line, .bytes, .percent, .allocations]' json
	atf_check -o inline:'{"tid":1234,"name":"main"}\n' \
	    jq -c '.nodes[3].thread' json
}

atf_test_case json_flags
json_flags_head()
{
	atf_set descr "threads, the import system and what is uninteresting"
	atf_set require.progs "jq"
}
json_flags_body()
{
	capture mixed
	memray-tree --json mixed.bin > json
	# The module allocated in both threads, a part of it in one.
	atf_check -o inline:'null\n' jq -c '.nodes[1].thread' json
	atf_check -o inline:'"main"\n' jq -c '[.nodes[] |
	    select(.function == "array")][0].thread.name' json
	capture started
	cat > expected <<-'EOT'
	["<ROOT>",false,true]
	["_run_module_as_main",false,false]
	["_run_code",false,false]
	["<module>",false,true]
	["_PyObject_MakeTpCall",false,false]
	["buy",false,true]
	["<module>",false,true]
	["_find_and_load",true,false]
	["_load",true,false]
	["<module>",false,true]
	EOT
	atf_check -o file:expected -x "memray-tree --json started.bin |
	    jq -c '.nodes[] | [.function // \"<ROOT>\", .import_system,
	    .interesting]'"
}

atf_test_case deep
deep_head()
{
	atf_set descr "stacks may be deeper than other programs go"
	atf_set require.progs "jq"
}
deep_body()
{
	capture deep
	atf_check -o inline:"3001\n" -x "memray-tree deep.bin | wc -l"
	atf_check -o inline:"3000\n" -x \
	    "memray-tree --json deep.bin | jq '.nodes[-1].depth'"
}

atf_test_case incomplete
incomplete_body()
{
	capture lost
	atf_check -s exit:1 -o match:"^5000	" -e inline:"memray-tree: \
lost.bin: warning: 3 events were lost\n" memray-tree lost.bin
	capture cut
	atf_check -s exit:1 -o match:"keep at lib/store.py:23$" \
	    -e match:"warning: cut short" memray-tree cut.bin
	echo nothing > text
	atf_check -s exit:1 -e match:"^memray-tree: text: " memray-tree text
}

atf_test_case aggregated
aggregated_head()
{
	atf_set descr "captures without events have the same tree"
	atf_set require.progs "python3"
}
aggregated_body()
{
	cat > app.py <<-'EOP'
	def keep():
	    return bytearray(3000000)
	a = keep()
	for _ in range(5):
	    bytearray(200000)
	EOP
	atf_check memray-run -q -o full.bin app.py
	atf_check memray-run -q --aggregate -o small.bin app.py
	for o in "" --leaks --temporary-allocations; do
		# shellcheck disable=SC2086 # none or one
		for f in full small; do
			memray-tree $o $f.bin | grep 'app.py:[0-9]*$' |
			    cut -f 1,3,4 > $f || atf_fail "status $?"
		done
		atf_check -o file:full cat small
	done
	atf_check -o match:"^1000[0-9]*	5	  <module> at .*app.py:5$" \
	    cat small
	memray-tree small.bin > out
	atf_check -o match:"^3[0-9]*	[0-9.]*	1	    keep at .*:2$" cat out
}

atf_test_case usage
usage_body()
{
	for a in "" -x "--nonsense x.bin"; do
		atf_check -s exit:2 -e match:"^usage: memray-tree " \
		    -x "memray-tree $a"
	done
	for n in 0 -1 x ''; do
		atf_check -s exit:2 -e inline:"memray-tree: \
--biggest-allocs: not a positive number: $n\n" memray-tree -b "$n" x.bin
	done
	for o in -h --help; do
		atf_check -o match:"^usage: memray-tree " memray-tree $o
	done
	for o in -V --version; do
		atf_check -o match:"^memray-tree [0-9.]+$" memray-tree $o
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
	for o in -b1 --json; do
		[ -c /dev/full ] || continue
		atf_check -s exit:1 -e inline:"memray-tree: standard output: \
No space left on device\n" -x "memray-tree $o huge.bin > /dev/full"
	done
	for t in "" "trap '' PIPE;"; do
		atf_check -o match:"<ROOT>$" -x \
		    "$t memray-tree -b 9999 huge.bin | head -n 1"
	done
}

atf_test_case libraries
libraries_head()
{
	atf_set descr "only programs with a screen link what screens need"
	atf_set require.progs "readelf"
}
libraries_body()
{
	atf_check -o match:'NEEDED.*ncursesw' \
	    -x 'readelf -d "$(command -v memray-tree)"'
	atf_check -o not-match:'ncurses|tinfo' \
	    -x 'readelf -d "$(command -v memray-summary)"'
}

atf_init_test_cases()
{
	for c in plain indented leaks biggest selection agrees several \
	    standard_input no_stack names json json_flags deep incomplete \
	    aggregated usage output libraries; do
		atf_add_test_case $c
	done
}
