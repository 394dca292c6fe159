"""A WSGI application whose every request allocates."""

import tally


def app(environ, start_response):
    tally.spend(400)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"spent\n"]
