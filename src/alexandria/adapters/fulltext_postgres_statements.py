"""The statements on keyword indexes in PostgreSQL."""

from functools import lru_cache

from sqlalchemy import TextClause, text

DOCUMENTS = text("SELECT resource_id, id FROM search_documents WHERE resource_id = ANY(:ids)")
LOCK_DOCUMENTS = text(
    "SELECT resource_id, id FROM search_documents WHERE resource_id = ANY(:ids) "
    "ORDER BY id FOR UPDATE"
)
ADD_DOCUMENTS = text(
    "INSERT INTO search_documents (resource_id) "
    "SELECT one FROM unnest(CAST(:ids AS text[])) AS one ORDER BY one "
    "ON CONFLICT (resource_id) DO NOTHING"
)
REMOVE_DOCUMENTS = text("DELETE FROM search_documents WHERE id = ANY(:documents)")
RESOURCES = text("SELECT id, resource_id FROM search_documents WHERE id = ANY(:documents)")

_PARTS = ("", "_postings", "_totals")

_CREATE = (
    """CREATE TABLE @index (document integer NOT NULL PRIMARY KEY, language text NOT NULL,
    title text NOT NULL, abstract text NOT NULL, authors text NOT NULL, content text NOT NULL,
    terms text NOT NULL)""",
    """CREATE TABLE @index_postings (term text COLLATE "C" NOT NULL, document integer NOT NULL,
    hit bytea NOT NULL, positions bytea NOT NULL, PRIMARY KEY (term, document) INCLUDE (hit))""",
    """CREATE TABLE @index_totals (language text NOT NULL, documents integer NOT NULL,
    tokens bigint NOT NULL)""",
)


class _Statements:
    """The statements on the tables of one index."""

    def __init__(self, table: str) -> None:
        def on_table(template: str) -> TextClause:
            return text(template.replace("@index", table))

        self.create = [on_table(one) for one in _CREATE]
        self.drop = on_table(f"DROP TABLE IF EXISTS {', '.join(f'@index{p}' for p in _PARTS)}")
        self.held = on_table(
            "SELECT document, language, title, abstract, authors, content, terms"
            " FROM @index WHERE document = ANY(:documents)"
        )
        self.all = on_table(
            "SELECT documents.resource_id FROM search_documents AS documents"
            " JOIN @index AS entries ON entries.document = documents.id"
        )
        self.put = on_table(
            "INSERT INTO @index"
            " (document, language, title, abstract, authors, content, terms) VALUES"
            " (:document, :language, :title, :abstract, :authors, :content, :terms)"
        )
        self.remove = on_table("DELETE FROM @index WHERE document = ANY(:documents)")
        self.put_postings = on_table(
            "INSERT INTO @index_postings (term, document, hit, positions)"
            " SELECT * FROM unnest(CAST(:terms AS text[]), CAST(:documents AS integer[]),"
            " CAST(:hits AS bytea[]), CAST(:positions AS bytea[]))"
            " ON CONFLICT (term, document) DO UPDATE"
            " SET hit = excluded.hit, positions = excluded.positions"
        )
        self.remove_postings = on_table(
            "DELETE FROM @index_postings WHERE document = :document AND term = ANY(:terms)"
        )
        # Deltas, not one row for each language, which every writer would wait for.
        self.put_totals = on_table(
            "INSERT INTO @index_totals (language, documents, tokens)"
            " VALUES (:language, :documents, :tokens)"
        )
        self.totals_rows = on_table("SELECT count(*) FROM @index_totals")
        self.sum_totals = on_table(
            "WITH gone AS (DELETE FROM @index_totals WHERE ctid = ANY(ARRAY("
            "  SELECT ctid FROM @index_totals FOR UPDATE SKIP LOCKED))"
            "  RETURNING language, documents, tokens)"
            " INSERT INTO @index_totals (language, documents, tokens)"
            " SELECT language, sum(documents), sum(tokens) FROM gone GROUP BY language"
            " HAVING sum(documents) <> 0 OR sum(tokens) <> 0"
        )
        self.totals = on_table(
            "SELECT language, sum(documents) AS documents, sum(tokens) AS tokens"
            " FROM @index_totals GROUP BY language"
        )
        self.hits = on_table(
            "SELECT term, string_agg(hit, '') AS hits FROM @index_postings"
            " WHERE term = ANY(:terms) GROUP BY term"
        )
        self.hits_beginning = on_table(
            "SELECT string_agg(hit, '') FROM @index_postings WHERE term >= :low AND term < :high"
        )
        packed = (
            "string_agg(int4send(postings.document), '') AS documents,"
            " string_agg(int4send(octet_length(positions) / 4), '') AS numbers,"
            " string_agg(positions, '') AS positions"
            " FROM @index_postings AS postings JOIN unnest(CAST(:documents AS integer[]))"
            " AS wanted (document) ON wanted.document = postings.document"
        )
        self.places = on_table(f"SELECT term, {packed} WHERE term = ANY(:terms) GROUP BY term")
        self.places_beginning = on_table(f"SELECT {packed} WHERE term >= :low AND term < :high")
        self.count = on_table(
            "SELECT term, count(*) AS documents FROM @index_postings"
            " WHERE term = ANY(:terms) GROUP BY term"
        )
        # Goes from each term to the next by the index; there are far more postings than terms.
        self.beginning = on_table(
            "WITH RECURSIVE terms AS ((SELECT term FROM @index_postings WHERE term >= :low"
            "  ORDER BY term LIMIT 1) UNION ALL SELECT (SELECT term FROM @index_postings"
            "  WHERE term > terms.term ORDER BY term LIMIT 1)"
            "  FROM terms WHERE terms.term < :high)"
            " SELECT term FROM terms WHERE term < :high"
        )


on = lru_cache(maxsize=8)(_Statements)
