"""Chinese for what declarations say in English: summaries, parameters, and remarks in the names of frameworks."""

from __future__ import annotations

from actfn.activation import Activation
from actfn.functions.declare import Parameter

SUMMARIES = {
    "identity": "原样返回输入：用作回归的输出层，也就是不用激活函数。",
    "sigmoid": "逻辑函数：把实数压缩到 (0, 1)，用作概率或门。",
    "hard_sigmoid": "在 0 和 1 处截断的直线：移动端网络用的廉价 sigmoid。",
    "tanh": "双曲正切：值域为 (-1, 1) 的 S 形函数，过原点，斜率为 1。",
    "softsign": "不含指数的 S 形函数 x / (1 + |x|)：按多项式速度饱和，比 tanh 慢。",
    "relu": "整流函数 max(0, x)：前馈网络和卷积网络默认的隐藏层激活函数。",
    "leaky_relu": "对负输入保留固定小斜率的整流函数，使单元总有梯度。",
    "prelu": "负侧斜率由学习得到的整流函数：全体共用、每通道一个或每元素一个。",
    "elu": "光滑地衰减到 -alpha 的整流函数，使激活的均值更接近零。",
    "selu": "经过缩放的 elu，两个常数使均值 0、方差 1 在层与层之间成为稳定不动点。",
    "softplus": "光滑的整流函数 log(1 + exp(beta x)) / beta，导数是 sigmoid；没有隐藏的阈值。",
    "swish": "x sigmoid(beta x)：光滑、非单调、自门控，门的陡度可以学习。",
    "silu": "x sigmoid(x)：beta = 1 的 swish，当今多数大语言模型的门都用它。",
    "mish": "x tanh(softplus(x))：光滑、非单调、自门控，有下界。",
    "gelu": "x P(Z <= x)，Z 为标准正态变量：精确的高斯误差线性单元。",
    "gelu_tanh": "gelu 的 tanh 近似，相差不超过 4.8e-4：它本身是另一个函数，也是某些框架的默认。",
    "softmax": "把一行分数变成和为 1 的概率：exp(x_i) / sum_j exp(x_j)。",
    "log_softmax": "softmax 的对数 x_i - log(sum_j exp(x_j))：交叉熵损失所需要的。",
    "maxout": "每组输入中的最大者：前面接线性层时，就是可学习的凸激活函数。",
}
PARAMETERS = {
    ("hard_sigmoid", "slope"): "中间一段的斜率",
    ("hard_sigmoid", "offset"): "中间一段在 0 处的值",
    ("leaky_relu", "negative_slope"): "x <= 0 时的斜率",
    ("prelu", "alpha"): "x <= 0 时学到的斜率；数组按广播规则与 x 配合",
    ("elu", "alpha"): "负无穷处极限的相反数",
    ("softplus", "beta"): "弯曲的陡度；增大时趋于 relu",
    ("swish", "beta"): "门的陡度：为 0 时是 x / 2，增大时趋于 relu；可以学习",
    ("maxout", "group_size"): "多少个输入共用一个输出",
    ("maxout", "grouping"): "相邻分组，或每隔 n / group_size 个取一个",
}
# Longer phrases first: each replaces what is left by those before it.
REMARKS = (
    ("; its derivative at 0 is 1", "；在 0 处的导数为 1"),
    ("with TensorFlow its derivative at 0 is 1.0507", "使用 TensorFlow 时 0 处的导数为 1.0507"),
    ("; the default of keras.ops.gelu", "；也是 keras.ops.gelu 的默认"),
    ("; keras.ops.gelu has approximate=True", "；keras.ops.gelu 默认 approximate=True"),
    ("approximate=True is the default", "默认 approximate=True"),
    ("; the default is gelu_tanh", "；默认是 gelu_tanh"),
    ("slope 1/6 in Keras 3, 0.2 in Keras 1 and 2", "Keras 3 中斜率为 1/6，Keras 1 和 2 中为 0.2"),
    ("slope 1/6", "斜率 1/6"),
    ("before opset 13 axis=1 on a flattened matrix", "opset 13 之前为展平矩阵的 axis=1"),
    ("linear past beta x = 20", "beta x 超过 20 后为直线"),
    ("one alpha for each element", "每个元素一个 alpha"),
    ("slope is an input", "斜率是一个输入"),
    ("dim must be given", "必须给出 dim"),
    ("rounded to float32", "舍入到 float32"),
    ("for beta = 1 only", "（仅 beta = 1）"),
    ("strided groups", "间隔分组"),
    ("reshape and max", "reshape 后取 max"),
    ("Reshape and ReduceMax", "Reshape 后接 ReduceMax"),
    ("no beta", "无 beta"),
    ("from opset", "自 opset"),
    ("(with ", "（可带 "),
)


def summary(function: Activation, language: str) -> str:
    """Return what a function is, in one sentence.

    Examples
    --------
    >>> import actfn
    >>> summary(actfn.relu, "zh")
    '整流函数 max(0, x)：前馈网络和卷积网络默认的隐藏层激活函数。'
    """
    return SUMMARIES.get(function.name, function.summary) if language == "zh" else function.summary


def meaning(function: Activation, parameter: Parameter, language: str) -> str:
    """Return what a parameter means."""
    known = PARAMETERS.get((function.name, parameter.name), parameter.description)
    return known if language == "zh" else parameter.description


def spelling(text: str, language: str) -> str:
    """Return how a framework spells a function; code stays as it is.

    Examples
    --------
    >>> spelling("Mish (from opset 18)", "zh")
    'Mish (自 opset 18)'
    """
    if language == "zh":
        for english, chinese in REMARKS:
            text = text.replace(english, chinese)
    return text
