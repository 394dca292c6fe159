# memray-live on a terminal: keys in, screens out.

. "$(atf_get_srcdir)/screen_subr.sh"
. "$(atf_get_srcdir)/live_subr.sh"

# live_case name description: declare a case and its cleanup.
live_case()
{
	atf_test_case "$1" cleanup
	eval "$1_head() {
		atf_set descr '$2'
		atf_set require.progs 'memray-run memray-summary python3 tmux'
		atf_set timeout 120
	}"
	eval "$1_cleanup() { live_end; screen_end; }"
}

# view columns lines [command]: a viewer of the program.
view()
{
	_size="$1 $2"
	shift 2
	# Two words.
	# shellcheck disable=SC2086
	screen_start $_size "LC_ALL=C.UTF-8 $* memray-live $port"
	screen_wait '^Location'
}

# rows: names of our functions in the table, in its order.
rows()
{
	screen_text | sed -n '/^Location/,$p' | grep -oE \
	    '^(from |  to |\* )?(<module>|(main|first|second|third|keep|work)\>)'
}

# rows_are line ...: until they are; the screen follows the program.
rows_are()
{
	printf '%s\n' "$@" > expected
	for _ in $(seq 100); do
		if rows | cmp -s - expected; then
			return
		fi
		sleep 0.05
	done
	screen_text
	rows > actual
	atf_check -o file:expected cat actual
}

leave()
{
	screen_keys q
	screen_status 0
	live_go one two
}

live_case screen "what is on a screen of 80 columns"
screen_body()
{
	live_run ""
	live_at one
	view 80 24
	screen_wait '^PID:  *[0-9]+ .*Heap 5\.[0-9]+MB \(100% of 5\.'
	screen_wait '^CMD: .*steps.py .*RSS  *[0-9.]+MB \('
	screen_wait '^TID:  *\*'
	screen_wait '^Thread:  *all 1 threads'
	screen_wait '^Samples:  *[0-9]+ +Allocations: [0-9]+'
	screen_wait '^Duration:  *[0-9.]+ seconds .* 0│'
	# The heap is filled, the resident set is a line.
	screen_wait '█'
	screen_wait '─'
	screen_wait '^Live now \(leaks so far\): 5\.'
	screen_wait '^Location  *Total Bytes % Total  Own Bytes   % Own Alloca'
	screen_wait '^keep .*steps\.py  *5\.0[0-9]*MB  *9[0-9]\.[0-9]+%  *5\.0'
	rows_are '<module>' main keep first
	screen_wait '^q Quit \? Help'
	leave
	live_over 0
}

live_case sorts "t, o and a sort, and the title tells"
sorts_body()
{
	live_run "" thread
	live_at one
	live_at work
	view 80 24
	screen_keys o
	rows_are keep main '<module>' work first third
	screen_text -e > escapes
	atf_check -o match:"$(printf '\033\\[[0-9;]*4[0-9;]*m *Own Bytes')" \
	    cat escapes
	screen_keys t
	rows_are keep '<module>' main first work third
	screen_keys a
	title=$(printf '\033\\[[0-9;]*4[0-9;]*mAllocations')
	for _ in $(seq 100); do
		screen_text -e > escapes
		! grep -q "$title" escapes || break
		sleep 0.05
	done
	atf_check -o match:"$title" cat escapes
	leave
	live_go work
	live_over 0
}

live_case filters "/ shows what matches"
filters_body()
{
	live_run ""
	live_at one
	view 80 24
	screen_keys /
	screen_keys -l KEE
	rows_are keep
	screen_wait '^/KEE$'
	screen_keys Enter
	screen_wait '^Live now .*, /KEE'
	rows_are keep
	# Also the file; Escape ends it.
	screen_keys / s t e p s . p y
	rows_are '<module>' main keep first
	screen_keys C-u z z z
	screen_wait '^No function matches'
	screen_keys Escape
	rows_are '<module>' main keep first
	screen_wait '^Live now \(leaks so far\): [0-9.]+MB$'
	leave
	live_over 0
}

live_case calls "Enter shows callers and callees"
calls_body()
{
	live_run ""
	live_at one
	live_go one
	live_at two
	view 80 24
	screen_keys / k e e p Enter Enter
	rows_are 'from first' 'from second' '* keep'
	screen_wait '^Calls of keep: 8\.'
	screen_wait '^from first .*5\.00.MB  *62\.'
	screen_wait '^\* keep .*8\.00.MB 100\.00%  *8\.00.MB 100\.00%'
	screen_keys Up Enter
	rows_are 'from main' '* second' '  to keep'
	screen_keys Up Enter
	rows_are 'from <module>' '* main' '  to first' '  to second'
	screen_keys Escape
	rows_are 'from main' '* second' '  to keep'
	screen_keys Escape Escape
	rows_are keep
	leave
	live_over 0
}

live_case mark "k: what was allocated since and still lives"
mark_body()
{
	live_run ""
	live_at one
	view 80 24
	rows_are '<module>' main keep first
	screen_keys k
	screen_wait '^Growth since the mark \([0-9]+ s\): '
	live_go one
	rows_are main '<module>' keep second
	screen_wait '^Growth since the mark \([0-9]+ s\): 3\.0'
	screen_wait '^keep .* 3\.00.MB'
	screen_keys v
	screen_wait '^Live at the peak: 8\.'
	screen_keys v
	screen_wait '^Ever allocated: '
	screen_keys v
	screen_wait '^Live now \(leaks so far\): 8\.'
	screen_keys v
	screen_wait '^Growth since the mark'
	leave
	live_over 0
}

live_case pauses "space stops the table, not the rest"
pauses_body()
{
	live_run ""
	live_at one
	view 80 24
	screen_wait '^keep .* 5\.00.MB'
	screen_keys Space
	screen_wait 'Table updates paused$'
	live_go one
	live_at two
	screen_wait 'Heap 8\.'
	screen_keys o t
	screen_wait '^keep .* 5\.00.MB'
	rows_are '<module>' main keep first
	screen_keys Space
	screen_wait '^keep .* 8\.00.MB'
	leave
	live_over 0
}

live_case threads "one thread at a time"
threads_body()
{
	live_run "" thread
	live_at one
	live_at work
	view 80 24
	screen_wait '^Thread:  *all 2 threads'
	screen_keys '>'
	screen_wait '^All threads are merged'
	screen_keys m
	screen_wait '^Thread:  *1 of 2'
	rows_are '<module>' main keep first
	screen_keys '>'
	screen_wait '^Thread:  *2 of 2 \(worker\)'
	screen_wait '^TID:  *0x[0-9a-f]+ '
	rows_are work keep third
	screen_wait '^keep .* 2\.00.MB'
	screen_keys '>'
	screen_wait '^Thread:  *1 of 2'
	screen_keys Left
	screen_wait '^Thread:  *2 of 2'
	screen_keys m
	screen_wait '^Thread:  *all 2 threads'
	leave
	live_go work
	live_over 0
}

live_case processes "p lists processes and chooses one, or all"
processes_body()
{
	live_run --follow-fork fork
	live_at one
	live_at child
	view 80 24
	screen_wait '^PID:  *all 2 processes'
	screen_wait '^keep .* 7\.00.MB'
	screen_keys p
	screen_wait '^  *PID  State '
	screen_wait '^  *all  2 running  *[0-9.]+MB'
	screen_text > text
	atf_check -o inline:"2\n" grep -cE '^ *[0-9]+  running' text
	screen_keys Down Down Enter
	screen_wait '^PID:  *[0-9]+ of 2 processes'
	screen_wait '^keep .* 2\.00.MB'
	screen_keys p Home Enter
	screen_wait '^PID:  *all 2 processes'
	# One that has ended no longer counts.
	live_go child
	screen_wait '^keep .* 5\.00.MB'
	screen_keys p
	screen_wait '^ *[0-9]+  exit 5  *2\.'
	screen_keys Escape
	leave
	live_over 0
}

live_case saves "s saves a capture that memray-summary opens"
saves_body()
{
	live_run ""
	live_at one
	view 80 24
	rows_are '<module>' main keep first
	screen_keys s
	screen_wait '^Saved; memray-summary --leaks memray-live\.[0-9]+\.1\.bin$'
	screen_keys s
	screen_wait '^Saved; memray-summary --leaks memray-live\.[0-9]+\.2\.bin$'
	atf_check -o inline:"600\n" -x "stat -c %a memray-live.*.1.bin"
	atf_check -o match:"^keep at .*/steps.py	5......	.*	5......	" \
	    -x "memray-summary --leaks memray-live.*.1.bin"
	atf_check -o match:"^keep at .*/steps.py	5......	" \
	    -x "memray-summary memray-live.*.2.bin"
	leave
	live_over 0
}

live_case saves_not "s in a directory that cannot be written"
saves_not_body()
{
	live_run ""
	live_at one
	view 80 24 "mkdir removed; cd removed; rmdir ../removed;"
	screen_keys s
	screen_wait '^memray-live\.[0-9]+\.1\.bin: No such file or directory'
	screen_keys q
	live_go one two
	live_over 0
}

live_case ends "the view stays when the program has ended"
ends_body()
{
	live_run "" status=3
	live_at one
	view 80 24
	live_go one two
	screen_wait 'Remote has disconnected: exit status 3$'
	screen_wait '^keep .* 8\.00.MB'
	live_over 3
	screen_wait '^Live at the peak: '
	# It can still be looked at.
	screen_keys v v
	screen_wait '^Live now .leaks so far.: 8\.'
	screen_keys o Enter
	rows_are 'from first' 'from second' '* keep'
	screen_keys s
	screen_wait '^Saved'
	screen_keys q
	screen_status 0
}

live_case ends_empty "of a program that has freed all, the peak is shown"
ends_empty_body()
{
	live_run "" gone
	live_at one
	view 80 24
	screen_wait '^Live now '
	live_go one two
	screen_wait '^Live at the peak: 8\.[0-9]*MB +Remote has disconnected'
	rows_are '<module>' main keep first second
	live_over 0
	screen_keys s
	screen_wait '^Saved; memray-summary memray-live\.[0-9]+\.1\.bin$'
	atf_check -o match:"^keep at .*/steps.py	8......	" \
	    -x "memray-summary memray-live.*.1.bin"
	screen_keys q
	screen_status 0
}

live_case ends_chosen "another view, and one that is held, stays at the end"
ends_chosen_body()
{
	live_run ""
	live_at one
	view 80 24
	screen_keys k
	screen_wait '^Growth since the mark'
	live_go one two
	screen_wait 'Remote has disconnected'
	screen_wait '^Growth since the mark'
	screen_keys q
	screen_status 0
	live_over 0
}

live_case killed "the signal that killed the program"
killed_body()
{
	live_run "" signal=9
	live_at one
	view 80 24
	live_go one two
	screen_wait 'Remote has disconnected: killed by signal 9 \(Killed\)$'
	leave
}

live_case lost "memray-run goes away without a word"
lost_body()
{
	live_run ""
	live_at one
	view 80 24
	kill -9 "$(cat run.pid)"
	rm run.pid
	screen_wait 'Remote has disconnected$'
	leave
}

live_case resizes "from 80x24 upward, and less"
resizes_body()
{
	live_run ""
	live_at one
	view 80 24
	screen_resize 200 50
	screen_wait '^Location .* Allocations File'
	screen_wait '^keep  *5\.[0-9]+MB .* /.*/steps\.py$'
	# The graph is twice as high.
	screen_text > text
	atf_check -o inline:"8\n" grep -c '│' text
	screen_resize 40 10
	screen_wait '^Location +Total'
	screen_wait '^keep'
	screen_resize 10 3
	screen_resize 80 24
	screen_wait '^Duration:  *[0-9.]+ seconds .* 0│'
	rows_are '<module>' main keep first
	leave
	live_over 0
}

live_case ascii "terminals without UTF-8, and without colours"
ascii_body()
{
	live_run ""
	live_at one
	view 80 24 NO_COLOR=1 LC_ALL=C
	screen_wait '0\|.*#'
	screen_wait -- '-----'
	screen_text > text
	atf_check -s exit:1 env LC_ALL=C grep '[^ -~]' text
	screen_text -e > escapes
	atf_check -s exit:1 grep "$(printf '\033\\[3[0-7]')" escapes
	leave
	live_over 0
}

live_case console "the console has no eighths of blocks"
console_body()
{
	live_run ""
	live_at one
	view 80 24 TERM=linux
	screen_wait '[▄█]'
	screen_text > text
	atf_check -s exit:1 grep -E '▁|▂|▃|▅|▆|▇' text
	screen_text -e > escapes
	atf_check -o ignore grep "$(printf '\033\\[3[0-9]')" escapes
	leave
	live_over 0
}

live_case escapes "names cannot move the cursor"
escapes_body()
{
	live_run "" names
	live_at one
	view 120 30
	screen_wait '^run  .* evil.x1b\[2J.n.u202e\.py$'
	leave
	live_over 0
}

# click line column, counted from 1.
click()
{
	screen_keys -l "$(printf '\033[<0;%d;%dM\033[<0;%d;%dm' \
	    "$2" "$1" "$2" "$1")"
}

live_case mouse "clicks on titles and rows"
mouse_body()
{
	live_run "" thread
	live_at one
	live_at work
	view 80 24 TERM=xterm-256color
	rows_are keep '<module>' main first work third
	# Titles are on line 9, rows behind it, counted from 1.
	click 9 55
	rows_are keep main '<module>' work first third
	screen_text -e > escapes
	atf_check -o match:"$(printf '\033\\[[0-9;]*4[0-9;]*m *Own Bytes')" \
	    cat escapes
	# Behind keep and what no Python function allocated.
	click 12 5
	screen_keys Enter
	screen_wait '^Calls of main'
	click 9 40
	click 10 5
	screen_keys Enter
	screen_wait '^Calls of <module>'
	leave
	live_go work
	live_over 0
}

live_case help "? lists the keys"
help_body()
{
	live_run ""
	live_at one
	view 80 24
	screen_keys '?'
	screen_wait '^Keys \(Esc goes back\)'
	screen_wait '^In the graph the heap is filled'
	# Each key of the last line is there.
	for k in q t m / Enter v k p s space w; do
		screen_text | grep -qE "^(. )*$k\b|^$k " || echo "$k"
	done > missing
	atf_check cat missing
	screen_keys Escape
	screen_wait '^Location'
	leave
	live_over 0
}

live_case hangup "a viewer whose terminal goes away ends"
hangup_body()
{
	live_run ""
	live_at one
	screen_start 80 24 "echo \$\$ > viewer.pid; exec memray-live $port"
	screen_wait '^Location'
	screen_end
	for _ in $(seq 100); do
		kill -0 "$(cat viewer.pid)" 2>/dev/null || break
		sleep 0.05
	done
	atf_check -s exit:1 -e ignore kill -0 "$(cat viewer.pid)"
	live_go one two
	live_over 0
}

# live_here argument ...: memray-run --live.
live_here()
{
	screen_start 80 24 "LC_ALL=C.UTF-8 TMPDIR=\$PWD memray-run --live \
	    $(atf_get_srcdir)/steps.py $*"
	screen_wait '^Location'
	live_at one
}

live_case log "l shows the output of the program, clean"
log_body()
{
	live_here noise
	screen_wait '^d Detach l Log q Quit'
	screen_keys l
	screen_wait '^Output of the program, [0-9.]+kB'
	screen_wait '^line 4999 of the standard output'
	screen_wait '^line 4999 of the standard error'
	# A line that was written over, colours, a bell.
	screen_wait '^red done.x07$'
	screen_wait '^Location'
	screen_keys l
	screen_wait '^line 4994 of the standard output'
	screen_text > text
	atf_check -s exit:1 grep '^Location' text
	screen_keys l
	screen_wait '^Location'
	live_go one two
	screen_wait 'Remote has disconnected: exit status 0$'
	screen_keys q
	screen_status 0
}

live_case quits "q asks what is to become of the program"
quits_body()
{
	live_here status=3
	screen_keys q
	screen_wait '^End the program, too\?'
	screen_keys n
	screen_wait '^d Detach'
	screen_keys q
	screen_wait '^End the program, too\?'
	screen_keys y
	for _ in $(seq 100); do
		[ ! -f status ] || break
		sleep 0.05
	done
	# It did not end by itself.
	atf_check -o not-inline:"3\n" cat status
	atf_check test ! -f at-two
}

live_case detaches "d leaves, and the program goes on"
detaches_body()
{
	live_here status=3
	screen_keys d
	screen_wait 'memray-live [0-9]+$'
	live_go one two
	screen_status 3
	atf_check test -f at-two
}

live_case interrupts "Control-C in the view ends the program"
interrupts_body()
{
	live_here status=3
	screen_keys C-c
	for _ in $(seq 100); do
		[ ! -f status ] || break
		sleep 0.05
	done
	atf_check -o not-inline:"3\n" cat status
	atf_check test ! -f at-two
}

atf_init_test_cases()
{
	for c in screen sorts filters calls mark pauses threads processes \
	    saves saves_not ends ends_empty ends_chosen killed lost resizes \
	    ascii console escapes mouse help hangup log quits detaches interrupts; do
		atf_add_test_case $c
	done
}
