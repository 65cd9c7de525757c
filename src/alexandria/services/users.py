"""Who may use the library: users, and the secrets that prove who someone is."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from alexandria.db import now
from alexandria.errors import InvalidInputError, UnauthorizedError
from alexandria.models import Credential, User

OWNER = "owner"
SCOPES = ("read", "write", "admin")
"""Each includes those before it."""
LINK_LIFETIME = timedelta(hours=24)
SESSION_LIFETIME = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Identity:
    user_id: str
    name: str
    scope: str

    def may(self, scope: str) -> bool:
        return SCOPES.index(self.scope) >= SCOPES.index(scope)


class UserService:
    def __init__(self, session: Session) -> None:
        self._session = session

    def list_users(self) -> list[User]:
        return list(self._session.scalars(select(User).order_by(User.name)))

    def add(self, name: str) -> User:
        """Add a user. Raises InvalidInputError for a name that is empty or taken."""
        name = name.strip()
        if not name or not name.isprintable():
            raise InvalidInputError("This is no name of a user.", "Give letters that can be read.")
        if self._session.scalar(select(User).where(User.name == name)) is not None:
            raise InvalidInputError(f"There is a user {name} already.", "Choose another name.")
        return self.ensure(name)

    def ensure(self, name: str = OWNER) -> User:
        """Give the user of that name, made if there is none."""
        user = self._session.scalar(select(User).where(User.name == name))
        if user is None:
            user = User(name=name)
            self._session.add(user)
            self._session.flush()
        return user

    def new_token(self, name: str, scope: str = "write") -> str:
        """Make an API token; it is told once and only its hash is kept."""
        if scope not in SCOPES:
            raise InvalidInputError(
                f"There is no scope {scope!r}.", f"Use one of: {', '.join(SCOPES)}."
            )
        return self._new_secret(self.ensure(name), "token", scope, None)

    def new_sign_in_link(self, name: str = OWNER) -> str:
        """Make the secret of a sign-in link; it works once, and older ones no longer."""
        self._session.execute(delete(Credential).where(Credential.kind == "link"))
        return self._new_secret(self.ensure(name), "link", "admin", LINK_LIFETIME)

    def sign_in(self, link_secret: str) -> str:
        """Turn a sign-in link into the secret of a session. Raises UnauthorizedError."""
        link = self._find(link_secret, "link")
        if link is None:
            raise UnauthorizedError(
                "This sign-in link was used already, or is too old.",
                "Start Alexandria again: it prints a new one.",
            )
        self._session.delete(link)
        return self._new_secret(link.user, "session", link.scope, SESSION_LIFETIME)

    def session_for_token(self, token: str) -> str | None:
        """Give the secret of a session that may do what the API token may; None if it is none."""
        found = self._find(token, "token")
        if found is None:
            return None
        return self._new_secret(found.user, "session", found.scope, SESSION_LIFETIME)

    def sign_out(self, session_secret: str) -> None:
        if found := self._find(session_secret, "session"):
            self._session.delete(found)

    def identify(self, secret: str, kind: str) -> Identity | None:
        """Tell whose API token or session this is; None if it is nobody's or expired."""
        found = self._find(secret, kind)
        return Identity(found.user_id, found.user.name, found.scope) if found else None

    def _new_secret(self, user: User, kind: str, scope: str, lifetime: timedelta | None) -> str:
        secret = secrets.token_urlsafe(32)
        self._session.add(
            Credential(
                sha256=_hash(secret),
                user_id=user.id,
                kind=kind,
                scope=scope,
                expires_at=now() + lifetime if lifetime else None,
            )
        )
        self._session.flush()
        return secret

    def _find(self, secret: str, kind: str) -> Credential | None:
        found = self._session.get(Credential, _hash(secret))
        expired = found and found.expires_at is not None and found.expires_at < now()
        return found if found and found.kind == kind and not expired else None


def _hash(secret: str) -> str:
    # The secrets are 256 random bits, so a plain hash can't be searched.
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
