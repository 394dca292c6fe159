# Captures that versions of memray have made, beside what these versions said
# about them: see memray_says.py.  They are never made again.

. "$(atf_get_srcdir)/memray_subr.sh"

atf_test_case golden
golden_head()
{
	atf_set descr "we say of a capture what the memray says that made it"
	atf_set require.progs "python3"
}
golden_body()
{
	for version in 10 11 12 13; do
		for kind in "" -aggregated -native; do
			name=memray-v$version$kind
			gzip -dc "$src/$name.txt.gz" > says
			memray_same says "$src/$name.bin" "$kind"
		done
	done
}

atf_test_case aggregated
aggregated_body()
{
	for version in 10 13; do
		f=$src/memray-v$version-aggregated.bin
		atf_check -s exit:1 -o empty -e inline:"memray-stats: $f: \
warning: cannot compute statistics from an aggregated capture of memray
" memray-stats "$f"
		atf_check -o match:"^keep at program.py	" \
		    memray-summary --leaks "$f"
	done
}

atf_test_case native
native_head()
{
	atf_set descr "frames of machine code, up to the interpreter"
}
native_body()
{
	for version in 10 11 12 13; do
		atf_check -o match:"	1048576$" sh -c "
		    memray-transform -o - folded '$src/memray-v$version-native.bin' |
		    sed -n 's/.*program.py:24);0x[0-9a-f]* (.*mmap.*so:0) /	/p'"
	done
}

atf_test_case threads
threads_body()
{
	for version in 11 12 13; do
		for kind in "" -aggregated; do
			atf_check -o match:"^THREAD	id=.	tid=1	name=$" \
			    -o match:"^THREAD	id=.	tid=2	name=worker$" \
			    memray-parse "$src/memray-v$version$kind.bin"
			atf_check -o match:',0x2 \(worker\),.*[|"]work;' \
			    memray-transform -o - csv \
			    "$src/memray-v$version$kind.bin"
		done
	done
}

atf_test_case events
events_head()
{
	atf_set descr "each record of memray's is one of ours, in its order"
}
events_body()
{
	for version in 10 11 12 13; do
		f=$src/memray-v$version.bin
		atf_check -o save:out memray-parse "$f"
		n=$(memray-stats "$f" | sed -n 's/^total_allocations	//p')
		atf_check -o inline:"$n\n" grep -c '^ALLOCATION' out
		# What is dropped was allocated just before.
		atf_check -o not-inline:"0\n" grep -c \
		    'size=20001$' out
	done
}

atf_test_case stdin
stdin_body()
{
	for version in 10 13; do
		memray-summary "$src/memray-v$version.bin" > expected
		atf_check -o file:expected memray-summary - \
		    < "$src/memray-v$version.bin"
		atf_check -o file:expected sh -c \
		    "cat '$src/memray-v$version.bin' | memray-summary -"
	done
}

atf_test_case together
together_head()
{
	atf_set descr "captures of different makes are added up"
}
together_body()
{
	set -- "$src/memray-v10.bin" "$src/memray-v13-aggregated.bin" \
	    "$src/v1.1-events.bin"
	sum=0
	for f in "$@"; do
		n=$(memray-summary --json "$f" | jq .metadata.peak_memory)
		sum=$((sum + n))
	done
	atf_check -s exit:1 -e match:"2 events were lost" \
	    -o inline:"$sum\nnull\n" sh -c \
	    'memray-summary --json "$@" |
	    { jq ".metadata | .peak_memory, .total_allocations"; exit 1; }' \
	    - "$@"
}

atf_test_case cut_short
cut_short_head()
{
	atf_set descr "everything up to the cut counts, and the cut is said"
}
cut_short_body()
{
	# This one is not compressed.
	memray-transform -o whole memray "$src/memray-v13.bin"
	size=$(wc -c < whole)
	last=0
	for n in 3000 2000 1000 100 1; do
		head -c $((size - n)) whole > part
		atf_check -s exit:1 -o save:out -e match:"cut short" \
		    memray-stats part
		n=$(sed -n 's/^total_allocations	//p' out)
		atf_check [ "$n" -ge "$last" ]
		last=$n
	done
	# Only the mark of the end is missing.
	atf_check -o inline:"total_allocations	$last\n" sh -c \
	    'memray-stats whole | head -n 1'
	head -c 30 "$src/memray-v13.bin" > part
	atf_check -s exit:1 -e match:"part: cut short within the header" \
	    memray-summary part
	head -c 30 whole > part
	atf_check -s exit:1 -e match:"damaged header of a memray capture" \
	    memray-summary part
}

atf_test_case zeroes
zeroes_head()
{
	atf_set descr "what memray had room for, but did not write"
}
zeroes_body()
{
	memray-transform -o whole memray "$src/memray-v13.bin"
	size=$(wc -c < whole)
	head -c $((size - 1)) whole > part
	memray-stats part > expected 2> err
	head -c 1000000 /dev/zero >> part
	atf_check -s exit:1 -o file:expected -e file:err memray-stats part
}

atf_test_case versions
versions_body()
{
	for version in 9 14; do
		printf "memray\0\\$(printf %o $version)\0\0\0rest" > other
		atf_check -s exit:1 -e inline:"memray-summary: other: a memray \
capture of version $version; this program reads 10 to 13\n" \
		    memray-summary other
	done
	printf '\004"M\030junk' > lz4
	atf_check -s exit:1 -e match:"not a memtrace capture" \
	    memray-summary lz4
}

atf_init_test_cases()
{
	atf_add_test_case golden
	atf_add_test_case aggregated
	atf_add_test_case native
	atf_add_test_case threads
	atf_add_test_case events
	atf_add_test_case stdin
	atf_add_test_case together
	atf_add_test_case cut_short
	atf_add_test_case zeroes
	atf_add_test_case versions
}
