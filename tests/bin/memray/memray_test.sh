# shellcheck disable=SC2016	# scripts in quotes are not for this shell

# A command memray-probe, in a directory on PATH.
make_probe()
{
	mkdir -p bin
	{
		echo '#!/bin/sh'
		echo 'echo "${0##*/}:" "$@"'
		echo 'exit 7'
	} > bin/memray-probe
	chmod 755 bin/memray-probe
	PATH=$PWD/bin:$PATH
}

atf_test_case usage
usage_head()
{
	atf_set descr "bad usage: the synopsis and the list, status 2"
}
usage_body()
{
	for args in "" "-x" "--bogus" "help a b"; do
		# shellcheck disable=SC2086
		atf_check -s exit:2 -e match:"^usage: memray" \
		    -e match:"^commands:" -e match:"^  run " memray $args
	done
}

atf_test_case answers
answers_head()
{
	atf_set descr "help and version go to standard output"
}
answers_body()
{
	for args in -h --help help; do
		atf_check -o match:"^usage: memray" \
		    -o match:"^commands:" \
		    -o match:"^  run  *run a Python program" \
		    -o match:"^  summary  *print" memray $args
	done
	atf_check -o match:"^memray [0-9]" memray -V
	atf_check -o match:"^memray-run [0-9]" memray run -V
	[ -c /dev/full ] || return 0
	atf_check -s exit:2 -e match:"standard output" -x "memray -V >/dev/full"
}

atf_test_case runs
runs_head()
{
	atf_set descr "a command gets its arguments and gives its status"
}
runs_body()
{
	make_probe
	atf_check -s exit:7 -o inline:"memray-probe: -h a b --version\n" \
	    memray probe -h "a b" --version
	atf_check -s exit:125 -e match:"^usage: memray-run" memray run
}

atf_test_case own_first
own_first_head()
{
	atf_set descr "commands beside memray come before those on PATH"
}
own_first_body()
{
	make_probe
	cp bin/memray-probe bin/memray-run
	atf_check -o match:"^memray-run [0-9]" memray run --version
}

atf_test_case list
list_head()
{
	atf_set descr "what is installed is listed, each command once"
}
list_body()
{
	make_probe
	cp bin/memray-probe bin/memray-run
	echo "not a program" > bin/memray-text
	mkdir bin/memray-dir
	atf_check -o save:out memray help
	atf_check -o inline:"  probe\n" grep probe out
	atf_check -o inline:"1\n" grep -c '^  run ' out
	atf_check -s exit:1 grep -E '^  (text|dir)' out
	atf_check -o match:"^  run " -x \
	    "memray=\$(command -v memray); unset PATH; \$memray help"
}

atf_test_case unknown
unknown_head()
{
	atf_set descr "an unknown command: status 2 and the list"
}
unknown_body()
{
	for command in bogus ../run /bin/sh ""; do
		atf_check -s exit:2 -e match:"^  run " \
		    -e match:"^memray: '$command' is not a memray command$" \
		    memray "$command"
	done
	atf_check -s exit:2 -e match:"'bogus' is not" memray help bogus
}

atf_test_case cannot_run
cannot_run_head()
{
	atf_set descr "a command that cannot be executed: status 126"
}
cannot_run_body()
{
	make_probe
	chmod 644 bin/memray-probe
	atf_check -s exit:126 -e match:"^memray: memray-probe: " memray probe
}

atf_test_case pages
pages_head()
{
	atf_set descr "memray help command shows a page, or what there is"
}
pages_body()
{
	make_probe
	# No such page anywhere: the command is asked itself.
	atf_check -s exit:7 -o match:"^memray-probe: --help$" -e ignore \
	    memray help probe
	# No man(1).
	cp "$(command -v memray)" "$(command -v memray-run)" bin
	libs=$(dirname "$(command -v memray-summary)")/../lib
	ln -s "$libs" lib
	atf_check -o match:"^usage: memray-run" -x \
	    "PATH=$PWD/bin; $PWD/bin/memray help run"
	# A page beside the program is shown by whatever man(1) there is.
	mkdir -p share/man/man1
	echo 'the page' > share/man/man1/memray-run.1
	printf '#! /bin/sh\nread -r line < "$1"\necho "$line"\n' > bin/man
	chmod 755 bin/man
	atf_check -o inline:"the page\n" -x \
	    "PATH=$PWD/bin; $PWD/bin/memray help run"
}

atf_init_test_cases()
{
	atf_add_test_case usage
	atf_add_test_case answers
	atf_add_test_case runs
	atf_add_test_case own_first
	atf_add_test_case list
	atf_add_test_case unknown
	atf_add_test_case cannot_run
	atf_add_test_case pages
}
