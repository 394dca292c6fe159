# memray-symbolize: what it finds, what it says, what it never does.  Captures
# are those of mk_native.c, libraries are compiled here.

mk_native()
{
	"$(atf_get_srcdir)/mk_native" "$@" || atf_fail "mk_native"
}

# A library of the source, with these options of the compiler.
compile()
{
	cp "$(atf_get_srcdir)/inlined.c" . || atf_fail "no source"
	cc -O2 -fPIC -shared -Wl,--build-id "$@" -o libx.so inlined.c ||
	    atf_fail "cannot compile"
	nm libx.so > names
}

build_id()
{
	readelf -n "${1:-libx.so}" | sed -n 's/.*Build ID: //p'
}

# Where a label of the source is.
address()
{
	awk -v n="address_of_$1" '$3 == n { print $1 }' names
}

# c.bin: a stack of outer, local and innermost.
capture()
{
	mk_native ${1:+"$1"} c.bin "$PWD/libx.so" "$(build_id)" \
	    "$(address outer)" "$(address local)" "$(address innermost)"
}

# The stack, as one line.
stacks()
{
	memray-transform -o - folded "$1" > folded 2>transform.err
	tail -n 1 folded > got
}

# The stack is like this, and, with a third argument, not like that.
expect()
{
	stacks "$1"
	atf_check -o match:"$2" ${3:+-o} ${3:+not-match:"$3"} cat got
}

# All that is known of the stack.
expect_all()
{
	cat > expected <<-EOF
	f (app.py:7);outer ($PWD/inlined.c:30);local ($PWD/inlined.c:21);local ($PWD/inlined.c:20);middle ($PWD/inlined.c:14);innermost ($PWD/inlined.c:8) 4711
	EOF
	stacks "${1:-c.bin}"
	atf_check -o file:expected cat got
}

# Nothing is known but addresses.
expect_none()
{
	expect "${1:-c.bin}" ";0x[0-9a-f]+ \($PWD/libx.so" \
	    "innermost|local|outer"
}

atf_test_case inlined
inlined_head()
{
	atf_set descr "functions, those inlined into them, files and lines"
	atf_set require.progs "cc nm readelf"
}
inlined_body()
{
	compile -g
	capture
	expect_none
	atf_check memray-symbolize c.bin
	expect_all
	atf_check -o match:"^innermost at $PWD/inlined.c	4711	" \
	    memray-summary c.bin
	# Once more does no harm.
	atf_check memray-symbolize c.bin
	expect_all
}

atf_test_case elsewhere
elsewhere_head()
{
	atf_set descr "reports are the same where there are no binaries"
	atf_set require.progs "cc nm readelf"
}
elsewhere_body()
{
	compile -g
	capture
	atf_check memray-symbolize c.bin
	reports()
	{
		for f in csv folded gprof2dot pprof speedscope; do
			memray-transform -o - $f c.bin
		done
		memray-summary c.bin
		memray-summary --json c.bin
		memray-stats c.bin
		memray-parse c.bin
	}
	reports > here
	rm libx.so inlined.c
	reports > there
	atf_check cmp here there
}

atf_test_case debug_forms
debug_forms_head()
{
	atf_set descr "compressed sections, other versions of DWARF"
	atf_set require.progs "cc nm readelf"
}
debug_forms_body()
{
	for o in -gz -gz=zlib-gnu -gdwarf-3 -gdwarf-4 -gdwarf-5 \
	    -fdebug-types-section; do
		compile -g $o || atf_fail "$o"
		capture
		atf_check memray-symbolize c.bin
		expect_all
	done
}

atf_test_case debug_file
debug_file_head()
{
	atf_set descr "debug information in a file of its own"
	atf_set require.progs "cc nm readelf objcopy strip"
}
debug_file_body()
{
	compile -g
	capture
	mkdir .debug
	atf_check objcopy --only-keep-debug libx.so .debug/libx.so.debug
	atf_check strip libx.so
	atf_check objcopy --add-gnu-debuglink=.debug/libx.so.debug libx.so
	atf_check memray-symbolize c.bin
	expect_all
	# One that belongs to something else is none.
	compile -g -DOTHER=1 -O1
	capture
	atf_check strip libx.so
	atf_check objcopy --add-gnu-debuglink=.debug/libx.so.debug libx.so
	printf x >> .debug/libx.so.debug
	atf_check memray-symbolize c.bin
	expect c.bin ";outer \($PWD/libx.so" "inlined.c"
}

atf_test_case stripped
stripped_head()
{
	atf_set descr "without symbols of local functions these have no names"
	atf_set require.progs "cc nm readelf strip objcopy"
}
stripped_body()
{
	compile
	capture
	atf_check memray-symbolize c.bin
	expect c.bin \
	    "app.py:7\);outer \($PWD/libx.so:0\);local \(.*;local \("
	capture
	atf_check strip libx.so
	atf_check memray-symbolize c.bin
	expect c.bin \
	    ";outer \($PWD/libx.so:0\);0x[0-9a-f]+ \($PWD/libx.so"
}

atf_test_case debugdata
debugdata_head()
{
	atf_set descr "symbols of local functions in .gnu_debugdata"
	atf_set require.progs "cc nm readelf strip objcopy xz"
}
debugdata_body()
{
	compile
	capture
	atf_check objcopy -S --keep-symbol=local libx.so mini
	atf_check xz mini
	atf_check strip libx.so
	atf_check objcopy --add-section .gnu_debugdata=mini.xz libx.so
	atf_check memray-symbolize c.bin
	expect c.bin ";outer \(.*;local \(.*;local \("
}

atf_test_case replaced
replaced_head()
{
	atf_set descr "never names from another file"
	atf_set require.progs "cc nm readelf"
}
replaced_body()
{
	compile -g
	capture
	was=$(build_id)
	mv libx.so kept.so
	compile -g -DOTHER -O1
	atf_check -e match:"no symbols of $PWD/libx.so: another file now: its build-id is $(build_id), that of the run's was $was" \
	    memray-symbolize c.bin
	expect_none
	# The reason is in the capture.
	memray-parse c.bin > parsed
	atf_check -o match:"^MODULE	code=2	path=$PWD/libx.so	build_id=$was	addresses=3	unresolved=3	note=another file now: " \
	    cat parsed
	rm libx.so
	atf_check -e match:"no symbols of .*: there is no such file any more" \
	    memray-symbolize c.bin
	expect_none
	atf_check memray-symbolize -q c.bin
	for bad in text /dev/null; do
		echo "not an ELF file" > text
		ln -sf $bad libx.so
		atf_check -e match:"not an ELF file|not a plain file" \
		    memray-symbolize c.bin
	done
	mv kept.so libx.so
	atf_check memray-symbolize c.bin
	expect_all
}

atf_test_case no_build_id
no_build_id_head()
{
	atf_set descr "a file without a build-id must be as old as the run"
	atf_set require.progs "cc nm readelf"
}
no_build_id_body()
{
	compile -g -Wl,--build-id=none
	sleep 1.1
	capture
	atf_check memray-symbolize c.bin
	expect_all
	capture
	sleep 1.1
	touch libx.so
	atf_check -e match:"no build-id, and changed since the run" \
	    memray-symbolize c.bin
	expect_none
}

atf_test_case cut
cut_head()
{
	atf_set descr "captures of killed runs get symbols, and stay cut short"
	atf_set require.progs "cc nm readelf"
}
cut_body()
{
	compile -g
	capture -c
	printf 'half a block' >> c.bin
	atf_check memray-symbolize c.bin
	expect_all
	atf_check -s exit:1 -o ignore -e match:"cut short" memray-summary c.bin
}

atf_test_case output
output_head()
{
	atf_set descr "-o leaves the capture alone; - reads a pipe"
	atf_set require.progs "cc nm readelf"
}
output_body()
{
	compile -g
	capture
	cp c.bin before
	atf_check memray-symbolize -o new.bin c.bin
	atf_check cmp c.bin before
	expect_all new.bin
	atf_check -o inline:'-rw-------\n' -x \
	    'ls -l new.bin | cut -c 1-10'
	atf_check -s exit:1 -e match:"--force" \
	    memray-symbolize -o new.bin c.bin
	atf_check memray-symbolize -f -o new.bin c.bin
	cat c.bin | memray-symbolize -o - - > piped.bin ||
	    atf_fail "status $?"
	atf_check cmp new.bin piped.bin
	atf_check -s exit:2 -e match:"is the capture itself" \
	    memray-symbolize -f -o c.bin c.bin
	atf_check cmp c.bin before
	atf_check -s exit:1 -e match:"No space left" -x \
	    "memray-symbolize -o - c.bin > /dev/full"
}

atf_test_case in_place
in_place_head()
{
	atf_set descr "the file stays the same file; failures leave it as it was"
	atf_set require.progs "cc nm readelf prlimit"
}
in_place_body()
{
	compile -g
	capture
	chmod 640 c.bin
	ln c.bin link.bin
	cp c.bin before
	size=$(wc -c < c.bin)
	# No room for more.
	(trap '' XFSZ && prlimit --fsize="$size" memray-symbolize c.bin \
	    2>err) && atf_fail "there was room"
	atf_check -o match:"File too large" cat err
	atf_check cmp c.bin before
	atf_check memray-symbolize c.bin
	expect_all
	atf_check -o inline:'-rw-r-----\n' -x 'ls -l c.bin | cut -c 1-10'
	atf_check cmp c.bin link.bin
	atf_check -s exit:1 -e match:"none.bin: .*No such file" \
	    memray-symbolize none.bin
	atf_check -s exit:1 -e match:"libx.so: " memray-symbolize libx.so
}

atf_test_case descriptors
descriptors_head()
{
	atf_set descr "a capture is one descriptor, which may be given, too"
	atf_set require.progs "cc nm readelf flock"
}
descriptors_body()
{
	compile -g
	capture
	cp c.bin before
	# shellcheck disable=SC2094 # one file, of which there is one reader
	atf_check -s exit:1 -e match:"$PWD/c.bin: Permission denied" \
	    -x "memray-symbolize /dev/fd/7 7< c.bin"
	atf_check -s exit:1 -e match:"/dev/fd/9: Bad file descriptor" \
	    -x "memray-symbolize /dev/fd/9 9>&-"
	atf_check -s exit:1 -e match:"somebody else is writing to it" \
	    flock c.bin memray-symbolize c.bin
	mkfifo fifo
	atf_check -s exit:1 -e inline:"memray-symbolize: fifo: not a plain file\n" \
	    memray-symbolize fifo
	atf_check cmp c.bin before
	atf_check -x "memray-symbolize /dev/fd/7 7<> c.bin"
	expect_all
	cp before c.bin
	ln -s c.bin link
	atf_check memray-symbolize link
	expect_all
}

atf_test_case several
several_head()
{
	atf_set descr "several captures, of which one has nothing to look up"
	atf_set require.progs "cc nm readelf"
}
several_body()
{
	compile -g
	capture
	cp c.bin d.bin
	mk_native e.bin "$PWD/libx.so" "$(build_id)" "$(address local)"
	cp "$(atf_get_srcdir)/v1.0-zlib.bin" python.bin
	cp python.bin before
	atf_check -e match:"python.bin has no native frames" \
	    memray-symbolize c.bin python.bin d.bin e.bin
	expect_all c.bin
	expect_all d.bin
	expect e.bin "app.py:7\);local \($PWD/inlined.c:21\) 4711"
	atf_check cmp python.bin before
	atf_check -e ignore memray-symbolize -o copy.bin python.bin
	atf_check cmp python.bin copy.bin
}

atf_test_case no_native
no_native_head()
{
	atf_set descr "--no-native: what native frames allocated is their caller's"
	atf_set require.progs "cc nm readelf jq"
}
no_native_body()
{
	compile -g
	capture
	for i in 1 2; do
		atf_check -o inline:"f at app.py	4726	100.00	4726	100.00	2\n" \
		    memray-summary --no-native c.bin
		atf_check -o inline:"f (app.py:7) 4726\n" \
		    memray-transform --no-native -o - folded c.bin
		atf_check -o inline:"f 4726\n" -x "memray-tree --no-native \
		    --json c.bin | jq -r '.. | objects |
		    select(.function == \"f\") | \"f \\(.bytes)\"'"
		atf_check memray-symbolize c.bin
	done
	# Places are Python's in any case.
	atf_check -o match:"^location_by_size	f	app.py	7	4726	" \
	    memray-stats c.bin
}

atf_test_case cxx
cxx_head()
{
	atf_set descr "names of C++"
	atf_set require.progs "c++ nm readelf"
}
cxx_body()
{
	cat > x.cc <<-'EOF'
	namespace space {
	template <typename T> struct box {
		__attribute__((noinline)) int get(T n) {
			asm volatile("address_of_get: nop");
			return n + 1;
		}
	};
	}
	int call(int n) { space::box<int> b; return b.get(n); }
	EOF
	for o in -g -g0; do
		c++ -O2 -fPIC -shared $o -Wl,--build-id -o libx.so x.cc ||
		    atf_fail "cannot compile"
		nm libx.so > names
		mk_native c.bin "$PWD/libx.so" "$(build_id)" "$(address get)"
		atf_check memray-symbolize c.bin
		expect c.bin ';space::box<int>::get\(int\) \('
	done
}

atf_test_case rust
rust_head()
{
	atf_set descr "names of Rust, of both manners"
	atf_set require.progs "rustc nm readelf"
}
rust_body()
{
	# The tests have a home of their own, where rustup finds nothing.
	RUSTUP_HOME=${RUSTUP_HOME:-$(getent passwd "$(id -u)" |
	    cut -d : -f 6)/.rustup}
	RUSTUP_TOOLCHAIN=${RUSTUP_TOOLCHAIN:-stable}
	export RUSTUP_HOME RUSTUP_TOOLCHAIN
	unset MAKEFLAGS MFLAGS
	cat > x.rs <<-'EOF'
	#![allow(named_asm_labels)]
	pub struct Holder<T>(pub T);
	impl<T: Copy> Holder<T> {
		#[inline(never)]
		pub fn get(&self) -> T {
			unsafe { std::arch::asm!("address_of_get: nop"); }
			self.0
		}
	}
	#[no_mangle]
	pub extern "C" fn call(n: i32) -> i32 { Holder(n).get() }
	EOF
	for o in legacy v0; do
		rustc -Awarnings -O -C symbol-mangling-version=$o \
		    -C link-arg=-Wl,--build-id \
		    --crate-type cdylib -o libx.so x.rs 2>err || {
			grep -q "unstable" err && continue
			atf_skip "rustc: $(head -n 1 err)"
		}
		nm libx.so > names
		mk_native c.bin "$PWD/libx.so" "$(build_id)" "$(address get)"
		atf_check memray-symbolize c.bin
		expect c.bin ';<?x::Holder<(T|i32)>>?::get \('
	done
}

atf_test_case corrupt
corrupt_head()
{
	atf_set descr "files that are damaged anywhere"
	atf_set require.progs "cc nm readelf python3"
}
corrupt_body()
{
	compile -g
	capture
	cp c.bin clean.bin
	cp libx.so whole.so
	cat > damage.py <<-'EOF'
	import random, sys
	data = bytearray(open("whole.so", "rb").read())
	random.seed(int(sys.argv[1]))
	if random.random() < .3:
	    del data[random.randrange(64, len(data)):]
	for _ in range(random.choice((1, 10, 200))):
	    data[random.randrange(64, len(data))] = random.randrange(256)
	open("libx.so", "wb").write(data)
	EOF
	for i in $(seq 40); do
		python3 damage.py "$i"
		cp clean.bin c.bin
		memray-symbolize -q c.bin || atf_fail "$i: status $?"
		memray-summary c.bin > out || atf_fail "$i: $?"
		grep -q '^f at app.py	4726	' out || atf_fail "$i: totals"
	done
}

atf_test_case crash
crash_head()
{
	atf_set descr "a crash of the reader costs the symbols of one module"
	atf_set require.progs "cc nm readelf"
}
crash_body()
{
	cat > shim.c <<-'EOF'
	#include <dlfcn.h>
	#include <stdlib.h>
	#include <string.h>
	#include <unistd.h>
	void *dwfl_report_elf(void *a, const char *name, const char *path,
	    int fd, unsigned long base, _Bool add)
	{
		void *(*real)(void *, const char *, const char *, int,
		    unsigned long, _Bool) = dlsym(RTLD_NEXT,
		    "dwfl_report_elf");

		if (strstr(name, "libbad") != NULL)
			abort();
		return (real(a, name, path, fd, base, add));
	}
	EOF
	atf_check cc -D_GNU_SOURCE -fPIC -shared -o shim.so shim.c -ldl
	compile -g
	capture
	cp libx.so libbad.so
	for i in 1 2 3; do
		mk_native bad$i.bin "$PWD/libbad.so" "$(build_id)" \
		    "$(address local)"
	done
	LD_PRELOAD=$PWD/shim.so memray-symbolize bad1.bin c.bin bad2.bin \
	    bad3.bin 2>err
	status=$?
	# A sanitizer has to come before the shim.
	grep -q "ASan runtime does not come first" err && atf_skip "sanitized"
	[ $status -eq 0 ] || atf_fail "status $status"
	atf_check -o match:"libbad.so: reading its symbols failed \(Aborted\)" \
	    cat err
	expect_all c.bin
	expect bad3.bin ";0x[0-9a-f]+ \($PWD/libbad.so"
}

atf_test_case debuginfod
debuginfod_head()
{
	atf_set descr "debug information from a server that the user named"
	atf_set require.progs "cc nm readelf objcopy"
}
debuginfod_body()
{
	ldconfig -p 2>/dev/null | grep -q libdebuginfod.so.1 ||
	    /sbin/ldconfig -p | grep -q libdebuginfod.so.1 ||
	    atf_skip "no libdebuginfod"
	compile -g
	capture
	dir=server/buildid/$(build_id)
	mkdir -p "$dir" cache
	atf_check objcopy --only-keep-debug libx.so "$dir/debuginfo"
	rm libx.so
	export DEBUGINFOD_CACHE_PATH="$PWD/cache"
	atf_check -e match:"no such file" memray-symbolize c.bin
	DEBUGINFOD_URLS=file://$PWD/server \
	    atf_check memray-symbolize c.bin
	expect_all
}

atf_test_case usage
usage_body()
{
	atf_check -s exit:2 -e match:"^usage: memray-symbolize " \
	    memray-symbolize
	atf_check -s exit:2 -e match:"^usage: " memray-symbolize -x c.bin
	atf_check -s exit:2 -e match:"^usage: " memray-symbolize -o x a b
	atf_check -s exit:2 -e match:"needs -o" memray-symbolize -
	atf_check -o match:"^usage: memray-symbolize " memray-symbolize --help
	atf_check -o match:"^memray-symbolize [0-9]" memray-symbolize -V
}

atf_init_test_cases()
{
	atf_add_test_case inlined
	atf_add_test_case elsewhere
	atf_add_test_case debug_forms
	atf_add_test_case debug_file
	atf_add_test_case stripped
	atf_add_test_case debugdata
	atf_add_test_case replaced
	atf_add_test_case no_build_id
	atf_add_test_case cut
	atf_add_test_case output
	atf_add_test_case in_place
	atf_add_test_case descriptors
	atf_add_test_case several
	atf_add_test_case no_native
	atf_add_test_case cxx
	atf_add_test_case rust
	atf_add_test_case corrupt
	atf_add_test_case crash
	atf_add_test_case debuginfod
	atf_add_test_case usage
}
