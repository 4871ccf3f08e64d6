"""Which paths an answer may name, and where a line of prose names one."""

import re
import unicodedata

from harness.evals.patches.edits import FormatFailure

PATH_MAX = 400
_LABEL = re.compile(
    r"^(?:[#>*\s-]|\d+[.)])*\s*(?:\*\*)?"
    r"(?:(?:new |modified |updated )?(?:file|path|filename|file path|filepath)\s*:\s*)?",
    re.IGNORECASE,
)
_BARE_NAMES = frozenset(
    {"makefile", "dockerfile", "license", "readme", "changelog", "justfile", "procfile", "codeowners"}
)
_NAME = re.compile(r"[^\s`\"'*<>|:;,{}=]+")


def checked_path(path: str) -> str | FormatFailure:
    """*path* relative to the repository, without a leading ``./``; a failure for all that may leave it."""
    reason = _fault(path)
    if reason:
        return FormatFailure(
            why=f"path {path[:80]!r} is not allowed: {reason}. Use a path relative to the repository's root."
        )
    return "/".join(part for part in path.split("/") if part != ".")


def _fault(path: str) -> str:
    parts = path.split("/")
    checks = (
        (not path.strip() or path != path.strip(), "it is empty or has blanks at its ends"),
        (len(path) > PATH_MAX or any(len(part.encode("utf-8", "replace")) > 255 for part in parts), "it is too long"),
        (
            any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in path),
            "it holds control characters",
        ),
        ("\\" in path, "it holds a backslash"),
        (path.startswith(("/", "~")) or re.match(r"[A-Za-z]:", path) is not None, "it is absolute"),
        (".." in parts, "'..' leaves the repository"),
        ("" in parts or set(parts) <= {"."}, "it names no file"),
        (any(_is_git(part) for part in parts), "'.git' belongs to git"),
    )
    return next((reason for bad, reason in checks if bad), "")


def _is_git(part: str) -> bool:
    """``.git`` in any spelling that a file system may take for it."""
    visible = "".join(letter for letter in unicodedata.normalize("NFKC", part) if unicodedata.category(letter) != "Cf")
    return visible.rstrip(" .").partition(":")[0].casefold() in {".git", "git~1"}


def named_path(line: str) -> str | None:
    """The path that a line such as ``### `src/a.py`:`` or ``File: src/a.py`` names; None for prose."""
    text = line.strip()
    labelled = _LABEL.match(text)
    rest = text[labelled.end() :] if labelled else text
    rest = rest.strip().strip("*`\"'").rstrip(":").strip("*`\"' ")
    explicit = re.match(r"(?:file|path|filename)\s*:", text.lstrip("#*> -"), re.IGNORECASE) is not None
    if not rest or (not explicit and not _NAME.fullmatch(rest)):
        return None
    looks = (
        "/" in rest
        or "\\" in rest
        or re.search(r"[^.]\.\w+$", rest)
        or rest.casefold() in _BARE_NAMES
        or rest.startswith(".")
    )
    return rest if explicit or looks else None
