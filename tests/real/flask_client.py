"""usage: flask_client.py port requests

Prints a digest of all answers.
"""
import hashlib
import sys
import threading
import urllib.request

port, count = map(int, sys.argv[1:])
digests = {}


def ask(first):
    for user in range(first, count, 4):
        url = "http://127.0.0.1:%d/" % port
        if user % 2:
            url += "login/%d" % user
        with urllib.request.urlopen(url) as answer:
            digests[user] = hashlib.sha1(answer.read()).hexdigest()


threads = [threading.Thread(target=ask, args=(i,)) for i in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(len(digests), hashlib.sha1(repr(sorted(digests.items())).encode())
      .hexdigest())
