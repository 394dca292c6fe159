"""A viewer of the live feed, in nothing but Python: see memtrace-live(5).

usage: feed.py port command [argument ...]

    frames SECONDS      a line for each frame that comes in that time
    once                a line for each process after the first update,
                        then the functions with bytes of their own
    end                 the same after the last update, and how it ended;
                        adds a line to the file "watching" at the first
    hello HEX           say these bytes instead of a greeting; what comes back
    hold SECONDS        connect and say nothing; how long that was borne
"""

import os
import socket
import struct
import sys
import time

MAGIC = b"MTFEED\r\n"
INFO, STATUS, META, CODES, NODES, THREADS, CHANGES, SAMPLES, TIMELINE, \
    UPDATE, OVER = range(1, 12)
FIELDS = """flags pid parent_pid begin_ns time_ns heap live peak peak_time_ns
    rss anon_rss peak_rss allocations bytes lost exit_status""".split()


class Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def more(self):
        return self.at < len(self.data)

    def varint(self):
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def svarint(self):
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def bytes(self):
        n = self.varint()
        self.at += n
        if self.at > len(self.data):
            raise ValueError("a string ends behind its frame")
        return self.data[self.at - n:self.at]

    def text(self):
        return self.bytes().decode("utf-8", "replace")


class Process:
    def __init__(self):
        self.status, self.meta, self.codes = {}, {}, {}
        self.nodes, self.threads, self.sites = {0: (0, 0)}, {}, {}
        self.points = []

    def take(self, kind, c):
        if kind == STATUS:
            self.status = {name: c.varint() for name in FIELDS}
        elif kind == META:
            while c.more():
                key = c.text()
                self.meta[key] = c.text()
        elif kind == CODES:
            while c.more():
                i = c.varint()
                function, file = c.text(), c.text()
                c.varint(), c.varint(), c.bytes()
                self.codes[i] = function, file
        elif kind == THREADS:
            while c.more():
                i = c.varint()
                self.threads[i] = c.varint(), c.text()
        elif kind == NODES:
            i = c.varint()
            while c.more():
                parent, code = i - c.varint(), c.varint()
                c.svarint()
                self.nodes[i] = parent, code
                i += 1
        elif kind == CHANGES:
            self.changes(c)
        elif kind in (SAMPLES, TIMELINE):
            if kind == TIMELINE:
                self.points = []
            point = [0, 0, 0, 0]
            while c.more():
                point = [v + c.svarint() for v in point]
                self.points.append(point)

    def changes(self, c):
        c.varint(), c.varint(), c.varint()
        ids, i = Cursor(c.bytes()), 0
        order = []
        while ids.more():
            i += ids.varint()
            order.append(i)
        rows, columns = c.varint(), c.varint()
        table = {}
        for _ in range(columns):
            column, data = c.varint(), Cursor(c.bytes())
            values, last = [], 0
            for _ in range(rows):
                if column == 1:
                    last += data.svarint()
                    values.append(last)
                else:
                    values.append(data.varint())
            table[column] = values
        for at, i in enumerate(order):
            self.sites[i] = {k: v[at] for k, v in table.items()}

    def own(self):
        """Live bytes by the function that allocated them."""
        out = {}
        for site in self.sites.values():
            code = self.nodes[site[1]][1]
            name = self.codes.get(code, ("<unknown>", ""))[0]
            out[name] = out.get(name, 0) + site[9]
        return out


class Feed:
    def __init__(self, port, interval_ms=100):
        secret = token(port)
        self.sock = socket.create_connection(("127.0.0.1", port), 10)
        self.sock.sendall(MAGIC + struct.pack("<II", 1, interval_ms) +
                          secret[:16])
        answer = self.exactly(32)
        if answer[:8] != MAGIC or answer[16:] != secret[16:]:
            raise ValueError("not the memray-run that we look for")
        self.processes, self.over, self.updates = [], None, 0

    def exactly(self, n):
        data = b""
        while len(data) < n:
            some = self.sock.recv(n - len(data))
            if not some:
                raise EOFError
            data += some
        return data

    def frame(self):
        n, kind, number = struct.unpack("<III", self.exactly(12))
        payload = self.exactly(n)
        if kind in range(STATUS, UPDATE):
            if kind == STATUS and number == len(self.processes):
                self.processes.append(Process())
            self.processes[number].take(kind, Cursor(payload))
        elif kind == UPDATE:
            self.updates += 1
        elif kind == OVER:
            self.over = struct.unpack("<II", payload)
        return kind, number, n

    def update(self):
        """True until nothing more comes."""
        try:
            while self.frame()[0] != UPDATE:
                pass
        except EOFError:
            return False
        return True

    def ask(self, interval_ms):
        self.sock.sendall(struct.pack("<II", 1, interval_ms))


def places(port):
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/"):
        yield f"{runtime}/memtrace/live-{port}"
    yield f"/tmp/memtrace-{os.geteuid()}/live-{port}"


def token(port):
    for path in places(port):
        if os.path.exists(path):
            with open(path) as f:
                return bytes.fromhex(f.read(64))
    raise FileNotFoundError(f"no token for port {port}")


def show(feed):
    for number, p in enumerate(feed.processes):
        s = p.status
        print(number, s["pid"], "heap", s["heap"], "live", s["live"],
              "peak", s["peak"], "flags", s["flags"], "status",
              s["exit_status"], "sum",
              sum(site[9] for site in p.sites.values()), "points",
              len(p.points), sep="\t")
        for name, n in sorted(p.own().items(), key=lambda x: -x[1])[:10]:
            if n:
                print("", number, name, n, sep="\t")


def end_of_connection(sock):
    """What comes until the other side closes."""
    data = b""
    try:
        while True:
            some = sock.recv(4096)
            if not some:
                return data
            data += some
    except ConnectionResetError:
        return data


def main():
    port, command, *rest = int(sys.argv[1]), *sys.argv[2:]
    if command in ("hello", "hold"):
        with socket.create_connection(("127.0.0.1", port), 10) as sock:
            start = time.monotonic()
            sock.settimeout(30)
            if command == "hello":
                sock.sendall(bytes.fromhex(rest[0]))
                print(len(end_of_connection(sock)))
            else:
                end_of_connection(sock)
                print(round(time.monotonic() - start))
        return
    feed = Feed(port)
    if command == "frames":
        until = time.monotonic() + float(rest[0])
        while time.monotonic() < until:
            print(*feed.frame())
    elif command == "once":
        feed.update()
        show(feed)
    elif command == "end":
        while feed.update():
            if feed.updates == 1:
                with open("watching", "a") as f:
                    print(os.getpid(), file=f)
        show(feed)
        print("over", feed.over)


if __name__ == "__main__":
    main()
