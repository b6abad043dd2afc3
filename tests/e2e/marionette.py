"""Drives a headless Mozilla program over its own remote protocol (Marionette)."""
import json
import socket

from processes import HOST, Process, free_port, wait_until

QUIET = {
    "app.update.auto": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.rights.version": 1,
    "mail.shell.checkDefaultClient": False,
    "mail.spotlight.firstRunDone": True,
    "mailnews.start_page.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}


class Marionette:
    """One program with a profile of its own in `folder`; scripts run with the program's privileges."""

    def __init__(self, program, folder, preferences):
        profile = folder / "profile"
        profile.mkdir(parents=True)
        port = free_port()
        wanted = {**QUIET, "marionette.port": port, **preferences}
        (profile / "user.js").write_text("".join(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
                                                 for name, value in wanted.items()))
        self.process = Process([program, "--headless", "--no-remote", "-profile", profile, "-marionette",
                                "-remote-allow-system-access"], folder / "log", environment={"HOME": str(folder)})
        self.socket, self.buffer, self.number = None, b"", 0
        try:
            self.process.wait_port(port, 60)
            self.socket = socket.create_connection((HOST, port), 60)
            self._receive()  # who it is
            self.call("WebDriver:NewSession", capabilities={})
            self.call("Marionette:SetContext", value="chrome")
        except BaseException:
            self.stop()
            raise

    def _receive(self):
        """One packet: its length in octets, a colon, JSON."""
        while b":" not in self.buffer:
            self._more()
        size = int(self.buffer.partition(b":")[0])
        start = self.buffer.index(b":") + 1
        while len(self.buffer) < start + size:
            self._more()
        packet, self.buffer = self.buffer[start:start + size], self.buffer[start + size:]
        return json.loads(packet)

    def _more(self):
        data = self.socket.recv(65536)
        if not data:
            raise AssertionError("the program closed its connection")
        self.buffer += data

    def call(self, command, **parameters):
        self.number += 1
        data = json.dumps([0, self.number, command, parameters]).encode()
        self.socket.sendall(str(len(data)).encode() + b":" + data)
        while True:
            kind, number, error, result = self._receive()
            if kind == 1 and number == self.number:
                break
        if error:
            raise AssertionError(f"{command}: {error['message']}\n{error.get('stacktrace', '')[:2000]}")
        return result

    def script(self, body, *arguments):
        """Runs the body of an async function with `arguments`; gives what it returns."""
        wrapped = f"""
            const [args, resolve] = [Array.from(arguments).slice(0, -1), arguments[arguments.length - 1]];
            (async () => {{ {body} }})().then(value => resolve({{value}}), error => resolve({{error: String(error)}}));
        """
        answer = self.call("WebDriver:ExecuteAsyncScript", script=wrapped, args=list(arguments))["value"]
        if "error" in answer:
            raise AssertionError(f"{answer['error']}\nin {body}")
        return answer.get("value")

    def wait(self, body, what, *arguments, seconds=60):
        return wait_until(lambda: self.script(body, *arguments), what, seconds)

    def stop(self):
        if self.socket:
            self.socket.close()
        self.process.stop(30)
