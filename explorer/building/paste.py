"""A pasted URL or curl command becomes a draft: the form fills itself."""

import re
import shlex
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from explorer.building.criteria import Criterion, parse_query
from explorer.building.draft import HEADER_FIELDS, Draft

_RESOURCE_TYPE = re.compile(r"[A-Z][A-Za-z]+")
_QUERY = re.compile(r"\??[\w:.-]+=")
_ESCAPE = re.compile(r"\\(?:\r?\n|.)")
# What is between apostrophes, what is between quotation marks, and a character (or a line's end) after a backslash.
_SHELL_PIECE = re.compile(rf"""'[^']*'|"(?:{_ESCAPE.pattern}|[^"\\])*"|{_ESCAPE.pattern}""")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
_DATA_FLAGS = ("-d", "--data", "--data-raw", "--data-binary", "--data-urlencode", "--json")
_VALUE_FLAGS = (
    "-A",
    "-b",
    "-c",
    "-e",
    "-m",
    "-o",
    "-u",
    "-w",
    "--max-time",
    "--output",
    "--user",
    "--cacert",
)


class NotARequest(ValueError):
    """The pasted text is no FHIR request; the message says why."""


@dataclass
class Pasted:
    """What a pasted text says of a request."""

    url: str = ""
    method: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


def draft_from_paste(text: str, base: str) -> Draft:
    """The draft of a URL, a `GET …` line, a path below the base or a curl command. Secrets are dropped."""
    pasted = _read(text.strip())
    path, query = _below(pasted.url, base)
    body = pasted.body
    method = pasted.method or ("POST" if body else "GET")
    headers = {name.lower(): value for name, value in pasted.headers.items()}
    criteria = parse_query(query)
    if path[-1:] == ["_search"]:
        criteria += parse_query(body)
        body = ""
    operation, place = _operation_of(method, path, bool(criteria), "if-none-exist" in headers)
    if operation == "conditional-create":
        criteria = parse_query(headers.pop("if-none-exist"))
    known = tuple((name, headers[name.lower()]) for name in HEADER_FIELDS.values() if name.lower() in headers)
    wants_xml = "xml" in headers.get("accept", "")
    return Draft(
        operation=operation,
        criteria=tuple(_without_format(criteria)),
        headers=known,
        body=body,
        format="xml" if wants_xml else "json",
        **place,
    )


def is_query(text: str) -> bool:
    """Whether a text is a search's query alone, not a URL or a command that holds one."""
    return not text.strip("? ") or _QUERY.match(text) is not None


def _without_format(criteria: tuple[Criterion, ...]) -> list[Criterion]:
    return [each for each in criteria if each.code not in ("_format", "_pretty")]


def _read(text: str) -> Pasted:
    if not text:
        raise NotARequest("Paste a URL, or a curl command.")
    if text.split(None, 1)[0].endswith("curl"):
        return _read_curl(text)
    method, _, rest = text.partition(" ")
    if method.upper() in _METHODS and rest.strip():
        return Pasted(url=rest.strip().split()[0], method=method.upper())
    if len(text.split()) > 1:
        raise NotARequest("This is neither a URL nor a curl command.")
    return Pasted(url=text)


def _read_curl(text: str) -> Pasted:
    heredoc = re.search(r"<<-?\s*'?(\w+)'?\n(.*?)\n\1\s*$", text, re.DOTALL)
    command = text[: heredoc.start()] if heredoc else text
    try:
        words = shlex.split(_without_continuations(command))[1:]
    except ValueError as error:
        raise NotARequest(f"The command's quotes do not match: {error}.") from error
    pasted = Pasted()
    data: list[str] = []
    as_query = False
    while words:
        word = words.pop(0)
        flag, value = _flag(word, words)
        if flag in ("-X", "--request"):
            pasted.method = value.upper()
        elif flag in ("-H", "--header"):
            name, _, content = value.partition(":")
            pasted.headers[name.strip()] = content.strip()
        elif flag in _DATA_FLAGS:
            data.append(value)
        elif flag in ("-G", "--get"):
            as_query = True
        elif flag in ("-I", "--head"):
            pasted.method = "HEAD"
        elif flag == "--url" or not flag:
            pasted.url = value
    joined = heredoc.group(2) if heredoc and "@-" in data else "&".join(data)
    if as_query and joined:
        pasted.url += ("&" if "?" in pasted.url else "?") + joined
    else:
        pasted.body = joined
    return pasted


def _without_continuations(command: str) -> str:
    """The command in one line: a backslash before a line's end goes, except between apostrophes, where a shell knows none."""

    def joined(found: re.Match[str]) -> str:
        piece = found[0]
        if piece.startswith('"'):
            return _ESCAPE.sub(lambda escape: "" if escape[0].endswith("\n") else escape[0], piece)
        return " " if piece.endswith("\n") and piece.startswith("\\") else piece

    return _SHELL_PIECE.sub(joined, command)


def _flag(word: str, rest: list[str]) -> tuple[str, str]:
    """`(flag, value)` of the next word; a word that is no flag comes back as `("", word)`."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        takes = name in _DATA_FLAGS or name in _VALUE_FLAGS or name in ("--request", "--header", "--url")
        return name, value if equals else rest.pop(0) if takes and rest else ""
    if word.startswith("-") and len(word) > 1:
        name = word[:2]
        takes = name in _DATA_FLAGS or name in _VALUE_FLAGS or name in ("-X", "-H")
        return name, word[2:] if len(word) > 2 and takes else rest.pop(0) if takes and rest else ""
    return "", word


def _below(url: str, base: str) -> tuple[list[str], str]:
    """The path's segments below the FHIR base, and the query."""
    if not url:
        raise NotARequest("There is no address in this command.")
    parts = urlsplit(url)
    path = parts.path
    base_path = urlsplit(base).path
    if path.startswith(base_path + "/") or path == base_path:
        path = path.removeprefix(base_path)
    else:
        # Another server's address: what follows its base begins at the first resource type or keyword.
        words = path.strip("/").split("/")
        keywords = ("metadata", "_history")
        start = next(
            (i for i, w in enumerate(words) if _RESOURCE_TYPE.fullmatch(w) or w in keywords or w[:1] == "$"),
            len(words) if parts.netloc else 0,
        )
        path = "/".join(words[start:])
    segments = [unquote(segment) for segment in path.strip("/").split("/") if segment]
    return segments, parts.query


def _operation_of(
    method: str, path: list[str], has_criteria: bool, if_none_exist: bool
) -> tuple[str, dict[str, str]]:
    """The operation's key and the fields of its path."""
    place: dict[str, str] = {}
    segments = list(path)
    if segments and _RESOURCE_TYPE.fullmatch(segments[0]):
        place["resource_type"] = segments.pop(0)
    if segments and segments[0][:1] not in ("_", "$") and place:
        place["logical_id"] = segments.pop(0)
    level = "instance" if "logical_id" in place else "type" if place else "system"
    match segments:
        case []:
            return _plain(method, level, has_criteria, if_none_exist), place
        case ["metadata"]:
            return "capabilities", place
        case ["_search"] if level == "type":
            return "search-post", place
        case ["_history"]:
            return {"instance": "history", "type": "history-type", "system": "history-system"}[level], place
        case ["_history", version] if level == "instance":
            return "vread", place | {"version_id": version}
        case [name] if name.startswith("$"):
            return f"{name}-instance" if level == "instance" else name, place
    raise NotARequest(f"“{'/'.join(path)}” is no FHIR path this page can show.")


def _plain(method: str, level: str, has_criteria: bool, if_none_exist: bool) -> str:
    table = {
        ("GET", "instance"): "read",
        ("PUT", "instance"): "update",
        ("PATCH", "instance"): "patch",
        ("DELETE", "instance"): "delete",
        ("GET", "type"): "search",
        ("POST", "type"): "conditional-create" if if_none_exist else "create",
        ("PUT", "type"): "conditional-update",
        ("PATCH", "type"): "conditional-patch",
        ("DELETE", "type"): "conditional-delete",
        ("GET", "system"): "search-system" if has_criteria else "capabilities",
        ("POST", "system"): "batch",
    }
    key = (("GET" if method == "HEAD" else method), level)
    if key not in table:
        raise NotARequest(f"{method} has no meaning at this address.")
    return table[key]
