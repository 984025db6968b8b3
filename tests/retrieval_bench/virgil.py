"""Virgil itself: the real program reads the files and answers over HTTP."""

import http.client
import json
import re
import subprocess


class Virgil:
    """A server over a folder of files, for as long as it is open."""

    def __init__(self, program, model, work, files):
        self.program = str(program.resolve())
        self.files = files.resolve()
        self.data = work / "data"
        self.data.mkdir(parents=True)
        for name in ("models", "onnxruntime"):
            (self.data / name).symlink_to((model / name).resolve())
        self.config = work / "config"
        self.config.mkdir()

    def __enter__(self):
        place = [self.program, "--data-dir", str(self.data), "--config", str(self.config)]
        subprocess.run([*place, "ingest", str(self.files), "--name", "corpus"], check=True, stdout=subprocess.DEVNULL)
        self.child = subprocess.Popen([*place, "serve", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        address = re.search(r"http://(\S+)", self.child.stdout.readline())
        if not address:
            raise SystemExit("the server does not say where it listens")
        self.connection = http.client.HTTPConnection(address.group(1), timeout=600)
        return self

    def __exit__(self, *_):
        self.connection.close()
        self.child.terminate()
        self.child.wait(30)

    def search(self, question, limit):
        body = json.dumps({"query": question, "limit": limit})
        self.connection.request("POST", "/api/v1/search", body, {"content-type": "application/json"})
        response = self.connection.getresponse()
        answer = json.loads(response.read())
        if response.status != 200:
            raise SystemExit(f"`{question}`: {answer}")
        return answer["passages"]
