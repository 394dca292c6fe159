"""usage: truth_main.py log [rounds [depth]]

Allocates in all kinds of code, and writes what it did to log.
"""
import atexit
import gc
import sys

import truth_async          # each adds its kinds
import truth_classes
import truth_codes
import truth_deep
import truth_kinds
import truth_log
import truth_threads

atexit.register(truth_log.write, sys.argv[1])
# A debug build takes ten times as long.
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else \
    1 if truth_log.DEBUG else 3
DEPTH = int(sys.argv[3]) if len(sys.argv) > 3 else 5000


@atexit.register
def at_exit():
    truth_kinds.step(2)
    gc.collect()        # classes are cycles, and nobody keeps these


make, size = truth_kinds.block()
make(size)
for function in truth_kinds.KINDS:
    function(0)
    function(1)
for i in range(ROUNDS * len(truth_kinds.KINDS)):
    truth_kinds.RANDOM.choice(truth_kinds.KINDS)(i % 7)
truth_codes.churn(500 * ROUNDS)
truth_deep.run(DEPTH)
truth_deep.run_overflow()
# Assertions in debug builds of 3.14 do not survive, even untraced, that
# threads and signal handlers switch tracing on and off.
truth_kinds.may_trace = not truth_log.DEBUG
truth_threads.run()
make(size)
