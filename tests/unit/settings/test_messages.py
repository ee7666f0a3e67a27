from pathlib import Path

import pytest

from guard.settings.faults import ConfigError
from guard.settings.load import Loaded, load_text

HEAD = 'format = "guard.config/1"\n'


def load(text: str) -> Loaded:
    return load_text(HEAD + text, Path("guard.toml"))


@pytest.mark.parametrize(
    "text, place, says",
    [
        ('[[notify]]\nurl = "env:A"\nname = "a"\n[[notify]]\nurl = "env:B"\nname = "a"\n', "notify[1].name", "twice"),
        ('[[notify]]\nurl = "env:A"\nafter_s = 60.0\n', "notify[0].after_s", "nobody would be told at once"),
        ('[[notify]]\nurl = "env:A"\nname = "a/b"\n', "notify[0].name", "letters"),
        ('[notices]\nquiet = { begin = "22:00", end = "22:00" }\n', "notices.quiet.end", "no length"),
        ('[notices]\nquiet = { begin = "22:00", end = "07:00", tz = "Mars/X" }\n', "notices.quiet.tz", "no time zone"),
        ('[notices]\ndaily = "late"\n', "notices.daily", '"off"'),
        ('[notices]\nlink = "https://me:pw@host"\n', "notices.link", "holds no password"),
        ('[heartbeat]\nurl = "https://ping.example/hunter2"\n', "heartbeat.url", "must be a reference"),
        ('[heartbeat]\nurl = "env:P"\nevery_s = 1.0\n', "heartbeat.every_s", "at least 5"),
        ('[telegram]\nbot = "123456:hunter2"\nchats = [1]\n', "telegram.bot", "must be a reference"),
        ('[telegram]\nbot = "env:T"\nchats = []\n', "telegram.chats", ""),
    ],
)
def test_a_fault_has_its_place_and_shows_no_secret(text: str, place: str, says: str) -> None:
    with pytest.raises(ConfigError) as found:
        load(text)
    (fault,) = found.value.faults
    assert fault.path == place
    assert says in fault.sentence
    assert "hunter2" not in str(found.value)
    assert "me:pw" not in str(found.value)


def test_who_is_told_changes_no_verdict_and_no_fingerprint() -> None:
    told = load('[[notify]]\nurl = "env:A"\n[telegram]\nbot = "keyring:guard/bot"\nchats = [7]\n')
    assert told.sha256 == load("").sha256
    assert told.document["telegram"] == {"bot": "keyring:guard/bot", "chats": [7]}


def test_without_an_address_the_document_says_nothing_of_messages() -> None:
    assert not {"notify", "notices", "heartbeat", "telegram"} & load("").document.keys()
