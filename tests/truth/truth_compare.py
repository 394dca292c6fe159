"""usage: truth_compare.py [--api] log events leaks

Compare what a program knows of its blocks with what the capture says.
Prints the first differences and exits 1 if there are any.
"""
import collections
import sys

SHOW = 5


def read_log(path):
    frames, blocks, kept, unsure, words = {}, [], set(), set(), set()
    with open(path, "rb") as f:
        for line in f:
            word, *rest = line.rstrip(b"\n").split(b"\t")
            if word == b"frame":
                frames[rest[0]] = rest[1]
            elif word == b"unsure":
                unsure.add(frames[rest[0]])
            elif word == b"block":
                size, kind, thread, chain = rest
                blocks.append((int(size), kind, thread,
                               [frames[n] for n in chain.split()]))
            elif word == b"kept":
                kept.add(int(rest[0]))
            else:
                words.add(word)
    return blocks, kept, unsure, words


def read_events(path):
    allocated, freed = collections.defaultdict(list), collections.Counter()
    with open(path, "rb") as f:
        for line in f:
            word, size, *rest = line.rstrip(b"\n").split(b"\t")
            if word == b"alloc":
                allocated[int(size)].append((rest[0], rest[1], rest[2:]))
            elif word == b"free":
                freed[int(size)] += 1
    return allocated, freed


def read_leaks(path):
    """Thread and stack -> number and bytes, of memory from malloc."""
    leaks = collections.Counter()
    with open(path, "rb") as f:
        for line in f:
            _, count, size, allocator, thread, *frames = \
                line.rstrip(b"\n").split(b"\t")
            if allocator != b"mmap":
                leaks[thread, tuple(frames), "count"] += int(count)
                leaks[thread, tuple(frames), "bytes"] += int(size)
    return leaks


class Differences:
    def __init__(self):
        self.count = 0

    def add(self, text, *details):
        self.count += 1
        if self.count <= SHOW:
            print(text)
            for line in details:
                print("    " + line)

    def add_stack(self, text, expected, found):
        details = []
        for i in range(max(len(expected), len(found))):
            e = expected[i] if i < len(expected) else b"-"
            f = found[i] if i < len(found) else b"-"
            if e != f:
                details.append("%d: expected %r" % (i, e))
                details.append("%s  found    %r" % (" " * len(str(i)), f))
        if len(details) > 24:
            details[16:-4] = ["..."]
        self.add(text, *details)


def without_line(frame):
    return frame.rsplit(b":", 1)[0]


def same_but(unsure, frames, found):
    """The same but for the lines of frames without a line of their own."""
    return len(frames) == len(found) and all(
        e == f or e in unsure and without_line(e) == without_line(f)
        for e, f in zip(frames, found))


def compare_blocks(blocks, allocated, unsure, api, bad):
    for size, kind, thread, frames in blocks:
        name = "block of %d bytes (%s, thread %s)" % (
            size, kind.decode(), thread.decode())
        found = allocated.get(size, [])
        if found == []:
            bad.add("%s: not in the capture" % name,
                    *[repr(f) for f in frames[:8]])
            continue
        # Something else may have that size as well; then one has to match.
        if len(found) > 1 and (thread, frames) in [f[1:] for f in found]:
            continue
        _, found_thread, found_frames = found[-1]
        if found_thread != thread:
            bad.add("%s: in thread %r" % (name, found_thread))
        # The public functions say nothing to threads without the GIL, and
        # otherwise nothing but lines.
        if api and (kind in (b"nogil", b"mmap") and found_frames == [] or
                    same_but(unsure, frames, found_frames)):
            continue
        if found_frames != frames:
            bad.add_stack(name, frames, found_frames)


def compare_frees(blocks, kept, allocated, freed, immortal, bad):
    for size, kind, _, frames in blocks:
        expected = len(allocated[size]) - (size in kept)
        if kind == b"bytes" and freed[size] != expected and not (
                immortal and freed[size] < expected):
            bad.add("block of %d bytes: %s, %s" % (
                size, "kept" if size in kept else "dropped",
                "freed" if freed[size] else "never freed"),
                *[repr(f) for f in frames[:8]])


def expected_leaks(blocks, kept, allocated, freed):
    """malloc is called by name: such blocks stay unless somebody frees."""
    expected = collections.Counter()
    for size, kind, thread, frames in blocks:
        if size in kept or kind in (b"malloc", b"nogil") and \
                freed[size] < len(allocated[size]):
            expected[thread, tuple(frames), "count"] += 1
            expected[thread, tuple(frames), "bytes"] += size
    return expected


def compare_leaks(expected, leaks, exact, bad):
    for (thread, frames, what), n in expected.items():
        found = leaks[thread, frames, what]
        # At other places the interpreter may have kept something, too.
        if found < n or (found > n and exact and frames[0][:5] == b"kept_"):
            bad.add("%s leaked: expected %d, found %d, thread %s" % (
                what, n, found, thread.decode()),
                *[repr(f) for f in frames[:8]])


def main():
    args = sys.argv[1:]
    api = "--api" in args
    log, events, leaks = [a for a in args if a != "--api"]
    blocks, kept, unsure, words = read_log(log)
    allocated, freed = read_events(events)
    bad = Differences()
    compare_blocks(blocks, allocated, unsure, api, bad)
    compare_frees(blocks, kept, allocated, freed, b"immortal" in words, bad)
    if not api:
        compare_leaks(expected_leaks(blocks, kept, allocated, freed),
                      read_leaks(leaks), b"inexact" not in words, bad)
    print("%d blocks, %d kept, deepest stack %d, %d threads, %d differences"
          % (len(blocks), len(kept), max(len(b[3]) for b in blocks),
             len({b[2] for b in blocks}), bad.count))
    if len(blocks) < 1000:
        print("too few blocks")
        return 1
    return bad.count != 0


sys.exit(main())
