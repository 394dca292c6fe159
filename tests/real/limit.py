"""Needs less memory than the limit on the address space, then more."""
kept = [bytearray(1 << 20) for _ in range(200)]
try:
    more = bytearray(500 << 20)
    print("too much")
except MemoryError:
    print("no more")
print(len(kept))
