"""Categories, what is predicted and decided of them, and trainings of the classifier

Revision ID: 0013
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "categories",
        _id("id"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.String(length=200), nullable=False),
        sa.Column("parent_id", sa.String(length=36), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("keywords", JSON, nullable=False),
        sa.Column("notation", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        _refers("categories", "parent_id", "categories.id", "RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_categories")),
        sa.UniqueConstraint("slug", name=op.f("uq_categories_slug")),
    )
    for column in ("name", "parent_id"):
        op.create_index(op.f(f"ix_categories_{column}"), "categories", [column])
    op.create_table(
        "classification_runs",
        _id("resource_id"),
        sa.Column("content_revision", sa.Integer(), nullable=False),
        sa.Column("metadata_revision", sa.Integer(), nullable=False),
        sa.Column("producer", sa.String(length=128), nullable=False),
        sa.Column("computed_at", MOMENT, nullable=False),
        _refers("classification_runs", "resource_id", "resources.id"),
        sa.PrimaryKeyConstraint("resource_id", name=op.f("pk_classification_runs")),
    )
    op.create_table(
        "classification_predictions",
        *_of_both("classification_predictions"),
        sa.Column("confidence", sa.Float(), nullable=False),
    )
    op.create_index(
        "ix_classification_predictions_confidence", "classification_predictions", ["confidence"]
    )
    op.create_table(
        "classification_decisions",
        *_of_both("classification_decisions"),
        sa.Column("is_confirmed", sa.Boolean(), nullable=False),
        sa.Column("changed_subjects", sa.Boolean(), nullable=False),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=False),
    )
    for table in ("classification_predictions", "classification_decisions"):
        op.create_index(op.f(f"ix_{table}_category_id"), table, ["category_id"])
    op.create_table(
        "classifier_trainings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("producer", sa.String(length=128), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("is_accepted", sa.Boolean(), nullable=False),
        sa.Column("examples", sa.Integer(), nullable=False),
        sa.Column("held_back", sa.Integer(), nullable=False),
        sa.Column("macro_f1", sa.Float(), nullable=False),
        sa.Column("ece", sa.Float(), nullable=False),
        sa.Column("old_macro_f1", sa.Float(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("trained_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_classifier_trainings")),
    )


def _id(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=36), nullable=False)


def _refers(
    table: str, column: str, target: str, ondelete: str = "CASCADE"
) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target.partition('.')[0]}")
    return sa.ForeignKeyConstraint([column], [target], name=name, ondelete=ondelete)


def _of_both(table: str) -> list[sa.Column[str] | sa.Constraint]:
    return [
        _id("resource_id"),
        _id("category_id"),
        _refers(table, "resource_id", "resources.id"),
        _refers(table, "category_id", "categories.id"),
        sa.PrimaryKeyConstraint("resource_id", "category_id", name=op.f(f"pk_{table}")),
    ]


def downgrade() -> None:
    raise NotImplementedError("restore the copy that was made before the migration")
