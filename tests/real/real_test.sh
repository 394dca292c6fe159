# Programs that nobody here wrote.  What is expected among the rows is known
# from their sources: which functions hold what is live at the peak.

. "$(atf_get_srcdir)/real_subr.sh"

export PYTHONDONTWRITEBYTECODE=1

# real_case name descr: a test case of the function of that name.
real_case()
{
	atf_test_case "$1"
	eval "$1_head() {
		atf_set descr \"$2\"
		atf_set require.progs memray-run memray-summary jq
		atf_set timeout 900
	}"
	eval "$1_body() { real_need; $1_real; }"
	atf_add_test_case "$1"
}

# Importing code is most of what it does: bytecode is unmarshalled.
pip_real()
{
	real_same 0 pip list --format=freeze
	atf_check -o match:"^numpy==" cat out
	real_at_least "peak" "$real_peak" 5000000
	real_top peak 3 own_bytes _compile_bytecode ".*_external>"
	real_top peak 1 total_bytes "<module>" "bin/pip"
	real_top leaks 12 total_bytes "<module>" "pip/_internal/.*"
}

pytest_real()
{
	cp "$src/pytest_suite.py" .
	real_filter() { sed 's/ in [0-9.]*s\>.*/ in TIME/'; }
	real_same 1 pytest -p no:cacheprovider pytest_suite.py
	atf_check -o match:"1 failed, 21 passed" cat out
	# The list of pieces of the text, and the text, inside of the test.
	real_at_least "test_encode" \
	    "$(real_row peak test_encode total_bytes)" 20000000
	real_top peak 40 total_bytes pytest_pyfunc_call "_pytest/python.py"
	real_top peak 40 total_bytes runtestprotocol "_pytest/runner.py"
	real_top peak 40 total_bytes _multicall "pluggy/.*"
	real_top peak 3 own_bytes iterencode "json/encoder.py"
	# Twenty blocks of a megabyte, one after the other, and then freed.
	real_at_least "all" "$real_total" $((20000000 + real_peak))
	atf_check_equal 0 "$(real_row leaks test_blocks total_bytes)"
}

# serve command ...: 300 requests, then SIGTERM; the answers are in `answers`.
serve()
{
	rm -f port
	"$@" "$src/flask_app.py" port > serve.out 2> serve.err &
	run=$!
	wait_for test -s port
	atf_check -o save:answers python "$src/flask_client.py" \
	    "$(cat port)" 300
	kill -TERM $run
	wait $run
	atf_check_equal 143 $?
	atf_check -o empty cat serve.out serve.err
}

flask_real()
{
	serve python
	mv answers plain
	serve memray-run -q -o cap.bin python
	atf_check -o file:plain cat answers
	atf_check -o match:"^300 " cat answers
	real_sound 143
	atf_check_equal 150 "$(real_row leaks remember allocations)"
	real_at_least "remember" \
	    "$(real_row leaks remember own_bytes)" 15000000
	real_at_most "remember" \
	    "$(real_row leaks remember own_bytes)" 15100000
	# It reads what is left of a request with a buffer of 10 MB.
	real_top peak 2 own_bytes execute "werkzeug/serving.py"
	real_at_least "execute" \
	    "$(real_row peak execute own_bytes)" 10000000
	real_at_least "login" "$(real_row leaks login total_bytes)" 15000000
	for f in full_dispatch_request dispatch_request wsgi_app; do
		real_top leaks 40 total_bytes $f "flask/app.py"
	done
	real_top leaks 40 total_bytes run_wsgi "werkzeug/serving.py"
	real_top leaks 40 total_bytes _bootstrap "threading.py"
}

pandas_real()
{
	real_same 0 python "$src/pandas_app.py"
	atf_check -o match:"^east " cat out
	real_at_least "peak" "$real_peak" 50000000
	real_top peak 10 own_bytes _take_nd_ndarray "pandas/.*/take.py"
	real_top peak 50 total_bytes report "pandas_app.py"
	# The frame: three columns of half a million rows.
	real_at_least "make" "$(real_row leaks make total_bytes)" 12000000
	real_top leaks 50 total_bytes __init__ "pandas/core/frame.py"
	atf_check_equal 0 "$(real_row leaks report own_bytes)"
}

numpy_real()
{
	real_same 0 python "$src/numpy_app.py"
	# 800 * 800 complex numbers of c and z, integers of inside, and what
	# where() needs: two more arrays of z's size and the product.
	n=640000
	real_at_least "iterate" \
	    "$(real_row peak iterate total_bytes)" $((n * (16 + 8 + 16)))
	real_at_most "iterate" \
	    "$(real_row peak iterate total_bytes)" $((n * (16 * 4 + 8 + 1)))
	real_at_least "grid" "$(real_row peak grid own_bytes)" $((n * 16))
	real_at_least "all" "$real_total" $((n * 16 * 2 * 20))
	real_at_least "table" "$(real_row leaks table own_bytes)" 8000000
	real_at_most "table" "$(real_row leaks table own_bytes)" 8100000
	real_top peak 5 own_bytes iterate "numpy_app.py"
}

sphinx_real()
{
	cp -R "$src/sphinx_docs" docs
	# All write to the same place, which is there from the beginning.
	atf_check -o ignore -e ignore sphinx-build -E -a -b html docs html
	real_same 0 sphinx-build -E -a -b html docs html
	atf_check -o match:"build succeeded" cat out
	cp -R html ours
	atf_check -o ignore -e ignore sphinx-build -E -a -b html docs html
	rm -rf html/.doctrees ours/.doctrees
	atf_check diff -r html ours
	real_at_least "peak" "$real_peak" 10000000
	real_top peak 10 total_bytes build_main "sphinx/cmd/build.py"
	real_top peak 60 total_bytes load_extension "sphinx/registry.py"
	real_top peak 3 own_bytes _compile_bytecode ".*_external>"
}

# Compiled with mypyc: only the frames around it are Python's.
black_real()
{
	lib=$(python -c 'import argparse; print(argparse.__file__)')
	sed 's/    /  /g' "$lib" > narrow.py
	real_filter() { sed '/^\(---\|+++\) /s/	.*//'; }
	real_same 0 black -q --diff narrow.py
	atf_check -o match:"^\+    def" cat out
	real_top peak 20 total_bytes main "click/core.py"
	real_top peak 20 total_bytes "<module>" "bin/black"
}

# Stacks that are switched under the interpreter, checked block by block.
greenlet_real()
{
	truth=$src/../truth
	[ -x "$truth/events_dump" ] || atf_skip "no $truth"
	atf_check memray-run -q -o cap.bin python "$truth/truth_main.py" \
	    log 2 600
	atf_check -o save:events "$truth/events_dump" -m 60000 cap.bin
	atf_check -o save:leaks "$truth/events_dump" -l cap.bin
	atf_check -o match:" 0 differences" python \
	    "$truth/truth_compare.py" log events leaks
	atf_check -o ignore grep "truth_async.py" events
	atf_check -o ignore grep "	green:" log
}

atf_init_test_cases()
{
	real_case pip "pip, a console script with an interpreter of its own"
	real_case pytest "pytest with a small suite of which one test fails"
	real_case flask "a Flask application under load, ended by SIGTERM"
	real_case pandas "a group-by and a join of pandas"
	real_case numpy "temporary arrays of NumPy"
	real_case sphinx "sphinx-build makes the same pages"
	real_case black "black, compiled to C"
	real_case greenlet "stacks of greenlets"
}
