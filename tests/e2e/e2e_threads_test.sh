. "$(atf_get_srcdir)/e2e_subr.sh"

# unknown: bytes of blocks without a Python stack that are left at the end.
unknown()
{
	memray-summary --leaks --no-native cap.bin |
	    awk -F'\t' 'index($1, "<no Python stack>") == 1 { print $4 }'
}

# churn threads at_once: each of the threads has a block in the capture.
churn()
{
	atf_check -o inline:"$1\n" memray-run -q -f -o cap.bin "$py" \
	    "$src/churn.py" ./churn.so "$@"
	left=$(unknown)
	[ "${left:-0}" -ge $(($1 * 1000)) ] ||
	    atf_fail "$left bytes of $(($1 * 1000))"
	[ "$left" -le $(($1 * 1000 + 200000)) ] ||
	    atf_fail "$left bytes are too many"
}

atf_test_case churn
churn_head()
{
	atf_set descr "20000 threads of C that live for a moment"
	atf_set require.progs "memray-run memray-summary"
}
churn_body()
{
	e2e_any_python
	cc -O1 -shared -fPIC -o churn.so "$src/churn.c" -lpthread \
	    2> cc.err || atf_skip "no C compiler"
	churn 20000 1
	churn 20000 8
	churn 40000 64
}

atf_init_test_cases()
{
	atf_add_test_case churn
}
