# memray-live: the names of native frames.  Libraries are compiled here.

. "$(atf_get_srcdir)/screen_subr.sh"
. "$(atf_get_srcdir)/live_subr.sh"

program=native.py

# live_case name description: declare a case and its cleanup.
live_case()
{
	atf_test_case "$1" cleanup
	eval "$1_head() {
		atf_set descr '$2'
		atf_set require.progs 'memray-run memray-summary \
		    memray-symbolize cc jq python3 tmux'
		atf_set timeout 120
	}"
	eval "$1_cleanup() { live_go names; live_end; screen_end; }"
}

# compile option ...: the library, libn.so
compile()
{
	cp "$(atf_get_srcdir)/native.c" . || atf_fail "no source"
	cc -O2 -fPIC -shared -Wl,--build-id -o new.so "$@" native.c ||
	    atf_fail "cannot compile"
	mv new.so libn.so
}

# record [argument]: up to the first step
record()
{
	live_run "--native ${options:-}" "$PWD/libn.so" "$@"
	live_at one
}

# ours: functions and files of the source or the library in a table, sorted
ours()
{
	grep -E "^[^	]* at $PWD/(native\.c|libn\.so)	" "$1" |
	    cut -f 1,2,4,6 | LC_ALL=C sort
}

# once: out is the table
once()
{
	atf_check -o save:out memray-live --once "$port"
}

# addresses_only: nothing of the library has a name in out
addresses_only()
{
	atf_check -o match:"^0x[0-9a-f]+ at $PWD/libn.so	5000000	" \
	    -o not-match:"^(innermost|helper|native_keep)" cat out
}

over()
{
	live_go one two
	live_over 0
}

# beside [script]: in tree/bin, memray-live with this memray-symbolize
beside()
{
	_bin=$(dirname "$(command -v memray-live)")
	mkdir -p tree/bin
	cp "$_bin/memray-live" tree/bin
	ln -s "$(cd "$_bin/../lib" && pwd)" tree/lib
	export real="$_bin/memray-symbolize"
	[ $# -eq 0 ] || {
		printf '#! /bin/sh\n%s\n' "$1" > tree/bin/memray-symbolize
		chmod 755 tree/bin/memray-symbolize
	}
}

# It begins when the file go-names is there.
late='echo $$ > symbolize.pid
until [ -e go-names ]; do sleep 0.02; done
exec "$real" "$@"'

view()
{
	screen_start 130 40 "LC_ALL=C.UTF-8 ${1:-memray-live} $port"
	screen_wait '^Location'
}

live_case once "one table: the names of the capture, and inlined functions"
once_body()
{
	compile -g
	options="-o c.bin"
	record
	once
	cat > expected <<-END
	helper at $PWD/native.c	5000000	0	1
	innermost at $PWD/native.c	5000000	5000000	1
	native_keep at $PWD/native.c	5000000	0	1
	END
	ours out > got
	atf_check -o file:expected cat got
	over
	# What was written beside it is as ever.
	memray-summary --leaks c.bin > out
	sed 's/native_keep.*/&\nnative_more at native.c	3000000	3000000	1/' \
	    expected | sed "s,at native.c,at $PWD/native.c," > both
	ours out > got
	atf_check -o file:both cat got
}

live_case json "objects: the first has names, and so have those that follow"
json_body()
{
	compile -g
	record
	memray-live --json -r 50 "$port" > stream 2> err &
	viewer=$!
	live_file stream '"innermost"'
	live_go one
	live_at two
	live_file stream '"native_more"'
	live_go two
	live_over 0
	live_ended $viewer
	atf_check cat err
	# No place of the library ever was without a name.
	atf_check -o inline:"true\n" jq -s --arg f "$PWD/libn.so" \
	    '[.[].rows[].file] | all(. != $f)' stream
	atf_check -o inline:"[\"helper\",0]\n[\"innermost\",5000000]
[\"native_keep\",0]\n[\"native_more\",3000000]\n" jq -c -n \
	    --arg f "$PWD/native.c" '[last(inputs).rows[] |
	    select(.file == $f) | [.function, .own_bytes]] | sort[]' stream
}

live_case processes "two processes with the same library: one row"
processes_body()
{
	compile -g
	options=--follow-fork
	record fork
	live_at child
	for _ in $(seq 100); do
		memray-live --once "$port" > out
		ours out > got
		! grep -q "^innermost .*	7000000	7000000	2$" got || break
		sleep 0.1
	done
	cat > expected <<-END
	helper at $PWD/native.c	7000000	0	2
	innermost at $PWD/native.c	7000000	7000000	2
	native_keep at $PWD/native.c	7000000	0	2
	END
	atf_check -o file:expected cat got
	live_go child
	over
}

live_case other "another file now: addresses, never its names"
other_body()
{
	compile -g
	record
	compile -g -Dhelper=wrong -Dinnermost=wronger
	once
	addresses_only
	rm libn.so
	once
	addresses_only
	# The one of the run: names again.
	compile -g
	once
	atf_check -o match:"^innermost at $PWD/native.c" cat out
	over
}

live_case no_id "a file without a build-id may be any: addresses"
no_id_body()
{
	compile -g -Wl,--build-id=none
	record
	once
	addresses_only
	over
}

live_case gained_id "nor is it one that has lost its build-id"
gained_id_body()
{
	compile -g
	record
	compile -g -Wl,--build-id=none
	once
	addresses_only
	over
}

live_case no_symbols "--no-symbols: addresses"
no_symbols_body()
{
	compile -g
	record
	atf_check -o save:out memray-live --once --no-symbols "$port"
	addresses_only
	over
}

live_case missing "no memray-symbolize: addresses, and a line says why"
missing_body()
{
	compile -g
	beside
	record
	atf_check -o save:out -e save:err tree/bin/memray-live --once "$port"
	addresses_only
	atf_check -o inline:"memray-live: no names of native frames: \
$PWD/tree/bin/memray-symbolize: No such file or directory\n" cat err
	over
}

# fails name script reason: likewise for one that does not do its work
fails()
{
	rm -rf tree
	beside "$1"
	atf_check -o save:out -e save:err tree/bin/memray-live --once "$port"
	addresses_only
	atf_check -o inline:"1\n" -x "wc -l < err"
	atf_check -o match:"^memray-live: no names of native frames: \
memray-symbolize$2" cat err
}

live_case failing "a memray-symbolize that fails, or answers nonsense"
failing_body()
{
	compile -g
	record
	fails 'exit 1' ' failed$'
	fails 'kill -KILL $$' ' failed: Killed$'
	fails 'exit 0' ': '
	fails 'echo nonsense' ': '
	# The question itself is no answer, but does no harm.
	rm -rf tree
	beside cat
	atf_check -o save:out tree/bin/memray-live --once "$port"
	addresses_only
	over
}

live_case screen "the screen does not wait, and keeps its place"
screen_body()
{
	compile -g
	beside "$late"
	record
	view tree/bin/memray-live
	screen_wait '^0x[0-9a-f]+ .*5\.000MB .*/libn\.so$'
	# The calls of an address become those of its function.
	screen_keys o Enter
	screen_wait '^Calls of 0x[0-9a-f]+: 5\.000MB'
	live_go names
	screen_wait '^Calls of innermost: 5\.000MB'
	screen_wait '^from helper .*5\.000MB .*/native\.c$'
	screen_keys Escape
	screen_wait '^innermost .*5\.000MB .*/native\.c$'
	live_go one
	live_at two
	screen_wait '^native_more .*3\.000MB .*/native\.c$'
	screen_text > text
	atf_check -o not-match:'^0x.*/libn\.so$' cat text
	screen_keys q
	screen_status 0
	over
}

live_case leaves "who leaves before names are there leaves nothing behind"
leaves_body()
{
	compile -g
	beside "$late"
	record
	view tree/bin/memray-live
	live_file symbolize.pid .
	screen_keys q
	screen_status 0
	atf_check -s exit:1 -x "kill -0 $(cat symbolize.pid) 2>/dev/null"
	over
}

live_case ended "names come when the program has ended, too"
ended_body()
{
	compile -g
	beside "$late"
	record
	view tree/bin/memray-live
	screen_wait '^0x[0-9a-f]+ .*5\.000MB .*/libn\.so$'
	over
	screen_wait 'disconnected'
	live_go names
	screen_wait '^innermost .*5\.000MB .*/native\.c$'
	screen_keys q
	screen_status 0
}

live_case saves "a saved capture has the names that were there"
saves_body()
{
	compile -g
	beside "$late"
	record
	view tree/bin/memray-live
	screen_wait '^0x[0-9a-f]+ .*5\.000MB .*/libn\.so$'
	screen_keys s
	screen_wait '^Saved, but not all .* memray-symbolize memray-live.*\.1'
	memray-summary --leaks memray-live.*.1.bin > out
	addresses_only
	live_go names
	screen_wait '^innermost .*5\.000MB .*/native\.c$'
	screen_keys s
	screen_wait '^Saved; memray-summary --leaks memray-live.*\.2\.bin'
	atf_check -x "memray-symbolize memray-live.*.1.bin"
	for n in 1 2; do
		memray-summary --leaks memray-live.*.$n.bin > out
		ours out > "ours$n"
		memray-transform -o - folded --leaks memray-live.*.$n.bin |
		    grep -F native.c | sort > "folded$n"
	done
	atf_check -o match:"^innermost at $PWD/native.c" \
	    -o match:"^helper at $PWD/native.c" cat ours2
	atf_check cmp ours1 ours2
	# Lines as well.
	atf_check -o match:"innermost \\($PWD/native.c:[0-9]+\\)" cat folded2
	atf_check cmp folded1 folded2
	screen_keys q
	screen_status 0
	over
}

atf_init_test_cases()
{
	for c in once json processes other no_id gained_id no_symbols \
	    missing failing screen leaves ended saves; do
		atf_add_test_case $c
	done
}
