# Shared by the tests with captures of memray, and with memray itself.

. "$(atf_get_srcdir)/e2e_subr.sh"

src=$(atf_get_srcdir)

# memray_same file capture [-native | -aggregated]: is what memray said of a
# capture, in the file, what we say?  But for lines that match $memray_but.
memray_same()
{
	# Where something was allocated is named otherwise with native frames.
	case ${3-} in
	-native)
		sed '/^location	/d' "$1" > expected
		atf_check -o save:out -e save:err python3 \
		    "$src/memray_ours.py" \
		    --no-native "$2"
		sed '/^location	/d' out > ours ;;
	-aggregated)
		cp "$1" expected
		atf_check -o save:ours -e save:err python3 \
		    "$src/memray_ours.py" \
		    --no-totals "$2" ;;
	*)
		cp "$1" expected
		atf_check -o save:ours -e save:err python3 \
		    "$src/memray_ours.py" "$2" ;;
	esac
	# It may have freed all that was recorded, and then that is said.
	! grep -v "the program had freed everything at the end" err ||
	    atf_fail "something was said of $2"
	if [ -n "${memray_coarse-}" ]; then
		sed -i 's/^\(sample	.*\)	[0-9]*$/\1/' expected ours
	fi
	if [ -n "${memray_but-}" ]; then
		sed -i "/$memray_but/d" expected ours
	fi
	atf_check diff expected ours
}

# memray_need version [interpreter]: sets $memray, the program, and $python,
# of a virtual environment beside the tests that is made once; fails if the
# interpreter cannot have it.
memray_need()
{
	if [ $# -eq 2 ]; then
		memray_pythons=$2
	else
		memray_pythons=$(e2e_pythons | cut -f 2)
	fi
	for p in $memray_pythons; do
		venv=$src/venv-$1-$(echo "$p" | cksum | cut -d ' ' -f 1)
		(
			flock 9
			[ -f "$venv/tried" ] || memray_make "$1" "$p"
		) 9> "$venv.lock" > venv.log 2>&1
		memray=$venv/bin/memray python=$venv/bin/python
		[ ! -f "$venv/complete" ] || return 0
	done
	return 1
}

memray_make()
{
	rm -rf "$venv"
	mkdir -p "$venv" && touch "$venv/tried"
	"$2" -m venv "$venv" && "$venv/bin/python" -m pip install --no-input \
	    --retries 1 --no-cache-dir --disable-pip-version-check \
	    --only-binary :all: "memray==$1" && touch "$venv/complete"
}
