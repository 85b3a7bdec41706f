"""Small mistakes put into a C source, one at a time: what mutate.py tries the tests on.
Called by: mutate.py. Must never: touch the source itself; a mutant is a text."""
import re
from dataclasses import dataclass

TOKEN = re.compile(r"""
    (?P<skip>//[^\n]*|/\*.*?\*/|\#[^\n]*(?:\\\n[^\n]*)*|\s+)
  | (?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
  | (?P<name>[A-Za-z_]\w*)
  | (?P<number>\d[\w.]*)
  | (?P<sign><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)
""", re.X | re.S)

# What each sign and word becomes; the first is the boundary, the second the opposite.
SIGNS = {
    "==": ["!="], "!=": ["=="], "<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"],
    "&&": ["||"], "||": ["&&"], "++": ["--"], "--": ["++"], "+=": ["-="], "-=": ["+="], "|=": ["&=", "="],
    "&=": ["|=", "="], "<<": [">>"], ">>": ["<<"], "|": ["&"],
}
WORDS = {
    "true": ["false"], "false": ["true"], "least": ["most"], "most": ["least"],
    "IS_TRUE": ["IS_FALSE", "IS_UNKNOWN"], "IS_FALSE": ["IS_TRUE", "IS_UNKNOWN"], "IS_UNKNOWN": ["IS_FALSE", "IS_TRUE"],
    "RULE_FORBID": ["RULE_PERMIT"], "RULE_PERMIT": ["RULE_FORBID"],
    "RELEASE": ["HOLD"], "HOLD": ["WITHHOLD"], "WITHHOLD": ["RELEASE"],
    "NULL": [], "SIZE_MAX": ["0"], "INT64_MIN": ["INT64_MAX"], "INT64_MAX": ["INT64_MIN"], "UINT64_MAX": ["0"],
}
# Before these a sign has one operand: "&x", "-1", "*p".
BEFORE_OPERAND = {"(", "[", "{", ",", ";", "=", "return", "?", ":", "!", "~", "&", "|", "&&", "||", "==", "!=", "<", ">", "<=",
                  ">=", "+", "-", "<<", ">>", "|=", "&=", "case", "*", "+=", "-="}
TYPE_WORDS = {"struct", "enum", "const", "static", "bool", "char", "int", "unsigned", "double", "size_t", "void", "uint8_t",
              "uint16_t", "uint32_t", "uint64_t", "int16_t", "int32_t", "int64_t", "protobuf_c_boolean", "ProtobufCType",
              "ProtobufCMessage", "crypto_generichash_state"}
STATEMENT_STARTS = {";", "{", "}"}


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Mutant:
    """start, end: what is replaced by `new`. key: what it is called in MUTANTS.md, free of line numbers."""
    file: str
    line: int
    function: str
    code: str
    change: str
    start: int
    end: int
    new: str

    @property
    def key(self):
        return f"{self.file} {self.function} `{self.code}` {self.change}"


def tokens_of(text):
    return [Token(m.lastgroup, m[0], m.start(), m.end()) for m in TOKEN.finditer(text) if m.lastgroup != "skip"]


def bodies(tokens):
    """(name of the function, index of its first token, index of its closing brace)."""
    depth, start, name, found = 0, None, "", []
    for i, token in enumerate(tokens):
        if token.text == "{":
            if depth == 0 and tokens[i - 1].text == ")":
                start, name = i + 1, name_before(tokens, i - 1)
            depth += 1
        elif token.text == "}":
            depth -= 1
            if depth == 0 and start is not None:
                found.append((name, start, i))
                start = None
    return found


def name_before(tokens, closing):
    """The name of the function whose parameters end at the parenthesis."""
    depth = 0
    for i in range(closing, -1, -1):
        depth += {")": 1, "(": -1}.get(tokens[i].text, 0)
        if depth == 0:
            return tokens[i - 1].text
    return ""


def match_forward(tokens, opening):
    depth = 0
    for i in range(opening, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[i].text, 0)
        if depth == 0:
            return i
    return len(tokens) - 1


def replacements(tokens, i):
    """(new text, what to call it) for one token."""
    token, before = tokens[i], tokens[i - 1].text
    if token.kind == "sign":
        unary = before in BEFORE_OPERAND
        if token.text == "!" or token.text == "~":
            return [("", f"without {token.text}")]
        if token.text in ("+", "-") and not unary:
            return [("-" if token.text == "+" else "+", None)]
        if token.text == "&" and not unary:
            return [("|", None)]
        return [(new, None) for new in SIGNS.get(token.text, [])]
    if token.kind == "name":
        called = tokens[i + 1].text == "("
        if token.text in ("least", "most") and not called:
            return []
        return [(new, None) for new in WORDS.get(token.text, [])]
    if token.kind == "number" and re.fullmatch(r"\d+U?", token.text):
        value = int(token.text.rstrip("U"))
        suffix = "U" if token.text.endswith("U") else ""
        return [(f"{value + 1}{suffix}", None)] + ([(f"{value - 1}{suffix}", None)] if value > 0 else [])
    return []


def statement_start(tokens, first, semicolon):
    """The index where the statement that ends at the semicolon begins, past if (…), for (…), else; or None."""
    depth, i = 0, semicolon - 1
    while i >= first:
        text = tokens[i].text
        is_value = text == "}" and tokens[i + 1].text in (",", ")", ";")  # of a compound literal
        if text in (")", "]") or is_value:
            depth += 1
        elif depth > 0:
            depth -= text in ("(", "[", "{")
        elif text in ("(", "["):
            return None  # within the head of a for
        elif text in STATEMENT_STARTS:
            break
        i -= 1
    i += 1
    while i < semicolon and tokens[i].text in ("if", "for", "while", "else", "switch"):
        i = i + 1 if tokens[i].text == "else" else match_forward(tokens, i + 1) + 1
    while i < semicolon and tokens[i].text in ("case", "default"):
        while tokens[i].text != ":":
            i += 1
        i += 1
    return i


def is_declaration(tokens, start):
    a, b, c = (tokens[start + k].text if start + k < len(tokens) else "" for k in range(3))
    if a in TYPE_WORDS or a.startswith("Nav__"):
        return True
    return tokens[start].kind == "name" and tokens[start + 1].kind == "name" and a != "return" or (
        b == "*" and tokens[start + 2].kind == "name" and c != "" and a.endswith("_t"))


def removals(tokens, first, last):
    depth = 0
    for i in range(first, last):
        depth += {"(": 1, ")": -1}.get(tokens[i].text, 0)
        if tokens[i].text != ";" or depth > 0:
            continue
        start = statement_start(tokens, first, i)
        if start is None or start >= i or is_declaration(tokens, start):
            continue
        if tokens[start].text == "return" and i + 1 == last:
            continue  # the end of the function
        yield start, i


def mutants_of(file, text):
    tokens, found, seen = tokens_of(text), [], {}

    def add(function, start, end, new, change):
        line = text.count("\n", 0, start) + 1
        code = " ".join(text.splitlines()[line - 1].split()).replace("`", "'")
        again = seen[(function, code, change)] = seen.get((function, code, change), 0) + 1
        change = change if again == 1 else f"{change} ({again})"
        found.append(Mutant(file, line, function, code, change, start, end, new))

    for function, first, last in bodies(tokens):
        for i in range(first, last):
            for new, name in replacements(tokens, i):
                add(function, tokens[i].start, tokens[i].end, new, name or f"{tokens[i].text} -> {new}")
            if tokens[i].text == "if":
                close = match_forward(tokens, i + 1)
                inside = text[tokens[i + 1].end:tokens[close].start]
                add(function, tokens[i + 1].end, tokens[close].start, f"!({inside})", "if -> if not")
        for start, end in removals(tokens, first, last):
            what = " ".join(text[tokens[start].start:tokens[end].start].split())
            add(function, tokens[start].start, tokens[end].start, "", f"removed: {what}".replace("`", "'"))
    return sorted(found, key=lambda m: (m.start, m.end))
