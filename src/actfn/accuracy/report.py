"""The report of a check: whether the bound holds, by how much, and where it does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actfn.accuracy.tally import Tally

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Report:
    """What a check found.

    Attributes
    ----------
    subject, reference : str
        The callable that was checked, and the function that it is to be.
    order : int
        Which derivative.
    dtype : str
    bound : float
        The largest error allowed, in ULP.
    exhaustive : bool
        Whether every number of the format was tried.
    tally : Tally
        Errors, counts and places.
    reference_error : float
        How far off, in ULP of the dtype, the reference itself may be: 0 where it is the exact value.
    """

    subject: str
    reference: str
    order: int
    dtype: str
    bound: float
    exhaustive: bool
    tally: Tally
    reference_error: float = 0.0

    @property
    def faults(self) -> dict[str, int]:
        """How often each kind of fault was met: wrong NaN, wrong infinity, wrong sign of zero, flushed to zero, ..."""
        return {kind: count for kind, count in self.tally.kinds.items() if kind != "kinks"}

    @property
    def ok(self) -> bool:
        """Whether every error is within the bound and no other fault was met."""
        return self.tally.worst <= self.bound and not any(self.faults.values())

    @property
    def max_ulp(self) -> float:
        """The largest error in ULP, of the results that are neither NaN, infinite nor flushed by mistake."""
        return self.tally.worst

    @property
    def worst(self) -> dict[str, float] | None:
        """The point of the largest error: ``x``, ``got`` and ``exact``."""
        return None if self.tally.where is None else dict(zip(("x", "got", "exact"), self.tally.where))

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as plain data, with hexadecimal floats beside decimal ones."""
        tally, worst = self.tally, self.worst
        return {
            "subject": self.subject,
            "reference": self.reference,
            "order": self.order,
            "dtype": self.dtype,
            "ok": self.ok,
            "bound": self.bound,
            "exhaustive": self.exhaustive,
            "count": tally.count,
            "max_ulp": tally.worst,
            "reference_error": self.reference_error,
            "worst": worst and {**worst, **{f"{key}_hex": value.hex() for key, value in worst.items()}},
            "p999_ulp": tally.percentile(0.999),
            "mean_ulp": tally.mean,
            "share_correctly_rounded": tally.share_correct,
            "first_bad_interval": tally.bad and [*tally.bad, *(value.hex() for value in tally.bad)],
            "faults": self.faults,
            "first_faults": {kind: [repr(x), x.hex()] for kind, x in tally.first.items()},
            "at_kinks": tally.kinds["kinks"],
        }

    def sentence(self) -> str:
        """Return in one sentence whether the bound holds, and where it does not."""
        what = f"{self.subject} as {self.reference}, order {self.order}, {self.dtype}"
        if self.ok:
            return f"{what}: at most {self.max_ulp:.3g} ULP, within {self.bound:g}"
        faults = [
            f"{count} {kind.replace('_', ' ')}, first at x = {self.tally.first[kind]!r}"
            for kind, count in self.faults.items()
            if count
        ]
        if self.max_ulp > self.bound and self.worst is not None:
            x, got, exact = self.worst.values()
            faults.insert(0, f"{self.max_ulp:.3g} ULP at x = {x!r} ({x.hex()}), where it gives {got!r} for {exact!r}")
        return f"{what}: not within {self.bound:g} ULP: {'; '.join(faults)}"

    def table(self) -> str:
        """Return every figure as readable text, a line each.

        Examples
        --------
        >>> import actfn
        >>> report = actfn.check(actfn.relu, "relu", dtype="float16")
        >>> for line in report.table().splitlines()[:4]:
        ...     print(line)
        checked             actfn.relu
        against             relu, value
        dtype               float16
        points              65,536, every number
        """
        from actfn.accuracy import views

        return views.table(self)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the largest errors against x, the bound as a line, and a ring around the largest of all.

        The axis of x has all numbers of the format, both signs by their logarithms; that of the errors is logarithmic too.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw. Without it a new figure is made; it is the ``figure`` of the result.

        Returns
        -------
        matplotlib.axes.Axes

        Examples
        --------
        >>> import actfn
        >>> axes = actfn.check(actfn.tanh, "tanh", dtype="float16", max_ulp=1).plot()
        >>> axes.get_legend_handles_labels()[1][:2]
        ['within the bound', 'bound, 1 ULP']
        """
        from actfn.accuracy import views

        return views.plot(self, ax)

    def to_json(self) -> str:
        """Return the figures as JSON, with hexadecimal floats beside decimal ones.

        Examples
        --------
        >>> import actfn, json
        >>> json.loads(actfn.check(actfn.relu, "relu", dtype="float16").to_json())["ok"]
        True
        """
        from actfn.accuracy import views

        return views.to_json(self)

    def to_html(self) -> str:
        """Return one page with the table and the plot, light or dark as its reader likes; it needs nothing but itself.

        Examples
        --------
        >>> import actfn
        >>> page = actfn.check(actfn.relu, "relu", dtype="float16").to_html()
        >>> page.startswith("<!doctype html>"), "://" in page
        (True, False)
        """
        from actfn.accuracy import views

        return views.to_html(self)
