"""Who cites whom: references matched with resources, and the graph that they make."""

from alexandria.services.graph.edges import PRODUCER, damaged_nodes
from alexandria.services.graph.service import DEEPEST, Citations, GraphService

__all__ = ["DEEPEST", "PRODUCER", "Citations", "GraphService", "damaged_nodes"]
