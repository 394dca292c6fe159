#include <atf-c.h>
#include <string.h>

#include "fe_key.h"
#include "fe_prompt.h"

static struct fe_prompt p;

static void
type(const char *s)
{
	for (; *s != '\0'; s++)
		ATF_CHECK_EQ(FE_PROMPT_MORE,
		    fe_prompt_key(&p, (unsigned char)*s));
}

static void
check(uint32_t key, const char *text)
{
	ATF_CHECK_EQ(FE_PROMPT_MORE, fe_prompt_key(&p, key));
	ATF_CHECK_STREQ(text, p.text);
	ATF_CHECK_EQ(strlen(text), p.n);
}

ATF_TC_WITHOUT_HEAD(typing);
ATF_TC_BODY(typing, tc)
{
	fe_prompt_init(&p);
	type("two words");
	check('!', "two words!");
	check(FE_KEY_BACKSPACE, "two words");
	check(FE_KEY_UP, "two words");
	check(FE_KEY_TAB, "two words");
	check(0x9b, "two words");
	check('w' & 0x1f, "two ");
	check('w' & 0x1f, "");
	type("line");
	check('u' & 0x1f, "");
	type("x");
	ATF_CHECK_EQ(FE_PROMPT_DONE, fe_prompt_key(&p, FE_KEY_ENTER));
	ATF_CHECK_STREQ("x", p.text);
}

ATF_TC_WITHOUT_HEAD(utf8);
ATF_TC_BODY(utf8, tc)
{
	fe_prompt_init(&p);
	check(0xe9, "\xc3\xa9");
	check(0x20ac, "\xc3\xa9\xe2\x82\xac");
	check(0x1f40d, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x8d");
	check(FE_KEY_BACKSPACE, "\xc3\xa9\xe2\x82\xac");
	check(FE_KEY_BACKSPACE, "\xc3\xa9");
	check(FE_KEY_BACKSPACE, "");
}

ATF_TC_WITHOUT_HEAD(cancelled);
ATF_TC_BODY(cancelled, tc)
{
	fe_prompt_init(&p);
	ATF_CHECK_EQ(FE_PROMPT_CANCEL, fe_prompt_key(&p, FE_KEY_BACKSPACE));
	type("x");
	ATF_CHECK_EQ(FE_PROMPT_CANCEL, fe_prompt_key(&p, FE_KEY_ESC));
}

ATF_TC(full);
ATF_TC_HEAD(full, tc)
{
	atf_tc_set_md_var(tc, "descr", "never more than there is room for");
}
ATF_TC_BODY(full, tc)
{
	fe_prompt_init(&p);
	for (int i = 0; i < 2 * FE_PROMPT_BYTES; i++)
		type("a");
	ATF_CHECK_EQ(FE_PROMPT_BYTES - 1, p.n);
	ATF_CHECK_EQ(FE_PROMPT_BYTES - 1, strlen(p.text));
	ATF_CHECK_EQ(FE_PROMPT_MORE, fe_prompt_key(&p, FE_KEY_BACKSPACE));
	ATF_CHECK_EQ(FE_PROMPT_MORE, fe_prompt_key(&p, 0xe9));
	ATF_CHECK_EQ(FE_PROMPT_BYTES - 2, p.n);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, typing);
	ATF_TP_ADD_TC(tp, utf8);
	ATF_TP_ADD_TC(tp, cancelled);
	ATF_TP_ADD_TC(tp, full);
	return (atf_no_error());
}
