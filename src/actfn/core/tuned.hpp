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

inline std::uint32_t bits_of(float x) { return __builtin_bit_cast(std::uint32_t, x); }
inline float from_bits(std::uint32_t x) { return __builtin_bit_cast(float, x); }
inline float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

constexpr float unlift = 0x1p-64f;

// value * power * 2^-64: only the last product may be subnormal, so that the result is rounded once where it is not.
struct scaled {
    float value, power;
    operator float() const { return value * power * unlift; }
};

// The polynomials are those of tools/coefficients.py.
struct exponent {
    float shifted, r, r_low, tail;
    // t = k log(2) + r + r_low, and tail = e^r - 1 - r, for |t| <= 120: relative error of e^r 2^-29.
    explicit exponent(float t) {
        shifted = fused(t, 0x1.715476p+0f, 0x1.8p+23f);
        const float k = shifted - 0x1.8p+23f, rest = fused(-k, 0x1.62e4p-1f, t);
        r = fused(-k, 0x1.7f7d1cp-20f, rest);
        r_low = fused(-k, 0x1.7f7d1cp-20f, rest - r);
        const float w = r * r;
        const float a = fused(r, 0x1.555556p-3f, 0.5f), b = fused(r, 0x1.1110e0p-7f, 0x1.5554eap-5f);
        const float c = fused(r, 0x1.a124e4p-13f, 0x1.6d4316p-10f);
        tail = w * fused(fused(c, w, b), w, a);
    }
    // 2^(64 + k) and 2^(64 - k).
    float power() const { return from_bits((bits_of(shifted) + (127 + 64)) << 23); }
    float inverse_power() const { return from_bits(((127 + 64) << 23) - (bits_of(shifted) << 23)); }
};

// 1 / (1 + e^t) = quotient (1 + rest) power 2^-64, for -40 <= t <= 120, from 2^-k / (2^-k + e^r); refined, with what
// the sum of e^r has lost.
template <bool refined = false> struct logistic {
    float quotient, rest, power, growth;
    explicit logistic(float t) {
        const exponent e(t);
        power = e.inverse_power();
        growth = e.r + e.tail;
        const float lost = refined ? (e.tail - (growth - e.r)) + e.r_low : 0.0f;
        const float small = power * unlift, whole = small + 1.0f, whole_low = small - (whole - 1.0f);
        const float d = whole + growth, d_low = (growth - (d - whole)) + (whole_low + lost);
        quotient = 1.0f / d;
        rest = fused(-d_low, quotient, fused(-d, quotient, 1.0f));
    }
};

// e^(t + t_low) = 2^-64 power (high + low) for -120 <= t <= 0.
struct exponential {
    float high, low, power;
    explicit exponential(float t, float t_low = 0.0f) {
        const exponent e(t);
        const float s = 1.0f + e.r, rest = (e.r - (s - 1.0f)) + (e.tail + fused(t_low, s, e.r_low));
        high = s + rest;
        low = rest - (high - s);
        power = e.power();
    }
};

inline scaled sigmoid(float x) {
    const logistic<> l(minimum(maximum(-x, -40.0f), 120.0f));
    return {fused(l.quotient, l.rest, l.quotient), l.power};
}

// E / (1 + E)^2 for E = e^t, 0 <= t <= 120.
inline scaled logistic_slope(float t) {
    const logistic<> l(minimum(t, 120.0f));
    const float e = 1.0f + l.growth, e_low = l.growth - (e - 1.0f);
    const float a = e * l.quotient, a_low = fused(e_low, l.quotient, fused(e, l.quotient, -a));
    const float b = a * l.quotient, b_low = fused(a_low, l.quotient, fused(a, l.quotient, -b));
    return {b + fused(b, l.rest + l.rest, b_low), l.power};
}
inline scaled sigmoid_first(float x) { return logistic_slope(__builtin_fabsf(x)); }

inline float tanh(float x) {
    // Right of 0.55 it is 1 - 2 / (1 + e^2x), left of it an odd polynomial.
    const float a = __builtin_fabsf(x);
    const logistic<> l(minimum(a + a, 40.0f));
    const float half = l.quotient * (l.power * unlift), twice = half + half;
    const float near = 1.0f - twice, near_low = (1.0f - near) - twice;
    const float far = near + fused(-twice, l.rest, near_low);
    const float w = a * a;
    float p = 0x1.4b239ap-9f;
    p = fused(p, w, -0x1.176410p-7f);
    p = fused(p, w, 0x1.657936p-6f);
    p = fused(p, w, -0x1.ba142ep-5f);
    p = fused(p, w, 0x1.111104p-3f);
    p = fused(p, w, -0x1.555556p-2f);
    const float around = fused(a * w, p, a);
    return __builtin_copysignf(a < 0.55f ? around : far, x);
}
inline scaled tanh_first(float x) {
    const float a = __builtin_fabsf(x);
    const scaled slope = logistic_slope(a + a);
    return {slope.value, 4.0f * slope.power};
}

inline float silu(float x) {
    const logistic<true> l(minimum(maximum(-x, -40.0f), 120.0f));
    // Past -120 the result is zero, but an infinity times zero would not be; past 64 it is x.
    const float bounded = minimum(maximum(x, -200.0f), 64.0f);
    const float product = bounded * l.quotient, low = fused(bounded, l.quotient, -product);
    const bool negative = x < 0.0f;
    const float first = negative ? l.power : l.power * unlift, second = negative ? unlift : 1.0f;
    const float result = (product + fused(product, l.rest, low)) * first * second;
    return x > 64.0f ? x : __builtin_copysignf(result, x);
}

inline float elu(float x) {
    const exponential e(maximum(minimum(x, 0.0f), -120.0f));
    const float power = e.power * unlift, high = e.high * power, low = e.low * power;
    const float q = 1.0f - high, q_low = ((1.0f - q) - high) - low;
    return x < 0.0f ? -(q + q_low) : x;
}
inline scaled elu_first(float x) {
    const exponential e(maximum(minimum(x, 0.0f), -120.0f));
    return {e.high, e.power};
}

inline float softplus(float x) {
    // log(1 + e) for e = e^-|x| is log(2) + log(1 + (e - 1) / 2) where e is above a half.
    const exponential e(maximum(-__builtin_fabsf(x), -120.0f));
    const float power = e.power * unlift, high = e.high * power, low = e.low * power;
    const bool large = high > 0.5f;
    const float f = large ? 0.5f * high - 0.5f : high, f_low = large ? 0.5f * low : low;
    float p = 0x1.431c5ap-5f;
    p = fused(p, f, -0x1.7c984ep-4f);
    p = fused(p, f, 0x1.dfe454p-4f);
    p = fused(p, f, -0x1.0414f4p-3f);
    p = fused(p, f, 0x1.244252p-3f);
    p = fused(p, f, -0x1.5520e8p-3f);
    p = fused(p, f, 0x1.999936p-3f);
    p = fused(p, f, -0x1.000066p-2f);
    p = fused(p, f, 0x1.555556p-2f);
    p = fused(p, f, -0x1.000000p-1f);
    const float base = large ? 0x1.62e430p-1f : 0.0f, base_low = large ? -0x1.05c610p-29f : 0.0f;
    const float s = base + f, s_low = f - (s - base);
    const float square = f * f, square_low = fused(f, f, -square);
    const float rest = fused(square, p, fused(-0.5f, square_low, s_low + (fused(-f_low, f, f_low) + base_low)));
    // The sum of x and the logarithm, whichever is larger.
    const float line = minimum(maximum(x, 0.0f), 64.0f), total = line + s, part = total - line;
    const float total_low = (line - (total - part)) + (s - part);
    const float bend = total + (total_low + rest);
    const float tail = e.high * e.power * unlift;
    return x > 64.0f ? x : (x < -20.0f ? tail : bend);
}

inline scaled softplus_first(float x) { return sigmoid(x); }

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

// g * first(x), within 4 ULP for every g, where the first derivative falls as e^-t for a large t: there it is the
// square of that at t / 2, which is not subnormal.
template <class F> inline float product(float g, float t, float factor, F first) {
    const bool deep = t > 86.0f;
    const scaled s = first(minimum(deep ? 0.5f * t : t, 97.0f));
    const float part = s.value * (s.power * (deep ? 0x1p-32f : unlift * factor));
    const float last = t > 300.0f ? 0.0f : unlift * factor;
    return g * part * (deep ? part : 1.0f) * (deep ? last : 1.0f);
}
inline float sigmoid_vjp(float x, float g) { return product(g, __builtin_fabsf(x), 1.0f, logistic_slope); }
inline float tanh_vjp(float x, float g) {
    const float a = __builtin_fabsf(x);
    return product(g, a + a, 4.0f, logistic_slope);
}
inline float elu_vjp(float x, float g) {
    return product(g, -minimum(x, 0.0f), 1.0f, [](float t) { return elu_first(-t); });
}
inline float softplus_vjp(float x, float g) {
    return product(g, -x, 1.0f, [](float t) { return sigmoid(-t); });
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
