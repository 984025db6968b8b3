"""YAML, JSON and JSON Lines as plain values that know their lines.

A mapping is a `Map`, a sequence a `List`, everything else a `Text` as it is written (`1.10` stays `1.10`). Lines count from 1.
A YAML stream that is damaged is read document by document, so that one bad document does not lose the others.
"""

import re

import yaml


class Text(str):
    line = 0
    plain = False


class List(list):
    line = 0


class Map(dict):
    line = 0

    def __init__(self):
        super().__init__()
        self.at = {}

    def put(self, key, line, value):
        # Of equal keys the first counts.
        if key not in self:
            self[key] = value
            self.at[key] = line


def text(value, line, plain=False):
    made = Text(value)
    made.line, made.plain = line, plain
    return made


def get(value, *path):
    for part in path:
        if not isinstance(value, Map):
            return None
        value = value.get(part)
    return value


def string(value, *path):
    """The text at a path; None for lists, maps and null."""
    found = get(value, *path)
    if not isinstance(found, Text) or found.plain and found in ("", "~", "null", "Null", "NULL"):
        return None
    return found


def items(value, *path):
    found = get(value, *path)
    return found if isinstance(found, List) else List()


def entries(value, *path):
    """Key, line of the key and value of a map's entries."""
    found = get(value, *path)
    if not isinstance(found, Map):
        return []
    return [(key, found.at[key], inner) for key, inner in found.items()]


def line_of(value, key):
    return value.at[key]


def load(path, content):
    """The documents of a file, and how many could not be read."""
    if path.endswith((".yaml", ".yml")):
        return load_yaml(content)
    if path.endswith((".jsonl", ".ndjson")):
        documents, bad = [], 0
        for number, line in enumerate(content.splitlines(), 1):
            if line.strip():
                try:
                    documents.append(Json(line, number).document())
                except ValueError:
                    bad += 1
        return documents, bad
    try:
        return [Json(content, 1).document()], 0
    except ValueError:
        return [], 1


def load_yaml(content):
    try:
        return [built(node, 0) for node in yaml.compose_all(content, Loader=yaml.CSafeLoader) if node], 0
    except (yaml.YAMLError, ValueError):
        pass
    documents, bad = [], 0
    lines = content.split("\n")
    starts = [0] + [number for number, line in enumerate(lines) if number and re.match(r"---(\s|$)", line)]
    for start, end in zip(starts, starts[1:] + [len(lines)]):
        try:
            nodes = list(yaml.compose_all("\n".join(lines[start:end]), Loader=yaml.CSafeLoader))
        except (yaml.YAMLError, ValueError):
            bad += 1
            continue
        documents += [built(node, start) for node in nodes if node]
    return documents, bad


def built(node, above):
    line = node.start_mark.line + above + 1
    if isinstance(node, yaml.ScalarNode):
        return text(node.value, line, plain=node.style is None)
    if isinstance(node, yaml.SequenceNode):
        made = List(built(item, above) for item in node.value)
    else:
        made = Map()
        merged = []
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value == "<<" and key.style is None:
                merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
                continue
            made.put(key.value, key.start_mark.line + above + 1, built(value, above))
        for other in merged:
            for key, at, value in entries(built(other, above)):
                made.put(key, at, value)
    made.line = line
    return made


class Json:
    """A JSON text; the standard library's parser does not tell lines."""

    TOKEN = re.compile(r'[ \t\r\n]*("(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+)')
    ESCAPE = re.compile(r'\\(u[0-9a-fA-F]{4}|.)')
    SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}

    def __init__(self, content, line):
        self.content, self.at, self.line, self.counted = content, 0, line, 0

    def document(self):
        value = self.value(self.next())
        if self.content[self.at :].strip():
            raise ValueError("text behind the value")
        return value

    def next(self):
        found = self.TOKEN.match(self.content, self.at)
        if not found:
            raise ValueError("the text ends")
        self.at = found.end()
        self.line += self.content.count("\n", self.counted, found.start(1))
        self.counted = found.start(1)
        return found.group(1)

    def unquoted(self, token):
        def one(found):
            code = found.group(1)
            return chr(int(code[1:], 16)) if code[0] == "u" and len(code) == 5 else self.SIMPLE.get(code, code)

        return self.ESCAPE.sub(one, token[1:-1])

    def value(self, token):
        line = self.line
        if token == "{":
            made, token = Map(), self.next()
            while token != "}":
                key, at = self.unquoted(token), self.line
                if not token.startswith('"') or self.next() != ":":
                    raise ValueError("a key is missing")
                made.put(key, at, self.value(self.next()))
                token = self.next()
                if token == ",":
                    token = self.next()
                elif token != "}":
                    raise ValueError("the map is not closed")
        elif token == "[":
            made, token = List(), self.next()
            while token != "]":
                made.append(self.value(token))
                token = self.next()
                if token == ",":
                    token = self.next()
                elif token != "]":
                    raise ValueError("the list is not closed")
        elif token.startswith('"'):
            return text(self.unquoted(token), line)
        elif token in ",:}]":
            raise ValueError("a value is missing")
        else:
            return text(token, line, plain=True)
        made.line = line
        return made
