// Hand-written float32 kernels of the hottest functions, in float arithmetic with split sums: within 1 ULP on every
// float32, and on processors with FMA the same bits. Without FMA they are not used.
#pragma once

#include "table.hpp"
#include "vocabulary.hpp"

#define ACTFN_LIST(...) {__VA_ARGS__}
#if defined(__FMA__) || defined(__aarch64__)
#define ACTFN_FMA
#define ACTFN_TUNED(by_hand, otherwise) by_hand
#else
#define ACTFN_TUNED(by_hand, otherwise) otherwise
#endif

#ifdef ACTFN_FMA
namespace {
namespace tuned {

inline float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

// A slope of 1/100, of which float holds the first half.
constexpr float slope = 0x1.47ae14p-7f, slope_low = 0x1.eb851ep-33f;
inline float leaky_relu(float x) { return x > 0.0f ? x : fused(x, slope, x * slope_low); }
inline float leaky_relu_first(float x) { return x > 0.0f ? 1.0f : (x == x ? slope : x); }
inline float leaky_relu_vjp(float x, float g) { return x > 0.0f ? g : (x == x ? fused(g, slope, g * slope_low) : x); }

// (x + 3) / 6 between 0 and 1.
constexpr float sixth = 0x1.555556p-3f, sixth_low = -0x1.555556p-28f;
inline float hard_sigmoid(float x) {
    const float inside = minimum(maximum(x, -3.0f), 3.0f), s = 3.0f + inside, s_low = inside - (s - 3.0f);
    return minimum(fused(s, sixth, fused(s, sixth_low, s_low * sixth)), 1.0f);
}
inline float hard_sigmoid_first(float x) { return (x > -3.0f) & (x < 3.0f) ? sixth : (x == x ? 0.0f : x); }
inline float hard_sigmoid_vjp(float x, float g) {
    return (x > -3.0f) & (x < 3.0f) ? g / 6.0f : (x == x ? g * 0.0f : x);
}

// x (x + 3) / 6 between -3 and 3, whose slope is (x + 3/2) / 3.
struct sum_of_two {
    float high, low;
};
inline sum_of_two times_sixth(sum_of_two s) {
    const float high = s.high * sixth;
    return {high, fused(s.high, sixth, -high) + fused(s.high, sixth_low, s.low * sixth)};
}
inline float hard_swish_bend(float x, float at_left, float inside) {
    return x > -3.0f ? inside : (x == x ? at_left : x);
}
inline float hard_swish(float x) {
    const float s = 3.0f + x;
    const sum_of_two gate = times_sixth({s, x - (s - 3.0f)});
    return x >= 3.0f ? x : hard_swish_bend(x, -0.0f, fused(x, gate.high, x * gate.low));
}
inline sum_of_two hard_swish_slope(float x) {
    const float twice = x + x, s = twice + 3.0f, back = s - twice;
    return times_sixth({s, (twice - (s - back)) + (3.0f - back)});
}
inline float hard_swish_first(float x) {
    const sum_of_two slope = hard_swish_slope(x);
    return x >= 3.0f ? 1.0f : hard_swish_bend(x, -0.0f, slope.high + slope.low);
}
inline float hard_swish_vjp(float x, float g) {
    const sum_of_two slope = hard_swish_slope(x);
    return x >= 3.0f ? g : hard_swish_bend(x, -0.0f * g, fused(g, slope.high, g * slope.low));
}

} // namespace tuned

// A loop by hand where the parameters are at their defaults, and the general loops elsewhere, so that an array of
// parameters gives the same bits as a number.
template <class Defaults, actfn::Loop by_hand, actfn::Loop scalars, actfn::Loop arrays, int inputs,
          int count_of_parameters, int outputs>
struct by_default {
    static void of_scalars(void* const* data, const double* const* parameters, std::ptrdiff_t n) {
        (Defaults::at(parameters, 0) ? by_hand : scalars)(data, parameters, n);
    }
    static void of_arrays(void* const* data, const double* const* parameters, std::ptrdiff_t n) {
        constexpr std::ptrdiff_t part = 256;
        alignas(64) float kept[outputs][part];
        for (std::ptrdiff_t start = 0; start < n; start += part) {
            const std::ptrdiff_t count = n - start < part ? n - start : part;
            void *all[inputs + outputs], *beside[inputs + outputs];
            const double* here[count_of_parameters];
            for (int i = 0; i < inputs + outputs; ++i) {
                all[i] = static_cast<float*>(data[i]) + start;
                beside[i] = i < inputs ? all[i] : kept[i - inputs];
            }
            for (int p = 0; p < count_of_parameters; ++p) here[p] = parameters[p] + start;
            by_hand(beside, here, count);
            arrays(all, here, count);
            for (int o = 0; o < outputs; ++o)
                for (std::ptrdiff_t i = 0; i < count; ++i)
                    if (Defaults::at(here, i)) static_cast<float*>(all[inputs + o])[i] = kept[o][i];
        }
    }
};

} // namespace
#endif

namespace {

// In float arithmetic where it holds the parameters, in which case a single rounding stays one.
template <int count, actfn::Loop in_float, actfn::Loop in_double>
void where_exact(void* const* data, const double* const* parameters, std::ptrdiff_t n) {
    bool exact = true;
    for (int p = 0; p < count; ++p) exact &= static_cast<double>(static_cast<float>(*parameters[p])) == *parameters[p];
    (exact ? in_float : in_double)(data, parameters, n);
}

} // namespace
