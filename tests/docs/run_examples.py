#!/usr/bin/env python3
"""Runs the examples in the repository's Markdown pages, so that what they show is what a reader gets.

    tests/docs/run_examples.py [--cpp COMPILER... --] [--c COMPILER... --] [--kernad FILE] [--python FILE] [--write] [PAGES...]

What is not given is not run. --write puts what console commands print into the page where it differs; look at the
difference before you commit it. A page's blocks run in order, in one new folder that also has data/ and docs/:

    ```cpp      a program (it has main) is compiled, linked and run, and must return 0; anything else is compiled as the
                body of a function. --cpp: how to, e.g. --cpp g++ -std=c++20 -Iinclude -Lbuild -lkernad --
    ```c        the same in C. --c: how to
    ```pycon    a doctest, `...` standing for anything; names live to the end of the page. --python: who runs it
    ```python   the same without output
    ```console  each `$ ` line is run by bash with kernad first on the PATH; what it prints must follow. `...` alone in
                a line stands for any lines, within a line for any text; numbers with a decimal point may differ as
                docs/numerics.md allows, by 1e-4, 1e-6 of their size, or one in the last place. The status must be 0, or
                2 where the last line shown starts with "kernad: ".
    ```sh       a synopsis, not run: every option of a `kernad COMMAND` in it must be in that command's --help
    ```text     and the like: not code

A marker above a block: <!-- given: CODE --> comes before it in C, C++ or Python or, in bash, before the commands;
<!-- not run: REASON --> says why a block cannot run. Every block names its language.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from pages import REPOSITORY, Block, blocks, pages

CODE = ("cpp", "c", "pycon", "python", "console")
NOT_CODE = ("text", "sh", "cmake", "csv", "json", "toml", "yaml", "html")
NUMBER = re.compile(r"-?\d+\.\d+(?:e[+-]?\d+)?")
PYTHON_RUNNER = r"""
import doctest, json, sys
names = {"__name__": "__main__"}
runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
for block in json.load(sys.stdin):
    for code in block["given"]:
        exec(code, names)
    if block["language"] == "python":
        exec(compile("\n" * (block["line"] - 1) + block["text"], block["page"], "exec"), names)
    else:
        page, line = block["page"], block["line"] - 1
        test = doctest.DocTestParser().get_doctest(block["text"], names, page, page, line)
        runner.run(test, clear_globs=False)
        names.update(test.globs)
sys.exit(1 if runner.summarize(verbose=False).failed else 0)
"""


class Wrong(Exception):
    """An example does not do what its page shows: a message, and where it is known the block's text as it should be."""


def run(command: list[str], folder: Path, **options) -> subprocess.CompletedProcess[str]:
    merged = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "timeout": 300}
    return subprocess.run(command, cwd=folder, **{**merged, **options})


def check_compiled(block: Block, compiler: list[str], folder: Path) -> None:
    program = re.search(r"\bmain\(", block.text) is not None
    headers = {"cpp": "<kernad/kernad.hpp>", "c": "<kernad/kernad.h>\n#include <stdio.h>"}
    head = f"#include {headers[block.language]}\n" + "".join(given + "\n" for given in block.given)
    # Compiler messages then name the page and its line.
    body = f'#line {block.line} "{block.page}"\n{block.text}'
    source = folder / f"example.{block.language}"
    source.write_text(body if program else f"{head}\nvoid example(void) {{\n{body}}}\n")
    if not program:
        compiled = run([*compiler, "-w", "-fsyntax-only", str(source)], Path.cwd())
    else:
        # Libraries come after what needs them.
        compiled = run([compiler[0], str(source), *compiler[1:], "-o", str(folder / "example")], Path.cwd())
    if compiled.returncode != 0:
        raise Wrong(f"does not compile:\n{compiled.stdout}")
    if program and (ran := run([str(folder / "example")], folder)).returncode != 0:
        raise Wrong(f"returns {ran.returncode} and prints:\n{ran.stdout}")


def check_python(page_blocks: list[Block], python: str, folder: Path) -> None:
    given = [{"page": str(b.page), "line": b.line, "language": b.language, "text": b.text, "given": b.given}
             for b in page_blocks]  # fmt: skip
    ran = run([python, "-c", PYTHON_RUNNER], folder, input=json.dumps(given))
    if ran.returncode != 0:
        raise Wrong(f"fails:\n{ran.stdout}")


def commands(block: Block) -> list[tuple[int, str, list[str]]]:
    """Line, command and lines shown of each `$ ` line; a command ending with a backslash goes on."""
    found: list[tuple[int, str, list[str]]] = []
    goes_on = False
    for number, line in enumerate(block.text.splitlines(), block.line):
        if goes_on:
            found[-1] = (found[-1][0], found[-1][1] + "\n" + line, [])
        elif line.startswith("$ "):
            found.append((number, line[2:], []))
        elif not found:
            raise Wrong("a console block starts with a `$ ` line")
        else:
            found[-1][2].append(line)
        goes_on = (goes_on or line.startswith("$ ")) and line.endswith("\\")
    return found


def check_console(block: Block, folder: Path, environment: dict[str, str], write: bool) -> None:
    text, wrong = "", []
    for number, command, shown in commands(block):
        script = "set -o pipefail\n" + "".join(given + "\n" for given in block.given) + command
        ran = run(["bash", "-c", script], folder, env=environment, stdin=subprocess.DEVNULL)
        while shown and not shown[-1].strip():
            shown.pop()
        printed = [line.rstrip() for line in ran.stdout.rstrip().splitlines()]
        last = (printed if write else shown)[-1:]
        wanted = 2 if last and last[0].startswith("kernad: ") else 0
        # head closes the pipe early.
        if ran.returncode != wanted and not (ran.returncode == 141 and "| head" in command):
            wrong.append(f"line {number}: `{command}` returns {ran.returncode} and prints:\n{ran.stdout}")
            raise Wrong("\n".join(wrong))
        if not same_lines(shown, printed):
            difference = "\n".join(difflib.unified_diff(shown, printed, "shown", "printed", lineterm="", n=1))
            wrong.append(f"line {number}: `{command}` prints something else:\n{difference}")
            shown = printed
        text += "".join(line + "\n" for line in [f"$ {command}", *shown, *([""] if shown else [])])
    if wrong:
        raise Wrong("\n".join(wrong), text.removesuffix("\n"))


def same_lines(shown: list[str], printed: list[str]) -> bool:
    if not shown:
        return not printed
    if shown[0].strip() == "...":
        return any(same_lines(shown[1:], printed[i:]) for i in range(len(printed) + 1))
    return bool(printed) and same_line(shown[0], printed[0]) and same_lines(shown[1:], printed[1:])


def same_line(shown: str, printed: str) -> bool:
    """Equal but for numbers, within their tolerance, and where `...` stands for any text."""
    pattern = "".join(
        "(" + NUMBER.pattern + ")" if NUMBER.fullmatch(part) else ".*" if part == "..." else re.escape(part)
        for part in re.split(f"({NUMBER.pattern}|\\.\\.\\.)", shown.rstrip())
    )
    match = re.fullmatch(pattern, printed)
    return match is not None and all(map(close, NUMBER.findall(shown), match.groups()))


def close(shown: str, printed: str) -> bool:
    a, b = float(shown), float(printed)
    mantissa, _, exponent = shown.partition("e")
    last_place = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    return abs(a - b) <= max(1e-4, 1e-6 * abs(a), 1.001 * last_place)


def check_options(block: Block, kernad: str) -> None:
    for number, line in enumerate(block.text.splitlines(), block.line):
        command = re.sub(r"(^|\s)#.*", "", line)  # a comment may speak of kernad
        for call in re.finditer(r"(?<![\w-])kernad ([a-z]+)((?: [^#|;&]*)?)", command):
            helped = run([kernad, call[1], "--help"], REPOSITORY)
            if helped.returncode != 0:
                raise Wrong(f"line {number}: there is no `kernad {call[1]}`")
            for option in re.findall(r"(?<=\s)--?[a-z][\w-]*", call[2]):
                if not re.search(rf"(?<![\w-]){option}(?![\w-])", helped.stdout):
                    raise Wrong(f"line {number}: `kernad {call[1]}` has no option {option}")


def check_block(block: Block, page_blocks: list[Block], options: argparse.Namespace, folder: Path) -> bool:
    """Raises Wrong when the block is; False when it was not run."""
    if block.language not in CODE + NOT_CODE:
        raise Wrong(f"a block must name its language; valid: {', '.join(CODE + NOT_CODE)}")
    if block.not_run is not None:
        return False
    if compiler := getattr(options, block.language, None) if block.language in ("cpp", "c") else None:
        check_compiled(block, compiler, folder)
    elif block.language in ("pycon", "python") and options.python:
        mine = [b for b in page_blocks if b.language in ("pycon", "python") and b.not_run is None]
        if block is mine[0]:  # the page's Python shares its names, and so its process
            check_python(mine, options.python, folder)
    elif block.language == "console" and options.kernad:
        path = f"{Path(options.kernad).parent}:{os.environ['PATH']}"
        check_console(block, folder, {**os.environ, "PATH": path}, options.write)
    elif block.language == "sh" and options.kernad:
        check_options(block, options.kernad)
    else:
        return False
    return True


def check_page(page: Path, options: argparse.Namespace, counts: dict[str, int]) -> list[str]:
    """The errors of a page, each with its place."""
    errors = []
    with tempfile.TemporaryDirectory(prefix="kernad-docs-") as name:
        folder = Path(name)
        for linked in ("data", "docs"):
            (folder / linked).symlink_to(REPOSITORY / linked)
        page_blocks = list(blocks(page))
        for block in page_blocks:
            try:
                kind = block.language if check_block(block, page_blocks, options, folder) else "not run"
                counts[kind] = counts.get(kind, 0) + (kind != "not run" or block.language in CODE)
            except Wrong as wrong:
                if options.write and len(wrong.args) > 1:
                    old, new = f"```console\n{block.text}```", f"```console\n{wrong.args[1]}```"
                    page.write_text(page.read_text().replace(old, new))
                    print(f"{block.where}: written anew")
                else:
                    errors.append(f"{block.where}: {block.language or 'block'}: {wrong.args[0]}")
            except subprocess.TimeoutExpired as late:
                errors.append(f"{block.where}: {block.language}: not done after {late.timeout} s")
    return errors


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--kernad")
    parser.add_argument("--python")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("pages", nargs="*", type=Path)
    arguments = sys.argv[1:]
    compilers: dict[str, list[str]] = {"cpp": [], "c": []}
    for language in compilers:
        if f"--{language}" in arguments:
            start = arguments.index(f"--{language}")
            end = arguments.index("--", start)
            compilers[language] = arguments[start + 1 : end]
            arguments = arguments[:start] + arguments[end + 1 :]
    options = parser.parse_args(arguments)
    options.cpp, options.c = compilers["cpp"], compilers["c"]
    for name in ("kernad", "python"):
        if given := getattr(options, name):
            if not os.access(given, os.X_OK):
                parser.error(f"--{name} {given}: there is no such program")
            setattr(options, name, os.path.abspath(given))  # not resolved: a virtual environment's python is a link
    counts = dict.fromkeys(["cpp", "c", "pycon", "python", "console", "sh", "not run"], 0)
    errors: list[str] = []
    for page in [page.resolve() for page in options.pages] or pages():
        errors += check_page(page, options, counts)
    print("\n\n".join(errors), file=sys.stderr, end="\n" if errors else "")
    print(", ".join(f"{count} {kind}" for kind, count in counts.items()) + f" blocks; {len(errors)} wrong")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
