#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mt_sym_rust.h"

/* Pairs of a symbol and its name; NULL: it is none. */
static void
check_all(const char *const (*pair)[2], size_t n)
{
	size_t i;
	char *got;

	for (i = 0; i < n; i++) {
		got = mt_sym_rust(pair[i][0]);
		if (pair[i][1] == NULL)
			ATF_CHECK_MSG(got == NULL, "%s: %s", pair[i][0], got);
		else
			ATF_CHECK_MSG(got != NULL &&
			    strcmp(got, pair[i][1]) == 0, "%s: %s, not %s",
			    pair[i][0], got == NULL ? "nothing" : got,
			    pair[i][1]);
		free(got);
	}
}

#define CHECK_ALL(pairs)						\
	check_all(pairs, sizeof(pairs) / sizeof((pairs)[0]))

ATF_TC(legacy);
ATF_TC_HEAD(legacy, tc)
{
	atf_tc_set_md_var(tc, "descr", "_ZN with a hash at its end");
}
ATF_TC_BODY(legacy, tc)
{
	static const char *const pairs[][2] = {
		{ "_ZN3foo17h05af221e174051e9E", "foo" },
		{ "_ZN4core3fmt9Formatter3pad17h0123456789abcdefE",
		    "core::fmt::Formatter::pad" },
		{ "_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$"
		    "foo..Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE",
		    "<Test + 'static as foo::Bar<Test>>::bar" },
		{ "_ZN8$RF$test4a$b.17h930b740aa94f1d3aE", "&test::a$b." },
		/* C++, or nothing at all. */
		{ "_ZN5space3boxIiE3getEi", NULL },
		{ "_ZN3foo3barE", NULL },
		{ "_ZN3foo17h05af221e174051e9", NULL },
		{ "_ZN3foo17h05af221e174051eXE", NULL },
		{ "_ZN17h05af221e174051e9E", NULL },
		{ "_ZN999foo17h05af221e174051e9E", NULL },
		{ "_ZN", NULL }, { "_Z", NULL }, { "", NULL }
	};

	CHECK_ALL(pairs);
}

ATF_TC(paths);
ATF_TC_HEAD(paths, tc)
{
	atf_tc_set_md_var(tc, "descr", "_R: paths, closures, back references");
}
ATF_TC_BODY(paths, tc)
{
	static const char *const pairs[][2] = {
		{ "_RNvC6_123foo3bar", "123foo::bar" },
		{ "_RC3foo.llvm.9D1C9369", "foo" },
		{ "_RNCNCNgCs6DXkGYLi8lr_2cc5spawn00B5_",
		    "cc::spawn::{closure#0}::{closure#0}" },
		{ "_RNCINkXs25_NgCsbmNqQUJIY6D_4core5sliceINyB9_4IterhE"
		    "NuNgNoBb_4iter8iterator8Iterator9rpositionNCNgNpB9_"
		    "6memchr7memrchrs_0E0Bb_",
		    "<core::slice::Iter<u8> as core::iter::iterator::"
		    "Iterator>::rposition::<core::slice::memchr::memrchr::"
		    "{closure#1}>::{closure#0}" },
		{ "_RINbNbCskIICzLVDPPb_5alloc5alloc8box_freeDINbNiB4_5boxed5"
		    "FnBoxuEp6OutputuEL_ECs1iopQbuBiw2_3std",
		    "alloc::alloc::box_free::<dyn alloc::boxed::FnBox<(), "
		    "Output = ()>>" },
		{ "_RNvYNtC3foo3BarNtC3baz5Trait6method",
		    "<foo::Bar as baz::Trait>::method" },
		{ "_RNqC1au3foo", "a::punycode{foo}" }
	};

	CHECK_ALL(pairs);
}

ATF_TC_WITHOUT_HEAD(types);
ATF_TC_BODY(types, tc)
{
	static const char *const pairs[][2] = {
		{ "_RIC3fooTiEE", "foo::<(isize,)>" },
		{ "_RIC3fooFG_RL0_hEuE", "foo::<for<'a> fn(&'a u8)>" },
		{ "_RIC3fooFUKCiEjE",
		    "foo::<unsafe extern \"C\" fn(isize) -> usize>" },
		{ "_RIC3fooOuPuQuRuSuAuj3_TEzE",
		    "foo::<*mut (), *const (), &mut (), &(), [()], [(); 3], "
		    "(), !>" },
		{ "_RNvMC0INtC8arrayvec8ArrayVechKj7b_E3new",
		    "<arrayvec::ArrayVec<u8, 123>>::new" },
		{ "_RMC1aINtB0_6SignedKs98_E", "<a::Signed<152>>" },
		{ "_RMC1aINtB0_6SignedKanb_E", "<a::Signed<-11>>" },
		{ "_RMC1aINtB0_4BoolKb0_E", "<a::Bool<false>>" },
		{ "_RMC1aINtB0_4CharKc76_E", "<a::Char<'v'>>" },
		{ "_RMC1aINtB0_4CharKca_E", "<a::Char<'\\u{a}'>>" },
		{ "_RNvNvMC1aINtB4_3FooKpE3foo3FOO", "<a::Foo<_>>::foo::FOO" },
		{ "_RMC1aINtB0_3BigKo10000000000000000_E",
		    "<a::Big<0x10000000000000000>>" }
	};

	CHECK_ALL(pairs);
}

ATF_TC(nonsense);
ATF_TC_HEAD(nonsense, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "symbols cut anywhere, back references to themselves, bombs");
}
ATF_TC_BODY(nonsense, tc)
{
	static const char whole[] = "_RINbNbCskIICzLVDPPb_5alloc5alloc8box_"
	    "freeDINbNiB4_5boxed5FnBoxuEp6OutputuEL_ECs1iopQbuBiw2_3std";
	static const char *const pairs[][2] = {
		{ "_RB_", NULL }, { "_RNvB_1a", NULL },
		{ "_RIC1aB1_E", NULL }, { "_RIC1aL5_E", NULL },
		{ "_RNvC1a99999999999999999999b", NULL },
		{ "_RC1aszzzzzzzzzzzzzzzz_1b", NULL }, { "_R", NULL }
	};
	char text[4096];
	size_t i, at;

	CHECK_ALL(pairs);
	for (i = 0; i < sizeof(whole) - 1; i++) {
		memcpy(text, whole, i);
		text[i] = '\0';
		free(mt_sym_rust(text));
	}
	/* Each tuple is twice the one before it. */
	at = (size_t)(stpcpy(text, "_RIC1aTiiE") - text);
	for (i = 0; i < 40; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "TB%c_B%c_E",
		    i == 0 ? '4' : '5', i == 0 ? '4' : '5');
	(void)strcpy(text + at, "E");
	free(mt_sym_rust(text));
	/* And this is deep. */
	memset(text, 'S', sizeof(text));
	memcpy(text, "_RIC1a", 6);
	(void)strcpy(text + sizeof(text) - 4, "uE");
	ATF_CHECK(mt_sym_rust(text) == NULL);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, legacy);
	ATF_TP_ADD_TC(tp, paths);
	ATF_TP_ADD_TC(tp, types);
	ATF_TP_ADD_TC(tp, nonsense);
	return (atf_no_error());
}
