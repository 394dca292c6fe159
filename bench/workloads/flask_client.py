"""Flask: requests to an application with a template, without a network."""

import flask

import harness

app = flask.Flask(__name__)
PAGE = """<!doctype html><title>{{ title }}</title><ul>
{% for row in rows %}<li class="{{ loop.cycle('a', 'b') }}">{{ row }}</li>
{% endfor %}</ul>"""


@app.route("/list/<int:count>")
def listing(count):
    rows = ["row %d <of> %d" % (i, count) for i in range(count)]
    return flask.render_template_string(PAGE, title="List", rows=rows)


@app.route("/json", methods=["POST"])
def echo():
    return flask.jsonify(flask.request.get_json())


def work(n):
    client = app.test_client()
    for i in range(n):
        assert client.get("/list/%d" % (i % 50)).status_code == 200
        reply = client.post("/json", json={"number": i, "list": [1, 2, 3]})
        assert reply.get_json()["number"] == i


harness.run(work, 300)
