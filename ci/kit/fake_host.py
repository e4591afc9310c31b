#!/usr/bin/env python3
"""ci/kit/fake_host.py FOLDER

The part of a code host's API that ci/kit/gate.sh uses, on the loopback device, for tests: comments
of a request in pages. In FOLDER it keeps

    port          where it listens
    comments.json what comments there are; a test may write it, too
    requests      a line for each request: method, path, and who asked
    mode          what a test writes: a number is the status of each answer, "garbage" is an answer
                  that is no JSON; without it all is well
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlparse

FOLDER = sys.argv[1]


def path(name):
    return os.path.join(FOLDER, name)


def read(name, otherwise):
    return open(path(name)).read() if os.path.exists(path(name)) else otherwise


class Host(BaseHTTPRequestHandler):
    def answer(self, status, content):
        data = content.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def note(self):
        who = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN")
        with open(path("requests"), "a") as requests:
            requests.write(f"{self.command} {self.path} {who}\n")
        mode = read("mode", "").strip()
        if mode == "garbage":
            self.answer(200, "<html>we are sorry</html>")
        elif mode:
            self.answer(int(mode), '{"message": "no"}')
        return bool(mode)

    def body(self):
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))["body"]

    def do_GET(self):
        if self.note():
            return
        url = urlparse(self.path)
        if url.path.endswith("/user"):
            self.answer(200, '{"username": "gate"}')
            return
        query = parse_qs(url.query)
        size, page = int(query["per_page"][0]), int(query["page"][0])
        comments = json.loads(read("comments.json", "[]"))
        self.answer(200, json.dumps(comments[(page - 1) * size : page * size]))

    def do_POST(self):
        body = self.body()
        if self.note():
            return
        comments = json.loads(read("comments.json", "[]"))
        comments.append(
            {
                "id": 7000 + len(comments),
                "body": body,
                "user": {"login": "github-actions[bot]", "type": "Bot"},
                "author": {"username": "gate"},
            }
        )
        self.save(comments)
        self.answer(201, json.dumps(comments[-1]))

    def change(self):
        body = self.body()
        if self.note():
            return
        comments = json.loads(read("comments.json", "[]"))
        for comment in comments:
            if str(comment["id"]) == self.path.rsplit("/", 1)[1]:
                comment["body"] = body
                self.save(comments)
                self.answer(200, json.dumps(comment))
                return
        self.answer(404, "{}")

    do_PATCH = change
    do_PUT = change

    def save(self, comments):
        with open(path("comments.json"), "w") as file:
            json.dump(comments, file)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Host)
with open(path("port.new"), "w") as file:
    file.write(str(server.server_port))
os.rename(path("port.new"), path("port"))
server.serve_forever()
