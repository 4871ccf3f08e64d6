"""Runs inside the sandbox: lends an agent a loopback address, and passes its bytes to the harness's Unix socket.

Reads one JSON object from standard input: ``{"socket": path, "argv": […], "env": {…}, "place": text}``; *place* in the
values stands for the address. Ends with the agent's exit code. Standard library only. Nothing depends on its honesty:
what is on the other side of the socket counts and limits.
"""

import json
import os
import socket
import subprocess  # noqa: TID251 - inside the sandbox
import sys
import threading

_READ_BYTES = 1 << 16


def main() -> int:
    """Serve until the agent has ended."""
    order = json.loads(sys.stdin.buffer.read())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        threading.Thread(target=accept, args=(listener, order["socket"]), daemon=True).start()
        argv = [argument.replace(order["place"], base_url) for argument in order["argv"]]
        env = {**os.environ, **{name: value.replace(order["place"], base_url) for name, value in order["env"].items()}}
        try:
            code = subprocess.call(argv, env=env, stdin=subprocess.DEVNULL)  # noqa: S603 - what it is here for
        except OSError as error:
            sys.stderr.write(f"{argv[0]}: cannot be started: {error}\n")
            return 127
    return code if code >= 0 else 128 - code


def accept(listener: socket.socket, path: str) -> None:
    """One connection to the socket at *path* for each to *listener*, until that is closed."""
    while True:
        try:
            near, _ = listener.accept()
        except OSError:
            return
        far = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            far.connect(path)
        except OSError:
            near.close()
            far.close()
            continue
        for source, sink in ((near, far), (far, near)):
            threading.Thread(target=pump, args=(source, sink), daemon=True).start()


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Pass bytes on until *source* ends, then say so."""
    try:
        while data := source.recv(_READ_BYTES):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()
        sink.close()


if __name__ == "__main__":
    sys.exit(main())
