. "$(atf_get_srcdir)/e2e_subr.sh"

# Known blocks: sizes, functions, lines and percentages at the peak.
peak_each()
{
	e2e_record "$src/blocks.py"
	e2e_near "peak" "$(e2e_meta peak_memory)" 100000000
	e2e_near "keep" "$(e2e_row peak keep own_bytes)" 40000000
	e2e_near "hog" "$(e2e_row peak hog own_bytes)" 60000000
	e2e_near "main" "$(e2e_row peak main total_bytes)" 100000000
	e2e_near "module" "$(e2e_row peak "<module>" total_bytes)" 100000000
	e2e_below "main itself" "$(e2e_row peak main own_bytes)" 2500000
	e2e_below "churn" "$(e2e_row peak churn own_bytes)" 2500000
	e2e_line peak keep blocks.py KEEP
	e2e_line peak hog blocks.py HOG
	e2e_line peak main blocks.py CALL
	atf_check -o match:"^(5[89]|6[01])" echo \
	    "$(e2e_row peak hog own_percent)"
	atf_check -o match:"/blocks.py\$" echo "$(e2e_row peak keep file)"
}

# What is live when the script has ended.
leaks_each()
{
	e2e_record "$src/blocks.py"
	e2e_near "leaked" "$(e2e_meta leaked_bytes)" 40000000
	e2e_near "keep" "$(e2e_row leaks keep own_bytes)" 40000000
	e2e_near "main" "$(e2e_row leaks main total_bytes)" 40000000
	e2e_below "hog" "$(e2e_row leaks hog total_bytes)" 2500000
	e2e_below "churn" "$(e2e_row leaks churn total_bytes)" 2500000
	e2e_line leaks keep blocks.py KEEP
}

# The totals of the run: every one of the 51 blocks was seen.
totals_each()
{
	e2e_record "$src/blocks.py"
	[ "$(e2e_meta total_bytes_allocated)" -ge 220000000 ] ||
	    e2e_fail "$(e2e_meta total_bytes_allocated) bytes allocated"
	[ "$(e2e_meta total_allocations)" -ge 51 ] ||
	    e2e_fail "$(e2e_meta total_allocations) allocations"
	atf_check_equal 0 "$(e2e_meta lost_events)"
	atf_check_equal 0 "$(e2e_meta exit_status)"
	atf_check -o match:"blocks.py" echo "$(e2e_meta command_line)"
	v=$("$py" -c 'import sys; print(sys.version.split()[0])')
	atf_check -o match:"^$v" echo "$(e2e_meta python_version)"
}

# Blocks that another thread frees are not taken for leaks, nor for a peak.
threads_each()
{
	e2e_record "$src/threads.py"
	atf_check_equal 10 "$(cat out)"
	e2e_near "kept" "$(e2e_row leaks produce own_bytes)" 5000000
	# 10 kept; per direction 4 queued and one in each thread's hands.
	e2e_below "peak" "$(e2e_row peak produce own_bytes)" \
	    $((24 * 500000 + 2500000))
	e2e_line leaks produce threads.py PRODUCE
	[ "$(e2e_meta total_bytes_allocated)" -ge 200000000 ] ||
	    e2e_fail "$(e2e_meta total_bytes_allocated) bytes allocated"
}

# A function counts once per stack, however often it is there.  Older
# interpreters have the frames of all those calls in the heap, too.
recursion_each()
{
	e2e_record "$src/recursion.py"
	total=$(e2e_row peak deep total_bytes)
	[ "$total" -ge 50000000 ] || e2e_fail "deep is $total"
	e2e_below "deep" "$total" 60000000
	[ "$total" -le "$(e2e_meta peak_memory)" ] ||
	    e2e_fail "deep has more than there is"
}

generators_each()
{
	e2e_record "$src/generators.py"
	e2e_near "inner" "$(e2e_row peak inner own_bytes)" 50000000
	e2e_near "outer" "$(e2e_row peak outer total_bytes)" 40000000
	e2e_near "consume" "$(e2e_row peak consume total_bytes)" 40000000
	e2e_near "first" "$(e2e_row peak first total_bytes)" 5000000
	e2e_near "second" "$(e2e_row peak second total_bytes)" 5000000
	e2e_line peak inner generators.py YIELD
}

asyncio_each()
{
	e2e_record "$src/coroutines.py"
	e2e_near "load" "$(e2e_row leaks load own_bytes)" 40000000
	e2e_near "inner" "$(e2e_row leaks inner own_bytes)" 20000000
	e2e_near "direct" "$(e2e_row leaks direct total_bytes)" 20000000
	e2e_line leaks load coroutines.py LOAD
	e2e_line leaks inner coroutines.py INNER
}

atf_init_test_cases()
{
	e2e_add peak leaks totals threads recursion generators asyncio
}
