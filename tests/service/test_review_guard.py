"""Who may ask what of the page: addresses, sites, passwords, and photos that are none of it."""

from __future__ import annotations

import http.client

import httpx
import pytest
from helpers import display, draw_photo, jpeg, write
from reviewing import Person, Plant, serving
from sqlalchemy import update

from pipeline.runtime.errors import UserError
from service.commands.review import find_settings, parse_arguments
from service.database.schema import photo
from service.review.guard import is_ours
from service.review.settings import Settings

HOSTILE = "<img src=x onerror=alert(1)>.jpg"


@pytest.fixture
def plant(tmp_path):
    """A plant with one doubtful reading, of a photo with a hostile name."""
    its = Plant(tmp_path / "plant")
    its.reading = its.add(HOSTILE, "12")
    return its


@pytest.fixture
def address(plant):
    """Where its page is."""
    with serving(plant) as its:
        yield its


def port_of(address):
    return int(address.rpartition(":")[2])


def ask(address, path="/", method="GET", host=None, body=None, **headers):
    """A request as no browser would send it; returns status and text."""
    its = http.client.HTTPConnection("127.0.0.1", port_of(address), timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    its.putrequest(method, path, skip_host=True)
    for name, value in {"Host": host or f"127.0.0.1:{port_of(address)}", **named}.items():
        its.putheader(name, value)
    if body is not None:
        its.putheader("Content-Length", str(len(body)))
    its.endheaders(body)
    answer = its.getresponse()
    return answer.status, answer.read().decode("utf-8", "replace")


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil:{port}",
     "localhost:{port}@evil.example", "10.0.0.1:{port}", ":{port}", "127.0.0.1:{port}0", "[::1"],
)  # fmt: skip
def test_a_foreign_host_is_refused(address, host):
    """A name that was bound to this machine elsewhere gets nothing, whatever it asks for."""
    for path in ("/", "/photo/1/display", "/static/review.js"):
        assert ask(address, path, host=host.format(port=port_of(address)))[0] == 421


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST:{port}"])
def test_the_pages_own_names_are_let_in(address, host):
    """By each name that means this machine."""
    assert ask(address, host=host.format(port=port_of(address)))[0] == 200


@pytest.mark.parametrize(
    ("host", "named", "is_let_in"),
    [
        ("0.0.0.0", "10.1.2.3:80", True),
        ("0.0.0.0", "10.1.2.3", True),
        ("0.0.0.0", "evil.example:80", False),
        ("127.0.0.1", "10.1.2.3:80", False),
        ("plant-pc", "plant-pc:80", True),
        ("::", "[fe80::1]:80", True),
    ],
)
def test_an_open_page_has_any_number_for_an_address(host, named, is_let_in):
    """No name can be bound anew that is none."""
    assert is_ours(named, Settings(host=host, port=80, password="12345678")) is is_let_in


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
        {"Sec_Fetch_Site": "cross-site", "Origin": "http://127.0.0.1:{port}"},
        {"Sec_Fetch_Site": "same-origin", "Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1"},
    ],
)
def test_what_another_site_sends_is_refused(plant, address, headers):
    """Nothing is claimed, nothing stored."""
    headers = {name: value.format(port=port_of(address)) for name, value in headers.items()}
    for path in ("/next", "/answer", "/login", "/logout"):
        assert ask(address, path, "POST", body=b"{}", **headers)[0] == 403
    assert plant.corrections() == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_other_methods_are_refused(address, method):
    """No answer lets another site ask first."""
    assert ask(address, "/answer", method)[0] == 405


def test_a_body_that_no_answer_has_is_refused(address):
    """Before it is read into memory whole."""
    origin = f"http://127.0.0.1:{port_of(address)}"
    assert ask(address, "/answer", "POST", body=b"x" * 70_000, Origin=origin)[0] == 413


@pytest.mark.parametrize(
    "path",
    ["/photo/../../etc/passwd/display", "/photo/1%2f../whole", "/photo/-1/whole", "/photo/0/whole",
     "/photo/99999999999999999999999/whole", "/photo/1/original", "/photo/a.jpg/whole",
     "/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static//etc/passwd",
     "/boxes/99999999999999999999999"],
)  # fmt: skip
def test_no_path_leads_to_a_file(address, path):
    """Photos have numbers, and numbers that are none have no photo."""
    assert ask(address, path)[0] == 404


def test_a_photo_is_served_as_new_pixels(plant, address):
    """JPEG, upright, without what the phone wrote into it."""
    content = jpeg(draw_photo(display("71"), (160, 120), 5).rotate(90, expand=True), orientation=6)
    photo_id = plant.add_photo("turned.jpg", "71", content=content)
    its = plant.add_reading(photo_id, "71")
    client = httpx.Client(base_url=address)
    for kind in ("display", "whole"):
        answer = client.get(f"/photo/{its}/{kind}")
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.content[:2] == b"\xff\xd8" and b"Exif" not in answer.content
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_photo_that_was_changed_is_told(plant, address):
    """Nobody corrects a reading by another photo, not even by one of the same length."""
    content = (plant.photos / HOSTILE).read_bytes()
    write(plant.photos / HOSTILE, content.replace(b"JFIF", b"JFIX"))
    status, text = ask(address, f"/photo/{plant.reading}/whole")
    assert status == 410 and "no longer the one that was recorded" in text


def test_a_photo_that_is_gone_is_told(plant, address):
    """With its name, and where it was looked for."""
    (plant.photos / HOSTILE).unlink()
    status, text = ask(address, f"/photo/{plant.reading}/display")
    assert status == 410 and "is not where it was recorded" in text


@pytest.mark.parametrize(
    "path", ["../secret.jpg", "{folder}/secret.jpg", "link.jpg", "down/secret.jpg"]
)
def test_no_photo_outside_of_the_folder_is_served(plant, address, path):
    """Whatever the table says, and wherever a link leads."""
    content = (plant.photos / HOSTILE).read_bytes()
    write(plant.folder / "secret.jpg", content)
    (plant.photos / "link.jpg").symlink_to(plant.folder / "secret.jpg")
    (plant.photos / "down").symlink_to(plant.folder)
    with plant.engine.begin() as connection:
        connection.execute(update(photo).values(path=path.format(folder=plant.folder)))
    status, text = ask(address, f"/photo/{plant.reading}/display")
    assert status == 410 and "lies outside of its folder" in text


def test_photos_can_lie_in_another_folder_now(plant, tmp_path):
    """As on another machine than the one that recorded them."""
    (plant.photos).rename(tmp_path / "moved")
    with serving(plant, folder=tmp_path / "moved") as address:
        assert ask(address, f"/photo/{plant.reading}/display")[0] == 200


def test_pages_load_nothing_from_elsewhere(address):
    """And run no script but the page's own files."""
    for path in ("/", "/numbers", "/login"):
        answer = httpx.get(address + path)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'") and "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "//" not in answer.text.replace("http://www.w3.org", "")
        assert "<script>" not in answer.text and " style=" not in answer.text


def test_another_address_needs_a_password(monkeypatch):
    """Of 8 characters or more."""
    monkeypatch.delenv("DIGITS_PASSWORD", raising=False)
    for password in (None, "1234567"):
        if password:
            monkeypatch.setenv("DIGITS_PASSWORD", password)
        with pytest.raises(UserError, match="password"):
            find_settings(parse_arguments(["--host", "0.0.0.0"]))
    monkeypatch.setenv("DIGITS_PASSWORD", "12345678")
    assert find_settings(parse_arguments(["--host", "0.0.0.0"])).password == "12345678"


def test_a_password_comes_from_a_file_too(tmp_path):
    """Its first line."""
    file = write(tmp_path / "password", "correct horse\nand more\n")
    options = parse_arguments(["--host", "10.0.0.1", "--password-file", str(file)])
    assert find_settings(options).password == "correct horse"
    with pytest.raises(UserError, match="no password"):
        find_settings(parse_arguments(["--password-file", str(write(tmp_path / "none", "\n"))]))


def test_strangers_get_nothing_without_the_password(plant):
    """No page, photo, number or reading."""
    with serving(plant, password="correct horse") as address:
        stranger = Person(address)
        for path in ("/", "/numbers"):
            assert stranger.client.get(path).headers["location"] == "/login"
        for path in (f"/photo/{plant.reading}/display", f"/boxes/{plant.reading}"):
            assert stranger.client.get(path).status_code == 401
        assert stranger.look().status_code == 401
        assert stranger.say(plant.reading, text="12").status_code == 401
        forged = {"Cookie": f"digits_review_{port_of(address)}=x"}
        assert stranger.client.get("/numbers", headers=forged).status_code == 303


def test_whoever_knows_the_password_is_let_in(plant):
    """Until they log out; no script sees the cookie, no other site sends it."""
    with serving(plant, password="correct horse") as address:
        person = Person(address)
        answer = person.client.post("/login", data={"password": "correct horse"})
        assert answer.headers["location"] == "/"
        assert "httponly; " in answer.headers["set-cookie"].lower()
        assert "samesite=strict" in answer.headers["set-cookie"].lower()
        assert person.next()["reading_id"] == plant.reading
        person.client.post("/logout")
        assert person.look().status_code == 401


def test_wrong_passwords_are_slowed_down(plant):
    """After some, even the right one has to wait."""
    with serving(plant, password="correct horse") as address:
        client = Person(address).client
        codes = [client.post("/login", data={"password": "wrong"}).status_code for _ in range(4)]
        assert codes == [403, 403, 403, 429]
        answer = client.post("/login", data={"password": "correct horse"})
        assert answer.status_code == 429 and "wait" in answer.text
