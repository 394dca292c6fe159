# Captures of ours for memray 1.20, which is asked what is in them.

. "$(atf_get_srcdir)/memray_subr.sh"

# memray adds up the heap of a sample again, from the events before it, and
# their times are coarse.
memray_coarse=yes

need()
{
	memray_need 1.20.0 || atf_skip "memray 1.20.0 cannot be installed"
}

# memray_of capture ...: memray's reports on it as `says`.
memray_of()
{
	atf_check memray-transform -f -o to.bin memray "$@"
	atf_check -o save:says "$python" "$src/memray_says.py" to.bin
}

# Under every interpreter, in every mode.
export_each()
{
	need
	for program in program recursion; do
		for mode in "" --aggregate --trace-python-allocators; do
			# Its thousands of deep stacks take memray a minute.
			[ $program$mode != recursion--trace-python-allocators ] ||
			    continue
			rm -f cap.bin
			case $mode in
			--aggregate)	kind=-aggregated ;;
			*)		kind= ;;
			esac
			# On what is not recorded there may be a note.
			# shellcheck disable=SC2086 # none or one
			atf_check -o ignore -e save:err memray-run -q $mode \
			    -o cap.bin --python "$py" "$src/$program.py"
			memray_of cap.bin
			memray_same says cap.bin "$kind"
		done
	done
}

atf_test_case reports
reports_head()
{
	atf_set descr "every report of memray can be made"
	atf_set timeout 300
}
reports_body()
{
	need
	atf_check -o ignore memray-run -q -o cap.bin "$src/threads.py"
	atf_check memray-transform -o full.bin memray cap.bin
	atf_check memray-transform -o sums.bin memray cap.bin cap.bin
	for report in "flamegraph" "flamegraph --temporal" "table" \
	    "flamegraph --split-threads" "table --leaks" \
	    "flamegraph --temporary-allocations" "transform csv"; do
		# shellcheck disable=SC2086 # options
		atf_check -o match:Wrote -e ignore "$memray" $report -f \
		    -o report full.bin
	done
	atf_check -o match:"Wrote" -e ignore "$memray" flamegraph -f \
	    -o report sums.bin
	atf_check -o match:"threads.py" env COLUMNS=200 \
	    "$memray" summary full.bin
	atf_check -o match:"Total allocations" "$memray" stats full.bin
	# What memray does not do with such captures, it does not with ours.
	atf_check -s exit:1 -o ignore -e match:"pre-aggregated" \
	    "$memray" stats sums.bin
}

# The other way round it is the same again.
atf_test_case back
back_head()
{
	atf_set require.progs python3
}
back_body()
{
	for f in "$src"/memray-v1?.bin; do
		atf_check memray-transform -f -o to.bin memray "$f"
		memray-transform -f -o a csv "$f"
		memray-transform -f -o b csv to.bin
		atf_check cmp a b
		for d in "$f" to.bin; do
			memray-stats "$d" > "stats.$(basename "$d")"
			# Stacks may have other numbers.
			memray-parse "$d" | grep '^[AFSU][ALMNPR]' |
			    sed 's/node=[0-9]*//' \
			    > "events.$(basename "$d")"
		done
		atf_check cmp "stats.$(basename "$f")" stats.to.bin
		atf_check cmp "events.$(basename "$f")" events.to.bin
		atf_check -o match:"^ALLOC" -o match:"^FREE" \
		    -o match:"^UNMAP" -o match:"^SAMPLE" cat events.to.bin
	done
}

atf_test_case cut_short
cut_short_body()
{
	need
	atf_check -o ignore memray-run -q -o cap.bin "$src/program.py"
	head -c $(($(wc -c < cap.bin) - 20)) cap.bin > cut.bin
	atf_check -s exit:1 -e match:"cut short" \
	    memray-transform -o to.bin memray cut.bin
	atf_check -o save:says "$python" "$src/memray_says.py" to.bin
	memray-stats cap.bin | head -n 3 | sort > expected
	atf_check -o file:expected grep '^total_\|^peak_' says
}

atf_test_case threads_again
threads_again_head()
{
	atf_set descr "thread ids that were used twice are kept apart"
}
threads_again_body()
{
	need
	cat > again.py <<-END
	import threading
	kept = []
	def work():
	    for i in range(50):
	        kept.append(bytearray(3000))
	for i in range(20):
	    t = threading.Thread(target=work)
	    t.start()
	    t.join()
	END
	atf_check memray-run -q -o cap.bin again.py
	memray_of cap.bin cap.bin
	memray_of cap.bin
	memray_same says cap.bin
}

atf_test_case usage
usage_body()
{
	atf_check -s exit:2 -e match:"memray: takes no selection" \
	    memray-transform --leaks memray "$src/memray-v13.bin"
	cp "$src/memray-v13.bin" memray-app.bin
	atf_check -e match:"wrote memray-memray-app.bin" \
	    memray-transform memray memray-app.bin
	atf_check -s exit:1 -e match:"already exists" \
	    memray-transform memray memray-app.bin
}

atf_init_test_cases()
{
	e2e_add export
	atf_add_test_case reports
	atf_add_test_case back
	atf_add_test_case cut_short
	atf_add_test_case threads_again
	atf_add_test_case usage
}
