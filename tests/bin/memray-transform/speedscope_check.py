"""Is a file what speedscope reads?  With one argument, the parts of its schema
that a sampled profile needs, checked by hand; with the schema itself as the
second, all of it."""

import json
import sys

with open(sys.argv[1], encoding="utf-8") as f:
    data = json.load(f)

if len(sys.argv) > 2:
    import jsonschema

    with open(sys.argv[2], encoding="utf-8") as f:
        schema = json.load(f)
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.Draft7Validator(schema).validate(data)

assert data["$schema"] == "https://www.speedscope.app/file-format-schema.json"
frames = data["shared"]["frames"]
for frame in frames:
    assert isinstance(frame["name"], str)
    assert isinstance(frame.get("file", ""), str)
    assert isinstance(frame.get("line", 1), int)
    assert set(frame) <= {"name", "file", "line", "col"}
assert len({json.dumps(f) for f in frames}) == len(frames)
assert data["profiles"]
assert 0 <= data["activeProfileIndex"] < len(data["profiles"])
units = {"none", "nanoseconds", "microseconds", "milliseconds", "seconds", "bytes"}
for p in data["profiles"]:
    assert p["type"] == "sampled" and p["unit"] in units
    assert isinstance(p["name"], str)
    assert len(p["samples"]) == len(p["weights"])
    assert p["endValue"] - p["startValue"] == sum(p["weights"])
    assert all(w > 0 for w in p["weights"])
    assert all(0 <= i < len(frames) for s in p["samples"] for i in s)
    assert all(p["samples"])
print(len(frames), "frames")
