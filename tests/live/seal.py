"""Sealed connections, in nothing but Python: see memtrace-live(5).

Noise_NNpsk0_25519_ChaChaPoly_SHA256, the side of the viewer.  Slow, and with
no thought of who measures how long it takes: for tests.
"""

import hashlib
import hmac
import os
import struct

P = 2 ** 255 - 19
NAME = b"Noise_NNpsk0_25519_ChaChaPoly_SHA256"


def x25519(secret, point=(9).to_bytes(32, "little")):
    """RFC 7748, section 5."""
    k = int.from_bytes(secret, "little")
    k = k & ~7 & (1 << 254) - 1 | 1 << 254
    x1 = int.from_bytes(point, "little") & (1 << 255) - 1
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for bit in reversed(range(255)):
        swap ^= k >> bit & 1
        if swap:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = k >> bit & 1
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb = d * a % P, c * b % P
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        aa, bb = a * a % P, b * b % P
        e = aa - bb
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


def quarter(s, a, b, c, d):
    for x, y, z, n in (a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7):
        s[x] = s[x] + s[y] & 0xFFFFFFFF
        v = s[z] ^ s[x]
        s[z] = (v << n | v >> 32 - n) & 0xFFFFFFFF


ROUNDS = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
          (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]


def chacha_block(key, counter, nonce):
    start = list(struct.unpack("<16I", b"expand 32-byte k" + key +
                               struct.pack("<I", counter) + nonce))
    s = start[:]
    for _ in range(10):
        for columns in ROUNDS:
            quarter(s, *columns)
    return struct.pack("<16I", *(a + b & 0xFFFFFFFF
                                 for a, b in zip(s, start)))


def chacha(key, nonce, data):
    stream = b"".join(chacha_block(key, 1 + i, nonce)
                      for i in range((len(data) + 63) // 64))
    return bytes(a ^ b for a, b in zip(data, stream))


def tag(key, nonce, data, bound):
    """RFC 8439, section 2.8."""
    block = chacha_block(key, 0, nonce)
    r = int.from_bytes(block[:16], "little") & \
        0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    text = b"".join(part + bytes(-len(part) % 16) for part in (bound, data))
    text += struct.pack("<QQ", len(bound), len(data))
    a = 0
    for i in range(0, len(text), 16):
        a = (a + int.from_bytes(text[i:i + 16] + b"\x01", "little")) * r
        a %= 2 ** 130 - 5
    a += int.from_bytes(block[16:32], "little")
    return (a & (1 << 128) - 1).to_bytes(16, "little")


class Cipher:
    def __init__(self, key):
        self.key, self.n = key, 0

    def nonce(self):
        self.n += 1
        return bytes(4) + struct.pack("<Q", self.n - 1)

    def close(self, data, bound=b""):
        nonce = self.nonce()
        sealed = chacha(self.key, nonce, data)
        return sealed + tag(self.key, nonce, sealed, bound)

    def open(self, sealed, bound=b""):
        nonce = self.nonce()
        if tag(self.key, nonce, sealed[:-16], bound) != sealed[-16:]:
            raise ValueError("this is not from who knows the token")
        return chacha(self.key, nonce, sealed[:-16])


class Viewer:
    """greeting() is sent, answer() takes what came; then close(), open()."""

    def __init__(self, token, said):
        self.token, self.secret = token, os.urandom(32)
        self.hash = self.chain = hashlib.sha256(NAME).digest()
        self.mix_hash(said)

    def mix_hash(self, data):
        self.hash = hashlib.sha256(self.hash + data).digest()

    def derive(self, data, n):
        key = hmac.digest(self.chain, data, "sha256")
        out = [b""]
        for i in range(n):
            out.append(hmac.digest(key, out[-1] + bytes([i + 1]), "sha256"))
        return out[1:]

    def mix_key(self, data):
        self.chain, key = self.derive(data, 2)
        self.cipher = Cipher(key)

    def greeting(self):
        self.chain, new, key = self.derive(self.token, 3)
        self.mix_hash(new)
        public = x25519(self.secret)
        self.mix_hash(public)
        self.mix_key(public)
        sealed = self.cipher.close(b"", self.hash)
        self.mix_hash(sealed)
        return public + sealed

    def answer(self, data):
        public, sealed = data[:32], data[32:]
        self.mix_hash(public)
        self.mix_key(public)
        self.mix_key(x25519(self.secret, public))
        self.cipher.open(sealed, self.hash)
        self.mix_hash(sealed)
        out, into = self.derive(b"", 2)
        self.close, self.open = Cipher(out).close, Cipher(into).open
