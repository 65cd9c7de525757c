"""The monthly training of the classifier."""

import logging
from typing import Any

from alexandria.bootstrap import Services
from alexandria.db import LibrarySession
from alexandria.errors import InvalidInputError
from alexandria.tasks.base import DatabaseTask
from alexandria.tasks.celery_app import celery_app

logger = logging.getLogger(__name__)


@celery_app.task(base=DatabaseTask, name="alexandria.tasks.retrain_classification_model")
def retrain_classification_model(*, db: LibrarySession) -> dict[str, Any]:
    """Train anew on what is confirmed by now (SPEC 3.2); the old model stays unless it is worse."""
    training = Services(db).training
    try:
        done = training.train(training.examples())
    except InvalidInputError as error:
        logger.info("retrain_classification_model: %s", error.detail)
        return {"trained": False, "reason": error.message}
    return {"trained": True, "accepted": done.is_accepted, "reason": done.reason}
