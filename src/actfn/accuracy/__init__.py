"""Truth: the oracle, the measure of error, and the checker that anyone can point at their own function."""

from actfn.accuracy.check import check
from actfn.accuracy.report import Report

__all__ = ["Report", "check"]
