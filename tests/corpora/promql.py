"""The metrics that an expression of PromQL looks at (prometheus.io/docs/prometheus/latest/querying/basics): a tokenizer.

A metric is a name that is neither a function (a `(` follows), an aggregation, a keyword, nor inside the parentheses of
`by`, `without`, `on`, `ignoring`, `group_left` or `group_right`, or in braces without being the value of `__name__`.
"""

import re

TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
    | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)
    | (?P<range>\[[^\]]*\])
    | (?P<number>0[xX][0-9a-fA-F]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?:ms|[smhdwy])?(?:[0-9]+(?:ms|[smhdwy]))*)
    | (?P<variable>\$\{[^}]*\}|\$\w+|\[\[\w+\]\])
    | (?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)
    | (?P<other>=~|!~|!=|==|>=|<=|.)""",
    re.VERBOSE,
)
GROUPING = ("by", "without", "on", "ignoring", "group_left", "group_right")
WORDS = GROUPING + ("and", "or", "unless", "bool", "offset", "atan2", "start", "end", "inf", "nan", "limitk", "limit_ratio")
AGGREGATIONS = ("sum", "min", "max", "avg", "group", "stddev", "stdvar", "count", "count_values", "bottomk", "topk", "quantile")


def metrics(expression):
    tokens = [found for found in TOKEN.finditer(expression) if found.lastgroup != "space"]
    found, at = [], 0
    while at < len(tokens):
        token = tokens[at]
        word, after = token.group(), tokens[at + 1].group() if at + 1 < len(tokens) else ""
        if word == "{":
            close = at + 1
            while close < len(tokens) and tokens[close].group() != "}":
                here = [one.group() for one in tokens[close : close + 3]]
                if here[:2] == ["__name__", "="] and len(here) == 3:
                    found.append(here[2][1:-1])
                elif tokens[close - 1].group() in "{," and here[0][0] in "\"'" and here[1] in (",", "}"):
                    found.append(here[0][1:-1])
                close += 1
            at = close
        elif token.lastgroup == "name" and word.lower() in GROUPING and after == "(":
            while at < len(tokens) and tokens[at].group() != ")":
                at += 1
        elif token.lastgroup == "name" and word.lower() not in WORDS and after != "(":
            touches = at and tokens[at - 1].lastgroup == "variable" and tokens[at - 1].end() == token.start()
            follows = at + 1 < len(tokens) and tokens[at + 1].lastgroup == "variable" and tokens[at + 1].start() == token.end()
            is_aggregation = word.lower() in AGGREGATIONS and after.lower() in ("by", "without")
            if not touches and not follows and not is_aggregation:
                found.append(word)
        at += 1
    return found
