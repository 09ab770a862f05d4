"""How Sphinx makes the site of these texts and of the pages of the course (`make site`)."""

from pathlib import Path

from byhand import __version__

project = "byhand"
author = "the makers of byhand"
release = version = __version__
extensions = ["myst_parser", "sphinx_click", "sphinx.ext.autodoc"]
highlight_language = "none"
myst_heading_anchors = 4
# types that are named in signatures, but have no page of their own
nitpick_ignore_regex = [("py:class", ".*")]
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88
add_module_names = False
toc_object_entries = False

html_theme = "furo"
html_title = "byhand"
html_static_path = ["_static"]
html_css_files = ["fonts.css", "site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_search_scorer = str(Path(__file__).with_name("scorer.js"))
html_copy_source = html_show_sourcelink = html_show_copyright = False
_FACES = '"byhand Sans", "byhand Math", "Source Sans 3", sans-serif'
html_theme_options = {
    "light_css_variables": {
        "font-stack": _FACES,
        "color-brand-primary": "#111",
        "color-brand-content": "#1c3f94",
        "color-brand-visited": "#1c3f94",
        "color-foreground-primary": "#111",
    },
    "dark_css_variables": {
        "color-background-primary": "#16181c",
        "color-background-secondary": "#1c1f24",
        "color-brand-primary": "#ecebe7",
        "color-brand-content": "#a9c1ff",
        "color-brand-visited": "#a9c1ff",
        "color-foreground-primary": "#ecebe7",
    },
}
