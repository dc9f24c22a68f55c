"""The names, values and findings of computed properties: in Chinese, and with mathematical signs."""

from __future__ import annotations

import re
from collections.abc import Callable

from actfn.handbook.facts import power_of_ten

NAMES = {
    "domain": "定义域",
    "range": "值域",
    "left_limit": "左极限",
    "right_limit": "右极限",
    "left_asymptote": "左渐近线",
    "right_asymptote": "右渐近线",
    "monotonicity": "单调性",
    "monotone_on": "单调区间",
    "parity": "奇偶性",
    "convexity": "凹凸性",
    "convex_on": "凹凸区间",
    "smoothness": "光滑性",
    "joints": "折点与分段点",
    "zeros": "零点",
    "extrema": "极值",
    "inflections": "拐点",
    "fixed_points": "不动点",
    "lipschitz": "f 的利普希茨常数",
    "derivative_lipschitz": "f′ 的利普希茨常数",
    "saturation": "饱和区：|f′| 小于机器精度",
    "exactly_constant": "计算结果恒为常数",
    "exactly_linear": "计算结果恰在直线上",
    "mean": "均值 E f(z)",
    "second_moment": "二阶矩 E f(z)²",
    "variance": "方差 Var f(z)",
    "derivative_second_moment": "导数的二阶矩 E f′(z)²",
    "forward_gain": "前向增益",
    "variance_gain": "方差增益",
    "backward_gain": "反向增益",
    "operations": "运算次数",
}

# A pattern for each kind of value or finding; the first that matches the whole text is taken.
PATTERNS = [
    (r"strictly increasing", "严格递增"),
    (r"strictly decreasing", "严格递减"),
    (r"non-decreasing", "不减"),
    (r"non-increasing", "不增"),
    (r"not monotone", "不单调"),
    (r"none", "无"),
    (r"even and odd", "既偶又奇"),
    (r"even", "偶函数"),
    (r"odd", "奇函数"),
    (r"convex", "凸（下凸）"),
    (r"concave", "凹（上凸）"),
    (r"linear", "线性"),
    (r"constant", "常数"),
    (r"discontinuous", "不连续"),
    (r"increasing on (.+)", r"在 \1 上递增"),
    (r"decreasing on (.+)", r"在 \1 上递减"),
    (r"constant on (.+)", r"在 \1 上为常数"),
    (r"concave on (.+)", r"在 \1 上凹（上凸）"),
    (r"convex on (.+)", r"在 \1 上凸（下凸）"),
    (r"linear on (.+)", r"在 \1 上线性"),
    (r"global maximum (.+) at (.+)", r"最大值 \1，在 \2 处取得"),
    (r"global minimum (.+) at (.+)", r"最小值 \1，在 \2 处取得"),
    (r"local maximum (.+) at (.+)", r"极大值 \1，在 \2 处取得"),
    (r"local minimum (.+) at (.+)", r"极小值 \1，在 \2 处取得"),
    (r"(.+), attained at (.+)", r"\1，在 \2 处达到"),
    (r"(.+), approached at (.+)", r"\1，x → \2 时趋近"),
    (r"(.+), slope (.+)", r"\1，斜率 \2"),
    (r"(.+) attracting from the left, repelling to the right", r"\1（左侧吸引，右侧排斥）"),
    (r"(.+) repelling to the left, attracting from the right", r"\1（左侧排斥，右侧吸引）"),
    (r"(.+) attracting", r"\1（吸引）"),
    (r"(.+) repelling", r"\1（排斥）"),
    (r"(.+) neutral(: each is its own limit)?", r"\1（每一点都是，既不吸引也不排斥）"),
    (r"(f'*) from (.+) to (.+) at (.+)", r"\1 在 \4 处由 \2 跳到 \3"),
    (r"(\w+): nowhere", r"\1：无"),
    (r"(\w+): everywhere", r"\1：处处"),
    (r"(\w+): (x .+) and (x .+)", r"\1：\2 及 \3"),
    (r"(\w+): (x .+)", r"\1：\2"),
    (r"value: (.+)", r"函数值：\1"),
    (r"first: (.+)", r"一阶导数：\1"),
    (r"second: (.+)", r"二阶导数：\1"),
    (r"1 / sqrt\(E f'\(z\)\^2\): .*", "1 / √(E f′(z)²)：保持梯度的二阶矩"),
    (r"1 / sqrt\(E f\(z\)\^2\): .*", "1 / √(E f(z)²)：保持二阶矩为 1"),
    (r"1 / sqrt\(Var f\(z\)\): .*", "1 / √(Var f(z))：保持方差为 1"),
    (r"E f\(z\)\^2 - \(E f\(z\)\)\^2", "E f(z)² − (E f(z))²"),
    (r"SymPy limit, agrees with the value at (.+)", r"SymPy 求极限，与 \1 处的值相符"),
    (r"bisection of f\(x\) - x .*", "在 f′ − 1 的零点之间用二分法解 f(x) = x，算到 60 位"),
    (r"bisection on the floats .*", "用计算内核在浮点数上二分，再核对后面的数"),
    (r"(f'*) jumps there", r"\1 在此跳跃"),
    (r"f\(-x\) against f\(x\) .*", "在 24 个点上以 45 位比较 f(−x) 与 ±f(x)"),
    (
        r"limits of (.+) and (.+); values at (.+) and (.+) agree to (.+) digits",
        r"\1 与 \2 的极限；在 \3 与 \4 处的值有 \5 位相同",
    ),
    (r"values at (.+) and (.+) agree to (.+) digits", r"在 \1 与 \2 处的值有 \3 位相同"),
    (r"values at (.+) and (.+) grow like a power", r"由 \1 到 \2，值按幂次增长"),
    (r"f\(x\) / x is not bounded", "f(x) / x 无界"),
    (r"f\(x\) / x: no limit was found", "f(x) / x 没有找到极限"),
    (r"(.+) has no finite limit", r"\1 没有有限的极限"),
    (r"no limit was found", "没有找到极限"),
    (r"as declared; it may turn for ever", "取自声明；函数可能无休止地起伏"),
    (r"value or slope .* may turn for ever", "函数值或斜率在无穷处没有找到极限，或含有波形：它可能无休止地起伏"),
    (r"limits of (.+) and (.+); SymPy limit, .*", r"\1 与 \2 的极限（SymPy）"),
    (r"nodes of the traced kernels", "由计算内核得到的计算图的节点数"),
    (r"one-sided derivatives of orders .*", "比较分段点两侧 0 到 8 阶的单侧导数"),
    (r"quadrature split at joints .*", "数值积分，在分段点和弯折处分段，20 位有效数字"),
    (r"roots of (f'*) by bisection .*", r"用二分法求 \1 的零点，算到 60 位"),
    (r"signs of (f'+) between .*", r"\1 在相邻零点之间的符号"),
    (r"the formula is a line there", "公式在这一侧是直线"),
    (r"the formula is defined for every number", "公式处处有定义"),
    (r"the formula is one analytic expression", "公式不分段，是一个解析式"),
    (r"\|f'\| = machine epsilon, .*", "用二分法求 |f′| 等于机器精度之处，算到 30 位"),
    (r"(\|f'+\|) at its own turns .*", r"\1 在其极值点、分段点和两端极限处的值"),
]


# What a value means depends on the property here.
NEITHER = {"parity": "非奇非偶", "convexity": "既不凸也不凹"}

SIGNS: list[tuple[str, str | Callable[[re.Match[str]], str]]] = [
    (r" <= ", "\u00a0≤\u00a0"),
    (r" >= ", "\u00a0≥\u00a0"),
    (r"([(\[][^()\[\]]*), ", "\\1,\u00a0"),
    (r"\binf\b", "∞"),
    (r"\bf''", "f″"),
    (r"\bf'", "f′"),
    (r"(?<=\d)e([-+]\d+)\b", lambda found: power_of_ten(int(found[1]))),
    (r"\^1([05])0\b", lambda found: {"0": "¹⁰⁰", "5": "¹⁵⁰"}[found[1]]),
    (r"\^([0-9])\b", lambda found: "⁰¹²³⁴⁵⁶⁷⁸⁹"[int(found[1])]),
    (r"(?<!\w)-(?=[\d∞xf ])", "−"),
    (r"sqrt\(", "√("),
]


def chinese(text: str, name: str = "") -> str:
    """Return a value or a finding of a property in Chinese; one that no pattern fits, such as a number, stays."""
    if text == "neither":
        return NEITHER[name]
    for pattern, replacement in PATTERNS:
        if re.fullmatch(pattern, text):
            told = re.sub(pattern, replacement, text, count=1)
            told = told if "(" in told or "[" in told else told.replace(", ", "、")
            return re.sub(r"在 ([(\[][^，（]*[)\]]) 处", r"在 \1 上", told)
    return text


def typeset(text: str) -> str:
    """Return a text with mathematical signs.

    Examples
    --------
    >>> typeset("f' <= -1.5e-08 on (-inf, 2]")
    'f′\xa0≤\xa0−1.5\xa0×\xa010⁻⁸ on (−∞,\xa02]'
    """
    for pattern, replacement in SIGNS:
        text = re.sub(pattern, replacement, text)
    return text
