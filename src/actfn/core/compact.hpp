// Functions that programs seldom wait for: one loop for each kernel, from which those of products with g and of two
// results are put together. Inputs and outputs are blocks that do not overlap.
#pragma once

#include "table.hpp"
#include "vocabulary.hpp"

namespace {
namespace compact {

using actfn::Loop;

// x, g to g times the loop's result at x.
template <Loop loop> void times_g(void* const* data, const double* const* parameters, std::ptrdiff_t n) {
    void* const of_x[] = {data[0], data[2]};
    loop(of_x, parameters, n);
    const double* const g = static_cast<const double*>(data[1]);
    double* const y = static_cast<double*>(data[2]);
#pragma GCC ivdep
    for (std::ptrdiff_t i = 0; i < n; ++i) y[i] = double_operations::one_nan(g[i] * y[i]);
}

// x to the results of two loops.
template <Loop first, Loop second> void both(void* const* data, const double* const* parameters, std::ptrdiff_t n) {
    void* const to_first[] = {data[0], data[1]};
    void* const to_second[] = {data[0], data[2]};
    first(to_first, parameters, n);
    second(to_second, parameters, n);
}

} // namespace compact
} // namespace
