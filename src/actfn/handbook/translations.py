"""Chinese for what declarations say in English: summaries, parameters, and remarks in the names of frameworks."""

from __future__ import annotations

import re
from collections.abc import Callable

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
    "heaviside": "感知机的阶跃：阈值以下为 0，从阈值起为 1。",
    "sign": "取 -1、0 或 1：二值网络的激活函数，训练时借用别的函数的导数。",
    "absolute": "绝对值 |x|：偶函数，保留输入的大小，丢掉符号。",
    "square": "抛物线 x^2：加密数据上的网络唯一算得起、证明也跟得上的激活函数。",
    "affine": "斜率和截距任意的直线：不用整层就能缩放和平移。",
    "relu6": "在 6 处截断的整流函数：移动端网络的激活函数，值域适合低位宽。",
    "bounded_relu": "斜率为 1、在上下界处截断的直线；不另给界时为 0 到 1。",
    "hard_tanh": "在 -1 和 1 处截断的恒等函数：分段线性的 tanh。",
    "general_relu": "带齐全部参数的 Keras 整流函数：阈值以下有斜率，上方有界。",
    "threshold": "超过阈值时原样通过，否则取固定值：两半不必相接的整流函数。",
    "thresholded_relu": "不超过 theta 的一律归零，超过的原样通过、不作平移的整流函数。",
    "tlu": "x 与学到的直线 alpha x + tau 中较大者：与滤波器响应归一化配套的整流函数。",
    "hard_shrink": "绝对值超过 lambd 时保留，否则归零，跳跃点也归零：留或弃。",
    "soft_shrink": "输入向 0 收缩 lambd，越过 0 的取 0：绝对值惩罚的近端算子。",
    "shrink": "ONNX 的带偏置硬收缩：偏置为 0 即 hard_shrink，为 lambd 即 soft_shrink；跳跃点取 0。",
    "hard_swish": "x relu6(x + 3) / 6：门为分段线性的 swish，MobileNetV3 的激活函数。",
    "hard_mish": "x min(2, max(0, x + 2)) / 2：门为分段线性的 mish。",
    "relu_squared": "整流函数的平方：斜率连续，大输入时陡，与 relu 一样稀疏。",
    "smelu": "折角换成宽 2 beta 的一段抛物线的整流函数：该光滑处光滑，两侧恰为 0 和 x。",
    "srelu": "两个学到的阈值之间为恒等，两侧斜率也由学习得到：可凸、可凹、可呈 S 形。",
    "frelu": "整体上下平移一个可学习偏置的整流函数，均值因而可以为 0；与同名的漏斗整流函数无关。",
    "softmin": "取负之后的 softmax，exp(-x_i) / sum_j exp(-x_j)：最小的分量得到最大的份额。",
    "logsumexp": "一行的软最大值 log(sum_j exp(x_j))：介于最大者与最大者加 log(n) 之间。",
    "logmeanexp": "以平均代替求和的软最大值 log(mean_j exp(x_j))：介于平均值与最大者之间。",
    "hardmax": "一行的最大者（并列时取第一个）为 1，其余为 0：没有温度的 softmax。",
    "sparsemax": "概率单纯形上最近的点 max(0, x_i - tau)，和为 1：能给出精确 0 的 softmax。",
    "entmax15": "alpha = 1.5 的 entmax，max(0, x_i / 2 - tau)^2，和为 1：介于 softmax 与 sparsemax 之间。",
    "entmax": "带次数的稀疏 softmax，max(0, (alpha - 1) x_i - tau)^(1 / (alpha - 1))，和为 1。",
    "normmax": "单纯形上使 <p, x> - ||p||_alpha 最大的点 p：稀疏，份额几乎相等。",
    "budget": "软性地选出多个分量 min(1, max(0, x_i - tau))，总和给定：选 k 个的 sparsemax。",
    "sigsoftmax": "指数再乘 sigmoid 的 softmax，exp(x_i) sigmoid(x_i) / sum_j exp(x_j) sigmoid(x_j)。",
    "solu": "每个分量乘以自己的份额 x_i softmax(x)_i：softmax 线性单元，不含其后的层归一化。",
    "sine": "周期函数 sin(frequency x)：隐式神经表示所用；在无穷处没有极限，返回 NaN。",
    "snake": "x + sin(alpha x)^2 / alpha：带周期波纹、从不下降的直线；斜率在无穷处没有极限，为 NaN。",
    "snake_beta": "x + sin(alpha x)^2 / beta：波纹高度可单独设定的 snake；斜率在无穷处为 NaN。",
    "sinc": "归一化的 sin(pi x) / (pi x)：在 0 处为 1，在其他整数处为 0，按 1 / x 衰减的正弦。",
    "arctan": "反正切：介于 -pi/2 与 pi/2 之间的 S 形函数，斜率 1 / (1 + x^2) 按多项式而非指数衰减。",
    "maxout": "每组输入中的最大者：前面接线性层时，就是可学习的凸激活函数。",
    "glu": "门控线性单元 up sigmoid(gate)：门在 0 与 1 之间开合，通过的量保持线性。",
    "bilinear": "乘积 gate up：不带激活函数的门控单元。",
    "reglu": "up relu(gate)：输入为负时门关闭，为正时开度没有上限。",
    "geglu": "up gelu(gate)，用精确的 gelu。",
    "geglu_tanh": "up gelu_tanh(gate)：用 gelu 的 tanh 近似的 geglu，以它训练的模型必须用它。",
    "swiglu": "up swish(gate)：当今多数大语言模型的前馈层。",
    "seglu": "up selu(gate)：输入为负时门取负值，而不是关闭。",
    "gtu": "门控 tanh 单元 tanh(up) sigmoid(gate)：两侧有界，与 LSTM 中一样。",
    "swiglu_oai": "gpt-oss 的截断 swiglu：(up + 1) swish(gate)，gate 与 up 先在界限处截断。",
    "softcapped_swiglu": "带软界限的 swiglu：用 c tanh(x / c) 代替 gate 和 up，sigmoid 则取自 gate 本身。",
    "crelu": "relu(x) 与 relu(-x) 前后相接：通道数加倍，输入的信息毫无丢失。",
    "bipolar_relu": "偶数通道取 relu(x)，奇数通道取 -relu(-x)，使均值保持在零附近。",
    "apl": "relu(x) + sum a max(0, b - x)：自适应分段线性函数，折点数等于系数个数。",
    "slaf": "系数由学习得到的多项式：自学习激活函数。",
    "rrelu": "对每个负输入随机取斜率的 leaky relu，评估时取平均斜率。",
    "probact": "relu(x) 加正态噪声，噪声强度可以学习；评估时即 relu。",
    "gumbel_softmax": "softmax((x + 噪声) / tau)，噪声服从 Gumbel 分布：对类别的可微抽样，各类概率为 softmax(x)。",
    "dice": "折点柔和并随数据移动的 prelu：按标准化后 x 的 sigmoid 介于 alpha x 与 x 之间。",
    "log_sigmoid": "log σ(x)，等于 −softplus(−x)：概率的对数，不会溢出；二分类的损失要的就是它。",
    "elliott": "x/(2 + 2|x|) + 1/2：只用一次除法、值域为 (0, 1) 的 S 形函数，即压缩一半再抬高的 softsign。",
    "ndtr": "标准正态分布的分布函数 P(Z ≤ x)：probit 模型的 S 形函数，也是 GELU 的门。",
    "log_ndtr": "log P(Z ≤ x)，Z 为标准正态变量：probit 模型的对数似然。",
    "laplace": "正态分布函数 P(Z ≤ (x − μ)/σ)：Mega 在注意力中用它代替 ReLU 的平方；与拉普拉斯分布无关。",
    "cloglog": "1 − exp(−exp(x))：不对称的 S 形函数，接近 1 远快于接近 0；互补双对数连接函数的反函数。",
    "erf": "误差函数：值域为 (−1, 1) 的 S 形函数，斜率是高斯钟形曲线。",
    "lecun_tanh": "1.7159 tanh(2x/3)：拉伸过的双曲正切，在 ±1 处取 ±1，弯曲也恰在那里最大。",
    "isru": "x/√(1 + αx²)：只用一次平方根倒数、不用指数的 S 形函数。",
    "isrlu": "0 右侧为 x，左侧为 x/√(1 + αx²)：用平方根倒数代替指数的 ELU。",
    "sqnl": "−2 与 2 之间为 x − x|x|/4，之外为 ±1：两段抛物线拼成的、形如双曲正切的曲线。",
    "soft_clipping": "log((1 + exp(αx))/(1 + exp(α(x − 1))))/α：0 与 1 之间近似恒等，两端圆滑地拐平。",
    "soft_cap": "c·tanh(x/c)：小输入几乎不变，大输入不会超过上限 c；用来约束注意力的得分。",
    "dynamic_tanh": "w·tanh(αx) + b：在 Transformer 中代替归一化层，即 DyT。",
    "derf": "w·erf(αx + s) + b：在 Transformer 中代替归一化层。",
    "celu": "无论 α 取何值都连续可微的 ELU：α 在两个方向上一起拉伸指数部分。",
    "mpelu": "深度 α 和下降速度 β 分别学习的 ELU：relu、近似的 leaky_relu、elu 和 celu 都是它的特例。",
    "xielu": "斜率由学习得到的 ELU 的积分：0 右侧是抛物线；α_n > β 时左侧有一个最小值。",
    "nlrelu": "log(1 + β max(0, x))：大输出被对数压缩的整流函数。",
    "arelu": "两侧斜率都由学习得到的整流函数：0 右侧为 1 + σ(β)，左侧为限制在 0.01 与 0.99 之间的 α。",
    "squareplus": "(x + √(x² + b))/2：用平方根构成的光滑整流函数，是双曲线的一支。",
    "sparse_plus": "−1 以下为 0，1 以上为 x，中间是抛物线 (x + 1)²/4：它之于 sparsemax，正如 softplus 之于 softmax。",
    "sqrt_softplus": "softplus 的平方根：恒为正，向右按 √x 增长；用作专家路由的得分。",
    "quick_gelu": "x·σ(1.702x)：用逻辑分布近似的 GELU，相差最多 0.0204。",
    "clipped_gelu": "在上下界处截断的 GELU：结果用很少的位数就能表示，便于量化。",
    "eswish": "βx·σ(x)：乘以常数的 SiLU，斜率会超过 1。",
    "flatten_t_swish": "relu(x)·σ(x) + T：0 右侧是 SiLU，左侧是水平线，整体下移使均值接近 0。",
    "aria2": "x·(1 + exp(−βx))^(−α)：把门取 α 次幂的 Swish。",
    "elish": "0 右侧是 SiLU，左侧是 (exp(x) − 1)·σ(x)：带门的 ELU，由遗传算法搜索得到。",
    "hard_elish": "用截断直线 max(0, min(1, (x + 1)/2)) 做门的 ELiSH：到 −1 为 0，从 1 起为恒等。",
    "lisht": "x·tanh(x)：底部圆滑的 |x|，偶函数，从不为负。",
    "logish": "x·log(1 + σ(x))：门介于 0 与 log 2 之间，因此在无穷远处斜率为 0.69。",
    "serf": "x·erf(softplus(x))：把 Mish 里的 tanh 换成误差函数。",
    "tanhexp": "x·tanh(exp(x))：与 Mish 相似，但门的开合快到双重指数；后来又以 TeLU 之名被重新提出。",
    "tanhsoft": "x·tanh(β·exp(γx))：该族中作者推荐的成员 TanhSoft-2；β 与 γ 都为 1 时即 tanhexp。",
    "eis": "x·softplus(x)^α/(√(β + γx²) + δ·exp(−θx))：默认是其中的成员 EIS-1。",
    "exponential": "指数函数：把对数或得分变成正数，例如速率或方差。",
    "soft_exponential": "在对数（α = −1）、恒等（0）与指数（1）之间连续过渡；α 与 −α 互为反函数。",
    "bent_identity": "(√(x² + 1) − 1)/2 + x：在 0 处略微弯曲的恒等函数，左侧远处斜率 1/2，右侧远处 3/2。",
    "tanh_shrink": "x − tanh(x)：小输入几乎缩成 0，大输入的绝对值减少 1。",
    "gaussian": "钟形曲线 exp(−x²)：原点处为 1，向两侧衰减；径向基函数网络的单元。",
    "seagull": "log(1 + x²)：偶函数，0 附近是抛物线，远处是对数；适合不随符号改变的目标。",
}
LAYOUT = "只给一个数组时门在何处：前一半、后一半或偶数位置"
PARAMETERS = {
    **{
        (name, "layout"): LAYOUT
        for name in (
            *("glu", "bilinear", "reglu", "geglu", "geglu_tanh", "swiglu", "seglu", "gtu"),
            *("swiglu_oai", "softcapped_swiglu"),
        )
    },
    ("swiglu", "beta"): "门的陡度；为 1 时门是 silu",
    ("swiglu_oai", "alpha"): "门的陡度",
    ("swiglu_oai", "limit"): "gate 的上界，以及 up 两侧的界限",
    ("softcapped_swiglu", "gate_cap"): "gate 的大小所趋近的值",
    ("softcapped_swiglu", "up_cap"): "up 的大小所趋近的值",
    ("apl", "a"): "每个折点给其左侧斜率增加的量，符号相反",
    ("apl", "b"): "各折点的位置",
    ("slaf", "coefficients"): "多项式的系数，从常数项开始",
    ("rrelu", "lower"): "x <= 0 时的最小斜率",
    ("rrelu", "upper"): "x <= 0 时的最大斜率",
    ("probact", "sigma"): "噪声的标准差；可以学习",
    ("gumbel_softmax", "tau"): "温度：降低时样本趋于独热向量",
    ("dice", "alpha"): "门关闭时的斜率；可以学习",
    ("dice", "epsilon"): "加在方差上的量",
    ("hard_sigmoid", "slope"): "中间一段的斜率",
    ("hard_sigmoid", "offset"): "中间一段在 0 处的值",
    ("leaky_relu", "negative_slope"): "x ≤ 0 时的斜率",
    ("prelu", "alpha"): "x ≤ 0 时的斜率，由学习得到；给数组时按广播规则与 x 配合",
    ("elu", "alpha"): "x → −∞ 时极限值的相反数",
    ("softplus", "beta"): "拐角的陡度；越大越接近 ReLU",
    ("swish", "beta"): "门的陡度：为 0 时函数是 x/2，越大越接近 ReLU；可以学习",
    ("maxout", "group_size"): "每多少个输入得到一个输出",
    ("maxout", "grouping"): "相邻的分为一组，或每隔 n/group_size 个取一个",
    ("affine", "slope"): "输入乘以的数",
    ("affine", "intercept"): "0 处的值",
    ("arelu", "alpha"): "0 左侧的斜率，截断在 0.01 与 0.99 之间；由学习得到",
    ("arelu", "beta"): "0 右侧的斜率为 1 + σ(beta)；由学习得到",
    ("aria2", "alpha"): "门的幂次：0 处的斜率为 2^(−alpha)",
    ("aria2", "beta"): "门的陡度",
    ("tanhsoft", "beta"): "把门开得更大：0 处的斜率为 tanh(beta)",
    ("tanhsoft", "gamma"): "门的陡度",
    ("eis", "alpha"): "softplus 的幂次",
    ("eis", "beta"): "根号下的常数；delta 为 0 时不得为 0",
    ("eis", "gamma"): "根号下 x² 的系数；beta 为 0 时不得为 0",
    ("eis", "delta"): "指数项的系数",
    ("eis", "theta"): "指数项的陡度",
    ("bounded_relu", "min_value"): "下界，不得高于上界",
    ("bounded_relu", "max_value"): "上界",
    ("hard_tanh", "min_value"): "下界，不得高于上界",
    ("hard_tanh", "max_value"): "上界",
    ("budget", "budget"): "一行各分量之和，至多为分量的个数",
    ("celu", "alpha"): "x → −∞ 时极限值的相反数，也是弯曲部分的长度",
    ("clipped_gelu", "min_value"): "下界；低于 −0.17 时不起作用",
    ("clipped_gelu", "max_value"): "上界，应高于下界",
    ("derf", "alpha"): "可学习的陡度，全体共用一个",
    ("derf", "shift"): "可学习的输入平移，全体共用一个",
    ("derf", "weight"): "可学习的系数；给数组时按广播规则与 x 配合",
    ("derf", "bias"): "可学习的偏置；给数组时按广播规则与 x 配合",
    ("dynamic_tanh", "alpha"): "可学习的陡度，全体共用一个",
    ("dynamic_tanh", "weight"): "可学习的系数；给数组时按广播规则与 x 配合",
    ("dynamic_tanh", "bias"): "可学习的偏置；给数组时按广播规则与 x 配合",
    ("entmax", "alpha"): "稀疏程度：为 1 即 softmax，为 2 即 sparsemax；给数组时每行一个",
    ("eswish", "beta"): "正无穷处的斜率；论文中介于 1 与 2 之间",
    ("flatten_t_swish", "threshold"): "x ≤ 0 时的值，即论文中的 T",
    ("frelu", "bias"): "水平一侧的高度，由学习得到",
    ("general_relu", "negative_slope"): "阈值以下的斜率",
    ("general_relu", "max_value"): "上界；默认为无穷，即没有上界",
    ("general_relu", "threshold"): "输入在此以下被削弱；不为 0 时函数值在此跳跃",
    ("hard_shrink", "lambd"): "绝对值不超过它的输入变为 0",
    ("heaviside", "threshold"): "跳跃的位置；该点的值为 1",
    ("isrlu", "alpha"): "弯曲程度：x → −∞ 时趋于 −1/√alpha",
    ("isru", "alpha"): "弯曲程度：极限为 ±1/√alpha",
    ("laplace", "mu"): "正态分布的均值，该处的值为 1/2",
    ("laplace", "sigma"): "正态分布的标准差",
    ("mpelu", "alpha"): "x → −∞ 时极限值的相反数；可以学习",
    ("mpelu", "beta"): "趋近极限的快慢；可以学习",
    ("nlrelu", "beta"): "0 处的右侧斜率",
    ("normmax", "alpha"): "范数的次数：趋于 1 时成为 hardmax，很大时支撑集上的份额相等",
    ("shrink", "bias"): "通过的输入向 0 移动多少",
    ("shrink", "lambd"): "绝对值不超过它的输入变为 0",
    ("sine", "frequency"): "x 每增加 1 转过的弧度；SIREN 的第一层取 30",
    ("smelu", "beta"): "弯曲部分宽度的一半；趋于 0 时成为 ReLU",
    ("snake", "alpha"): "波纹频率的一半；可以学习",
    ("snake_beta", "alpha"): "波纹频率的一半；可以学习",
    ("snake_beta", "beta"): "波纹的平缓程度：高度为 1/beta；可以学习",
    ("soft_cap", "cap"): "上限：Gemma 2 的注意力得分取 50，输出得分取 30",
    ("soft_clipping", "alpha"): "两处拐角的陡度；越大越接近截断到 [0, 1]",
    ("soft_exponential", "alpha"): "由学习得到：−1 为对数，0 为恒等，1 为指数",
    ("soft_shrink", "lambd"): "输入向 0 移动多少；移动会越过 0 的输入变为 0",
    ("squareplus", "b"): "拐角的宽度；取 4 log(2)² 时 0 处的值与 softplus 相同，趋于 0 时成为 ReLU",
    ("srelu", "left_threshold"): "中间一段的左端，由学习得到；不得高于右端",
    ("srelu", "left_slope"): "左端以左的斜率，由学习得到",
    ("srelu", "right_threshold"): "中间一段的右端，由学习得到",
    ("srelu", "right_slope"): "右端以右的斜率，由学习得到",
    ("threshold", "threshold"): "超过它的输入原样通过",
    ("threshold", "value"): "未超过阈值（含等于）时返回的值",
    ("thresholded_relu", "theta"): "不超过它时值为 0",
    ("tlu", "tau"): "可学习的阈值：alpha 为 0 时即下界",
    ("tlu", "alpha"): "另一条直线的可学习斜率；为 0 时即原始的单元",
    ("xielu", "alpha_p"): "x > 0 时二阶导数的一半；由学习得到",
    ("xielu", "alpha_n"): "0 处的斜率减去负无穷处的斜率；由学习得到",
    ("xielu", "beta"): "0 处的斜率",
}
# What is said of the names in frameworks.
REMARKS = (
    (r"with activation = (.+); a learnt linear layer comes first", r"activation 取 \1；之前有一个可学习的线性层"),
    (r"with activation = (.+) the nearest: the gate .*", r"activation 取 \1 时最接近：门先受界限约束，再经激活函数"),
    (r"between two learnt linear layers; the gate is the first half", "位于两个可学习的线性层之间；前一半是门"),
    (
        r"with feed_forward_proj = (.+); between learnt linear layers",
        r"feed_forward_proj 取 \1；位于可学习的线性层之间",
    ),
    (r"inside the attention and before the output of Gemma 2", "用于 Gemma 2 的注意力内部和输出之前"),
    (r"with gumbel_softmax = True, in place of softmax in attention", "gumbel_softmax 取 True，在注意力中代替 softmax"),
    (r"-1e-6 alpha_n at 0, with a jump there", "在 0 处为 -1e-6 alpha_n，并在那里跳跃"),
    (r"NaN at minus infinity", "在负无穷处为 NaN"),
    (r"NaN where alpha x overflows exp", "alpha x 使 exp 溢出时为 NaN"),
    (r"a LayerNorm over dim features follows", "之后接一个对 dim 个特征的 LayerNorm"),
    (r"alpha = 1 divides by 0", "alpha = 1 时除以 0"),
    (
        r"alpha_p and alpha_n learnt through a softplus, in bfloat16",
        "alpha_p 和 alpha_n 经 softplus 学习，以 bfloat16 存储",
    ),
    (r"axes is an input from opset 18; they are kept by default", "opset 18 起轴是一项输入；默认保留各轴"),
    (
        r"computed as exp\(x\) - 1, which cancels near 0; its derivative at 0 is 0",
        "按 exp(x) - 1 计算，在 0 附近相消；它在 0 处的导数为 0",
    ),
    (r"has exp\(x - 1\) instead of exp\(x\) - 1 left of 0", "在 0 左侧写成 exp(x - 1)，而不是 exp(x) - 1"),
    (
        r"it returns x \+ log\(sigmoid\(x\)\), without the softmax; -inf below -104 in float32",
        "它返回 x + log(sigmoid(x))，不含 softmax；float32 中低于 -104 时为 -inf",
    ),
    (r"lacks the factor x: it is the gate alone", "缺少因子 x：只有门本身"),
    (
        r"versions 1 to 3 are the paper's members, EIS-1 the default of actfn",
        "第 1 至 3 版即论文中的三个成员，其中 EIS-1 是 actfn 的默认形式",
    ),
    (r"learnt, four standard normal numbers for each feature", "可学习，每个特征四个标准正态数"),
    (r"learnt, from an exponentially distributed number of mean 10 on", "可学习，初值取自均值为 10 的指数分布"),
    (r"learnt, one alpha and one beta for all", "可学习，全体共用一个 alpha 和一个 beta"),
    (r"learnt, one alpha for all", "可学习，全体共用一个 alpha"),
    (
        r"learnt, one alpha for each channel, from 1 on; 1e-9 is added to the divisor",
        "可学习，每个通道一个 alpha，初值为 1；除数加 1e-9",
    ),
    (
        r"learnt, one pair for each channel, kept as logarithms from 0 on; 1e-9 is added to the divisor",
        "可学习，每个通道一对参数，以对数保存，初值为 0；除数加 1e-9",
    ),
    (r"learnt, one tau and one alpha for each element", "可学习，每个元素一个 tau 和一个 alpha"),
    (r"learnt, one tau for each element", "可学习，每个元素一个 tau"),
    (r"learnt, weight and bias one for each of dim features", "可学习，dim 个特征各有一个权重和一个偏置"),
    (r"always 50 bisections", "总是二分 50 次"),
    (r"not finite beside \+inf or NaN", "与 +inf 或 NaN 同行时结果不是有限数"),
    (r"of x with 3 or 4 dimensions", "用于 3 维或 4 维的 x"),
    (r"raises AttributeError when it is called", "调用时抛出 AttributeError"),
    (r"raises NameError when it is called", "调用时抛出 NameError"),
    (r"raises a TypeError", "抛出 TypeError"),
    (r"raises a TypeError, and would multiply by x twice", "抛出 TypeError，而且会乘两次 x"),
    (r"by default (.+)", r"默认 \1"),
    (r"from (opset \d+)", r"\1 起"),
    (r"for (.+) and (.+) only", r"仅当 \1 且 \2"),
    (r"for (.+) only", r"仅当 \1"),
    (r"for (\w+ = .+)", r"\1 时用这种写法"),
    (r"its derivative at minus infinity is (.+)", r"在负无穷处的导数为 \1"),
    (r"its derivative at infinity is (.+)", r"在正无穷处的导数为 \1"),
    (r"its zeros are about 1e-17", "零点处约为 1e-17"),
    (
        r"learnt, one alpha for each feature; without one it starts at random, 10 on average",
        "可学习，每个特征一个 alpha；不给初值时随机，均值为 10",
    ),
    (r"its derivative at (.+) is (.+), actfn's (.+)", r"在 \1 处的导数为 \2，actfn 取 \3"),
    (r"its derivative at (.+) is the sum of those from both sides", r"在 \1 处的导数为左右导数之和"),
    (r"its derivative at (.+) is that from the left", r"在 \1 处取左导数"),
    (r"its derivative at (.+) is that from the right", r"在 \1 处取右导数"),
    (r"its derivative at (.+) is (.+) for every alpha", r"无论 alpha 取何值，在 \1 处的导数都为 \2"),
    (r"its derivative at (.+) is (.+)", r"在 \1 处的导数为 \2"),
    (r"with TensorFlow its derivative at both corners is (.+)", r"使用 TensorFlow 时两个折点处的导数都为 \1"),
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
    (r"the memory-efficient .* derivatives (.+) and (.+) at .*", r"省内存版本在两个折点处的导数为 \1 和 \2"),
    (r"what it returns at 0 is its second argument: .*", "0 处返回第二个参数，本函数对应取 1"),
    (r"0 at NaN", "NaN 处为 0"),
    (r"0 at NaN in ONNX Runtime", "ONNX Runtime 中 NaN 处为 0"),
    (r"with TensorFlow 0 at NaN", "使用 TensorFlow 时 NaN 处为 0"),
    (r"with TensorFlow its value at NaN is .*", "使用 TensorFlow 时，NaN 处取下侧一支的值"),
    (r"returns integers", "返回整数"),
    (r"(min.*) and (max.*) are inputs", r"\1 和 \2 是输入"),
    (r"not in Keras 3", "Keras 3 中已移除"),
    (r"lower and upper may differ; .*", "lower 与 upper 可以不对称，这里取 lower = -upper"),
    (r"the outer lines are .*, which do not meet the middle one", "外侧两段误写成加阈值，与中段接不上"),
    (r"chosen by (.+)", r"由 \1 选用"),
    (r"from (opset \d+); A is the gate, B what passes it", r"自 \1；A 是门，B 是通过的量"),
    (r"a method; alpha and limit are those of the configuration", "是一个方法；alpha 与 limit 取自配置"),
    (r"the caps are those of the configuration", "两个界限取自配置"),
    (r"it alternates along the first axis, the batch", "沿第一轴即批次轴交替"),
    (
        r"learnt, one function for each feature; its axis of hinges is the first",
        "可学习，每个特征一个函数；折点在第一轴",
    ),
    (r"learnt, k coefficients that all start at 1", "可学习，k 个系数，初值均为 1"),
    (r"the noise comes from PyTorch's own generator", "噪声取自 PyTorch 自己的生成器"),
    (r"sigma is learnt, from 0 on, and there is noise in evaluation too", "标准差可学习，初值为 0，评估时也有噪声"),
    (r"alpha stays 0 there", "那里 alpha 恒为 0"),
)


GREEK = {"alpha": "α", "beta": "β", "tau": "τ", "theta": "θ", "sigma": "σ", "mu": "μ", "pi": "π"}
SIGNS: list[tuple[str, str | Callable[[re.Match[str]], str]]] = [
    (rf"(?<![A-Za-z])(?<![A-Za-z]_)({'|'.join(GREEK)})(?![A-Za-z])", lambda found: GREEK[found[1]]),
    (r"(?<![A-Za-z])(sum_j|sum)(?= [a-z]+[_(]| a )", lambda found: "Σⱼ" if found[1] == "sum_j" else "Σ"),
    (r"(?<=[a-zα-ω)])_([ijnp])(?![A-Za-z])", lambda found: "ᵢⱼₙₚ"["ijnp".index(found[1])]),
    (r"\^(-?\d)(?!\d)", lambda found: found[1].translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))),
    (r"(?<![\w)\]])-(?=[\dπατxσ]|[a-z]+\()|(?<= )-(?= )", "−"),
    (r"<=", "≤"),
    (r">=", "≥"),
    (r"sqrt\(", "√("),
]


def typographic(text: str) -> str:
    """Return a text of a declaration with the signs and letters of mathematics.

    Examples
    --------
    >>> typographic("max(0, x_i - tau)^2 for x <= -pi, alpha_n")
    'max(0, xᵢ − τ)² for x ≤ −π, αₙ'
    """
    for pattern, replacement in SIGNS:
        text = re.sub(pattern, replacement, text)
    return text


def summary(function: Activation, language: str) -> str:
    """Return what a function is, in one sentence.

    Examples
    --------
    >>> import actfn
    >>> summary(actfn.relu, "zh")
    '修正线性单元 max(0, x)：前馈网络和卷积网络隐藏层默认的激活函数。'
    """
    return typographic(SUMMARIES.get(function.name, function.summary) if language == "zh" else function.summary)


def meaning(function: Activation, parameter: Parameter, language: str) -> str:
    """Return what a parameter means."""
    known = PARAMETERS.get((function.name, parameter.name), parameter.description)
    return typographic(known if language == "zh" else parameter.description)


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
