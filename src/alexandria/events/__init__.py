from alexandria.events.event_system import Event, EventEmitter, EventPriority, event_emitter
from alexandria.events.event_types import SystemEvent

__all__ = ["Event", "EventEmitter", "EventPriority", "SystemEvent", "event_emitter"]
