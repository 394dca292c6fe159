# The interactive view: keys in, screens out.

. "$(atf_get_srcdir)/screen_subr.sh"

capture()
{
	atf_check "$(atf_get_srcdir)/mk_capture" "$1" "${2-$1.bin}"
}

# screen_case name description: declare a case and its cleanup.
screen_case()
{
	atf_test_case "$1" cleanup
	eval "$1_head() {
		atf_set descr '$2'
		atf_set require.progs 'tmux'
	}"
	eval "$1_cleanup() { screen_end; }"
}

# start columns lines arguments: memray-tree on a terminal that is UTF-8.
start()
{
	_size="$1 $2"
	shift 2
	# shellcheck disable=SC2086 # two words
	screen_start $_size "LC_ALL=C.UTF-8 memray-tree $*"
	screen_wait 'q quit'
}

# check_rows: the first rows are to become the lines of the file `expected'.
check_rows()
{
	for _ in $(seq 100); do
		screen_text | sed -n "2,$(($(wc -l < expected) + 1))p" |
		    sed 's/ *$//' > rows
		! cmp -s rows expected || return 0
		sleep 0.05
	done
	atf_check -o file:expected cat rows
}

screen_case first "the path of the biggest is open"
first_body()
{
	capture started
	start 80 24 started.bin
	cat > expected <<-'EOT'
	▾ 8.200kB (100.00 %) <ROOT>
	  ▾ 5.000kB (60.98 %) <module>  app.py:3
	      5.000kB (60.98 %) buy  shop.py:5
	  ▸ 3.000kB (36.59 %) <module>  app.py:1
	EOT
	check_rows
	atf_check_equal ' 8.200kB in 7 allocations  At the high-water mark: started.bin' \
	    "$(screen_line 1)"
	screen_keys q
	screen_status 0
}

screen_case fold "rows are opened and closed"
fold_body()
{
	capture started
	start 80 24 started.bin
	screen_keys Enter
	screen_wait '^▸ 8.200kB'
	printf '%s\n\n' '▸ 8.200kB (100.00 %) <ROOT>' > expected
	check_rows
	screen_keys Right
	screen_wait '^▾ 8.200kB'
	# To the first child, close it, then back.
	screen_keys Right Left
	screen_wait '^  ▸ 5.000kB .*app.py:3'
	screen_keys Left Space
	screen_wait '^▸ 8.200kB'
	screen_keys Space G Space
	screen_wait '^    . 3.000kB .* <module>  shop.py:2'
	screen_keys q
	screen_status 0
}

screen_case group "a group is opened as far as there is one call"
group_body()
{
	capture recursion
	start 80 40 recursion.bin
	screen_keys j e
	screen_wait '^  ▸ 500'
	atf_check_equal '' "$(screen_line 4)"
	screen_keys e
	screen_wait '^              100.000B .* fact  fact.py:2'
	screen_keys k Enter Enter
	screen_wait '^▾ 500'
	screen_keys q
	capture basic
	rm status
	screen_end
	start 80 24 basic.bin
	# Closed, then open: <module> and main, whose calls are three.
	screen_keys j e
	screen_wait '^  ▸ 5.000kB'
	screen_keys e
	screen_wait '^    ▾ 5.000kB .* main'
	screen_keys q
	screen_status 0
}

screen_case open_all "E opens all that is below, and no more"
open_all_body()
{
	capture started
	start 80 24 started.bin
	screen_keys j Left G E
	cat > expected <<-'EOT'
	▾ 8.200kB (100.00 %) <ROOT>
	  ▸ 5.000kB (60.98 %) <module>  app.py:3
	  ▾ 3.000kB (36.59 %) <module>  app.py:1
	      3.000kB (36.59 %) <module>  shop.py:2
	EOT
	check_rows
	screen_keys Home E
	cat > expected <<-'EOT'
	▾ 8.200kB (100.00 %) <ROOT>
	  ▾ 5.000kB (60.98 %) <module>  app.py:3
	      5.000kB (60.98 %) buy  shop.py:5
	  ▾ 3.000kB (36.59 %) <module>  app.py:1
	      3.000kB (36.59 %) <module>  shop.py:2
	EOT
	check_rows
	screen_keys q
	screen_status 0
}

screen_case uninteresting "u shows and hides what started the script"
uninteresting_body()
{
	capture started
	start 80 24 started.bin
	screen_keys u
	screen_wait 'u hide uninteresting'
	cat > expected <<-'EOT'
	▾ 8.200kB (100.00 %) <ROOT>
	  ▾ 8.200kB (100.00 %) _run_module_as_main  <frozen runpy>:198
	    ▾ 8.200kB (100.00 %) _run_code  <frozen runpy>:88
	      ▾ 5.000kB (60.98 %) <module>  app.py:3
	        ▾ 5.000kB (60.98 %) _PyObject_MakeTpCall  Objects/call.c:214
	            5.000kB (60.98 %) buy  shop.py:5
	      ▸ 3.000kB (36.59 %) <module>  app.py:1
	EOT
	check_rows
	# The row remains, and so does what is open.
	screen_keys G u
	screen_wait 'u show uninteresting'
	screen_keys Enter
	screen_wait '^      3.000kB .* <module>  shop.py:2'
	screen_keys q
	screen_status 0
}

screen_case import_system "i hides the import system and all it called"
import_system_body()
{
	capture started
	start 80 24 started.bin
	screen_keys G Enter G
	screen_wait '<module>  shop.py:2'
	screen_keys i
	screen_wait 'i show imports'
	cat > expected <<-'EOT'
	▾ 8.200kB (100.00 %) <ROOT>
	  ▾ 5.000kB (60.98 %) <module>  app.py:3
	      5.000kB (60.98 %) buy  shop.py:5
	    3.000kB (36.59 %) <module>  app.py:1
	EOT
	check_rows
	# Its caller is the current row now.
	screen_wait 'Location: app.py:1$'
	screen_keys i
	screen_wait '<module>  shop.py:2'
	screen_keys q
	screen_status 0
}

screen_case details "source and details of the current row"
details_body()
{
	capture basic
	mkdir lib
	seq 1 60 | sed 's/^/	line number /' > lib/store.py
	touch -d 2020-01-01 lib/store.py
	start 80 24 basic.bin
	screen_keys j j j
	screen_wait 'Function: keep$'
	screen_wait 'Location: lib/store.py:23$'
	screen_wait 'Allocations: 3   Size: 3.000kB   Thread: 0x4d2 .main.$'
	screen_wait '^ {3}22 {11}line number 22$'
	screen_wait '^ {3}23 > {9}line number 23$'
	screen_wait '^lib/store.py$'
	# What is newer than the run may not be what ran.
	touch lib/store.py
	screen_keys k
	screen_wait '^app.py .no source here.$'
	screen_keys j
	screen_wait '^lib/store.py .changed since.$'
	screen_keys q
	screen_status 0
}

screen_case beside "on a wide terminal the details are beside the tree"
beside_body()
{
	capture basic
	mkdir lib
	seq 1 60 > lib/store.py
	touch -d 2020-01-01 lib/store.py
	start 120 30 basic.bin
	screen_keys j j j
	screen_wait '^      . 3.000kB .60.00 %. keep .* │ .*'
	screen_wait ' │ Function: keep$'
	screen_wait ' │ Location: lib/store.py:23$'
	screen_wait ' │ Allocations: 3$'
	screen_wait ' │ Size: 3.000kB$'
	screen_wait ' │ Thread: 0x4d2 .main.$'
	screen_wait ' │    23 > 23$'
	screen_resize 80 24
	screen_wait '^Location: lib/store.py:23$'
	screen_keys q
	screen_status 0
}

screen_case no_source "only plain files are read"
no_source_body()
{
	capture basic
	mkdir lib
	mkfifo lib/store.py
	mkdir app.py
	start 80 24 basic.bin
	screen_keys j
	screen_wait '^app.py .no source here.$'
	screen_keys j j
	screen_wait '^lib/store.py .no source here.$'
	rm lib/store.py
	printf 'text\n\000' > lib/store.py
	screen_keys k j
	screen_wait '^lib/store.py .no source here.$'
	screen_keys q
	screen_status 0
}

screen_case searching "a search opens the way to what it finds"
searching_body()
{
	capture started
	start 80 24 started.bin
	screen_keys /
	screen_keys -l 'SHOP'
	screen_wait '^/SHOP$'
	screen_keys Enter
	screen_wait 'Location: shop.py:5$'
	screen_keys n
	screen_wait 'Location: shop.py:2$'
	atf_check_equal '      3.000kB (36.59 %) <module>  shop.py:2' \
	    "$(screen_text | grep '<module>  shop.py:2' | sed 's/ *$//')"
	screen_keys n
	screen_wait 'Location: shop.py:5$'
	screen_keys N
	screen_wait 'Location: shop.py:2$'
	screen_keys / n o p e Enter
	screen_wait '^ Not found$'
	screen_keys / Escape
	screen_wait ' q quit'
	# What is hidden is not found.
	screen_keys / r u n p y Enter
	screen_wait '^ Not found$'
	screen_keys u n
	screen_wait 'Location: <frozen runpy>:'
	screen_keys q
	screen_status 0
}

# mouse button line column: both counted from 1.
mouse()
{
	screen_keys -l "$(printf '\033[<%d;%d;%dM' "$1" "$3" "$2")"
	screen_keys -l "$(printf '\033[<%d;%d;%dm' "$1" "$3" "$2")"
}

screen_case mouse "a click goes to a row, another opens or closes it"
mouse_body()
{
	capture started
	screen_start 80 24 "TERM=xterm-256color LC_ALL=C.UTF-8 \
	    memray-tree started.bin"
	screen_wait 'q quit'
	mouse 0 5 12
	screen_wait 'Location: app.py:1$'
	mouse 0 5 12
	screen_wait '^    . 3.000kB .* <module>  shop.py:2'
	mouse 0 5 12
	screen_wait '^  ▸ 3.000kB'
	# Neither the title nor what is below the rows.
	mouse 0 1 12
	mouse 0 9 12
	mouse 0 20 12
	mouse 64 5 12
	screen_wait 'Allocations: 7 '
	mouse 65 5 12
	screen_wait 'Location: app.py:1$'
	screen_keys q
	screen_status 0
}

screen_case rest "what is below the threshold"
rest_body()
{
	capture basic
	start 80 24 -b 1 basic.bin
	screen_keys G
	screen_wait '^    2.000kB .40.00 %. 2 allocations from 2 locations'
	screen_wait '^Only the 1 biggest allocations are in the tree'
	screen_keys q
	screen_status 0
}

screen_case nothing "a capture without allocations"
nothing_body()
{
	capture empty
	start 80 24 empty.bin
	screen_wait '^  <No allocations>'
	screen_keys Down Right e E / x Enter
	screen_wait 'Not found'
	screen_keys q
	screen_status 0
}

screen_case help "there is a list of the keys"
help_body()
{
	capture basic
	start 80 24 basic.bin
	screen_keys '?'
	screen_wait '^  Enter, Space        open or close$'
	screen_wait '^  Any key goes back to the tree.$'
	# Also the one that would quit.
	screen_keys q
	screen_wait '<ROOT>'
	screen_keys q
	screen_status 0
}

screen_case names "names cannot do anything to the terminal"
names_body()
{
	capture names
	start 80 24 names.bin
	screen_wait 'tab.there  back.slash.n.py:1'
	screen_wait ' .x1b.31mred  .xff.py:1'
	screen_wait ' café  日本語.py:1'
	screen_keys q
	screen_status 0
}

screen_case deep "deep stacks stay on the screen"
deep_body()
{
	capture deep
	start 80 24 deep.bin
	screen_keys End
	screen_wait ' 1.000kB .100.00 %. down  deep.py:2'
	screen_keys / d o w n Enter
	screen_wait 'Location: deep.py:2'
	screen_keys E Home Enter
	screen_wait '^▸ 1.000kB'
	screen_keys q
	screen_status 0
}

screen_case ascii "a terminal that is not UTF-8, without colours"
ascii_body()
{
	capture basic
	screen_start 80 24 "LC_ALL=C NO_COLOR=1 memray-tree basic.bin"
	screen_wait '^- 5.000kB .100.00 %. <ROOT>'
	screen_text -e > screen
	atf_check -s exit:1 grep "$(printf '\033\\[3[1-7]m')" screen
	screen_keys Enter
	screen_wait '^[+] 5.000kB'
	screen_keys q
	screen_status 0
}

screen_case small "no size is too small"
small_body()
{
	capture basic
	start 80 24 basic.bin
	for s in "20 8" "10 4" "3 2" "1 1" "300 3" "80 24"; do
		# shellcheck disable=SC2086 # two words
		screen_resize $s
		screen_keys j k e e G '?' '?' / a BSpace Escape g
	done
	screen_wait 'q quit'
	screen_keys q
	screen_status 0
}

screen_case dumb "a terminal that cannot be drawn on gets text"
dumb_body()
{
	capture basic
	screen_start 80 24 "TERM=dumb memray-tree basic.bin"
	screen_status 0
	screen_wait '^   3.000kB  60.00%          3        keep at lib/store'
}

screen_case piped "the capture comes through a pipe, keys do not"
piped_body()
{
	capture basic
	screen_start 80 24 "cat basic.bin | LC_ALL=C.UTF-8 memray-tree -"
	screen_wait '<ROOT>'
	screen_keys q
	screen_status 0
}

screen_case interrupted "Control-C ends it, with the status of the signal"
interrupted_body()
{
	capture basic
	screen_start 80 24 "sh -c 'trap : INT; memray-tree basic.bin; \
	    exit \$?'"
	screen_wait '<ROOT>'
	screen_keys C-c
	screen_status 130
}

screen_case gone "without its terminal it ends"
gone_body()
{
	capture basic
	screen_start 80 24 "sh -c 'trap \"\" HUP; echo \$\$ > pid; \
	    exec memray-tree basic.bin'"
	screen_wait '<ROOT>'
	screen_end
	for _ in $(seq 200); do
		kill -0 "$(cat pid)" 2>/dev/null || return 0
		sleep 0.05
	done
	kill -9 "$(cat pid)"
	atf_fail "it goes on without a terminal"
}

screen_case incomplete "warnings are seen, and in the status"
incomplete_body()
{
	capture lost
	screen_start 80 24 "LC_ALL=C.UTF-8 memray-tree lost.bin"
	screen_wait '^ Something is missing: see the warnings behind'
	screen_keys q
	screen_status 1
	screen_wait 'lost.bin: warning: 3 events were lost'
}

atf_init_test_cases()
{
	for c in first fold group open_all uninteresting import_system \
	    details beside no_source searching mouse rest nothing help names deep \
	    ascii small dumb piped interrupted gone incomplete; do
		atf_add_test_case $c
	done
}
