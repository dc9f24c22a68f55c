// The elementary operations that a kernel may use, in the four precisions in which kernels are compiled:
//   single    float arithmetic, for kernels that round at most once;
//   wide      double arithmetic for float32 results, where a pair is a plain double and polynomials are short;
//   narrowing the same for float16 and bfloat16, which are correctly rounded, with polynomials in full;
//   precise   double arithmetic for float64 results, where a pair is an unevaluated sum of two doubles.
// Everything is straight-line code without calls, so that loops over it vectorise. Each function states its largest
// error.
#pragma once

#include "circular.hpp"

namespace {

// log(2) in three parts; k times the first two is exact for |k| < 2^11.
constexpr double ln2_high = 0x1.62e42fefa3800p-1, ln2_middle = 0x1.ef35793c76800p-45, ln2_low = -0x1.9ff0342542fc3p-90;
constexpr double log2_e = 0x1.71547652b82fep+0;

// 2^k for the integer k in the low bits of shifter + k, -1022 <= k <= 1023.
inline double power_of_two(double shifted) { return from_bits((bits_of(shifted) + 1023) << 52); }

// x 2^k for |k| <= 2044; the last product is the only rounding.
struct two_step_scale {
    double first, second;
    explicit two_step_scale(double k) {
        const double half = k * 0.5 + shifter;
        first = power_of_two(half);
        second = power_of_two((k - (half - shifter)) + shifter);
    }
    double operator()(double x) const { return x * first * second; }
};

// (e^r - 1 - r) / r^2 for |r| <= log(2) / 2: relative error 2^-56 (tools/coefficients.py).
inline double exp_remainder(double r) {
    double p = 0x1.61bfa22dd3437p-33;
    p = fused(p, r, 0x1.1f7f2000f4cf3p-29);
    p = fused(p, r, 0x1.ae642c8730352p-26);
    p = fused(p, r, 0x1.27e4d41d6f553p-22);
    p = fused(p, r, 0x1.71de3a5aa6edbp-19);
    p = fused(p, r, 0x1.a01a01a9e80fep-16);
    p = fused(p, r, 0x1.a01a01a0196aep-13);
    p = fused(p, r, 0x1.6c16c16c15a6cp-10);
    p = fused(p, r, 0x1.1111111111111p-7);
    p = fused(p, r, 0x1.5555555555557p-5);
    p = fused(p, r, 0x1.5555555555555p-3);
    return fused(p, r, 0x1.0000000000000p-1);
}

// The same for float32 results: relative error 2^-37 of e^r.
inline double exp_remainder_short(double r) {
    double p = 0x1.a1131351400c3p-16;
    p = fused(p, r, 0x1.a15169e096556p-13);
    p = fused(p, r, 0x1.6c1685919d367p-10);
    p = fused(p, r, 0x1.1110c63a4eed0p-7);
    p = fused(p, r, 0x1.5555555c85f99p-5);
    p = fused(p, r, 0x1.5555556750672p-3);
    return fused(p, r, 0x1.0000000000000p-1);
}

// (e^r - 1 - r - r^2/2 - r^3/6 - r^4/24) / r^5 for |r| <= log(2) / 2: relative error 2^-51 (tools/coefficients.py).
inline double exp_remainder_precise(double r) {
    double p = 0x1.6198cd01425f1p-33;
    p = fused(p, r, 0x1.1f5ab681bdd70p-29);
    p = fused(p, r, 0x1.ae644184777e7p-26);
    p = fused(p, r, 0x1.27e4e7cbc53fcp-22);
    p = fused(p, r, 0x1.71de3a56d2e0bp-19);
    p = fused(p, r, 0x1.a01a01a2ba24ep-16);
    p = fused(p, r, 0x1.a01a01a019f4bp-13);
    p = fused(p, r, 0x1.6c16c16c16a93p-10);
    return fused(p, r, 0x1.1111111111111p-7);
}

// (2 atanh(s) - 2s) / s^3 as a polynomial in w = s^2, |s| <= 0.1716: relative error 2^-54 (tools/coefficients.py).
inline double log_remainder(double w) {
    double p = 0x1.0c039c49989c6p-3;
    p = fused(p, w, 0x1.0fbe95d716020p-3);
    p = fused(p, w, 0x1.3b1c355a8f7a2p-3);
    p = fused(p, w, 0x1.745cf9048dd95p-3);
    p = fused(p, w, 0x1.c71c720159177p-3);
    p = fused(p, w, 0x1.2492492476cccp-2);
    p = fused(p, w, 0x1.9999999999a38p-2);
    return fused(p, w, 0x1.5555555555555p-1);
}

// The same for float32 results: relative error 2^-42 of the logarithm.
inline double log_remainder_short(double w) {
    double p = 0x1.8c8c11e54d389p-3;
    p = fused(p, w, 0x1.c67ada017cf97p-3);
    p = fused(p, w, 0x1.249323e4d7fc7p-2);
    p = fused(p, w, 0x1.999998cafbf2ap-2);
    return fused(p, w, 0x1.5555555564e96p-1);
}

// x = 2^k m with m in [sqrt(1/2), sqrt(2)), for a positive normal x.
struct binade {
    double k, m;
    explicit binade(double x) {
        const std::uint64_t offset = bits_of(x) - 0x3fe6a09e667f3bcd;
        const std::uint64_t biased = (offset >> 52 ^ 0x800) - 0x800; // sign-extends the 12 bits
        k = from_bits(bits_of(shifter) + biased) - shifter;
        m = from_bits(bits_of(x) - (biased << 52));
    }
};

struct single {
    using T = float;
    // The bits of a NaN must not depend on the order of operands that the compiler chose.
    static T one_nan(T x) { return x == x ? x : __builtin_nanf(""); }
    static T select(bool condition, T chosen, T otherwise) { return condition ? chosen : otherwise; }
    static T minimum(T x, T limit) { return ::minimum(x, limit); }
    static T maximum(T x, T limit) { return ::maximum(x, limit); }
    static T abs(T x) { return __builtin_fabsf(x); }
    static T copysign(T x, T sign) { return __builtin_copysignf(x, sign); }
};

struct double_operations {
    using T = double;
    static T one_nan(T x) { return x == x ? x : __builtin_nan(""); }
    static T select(bool condition, T chosen, T otherwise) { return condition ? chosen : otherwise; }
    static T minimum(T x, T limit) { return ::minimum(x, limit); }
    static T maximum(T x, T limit) { return ::maximum(x, limit); }
    static T abs(T x) { return __builtin_fabs(x); }
    static T sqrt(T x) { return __builtin_sqrt(x); }
    static T copysign(T x, T sign) { return __builtin_copysign(x, sign); }
    static T fused(T a, T b, T c) { return ::fused(a, b, c); }

  protected:
    // A logarithm's value inside its domain, with the limits at its ends and NaN outside.
    static T log_domain(T x, T inside) {
        constexpr double infinity = __builtin_inf();
        return x > 0.0 ? (x < infinity ? inside : x) : (x == 0.0 ? -infinity : __builtin_nan(""));
    }
};

template <bool shorter> struct doubles : double_operations, circular<doubles<shorter>, double, shorter> {
    using P = double;
    using double_operations::select;

    static P pair(T x) { return x; }
    static P constant(double high, double) { return high; }
    static P sum(T a, T b) { return a + b; }
    static P product(T a, T b) { return a * b; }
    static T round(P x) { return x; }
    static T high(P x) { return x; }
    static P add(P a, P b) { return a + b; }
    static P subtract(P a, P b) { return a - b; }
    static P multiply(P a, P b) { return a * b; }
    static P divide(P a, P b) { return a / b; }
    static P negative(P a) { return -a; }

    // float32 has no exponential below 2^-149, far above the subnormal doubles.
    static constexpr bool deep(T) { return false; }
    // A relative 2^-52 with the sign of x: it tells the final rounding on which side of a tie the exact value lies.
    static T sticky(T x) { return copysign(0x1p-52, x); }
    static T odd_product(T a, T b) { return a * b; }

    // 2^-51, or 2^-37 with short polynomials, for |x| <= 700 and saturated past it.
    static T exp(T x) {
        const reduction by(minimum(maximum(x, -700.0), 700.0));
        return fused(by.r * by.r, remainder(by.r), by.r + 1.0) * by.scale;
    }
    static P exp_pair(P x, T) { return exp(x); }
    static T exp_rounded(P x) { return exp(x); }
    // What a difference magnifies needs all digits.
    static P exp_precise(P x, T) { return doubles<false>::exp(x); }
    static T polynomial(T in_short, T in_full) { return shorter ? in_short : in_full; }

    // 2^-51 (2^-37) of the result, for x <= 40.
    static P expm1_pair(P x) {
        const reduction by(maximum(x, -700.0));
        return fused(by.scale, fused(by.r * by.r, remainder(by.r), by.r), by.scale - 1.0);
    }

    // 2^-51 (2^-37) of the result, for positive normal x.
    static P log_pair(P x) { return log_of_sum(x, 0.0); }
    // 2^-51 (2^-37) of the result, for q > -1.
    static P log1p_pair(P q) {
        const pair_of_doubles s = exact_sum(1.0, q);
        return log_of_sum(s.high, s.low);
    }

    static T expm1(T x) { return select(x > 40.0, exp(x), expm1_pair(minimum(x, 40.0))); }
    static T log(T x) { return log_domain(x, log_pair(x > 0.0 ? x : 1.0)); }
    static T log1p(T x) { return log_domain(1.0 + x, log1p_pair(x > -1.0 ? x : 0.0)); }
    static T tanh(T x) {
        const P q = -expm1_pair(-2.0 * abs(x));
        return copysign(q / (2.0 - q), x);
    }

  private:
    static T remainder(T r) { return shorter ? exp_remainder_short(r) : exp_remainder(r); }
    // x = k log(2) + r with |r| <= log(2) / 2, and 2^k.
    struct reduction {
        double r, scale;
        explicit reduction(T x) {
            const double shifted = ::fused(x, log2_e, shifter), k = shifted - shifter;
            r = ::fused(-k, ln2_middle, ::fused(-k, ln2_high, x));
            scale = power_of_two(shifted);
        }
    };
    static T log_of_sum(T x, T small) {
        const binade b(x);
        const double f = b.m - 1.0, s = f / (2.0 + f), half_square = 0.5 * f * f;
        const double rest =
            s * (half_square + s * s * (shorter ? log_remainder_short(s * s) : log_remainder(s * s))) + small / x;
        return fused(b.k, ln2_high, f - (half_square - fused(b.k, ln2_middle, rest)));
    }
};

using wide = doubles<true>;

struct narrowing : doubles<false> {
    // The product, with its last bit set unless it is exact: rounding that to fewer digits is rounding the product.
    static T odd_product(T a, T b) {
        const pair_of_doubles p = exact_product(a, b);
        const std::uint64_t bits = bits_of(p.high);
        const bool above = p.low > 0.0, below = p.low < 0.0, negative = p.high < 0.0;
        const std::uint64_t odd = above != negative ? bits | 1 : (bits - 1) | 1;
        return above | below ? from_bits(odd) : p.high;
    }
};

struct precise : double_operations, circular<precise, pair_of_doubles, false> {
    using P = pair_of_doubles;
    using double_operations::select;
    static P select(bool condition, P chosen, P otherwise) {
        return {condition ? chosen.high : otherwise.high, condition ? chosen.low : otherwise.low};
    }

    static P pair(T x) { return {x, 0.0}; }
    static P constant(double high, double low) { return {high, low}; }
    static P sum(T a, T b) { return exact_sum(a, b); }
    static P product(T a, T b) { return exact_product(a, b); }
    static T round(P x) { return x.high + x.low; }
    static T high(P x) { return x.high; }
    static P negative(P a) { return {-a.high, -a.low}; }

    // Pair arithmetic: relative error 2^-102 unless the operands cancel.
    static P add(P a, T b) {
        const P s = exact_sum(a.high, b);
        return fast_sum(s.high, s.low + a.low);
    }
    static P add(T a, P b) { return add(b, a); }
    static P add(P a, P b) {
        const P s = exact_sum(a.high, b.high), t = exact_sum(a.low, b.low);
        const P u = fast_sum(s.high, s.low + t.high);
        return fast_sum(u.high, u.low + t.low);
    }
    static P subtract(P a, P b) { return add(a, negative(b)); }
    static P subtract(P a, T b) { return add(a, -b); }
    static P subtract(T a, P b) { return add(negative(b), a); }
    static P multiply(P a, T b) {
        const P p = exact_product(a.high, b);
        return fast_sum(p.high, fused(a.low, b, p.low));
    }
    static P multiply(T a, P b) { return multiply(b, a); }
    static P multiply(P a, P b) {
        const P p = exact_product(a.high, b.high);
        return fast_sum(p.high, p.low + fused(a.high, b.low, a.low * b.high));
    }
    static P divide(P a, P b) {
        const double reciprocal = 1.0 / b.high, q = a.high * reciprocal;
        const P p = exact_product(q, b.high);
        const double rest = ((a.high - p.high) - p.low) + fused(-q, b.low, a.low);
        return fast_sum(q, rest * reciprocal);
    }
    static P divide(T a, P b) { return divide(pair(a), b); }
    static P divide(P a, T b) { return divide(a, pair(b)); }

    // Whether exp(x) is so small that a factor would magnify its rounding as a subnormal number.
    static bool deep(T x) { return x < -600.0; }
    // The low half of a pair is all that a tie needs.
    static constexpr T sticky(T) { return 0.0; }
    static T odd_product(T a, T b) { return a * b; }
    static T polynomial(T, T in_full) { return in_full; }

    // e^x 2^shift: relative error 2^-56.
    static P exp_pair(P x, T shift) {
        const reduction r(x);
        const double square = r.high * r.high * exp_remainder(r.high);
        const P s = fast_sum(1.0, r.high);
        return scale(fast_sum(s.high, square + fused(r.low, s.high + square, s.low)), r.k + shift);
    }

    // e^x 2^shift: relative error 2^-64; the terms of its series up to the fourth are pairs.
    static P exp_precise(P x, T shift) {
        const reduction by(x);
        const P r = {by.high, by.low};
        const P square = multiply(r, r), third = multiply(multiply(square, r), sixth), fourth = multiply(third, r);
        const double rest = square.high * square.high * (r.high * exp_remainder_precise(r.high));
        const P a = fast_sum(1.0, r.high), b = fast_sum(a.high, 0.5 * square.high), c = fast_sum(b.high, third.high);
        const double low = ((fused(0.5, square.low, r.low) + fused(0.25, fourth.low, third.low)) + rest);
        const P d = fast_sum(c.high, 0.25 * fourth.high);
        return scale(fast_sum(d.high, ((a.low + b.low) + (c.low + d.low)) + low), by.k + shift);
    }

    // e^x: 0.53 ULP, at two thirds of the cost of a pair.
    static T exp_rounded(P x) {
        const bool inside = ::magnitude(x.high) <= 800.0;
        const double h = minimum(maximum(x.high, -800.0), 800.0);
        const double k = fused(h, log2_e, shifter) - shifter;
        const P r = fast_sum(fused(-k, ln2_high, h), fused(-k, ln2_middle, inside ? x.low : 0.0));
        const P s = fast_sum(1.0, r.high);
        return two_step_scale(k)(s.high + fused(r.high * r.high, exp_remainder(r.high), fused(r.low, s.high, s.low)));
    }

    // e^x - 1: relative error 2^-55, for x <= 40.
    static P expm1_pair(P x) {
        const reduction r(x);
        const double square = r.high * r.high * exp_remainder(r.high);
        const P s = fast_sum(r.high, square);
        const P p = fast_sum(s.high, fused(r.low, 1.0 + s.high, s.low));
        const double two_k = power_of_two(maximum(r.k, -1000.0) + shifter);
        const P whole = exact_sum(two_k, -1.0);
        return add(whole, P{two_k * p.high, two_k * p.low});
    }

    // log(x): relative error 2^-55, for positive x.
    static P log_pair(P x) {
        const bool tiny = x.high < 0x1p-1000;
        const double lift = tiny ? 0x1p+100 : 1.0;
        const binade b(x.high * lift);
        return log_of(b, x.low * lift, tiny ? b.k - 100.0 : b.k, x.high * lift);
    }
    // log(1 + q): relative error 2^-55, for q > -1.
    static P log1p_pair(P q) {
        const P s = add(q, 1.0);
        const binade b(s.high);
        // Below 2^-60 the logarithm is q, whose bits beside 1 would not all fit.
        return select(abs(q.high) < 0x1p-60, q, log_of(b, s.low, b.k, s.high));
    }

    // 0.52 ULP.
    static T exp(T x) { return round(exp_pair(pair(x), 0.0)); }
    static T expm1(T x) { return select(x > 40.0, exp(x), round(expm1_pair(pair(minimum(x, 40.0))))); }
    static T log(T x) { return log_domain(x, round(log_pair(pair(x > 0.0 ? x : 1.0)))); }
    static T log1p(T x) { return log_domain(1.0 + x, round(log1p_pair(pair(x > -1.0 ? x : 0.0)))); }
    static T tanh(T x) {
        const P q = negative(expm1_pair(pair(-2.0 * abs(x))));
        return copysign(round(divide(q, subtract(2.0, q))), x);
    }

  private:
    static constexpr P sixth = {0x1.5555555555555p-3, 0x1.5555555555555p-57};
    // x = k log(2) + high + low with |high| <= log(2) / 2; x is cut off at +-800.
    struct reduction {
        double k, high, low;
        explicit reduction(P x) {
            const bool inside = ::magnitude(x.high) <= 800.0;
            const double h = minimum(maximum(x.high, -800.0), 800.0), l = inside ? x.low : 0.0;
            k = (h * log2_e + shifter) - shifter;
            const P r = exact_sum(h - k * ln2_high, -(k * ln2_middle));
            const P s = fast_sum(r.high, r.low + (l - k * ln2_low));
            high = s.high, low = s.low;
        }
    };

    static P scale(P x, double k) {
        const two_step_scale by(k);
        return {by(x.high), by(x.low)};
    }

    // log(m + c) + k log(2), where c is small / x of the scaled argument.
    static P log_of(const binade& b, double small, double k, double x) {
        const double f = b.m - 1.0, s = f / (2.0 + f), w = s * s;
        const P square = exact_product(f, 0.5 * f);
        const double rest = s * (square.high + w * log_remainder(w)) - square.low + small / x;
        const P head = exact_sum(f, -square.high);
        const P log_m = fast_sum(head.high, head.low + rest);
        const P whole = fast_sum(k * ln2_high, k * ln2_middle);
        return add(whole, log_m);
    }
};

} // namespace
