"""Authors over HTTP and on their pages: found, explained, merged, split, and taken back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from alexandria import bootstrap
from alexandria.app import create_app
from alexandria.bootstrap import Services
from alexandria.db import writing

NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def client(either_library: Path) -> Iterator[TestClient]:
    with writing() as session:
        secret = Services(session).users.new_token("reader", "write")
    with TestClient(create_app(), follow_redirects=False) as opened:
        opened.headers["Authorization"] = f"Bearer {secret}"
        yield opened
    bootstrap.close()


def add(client: TestClient, *authors: str, year: int | None = None, title: str = "") -> str:
    body = {"title": title or f"A work of {authors[0]}", "authors": authors, "year": year}
    made = str(client.post("/resources", json=body).json()["id"])
    with writing() as session:
        Services(session).authors.normalize_names([made])
    return made


def named(client: TestClient, query: str) -> list[dict[str, Any]]:
    return list(client.get("/authors", params={"q": query}).json()["items"])


def names_of(author: dict[str, Any]) -> set[str]:
    return {one["name"] for one in author["names"]}


def two_mckeowns(client: TestClient) -> tuple[str, str]:
    return (
        add(client, "Kathleen McKeown", "Hongyan Jing", year=1999),
        add(client, "Kathleen R. McKeown", "Hongyan Jing", year=2001),
    )


def test_an_author_says_why_the_names_are_one_person(client: TestClient) -> None:
    one, other = two_mckeowns(client)
    (found,) = named(client, "mckeown")
    assert (found["name"], found["works"]) == ("Kathleen R. McKeown", 2)
    record = client.get(f"/authors/{found['id']}").json()
    assert names_of(record) == {"Kathleen McKeown", "Kathleen R. McKeown"}
    assert [work["resource_id"] for work in record["written"]] == [other, one]
    assert [(each["name"], each["together"]) for each in record["coauthors"]] == [
        ("Hongyan Jing", 2)
    ]
    (link,) = (each for each in record["links"] if each["kind"] == "middle name")
    assert "a middle name or initial more" in link["explanation"]
    assert "1 co-author in common: H Jing." in link["explanation"]
    page = client.get(f"/ui/authors/{found['id']}").text
    assert "2 names, read as one person" in page
    assert "1 co-author in common: H Jing." in page
    assert f'href="/ui/authors/{found["id"]}">Kathleen McKeown</a>' in (
        client.get(f"/ui/resources/{one}").text
    )


def test_the_list_is_by_family_name_and_goes_on_where_it_ended(client: TestClient) -> None:
    for name in ("Zoë Ångström", "Ada van der Berg", "Bo Moe", "Cy Moe"):
        add(client, name)
    first = client.get("/authors", params={"limit": 3}).json()
    rest = client.get("/authors", params={"limit": 3, "cursor": first["next_cursor"]}).json()
    listed = [one["name"] for one in first["items"] + rest["items"]]
    assert listed == ["Zoë Ångström", "Ada van der Berg", "Bo Moe", "Cy Moe"]
    assert (first["total"], rest["next_cursor"]) == (4, None)
    assert [one["name"] for one in named(client, "angst zoe")] == ["Zoë Ångström"]
    assert named(client, "%") == named(client, "")
    assert named(client, "nobody") == []
    assert client.get("/authors", params={"cursor": "x"}).status_code == 422
    assert "Nobody here has such a name" in client.get("/ui/authors?q=nobody").text
    assert "Ångström" in client.get("/ui/authors?q=ang").text


def test_a_split_name_goes_with_its_works_and_is_not_joined_again(client: TestClient) -> None:
    one, other = two_mckeowns(client)
    (found,) = named(client, "mckeown")
    body = {"author_id": found["id"], "names": ["Kathleen R. McKeown"]}
    done = client.post("/authors/split", json=body).json()
    assert done["decision"]["kind"] == "split"
    assert {each["name"] for each in done["authors"]} == {
        "Kathleen McKeown",
        "Kathleen R. McKeown",
    }
    client.patch(f"/resources/{other}", json={"venue": "ACL"})
    third = add(client, "Kathleen R. McKeown", "Hongyan Jing", year=2002)
    with writing() as session:
        Services(session).authors.normalize_names([one, other, third])
    assert len(named(client, "mckeown")) == 2
    undone = client.post(f"/authors/decisions/{done['decision']['id']}/undo").json()
    assert undone["decision"]["undone_at"]
    assert [each["works"] for each in named(client, "mckeown")] == [3]
    again = client.post(f"/authors/decisions/{done['decision']['id']}/undo")
    assert again.status_code == 409


def test_works_of_a_namesake_are_split_off(client: TestClient) -> None:
    kept = add(client, "Ada Lovelace", title="On engines")
    other = add(client, "Ada Lovelace", title="On gardens")
    (found,) = named(client, "lovelace")
    body = {"author_id": found["id"], "resource_ids": [other]}
    client.post("/authors/split", json=body)
    both = named(client, "lovelace")
    assert [one["works"] for one in both] == [1, 1]
    record = client.get(f"/authors/{found['id']}").json()
    assert [one["resource_id"] for one in record["written"]] == [kept]
    assert record["alike"] == [], "somebody said that they are two"
    assert record["decisions"][0]["names"] == ["Ada Lovelace"]


def test_merged_authors_stay_one_whatever_comes(client: TestClient) -> None:
    one, other = add(client, "Rie Kubota"), add(client, "Ada Johnson")
    ids = [each["id"] for name in ("kubota", "johnson") for each in named(client, name)]
    done = client.post("/authors/merge", json={"author_ids": ids}).json()
    assert [each["works"] for each in done["authors"]] == [2]
    with writing() as session:
        Services(session).authors.normalize_names([one, other])
    (author,) = named(client, "kubota")
    record = client.get(f"/authors/{author['id']}").json()
    assert names_of(record) == {"Rie Kubota", "Ada Johnson"}
    assert "said to be one person" in client.get(f"/ui/authors/{author['id']}").text
    client.post(f"/authors/decisions/{done['decision']['id']}/undo")
    assert len(named(client, "")) == 2


def test_who_might_be_the_same_is_shown_until_somebody_decides(client: TestClient) -> None:
    add(client, "Wei Wang", "Ada Moe")
    add(client, "Wei Wang", "Bo Roe")
    one, other = named(client, "wang")
    record = client.get(f"/authors/{one['id']}").json()
    assert [each["id"] for each in record["alike"]] == [other["id"]]
    page = client.get(f"/ui/authors/{one['id']}").text
    assert "Might be the same" in page
    answer = client.post(f"/ui/authors/{one['id']}/apart", data={"other": other["id"]})
    place = answer.headers["location"]
    told = client.get(place).text
    assert "said to be another person" in told
    assert "Might be the same" not in told
    number = place.rpartition("=")[2]
    client.post(f"/ui/authors/decisions/{number}/undo")
    answer = client.post(f"/ui/authors/{one['id']}/merge", data={"other": other["id"]})
    assert "2 papers in the library" in client.get(answer.headers["location"]).text


def test_a_decision_stays_with_the_names_when_authors_change_places(client: TestClient) -> None:
    one = add(client, "Wei Wang", "Ada Moe")
    other = add(client, "Wei Wang", "Bo Roe")
    first, second = named(client, "wang")
    answer = client.post(f"/ui/authors/{first['id']}/apart", data={"other": second["id"]})
    for work, coauthor in ((one, "Ada Moe"), (other, "Bo Roe")):
        client.patch(f"/resources/{work}", json={"authors": [coauthor, "Wei Wang"]})
    with writing() as session:
        Services(session).authors.normalize_names([one, other])
    assert {each["id"] for each in named(client, "wang")} == {first["id"], second["id"]}
    for each in (first, second):
        assert client.get(f"/authors/{each['id']}").json()["alike"] == []
    decided = answer.headers["location"].rpartition("=")[2]
    undone = client.post(f"/authors/decisions/{decided}/undo").json()
    assert {each["name"] for each in undone["authors"]} == {"Wei Wang"}


def test_what_cannot_be_decided_is_refused_with_what_to_do(client: TestClient) -> None:
    add(client, "Ada Lovelace")
    (found,) = named(client, "lovelace")
    one = found["id"]
    for path, body, code in (
        ("/authors/merge", {"author_ids": [one]}, 422),
        ("/authors/merge", {"author_ids": [one, one]}, 422),
        ("/authors/merge", {"author_ids": [one, NOBODY]}, 404),
        ("/authors/split", {"author_id": one}, 422),
        ("/authors/split", {"author_id": one, "names": ["Ada Lovelace"]}, 422),
        ("/authors/split", {"author_id": one, "names": ["Somebody Else"]}, 422),
        ("/authors/split", {"author_id": one, "from_author_id": one}, 422),
        ("/authors/split", {"author_id": NOBODY, "names": ["x"]}, 404),
        ("/authors/decisions/99/undo", {}, 404),
    ):
        answer = client.post(path, json=body)
        assert answer.status_code == code, (path, body, answer.text)
        assert answer.json()["detail"]
    assert client.get(f"/authors/{NOBODY}").status_code == 404
    assert client.get(f"/ui/authors/{NOBODY}").status_code == 404
    assert client.get(f"/ui/authors/{one}?decided=x").status_code == 422
