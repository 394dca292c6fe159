"""json of the standard library: to text and back."""

import json

import harness

VALUE = {
    "users": [
        {"id": i, "name": "user %d" % i, "tags": ["a", "b", str(i)],
         "score": i / 7, "address": {"street": "Street %d" % i, "no": i}}
        for i in range(2000)
    ]
}


def work(n):
    for _ in range(n):
        text = json.dumps(VALUE, indent=1)
        assert len(json.loads(text)["users"]) == 2000


harness.run(work, 20)
