# The screen of programs, on the terminal that tmux is.

. "$(atf_get_srcdir)/screen_subr.sh"

demo()
{
	echo "$(atf_get_srcdir)/fe_screen_demo"
}

# screen_case name description: declare a case and its cleanup.
screen_case()
{
	atf_test_case "$1" cleanup
	eval "$1_head() {
		atf_set descr '$2'
		atf_set require.progs 'tmux'
	}"
	eval "$1_cleanup() { screen_end; }"
}

screen_case text "text is cut where it must be, nothing is drawn outside"
text_body()
{
	screen_start 60 12 "LC_ALL=C.UTF-8 $(demo) \
	    /usr/lib/python3.11/site-packages/module.py"
	screen_wait '^60 columns 12 lines UTF-8$'
	atf_check_equal '/usr/lib/python3.11/|20' "$(screen_line 2)"
	atf_check_equal '/us..dule.py' "$(screen_line 3)"
	atf_check_equal '/us' "$(screen_line 5 | tr -d ' ')"
	atf_check_equal 'key 0' "$(screen_line 7)"
	screen_keys q
	screen_wait '^signal 0$'
	screen_status 0
}

screen_case untrusted "control characters are escaped, wide ones keep whole"
untrusted_body()
{
	screen_start 60 12 "LC_ALL=C.UTF-8 $(demo) \
	    \"\$(printf 'a\\033[2J\\n\\342\\200\\256b\\377c')\""
	screen_wait '^a.x1b\[2J.n.u202eb.xf\|20$'
	screen_keys q
	screen_status 0
	rm status
	screen_end
	screen_start 60 12 "LC_ALL=C.UTF-8 $(demo) \
	    \"\$(printf '1234567890123456789\\350\\233\\207e\\314\\201')\""
	screen_wait '^1234567890123456789\|19$'
	screen_keys q
	screen_status 0
}

screen_case keys "keys have names"
keys_body()
{
	screen_start 60 12 "LC_ALL=C.UTF-8 $(demo)"
	screen_wait '^key 0$'
	while read -r key code; do
		screen_keys "$key"
		screen_wait "^key $code\$"
	done <<-EOK
		a 61
		Up 110004
		Down 110005
		Left 110006
		Right 110007
		PageUp 110008
		PageDown 110009
		Home 11000a
		End 11000b
		BSpace 11000c
		DC 11000d
		BTab 11000e
		F1 11000f
		F5 110010
		Enter a
		Tab 9
		Escape 1b
		é e9
	EOK
	screen_keys C-l q
	screen_wait '^signal 0$'
}

# Button b (1006: 0 is the left one, 64 and 65 the wheel) at a place.
mouse()
{
	screen_keys -l "$(printf '\033[<%d;%d;%dM' "$1" $(($3 + 1)) \
	    $(($2 + 1)))"
}

screen_case mouse "the mouse has keys and a place"
mouse_body()
{
	screen_start 60 12 "TERM=xterm-256color LC_ALL=C.UTF-8 $(demo)"
	screen_wait '^mouse 0 0$'
	mouse 0 3 17
	screen_wait '^key 110011$'
	screen_wait '^mouse 3 17$'
	mouse 64 4 1
	screen_wait '^key 110012$'
	mouse 65 11 59
	screen_wait '^key 110013$'
	screen_wait '^mouse 11 59$'
	screen_keys q
	screen_status 0
}

screen_case prompt "a line is typed at the prompt"
prompt_body()
{
	screen_start 40 12 "LC_ALL=C.UTF-8 $(demo)"
	screen_wait '^key 0$'
	screen_keys /
	screen_wait '^/$'
	screen_keys -l 'some words that need more than a line has'
	screen_wait '^/e words that need more than a line has$'
	screen_keys C-w C-w
	screen_wait '^/some words that need more than a$'
	screen_keys Escape
	screen_keys q
	screen_wait '^signal 0$'
	screen_status 0
}

screen_case resize "a new size is a key"
resize_body()
{
	screen_start 60 12 "LC_ALL=C.UTF-8 $(demo)"
	screen_wait '^60 columns 12 lines'
	screen_resize 90 30
	screen_wait '^90 columns 30 lines'
	screen_wait '^key 110002$'
	screen_resize 20 5
	screen_wait '^20 columns 5 lines'
	screen_keys q
	screen_status 0
}

screen_case signals "a signal asks to quit, and the terminal is given back"
signals_body()
{
	for s in INT:2 TERM:15 HUP:1 QUIT:3; do
		screen_start 60 12 "stty -a > before; \
		    sh -c 'echo \$\$ > pid; exec $(demo)'; stty -a > after"
		screen_wait '^key 0$'
		kill -"${s%:*}" "$(cat pid)"
		screen_wait "^signal ${s#*:}\$"
		screen_status 0
		atf_check -o file:before cat after
		rm status
		screen_end
	done
}

screen_case typed_signal "Control-C asks to quit"
typed_signal_body()
{
	screen_start 60 12 "$(demo)"
	screen_wait '^key 0$'
	screen_keys C-c
	screen_wait '^signal 2$'
}

screen_case stopped "Control-Z gives the terminal back for a while"
stopped_body()
{
	screen_start 60 12 "stty -a > before; bash -i -c '$(demo); \
	    stty -a > after; fg; :'"
	screen_wait '^key 0$'
	screen_keys C-z
	screen_wait '^key 0$'
	atf_check -o file:before cat after
	screen_keys a
	screen_wait '^key 61$'
	screen_keys q
	screen_wait '^signal 0$'
}

screen_case gone "the end of the terminal is the end"
gone_body()
{
	for ignored in USR1 HUP; do
		screen_start 60 12 "trap '' $ignored; \
		    sh -c 'echo \$\$ > pid; exec $(demo)'"
		screen_wait '^key 0$'
		screen_end
		for _ in $(seq 200); do
			kill -0 "$(cat pid)" 2>/dev/null || continue 2
			sleep 0.05
		done
		kill -9 "$(cat pid)"
		atf_fail "it goes on without a terminal"
	done
}

screen_case exits "exit(3) gives the terminal back"
exits_body()
{
	screen_start 60 12 "stty -a > before; $(demo); s=\$?; \
	    stty -a > after; echo ended; (exit \$s)"
	screen_wait '^key 0$'
	screen_keys x
	screen_wait '^ended$'
	screen_status 3
	atf_check -o file:before cat after
}

screen_case colors "NO_COLOR, and terminals that are not UTF-8"
colors_body()
{
	screen_start 60 12 "LC_ALL=C NO_COLOR= $(demo) text"
	screen_wait '^60 columns 12 lines ASCII$'
	screen_text -e > colored
	atf_check -o ignore grep "$(printf '\033\\[31m')" colored
	screen_keys q
	screen_status 0
	rm status
	screen_end
	screen_start 60 12 "NO_COLOR=1 $(demo) text"
	screen_wait '^text'
	screen_text -e > plain
	atf_check -s exit:1 grep "$(printf '\033\\[3[1-7]m')" plain
	# Attributes are no colours.
	atf_check -o ignore grep "$(printf '\033\\[7m')" plain
}

screen_case no_terminal "without a terminal that can be drawn on"
no_terminal_body()
{
	atf_check -s exit:1 -o inline:"no screen\n" "$(demo)"
	for t in dumb no-such-terminal ''; do
		screen_start 60 12 "TERM=$t $(demo)"
		screen_wait '^no screen$'
		screen_status 1
		rm status
		screen_end
	done
}

screen_case piped "keys come from the terminal when standard input does not"
piped_body()
{
	screen_start 60 12 "echo q | $(demo)"
	screen_wait '^key 0$'
	screen_keys a
	screen_wait '^key 61$'
	screen_keys q
	screen_wait '^signal 0$'
}

atf_init_test_cases()
{
	for c in text untrusted keys mouse prompt resize signals typed_signal \
	    stopped gone exits colors no_terminal piped; do
		atf_add_test_case $c
	done
}
