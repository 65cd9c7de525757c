"""Logging: one line an entry, with the correlation id of the request or task that it belongs to."""

import json
import logging
import logging.config
from contextvars import ContextVar
from datetime import UTC, datetime

correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)


class _CorrelationFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.correlation_id = correlation_id.get() or "-"
        return True


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "correlation_id": getattr(record, "correlation_id", "-"),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


_PLAIN = "%(asctime)s %(levelname)s %(name)s [%(correlation_id)s] %(message)s"


def configure_logging(level: str = "INFO", *, as_json: bool = False) -> None:
    """Send all log lines of the process to standard error."""
    formatter: dict[str, object] = {"()": _JsonFormatter} if as_json else {"format": _PLAIN}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"correlation": {"()": _CorrelationFilter}},
            "formatters": {"line": formatter},
            "handlers": {
                "stderr": {
                    "class": "logging.StreamHandler",
                    "level": level.upper(),  # `echo_pool` sets its logger to INFO by itself
                    "formatter": "line",
                    "filters": ["correlation"],
                }
            },
            "root": {"level": level.upper(), "handlers": ["stderr"]},
            "loggers": {
                "httpx": {"level": "WARNING"},
                "sqlalchemy.pool": {"level": "WARNING"},
                "pdfminer": {"level": "ERROR"},
            },
        }
    )
