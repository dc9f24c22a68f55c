"""Why a step holds, in each language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

LANGUAGES = ("en", "zh")

# Each rule in English and in Chinese; braces are filled in by the step.
REASONS: Mapping[str, tuple[str, str]] = {
    "constant": ("a constant: c′ = 0", "常数的导数为零：c′ = 0"),
    "independent": ("without the variable, so a constant: c′ = 0", "不含求导的变量，视为常数：c′ = 0"),
    "variable": ("the variable itself has slope 1", "自变量对自身的导数为 1"),
    "sum": ("sum rule: (u + v)′ = u′ + v′", "加法法则：(u + v)′ = u′ + v′"),
    "constant_multiple": ("constant multiple: (c u)′ = c u′", "常数因子法则：(c u)′ = c u′"),
    "product": ("product rule: (u v)′ = u′ v + u v′", "乘积法则：(u v)′ = u′ v + u v′"),
    "quotient": ("quotient rule: (u/v)′ = (u′ v − u v′)/v²", "商的求导法则：(u/v)′ = (u′ v − u v′)/v²"),
    "reciprocal": ("reciprocal rule: (1/v)′ = −v′/v²", "倒数的求导法则：(1/v)′ = −v′/v²"),
    "power": ("power rule: (xⁿ)′ = n xⁿ⁻¹", "幂法则：(xⁿ)′ = n xⁿ⁻¹"),
    "exponential": ("exponential of base a: (aˣ)′ = aˣ log a", "指数函数求导：(aˣ)′ = aˣ log a"),
    "general_power": (
        "logarithmic derivative: u^v = exp(v log u), so (u^v)′ = u^v (v log u)′",
        "对数求导法：u^v = exp(v log u)，故 (u^v)′ = u^v (v log u)′",
    ),
    "chain": (
        "chain rule: f(g(x))′ = f′(g(x)) g′(x), with the inner function {inner} = {argument}",
        "链式法则：f(g(x))′ = f′(g(x)) g′(x)，内层函数 {inner} = {argument}",
    ),
    "elementary": ("a standard derivative", "基本求导公式"),
    "abs": (
        "(|u|)′ = sign(u): slope −1 left of 0, 1 right of it; at 0 itself the two differ",
        "(|u|)′ = sign(u)：0 左侧斜率为 −1，右侧为 1；在 0 处左导数与右导数不等",
    ),
    "sign": ("sign is constant on either side of 0: its slope is 0", "符号函数在 0 两侧都是常数，导数为 0"),
    "named": ("the derivative of a function that has a name", "直接用这个函数的导数公式"),
    "definition": ("{name} stands for {meaning}", "{name} 代表 {meaning}"),
    "minimum": ("a minimum, written by branch", "最小值写成分段函数"),
    "maximum": ("a maximum, written by branch", "最大值写成分段函数"),
    "piecewise": (
        "piecewise function: inside each piece, the derivative of its branch",
        "分段函数：在每一段内部分别求导",
    ),
    "left_value": ("value from the left", "左极限"),
    "right_value": ("value from the right{verdict}", "右极限{verdict}"),
    "left_derivative": ("left derivative", "左导数"),
    "right_derivative": ("right derivative{verdict}", "右导数{verdict}"),
    "write_out": ("written out by definition", "按定义展开"),
    "recognise": ("recognise a function that has a name", "按定义换成函数名"),
    "name": ("give the inner part a name", "内层表达式用一个字母表示"),
    "reorder": ("written in the usual order", "调整各项的顺序"),
    "name_f": ("recognise the function f itself", "其中就有 f 本身，用 f 代替"),
    "add_and_subtract": ("add and subtract the same term", "加上一项，再减去同一项"),
    "split": ("split the fraction", "拆成两个分式"),
    "factor": ("take the common factor out", "提取公因式"),
    "expand": ("multiply out", "展开乘积"),
    "collect": ("collect terms with the same factor", "合并同类项"),
    "divide": ("divide numerator and denominator by the exponential", "分子、分母同除以指数项"),
    "cancel": ("equal terms cancel", "正负抵消"),
    "abs_sign": ("x sign(x) = |x|", "利用恒等式 x sign(x) = |x|"),
    "multiply_in": ("take the factor into each branch", "把因子乘进每一段"),
    "difference_quotient": (
        "at the kink of |x| the rules are silent; there the difference quotient (f(x) − f(0))/x decides",
        "|x| 在 0 处不可导，改用定义：差商 (f(x) − f(0))/x",
    ),
    "limit_of_quotient": (
        "its limit at 0, from either side, is the derivative there: the formula holds at 0 too",
        "左导数与右导数都等于差商的极限，故公式在 0 处也成立",
    ),
    "delta_form": (
        "name Delta = sech²(softplus(x)) = 1 − tanh²(softplus(x)) and swish = x sigma(x); tanh(softplus(x)) = f/x, for x ≠ 0",
        "记 Delta = sech²(softplus(x)) = 1 − tanh²(softplus(x))，swish = x sigma(x)；又 x ≠ 0 时 tanh(softplus(x)) = f/x",
    ),
    "same_index": (
        "case i = j: the variable is there itself and in the sum S, whose other terms are R",
        "情形 i = j：除了和 S，别处也含该变量；R 是 S 中的其余各项",
    ),
    "other_index": ("case i ≠ j: only the sum S depends on it", "情形 i ≠ j：只有和 S 含该变量"),
    "kronecker": (
        "both cases at once: Kronecker's delta is 1 for i = j and 0 otherwise",
        "两种情形合并：克罗内克 δ 在 i = j 时为 1，否则为 0",
    ),
    "labels_sum_to_one": (
        "the loss, −Σ y log s, has class i apart and Q = Σ y x over the others; as Σ y = 1, log S is left once",
        "损失 −Σ y log s 单独写出第 i 类，其余各类的 Σ y x 记为 Q；因 Σ y = 1，log S 恰好剩下一个",
    ),
}

VERDICTS: Mapping[str, tuple[str, str]] = {
    "continuous": (": equal to the one from the left, so continuous", "：与左极限相等，故连续"),
    "jump": (": not the one from the left, so no derivative here", "：与左极限不等，此处不可导"),
    "jump_unless": (": continuous only where {equation}", "：仅当 {equation} 时连续"),
    "smooth": (": equal to the left derivative, so differentiable here", "：与左导数相等，此处可导"),
    "kink": (": not the left derivative, so a kink", "：与左导数不等，此处是折点，不可导"),
    "kink_unless": (": a kink unless {equation}", "：除非 {equation}，否则此处是折点，不可导"),
}

WORDS: Mapping[str, tuple[str, str]] = {
    "title1": ("Derivative of {name}", "{name} 的导数"),
    "title2": ("Second derivative of {name}", "{name} 的二阶导数"),
    "title1_by": ("Derivative of {name} by {by}", "{name} 对 {by} 的导数"),
    "title2_by": ("Second derivative of {name} by {by}", "{name} 对 {by} 的二阶导数"),
    "jacobian": ("Jacobian of {name}", "{name} 的雅可比矩阵"),
    "gradient": ("Gradient of {name}", "{name} 的梯度"),
    "cross_entropy": ("Gradient of the softmax cross-entropy", "softmax 交叉熵的梯度"),
    "function": ("function", "函数"),
    "result": ("result", "结果"),
    "where": ("where", "其中"),
    "at": ("at {place}", "在 {place} 处"),
    "for": ("for", "若"),
    "otherwise": ("otherwise", "其他"),
    "and": ("and", "且"),
    "or": ("or", "或"),
    "colon": (": ", "："),
}


def reason_of(rule: str, **values: str) -> Mapping[str, str]:
    """Return the reason of a rule in every language; a verdict is translated, other values stand as they are.

    Examples
    --------
    >>> reason_of("left_derivative")["zh"]
    '左导数'
    """
    verdict = VERDICTS.get(values.pop("verdict", ""), ("", ""))
    return MappingProxyType(
        {
            language: text.replace("{verdict}", ending).format(**values)
            for language, text, ending in zip(LANGUAGES, REASONS[rule], verdict)
        }
    )


def word(key: str, language: str, **values: str) -> str:
    """Return a word of the page in a language."""
    return WORDS[key][LANGUAGES.index(language)].format(**values)
