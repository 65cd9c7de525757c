"""Who may use the library, on both databases."""

from datetime import timedelta
from pathlib import Path

import pytest

from alexandria.bootstrap import Services
from alexandria.db import now, reading, writing
from alexandria.errors import InvalidInputError, UnauthorizedError
from alexandria.models import Credential
from alexandria.services.users import UserService


def users(session: object) -> UserService:
    return Services(session).users  # type: ignore[arg-type]


def test_a_token_says_who_and_what_they_may(either_library: Path) -> None:
    with writing() as session:
        token = users(session).new_token("reader", "read")
    with reading() as session:
        found = users(session).identify(token, "token")
        assert found
        assert (found.name, found.may("read"), found.may("write")) == ("reader", True, False)
        assert users(session).identify(token, "session") is None
        assert users(session).identify(token + "x", "token") is None
        assert token not in [row.sha256 for row in session.query(Credential)]


def test_a_link_works_once_and_a_new_one_ends_the_old(either_library: Path) -> None:
    with writing() as session:
        first, second = users(session).new_sign_in_link(), users(session).new_sign_in_link()
    with writing() as session:
        with pytest.raises(UnauthorizedError):
            users(session).sign_in(first)
        secret = users(session).sign_in(second)
        with pytest.raises(UnauthorizedError):
            users(session).sign_in(second)
    with writing() as session:
        assert users(session).identify(secret, "session")
        users(session).sign_out(secret)
    with reading() as session:
        assert users(session).identify(secret, "session") is None


def test_a_session_of_a_token_may_no_more_than_the_token(either_library: Path) -> None:
    with writing() as session:
        secret = users(session).session_for_token(users(session).new_token("reader", "read"))
        assert secret
        found = users(session).identify(secret, "session")
        assert found
        assert found.scope == "read"
        assert users(session).session_for_token("none") is None


def test_what_expired_opens_nothing(either_library: Path) -> None:
    with writing() as session:
        link = users(session).new_sign_in_link()
        session.query(Credential).update({"expires_at": now() - timedelta(seconds=1)})
    with writing() as session, pytest.raises(UnauthorizedError):
        users(session).sign_in(link)


def test_an_unknown_scope_is_refused(either_library: Path) -> None:
    with writing() as session, pytest.raises(InvalidInputError, match="no scope 'all'"):
        users(session).new_token("reader", "all")


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "reader"])
def test_a_name_that_is_empty_or_taken_is_refused(either_library: Path, name: str) -> None:
    with writing() as session:
        users(session).add("reader")
    with writing() as session, pytest.raises(InvalidInputError):
        users(session).add(name)
    with reading() as session:
        assert [user.name for user in users(session).list_users()] == ["reader"]
