# What is recorded: objects, tables only.

# shellcheck source-path=SCRIPTDIR disable=SC1091
. "$(atf_get_srcdir)/run_subr.sh"

# A program with many small objects.
make_objects()
{
	echo 'x = [bytes(100 + i % 100) for i in range(20000)]' > app.py
}

# meta capture key: a value of its metadata.
meta()
{
	memray-summary --json "$1" | jq -r --arg k "$2" '.metadata[$k]'
}

run_case objects "--trace-python-allocators records each object" jq
objects_body()
{
	make_objects
	atf_check memray-run -q -o a.bin app.py
	atf_check memray-run -q --trace-python-allocators -o b.bin app.py
	atf_check_equal false "$(meta a.bin trace_python_allocators)"
	atf_check_equal true "$(meta b.bin trace_python_allocators)"
	[ "$(meta a.bin total_allocations)" -lt 2000 ] ||
	    atf_fail "objects are recorded without the option"
	[ "$(meta b.bin total_allocations)" -ge 20000 ] ||
	    atf_fail "objects are missing"
	# Each has a head of some 33 bytes.
	n=$(meta b.bin peak_memory)
	if [ "$n" -lt 3600000 ] || [ "$n" -gt 4600000 ]; then
		atf_fail "peak of $n bytes"
	fi
}

run_case aggregate "--aggregate leaves the events out and nothing else" jq
aggregate_body()
{
	make_objects
	for opt in "" --trace-python-allocators; do
		# shellcheck disable=SC2086
		atf_check memray-run -q $opt -f -o a.bin app.py
		# shellcheck disable=SC2086
		atf_check memray-run -q $opt --aggregate -f -o b.bin app.py
		for file in a b; do
			atf_check -o save:$file.txt memray-summary $file.bin
			grep 'app\.py' $file.txt > $file.rows
		done
		atf_check -o file:a.rows cat b.rows
	done
	# Of 40 thousand events, each would take more than a byte.
	size=$(wc -c < b.bin)
	[ "$size" -lt 20000 ] || atf_fail "capture of $size bytes"
}

run_case killed "an aggregated capture is a valid one while it is written, and \
remains so when memray-run is killed"
killed_body()
{
	cat > app.py <<-'EOF'
	import os, time
	def keep():
	    return [bytearray(1000) for i in range(100)]
	kept = []
	while not os.path.exists("enough"):
	    kept.append(keep())
	    time.sleep(0.01)
	open("ended", "w").close()
	EOF
	memray-run -q --aggregate -o a.bin app.py &
	n=0
	until memray-summary a.bin 2> err | grep -q '^keep at'; do
		[ $((n += 1)) -lt 600 ] || atf_fail "nothing is in the capture"
		sleep 0.1
	done
	atf_check -o match:'still being recorded' cat err
	kill -9 $!
	wait $! && atf_fail "memray-run was not killed"
	atf_check -s exit:1 -o match:'^keep at' -e match:'cut short' \
	    memray-summary a.bin
	[ ! -e ended ] || atf_fail "the program has ended, too"
	touch enough
	wait_for ended
}

# A program of 20000 places that allocate, over and over, until a file is
# another one than before, or longer than 2 MB, which takes several seconds.
# With a name it is about that capture, and a child's.
make_places()
{
	cat > app.py <<-'EOF'
	import os, sys, time
	source = "def fill(x):\n" + "".join(
	    " x.append(bytearray(600 + %d))\n" % i for i in range(100))
	fills = []
	for i in range(200):
	    names = {}
	    exec(compile(source, "places%d.py" % i, "exec"), names)
	    fills.append(names["fill"])
	path, child = sys.argv[1], len(sys.argv) > 2 and os.fork() == 0
	if child:
	    path += ".%d" % os.getpid()
	first, end, st = 0, time.monotonic() + 250, None
	while time.monotonic() < end:
	    for fill in fills:
	        fill([])
	    if os.path.exists(path):
	        st = os.stat(path)
	        first = first or st.st_ino
	        if st.st_ino != first or st.st_size > 2000000:
	            break
	    time.sleep(0.3)
	if len(sys.argv) > 2 and not child:
	    os.wait()
	print("long" if st.st_ino == first else "new", flush=True)
	EOF
}

run_case renewed "an aggregated capture that has grown is replaced, a child's \
too"
renewed_body()
{
	make_places
	umask 022
	atf_check -o inline:'new\nnew\n' memray-run -q --aggregate \
	    --no-compress --follow-fork -o a.bin app.py a.bin child
	for file in a.bin a.bin.*; do
		atf_check -o match:'by_count.fill.places[0-9]*\.py' memray-stats "$file"
		atf_check -o inline:'600\n' stat -c %a "$file"
		# Checkpoints of a few seconds, and the tables twice.
		size=$(wc -c < "$file")
		[ "$size" -lt 12000000 ] || atf_fail "$file of $size bytes"
	done
	# Nothing is left of what was on the way.
	for file in .a.bin*; do
		[ ! -e "$file" ] || atf_fail "$file is left"
	done
}

run_case renewed_not "an aggregated capture that was moved away or has another \
name is not replaced, and complete all the same"
renewed_not_body()
{
	make_places
	memray-run -q --aggregate --no-compress -o a.bin app.py a.bin > out &
	wait_for a.bin
	ln a.bin b.bin
	wait $! || atf_fail "status $?"
	atf_check -o inline:'long\n' cat out
	memray-run -q --aggregate --no-compress -o c.bin app.py d.bin > out &
	wait_for c.bin
	mv c.bin d.bin
	echo mine > c.bin
	wait $! || atf_fail "status $?"
	atf_check -o inline:'long\n' cat out
	atf_check -o inline:'mine\n' cat c.bin
	atf_check_equal "$(stat -c %i a.bin)" "$(stat -c %i b.bin)"
	for file in b.bin d.bin; do
		atf_check -o match:'by_count.fill.places[0-9]*\.py' memray-stats $file
	done
	check_files a.bin app.py b.bin c.bin d.bin out
}

# hold [option ...]: record a program that keeps five megabytes and runs until
# there is "down", as far as that these are in the capture a.bin.  Sets $run.
hold()
{
	cat > app.py <<-'EOF'
	import os, time
	keep = [bytearray(1000000) for _ in range(5)]
	open("up", "w").close()
	while not os.path.exists("down"):
	    time.sleep(0.02)
	EOF
	rm -f up down
	memray-run -q -f -o a.bin "$@" app.py &
	run=$!
	wait_for up
	atf_check -x "until memray-summary a.bin 2> err |
	    grep -q 'app.py	5[0-9]*	'; do sleep 0.1; done"
}

run_case recording "what is being recorded is not called broken" jq
recording_body()
{
	for mode in "" --aggregate "--native --no-symbols"; do
		# shellcheck disable=SC2086 # options or nothing
		hold $mode
		still="a.bin: still being recorded, this is what there is so \
far"
		atf_check -o inline:"memray-summary: $still\n" cat err
		for r in summary stats tree parse; do
			atf_check -o not-empty \
			    -e inline:"memray-$r: $still\n" memray-$r a.bin
		done
		atf_check -o not-empty -e inline:"memray-transform: $still\n" \
		    memray-transform -o - csv a.bin
		atf_check -o inline:"true\n" -e ignore -x \
		    "memray-summary --json a.bin |
		    jq .metadata.still_recording"
		[ "$mode" != "--native --no-symbols" ] ||
		    atf_check -s exit:1 -o ignore -e match:"somebody else" \
		    memray-symbolize a.bin
		: > down
		wait "$run" || atf_fail "status $?"
		atf_check -o match:'app.py	5[0-9]*	' memray-summary a.bin
	done
}

run_case not_recording "nor is what is broken said to be recorded" jq
not_recording_body()
{
	hold
	kill -KILL "$run"
	wait "$run"
	# The program itself has no hold of the file.
	atf_check -s exit:1 -o match:'app.py	5[0-9]*	' -e match:'cut short' \
	    memray-summary a.bin
	: > down
}

atf_init_test_cases()
{
	atf_add_test_case objects
	atf_add_test_case aggregate
	atf_add_test_case killed
	atf_add_test_case renewed
	atf_add_test_case renewed_not
	atf_add_test_case recording
	atf_add_test_case not_recording
}
