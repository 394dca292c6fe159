"""A viewer of the live feed, in nothing but Python: see memtrace-live(5).

usage: feed.py place command [argument ...]

The place is a port, of which the local socket is used, host:port, which is
reached through the network with the token, or the path of a socket.
FEED_FROM is the address that is used here.

    frames SECONDS      a line for each frame that comes in that time
    once                a line for each process after the first update,
                        then the functions with bytes of their own
    end                 the same after the last update, and how it ended;
                        adds a line to the file "watching" at the first
    hello HEX           say these bytes instead of a greeting; how many come
                        back
    hold                connect and say nothing; how long that was borne
"""

import os
import socket
import struct
import sys
import time

import seal

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
    def __init__(self, place, interval_ms=100):
        self.seal, self.opened = None, b""
        head = greeting = MAGIC + struct.pack("<I", 2)
        if is_net(place):
            viewer = seal.Viewer(token(place.rsplit(":", 1)[1]), head)
            greeting += viewer.greeting()
        self.sock = connect(place)
        self.sock.sendall(greeting)
        self.head(head)
        if is_net(place):
            viewer.answer(receive(self.sock, 48))
            self.seal = viewer
        self.ask(interval_ms)
        self.processes, self.over, self.updates = [], None, 0

    def head(self, head):
        answer = receive(self.sock, 12)
        if answer != head:
            raise ValueError(f"not the memray-run that we look for: {answer}")

    def exactly(self, n):
        if not self.seal:
            return receive(self.sock, n)
        while len(self.opened) < n:
            size, = struct.unpack("<H", receive(self.sock, 2))
            self.opened += self.seal.open(receive(self.sock, size))
        data, self.opened = self.opened[:n], self.opened[n:]
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
        self.say(struct.pack("<II", 1, interval_ms))

    def say(self, request):
        if self.seal:
            request = self.seal.close(request)
            request = struct.pack("<H", len(request)) + request
        self.sock.sendall(request)


def receive(sock, n):
    data = b""
    while len(data) < n:
        some = sock.recv(n - len(data))
        if not some:
            raise EOFError
        data += some
    return data


def is_net(place):
    return ":" in place


def connect(place):
    if is_net(place):
        host, port = place.rsplit(":", 1)
        return socket.create_connection((host, int(port)), 10,
                                        (os.environ.get("FEED_FROM", ""), 0))
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(10)
    sock.connect(place if "/" in place else file_of(place) + ".sock")
    return sock


def places():
    user = os.geteuid()
    yield os.environ.get("XDG_RUNTIME_DIR", "/nowhere") + "/memtrace"
    yield f"/run/user/{user}/memtrace"
    yield f"/tmp/memtrace-{user}"
    yield os.environ.get("HOME", "/nowhere") + "/.local/state/memtrace"


def file_of(port):
    for place in places():
        if os.path.exists(f"{place}/live-{port}"):
            return f"{place}/live-{port}"
    raise FileNotFoundError(f"no program is recorded on port {port}")


def token(port):
    with open(file_of(port)) as f:
        return bytes.fromhex(f.read().split()[1])


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
    place, command, *rest = sys.argv[1:]
    if command in ("hello", "hold"):
        with connect(place) as sock:
            start = time.monotonic()
            sock.settimeout(30)
            if command == "hello":
                sock.sendall(bytes.fromhex(rest[0]))
                print(len(end_of_connection(sock)))
            else:
                end_of_connection(sock)
                print(round(time.monotonic() - start))
        return
    feed = Feed(place)
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
