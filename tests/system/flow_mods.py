"""What ovs-ofctl sends, and what a switch answers to it, byte by byte.

A Recorder is a switch that agrees to everything: it gives the messages by which Debian's ovs-ofctl adds a flow. A Peer is a connection to a real
switch that they are sent to.
"""

import os
import socket
import struct
import subprocess
import tempfile
import threading

VERSIONS = {"OpenFlow10": 1, "OpenFlow13": 4, "OpenFlow14": 5, "OpenFlow15": 6}
HELLO, ERROR, ECHO_REQUEST, ECHO_REPLY, VENDOR, FLOW_MOD = 0, 1, 2, 3, 4, 14
EXTENDED_ERRORS = (0xb0c2, 0xffff)
SILENCE = 60 * (5 if "-san" in os.environ.get("SLUICE_BIN", "") else 1)


def header(version, kind, length=8, xid=1):
    return struct.pack("!BBHI", version, kind, length, xid)


def hello(version):
    return header(version, HELLO, 16) + struct.pack("!HHI", 1, 8, 1 << version)


def barrier(version):
    return 18 if version == 1 else 20


class Stream:
    """OpenFlow messages of one connection."""

    def __init__(self, sock, version):
        self.sock = sock
        self.version = version
        self.buffer = b""
        sock.settimeout(SILENCE)
        self.send(hello(version))

    def send(self, data):
        self.sock.sendall(data)

    def fill(self, n):
        """False at the end of the stream."""
        while len(self.buffer) < n:
            data = self.sock.recv(65536)
            if not data:
                return False
            self.buffer += data
        return True

    def receive(self):
        """The next message that is neither hello nor echo; None when the peer is gone."""
        while self.fill(8):
            _, kind, length, xid = struct.unpack("!BBHI", self.buffer[:8])
            if not self.fill(length):
                return None
            message, self.buffer = self.buffer[:length], self.buffer[length:]
            if kind == ECHO_REQUEST:
                self.send(header(self.version, ECHO_REPLY, 8, xid))
            elif kind not in (HELLO, ECHO_REPLY):
                return message
        return None

    def close(self):
        self.sock.close()


class Recorder:
    def __init__(self, version):
        self.name = version
        self.version = VERSIONS[version]
        self.dir = tempfile.TemporaryDirectory(prefix="recorder-")
        self.path = f"{self.dir.name}/br0.mgmt"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        self.messages = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            stream = Stream(sock, self.version)
            try:
                self.agree(stream)
            except OSError:
                pass  # The client has left in the middle.
            stream.close()

    def agree(self, stream):
        while (message := stream.receive()) is not None:
            if message[1] == barrier(self.version):
                stream.send(header(self.version, message[1] + 1, 8, struct.unpack("!I", message[4:8])[0]))
            else:
                self.messages.append(message)

    def record(self, flow):
        """The messages that add a flow; None when ovs-ofctl does not take it."""
        self.messages = []
        p = subprocess.run(["ovs-ofctl", f"-O{self.name}", "--no-names", "add-flow", f"unix:{self.path}", flow],
                           capture_output=True, text=True, timeout=SILENCE)
        return None if p.returncode else self.messages

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()
        self.dir.cleanup()


class Peer:
    def __init__(self, rundir, version):
        self.version = VERSIONS[version]
        self.rundir = rundir
        self.stream = None

    def connect(self):
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(f"{self.rundir}/br0.mgmt")
        self.close()
        self.stream = Stream(sock, self.version)

    def ask(self, messages):
        """Sends them: the type and code of the first error that is answered, as bytes, or None."""
        if self.stream is None or self.version == 1:
            self.connect()  # In 1.0 a connection has a flow format, which some flows change.
        self.stream.send(b"".join(messages) + header(self.version, barrier(self.version)))
        error = None
        while True:
            message = self.stream.receive()
            assert message is not None, "the switch has closed the connection"
            if message[1] == ERROR:
                extended = struct.unpack("!H", message[8:10])[0] in EXTENDED_ERRORS
                error = error or message[8:20 if extended and self.version == 1 else 16 if extended else 12]
            elif message[1] == barrier(self.version) + 1:
                return error

    def close(self):
        if self.stream:
            self.stream.close()
            self.stream = None


def error_name(version, error):
    """Of what ask() answered."""
    data = header(VERSIONS[version], ERROR, 8 + len(error)) + error
    text = subprocess.run(["ovs-ofctl", "ofp-print", data.hex()], capture_output=True, text=True, timeout=SILENCE).stdout
    return f"{text.split(':')[-1].strip().splitlines()[0] if ':' in text else text} ({error.hex()})"
