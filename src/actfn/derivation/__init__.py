"""From a formula to its derivative, step by step, each with its reason in English and Chinese; needs SymPy.

Examples
--------
>>> import actfn
>>> [step.rule for step in actfn.sigmoid.derivation().steps]
['reciprocal', 'add_and_subtract', 'split', 'factor', 'recognise']
"""

from actfn.formula import sympy_module

sympy_module()  # whoever lacks it is told how to install it

from actfn.derivation.derive import derive
from actfn.derivation.document import Derivation
from actfn.derivation.rows import derivation_of_cross_entropy
from actfn.derivation.steps import Step

__all__ = ["Derivation", "Step", "derivation_of_cross_entropy", "derive"]
