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

atf_init_test_cases()
{
	atf_add_test_case objects
	atf_add_test_case aggregate
}
