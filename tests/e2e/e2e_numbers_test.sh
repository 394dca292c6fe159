. "$(atf_get_srcdir)/e2e_subr.sh"

deepbind_build()
{
	mkdir sub
	# shellcheck disable=SC2016 # the dynamic linker's
	{
		cc -shared -fPIC -o plain.so "$src/deepbind.c" &&
		cc -shared -fPIC -DOWN -o own.so "$src/deepbind.c" &&
		cc -shared -fPIC -o sub/found.so "$src/deepbind.c" &&
		cc -shared -fPIC -DOPENS -o opens.so "$src/deepbind.c" \
		    -Wl,--enable-new-dtags,-rpath,'$ORIGIN/sub'
	} 2> cc.err || atf_skip "no C compiler"
}

# A library that looks for its functions past us: what it allocates is
# recorded, what it frees is freed, and what it finds is what it found alone.
deepbind_each()
{
	deepbind_build
	for mode in RTLD_LAZY RTLD_NOW; do
		atf_check -o save:plain "$py" "$src/deepbind.py" $mode
		rm -f cap.bin
		e2e_record "$src/deepbind.py" $mode
		atf_check -o file:plain cat out
		e2e_near "inside" "$(e2e_row leaks inside own_bytes)" 7000000
		e2e_near "copies" "$(e2e_row leaks copies total_bytes)" 4000000
		e2e_near "load" "$(e2e_row leaks load total_bytes)" 3000000
		e2e_below "through" "$(e2e_row peak through own_bytes)" \
		    5910000
		e2e_below "back" "$(e2e_row peak back own_bytes)" 5910000
		e2e_below "through" "$(e2e_row leaks through own_bytes)" 10000
		e2e_below "back" "$(e2e_row leaks back own_bytes)" 10000
	done
	atf_check -o inline:"1\n1\n1\n0\n1\n1\n0\n" cat out
}

# What the kernel leaves of a mapping is what the report says; objects may
# come to that where they are recorded, too.
mappings_each()
{
	e2e_record "$src/mappings.py"
	while read -r name bytes; do
		is=$(e2e_row leaks "$name" total_bytes)
		[ "$is" -ge "$bytes" ] ||
		    e2e_fail "$name is $is, expected $bytes"
		e2e_below "$name" "$is" $((bytes + 10000))
	done < out
	[ -s out ] || e2e_fail "no output"
}

# However long a function is, or its table of lines, the line is right.
long_each()
{
	e2e_record "$src/longcode.py"
	while read -r name line; do
		atf_check_equal "$name $line" \
		    "$name $(e2e_row leaks "$name" line)"
	done < out
	atf_check_equal 3 "$(wc -l < out)"
	e2e_near "late" "$(e2e_row leaks late total_bytes)" 5000000
	atf_check_equal 40006 "$(jq '[.rows[] | select(.file == "longcode" and
	    .function == "<module>")][0].line' leaks.json)"
}

# Each interpreter of a process has its own frames.
interpreters_each()
{
	"$py" "$src/interpreters.py" ||
	    atf_skip "no other interpreters here"
	e2e_record "$src/interpreters.py"
	e2e_near "same_thread" "$(e2e_row peak same_thread total_bytes)" \
	    11000000
	e2e_near "own_thread" "$(e2e_row peak own_thread total_bytes)" \
	    12000000
	e2e_near "third" "$(e2e_row leaks third total_bytes)" 0
	e2e_near "fourth" "$(e2e_row peak fourth total_bytes)" 8000000
	e2e_near "inside" "$(e2e_row leaks inside own_bytes)" 4000000
}

atf_init_test_cases()
{
	e2e_add deepbind mappings long interpreters
}
