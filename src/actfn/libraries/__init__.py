"""Kernels run in other array libraries: PyTorch, JAX, CuPy and whatever follows the array API standard."""
