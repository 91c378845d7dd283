#!/usr/bin/env python3
"""Checks every link between the pages of a built site: the file is there, and a #fragment is the id of something in it.

Usage: tests/docs/check_site.py FOLDER
"""

from __future__ import annotations

import sys
import urllib.parse
from html.parser import HTMLParser
from pathlib import Path


class Page(HTMLParser):
    """Collects a page's ids, and what it links to or shows."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name == "id" and value:
                self.ids.add(value)
            elif name in ("href", "src") and value and not urllib.parse.urlsplit(value).scheme:
                self.links.add(value)


def main() -> int:
    folder = Path(sys.argv[1]).resolve()
    found = {path: Page(path) for path in folder.rglob("*.html")}
    checked, errors = 0, []
    for path, page in found.items():
        for link in page.links:
            name, fragment = urllib.parse.urldefrag(link)
            name = urllib.parse.unquote(name.partition("?")[0])
            target = (path.parent / name).resolve() if name else path
            checked += 1
            if not target.exists():
                errors.append(f"{path.relative_to(folder)}: link to {link}: there is no such file")
            elif fragment and target in found and urllib.parse.unquote(fragment) not in found[target].ids:
                errors.append(f"{path.relative_to(folder)}: link to {link}: nothing there has that id")
    print("\n".join(sorted(errors)), file=sys.stderr, end="\n" if errors else "")
    print(f"{checked} links on {len(found)} pages of the site, {len(errors)} broken")
    return 1 if errors or checked == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
