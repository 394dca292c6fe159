"""Four threads in SQLite, which allocates while it does not hold the GIL."""

import sqlite3
import threading

import harness

THREADS = 4


def fill(n):
    db = sqlite3.connect(":memory:")
    db.execute("create table t (id integer primary key, word text, n int)")
    for i in range(n):
        db.execute("with recursive c(i) as (select ? union all "
                   "select i + 1 from c limit 100) "
                   "insert into t (word, n) select 'word ' || i, i from c",
                   (i,))
    db.execute("select word, count(*), sum(n) from t group by word "
               "order by 3 desc").fetchall()
    db.close()


def work(n):
    threads = [threading.Thread(target=fill, args=(n,))
               for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


harness.run(work, 800)
