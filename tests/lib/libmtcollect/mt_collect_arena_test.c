#include <sys/resource.h>

#include <atf-c.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "mt_collect_arena.h"

#define WANTED	4u

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED	1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED	1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED	0
#endif

/* So many bytes of addresses more, and not one beyond. */
static void
limit_addresses(size_t more)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned long pages;
	struct rlimit rl;
	FILE *fp;

	if (SANITIZED)
		atf_tc_skip("a sanitizer has all addresses");
	ATF_REQUIRE((fp = fopen("/proc/self/statm", "r")) != NULL);
	ATF_REQUIRE_EQ(1, fscanf(fp, "%lu", &pages));
	(void)fclose(fp);
	ATF_REQUIRE_EQ(0, getrlimit(RLIMIT_AS, &rl));
	rl.rlim_cur = pages * page + more;
	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_AS, &rl));
}

/* The lowest descriptor that is not open. */
static int
next_fd(void)
{
	int fd = dup(0);

	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(0, close(fd));
	return (fd);
}

static unsigned
length(const struct mt_collect_arena *a)
{
	unsigned n = 0;

	for (; a != NULL; a = a->next)
		n++;
	return (n);
}

ATF_TC(several);
ATF_TC_HEAD(several, tc)
{
	atf_tc_set_md_var(tc, "descr", "arenas lie in one file, each with its "
	    "head, one after the other");
}
ATF_TC_BODY(several, tc)
{
	struct mt_collect_arena *a, *at;
	unsigned i = 0, n = WANTED;
	struct mt_arena head;
	int fd;

	ATF_REQUIRE((a = mt_collect_arena_make(&fd, &n)) != NULL);
	ATF_CHECK_EQ(WANTED, n);
	ATF_CHECK_EQ(WANTED, length(a));
	for (at = a; at != NULL; at = at->next, i++) {
		at->shared->used = i + 1;
		ATF_REQUIRE_EQ(sizeof(head), pread(fd, &head, sizeof(head),
		    (off_t)(i * MT_ARENA_BYTES)));
		ATF_CHECK_EQ(MT_ARENA_MAGIC, head.magic);
		ATF_CHECK_EQ(MT_ARENA_RINGS, head.nrings);
		ATF_CHECK_EQ(i + 1, head.used);
	}
	mt_collect_arenas_free(a);
	(void)close(fd);
}

ATF_TC(no_descriptor);
ATF_TC_HEAD(no_descriptor, tc)
{
	atf_tc_set_md_var(tc, "descr", "without a descriptor there is none, "
	    "and errno tells why");
}
ATF_TC_BODY(no_descriptor, tc)
{
	struct mt_collect_arena *a;
	struct rlimit before, rl;
	unsigned n = WANTED;
	int error, fd;

	ATF_REQUIRE_EQ(0, getrlimit(RLIMIT_NOFILE, &before));
	rl = before;
	rl.rlim_cur = (rlim_t)next_fd();
	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &rl));
	errno = 0;
	a = mt_collect_arena_make(&fd, &n);
	error = errno;
	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &before));
	ATF_CHECK(a == NULL);
	ATF_CHECK_EQ(EMFILE, error);
}

ATF_TC(no_addresses);
ATF_TC_HEAD(no_addresses, tc)
{
	atf_tc_set_md_var(tc, "descr", "without addresses there is none, errno "
	    "tells why, and nothing remains open");
}
ATF_TC_BODY(no_addresses, tc)
{
	const int before = next_fd();
	unsigned n = WANTED;
	int fd;

	limit_addresses(MT_ARENA_BYTES / 2);
	errno = 0;
	ATF_CHECK(mt_collect_arena_make(&fd, &n) == NULL);
	ATF_CHECK_EQ(ENOMEM, errno);
	ATF_CHECK_EQ(before, next_fd());
}

ATF_TC(few_addresses);
ATF_TC_HEAD(few_addresses, tc)
{
	atf_tc_set_md_var(tc, "descr", "there are as many as there are "
	    "addresses for");
}
ATF_TC_BODY(few_addresses, tc)
{
	struct mt_collect_arena *a;
	unsigned n = WANTED;
	int fd;

	limit_addresses(MT_ARENA_BYTES * 5 / 2);
	ATF_REQUIRE((a = mt_collect_arena_make(&fd, &n)) != NULL);
	ATF_CHECK_EQ(2, n);
	ATF_CHECK_EQ(2, length(a));
	mt_collect_arenas_free(a);
	(void)close(fd);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, several);
	ATF_TP_ADD_TC(tp, no_descriptor);
	ATF_TP_ADD_TC(tp, no_addresses);
	ATF_TP_ADD_TC(tp, few_addresses);
	return (atf_no_error());
}
