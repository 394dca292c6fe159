# What is run, and with which interpreter.

# shellcheck source-path=SCRIPTDIR disable=SC1091
. "$(atf_get_srcdir)/run_subr.sh"

# A file $1 that is executable, with the line $2 and then standard input.
make_program()
{
	{ echo "$2"; cat; } > "$1"
	chmod 755 "$1"
}

# The interpreter behind python3, without any shim.
real_python()
{
	python3 -c 'import os, sys; print(os.path.realpath(sys.executable))'
}

run_case missing "a program that does not exist: one line, status 127"
missing_body()
{
	for p in nope.py ./nope.py no/such/dir/x; do
		atf_check -s exit:127 \
		    -e inline:"memray-run: $p: No such file or directory\n" \
		    memray-run $p
	done
	check_files "*"
}

run_case unreadable "a script that cannot be read: status 126"
unreadable_body()
{
	need_modes
	make_app app.py
	chmod 0 app.py
	# shellcheck disable=SC2086,SC2154	# a command and its arguments
	atf_check -s exit:126 \
	    -e inline:"memray-run: app.py: Permission denied\n" \
	    $owner memray-run app.py
}

run_case no_main "a directory without __main__: status 126"
no_main_body()
{
	mkdir nomain
	atf_check -s exit:126 -e inline:"memray-run: nomain: directory without a __main__.py\n" \
	    memray-run nomain
}

run_case bad_python "an interpreter that does not exist or cannot run"
bad_python_body()
{
	make_app app.py
	atf_check -s exit:127 -e match:"nopython: No such file" \
	    memray-run --python nopython app.py
	atf_check -s exit:127 -e match:"./nopython: No such file" \
	    memray-run --python ./nopython app.py
	atf_check -s exit:126 -e match:"app.py: Permission denied" \
	    memray-run --python ./app.py app.py
	atf_check -s exit:126 -e match:"/: Is a directory" \
	    memray-run --python / app.py
	mkdir bin
	ln -s "$(command -v memray-run)" bin/memray-run
	atf_check -s exit:127 -e match:"no python3 or python on PATH" -x \
	    "PATH=$PWD/bin memray-run app.py"
	check_files app.py bin
}

run_case python_only "python is used where there is no python3"
python_only_body()
{
	make_app app.py
	mkdir bin
	ln -s "$(command -v memray-run)" bin/memray-run
	make_program bin/python '#!/bin/sh' <<-EOF
	exec $(real_python) "\$@"
	EOF
	atf_check -o match:"^[0-9]+ x$" -x \
	    "PATH=$PWD/bin memray-run -q -o a.bin app.py x"
	check_capture a.bin
}

run_case no_such_module "an unknown module: the interpreter's own message"
no_such_module_body()
{
	python3 -m no.such.module 2> expected
	atf_check -s exit:1 -e file:expected \
	    memray-run -q -m no.such.module
}

run_case syntax_error "a SyntaxError: the interpreter's message and status"
syntax_error_body()
{
	echo 'def f(:' > bad.py
	python3 bad.py 2> expected
	atf_check -s exit:1 -e file:expected memray-run -q bad.py
	python3 -c 'def f(:' 2> expected
	atf_check -s exit:1 -e file:expected memray-run -q -c 'def f(:'
}

run_case argv "sys.argv and sys.path are as without us"
argv_body()
{
	mkdir sub
	echo 'import sys; print(sys.argv, sys.path, sys.executable, __file__)' \
	    > sub/app.py
	atf_check -o save:plain python3 sub/app.py 'a b' ''
	atf_check -o file:plain memray-run -q sub/app.py 'a b' ''
	cd sub || atf_fail cd
	atf_check -o save:plain python3 -m app x
	atf_check -o file:plain memray-run -q -m app x
}

run_case dashed "a script whose name starts with a dash"
dashed_body()
{
	make_app ./-x.py
	atf_check -o match:"^[0-9]+ 1$" memray-run -q -- -x.py 1
}

run_case stdin_script "a script on standard input"
stdin_script_body()
{
	echo 'import sys; print(sys.argv)' > app.py
	atf_check -o inline:"['-', 'x']\n" -x \
	    "memray-run -q -o a.bin - x < app.py"
	check_capture a.bin
}

run_case pipe_script "a script that is a pipe is not eaten"
pipe_script_body()
{
	mkfifo app.py
	echo 'print("hi")' > app.py &
	atf_check -o inline:"hi\n" memray-run -q -o a.bin ./app.py
	wait
	check_capture a.bin
}

run_case directory "a directory with __main__.py"
directory_body()
{
	mkdir app
	make_app app/__main__.py
	atf_check -o save:out memray-run -q app/ x
	check_capture "memray-app.$(cut -d' ' -f1 out).bin"
	cd app || atf_fail cd
	atf_check -o save:out memray-run -q .
	check_capture "memray-app.$(cat out).bin"
}

run_case zipapp "a zip application, executable or not"
zipapp_body()
{
	mkdir app
	make_app app/__main__.py
	atf_check python3 -m zipapp app -o plain.pyz
	atf_check -o match:"^[0-9]+ x$" memray-run -q -o a.bin plain.pyz x
	check_capture a.bin
	atf_check python3 -m zipapp app -p "$(real_python)" -o tool
	[ -x tool ] || atf_fail "not executable"
	atf_check -o save:out memray-run -q tool
	check_capture "memray-tool.$(cat out).bin"
}

run_case console_script "a console script on PATH keeps its interpreter"
console_script_body()
{
	mkdir bin
	make_program bin/mytool "#!$(real_python) -E" <<-'EOF'
	import sys
	print(sys.flags.ignore_environment, sys.argv[1:])
	EOF
	atf_check -o inline:"1 ['app:app', '-w', '2']\n" -x \
	    "PATH=$PWD/bin:\$PATH memray-run -q -o a.bin mytool app:app -w 2"
	check_capture a.bin
	# --python wins.
	atf_check -o inline:"0 []\n" -x \
	    "PATH=$PWD/bin:\$PATH memray-run -q --python python3 mytool"
	check_capture memray-mytool.*.bin
}

run_case shebang_here "an executable in the current directory"
shebang_here_body()
{
	make_program manage "#!/usr/bin/env -S python3 -E" <<-'EOF'
	import sys
	print(sys.flags.ignore_environment)
	EOF
	cp manage manage.py
	atf_check -o inline:"1\n" memray-run -q manage
	check_capture memray-manage.[0-9]*.bin
	# Named like a script, it is one.
	atf_check -o inline:"0\n" memray-run -q manage.py
	atf_check -o inline:"0\n" memray-run -q --python python3 ./manage
}

run_case wrapper "a shell script that runs a Python in the end"
wrapper_body()
{
	make_app app.py
	make_program wrap.sh '#!/bin/sh' <<-EOF
	printf 'wrapped '
	exec $(real_python) app.py "\$@"
	EOF
	atf_check -o match:"^wrapped [0-9]+ x$" \
	    memray-run -q -o a.bin ./wrap.sh x
	check_capture a.bin
}

run_case shim "a python3 that is a shell script, as pyenv has it"
shim_body()
{
	make_app app.py
	mkdir bin
	make_program bin/python3 '#!/usr/bin/env bash' <<-EOF
	set -e
	program="\${0##*/}"
	[ "\$program" = python3 ] || exit 9
	version=\$("$(real_python)" -c 'print(3)')
	exec "$(real_python)" "\$@"
	EOF
	atf_check -o match:"^[0-9]+ x$" -x \
	    "PATH=$PWD/bin:\$PATH memray-run -q -o a.bin app.py x"
	check_capture a.bin
}

run_case bad_interpreter "a #! line that leads nowhere"
bad_interpreter_body()
{
	make_program tool '#!/no/such/python3' < /dev/null
	atf_check -s exit:127 -e match:"tool: its interpreter does not exist" \
	    memray-run ./tool
	check_files tool
}

run_case shadowed "a directory does not hide a program on PATH"
shadowed_body()
{
	mkdir bin mytool
	make_program bin/mytool "#!$(real_python)" <<-'EOF'
	print("found")
	EOF
	atf_check -o inline:"found\n" -x \
	    "PATH=$PWD/bin:\$PATH memray-run -q mytool"
}

run_case venv "a virtual environment is one for its programs"
venv_body()
{
	"$(real_python)" -m venv --without-pip 'v env' ||
	    atf_skip "no venv module"
	show='import sys; print(sys.prefix)'
	atf_check -o inline:"$PWD/v env\n" \
	    memray-run -q --python 'v env/bin/python' -c "$show"
	atf_check -o inline:"$PWD/v env\n" -x \
	    "PATH='$PWD/v env/bin':\$PATH memray-run -q -c '$show'"
}

atf_init_test_cases()
{
	atf_add_test_case missing
	atf_add_test_case unreadable
	atf_add_test_case no_main
	atf_add_test_case bad_python
	atf_add_test_case python_only
	atf_add_test_case no_such_module
	atf_add_test_case syntax_error
	atf_add_test_case argv
	atf_add_test_case dashed
	atf_add_test_case stdin_script
	atf_add_test_case pipe_script
	atf_add_test_case directory
	atf_add_test_case zipapp
	atf_add_test_case console_script
	atf_add_test_case shebang_here
	atf_add_test_case wrapper
	atf_add_test_case shim
	atf_add_test_case bad_interpreter
	atf_add_test_case shadowed
	atf_add_test_case venv
}
