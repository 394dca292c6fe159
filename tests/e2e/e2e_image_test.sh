# Processes in which Python is not what one expects it to be.

. "$(atf_get_srcdir)/e2e_subr.sh"

# Sets $lib, the interpreter as a shared library; skips where there is none
# that programs can be linked with.
image_library()
{
	lib=$("$py" -c 'if True:
	    import os, sys, sysconfig
	    name = sysconfig.get_config_var("INSTSONAME") or ""
	    multi = sysconfig.get_config_var("MULTIARCH") or ""
	    for d in (sysconfig.get_config_var("LIBDIR"),
	            sys.base_prefix + "/lib", sys.base_prefix + "/lib/" + multi):
	        if ".so" in name and os.path.exists(os.path.join(d, name)):
	            print(os.path.join(d, name))
	            break')
	[ -n "$lib" ] || atf_skip "this interpreter has no shared library"
	# One of another system may want a newer C library than there is here.
	echo 'int main(void) { return (0); }' > probe.c
	{ cc -o probe probe.c -Wl,--no-as-needed "$lib" \
	    -Wl,-rpath,"${lib%/*}" && ./probe; } 2> probe.err ||
	    atf_skip "no program can be linked with its library here"
	PYTHONHOME=$("$py" -c 'import sys; print(sys.base_prefix)')
	export PYTHONHOME
}

# image_build program [option ...]: of images.c, with the library.
image_build()
{
	program=$1
	shift
	cc "$@" -o "$program" "$src/images.c" "$lib" \
	    -Wl,-rpath,"${lib%/*}" -ldl 2> cc.err ||
	    atf_fail "$program cannot be built: $(cat cc.err)"
}

# image_record program [argument ...]: into cap.bin, with its output in `out`
# and what is said in `err`.
image_record()
{
	e2e_python_flags
	# shellcheck disable=SC2086 # an option or nothing
	atf_check -o save:out -e save:err memray-run $e2e_flags -f \
	    -o cap.bin "$@"
	e2e_reports
}

# The executable's malloc is not ours: what Python asks for is recorded all
# the same, and what cannot be seen is said.
own_malloc_each()
{
	image_library
	image_build own -DOWN_MALLOC -rdynamic
	image_record ./own "$src/blocks.py"
	e2e_near "keep" "$(e2e_row leaks keep own_bytes)" 40000000
	e2e_near "peak" "$(e2e_meta peak_memory)" 100000000
	e2e_line peak hog blocks.py HOG
	atf_check grep -q "the program has a malloc of its own" err
	# Nobody else has one.
	image_build usual
	image_record ./usual "$src/blocks.py"
	e2e_near "usual: keep" "$(e2e_row leaks keep own_bytes)" 40000000
	atf_check -s exit:1 grep -q "a malloc of its own" err
}

# A launcher that loads the interpreter, for all to see or for itself.
late_each()
{
	image_library
	for flags in RTLD_GLOBAL RTLD_LOCAL; do
		image_build late -DLATE=$flags
		PYTHONHOME=$PYTHONHOME ./late "$lib" -c pass > /dev/null 2>&1 ||
		    atf_skip "does not run with $flags"
		image_record ./late "$lib" "$src/blocks.py"
		e2e_near "$flags: keep" "$(e2e_row leaks keep own_bytes)" \
		    40000000
		e2e_near "$flags: peak" "$(e2e_meta peak_memory)" 100000000
	done
	# It finds its environment as it would have without us.
	image_record ./late "$lib" -c 'import os
print([k for k in os.environ if "MEMTRACE" in k or k == "LD_PRELOAD"])'
	atf_check_equal "[]" "$(cat out)"
}

# A program that embeds interpreters, one after the other: each is recorded,
# and what it frees at its end is, too.
embed_each()
{
	image_library
	cat > grow.py <<-'EOF'
	def grow():
	    return bytearray(20_000_000)
	def run():
	    global kept
	    kept = grow()
	EOF
	for cycles in 1 3; do
		image_build embed -DEMBED=$cycles
		image_record env PYTHONPATH=. ./embed "$(cat grow.py)
run()"
		e2e_near "$cycles, text: grow" \
		    "$(e2e_row peak grow own_bytes)" 20000000
		# With what later interpreters take for their beginnings.
		e2e_below "$cycles, text: peak" "$(e2e_meta peak_memory)" \
		    35000000
		e2e_below "$cycles, text: leaks" \
		    "$(e2e_row leaks grow own_bytes)" 0
		image_record env PYTHONPATH=. ./embed import grow
		e2e_near "$cycles, call: grow" \
		    "$(e2e_row peak grow own_bytes)" 20000000
		[ "$(e2e_meta total_bytes_allocated)" -ge \
		    $((cycles * 20000000)) ] || e2e_fail "not $cycles cycles"
		atf_check_equal 0 "$(e2e_meta lost_events)"
	done
	image_build embed -DEMBED=2
	for flags in --native --trace-python-allocators --aggregate; do
		atf_check -e save:err memray-run "$flags" -f -o cap.bin \
		    ./embed "$(cat grow.py)
run()"
		e2e_reports
		e2e_near "$flags: grow" "$(e2e_row peak grow total_bytes)" \
		    20000000
	done
}

# An interpreter that never comes to run any code is no success.
embed_nothing_each()
{
	image_library
	image_build embed -DEMBED=0
	atf_check -s exit:125 -e match:"nothing was recorded: ./embed ran no Python code" \
	    memray-run -o cap.bin ./embed pass
	[ ! -e cap.bin ] || e2e_fail "there is a capture"
}

atf_init_test_cases()
{
	e2e_add own_malloc late embed embed_nothing
}
