"""One site of README, docs/, the C++ headers and the Python package, from what stage.py lays out; see scripts/docs."""

from __future__ import annotations

import os
import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

REPOSITORY = Path(__file__).resolve().parents[2]
VERSION = re.search(r"project\(kernad VERSION ([0-9.]+)", (REPOSITORY / "CMakeLists.txt").read_text())
assert VERSION is not None

project = "kernad"
author = "the kernad authors"
copyright = "the kernad authors, Apache-2.0"  # noqa: A001
version = release = VERSION.group(1)

extensions = ["myst_parser", "breathe", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["_build"]
myst_heading_anchors = 4  # the anchors that a repository's web page gives headings
suppress_warnings = [
    "myst.header",  # a page may start below level 1
    "duplicate_declaration.cpp",  # templates that only their constraints tell apart
]

breathe_projects = {"kernad": os.environ["KERNAD_DOXYGEN_XML"]}
breathe_default_project = "kernad"
breathe_show_include = False
breathe_domain_by_extension = {"h": "c"}
cpp_id_attributes = ["KERNAD_API"]
highlight_language = "none"

autodoc_mock_imports = ["torch", "pyod", "anomalib", "dask", "ray", "pyspark"]  # gigabytes, for two base classes
autodoc_mock_imports += ["kernad._images"]  # not in every wheel
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 80
cpp_maximum_signature_line_length = 100
add_module_names = False
toc_object_entries_show_parents = "hide"
maximum_signature_line_length = 100

html_theme = "furo"
html_title = f"kernad {version}"
html_static_path = ["static"]
html_css_files = ["kernad.css"]
html_copy_source = False
html_show_sphinx = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True

PAGE = re.compile(r"\bdocs/([a-z_]+)\.md\b")


def link_mentions_of_pages(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Comments in code name pages as docs/NAME.md: on the site that is a link."""
    for text in list(doctree.findall(nodes.Text)):
        if isinstance(text.parent, (nodes.reference, addnodes.pending_xref, nodes.literal_block)):
            continue
        parts, end = [], 0
        for match in PAGE.finditer(text):
            page = f"docs/{match.group(1)}"
            if page not in app.env.found_docs:
                raise LookupError(f"{docname}: names {match.group()}, which there is not")
            uri = app.builder.get_relative_uri(docname, page)
            parts += [nodes.Text(text[end : match.start()]), nodes.reference("", match.group(), refuri=uri)]
            end = match.end()
        if parts:
            text.parent.replace(text, [*parts, nodes.Text(text[end:])])


def leave_out_metadata_routing(app: Sphinx, what: str, name: str, obj: object, skip: bool, options: object) -> bool | None:
    """scikit-learn puts set_fit_request and the like on every estimator; their words link to pages of its own site."""
    return True if re.fullmatch(r"(set_\w+_request|get_metadata_routing)", name.rpartition(".")[2]) else None


def setup(app: Sphinx) -> None:
    app.connect("autodoc-skip-member", leave_out_metadata_routing)
    app.connect("doctree-resolved", link_mentions_of_pages)
