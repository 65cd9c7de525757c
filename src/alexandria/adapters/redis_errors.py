"""A Redis that lives but takes no writes, because its disk is full, counts as away."""

import redis
from redis._parsers.base import BaseParser


class FullDiskError(redis.ConnectionError):
    """The server can't write its log. redis-py knows no such error, and would call it the caller's."""


BaseParser.EXCEPTION_CLASSES["MISCONF"] = FullDiskError
