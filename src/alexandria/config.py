"""All settings: environment variables and `.env`; `.env.example` says the same for people."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_MAIL_ADDRESS = re.compile(r"[^\s@<>()]+@[^\s@<>()]+\.[^\s@<>().]+", re.ASCII)


class Settings(BaseSettings):
    """Each field's description gives its meaning and unit. With none set, everything runs embedded."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    database_url: Annotated[
        str | None,
        Field(description="SQLAlchemy URL; default: SQLite in the data folder"),
    ] = None
    redis_host: Annotated[
        str | None, Field(description="host of the cache's Redis; default: embedded")
    ] = None
    redis_port: Annotated[int, Field(description="port of the cache's Redis")] = 6379
    redis_password: Annotated[
        SecretStr | None, Field(description="password of the cache's Redis")
    ] = None
    redis_cache_db: Annotated[int, Field(description="database number of the cache", ge=0)] = 2
    celery_broker_url: Annotated[
        str | None,
        Field(description="URL of the broker's Redis (noeviction); default: embedded"),
    ] = None
    celery_result_backend: Annotated[
        str | None, Field(description="URL of the result backend; default: the broker's Redis")
    ] = None

    alexandria_data_dir: Annotated[
        Path, Field(description="folder of the library: database, files, embedded servers")
    ] = Path("data")
    alexandria_time_scale: Annotated[
        float,
        Field(
            description="factor on every delay and TTL: 0.1 is ten times as fast; for tests",
            gt=0,
        ),
    ] = 1.0
    alexandria_log_level: Annotated[str, Field(description="DEBUG, INFO, WARNING or ERROR")] = (
        "INFO"
    )
    alexandria_log_json: Annotated[bool, Field(description="log lines as JSON objects")] = False

    alexandria_embedding_model: Annotated[
        Path | None,
        Field(description="folder with model.onnx and tokenizer.json; default: the bundled model"),
    ] = None
    alexandria_embedding_threads: Annotated[
        int, Field(description="threads of the embedding model in each process", ge=1)
    ] = 1
    alexandria_take_along: Annotated[
        int,
        Field(description="stale resources that one task of a derivation handles at most", ge=1),
    ] = 32

    alexandria_max_file_mb: Annotated[
        int, Field(description="largest file that is taken in, in MB", ge=1)
    ] = 100
    alexandria_extraction_seconds: Annotated[
        float, Field(description="time to read one document, in seconds", gt=0)
    ] = 60.0
    alexandria_extraction_memory_mb: Annotated[
        int, Field(description="memory to read one document, in MB", ge=128)
    ] = 2048
    alexandria_ocr_languages: Annotated[
        str,
        Field(
            description="languages of scanned pages, as tesseract names them (eng+deu), where it is"
            " installed; empty: no text recognition"
        ),
    ] = "eng"
    alexandria_fetch_seconds: Annotated[
        float, Field(description="time to fetch one address, in seconds", gt=0)
    ] = 30.0
    alexandria_fetch_private: Annotated[
        bool, Field(description="let the server fetch loopback and private addresses")
    ] = False

    alexandria_lookups: Annotated[
        bool,
        Field(
            description="ask public services for the metadata of DOIs, arXiv ids, ISBNs and PMIDs"
        ),
    ] = False
    alexandria_contact: Annotated[
        str | None,
        Field(
            description="mail address that is named to these services; they are asked with it only"
        ),
    ] = None
    alexandria_lookup_days: Annotated[
        int, Field(description="days for which no service is asked the same again", ge=1)
    ] = 30
    alexandria_lookup_interval: Annotated[
        float,
        Field(description="seconds between two requests to one service, of all processes", ge=0),
    ] = 1.0
    alexandria_arxiv_interval: Annotated[
        float, Field(description="the same for arXiv, which asks for 3", ge=0)
    ] = 3.0
    alexandria_crossref_url: Annotated[str, Field(description="address of Crossref (DOI)")] = (
        "https://api.crossref.org"
    )
    alexandria_datacite_url: Annotated[
        str, Field(description="address of DataCite (DOIs that Crossref does not know)")
    ] = "https://api.datacite.org"
    alexandria_arxiv_url: Annotated[str, Field(description="address of arXiv's interface")] = (
        "https://export.arxiv.org"
    )
    alexandria_open_library_url: Annotated[
        str, Field(description="address of Open Library (ISBN)")
    ] = "https://openlibrary.org"
    alexandria_pubmed_url: Annotated[str, Field(description="address of PubMed (PMID)")] = (
        "https://eutils.ncbi.nlm.nih.gov"
    )

    alexandria_task_events: Annotated[
        bool, Field(description="Celery task events, which Flower's task pages need")
    ] = True
    alexandria_disable_prefetch: Annotated[
        bool, Field(description="workers take a task only when a child is free")
    ] = True
    alexandria_visibility_timeout: Annotated[
        int,
        Field(
            description="seconds until a lost worker's task is delivered again; "
            "longer than the longest delay and task together",
            ge=60,
        ),
    ] = 3600
    alexandria_stale_grace: Annotated[
        float,
        Field(description="seconds after which overdue work counts as stale and is queued again"),
    ] = 30.0
    alexandria_lease_seconds: Annotated[
        float,
        Field(description="seconds that running work is left alone without a sign of life", gt=0),
    ] = 120.0
    alexandria_stop_seconds: Annotated[
        float,
        Field(
            description="seconds that running tasks have to end when the library or a worker is "
            "stopped; what is left is ended hard, and runs again later",
            ge=0,
        ),
    ] = 6.0

    alexandria_most_waiting: Annotated[
        int,
        Field(
            description="tasks that may wait before nothing more is taken in; 0: any number", ge=0
        ),
    ] = 500_000

    alexandria_outbox_days: Annotated[
        int,
        Field(description="days that events are kept once handed over; 0: for ever", ge=0),
    ] = 365

    @model_validator(mode="after")
    def _redis_comes_whole(self) -> Self:
        if (self.redis_host is None) != (self.celery_broker_url is None):
            given, missing = (
                ("REDIS_HOST", "CELERY_BROKER_URL")
                if self.redis_host is not None
                else ("CELERY_BROKER_URL", "REDIS_HOST")
            )
            raise ValueError(
                f"{given} is set, {missing} is not. Set both to use your own Redis "
                "(one for the cache, one for the broker), or none to run the embedded ones."
            )
        return self

    @model_validator(mode="after")
    def _services_can_reach_us(self) -> Self:
        contact = self.alexandria_contact or ""
        if self.alexandria_lookups and not _MAIL_ADDRESS.fullmatch(contact):
            raise ValueError(
                "ALEXANDRIA_LOOKUPS is on, and ALEXANDRIA_CONTACT "
                + (f"({contact!r}) is no mail address. " if contact else "is not set. ")
                + "Set it to yours: the services want to know whom to write to."
            )
        return self

    @property
    def data_dir(self) -> Path:
        return self.alexandria_data_dir.expanduser().absolute()

    @property
    def resolved_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'alexandria.db'}"

    @property
    def embedded_redis(self) -> bool:
        return self.redis_host is None

    def scaled(self, seconds: float) -> float:
        """A delay or TTL of `seconds` as it counts here."""
        return seconds * self.alexandria_time_scale


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once; `get_settings.cache_clear()` reads them anew."""
    return Settings()
