"""Somebody else on the machine: run by root, it becomes nobody first.

usage: stranger.py command [argument ...]

    relay PORT HOST     listen on PORT of the loopback, and pass on what comes
                        to the same port of HOST, and back; one connection,
                        then what either side said, in hexadecimal
    answer PORT         listen there; take what is said, and answer nonsense
    flood HOST PORT     connect again and again, and say a little or nothing
    read FILE           "no" if it cannot be read
    ask SOCKET          greet through a local socket; how many bytes come back
"""

import encodings.idna  # what needs it may be out of reach later
import os
import selectors
import socket
import struct
import sys

MAGIC = b"MTFEED\r\n"


def become_nobody():
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def listen(port):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen(1)
    sock.settimeout(60)
    print("listening", flush=True)
    return sock.accept()[0]


def relay(port, host):
    viewer = listen(port)
    server = socket.create_connection((host, port))
    said = {viewer: b"", server: b""}
    other = {viewer: server, server: viewer}
    poll = selectors.DefaultSelector()
    for sock in said:
        poll.register(sock, selectors.EVENT_READ)
    while True:
        for key, _ in poll.select(60):
            data = key.fileobj.recv(65536)
            if not data:
                print("viewer", said[viewer].hex())
                print("server", said[server].hex(), flush=True)
                return
            said[key.fileobj] += data
            other[key.fileobj].sendall(data)


def answer(port):
    viewer = listen(port)
    print(len(viewer.recv(4096)))
    viewer.sendall(MAGIC + struct.pack("<I", 2) + os.urandom(48))
    viewer.settimeout(20)
    viewer.recv(4096)


def flood(host, port):
    crowd, n = [], 0
    while True:
        try:
            crowd.append(socket.create_connection((host, port)))
            if n % 2:
                crowd[-1].send(MAGIC)
        except ConnectionError:
            pass
        n += 1
        if n == 300:
            print("flooding", flush=True)
        while len(crowd) > 400:
            crowd.pop(0).close()


def read(path):
    try:
        with open(path, "rb") as f:
            print(len(f.read()))
    except OSError:
        print("no")


def ask(path):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(20)
    n = 0
    try:
        sock.connect(path)
        sock.sendall(MAGIC + struct.pack("<III", 2, 1, 100))
        while True:
            data = sock.recv(4096)
            if not data:
                break
            n += len(data)
    except ConnectionError:
        pass
    except PermissionError:
        n = "no"
    print(n)


if __name__ == "__main__":
    if os.geteuid() == 0:
        become_nobody()
    command, *rest = sys.argv[1:]
    rest = [int(x) if x.isdigit() else x for x in rest]
    {"relay": relay, "answer": answer, "flood": flood, "read": read,
     "ask": ask}[command](*rest)
