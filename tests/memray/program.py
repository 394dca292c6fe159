import mmap
import threading


def keep():
    return [bytearray(1000 + i) for i in range(100)]


def drop():
    for _ in range(50):
        bytearray(20000)


def work():
    drop()
    kept.append(keep())


kept = []
drop()
thread = threading.Thread(target=work, name="worker")
thread.start()
thread.join()
mapping = mmap.mmap(-1, 1 << 20)
kept.append(keep())
mapping.close()
