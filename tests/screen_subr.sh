# Programs on a terminal: keys in, screens out.  A test that uses this calls
# screen_end in its cleanup.

# Of the terminal: one that ends may still be there when the next one starts.
screen_number=0

screen_tmux()
{
	tmux -u -S "./screen$screen_number" -f /dev/null "$@"
}

# screen_start columns lines command: run a shell command on a terminal.  When
# it has ended, its status is in the file `status', and what it printed
# is on the screen.
screen_start()
{
	screen_number=$((screen_number + 1))
	_columns=$1
	_lines=$2
	shift 2
	screen_tmux new-session -d -x "$_columns" -y "$_lines" \
	    "{ $*; }; echo \$? > status.new; mv status.new status; \
	    exec sleep 600" || atf_fail "tmux does not start"
	screen_tmux set-option -g status off
	screen_tmux set-option -g window-size manual
	screen_tmux resize-window -x "$_columns" -y "$_lines"
}

# Keys as tmux(1) names them.
screen_keys()
{
	screen_tmux send-keys "$@" || atf_fail "the terminal is gone"
}

screen_resize()
{
	screen_tmux resize-window -x "$1" -y "$2"
}

screen_text()
{
	screen_tmux capture-pane -p "$@"
}

# screen_wait pattern: until the extended regular expression is there.
screen_wait()
{
	for _ in $(seq 200); do
		if screen_text | grep -qE -- "$1"; then
			return
		fi
		sleep 0.05
	done
	screen_text
	atf_fail "not on the screen: $1"
}

# screen_line number: one line, counted from 1.
screen_line()
{
	screen_text | sed -n "$1p"
}

# screen_status n: wait for the end; the command must have had that status.
screen_status()
{
	for _ in $(seq 200); do
		[ ! -f status ] || break
		sleep 0.05
	done
	[ -f status ] || { screen_text; atf_fail "it does not end"; }
	atf_check_equal "$1" "$(cat status)"
}

screen_end()
{
	for s in ./screen*; do
		[ ! -S "$s" ] || tmux -S "$s" kill-server 2>/dev/null || true
	done
}
