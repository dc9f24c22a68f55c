import numpy as np

ufuncs: dict[str, np.ufunc]
gates: dict[str, np.ufunc]
sums: dict[str, np.ufunc]
instruction_set: str
available: str
compiler: str

def register_bfloat16(type_number: int, /) -> None: ...
def run(ufunc: np.ufunc, precise: bool, rows: int, length: int, /, *operands: float) -> None: ...
