"""Makes `docs/operations.md` out of the table of operations: `python -m docs.make_operations`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from autograd_explain.cli.catalogue import Entry, entries
from autograd_explain.cli.operation import details, example_command
from autograd_explain.core.op import Op
from autograd_explain.core.registry import OWN

PAGE = Path(__file__).parent / "operations.md"
HEAD = """\
# Operations

Every function and operator of the language, with the rule that the walk back uses. This page is made from the
program's own table by `python -m docs.make_operations`; a test holds it fresh. In the terminal, `autograd-explain
ops` lists the same, `autograd-explain ops NAME` also draws the function and its derivative, and `autograd-explain
ops NAME --check` holds a row against the laws.

In a rule, `out` is the operation's own value and `upstream` is the gradient that arrives. Where the rule says
`d out/d x`, the operation works entry by entry, and the contribution is `upstream` times that. At a corner the
derivative is a choice: the page says what is taken here and what others take.
"""


def page() -> str:
    """The whole page as Markdown."""
    parts = [HEAD]
    known = [entry for entry in entries() if entry.name not in OWN]
    families = [(family, list(members)) for family, members in groupby(known, key=lambda entry: entry.family)]
    parts.append("\n".join(f"- [{_title(family)}](#{_anchor(family)})" for family, _ in families) + "\n")
    for family, members in families:
        parts.append(f"## {_title(family)}\n")
        parts.extend("\n".join(_entry(entry)) + "\n" for entry in members)
    return "\n".join(parts)


def _title(family: str) -> str:
    return family[:1].upper() + family[1:]


def _anchor(family: str) -> str:
    return family.lower().replace(" ", "-")


def _entry(entry: Entry) -> Iterator[str]:
    yield f"### `{entry.signature}`"
    yield ""
    also = f" Also called {', '.join(f'`{name}`' for name in entry.aliases)}." if entry.aliases else ""
    yield f"{entry.note}{also}"
    yield ""
    kinks = {kink.kind for kink in entry.row.kinks} if isinstance(entry.row, Op) else set()
    for key, text in details(entry):
        if key in {"formula", "rule"}:
            yield f"- {key}: `{text}`"
        elif key == "domain":
            yield f"- {key}: {text}"
        elif key in kinks:
            yield f"- {key} {text}"
        elif key.strip():
            yield f"- {key}: `{text.partition(': ')[0]}`, {text.partition(': ')[2]}"
        else:
            who, _, choice = text.strip().partition("  ")
            yield f"  - {who}: {choice.strip()}"
    if entry.example:
        yield f"- try: `{example_command(entry)}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
