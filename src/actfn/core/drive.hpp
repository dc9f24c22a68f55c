// From NumPy's arguments (any stride, any stored type) to the contiguous loops, a block at a time.
#pragma once

#include <cstring>

#include "kernels.hpp"
#include "lookup.hpp"
#include "narrow.hpp"
#include "table.hpp"

#if defined(__x86_64__)
#include <xmmintrin.h>
#else
#include <cfenv>
#endif

namespace {

using actfn::Entry;
using actfn::Loop;
using actfn::Loops;

// No call raises a floating-point flag, and none depends on a rounding mode or flush-to-zero that somebody else has
// set.
class quiet_arithmetic {
  public:
    quiet_arithmetic(const quiet_arithmetic&) = delete;
    quiet_arithmetic& operator=(const quiet_arithmetic&) = delete;
#if defined(__x86_64__)
    quiet_arithmetic() : saved(_mm_getcsr()) { _mm_setcsr(0x1f80); }
    ~quiet_arithmetic() { _mm_setcsr(saved); }

  private:
    unsigned saved;
#else
    quiet_arithmetic() { std::feholdexcept(&saved); }
    ~quiet_arithmetic() { std::fesetenv(&saved); }

  private:
    std::fenv_t saved;
#endif
};

// The number in which a stored type is computed.
template <class S> struct computed {
    using type = double;
};
template <> struct computed<float> {
    using type = float;
};

template <class Output, class Compute> inline const Loops& loops_for(const Entry& entry) {
    if constexpr (sizeof(Output) == sizeof(double)) return entry.precise;
    if constexpr (sizeof(Compute) == sizeof(float)) return entry.single;
    return entry.wide;
}

template <class S, class C> inline void load(const char* from, std::ptrdiff_t step, std::ptrdiff_t n, C* to) {
    if constexpr (sizeof(S) == sizeof(C)) {
        if (step == sizeof(S)) {
            std::memcpy(to, from, static_cast<std::size_t>(n) * sizeof(S));
        } else {
            for (std::ptrdiff_t i = 0; i < n; ++i) std::memcpy(to + i, from + i * step, sizeof(S));
        }
    } else {
        gather<S>(from, step, n, to);
    }
}

template <class S, class C> inline void store(const C* from, std::ptrdiff_t n, char* to, std::ptrdiff_t step) {
    if constexpr (sizeof(S) == sizeof(C)) {
        if (step == sizeof(S)) {
            std::memcpy(to, from, static_cast<std::size_t>(n) * sizeof(S));
        } else {
            for (std::ptrdiff_t i = 0; i < n; ++i) std::memcpy(to + i * step, from + i, sizeof(S));
        }
    } else {
        scatter<S>(from, n, to, step);
    }
}

// Whether writing one element may change an input element that is read later (ufunc.accumulate and reduce do that).
inline bool sequential(char* const* arguments, const std::ptrdiff_t* steps, int inputs, int outputs, std::ptrdiff_t n) {
    for (int o = inputs; o < inputs + outputs; ++o) {
        if (steps[o] == 0 && n > 1) return true;
        for (int i = 0; i < inputs; ++i) {
            if (arguments[i] == arguments[o] && steps[i] == steps[o]) continue;
            const char* const a = arguments[i] + (steps[i] < 0 ? steps[i] * (n - 1) : 0);
            const char* const b = arguments[o] + (steps[o] < 0 ? steps[o] * (n - 1) : 0);
            const std::ptrdiff_t a_size = (steps[i] < 0 ? -steps[i] : steps[i]) * (n - 1) + 1;
            const std::ptrdiff_t b_size = (steps[o] < 0 ? -steps[o] : steps[o]) * (n - 1) + 1;
            if (a < b + b_size && b < a + a_size) return true;
        }
    }
    return false;
}

template <class S> struct is_narrow {
    static constexpr bool value = false;
};
template <int mantissa_bits, int bias> struct is_narrow<narrow<mantissa_bits, bias>> {
    static constexpr bool value = true;
};

// First: stored type of the first input; Other: of further inputs; Parameter, Output: likewise.
template <class First, class Other, class Parameter, class Output, class Compute = typename computed<Output>::type>
[[gnu::flatten]] void drive(char** arguments, const std::ptrdiff_t* dimensions, const std::ptrdiff_t* steps,
                            void* data) {
    constexpr bool native = sizeof(First) == sizeof(Compute) && sizeof(Output) == sizeof(Compute);
    const Entry& entry = *static_cast<const Entry*>(data);
    const int inputs = entry.inputs, parameters = entry.parameters, outputs = entry.outputs;
    const int first_output = inputs + parameters;
    const std::ptrdiff_t n = dimensions[0];
    const Loops& loops = loops_for<Output, Compute>(entry);
    const bool in_blocks = loops.of_scalars == nullptr;
    const quiet_arithmetic guard;
    alignas(64) double parameter_buffer[most_parameters][block];
    const double* parameter_data[most_parameters];
    bool scalars = true;
    for (int p = 0; p < parameters; ++p) {
        parameter_data[p] = parameter_buffer[p];
        scalars = scalars && (steps[inputs + p] == 0 || n == 1);
    }
    const std::ptrdiff_t numbers = in_blocks ? block : 1;
    if (scalars)
        for (int p = 0; p < parameters; ++p)
            gather<Parameter>(arguments[inputs + p], 0, n < numbers ? n : numbers, parameter_buffer[p]);
    const bool ordered = sequential(arguments, steps, first_output, outputs, n);
    if constexpr (is_narrow<First>::value) {
        bool by_default = scalars;
        for (int p = 0; p < parameters; ++p) by_default = by_default && *parameter_data[p] == *entry.defaults[p];
        if (n >= lookup::least && by_default && !ordered &&
            lookup::compute<First>(entry, &entry - entries, arguments, steps, n))
            return;
    }
    const Loop loop = scalars && !in_blocks ? loops.of_scalars : loops.of_arrays;
    bool contiguous = native && scalars && !ordered && !in_blocks;
    for (int i = 0; i < inputs; ++i) contiguous = contiguous && steps[i] == sizeof(Compute);
    for (int o = 0; o < outputs; ++o) contiguous = contiguous && steps[first_output + o] == sizeof(Compute);

    void* pointers[most_inputs + most_outputs];
    if (contiguous) {
        for (int i = 0; i < inputs; ++i) pointers[i] = arguments[i];
        for (int o = 0; o < outputs; ++o) pointers[inputs + o] = arguments[first_output + o];
        loop(pointers, parameter_data, n);
        return;
    }
    alignas(64) Compute buffer[most_inputs + most_outputs][block];
    for (int k = 0; k < inputs + outputs; ++k) pointers[k] = buffer[k];
    const std::ptrdiff_t stride = ordered ? 1 : block;
    for (std::ptrdiff_t start = 0; start < n; start += stride) {
        const std::ptrdiff_t count = n - start < stride ? n - start : stride;
        for (int i = 0; i < inputs; ++i) {
            const char* from = arguments[i] + start * steps[i];
            if (i == 0)
                load<First>(from, steps[i], count, buffer[i]);
            else
                load<Other>(from, steps[i], count, buffer[i]);
        }
        if (!scalars)
            for (int p = 0; p < parameters; ++p) {
                const std::ptrdiff_t step = steps[inputs + p];
                gather<Parameter>(arguments[inputs + p] + start * step, step, count, parameter_buffer[p]);
            }
        loop(pointers, parameter_data, count);
        for (int o = 0; o < outputs; ++o) {
            const std::ptrdiff_t step = steps[first_output + o];
            store<Output>(buffer[inputs + o], count, arguments[first_output + o] + start * step, step);
        }
    }
}

} // namespace
