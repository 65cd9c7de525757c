"""Run by Alembic; the connection comes from `alexandria.migrations.migrate`."""

from alembic import context

from alexandria.db import Base, get_engine
from alexandria.models import Resource

assert Resource.metadata is Base.metadata  # noqa: S101 (the import above fills the metadata)


def _run(connection: object) -> None:
    context.configure(
        connection=connection,  # type: ignore[arg-type]
        target_metadata=Base.metadata,
        render_as_batch=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    with get_engine().connect() as own:
        _run(own)
