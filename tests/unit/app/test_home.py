"""Where files go: one home per user, never the working directory, never a place that others copy."""

from pathlib import Path, PurePosixPath

import pytest

from guard.app.home import Account, Home, cloud_part, find_home, is_unc, mount_kind
from guard.model.errors import InputError

MOUNTS = (
    "/dev/sda1 / ext4 rw 0 0\nproc /proc proc rw 0 0\nserver:/x /mnt/share nfs4 rw 0 0\n"
    "//nas/x /mnt/my\\040nas cifs rw 0 0\n/dev/sdb1 /mnt/share/local ext4 rw 0 0\n"
)


def test_the_option_wins_over_the_environment_and_that_over_the_users_folder(tmp_path: Path) -> None:
    env = {"GUARD_HOME": str(tmp_path / "env")}
    assert find_home(tmp_path / "opt", env).root == tmp_path / "opt"
    assert find_home(None, env).root == tmp_path / "env"
    assert "MT5Guard" in str(find_home(None, {}).root)


def test_a_relative_home_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_home(Path("here"), {}).root == tmp_path / "here"


@pytest.mark.parametrize(
    "folder",
    ["OneDrive", "OneDrive - Contoso", "Dropbox", "Dropbox (Personal)", "Google Drive", "GoogleDrive", "My Drive",
     "iCloudDrive", "iCloud Drive", "Mobile Documents", "com~apple~CloudDocs", "Nextcloud", "MEGA"],
)  # fmt: skip
def test_a_cloud_folder_is_refused(tmp_path: Path, folder: str) -> None:
    with pytest.raises(InputError, match="cloud service") as caught:
        find_home(tmp_path / folder / "guard", {})
    assert caught.value.exit_code == 3


def test_a_link_into_a_cloud_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Dropbox").mkdir()
    try:
        (tmp_path / "link").symlink_to(tmp_path / "Dropbox", target_is_directory=True)
    except OSError:
        pytest.skip("links need a privilege here")
    if (tmp_path / "link").resolve() != (tmp_path / "Dropbox").resolve():
        pytest.skip("a link made under Wine does not tell where it leads")
    with pytest.raises(InputError, match="cloud service"):
        find_home(tmp_path / "link" / "guard", {})


@pytest.mark.parametrize("folder", ["drive", "dropboxes", "my onedriver", "box office", "megabytes"])
def test_other_names_are_fine(folder: str) -> None:
    assert cloud_part(PurePosixPath("/home/you", folder)) is None


@pytest.mark.parametrize(
    "path,kind",
    [("/home/you", "ext4"), ("/mnt/share/a/b", "nfs4"), ("/mnt/share", "nfs4"), ("/mnt/my nas/x", "cifs"),
     ("/mnt/share/local/x", "ext4"), ("/mnt/shared", "ext4")],
)  # fmt: skip
def test_the_innermost_mount_says_what_a_folder_is_on(path: str, kind: str) -> None:
    assert mount_kind(PurePosixPath(path), MOUNTS) == kind


@pytest.mark.parametrize(
    "path,network",
    [(r"\\server\share\x", True), (r"\\?\UNC\server\share\x", True), (r"C:\Users\you", False), (r"\\?\C:\x", False),
     (r"\\.\C:\x", False)],
)  # fmt: skip
def test_a_share_is_told_by_its_name(path: str, network: bool) -> None:
    assert is_unc(path) is network


@pytest.mark.parametrize(
    "server,key",
    [("Broker-Demo", "7@Broker-Demo"), ("A/B\\C:D", "7@A_B_C_D"), ("Μετα Quotes", "7@_Quotes"), ("../..", "7@.._..")],
)
def test_a_server_name_becomes_a_file_name(server: str, key: str) -> None:
    assert Account(7, server).key == key


def test_state_and_text_are_apart(tmp_path: Path) -> None:
    home, account = Home(tmp_path), Account(7, "S")
    assert home.journal(account) == tmp_path / "state" / "7@S" / "journal.db"
    assert home.text == tmp_path / "text"
