"""The command that installs an extra fits what installed byhand, and names where it was installed from."""

import json

import pytest

from byhand import extras
from byhand.extras import install_command
from byhand.formats import OWN


@pytest.fixture
def installed(monkeypatch):
    """Say how byhand was installed: by what, from where, and into which environment; onnx is there as well."""

    class Packaging:
        requires = ("brotli>=1", 'onnx>=1.18; extra == "onnx"', 'python-docx>=1.2; extra == "docx"')

    def say(prefix="/home/ada/venv", installer="pip", url="", **more):
        files = {"INSTALLER": f"{installer}\n", "direct_url.json": json.dumps({"url": url, **more}) if url else None}
        Packaging.read_text = staticmethod(files.get)
        monkeypatch.setattr("sys.prefix", prefix)

    monkeypatch.setattr(extras, "_of_byhand", lambda asked: asked(Packaging))
    monkeypatch.setattr(extras, "is_installed", lambda package: package == "onnx")
    say()
    return say


def test_it_is_that_of_the_program_which_installed_byhand(installed):
    assert install_command("docx") == "pip install 'byhand[docx]'"
    installed(installer="uv")
    assert install_command("docx") == "uv pip install 'byhand[docx]'"


@pytest.mark.parametrize(
    ("prefix", "told"),
    [
        ("/home/ada/.local/pipx/venvs/byhand", "pipx install --force 'byhand[onnx,docx]'"),
        ("/home/ada/.cache/pipx/0af3", "pipx run --spec 'byhand[onnx,docx]' byhand"),
        ("/home/ada/.local/share/uv/tools/byhand", "uv tool install --force 'byhand[onnx,docx]'"),
        ("/home/ada/.cache/uv/archive-v0/4fE", "uvx --from 'byhand[onnx,docx]' byhand"),
    ],
)
def test_an_environment_that_is_made_anew_keeps_the_extras_that_it_has(installed, prefix, told):
    installed(prefix, installer="uv")
    assert install_command("docx") == told


def test_it_names_the_folder_the_file_or_the_address_from_which_byhand_was_installed(installed):
    installed(url="file:///home/ada/by%20hand")
    assert install_command("docx") == "pip install '/home/ada/by hand[docx]'"
    installed(url="file:///home/ada/byhand", dir_info={"editable": True})
    assert install_command("docx") == "pip install -e '/home/ada/byhand[docx]'"
    installed(url="https://example.org/byhand", vcs_info={"vcs": "git"})
    assert install_command("docx") == "pip install 'byhand[docx] @ git+https://example.org/byhand'"


def test_windows_has_other_quotation_marks(installed, monkeypatch):
    monkeypatch.setattr("sys.platform", "win32")
    assert install_command("docx") == 'pip install "byhand[docx]"'


def test_each_extra_of_a_format_is_one_of_byhand():
    assert {format.extra for format in OWN.values() if format.needs} <= extras.extras().keys()
