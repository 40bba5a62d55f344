"""A Container API in Python, about as fast as a sidecar in a scripting language is: answers are
prepared, what comes in is counted and hashed. `stand_in.py ROWS FILE`: FILE holds the answer to a
read of 999 rows."""

import hashlib
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROWS = int(sys.argv[1])
with open(sys.argv[2], "rb") as file:
    ANSWER = file.read()
BATCH = 999
END = b'{"message":"","data":[]}'
WRITTEN = b'{"message":"Written successfully."}'


class Seen:
    reads = bodies = rows = bytes = 0
    first = last = 0.0
    hash = hashlib.blake2b(digest_size=16)


class StandIn(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def reply(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def do_GET(self):
        if self.path.startswith("/input/input/next_batch"):
            Seen.first = Seen.first or time.perf_counter()
            more = Seen.reads * BATCH < ROWS
            Seen.reads += 1
            self.reply(200, ANSWER if more else END)
        elif self.path.startswith("/items/input/count"):
            self.reply(200, b'{"data":{"count":%d}}' % (-(-ROWS // BATCH) * BATCH))
        else:
            report = f"{Seen.reads} {Seen.bodies} {Seen.rows} {Seen.bytes} {Seen.hash.hexdigest()} {Seen.last - Seen.first}"
            self.reply(200, report.encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/output/"):
            Seen.bodies += 1
            Seen.rows += body.count(b"}") - 1 - body.count(b'"meta"')
            Seen.bytes += len(body)
            Seen.hash.update(body)
            Seen.last = time.perf_counter()
        self.reply(201, WRITTEN)


server = ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
server.daemon_threads = True
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
