"""Backup and restore: what a library must keep, and how it comes back."""

from alexandria.services.backup.restore import RestoreService, holds_something, put_files
from alexandria.services.backup.save import BackupService

__all__ = ["BackupService", "RestoreService", "holds_something", "put_files"]
