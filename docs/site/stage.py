"""Lays out what Sphinx reads: the repository's pages where they are, README as the front page, and a page for each
header and each command. Links between files become links between pages.

    stage.py FOLDER XML KERNAD     XML: Doxygen's output; KERNAD: the command line's binary, whose --help is shown
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

REPOSITORY = Path(__file__).resolve().parents[2]
SITE = Path(__file__).resolve().parent
LINK = re.compile(r"(?<=\]\()(?!https?://|#|mailto:)([^)\s#]+)(#[^)\s]*)?(?=\))")
FOLDER_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s#:]+)\)")
PROJECT = ["examples/README", "data/README", "data/cookies/LICENSE", "data/backbone/LICENSE", "HACKING", "CONTRIBUTING", "SECURITY", "docs/releasing", "CHANGELOG"]


def page_of(path: Path) -> Path:
    """The page, relative to the site, that stands for a file or folder of the repository."""
    if path == Path("include/kernad"):
        return Path("api/cpp/index.md")
    if (REPOSITORY / path).is_dir() and (REPOSITORY / path / "README.md").exists():
        path /= "README.md"
    if path == Path("README.md"):
        return Path("index.md")
    if path.parent == Path("include/kernad"):
        return Path("api/cpp", path.stem).with_suffix(".md")
    return path


def relink(text: str, source: Path) -> str:
    """The text of the file `source` with links to pages of the site."""

    def replace(match: re.Match[str]) -> str:
        target = Path(os.path.normpath(source.parent / match.group(1)))
        if not (REPOSITORY / target).exists():
            raise SystemExit(f"{source}: link to {match.group(1)}, which there is not")
        link = os.path.relpath(page_of(target), page_of(source).parent)
        return link + (match.group(2) or "")

    # A folder without a page cannot be linked to.
    return LINK.sub(replace, FOLDER_LINK.sub(lambda m: m[1] if is_bare(source.parent / m[2]) else m[0], text))


def is_bare(path: Path) -> bool:
    """Whether it is a folder that no page stands for."""
    normal = Path(os.path.normpath(path))
    return (REPOSITORY / normal).is_dir() and page_of(normal) == normal


def introduction(header: Path) -> str:
    """The comment that a header starts with."""
    lines = []
    for line in header.read_text().splitlines():
        if not line.startswith("//"):
            break
        lines.append(line.removeprefix("//").strip())
    return "\n".join(lines)


def members(xml: Path, header: str) -> list[str]:
    """A directive for each class, function and name of a header, in the order in which it has them."""
    name = header.replace("_", "__").replace(".", "_8")  # as Doxygen names it
    page = ElementTree.parse(xml / f"{name}.xml")
    found, structs = [], set()
    for inner in page.iter("innerclass"):
        parent, _, _ = inner.text.rpartition("::")
        if parent not in ("kernad", ""):
            continue  # comes with its class
        structs.add(inner.text)
        compound = ElementTree.parse(xml / f"{inner.get('refid')}.xml").find("compounddef")
        line = int(compound.find("location").get("line"))
        found.append((line, f"```{{doxygen{compound.get('kind')}}} {inner.text}\n:members:\n:undoc-members:\n```\n"))
    namespace = ElementTree.parse(xml / "namespacekernad.xml")
    for member in itertools.chain(page.iter("memberdef"), namespace.iter("memberdef")):
        if Path(member.find("location").get("file")).name != header:
            continue
        line = int(member.find("location").get("line"))
        kind, name = member.get("kind"), member.findtext("qualifiedname") or member.findtext("name")
        if kind == "typedef" and (name in structs or member.findtext("definition") == f"typedef enum {name} {name}"):
            continue  # C's second name of what is there already
        if kind == "function":
            name += re.sub(r"\)[^)]*$", ")", member.findtext("argsstring"))
        found.append((line, f"```{{doxygen{kind}}} {name}\n```\n"))
    return [directive for _, directive in sorted(found)]


def stage_headers(folder: Path, xml: Path) -> None:
    names = []
    for header in sorted((REPOSITORY / "include/kernad").glob("*.h*")):
        if header.stem in ("export", "kernad") and header.suffix == ".hpp":
            continue
        names.append((header.name, introduction(header)))
        about = f"# {header.name}\n\n{introduction(header)}\n\n```cpp\n#include <kernad/{header.name}>\n```\n\n"
        if "/// \\file\n" in header.read_text():
            about += f"```{{doxygenfile}} {header.name}\n:sections: briefdescription detaileddescription\n```\n\n"
        (folder / header.name).with_suffix(".md").write_text(about + "\n".join(members(xml, header.name)))
    rows = "".join(f"| [{name}]({Path(name).stem}.md) | {' '.join(text.split())} |\n" for name, text in names)
    pages = "".join(f"{Path(name).stem}\n" for name, _ in names)
    (folder / "index.md").write_text(
        f"{(SITE / 'api/cpp.md').read_text()}\n| header | what is in it |\n|---|---|\n{rows}\n"
        f"```{{toctree}}\n:hidden:\n\n{pages}```\n"
    )


def stage_commands(page: Path, kernad: Path) -> None:
    def help_of(*command: str) -> str:
        text = subprocess.run([kernad, *command, "--help"], check=True, capture_output=True, text=True).stdout
        return f"```text\n{text.strip()}\n```\n"

    overview = help_of()
    commands = re.findall(r"^  ([a-z]+) {2,}", overview.partition("ubcommands:")[2], re.MULTILINE)
    if not commands:
        raise SystemExit(f"{kernad} --help: no subcommands found")
    sections = "".join(f"\n## kernad {command}\n\n{help_of(command)}" for command in commands)
    page.write_text(f"# Command line\n\n{overview}{sections}")


def main() -> None:
    folder, xml = Path(sys.argv[1]), Path(sys.argv[2])
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(REPOSITORY / "docs", folder / "docs", ignore=shutil.ignore_patterns("site"))
    shutil.copytree(SITE / "api", folder / "api")
    (folder / "api/cpp").mkdir()
    (folder / "api/cpp.md").unlink()
    stage_headers(folder / "api/cpp", xml)
    stage_commands(folder / "api/command_line.md", Path(sys.argv[3]))

    project = [name for name in PROJECT if (REPOSITORY / f"{name}.md").exists()]
    pages = [Path(f"{name}.md") for name in ["README", *project]]
    pages += sorted(page.relative_to(REPOSITORY) for page in (REPOSITORY / "docs").glob("*.md"))
    for page in pages:
        staged = folder / page_of(page)
        staged.parent.mkdir(parents=True, exist_ok=True)
        text = (REPOSITORY / page).read_text()
        staged.write_text(relink(text, page))
        # Files that are not pages can be had as they are.
        for match in LINK.finditer(text):
            linked = Path(os.path.normpath(page.parent / match.group(1)))
            if page_of(linked) == linked and linked.suffix != ".md" and (REPOSITORY / linked).is_file():
                (folder / linked).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(REPOSITORY / linked, folder / linked)
    contents = (SITE / "contents.md").read_text().replace("PROJECT\n", "".join(f"{name}\n" for name in project))
    with (folder / "index.md").open("a") as front:
        front.write(contents)


if __name__ == "__main__":
    main()
