#include <atf-c.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fe_meta.h"

static const struct mt_meta first = {
	.command_line = "app.py --fast",
	.python_version = "3.11.7",
	.python_allocator = "pymalloc",
	.pid = 100,
	.start_time_ns = 1795340537800000000,
	.end_time_ns = 1795340538900000000,
	.total_allocations = 10,
	.total_bytes = 1000,
	.peak_bytes = 500,
	.leaked_allocations = 1,
	.leaked_bytes = 50,
	.has_exit_status = true,
	.exit_status = 3 << 8,
	.trace_python_allocators = true
};

static const struct mt_meta second = {
	.command_line = "other.py",
	.python_version = "3.11.7",
	.python_allocator = "",
	.pid = 101,
	.start_time_ns = 1795340536800000000,
	.end_time_ns = 1795340540900000000,
	.total_allocations = 20,
	.total_bytes = 2000,
	.peak_bytes = 600,
	.lost_events = 4,
	.lost_threads = 2,
	.has_exit_status = true,
	.exit_status = SIGKILL,
	.flags = MT_CAPTURE_CUT
};

static char *
json_of(const struct mt_meta *a, const struct mt_meta *b)
{
	struct fe_metas ms;
	struct fe_json j;
	char *text;
	size_t len;
	FILE *fp = open_memstream(&text, &len);

	memset(&ms, 0, sizeof(ms));
	fe_metas_add(&ms, "a.bin", a);
	if (b != NULL)
		fe_metas_add(&ms, "b.bin", b);
	fe_json_init(&j, fp, 1);
	fe_metas_json(&ms, &j);
	ATF_REQUIRE_EQ(0, fclose(fp));
	fe_metas_fini(&ms);
	return (text);
}

ATF_TC_WITHOUT_HEAD(one);
ATF_TC_BODY(one, tc)
{
	char *text = json_of(&first, NULL);

	ATF_CHECK_STREQ("{\n"
	    "  \"start_time\": \"2026-11-22T09:42:17.800+00:00\",\n"
	    "  \"end_time\": \"2026-11-22T09:42:18.900+00:00\",\n"
	    "  \"total_allocations\": 10,\n"
	    "  \"total_bytes_allocated\": 1000,\n"
	    "  \"peak_memory\": 500,\n"
	    "  \"leaked_allocations\": 1,\n"
	    "  \"leaked_bytes\": 50,\n"
	    "  \"lost_events\": 0,\n"
	    "  \"command_line\": \"app.py --fast\",\n"
	    "  \"pid\": 100,\n"
	    "  \"exit_status\": 3,\n"
	    "  \"python_version\": \"3.11.7\",\n"
	    "  \"python_allocator\": \"pymalloc\",\n"
	    "  \"has_native_traces\": false,\n"
	    "  \"trace_python_allocators\": true,\n"
	    "  \"still_recording\": false,\n"
	    "  \"lost_threads\": 0,\n"
	    "  \"lost_bytes\": 0\n"
	    "}\n", text);
	free(text);
}

ATF_TC_WITHOUT_HEAD(unknown);
ATF_TC_BODY(unknown, tc)
{
	const struct mt_meta m = { .command_line = "",
	    .python_version = "", .python_allocator = "" };
	char *text = json_of(&m, NULL);

	ATF_CHECK(strstr(text, "\"end_time\": null,") != NULL);
	ATF_CHECK(strstr(text, "\"command_line\": null,") != NULL);
	ATF_CHECK(strstr(text, "\"pid\": null,") != NULL);
	ATF_CHECK(strstr(text, "\"exit_status\": null,") != NULL);
	free(text);
}

ATF_TC(several);
ATF_TC_HEAD(several, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "sums, first start, last end, what they have in common");
}
ATF_TC_BODY(several, tc)
{
	char *text = json_of(&first, &second);
	static const char *const parts[] = {
		"{\n  \"start_time\": \"2026-11-22T09:42:16.800+00:00\",\n",
		"\n  \"end_time\": \"2026-11-22T09:42:20.900+00:00\",\n",
		"\n  \"total_allocations\": 30,\n",
		"\n  \"total_bytes_allocated\": 3000,\n",
		"\n  \"peak_memory\": 1100,\n",
		"\n  \"lost_events\": 4,\n",
		"\n  \"command_line\": null,\n",
		"\n  \"pid\": null,\n",
		"\n  \"exit_status\": null,\n",
		"\n  \"python_version\": \"3.11.7\",\n",
		"\n  \"python_allocator\": null,\n",
		"\n  \"trace_python_allocators\": true,\n",
		"\n  \"lost_threads\": 2,\n",
		"\n  \"captures\": [\n    {\"file\": \"a.bin\", ",
		"\"exit_status\": 3, ",
		"},\n    {\"file\": \"b.bin\", \"start_time\": ",
		"\"exit_status\": 137, ",
		"}\n  ]\n}\n"
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		ATF_CHECK_MSG(strstr(text, parts[i]) != NULL, "%s", parts[i]);
	free(text);
}

static void
check_warnings(const struct mt_meta *m, bool any, const char *said)
{
	pid_t pid = atf_utils_fork();

	if (pid == 0)
		_exit(fe_meta_warn("a.bin", m) ? 1 : 0);
	atf_utils_wait(pid, any, "", said);
}

ATF_TC(warnings);
ATF_TC_HEAD(warnings, tc)
{
	atf_tc_set_md_var(tc, "descr", "a line for all that is missing");
}
ATF_TC_BODY(warnings, tc)
{
	struct mt_meta m = first;

	m.flags = MT_CAPTURE_AGGREGATED | MT_CAPTURE_REBUILT;
	check_warnings(&m, false, "");
	m.flags = MT_CAPTURE_CUT;
	check_warnings(&m, true, "fe_meta_test: a.bin: warning: cut short, "
	    "the recording did not end properly\n");
	m.flags |= MT_CAPTURE_RECORDING;
	check_warnings(&m, false, "fe_meta_test: a.bin: still being "
	    "recorded, this is what there is so far\n");
	m.lost_events = 2;
	check_warnings(&m, true, "fe_meta_test: a.bin: still being "
	    "recorded, this is what there is so far\n"
	    "fe_meta_test: a.bin: warning: 2 events were lost\n");
	m.flags = MT_CAPTURE_CUT;
	m.lost_bytes_of_file = 17;
	m.flags |= MT_CAPTURE_DAMAGED | MT_CAPTURE_DISK_FULL;
	m.lost_events = 1;
	check_warnings(&m, true,
	    "fe_meta_test: a.bin: warning: cut short, the last 17 bytes of "
	    "the file could not be read\n"
	    "fe_meta_test: a.bin: warning: damaged, unreadable parts were "
	    "skipped\n"
	    "fe_meta_test: a.bin: warning: the disk was full, not all "
	    "events could be written\n"
	    "fe_meta_test: a.bin: warning: 1 event was lost\n");
	m.flags = 0;
	m.lost_events = 12;
	m.lost_threads = 1;
	check_warnings(&m, true, "fe_meta_test: a.bin: warning: 12 events of "
	    "1 thread were lost\n");
	m.lost_threads = 3;
	m.lost_bytes = 4000;
	check_warnings(&m, true, "fe_meta_test: a.bin: warning: 12 events of "
	    "3 threads were lost, at least 4.000kB allocated\n");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, one);
	ATF_TP_ADD_TC(tp, unknown);
	ATF_TP_ADD_TC(tp, several);
	ATF_TP_ADD_TC(tp, warnings);
	return (atf_no_error());
}
