// Which instruction sets this machine has; the names and order are those of the tables.
#pragma once

namespace actfn {

enum InstructionSet { base, avx2, avx512, instruction_set_count };

constexpr const char* instruction_set_names[instruction_set_count] = {"base", "avx2", "avx512"};

inline bool supported(InstructionSet set) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
    if (set == avx2) return v3;
    if (set == avx512)
        return v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512cd");
#endif
    return set == base;
}

} // namespace actfn
