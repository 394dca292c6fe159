#include <sys/types.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mt_collect_queue.h"

/* A writer that waits for us, and fails when it is told to. */
struct mt_writer {
	pthread_mutex_t	 lock;
	pthread_cond_t	 changed;
	bool		 held;
	size_t		 blocks;
	size_t		 events;
	uint64_t	 reserve;
	int		 fail_events;	/* errno */
	int		 fail_tables;
	int		 fail_reserve;
	unsigned	 finished;
	unsigned	 freed;
};

/* The one that all captures of a test get. */
static struct mt_writer writer = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.changed = PTHREAD_COND_INITIALIZER
};

static enum mt_status
fail(int error, struct mt_error *e)
{
	if (error == 0)
		return (MT_OK);
	if (e == NULL)
		return (MT_ERR_SYS);
	e->sys = error;
	strcpy(e->text, "fake");
	return (MT_ERR_SYS);
}

enum mt_status
mt_writer_put(struct mt_writer *w, enum mt_block_type type, const void *data,
    size_t len, struct mt_error *e)
{
	(void)data;
	(void)len;
	(void)pthread_mutex_lock(&w->lock);
	while (w->held)
		(void)pthread_cond_wait(&w->changed, &w->lock);
	w->blocks++;
	w->events += type == MT_BLOCK_EVENTS;
	(void)pthread_mutex_unlock(&w->lock);
	return (fail(type == MT_BLOCK_EVENTS ? w->fail_events :
	    w->fail_tables, e));
}

enum mt_status
mt_writer_reserve(struct mt_writer *w, uint64_t bytes, struct mt_error *e)
{
	w->reserve = bytes;
	return (fail(w->fail_reserve, e));
}

enum mt_status
mt_writer_new(struct mt_writer **out, int fd, unsigned flags, uint64_t start,
    struct mt_error *e)
{
	(void)fd;
	(void)flags;
	(void)start;
	(void)e;
	*out = &writer;
	return (MT_OK);
}

enum mt_status
mt_writer_finish(struct mt_writer *w, struct mt_error *e)
{
	(void)e;
	w->finished++;
	return (MT_OK);
}

uint64_t
mt_writer_bytes(const struct mt_writer *w)
{
	return (w->blocks);
}

void
mt_writer_free(struct mt_writer *w)
{
	if (w != NULL)
		w->freed++;
}

static void
hold(bool held)
{
	(void)pthread_mutex_lock(&writer.lock);
	writer.held = held;
	(void)pthread_cond_broadcast(&writer.changed);
	(void)pthread_mutex_unlock(&writer.lock);
}

static struct mt_collect_queue *queue;
static struct mt_collect_outputs outputs;
static struct mt_collect_output *output;

static void
begin(void)
{
	outputs.first = &writer;
	outputs.first_fd = -1;
	ATF_REQUIRE((output = mt_collect_output_new(10)) != NULL);
	output->first = true;
	ATF_REQUIRE_EQ(MT_OK, mt_collect_queue_new(&queue, &outputs, NULL));
}

static void
end(void)
{
	mt_collect_queue_free(queue);
	mt_collect_output_free(output);
	mt_collect_outputs_fini(&outputs);
}

static enum mt_status
put_to(struct mt_collect_output *o, enum mt_block_type type, size_t len,
    uint64_t events)
{
	struct mt_error e;

	return (mt_collect_queue_put(queue, o, type, calloc(1, len + 1), len,
	    events, &e));
}

static enum mt_status
put(enum mt_block_type type, size_t len, uint64_t events)
{
	return (put_to(output, type, len, events));
}

ATF_TC(order);
ATF_TC_HEAD(order, tc)
{
	atf_tc_set_md_var(tc, "descr", "all is written, empty blocks too");
}
ATF_TC_BODY(order, tc)
{
	struct mt_collect_output_state st;
	int i;

	begin();
	for (i = 0; i < 100; i++)
		ATF_CHECK_EQ(MT_OK, put(i % 2 ? MT_BLOCK_EVENTS :
		    MT_BLOCK_NODES, (size_t)i, 1));
	mt_collect_queue_sync(queue);
	ATF_CHECK_EQ(100, writer.blocks);
	ATF_CHECK(mt_collect_queue_get(queue, output, &st));
	ATF_CHECK_EQ(MT_OK, st.status);
	ATF_CHECK_EQ(0, st.dropped);
	ATF_CHECK_EQ(MT_OK, put(MT_BLOCK_SITES, 1, 0));
	end();
	ATF_CHECK_EQ(101, writer.blocks);
	mt_collect_queue_free(NULL);
}

static _Atomic int puts_done;

static void *
put_much(void *arg)
{
	(void)arg;
	while (atomic_load(&puts_done) < 5) {
		(void)put(MT_BLOCK_EVENTS, MT_COLLECT_QUEUE_MAX / 4, 1);
		atomic_fetch_add(&puts_done, 1);
	}
	return (NULL);
}

ATF_TC(bounded);
ATF_TC_HEAD(bounded, tc)
{
	atf_tc_set_md_var(tc, "descr", "put waits while the queue is full; a "
	    "block that is larger than the queue goes alone");
}
ATF_TC_BODY(bounded, tc)
{
	pthread_t t;

	begin();
	hold(true);
	ATF_REQUIRE_EQ(0, pthread_create(&t, NULL, put_much, NULL));
	while (atomic_load(&puts_done) < 3)
		continue;
	(void)usleep(50000);
	ATF_CHECK_EQ(3, atomic_load(&puts_done));
	hold(false);
	ATF_REQUIRE_EQ(0, pthread_join(t, NULL));
	ATF_CHECK_EQ(MT_OK, put(MT_BLOCK_SITES, 2 * MT_COLLECT_QUEUE_MAX, 0));
	end();
	ATF_CHECK_EQ(6, writer.blocks);
}

ATF_TC(disk_full);
ATF_TC_HEAD(disk_full, tc)
{
	atf_tc_set_md_var(tc, "descr", "from the first events that do not fit, "
	    "all are dropped and counted; tables are not");
}
ATF_TC_BODY(disk_full, tc)
{
	struct mt_collect_output_state st;

	begin();
	ATF_CHECK_EQ(MT_OK, put(MT_BLOCK_EVENTS, 10, 1000));
	mt_collect_queue_sync(queue);
	writer.fail_events = ENOSPC;
	ATF_CHECK_EQ(MT_OK, put(MT_BLOCK_EVENTS, 10, 100));
	mt_collect_queue_sync(queue);
	writer.fail_events = 0;
	ATF_CHECK_EQ(MT_OK, put(MT_BLOCK_EVENTS, 10, 20));
	ATF_CHECK_EQ(MT_OK, put(MT_BLOCK_NODES, 10, 0));
	mt_collect_queue_sync(queue);
	ATF_CHECK(mt_collect_queue_get(queue, output, &st));
	ATF_CHECK_EQ(120, st.dropped);
	ATF_CHECK_EQ(MT_ERR_SYS, st.status);
	ATF_CHECK_EQ(ENOSPC, st.error.sys);
	ATF_CHECK_EQ(2, writer.events);
	ATF_CHECK_EQ(3, writer.blocks);
	end();
}

ATF_TC(no_reserve);
ATF_TC_HEAD(no_reserve, tc)
{
	atf_tc_set_md_var(tc, "descr", "the reserve comes before events");
}
ATF_TC_BODY(no_reserve, tc)
{
	struct mt_collect_output_state st;

	begin();
	mt_collect_queue_reserve(queue, output, 300000);
	ATF_CHECK_EQ(MT_OK, put(MT_BLOCK_EVENTS, 10, 5));
	mt_collect_queue_sync(queue);
	ATF_CHECK(writer.reserve >= 300000);
	/* A file system that does not know how is no reason to give up. */
	writer.fail_reserve = EOPNOTSUPP;
	mt_collect_queue_reserve(queue, output, 1000000);
	ATF_CHECK_EQ(MT_OK, put(MT_BLOCK_EVENTS, 10, 5));
	mt_collect_queue_sync(queue);
	writer.fail_reserve = ENOSPC;
	mt_collect_queue_reserve(queue, output, 3000000);
	ATF_CHECK_EQ(MT_OK, put(MT_BLOCK_EVENTS, 10, 7));
	mt_collect_queue_sync(queue);
	ATF_CHECK(mt_collect_queue_get(queue, output, &st));
	ATF_CHECK_EQ(7, st.dropped);
	ATF_CHECK_EQ(2, writer.events);
	end();
}

ATF_TC(broken);
ATF_TC_HEAD(broken, tc)
{
	atf_tc_set_md_var(tc, "descr", "when not even tables can be written, "
	    "whoever puts blocks is told");
}
ATF_TC_BODY(broken, tc)
{
	begin();
	writer.fail_tables = EIO;
	(void)put(MT_BLOCK_CODES, 10, 0);
	mt_collect_queue_sync(queue);
	ATF_CHECK_EQ(MT_ERR_SYS, put(MT_BLOCK_EVENTS, 10, 0));
	end();
}

static unsigned created;
static int created_fd;

/* What the queue is told, by the thread that it makes. */
static int
create(void *arg, pid_t pid, unsigned number, char name[MT_COLLECT_NAME])
{
	ATF_CHECK_EQ(&created, arg);
	ATF_CHECK(pid == 10 || pid == 20);
	created = created * 100 + (unsigned)pid + number;
	(void)snprintf(name, MT_COLLECT_NAME, "capture %u", created);
	errno = EROFS;
	return (created_fd);
}

ATF_TC(several);
ATF_TC_HEAD(several, tc)
{
	atf_tc_set_md_var(tc, "descr", "captures are created when they are "
	    "written, the first is there; each image has its number");
}
ATF_TC_BODY(several, tc)
{
	struct mt_collect_output *other, *again, *unused;

	outputs.create = create;
	outputs.create_arg = &created;
	created_fd = open("/dev/null", O_WRONLY);
	begin();
	other = mt_collect_output_new(20);
	again = mt_collect_output_new(20);
	unused = mt_collect_output_new(30);
	ATF_CHECK_EQ(MT_OK, put_to(other, MT_BLOCK_META, 5, 0));
	mt_collect_queue_sync(queue);
	ATF_CHECK_EQ(21, created);
	ATF_CHECK_EQ(MT_OK, put(MT_BLOCK_META, 5, 0));
	mt_collect_queue_sync(queue);
	ATF_CHECK_EQ(21, created);
	ATF_CHECK(outputs.first == NULL);
	mt_collect_queue_close(queue, other);
	/* The first may be closed by now. */
	created_fd = open("/dev/null", O_WRONLY);
	ATF_CHECK_EQ(MT_OK, put_to(again, MT_BLOCK_META, 5, 0));
	mt_collect_queue_close(queue, again);
	mt_collect_queue_close(queue, unused);
	mt_collect_queue_sync(queue);
	ATF_CHECK_EQ(2122, created);
	ATF_CHECK_EQ(2, writer.finished);
	ATF_CHECK_EQ(2, outputs.captures);
	ATF_CHECK_EQ(2, outputs.processes);
	ATF_CHECK_EQ(-1, fcntl(created_fd, F_GETFD));
	ATF_CHECK_STREQ("", outputs.failed);
	end();
}

ATF_TC(not_created);
ATF_TC_HEAD(not_created, tc)
{
	atf_tc_set_md_var(tc, "descr", "a capture that cannot be created: its "
	    "events are lost, and who put them is told");
}
ATF_TC_BODY(not_created, tc)
{
	struct mt_collect_output *other;
	struct mt_collect_output_state st;

	outputs.create = create;
	outputs.create_arg = &created;
	created_fd = -1;
	begin();
	ATF_CHECK_EQ(MT_OK, put(MT_BLOCK_META, 5, 0));
	other = mt_collect_output_new(20);
	(void)put_to(other, MT_BLOCK_EVENTS, 5, 7);
	mt_collect_queue_sync(queue);
	ATF_CHECK_EQ(MT_ERR_SYS, put_to(other, MT_BLOCK_EVENTS, 5, 8));
	mt_collect_queue_sync(queue);
	(void)mt_collect_queue_get(queue, other, &st);
	ATF_CHECK_EQ(15, st.dropped);
	ATF_CHECK_EQ(EROFS, st.error.sys);
	mt_collect_queue_close(queue, other);
	ATF_CHECK_EQ(MT_OK, put(MT_BLOCK_META, 5, 0));
	mt_collect_queue_sync(queue);
	ATF_CHECK_EQ(MT_ERR_SYS, outputs.status);
	ATF_CHECK_STREQ("capture 21", outputs.failed);
	end();
}

/* What became of new files. */
static unsigned renews, renewals, removals;
static int rename_status;

static int
renew(void *arg, pid_t pid, unsigned number, int fd)
{
	ATF_CHECK_EQ(&created, arg);
	ATF_CHECK_EQ(10, pid);
	ATF_CHECK_EQ(0, number);
	ATF_CHECK_EQ(output->fd, fd);
	renews++;
	return (created_fd);
}

static int
renewed(void *arg, pid_t pid, unsigned number, int fd)
{
	ATF_CHECK_EQ(&created, arg);
	ATF_CHECK_EQ(10, pid);
	ATF_CHECK_EQ(0, number);
	if (fd == -1 || rename_status != 0) {
		removals++;
		return (-1);
	}
	ATF_CHECK_EQ(created_fd, fd);
	renewals++;
	return (0);
}

/* A block of the old file, one of the new, and one after that. */
static void
try_to_renew(bool complete)
{
	struct mt_collect_output_state st;

	ATF_CHECK_EQ(MT_OK, put(MT_BLOCK_META, 5, 0));
	ATF_CHECK_EQ(MT_OK, mt_collect_queue_renew(queue, output, NULL));
	ATF_CHECK_EQ(MT_OK, put(MT_BLOCK_META, 5, 0));
	mt_collect_queue_renewed(queue, output, complete);
	mt_collect_queue_sync(queue);
	ATF_CHECK(mt_collect_queue_get(queue, output, &st));
	ATF_CHECK_EQ(MT_OK, st.status);
	ATF_CHECK(st.bytes > 0);
	ATF_CHECK_EQ(st.bytes, st.base);
	ATF_CHECK_EQ(MT_OK, put(MT_BLOCK_META, 5, 0));
	mt_collect_queue_sync(queue);
	ATF_CHECK(mt_collect_queue_get(queue, output, &st));
	ATF_CHECK_EQ(MT_OK, st.status);
	ATF_CHECK(st.bytes > st.base);
}

static void
begin_to_renew(void)
{
	outputs.renew = renew;
	outputs.renewed = renewed;
	outputs.create_arg = &created;
	begin();
	created_fd = open("/dev/null", O_WRONLY);
}

ATF_TC(renew);
ATF_TC_HEAD(renew, tc)
{
	atf_tc_set_md_var(tc, "descr", "a new file takes the old one's place "
	    "if it is complete");
}
ATF_TC_BODY(renew, tc)
{
	begin_to_renew();
	try_to_renew(true);
	ATF_CHECK_EQ(1, writer.freed);	/* the old one */
	ATF_CHECK(fcntl(created_fd, F_GETFD) != -1);
	ATF_CHECK_EQ(1, renewals);
	created_fd = -1;		/* cannot be created */
	ATF_CHECK_EQ(MT_OK, mt_collect_queue_renew(queue, output, NULL));
	ATF_CHECK_EQ(MT_OK, put(MT_BLOCK_META, 5, 0));
	mt_collect_queue_renewed(queue, output, true);
	mt_collect_queue_sync(queue);
	ATF_CHECK_EQ(2, renews);
	ATF_CHECK_EQ(1, renewals);
	ATF_CHECK_EQ(0, removals);
	ATF_CHECK_EQ(1, writer.freed);
	end();
}

ATF_TC(not_renewed);
ATF_TC_HEAD(not_renewed, tc)
{
	atf_tc_set_md_var(tc, "descr", "a new file that is not complete, or "
	    "cannot have the name, goes away");
}
ATF_TC_BODY(not_renewed, tc)
{
	begin_to_renew();
	try_to_renew(false);
	ATF_CHECK_EQ(1, removals);
	ATF_CHECK_EQ(-1, fcntl(created_fd, F_GETFD));
	created_fd = open("/dev/null", O_WRONLY);
	rename_status = -1;
	try_to_renew(true);
	ATF_CHECK_EQ(2, removals);
	ATF_CHECK_EQ(-1, fcntl(created_fd, F_GETFD));
	ATF_CHECK_EQ(0, renewals);
	ATF_CHECK_EQ(2, writer.freed);	/* the new ones */
	end();
}

ATF_TC(renew_full);
ATF_TC_HEAD(renew_full, tc)
{
	atf_tc_set_md_var(tc, "descr", "a new file for which there is no room "
	    "is no failure of the capture");
}
ATF_TC_BODY(renew_full, tc)
{
	struct mt_collect_output_state st;

	begin_to_renew();
	ATF_CHECK_EQ(MT_OK, put(MT_BLOCK_META, 5, 0));
	ATF_CHECK_EQ(MT_OK, mt_collect_queue_renew(queue, output, NULL));
	mt_collect_queue_sync(queue);
	writer.fail_tables = ENOSPC;
	ATF_CHECK_EQ(MT_OK, put(MT_BLOCK_META, 5, 0));
	ATF_CHECK_EQ(MT_OK, put(MT_BLOCK_META, 5, 0));
	mt_collect_queue_renewed(queue, output, true);
	mt_collect_queue_sync(queue);
	ATF_CHECK_EQ(1, removals);
	ATF_CHECK_EQ(0, renewals);
	ATF_CHECK_EQ(2, writer.blocks);
	(void)mt_collect_queue_get(queue, output, &st);
	ATF_CHECK_EQ(MT_OK, st.status);
	end();
}

ATF_TC(checkpoints);
ATF_TC_HEAD(checkpoints, tc)
{
	atf_tc_set_md_var(tc, "descr", "what the tables at the end say again "
	    "may fail; the reserve comes before it");
}
ATF_TC_BODY(checkpoints, tc)
{
	struct mt_collect_output_state st;

	begin();
	mt_collect_queue_reserve(queue, output, 300000);
	ATF_CHECK_EQ(MT_OK, put(MT_BLOCK_CHANGES, 10, 0));
	mt_collect_queue_sync(queue);
	ATF_CHECK(writer.reserve >= 300000);
	writer.fail_reserve = ENOSPC;
	mt_collect_queue_reserve(queue, output, 900000);
	ATF_CHECK_EQ(MT_OK, put(MT_BLOCK_CHANGES, 10, 0));
	mt_collect_queue_sync(queue);
	ATF_CHECK_EQ(1, writer.blocks);
	writer.fail_reserve = 0;
	writer.fail_tables = ENOSPC;
	ATF_CHECK_EQ(MT_OK, put(MT_BLOCK_SIZES, 10, 0));
	mt_collect_queue_sync(queue);
	ATF_CHECK(mt_collect_queue_get(queue, output, &st));
	ATF_CHECK_EQ(MT_OK, st.status);
	writer.fail_tables = 0;
	ATF_CHECK_EQ(MT_OK, put(MT_BLOCK_SITES, 10, 0));
	mt_collect_queue_sync(queue);
	writer.fail_tables = ENOSPC;
	ATF_CHECK_EQ(MT_OK, put(MT_BLOCK_SIZES, 10, 0));
	mt_collect_queue_sync(queue);
	ATF_CHECK(mt_collect_queue_get(queue, output, &st));
	ATF_CHECK_EQ(ENOSPC, st.error.sys);
	end();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, order);
	ATF_TP_ADD_TC(tp, bounded);
	ATF_TP_ADD_TC(tp, disk_full);
	ATF_TP_ADD_TC(tp, no_reserve);
	ATF_TP_ADD_TC(tp, broken);
	ATF_TP_ADD_TC(tp, several);
	ATF_TP_ADD_TC(tp, not_created);
	ATF_TP_ADD_TC(tp, renew);
	ATF_TP_ADD_TC(tp, not_renewed);
	ATF_TP_ADD_TC(tp, renew_full);
	ATF_TP_ADD_TC(tp, checkpoints);
	return (atf_no_error());
}
