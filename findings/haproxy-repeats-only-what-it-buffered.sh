#!/usr/bin/env bash
# HAProxy's `retry-on` silently does not repeat a request whose body arrives after its head.
#
# A server reads a request and closes the connection. With `retries`, `option redispatch` and
# `retry-on empty-response`, a good guess is that the request goes to the next server; POST is not
# excluded. HAProxy 2.6 repeats it only if the whole request was in its buffer before the first byte
# was sent. So even a body of 1,000 bytes, which fits the default buffer of 16 kB, is not repeated
# if the client sends it in a segment of its own. `option http-buffer-request` makes HAProxy wait
# for the body, and `tune.bufsize` has to be larger than the request. A larger request is passed on
# and not repeated.
# Debian 12 on x86-64: the script unpacks HAProxy 2.6.12-1+deb12u4 and its libraries into a folder.
# Exits with another code than 0 if HAProxy behaves otherwise.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download haproxy=2.6.12-1+deb12u4 liblua5.3-0=5.3.6-2 \
    libopentracing-c-wrapper0=1.1.3-3+b1 libopentracing1=1.6.0-4 >/dev/null 2>&1
echo '97ca097d12b43fc5cb1b17aa5e84957735ef312a2e02cf8a99512fa1abe8a955' haproxy_*.deb |
    sha256sum --check --quiet
for package in ./*.deb; do dpkg-deb -x "$package" root; done
LD_LIBRARY_PATH="$folder/root/usr/lib/x86_64-linux-gnu" python3 - "$folder/root/usr/sbin/haproxy" <<'PYTHON'
import http.client
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PROGRAM = sys.argv[1]


def serve(answers):
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *words):
            pass

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            if answers:
                self.send_response(200)
                self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def post(port, size):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.putrequest("POST", "/")
    connection.putheader("Content-Length", str(size))
    connection.endheaders()
    time.sleep(0.05)  # the body comes in a segment of its own
    connection.send(b"x" * size)
    return connection.getresponse().status


def statuses(size, *lines, bufsize=16384):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    Path("haproxy.cfg").write_text(f"""
global
    tune.bufsize {bufsize}
defaults
    mode http
    timeout connect 2s
    timeout client 20s
    timeout server 20s
    retries 2
    option redispatch 1
    retry-on conn-failure empty-response
    {"; ".join(lines)}
listen both
    bind 127.0.0.1:{port}
    server broken 127.0.0.1:{BROKEN}
    server good 127.0.0.1:{GOOD}
""")
    process = subprocess.Popen([PROGRAM, "-db", "-f", "haproxy.cfg"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.05)
        return {post(port, size) for _ in range(6)}
    finally:
        process.kill()
        process.wait()


print(subprocess.check_output([PROGRAM, "-v"], text=True).splitlines()[0])
BROKEN, GOOD = serve(False), serve(True)
wait = "option http-buffer-request"
found = {
    "1,000 bytes": statuses(1_000),
    "1,000 bytes, waiting for the body": statuses(1_000, wait),
    "100,000 bytes, waiting for the body": statuses(100_000, wait),
    "100,000 bytes, waiting for the body, larger buffers": statuses(
        100_000, wait, bufsize=200_000
    ),
}
for case, seen in found.items():
    print(f"{case}: {sorted(seen)}")
assert list(found.values()) == [{200, 502}, {200}, {200, 502}, {200}]
PYTHON
