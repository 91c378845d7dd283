#!/usr/bin/env python3
"""Checks every link inside the repository's Markdown pages: the file or folder is there, it is under version control
where Git can say so, and a #fragment names one of its headings, by the rule that repository web pages use.

    tests/docs/check_links.py
"""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.parse
from pathlib import Path

from pages import REPOSITORY, blocks, pages

LINK = re.compile(r"\]\(\s*<?([^)\s>]+)")  # [text](target), ![text](target)
ELSEWHERE = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def prose(page: Path) -> list[str]:
    """The lines of a page without its blocks and code spans, which hold no links."""
    lines = page.read_text().splitlines()
    for block in blocks(page):
        for i in range(block.line - 1, block.line - 1 + block.text.count("\n")):
            lines[i] = ""
    return [re.sub(r"`[^`]*`", lambda span: "x" * len(span.group()), line) for line in lines]


def anchors(page: Path) -> set[str]:
    """The fragments of a page: headings in lower case, without punctuation, blanks as hyphens, repeats numbered."""
    found: set[str] = set()
    text = page.read_text().splitlines()
    for i, line in enumerate(prose(page)):
        if not re.match(r"^#{1,6} ", line):
            continue
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text[i].lstrip("#").strip())
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        name, n = slug, 0
        while name in found:
            n += 1
            name = f"{slug}-{n}"
        found.add(name)
    return found


def tracked() -> set[str] | None:
    """Files and folders that Git knows; None where there is no Git."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        return None
    folders = {str(folder) for name in listed for folder in Path(name).parents}
    return {*listed, *folders}


def main() -> int:
    known = tracked()
    checked, errors = 0, []
    for page in pages():
        for number, line in enumerate(prose(page), 1):
            for target in LINK.findall(line):
                if ELSEWHERE.match(target):
                    continue
                checked += 1
                where = f"{page.relative_to(REPOSITORY)}:{number}: link to {target}: "
                name, _, fragment = target.partition("#")
                path = (page.parent / urllib.parse.unquote(name)).resolve() if name else page
                if not path.is_relative_to(REPOSITORY):
                    errors.append(where + "leads out of the repository")
                elif not path.exists():
                    errors.append(where + f"there is no {path.relative_to(REPOSITORY)}")
                elif known is not None and str(path.relative_to(REPOSITORY)) not in known:
                    errors.append(where + "Git ignores that file")
                elif fragment and (path.suffix != ".md" or fragment not in anchors(path)):
                    errors.append(
                        where + f"no heading gives #{fragment}; there are: {', '.join(sorted(anchors(path)))}"
                    )
    print("\n".join(errors), file=sys.stderr, end="\n" if errors else "")
    print(f"{checked} links on {len(pages())} pages, {len(errors)} broken")
    return 1 if errors or checked == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
