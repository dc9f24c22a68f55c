// Large arrays of 16-bit numbers, with parameters at their defaults: results are looked up in tables of all of them.
#pragma once

#include <atomic>
#include <cstdlib>
#include <cstring>

#include "narrow.hpp"
#include "table.hpp"

namespace {

constexpr std::ptrdiff_t block = 512; // numbers that are computed at a time
constexpr int most_inputs = 3, most_outputs = 2;

namespace lookup {

using actfn::Entry;

constexpr std::ptrdiff_t least = 8192; // from so many elements on
constexpr int most_entries = 2048;
constexpr std::ptrdiff_t inputs = 65536;

// The loop's results for a block of inputs, with default parameters; a product's further input is 1.
inline void evaluate(const Entry& entry, double* x, double* const* y) {
    alignas(64) double ones[block], spread[most_parameters][block];
    const double* parameters[most_parameters];
    for (double& one : ones) one = 1.0;
    for (int p = 0; p < entry.parameters; ++p) {
        for (double& number : spread[p]) number = *entry.defaults[p];
        parameters[p] = spread[p];
    }
    void* data[most_inputs + most_outputs] = {x};
    int count = 1;
    if (entry.inputs == 2) data[count++] = ones;
    for (int o = 0; o < entry.outputs; ++o) data[count++] = y[o];
    entry.wide.of_arrays(data, parameters, block);
}

// What the tables hold: rounded results, or what a product multiplies g with.
template <class S> inline void keep(double y, std::uint16_t* to) { *to = narrowed(y, static_cast<S*>(nullptr)).bits; }
template <class S> inline void keep(double y, double* to) { *to = y; }

// The table of an entry; its outputs lie side by side. Null if there is no memory for it.
template <class S, class T> const T* table_of(const Entry& entry, std::ptrdiff_t index) {
    static std::atomic<T*> tables[most_entries];
    T* table = tables[index].load(std::memory_order_acquire);
    if (table != nullptr) return table;
    const int outputs = entry.outputs;
    table = static_cast<T*>(std::malloc(static_cast<std::size_t>(inputs * outputs) * sizeof(T)));
    if (table == nullptr) return nullptr;
    alignas(64) double x[block], first[block], second[block];
    double* const y[] = {first, second};
    for (std::ptrdiff_t start = 0; start < inputs; start += block) {
        for (std::ptrdiff_t i = 0; i < block; ++i) x[i] = widen(S{static_cast<std::uint16_t>(start + i)});
        evaluate(entry, x, y);
        for (std::ptrdiff_t i = 0; i < block; ++i)
            for (int o = 0; o < outputs; ++o) keep<S>(y[o][i], table + (start + i) * outputs + o);
    }
    // Another thread may have been first; its table is the same.
    T* known = nullptr;
    if (tables[index].compare_exchange_strong(known, table, std::memory_order_acq_rel)) return table;
    std::free(table);
    return known;
}

inline std::uint16_t bits_at(const char* from) {
    std::uint16_t bits;
    std::memcpy(&bits, from, sizeof(bits));
    return bits;
}

// Compute a ufunc's inner loop from the entry's table; false if there is none. The steps are those of x, g and the
// outputs, without the parameters.
template <class S>
bool compute(const Entry& entry, std::ptrdiff_t index, char* const* arguments, const std::ptrdiff_t* steps,
             std::ptrdiff_t n) {
    const int first_output = entry.inputs + entry.parameters;
    const char* const x = arguments[0];
    char* const y = arguments[first_output];
    const std::ptrdiff_t x_step = steps[0], y_step = steps[first_output];
    if (index >= most_entries) return false;
    if (entry.inputs == 2) {
        const double* const table = table_of<S, double>(entry, index);
        if (table == nullptr) return false;
        const char* const g = arguments[1];
        const std::ptrdiff_t g_step = steps[1];
        alignas(64) double factors[block], products[block];
        for (std::ptrdiff_t start = 0; start < n; start += block) {
            const std::ptrdiff_t count = n - start < block ? n - start : block;
            for (std::ptrdiff_t i = 0; i < count; ++i) factors[i] = table[bits_at(x + (start + i) * x_step)];
            gather<S>(g + start * g_step, g_step, count, products);
            for (std::ptrdiff_t i = 0; i < count; ++i) products[i] = narrowing::one_nan(products[i] * factors[i]);
            scatter<S>(products, count, y + start * y_step, y_step);
        }
        return true;
    }
    const std::uint16_t* const table = table_of<S, std::uint16_t>(entry, index);
    if (table == nullptr) return false;
    if (entry.outputs == 1) {
        for (std::ptrdiff_t i = 0; i < n; ++i)
            std::memcpy(y + i * y_step, table + bits_at(x + i * x_step), sizeof(std::uint16_t));
        return true;
    }
    char* const second = arguments[first_output + 1];
    const std::ptrdiff_t second_step = steps[first_output + 1];
    for (std::ptrdiff_t i = 0; i < n; ++i) {
        const std::uint16_t* const both = table + 2 * bits_at(x + i * x_step);
        std::memcpy(y + i * y_step, both, sizeof(std::uint16_t));
        std::memcpy(second + i * second_step, both + 1, sizeof(std::uint16_t));
    }
    return true;
}

} // namespace lookup
} // namespace
