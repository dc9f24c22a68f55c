"""Chinese for what declarations say in English: summaries, parameters, and remarks in the names of frameworks."""

from __future__ import annotations

import re

from actfn.activation import Activation
from actfn.functions.declare import Parameter

SUMMARIES = {
    "identity": "原样返回输入：用在回归的输出层，等于不加激活函数。",
    "sigmoid": "逻辑函数：把实数压缩到 (0, 1)，用作概率或门。",
    "hard_sigmoid": "在 0 和 1 处截断的直线：移动端网络常用的廉价 sigmoid。",
    "tanh": "双曲正切：值域为 (−1, 1) 的 S 形函数，过原点，斜率为 1。",
    "softsign": "不含指数的 S 形函数 x/(1 + |x|)：按多项式速度饱和，比 tanh 慢。",
    "relu": "修正线性单元 max(0, x)：前馈网络和卷积网络隐藏层默认的激活函数。",
    "leaky_relu": "输入为负时保留固定小斜率的 ReLU，神经元始终有梯度。",
    "prelu": "负侧斜率由学习得到的 ReLU：可以全体共用一个、每个通道一个或每个元素一个。",
    "elu": "负侧光滑地趋于 −α 的 ReLU，使输出的均值更接近零。",
    "selu": "经过缩放的 ELU：两个常数使均值 0、方差 1 成为逐层传递时稳定的不动点。",
    "softplus": "光滑的 ReLU：log(1 + exp(βx))/β，导数是 sigmoid；没有隐藏的阈值。",
    "swish": "x·σ(βx)：光滑、非单调、自门控；β 决定门的陡度，可以学习。",
    "silu": "x·σ(x)：β = 1 的 Swish，当今多数大语言模型的门控都用它。",
    "mish": "x·tanh(softplus(x))：光滑、非单调、自门控，有下界。",
    "gelu": "x·P(Z ≤ x)，Z 为标准正态变量：精确形式的高斯误差线性单元。",
    "gelu_tanh": "GELU 的 tanh 近似，相差不超过 4.8 × 10⁻⁴：其实是另一个函数，却是某些框架的默认。",
    "softmax": "把一行得分变成和为 1 的概率：exp(xᵢ)/Σⱼ exp(xⱼ)。",
    "log_softmax": "softmax 的对数 xᵢ − log Σⱼ exp(xⱼ)：交叉熵损失要的就是它。",
    "maxout": "每组输入中的最大者：前面接线性层时，就是可学习的凸激活函数。",
}
PARAMETERS = {
    ("hard_sigmoid", "slope"): "中间一段的斜率",
    ("hard_sigmoid", "offset"): "中间一段在 0 处的值",
    ("leaky_relu", "negative_slope"): "x ≤ 0 时的斜率",
    ("prelu", "alpha"): "x ≤ 0 时的斜率，由学习得到；给数组时按广播规则与 x 配合",
    ("elu", "alpha"): "x → −∞ 时极限值的相反数",
    ("softplus", "beta"): "拐角的陡度；越大越接近 ReLU",
    ("swish", "beta"): "门的陡度：为 0 时函数是 x/2，越大越接近 ReLU；可以学习",
    ("maxout", "group_size"): "每多少个输入得到一个输出",
    ("maxout", "grouping"): "相邻的分为一组，或每隔 n/group_size 个取一个",
}
# What is said of the names in frameworks.
REMARKS = (
    (r"by default (.+)", r"默认 \1"),
    (r"from (opset \d+)", r"\1 起"),
    (r"for (.+) and (.+) only", r"仅当 \1 且 \2"),
    (r"for (.+) only", r"仅当 \1"),
    (r"for (\w+ = .+)", r"\1 时用这种写法"),
    (r"its derivative at (.+) is (.+), actfn's (.+)", r"在 \1 处的导数为 \2，actfn 取 \3"),
    (r"its derivative at (.+) is the sum of those from both sides", r"在 \1 处的导数为左右导数之和"),
    (r"its derivative at (.+) is that from the left", r"在 \1 处取左导数"),
    (r"its derivative at (.+) is that from the right", r"在 \1 处取右导数"),
    (r"its derivative at (.+) is (.+) for every alpha", r"无论 alpha 取何值，在 \1 处的导数都为 \2"),
    (r"its derivative at (.+) is (.+)", r"在 \1 处的导数为 \2"),
    (r"with TensorFlow its derivative at (.+) is (.+)", r"使用 TensorFlow 时在 \1 处的导数为 \2"),
    (r"its constants are cut to (.+) and (.+)", r"常数截短为 \1 和 \2"),
    (r"constants rounded to float32", "常数舍入到 float32"),
    (r"written out, for want of a function", "没有现成函数，直接写出"),
    (r"computed as (.+), which cancels near 0", r"按 \1 计算，在 0 附近因相消而损失精度"),
    (r"its erf is within (.+)", r"所用 erf 的误差不超过 \1"),
    (r"slope (.+) in Keras 1 and 2", r"Keras 1 和 2 中斜率为 \1"),
    (r"the memory-efficient variant has derivative (.+) at both corners", r"省内存版本在两个折点处的导数为 \1"),
    (r"NaN at infinity", "无穷处为 NaN"),
    (r"wrong for a slope above 1: it is max\(slope x, x\)", "斜率大于 1 时有误：它按 max(slope x, x) 计算"),
    (r"without dim the axis follows .*", "不给 dim 时，轴由维数决定：0、1、3 维取 0，其余取 1；已弃用"),
    (r"before opset 13 axis=1 of a flattened matrix", "opset 13 之前先展平成矩阵，取 axis=1"),
    (r"num_units is the number of groups", "num_units 是组数"),
    (r"learnt, num_parameters slopes along axis 1", "可学习，沿轴 1 有 num_parameters 个斜率"),
    (r"learnt, num_parameters slopes along the last axis", "可学习，沿最后一轴有 num_parameters 个斜率"),
    (r"learnt, one slope for all", "可学习，全体共用一个斜率"),
    (r"learnt, one slope for each element .*", "可学习，每个元素一个斜率，除非给出 shared_axes"),
    (
        r"learnt, from a standard normal number on; .*",
        "可学习，初值取自标准正态分布；参数 beta 是 E-swish 的，与此无关",
    ),
    (r"slope is an input", "slope 作为输入传入"),
    (r"linear past beta x = threshold, (.+) below .*", r"beta x 超过 threshold 后为直线，该处比函数低 \1"),
    (r"chosen by (.+)", r"由 \1 选用"),
)


def summary(function: Activation, language: str) -> str:
    """Return what a function is, in one sentence.

    Examples
    --------
    >>> import actfn
    >>> summary(actfn.relu, "zh")
    '修正线性单元 max(0, x)：前馈网络和卷积网络隐藏层默认的激活函数。'
    """
    return SUMMARIES.get(function.name, function.summary) if language == "zh" else function.summary


def meaning(function: Activation, parameter: Parameter, language: str) -> str:
    """Return what a parameter means."""
    known = PARAMETERS.get((function.name, parameter.name), parameter.description)
    return known if language == "zh" else parameter.description


def remark(text: str, language: str) -> str:
    """Return a remark on a framework's name; one that no pattern fits stays.

    Examples
    --------
    >>> remark("from opset 18", "zh")
    'opset 18 起'
    """
    for pattern, replacement in REMARKS if language == "zh" else ():
        if re.fullmatch(pattern, text):
            return re.sub(pattern, replacement, text, count=1)
    return text
