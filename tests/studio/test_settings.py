"""The settings of a studio: what a department's file may say, and users that are added to it."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from byhand.errors import ConfigError
from byhand.studio.settings import (
    LIMITS,
    NAME,
    Settings,
    add_user,
    is_loopback,
    read_settings,
    settings_of,
    token_hash,
)

HASH, OTHER = "a" * 64, "b" * 64
NAMES = 'names = ["byhand.uni.example"]\n'
USERS = f'[users]\nada = "{HASH}"\n'


@pytest.fixture
def written(tmp_path):
    def write(text: str | bytes) -> Path:
        path = tmp_path / NAME
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(0o600)
        return path

    return write


def test_a_file_is_read(written):
    path = written(f'{NAMES}most_jobs = 2\n{USERS}noor-2_x = "{OTHER}"\n')
    settings = read_settings(path, "0.0.0.0", 8080)
    assert settings.folder == path.parent
    assert (settings.host, settings.port, settings.names) == ("0.0.0.0", 8080, ("byhand.uni.example",))
    assert settings.users == {"ada": HASH, "noor-2_x": OTHER}
    assert (settings.most_jobs, settings.most_papers) == (2, Settings(path).most_papers)
    assert not settings.local


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"name = []\n{NAMES}{USERS}", "no entry 'name'; did you mean 'names'?"),
        (NAMES, "it has no users; byhand studio --add-user NAME makes one"),
        (f"{NAMES}[users]\n", "it has no users; byhand studio --add-user NAME makes one"),
        (f"{NAMES}users = 3\n", "it has no users; byhand studio --add-user NAME makes one"),
        (USERS, 'it does not say under which names browsers reach the studio; write names = ["byhand.uni.example"]'),
        (f"names = []\n{USERS}", "it does not say under which names browsers reach the studio; "),
        (f'names = "byhand"\n{USERS}', "it does not say under which names browsers reach the studio; "),
        (f'names = ["https://byhand"]\n{USERS}', "'https://byhand' in names is no name of a computer; write it in"),
        (f'names = ["byhand:80"]\n{USERS}', "'byhand:80' in names is no name of a computer; "),
        (f'names = ["*"]\n{USERS}', "'*' in names is no name of a computer; "),
        (f"names = [1]\n{USERS}", "1 in names is no name of a computer; "),
        (f'{NAMES}[users]\n"../ada" = "{HASH}"', "'../ada' is no name of a user, who has a folder of that name; use "),
        (f'{NAMES}[users]\nAda = "{HASH}"', "'Ada' is no name of a user"),
        (f'{NAMES}[users]\n"" = "{HASH}"', "'' is no name of a user"),
        (f'{NAMES}[users]\nlpt1 = "{HASH}"', "'lpt1' is no name of a user"),
        (f'{NAMES}[users]\n-ada = "{HASH}"', "'-ada' is no name of a user"),
        (f'{NAMES}[users]\n{"a" * 41} = "{HASH}"', "is no name of a user"),
        (f'{NAMES}[users]\nada = "secret"', "ada has no hash of a token, which is 64 hexadecimal digits; remove the "),
        (f"{NAMES}[users]\nada = 3", "ada has no hash of a token"),
        (f'{NAMES}{USERS}noor = "{HASH}"', "ada and noor have the same token; give each their own"),
        (f'{NAMES}{USERS}ada = "{OTHER}"', "it is no TOML: "),
        (f"{NAMES}most_jobs = 0\n{USERS}", "most_jobs = 0 is no limit; use a whole number from 1"),
        (f"{NAMES}most_bytes = -1\n{USERS}", "most_bytes = -1 is no limit; use a whole number from 1"),
        (f"{NAMES}longest_job = true\n{USERS}", "longest_job = True is no limit; use a whole number from 1"),
        (f'{NAMES}largest_upload = "50 MB"\n{USERS}', "largest_upload = '50 MB' is no limit; use a whole number"),
        ("names", "it is no TOML: "),
        (b"\xff", "is no text in UTF-8"),
        (b"#" * 1_000_001, "has over 1,000,000 bytes; a line for each user is enough"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_in_one_line(written, text, told):
    path = written(text)
    with pytest.raises(ConfigError) as error:
        read_settings(path, "0.0.0.0", 8080)
    assert str(error.value).startswith(str(path))
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigError, match=r"studio\.toml: .*; byhand studio --add-user NAME writes it$"):
        read_settings(tmp_path / NAME, "0.0.0.0", 8080)


@pytest.mark.skipif(os.name != "posix", reason="Windows has other rights")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_file_that_others_may_read_is_refused(written, mode):
    path = written(NAMES + USERS)
    path.chmod(mode)
    with pytest.raises(ConfigError, match=r"may be read or changed by other users of this machine; chmod 600 "):
        read_settings(path, "0.0.0.0", 8080)


def test_others_are_let_in_only_where_a_file_says_who(tmp_path):
    for host in ("127.0.0.1", "localhost", "::1"):
        assert settings_of(tmp_path, host).local
    for host in ("0.0.0.0", "::", "192.168.0.7", "byhand.uni.example", "127.0.0.1.evil.example"):
        assert not is_loopback(host)
        with pytest.raises(ConfigError, match=f"--host {host} lets other computers in, and .* says nobody who may"):
            settings_of(tmp_path, host)
    add_user(tmp_path, "ada")
    path = tmp_path / NAME
    path.write_text(path.read_text().replace("names = []", NAMES))
    assert [*settings_of(tmp_path, "0.0.0.0").users] == ["ada"]
    assert not settings_of(tmp_path).local  # behind a proxy on the same machine


def test_a_user_is_added_and_the_file_keeps_no_token(tmp_path):
    folder = tmp_path / "papers"
    tokens = {user: add_user(folder, user) for user in ("ada", "noor")}
    path = folder / NAME
    text = path.read_text()
    assert tomllib.loads(text)["users"] == {user: token_hash(token) for user, token in tokens.items()}
    assert not [token for token in tokens.values() if token in text]
    assert path.stat().st_mode & 0o077 == folder.stat().st_mode & 0o077 == 0
    assert [file.name for file in folder.iterdir()] == [NAME]
    plain = text.replace("# ", "")  # the limits that it shows are those that count without it
    assert all(f"{name} = {getattr(Settings(folder), name)} " in plain for name in LIMITS)
    for bad, told in (
        ("ada", "there is a user ada; for a new token, remove that line first"),
        ("a/b", "no name of a user"),
    ):
        with pytest.raises(ConfigError, match=told):
            add_user(folder, bad)
    assert path.read_text() == text


def test_a_user_is_added_to_a_file_as_somebody_left_it(written):
    path = written(f"# ours\n{NAMES}")
    add_user(path.parent, "ada")
    add_user(path.parent, "noor")
    assert path.read_text().startswith(f"# ours\n{NAMES}\n[users]\nnoor = ")
    assert [*read_settings(path, "::1", 1).users] == ["noor", "ada"]
    path = written(text := f'{NAMES}users = {{ ada = "{HASH}" }}\n')
    with pytest.raises(
        ConfigError, match=r"its users are not lines under \[users\]; write them so, and a line can be"
    ):
        add_user(path.parent, "noor")
    assert path.read_text() == text


def test_the_addresses_of_ones_own_computer_differ_by_use_and_by_start(tmp_path):
    settings = Settings(tmp_path, port=80)
    assert settings.printed_address.startswith("http://127.0.0.1:80/?token=")
    assert Settings(tmp_path, "::1", 80).printed_address.startswith("http://[::1]:80/?token=")
    keys = {each.key(use) for each in (settings, Settings(tmp_path)) for use in ("printed", "opened", "cookie")}
    assert len(keys) == 6
    assert not [key for key in keys if key in repr(settings)]
