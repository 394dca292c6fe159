#!/bin/sh
#
# usage: deps.sh
#
# Install what is missing to build and test, or, where we may not, say what to
# install.  Silent, quick and without network when nothing is missing.

set -u

# One line for each need: how to find it, and the package that has it in
# Debian, Fedora, Arch, Alpine and FreeBSD; "-" if it is always there.
#	prog:NAME	a program on PATH
#	header:NAME	something that can be included
#	lib:NAME	a shared library
#	python:NAME	a module of python3
needs='
prog:cc            gcc           gcc               gcc             gcc             -
prog:c++           g++           gcc-c++           gcc             g++             -
header:stdio.h     libc6-dev     glibc-devel       glibc           musl-dev        -
header:linux/futex.h linux-libc-dev kernel-headers linux-api-headers linux-headers -
prog:make          make          make              make            make            -
prog:nm            binutils      binutils          binutils        binutils        -
header:zlib.h      zlib1g-dev    zlib-devel        zlib            zlib-dev        -
header:lz4frame.h  liblz4-dev    lz4-devel         lz4             lz4-dev         liblz4
header:libdeflate.h libdeflate-dev libdeflate-devel libdeflate    libdeflate-dev  libdeflate
header:sodium.h    libsodium-dev libsodium-devel   libsodium       libsodium-dev   libsodium
header:gelf.h      libelf-dev    elfutils-libelf-devel libelf      elfutils-dev    -
header:elfutils/libdw.h libdw-dev elfutils-devel   elfutils        elfutils-dev    elfutils
header:libunwind.h libunwind-dev libunwind-devel   libunwind       libunwind-dev   libunwind
header:curses.h    libncurses-dev ncurses-devel    ncurses         ncurses-dev     -
prog:kyua          kyua          kyua              kyua            kyua            -
header:atf-c.h     libatf-dev    libatf-c-devel    atf             atf-dev         -
prog:atf-sh        atf-sh        libatf-sh-devel   atf             atf             -
prog:mandoc        mandoc        mandoc            mandoc          mandoc          -
prog:groff         groff-base    groff-base        groff           groff           groff
prog:shellcheck    shellcheck    ShellCheck        shellcheck      shellcheck      hs-ShellCheck
prog:tmux          tmux          tmux              tmux            tmux            tmux
prog:xz            xz-utils      xz                xz              xz              -
prog:jq            jq            jq                jq              jq              jq
prog:python3       python3       python3           python          python3         python3
python:ensurepip   python3-venv  python3           python          python3         python3
prog:musl-gcc      musl-tools    musl-gcc          musl            -               -
lib:libdebuginfod.so libdebuginfod1 elfutils-debuginfod-client libelf - -
lib:libjemalloc.so libjemalloc2  jemalloc          jemalloc        jemalloc        -
'

# ldconfig is not on everybody's PATH.
PATH=$PATH:/usr/sbin:/sbin

# Without a compiler, look where headers usually are.
has_header()
{
	if command -v "${CC:-cc}" >/dev/null; then
		echo "#include <$1>" |
		    "${CC:-cc}" -E -x c - >/dev/null 2>&1
	else
		[ -f "/usr/include/$1" ] || [ -f "/usr/local/include/$1" ]
	fi
}

has_lib()
{
	case $(ldconfig -p 2>/dev/null) in
	*"$1"*)	return 0 ;;
	esac
	for f in /lib/"$1"* /usr/lib/"$1"* /usr/lib64/"$1"*; do
		[ ! -e "$f" ] || return 0
	done
	return 1
}

has()
{
	case $1 in
	prog:*)		command -v "${1#*:}" >/dev/null ;;
	header:*)	has_header "${1#*:}" ;;
	lib:*)		has_lib "${1#*:}" ;;
	python:*)	python3 -c "import ${1#*:}" 2>/dev/null ;;
	esac
}

# The lines of $needs that are not met.
missing()
{
	echo "$needs" | while read -r what packages; do
		[ -z "$what" ] || has "$what" || echo "$what $packages"
	done
}

# Packages for the lines $1 in the column $2 on one line.
packages()
{
	echo "$1" | awk -v column="$2" '
	    $column != "-" && !seen[$column]++ { printf " %s", $column }'
}

retry()
{
	for pause in 5 15 0; do
		"$@" && return 0
		sleep $pause
	done
	return 1
}

apt()
{
	DEBIAN_FRONTEND=noninteractive apt-get -q \
	    -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 "$@" </dev/null
}

# Update the lists.  A mirror that is a frozen copy has a Release file past its
# date; only then ignore the date (never the signature).
# shellcheck disable=SC2317 # called by retry
apt_update()
{
	apt update || apt -o Acquire::Check-Valid-Until=false update
}

# Install the packages of the lines $1; those that this system does not have
# must not keep the others away.
install()
{
	retry apt_update || echo "deps: cannot update the package lists" >&2
	set -f
	# Word splitting is wanted.
	# shellcheck disable=SC2046
	retry apt install -y --no-install-recommends $(packages "$1" 2) &&
	    return 0
	for p in $(packages "$1" 2); do
		apt install -y --no-install-recommends "$p"
	done
}

tell()
{
	{
		echo "deps: missing:$(echo "$1" | awk '{
		    sub(/.*:/, "", $1); printf " %s", $1 }')"
		echo "Please install them:"
		echo "  Debian, Ubuntu  apt-get install$(packages "$1" 2)"
		echo "  Fedora          dnf install$(packages "$1" 3)"
		echo "  Arch            pacman -S$(packages "$1" 4)"
		echo "  Alpine          apk add$(packages "$1" 5)"
		echo "  FreeBSD         pkg install$(packages "$1" 6)"
	} >&2
	exit 1
}

todo=$(missing)
[ -n "$todo" ] || exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
	install "$todo"
	todo=$(missing)
	[ -n "$todo" ] || exit 0
fi
tell "$todo"
