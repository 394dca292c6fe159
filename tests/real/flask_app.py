"""usage: flask_app.py file

A web application under werkzeug's own server; its port is written to file.
"""
import logging
import sys

import flask
from werkzeug.serving import make_server

app = flask.Flask(__name__)
sessions = {}
logging.getLogger("werkzeug").disabled = True


@app.route("/")
def index():
    return flask.render_template_string(
        "{% for i in numbers %}<p>{{ i }}</p>{% endfor %}",
        numbers=range(200))


@app.route("/login/<int:user>")
def login(user):
    sessions[user] = remember(user)
    return flask.jsonify(user=user, size=len(sessions[user]))


def remember(user):
    return bytearray(100000 + user)


server = make_server("127.0.0.1", 0, app, threaded=True)
with open(sys.argv[1], "w") as out:
    out.write("%d\n" % server.port)
server.serve_forever()
