# What audit hooks hear of in a program that does a little of everything; the
# hook is installed by sitecustomize.py, which is this file, too;
# with AUDIT_DENY it refuses what a program need not do.

import os
import sys

if __name__ == "sitecustomize":
    heard = []
    deny = "AUDIT_DENY" in os.environ

    def text(value):
        if isinstance(value, (str, bytes, int, type(None))):
            return repr(value)[:80]
        return type(value).__name__

    def hook(event, args):
        heard.append(event + " " + " ".join(text(a) for a in args))
        if deny and (event == "object.__getattr__" or
                     event == "compile" and "audit.py" not in str(args[1])):
            raise RuntimeError(event + " is denied")

    sys.addaudithook(hook)
else:
    import sitecustomize

    if not sitecustomize.deny:
        import atexit
        import threading

        kept = [bytearray(100000) for i in range(100)]
        threads = [threading.Thread(target=bytearray, args=(1000000,))
                   for i in range(3)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        atexit.register(lambda: print(*sitecustomize.heard, sep="\n"))
    else:
        print(*sitecustomize.heard, sep="\n")
    print("atexit" in sys.modules)
