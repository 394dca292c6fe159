#include <atf-c.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "mt_sym_name.h"

static void
check(const char *symbol, const char *name)
{
	struct mt_sym_namer *n = mt_sym_namer_new();

	ATF_REQUIRE(n != NULL);
	ATF_CHECK_STREQ(name, mt_sym_name(n, symbol));
	mt_sym_namer_free(n);
}

ATF_TC_WITHOUT_HEAD(plain);
ATF_TC_BODY(plain, tc)
{
	check("", "");
	check("malloc", "malloc");
	check("memcpy@@GLIBC_2.14", "memcpy");
	check("memcpy@GLIBC_2.2.5", "memcpy");
	check("@odd", "@odd");
	check("_", "_");
}

ATF_TC(suffixes);
ATF_TC_HEAD(suffixes, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "what compilers append to parts and copies of functions");
}
ATF_TC_BODY(suffixes, tc)
{
	check("f.cold", "f");
	check("f.part.0", "f");
	check("f.constprop.1.isra.0.cold", "f");
	check("f.llvm.12345", "f");
	check("f.coldest", "f.coldest");
	check("f.0", "f.0");
	check(".cold", ".cold");
}

ATF_TC_WITHOUT_HEAD(cxx);
ATF_TC_BODY(cxx, tc)
{
	void *p = dlopen("libstdc++.so.6", RTLD_NOW);

	if (p == NULL)
		atf_tc_skip("no library of C++");
	check("_ZN5space3boxIiE3getEi", "space::box<int>::get(int)");
	check("_ZN5space3boxIiE3getEi.cold", "space::box<int>::get(int)");
	check("_ZSt9terminatev", "std::terminate()");
	check("_Zwhat", "_Zwhat");
	check("_Z", "_Z");
	(void)dlclose(p);
}

ATF_TC_WITHOUT_HEAD(long_names);
ATF_TC_BODY(long_names, tc)
{
	const size_t len = 100000;
	char *s = malloc(len + 3);

	ATF_REQUIRE(s != NULL);
	/* Deep, too: a pointer to a pointer to ... */
	memset(s, 'P', len + 2);
	memcpy(s, "_Z1f", 4);
	s[len] = 'i';
	s[len + 1] = '\0';
	check(s, s);
	free(s);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, plain);
	ATF_TP_ADD_TC(tp, suffixes);
	ATF_TP_ADD_TC(tp, cxx);
	ATF_TP_ADD_TC(tp, long_names);
	return (atf_no_error());
}
