"""Properties of an elementwise function that are computed from its formula, each with how it was found."""

from actfn.properties.compute import saturated
from actfn.properties.report import Properties, Property

__all__ = ["Properties", "Property", "saturated"]
