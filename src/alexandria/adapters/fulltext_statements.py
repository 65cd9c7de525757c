"""The statements on keyword indexes in FTS5."""

from functools import lru_cache

from sqlalchemy import TextClause, text

DOCUMENTS = text(
    "SELECT resource_id, id FROM search_documents "
    "WHERE resource_id IN (SELECT value FROM json_each(:ids))"
)
ADD_DOCUMENTS = text(
    "INSERT INTO search_documents (resource_id) SELECT value FROM json_each(:ids) WHERE TRUE "
    "ON CONFLICT (resource_id) DO NOTHING"
)
REMOVE_DOCUMENTS = text(
    "DELETE FROM search_documents WHERE resource_id IN (SELECT value FROM json_each(:ids))"
)


class _Statements:
    """The statements on one table."""

    def __init__(self, table: str) -> None:
        def on_table(template: str) -> TextClause:
            return text(template.replace("@index", table))

        self.add = on_table(
            "INSERT INTO @index (rowid, title, abstract, authors, content, terms) "
            "VALUES (:id, :title, :abstract, :authors, :content, :terms)"
        )
        self.remove = on_table("DELETE FROM @index WHERE rowid = :id")
        self.search = on_table(
            "SELECT documents.resource_id, -hits.score FROM ("
            " SELECT rowid AS id, rank AS score FROM @index"
            " WHERE @index MATCH :match AND rank MATCH :rank ORDER BY rank LIMIT :limit"
            ") AS hits JOIN search_documents AS documents ON documents.id = hits.id "
            "ORDER BY hits.score, hits.id"
        )
        self.part = on_table(
            "SELECT rowid, -rank AS score FROM @index WHERE @index MATCH :match AND rank MATCH :rank"
            " AND rowid IN (SELECT value FROM json_each(:rows))"
        )
        self.all = on_table(
            "SELECT documents.resource_id FROM search_documents AS documents"
            " JOIN @index ON @index.rowid = documents.id"
        )
        self.held = on_table(
            "SELECT documents.resource_id, title, abstract, authors, content, terms"
            " FROM search_documents AS documents JOIN @index ON @index.rowid = documents.id"
            " WHERE documents.resource_id IN (SELECT value FROM json_each(:ids))"
        )
        self.count = on_table("SELECT count(*) FROM @index WHERE @index MATCH :match")


on = lru_cache(maxsize=8)(_Statements)
