#!/bin/sh
#
# usage: get-pythons.sh [--free-threaded] [directory]
#
# Make CPython interpreters newer than the ones this system packages, for the
# tests.  They come from a Debian sid root in directory/root (default:
# build/pythons), but run without chroot, so that a test sees them as any
# other program: same paths, same /proc, same $TMPDIR.
# --free-threaded also builds a 3.13t in directory/3.13t from source.
#
# Prints the path of each working interpreter on a line of its own; everything
# else goes to standard error.  What is already there is kept, so a second run
# only checks and prints.  Exits 1 if one of them does not work or cannot be
# built; those printed can be used nevertheless.  Needs root, a Debian system
# and about 2 GB.
#
# Started under a name without a slash that is not in $PATH, they look for
# their library in /usr and fail: run them by path.
#
# Environment: MIRROR, the Debian mirror; default: where apt gets Debian from.

set -eu

suite=sid
# numpy and greenlet are there for the tests of native stacks and of stack
# switching; Debian builds them for some of the versions only.
# The testsuite packages are CPython's own tests, for tests/cpython.
packages="python3.13 python3.14 python3.15 python3.14-dbg python3.15-dbg
    libpython3.13-testsuite libpython3.14-testsuite libpython3.15-testsuite
    python3-greenlet python3-numpy"
ft_version=3.13
# The suite that has the source of that version; sid may have gone past it.
ft_suite=trixie
check='import sys, json, ssl, ctypes, sqlite3; print(sys.version)'

usage()
{
	echo "usage: get-pythons.sh [--free-threaded] [directory]" >&2
	exit 2
}

say()
{
	echo "get-pythons.sh: $*" >&2
}

die()
{
	say "$*"
	exit 1
}

# Install packages on this system, but leave those alone that it has.
# The lock may be held by another apt-get.
host_install()
{
	set -- apt-get -o DPkg::Lock::Timeout=600 install -y \
	    --no-install-recommends --no-upgrade "$@"
	"$@" || { apt_update apt-get -o DPkg::Lock::Timeout=600 && "$@"; }
}

# Update with the given apt-get command.  A mirror that is a frozen copy has a
# Release file past its date; only then ignore the date (never the signature).
apt_update()
{
	"$@" update || "$@" -o Acquire::Check-Valid-Until=false update
}

mirror()
{
	# $(...) is apt's here.
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' \
	    'Created-By: Packages' |
	    awk '$2 == "Debian" && $3 == "Debian" { print $1; exit }'
}

# $MIRROR or what the system uses.  apt knows the origin of a source only
# while it has its index, and container images are shipped without.
find_mirror()
{
	[ -z "${MIRROR:-}" ] || return 0
	MIRROR=$(mirror)
	[ -n "$MIRROR" ] || apt_update apt-get -o DPkg::Lock::Timeout=600
	MIRROR=${MIRROR:-$(mirror)}
	[ -n "$MIRROR" ] || die "no Debian mirror in apt's sources: set MIRROR"
}

# Run a command in the root.  Package scripts may want /proc; mounted in a
# name space of its own it needs no unmounting, even after kill -9, and
# nobody who removes the directory meets it.
in_root()
{
	# The positional parameters are the inner shell's.
	# shellcheck disable=SC2016
	unshare --mount sh -c '
	    mount --bind /proc "$0/proc" && exec chroot "$0" "$@"' "$root" \
	    env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
	    PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

make_root()
{
	# debootstrap removes its own directory when it is done.
	if [ -x "$root/usr/bin/apt-get" ] && [ ! -d "$root/debootstrap" ]
	then
		return 0
	fi
	find_mirror
	command -v debootstrap >/dev/null || host_install debootstrap
	rm -rf --one-file-system "$root"
	# In its own name space for the mounts it makes and may leave.
	unshare --mount debootstrap --variant=minbase "$suite" "$root" \
	    "$MIRROR" || die "debootstrap failed"
}

is_installed()
{
	# ${...} is dpkg-query's here.
	# shellcheck disable=SC2016
	[ "$(dpkg-query --admindir="$root/var/lib/dpkg" -W \
	    -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

root_install()
{
	in_root apt-get install -y --no-install-recommends "$@"
}

# Nothing is upgraded: what a test run found yesterday it finds today.
install_pythons()
{
	missing=
	for p in $packages; do
		is_installed "$p" || missing="$missing $p"
	done
	[ -n "$missing" ] || return 0
	# Word splitting is wanted.
	# shellcheck disable=SC2086
	if ! root_install $missing; then
		# Either the index is older than the mirror, or sid lacks a
		# package today: it changes daily.  Then take what there is.
		apt_update in_root apt-get
		for p in $missing; do
			root_install "$p" || say "$p: not available"
		done
	fi
	in_root apt-get clean
}

# Make copy $2 of the root's program $1 that finds the loader and the libraries
# of the root, not those of this system, which are older.
patch_python()
{
	interp=$(patchelf --print-interpreter "$1")
	# A copy has the time of its original, so that one made before an
	# upgrade of the original shows.  In a root that was moved the copies
	# point to its old place.
	if [ -x "$2" ] &&
	    [ -z "$(find "$1" "$2" -newer "$1" -o -newer "$2")" ] &&
	    [ "$(patchelf --print-interpreter "$2")" = "$root$interp" ]
	then
		return 0
	fi
	libdir=$(dirname "$(readlink -f "$root$interp")")
	# libblas.so.3 and liblapack.so.3 are links into /etc/alternatives,
	# absolute ones, hence to nothing or to this system's: name the
	# directories that have the files.
	rpath=$libdir/blas:$libdir/lapack:$libdir:$root/usr/lib
	cp "$1" "$2.new"
	# DT_RPATH, not DT_RUNPATH: only the former also holds for what the
	# extension modules need.
	patchelf --set-interpreter "$root$interp" \
	    --force-rpath --set-rpath "$rpath" "$2.new"
	touch -r "$1" "$2.new"
	# By rename, because a test may be running the old one.
	mv -f "$2.new" "$2"
}

# The copies must be in the directory of the originals: the interpreter finds
# its library from where it is.
patch_pythons()
{
	command -v patchelf >/dev/null || host_install patchelf
	for py in "$root"/usr/bin/python3.*; do
		case ${py##*/} in
		*-*)	continue ;;	# our copies, python3.X-config
		esac
		[ ! -h "$py" ] || continue
		patch_python "$py" "$py-host"
	done
}

# Print $1 if it is an interpreter that works and has $2 as its prefix: one
# that silently runs this system's library is of no use.
report()
{
	if ! v=$("$1" -c "$check") ||
	    ! prefix=$("$1" -c 'import sys; print(sys.prefix)')
	then
		say "$1: does not work"
		status=1
	elif [ "$prefix" != "$2" ]; then
		say "$1: prefix is $prefix, not $2"
		status=1
	else
		say "${1##*/}: $v"
		echo "$1" >&3
	fi
}

# An apt tool in the root that sees nothing but the source of $ft_version, so
# that the root's index stays as it is and the newest version is the only one.
ft_apt()
{
	tool=$1
	shift
	in_root env -C /usr/src "$tool" \
	    -o "Dir::Etc::SourceList=/etc/apt/$ft_suite-source.list" \
	    -o Dir::Etc::SourceParts=- -o APT::Get::List-Cleanup=0 "$@"
}

# Unpack the upstream source into directory $1.
ft_source()
{
	find_mirror
	echo "deb-src $MIRROR $ft_suite main" \
	    > "$root/etc/apt/$ft_suite-source.list"
	apt_update ft_apt apt-get
	v=$(ft_apt apt-cache showsrc "python$ft_version" |
	    awk '$1 == "Version:" { print $2; exit }')
	# With its version, or apt takes that of the root's binary package.
	ft_apt apt-get source --download-only "python$ft_version=$v"
	tar -x --strip-components 1 -C "$1" \
	    -f "$root/usr/src/python${ft_version}_${v%-*}.orig.tar.xz"
	rm -f "$root/usr/src/python${ft_version}_${v%-*}"[.-]*
}

# Built with this system's compiler and libraries, so it needs no patching.
# No --enable-shared: like Debian's, the program holds the whole interpreter.
make_free_threaded()
{
	[ ! -d "$dir/${ft_version}t" ] || return 0
	build=$dir/${ft_version}t.build
	rm -rf "$build"
	mkdir -p "$build/source" "$build/dest"
	host_install gcc libc6-dev make xz-utils libffi-dev libsqlite3-dev \
	    libssl-dev zlib1g-dev
	ft_source "$build/source"
	# -O1 and no PGO: built in two minutes, fast enough for tests.
	(
		cd "$build/source" &&
		./configure --prefix="$dir/${ft_version}t" --disable-gil \
		    --without-ensurepip CFLAGS=-O1 &&
		make -j "$(nproc)" &&
		make install DESTDIR="$build/dest"
	) > "$build/log" 2>&1 || die "build failed, see $build/log"
	# Installed elsewhere and renamed: it is complete or not there.
	mv "$build/dest$dir/${ft_version}t" "$dir/${ft_version}t"
	rm -rf "$build"
}

free_threaded=no
dir=build/pythons
while [ $# -gt 0 ]; do
	case $1 in
	--free-threaded)	free_threaded=yes ;;
	-*)			usage ;;
	*)			break ;;
	esac
	shift
done
[ $# -le 1 ] || usage
dir=${1:-$dir}
[ "$(id -u)" -eq 0 ] || die "must be run as root"

# A profiler under test must not get into the tools used here, nor may the
# environment tell the interpreters where their library is.
unset LD_PRELOAD LD_LIBRARY_PATH PYTHONHOME PYTHONPATH PYTHONMALLOC
PATH=$PATH:/usr/sbin:/sbin

exec 3>&1 1>&2
mkdir -p "$dir"
# The paths end up in the programs; the loader wants them absolute.
dir=$(cd "$dir" && pwd -P)
# debootstrap fails half way on blanks, and the rpath is split at colons.
case $dir in
*[!A-Za-z0-9/._+-]*)	die "$dir: unsuitable name" ;;
esac
root=$dir/root
exec 9>"$dir/.lock"
flock 9

make_root
install_pythons
patch_pythons

status=0
for py in "$root"/usr/bin/python3.*-host; do
	report "$py" "$root/usr"
done
# After the others were printed: should it fail, they are there.
[ $free_threaded = no ] || make_free_threaded
py=$dir/${ft_version}t/bin/python${ft_version}t
[ ! -x "$py" ] || report "$py" "$dir/${ft_version}t"
exit $status
