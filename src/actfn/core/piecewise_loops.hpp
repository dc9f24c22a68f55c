// The loops over float32 numbers that take what pieces there are, block by block; a general loop computes the others.
#pragma once

#include <tuple>

#include "piecewise.hpp"
#include "table.hpp"

#ifdef ACTFN_FMA
namespace {
namespace piecewise {

constexpr std::ptrdiff_t block = 512;

struct no_parameters {
    static constexpr const double* const* all = nullptr;
};

// Which numbers of a block no piece is for, a bit for each.
struct set_of_places {
    std::uint64_t words[block / 64];
    set_of_places() = default;
    [[gnu::always_inline]] explicit set_of_places(const mask* masks) { std::memcpy(words, masks, sizeof words); }
    bool has(int i) const { return words[i / 64] >> (i % 64) & 1; }
};

// The general loop for the numbers that no piece of some result is for.
template <int inputs, int outputs, class Parameters, actfn::Loop general>
[[gnu::noinline]] void others(const float* const* given, float* const* results, const mask (*masks)[block / lanes]) {
    float numbers[inputs + outputs][block];
    std::uint16_t places[block];
    std::ptrdiff_t count = 0;
    set_of_places outside[outputs];
    for (int output = 0; output < outputs; ++output) outside[output] = set_of_places(masks[output]);
    for (int word = 0; word < block / 64; ++word) {
        std::uint64_t left = 0;
        for (int output = 0; output < outputs; ++output) left |= outside[output].words[word];
        for (; left != 0; left &= left - 1) {
            const int i = word * 64 + __builtin_ctzll(left);
            places[count] = static_cast<std::uint16_t>(i);
            for (int input = 0; input < inputs; ++input) numbers[input][count] = given[input][i];
            ++count;
        }
    }
    // A whole number of vectors: what is left over would go one by one.
    const std::ptrdiff_t filled = (count + 15) / 16 * 16;
    void* data[inputs + outputs];
    for (int i = 0; i < inputs + outputs; ++i) {
        data[i] = numbers[i];
        for (std::ptrdiff_t j = count; i < inputs && j < filled; ++j) numbers[i][j] = 0.0f;
    }
    general(data, Parameters::all, filled);
    for (int output = 0; output < outputs; ++output)
        for (std::ptrdiff_t i = 0; i < count; ++i)
            if (outside[output].has(places[i])) results[output][places[i]] = numbers[inputs + output][i];
}

#if !defined(__AVX512F__)
// A bit for each lane.
[[gnu::always_inline]] inline mask mask_of(integers condition) {
#if defined(__AVX2__)
    return static_cast<mask>(_mm256_movemask_ps((__m256)condition));
#else
    unsigned result = 0;
    for (int i = 0; i < lanes; ++i) result |= static_cast<unsigned>(condition[i] & 1) << i;
    return static_cast<mask>(result);
#endif
}
#endif

// Which lanes no piece is for, NaN among them.
template <class Kernel> [[gnu::always_inline]] inline mask outside(vector x) {
    constexpr bool even = Kernel::lowest == -Kernel::highest && Kernel::highest < infinity;
    constexpr bool bounded = !even && Kernel::highest < infinity;
    const vector compared = even ? magnitude(x) : x;
#if defined(__AVX512F__)
    if (even) return _mm512_cmp_ps_mask(compared, _mm512_set1_ps(Kernel::highest), _CMP_NLT_UQ);
    const mask below = _mm512_cmp_ps_mask(compared, _mm512_set1_ps(Kernel::lowest), _CMP_NGT_UQ);
    return bounded ? below | _mm512_cmp_ps_mask(x, _mm512_set1_ps(Kernel::highest), _CMP_NLT_UQ) : below;
#else
    integers inside = even ? compared < Kernel::highest : compared > Kernel::lowest;
    if (bounded) inside &= x < Kernel::highest;
    return static_cast<mask>(~mask_of(inside));
#endif
}

// Which lanes are from `lowest` on and below `highest`.
[[gnu::always_inline]] inline mask within(vector x, float lowest, float highest) {
#if defined(__AVX512F__)
    return _mm512_mask_cmp_ps_mask(_mm512_cmp_ps_mask(x, _mm512_set1_ps(lowest), _CMP_GE_OQ), x,
                                   _mm512_set1_ps(highest), _CMP_LT_OQ);
#else
    return mask_of((x >= lowest) & (x < highest));
#endif
}

// Work()(given, results, masks, i) for every vector of n numbers: it writes the results, and which lanes no piece is
// for.
template <int inputs, int outputs, class Parameters, actfn::Loop general, class Work>
void in_blocks(void* const* data, const double* const*, std::ptrdiff_t n) {
    alignas(64) float kept[inputs + outputs][block];
    for (std::ptrdiff_t start = 0; start < n; start += block) {
        const std::ptrdiff_t count = n - start < block ? n - start : block;
        const std::ptrdiff_t whole = (count + lanes - 1) / lanes * lanes;
        const float* given[inputs];
        float* results[outputs];
        // Lanes past the end, and an input that is overwritten but may be read again, live in a copy.
        const bool partial = whole != count;
        for (int i = 0; i < inputs; ++i) {
            given[i] = static_cast<const float*>(data[i]) + start;
            bool copied = partial;
            for (int o = 0; o < outputs; ++o) copied |= data[i] == data[inputs + o];
            if (copied) {
                std::memcpy(kept[i], given[i], static_cast<std::size_t>(count) * sizeof(float));
                for (std::ptrdiff_t j = count; j < whole; ++j) kept[i][j] = 0.0f;
                given[i] = kept[i];
            }
        }
        for (int o = 0; o < outputs; ++o)
            results[o] = partial ? kept[inputs + o] : static_cast<float*>(data[inputs + o]) + start;
        mask masks[outputs][block / lanes] = {};
        // Made for each block, so that its tables are in registers after a call of the general loop too.
        const Work work;
        for (std::ptrdiff_t i = 0; i < whole; i += lanes) work(given, results, masks, i);
        std::uint64_t any = 0;
        for (const auto& of_output : masks) {
            const set_of_places set(of_output);
            for (const std::uint64_t word : set.words) any |= word;
        }
        if (any != 0) others<inputs, outputs, Parameters, general>(given, results, masks);
        if (partial)
            for (int o = 0; o < outputs; ++o)
                std::memcpy(static_cast<float*>(data[inputs + o]) + start, results[o],
                            static_cast<std::size_t>(count) * sizeof(float));
    }
}

[[gnu::always_inline]] inline vector at(const float* from, std::ptrdiff_t i) {
    return *reinterpret_cast<const unaligned*>(from + i);
}
[[gnu::always_inline]] inline void put(vector y, float* to, std::ptrdiff_t i) {
    *reinterpret_cast<unaligned*>(to + i) = y;
}

// x, and g where there are two inputs, to the result of each kernel, times g.
template <bool times_g, class... Kernels> struct each_kernel {
    std::tuple<Kernels...> kernels;
    template <class Masks>
    [[gnu::always_inline]] void operator()(const float* const* given, float* const* results, Masks& masks,
                                           std::ptrdiff_t i) const {
        const vector x = at(given[0], i);
        std::apply(
            [&](const auto&... kernel) {
                int output = 0;
                (put(times_g ? at(given[1], i) * kernel(x) : kernel(x), results[output++], i), ...);
            },
            kernels);
        int output = 0;
        ((masks[output++][i / lanes] = outside<Kernels>(x)), ...);
    }
};
template <int inputs, class Parameters, actfn::Loop general, class... Kernels>
constexpr actfn::Loop loop =
    in_blocks<inputs, sizeof...(Kernels), Parameters, general, each_kernel<inputs == 2, Kernels...>>;

[[gnu::always_inline]] inline mask zero(vector x) { return within(magnitude(x), 0.0f, __FLT_DENORM_MIN__); }

// A factor times a function that is the sum of two parts.
struct gated_product {
    vector result;
    mask outside;
    // `lost` is what rounding has taken from the factor.
    template <class Kernel, class... Lost>
    [[gnu::always_inline]] static gated_product of(const Kernel& kernel, vector x, vector factor, Lost... lost) {
        const parts f = kernel.split(x);
        const vector rest = fused(factor, f.rest, (vector{} + ... + (lost * f.line)));
        const vector result = factor == 0.0f ? factor * (f.line + f.rest) : fused(factor, f.line, rest);
        // Small numbers may have lost what was beside them.
        const mask known = within(magnitude(result), 0x1p-100f, infinity) | zero(factor);
        const mask whole = within(magnitude(f.line), 0x1p-100f, infinity);
        return {result, static_cast<mask>(piecewise::outside<Kernel>(x) | ~(known & whole))};
    }
};

// gate and up to up times the kernel.
template <class Value> struct opened {
    Value value;
    template <class Masks>
    [[gnu::always_inline]] void operator()(const float* const* given, float* const* results, Masks& masks,
                                           std::ptrdiff_t i) const {
        const auto y = gated_product::of(value, at(given[0], i), at(given[1], i));
        put(y.result, results[0], i);
        masks[0][i / lanes] = y.outside;
    }
};
// gate, up and g to the products of g with both derivatives.
template <class Value, class First> struct opened_products {
    Value value;
    First first;
    template <class Masks>
    [[gnu::always_inline]] void operator()(const float* const* given, float* const* results, Masks& masks,
                                           std::ptrdiff_t i) const {
        const vector x = at(given[0], i), up = at(given[1], i), g = at(given[2], i), factor = g * up;
        const auto by_gate = gated_product::of(first, x, factor, fused(g, up, -factor));
        const auto by_up = gated_product::of(value, x, g);
        put(by_gate.result, results[0], i);
        put(by_up.result, results[1], i);
        const mask exact = within(magnitude(factor), 0x1p-75f, infinity) | zero(g) | zero(up);
        const mask unsure = First::one < infinity ? within(x, First::next_to_one, First::one) : mask{};
        masks[0][i / lanes] = by_gate.outside | unsure | static_cast<mask>(~exact);
        masks[1][i / lanes] = by_up.outside;
    }
};
template <class Parameters, actfn::Loop general, class Value>
constexpr actfn::Loop gated = in_blocks<2, 1, Parameters, general, opened<Value>>;
template <class Parameters, actfn::Loop general, class Value, class First>
constexpr actfn::Loop gated_products = in_blocks<3, 2, Parameters, general, opened_products<Value, First>>;

} // namespace piecewise
} // namespace
#endif
