"""What people say of authors, taken down and followed at once: merge, split, and undo."""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from alexandria.db import now
from alexandria.errors import ConflictError, InvalidInputError, NotFoundError
from alexandria.models import Author, AuthorDecision, AuthorDecisionMention, AuthorMention
from alexandria.services.authors.decisions import MERGE, SPLIT, same_mention
from alexandria.services.authors.lists import in_chunks, lock_authors
from alexandria.services.authors.registry import AuthorRegistry


class DecisionService:
    """Takes decisions down; `registry` judges the names anew under them."""

    def __init__(self, session: Session, registry: AuthorRegistry) -> None:
        self._session = session
        self._registry = registry

    def merge(self, author_ids: Sequence[str], by: str | None = None) -> AuthorDecision:
        """Say that authors are one person. Raises NotFoundError, InvalidInputError."""
        ids = list(dict.fromkeys(author_ids))
        if len(ids) < 2:
            raise InvalidInputError(
                "It takes two authors to merge.", "Name at least two different ones."
            )
        lock_authors(self._session)
        mentions = [one for author_id in ids for one in self._mentions(author_id)]
        return self._decide(MERGE, mentions, (), by)

    def split(
        self,
        author_id: str,
        names: Collection[str] = (),
        resource_ids: Collection[str] = (),
        by: str | None = None,
    ) -> AuthorDecision:
        """Say that what bears one of the names, or is one of the resources, is by another person.

        Raises NotFoundError; InvalidInputError if nothing, or everything, would go.
        """
        lock_authors(self._session)
        mentions = self._mentions(author_id)
        gone = [one for one in mentions if one.printed in names or one.resource_id in resource_ids]
        left = [one for one in mentions if one not in gone]
        if not gone:
            raise InvalidInputError(
                "This author has none of these names or resources.",
                "Name some that the author has; see GET /authors/{id}.",
            )
        if not left:
            raise InvalidInputError(
                "That is all this author has; nothing would be left.",
                "Leave out what is to stay with the author.",
            )
        return self._decide(SPLIT, left, gone, by)

    def keep_apart(self, author_id: str, other_id: str, by: str | None = None) -> AuthorDecision:
        """Say that two authors are two people, whatever comes. Raises as `merge` does."""
        if author_id == other_id:
            raise InvalidInputError("That is one author.", "Name two different ones.")
        lock_authors(self._session)
        return self._decide(SPLIT, self._mentions(author_id), self._mentions(other_id), by)

    def undo(self, decision_id: int) -> AuthorDecision:
        """Take a decision back; the rules decide on these names again."""
        decision = self._session.get(
            AuthorDecision, decision_id, with_for_update=True, populate_existing=True
        )
        if decision is None:
            raise NotFoundError(
                f"There is no decision {decision_id}.", "Look at the author's decisions."
            )
        if decision.undone_at is not None:
            raise ConflictError(
                "This decision is undone already.", "There is nothing left to undo."
            )
        lock_authors(self._session)
        decision.undone_at = now()
        self._session.flush()
        self._registry.judge(self._names_of(decision))
        return decision

    def people_of(self, decision: AuthorDecision) -> list[Author]:
        """Give the authors whom a decision is about, as they are now: first those of side 0."""
        rows = self._session.execute(
            select(AuthorMention.author_id, AuthorDecisionMention.side)
            .join(AuthorDecisionMention, same_mention(AuthorDecisionMention, AuthorMention))
            .where(AuthorDecisionMention.decision_id == decision.id)
            .order_by(AuthorDecisionMention.side, AuthorMention.resource_id)
        )
        ids = dict.fromkeys(one for one, _ in rows if one)
        return [self._session.get_one(Author, one) for one in ids]

    def kept_apart(self, author_id: str) -> set[str]:
        """Give the authors whom somebody said to be other people than this one."""
        own, other = aliased(AuthorDecisionMention), aliased(AuthorDecisionMention)
        mine, theirs = aliased(AuthorMention), aliased(AuthorMention)
        rows = self._session.scalars(
            select(theirs.author_id)
            .join(other, same_mention(other, theirs))
            .join(own, (own.decision_id == other.decision_id) & (own.side != other.side))
            .join(mine, same_mention(own, mine))
            .join(AuthorDecision, AuthorDecision.id == own.decision_id)
            .where(
                mine.author_id == author_id,
                AuthorDecision.kind == SPLIT,
                AuthorDecision.undone_at.is_(None),
            )
            .distinct()
        )
        return {one for one in rows if one} - {author_id}

    def decisions_on(self, places: Iterable[tuple[str, str]]) -> list[AuthorDecision]:
        """Give what people decided, undone or not, on printed names of resources; the newest first."""
        wanted = set(places)
        found: dict[int, AuthorDecision] = {}
        for chunk in in_chunks({resource_id for resource_id, _ in wanted}):
            rows = self._session.execute(
                select(
                    AuthorDecision, AuthorDecisionMention.resource_id, AuthorDecisionMention.printed
                )
                .join(AuthorDecisionMention, AuthorDecisionMention.decision_id == AuthorDecision.id)
                .where(AuthorDecisionMention.resource_id.in_(chunk))
            )
            found |= {one.id: one for one, *place in rows if tuple(place) in wanted}
        return [found[number] for number in sorted(found, reverse=True)]

    def names_in(self, decision: AuthorDecision) -> tuple[list[str], list[str]]:
        """Give the printed names on either side of a decision."""
        rows = self._session.execute(
            select(AuthorDecisionMention.side, AuthorDecisionMention.printed)
            .where(AuthorDecisionMention.decision_id == decision.id)
            .distinct()
            .order_by(AuthorDecisionMention.printed)
        ).all()
        left, right = ([name for side, name in rows if side == number] for number in (0, 1))
        return left, right

    def _mentions(self, author_id: str) -> list[AuthorMention]:
        found = list(
            self._session.scalars(
                select(AuthorMention)
                .where(AuthorMention.author_id == author_id)
                .order_by(AuthorMention.resource_id, AuthorMention.position)
                .execution_options(populate_existing=True)
            )
        )
        if not found:
            raise NotFoundError(
                f"There is no author {author_id}.",
                "They may have been merged with another; search for the name.",
            )
        return found

    def _decide(
        self,
        kind: str,
        left: Sequence[AuthorMention],
        right: Sequence[AuthorMention],
        by: str | None,
    ) -> AuthorDecision:
        decision = AuthorDecision(kind=kind, decided_by=by)
        self._session.add(decision)
        self._session.flush()
        for side, mentions in enumerate((left, right)):
            for one in mentions:
                self._session.add(
                    AuthorDecisionMention(
                        decision_id=decision.id,
                        resource_id=one.resource_id,
                        position=one.position,
                        printed=one.printed,
                        side=side,
                    )
                )
        self._session.flush()
        self._registry.judge({one.name_key for one in (*left, *right)})
        return decision

    def _names_of(self, decision: AuthorDecision) -> set[str]:
        rows = self._session.execute(
            select(AuthorDecisionMention.resource_id, AuthorDecisionMention.position).where(
                AuthorDecisionMention.decision_id == decision.id
            )
        )
        found: set[str] = set()
        for chunk in in_chunks({f"{one}" for one, _ in rows}):
            query = select(AuthorMention.name_key).where(AuthorMention.resource_id.in_(chunk))
            found |= set(self._session.scalars(query.distinct()))
        return found
