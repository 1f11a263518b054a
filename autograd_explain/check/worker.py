"""The process in which middle-sized closed forms are worked out: data in by stdin, data out by stdout.

It may be stopped at any time, and stops itself when it needs too much memory or time.
"""

from __future__ import annotations

import json
import sys

MEMORY = 1 << 30  # bytes of address space
SECONDS = 5  # of computing


def _limit() -> None:
    try:
        import resource
    except ImportError:  # not on Windows, where the caller's timeout alone must do
        return
    for kind, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS)):
        _, ceiling = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if ceiling == resource.RLIM_INFINITY else min(most, ceiling), ceiling))


def main() -> None:
    """Read a task, write its closed forms."""
    _limit()
    import autograd_explain.ops  # noqa: F401 - fills the table that the task's names are looked up in
    from autograd_explain.check.closed import from_plain
    from autograd_explain.check.forms import derivative_forms

    task = json.load(sys.stdin)
    rows = [from_plain(row) for row in task["rows"]]
    forms = derivative_forms(rows, float.fromhex(task["seed"]), task["digits"])
    json.dump({name: {"text": form.text, "value": form.value} for name, form in forms}, sys.stdout)


if __name__ == "__main__":
    main()
