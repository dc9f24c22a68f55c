"""What functions are called in the frameworks: names against facts written by hand, and translated code against actfn's values."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import actfn
from actfn import catalogue
from actfn.cli import main
from actfn.frameworks import Meaning, matrix, meanings, rows, title
from actfn.frameworks.signature import REQUIRED, entries, signature
from actfn.functions.spelling import FRAMEWORKS

# For each function the last part of its names in each framework, from the frameworks' own sources.
NAMES = {
    "identity": "torch Identity; keras linear; jax identity; flax identity; onnx Identity; timm identity; "
    "transformers linear; onednn eltwise_linear",
    "relu": "torch relu ReLU; keras relu ReLU; tensorflow relu; jax relu; flax relu; onnx Relu; timm relu; "
    "transformers relu; mlx relu; tinygrad relu; onednn eltwise_relu; x_transformers relu; echo relu",
    "leaky_relu": "torch leaky_relu LeakyReLU; keras leaky_relu LeakyReLU; tensorflow leaky_relu; jax leaky_relu; "
    "flax leaky_relu; onnx LeakyRelu; timm leaky_relu; transformers leaky_relu; mlx leaky_relu; tinygrad leaky_relu; "
    "onednn eltwise_relu",
    "prelu": "torch prelu PReLU; keras PReLU; flax PReLU; onnx PRelu; timm prelu; transformers prelu; mlx prelu PReLU",
    "maxout": "tensorflow_addons Maxout; echo Maxout",
    "sigmoid": "torch sigmoid expit; keras sigmoid; tensorflow sigmoid; jax sigmoid; flax sigmoid; onnx Sigmoid; "
    "scipy expit; timm sigmoid; transformers sigmoid; mlx sigmoid; tinygrad sigmoid; onednn eltwise_logistic",
    "logit": "torch logit; jax logit; scipy logit",
    "hard_sigmoid": "torch hardsigmoid; keras hard_sigmoid sparse_sigmoid; jax hard_sigmoid sparse_sigmoid; flax hard_sigmoid; onnx HardSigmoid; "
    "timm hard_sigmoid; tinygrad hardsigmoid; onednn eltwise_hardsigmoid",
    "tanh": "torch tanh; keras tanh; tensorflow tanh; jax tanh; flax tanh; onnx Tanh; scipy tanh; timm tanh; "
    "transformers tanh; mlx tanh; tinygrad tanh; onednn eltwise_tanh",
    "softsign": "torch softsign; keras softsign; tensorflow softsign; jax soft_sign; flax soft_sign; onnx Softsign; "
    "mlx softsign; tinygrad softsign",
    "softplus": "torch softplus; keras softplus; tensorflow softplus; jax softplus; flax softplus; onnx Softplus; "
    "scipy softplus; mlx softplus; tinygrad softplus; onednn eltwise_soft_relu",
    "elu": "torch elu; keras elu; tensorflow elu; jax elu; flax elu; onnx Elu; timm elu; mlx elu; tinygrad elu; "
    "onednn eltwise_elu",
    "selu": "torch selu; keras selu; tensorflow selu; jax selu; flax selu; onnx Selu; timm selu; mlx selu; tinygrad selu",
    "silu": "torch silu SiLU; keras silu swish; tensorflow silu swish; jax silu swish; flax silu swish; onnx Swish; "
    "timm silu swish; transformers silu swish; mlx silu; tinygrad silu swish; onednn eltwise_swish; x_transformers SiLU",
    "swish": "tensorflow silu; onnx Swish; onednn eltwise_swish; echo Swish",
    "mish": "torch mish; keras mish; jax mish; tensorflow_addons mish; onnx Mish; timm mish; transformers mish; mlx mish; "
    "tinygrad mish; onednn eltwise_mish; echo Mish",
    "gelu": "torch gelu; keras gelu; tensorflow gelu; jax gelu; flax gelu; tensorflow_addons gelu; onnx Gelu; timm gelu; "
    "transformers gelu gelu_python; mlx gelu; tinygrad gelu; onednn eltwise_gelu_erf; x_transformers GELU",
    "gelu_tanh": "torch gelu; keras gelu; tensorflow gelu; jax gelu; flax gelu; tensorflow_addons gelu; onnx Gelu; "
    "timm gelu_tanh; transformers gelu_new gelu_fast gelu_accurate gelu_pytorch_tanh gelu_python_tanh; mlx gelu_approx GELU; "
    "tinygrad gelu; onednn eltwise_gelu_tanh",
    "softmax": "torch softmax; keras softmax; tensorflow softmax; jax softmax; flax softmax; onnx Softmax; scipy softmax; "
    "mlx softmax; tinygrad softmax; x_transformers softmax",
    "log_softmax": "torch log_softmax; keras log_softmax; tensorflow log_softmax; jax log_softmax; flax log_softmax; "
    "onnx LogSoftmax; scipy log_softmax; mlx log_softmax; tinygrad log_softmax",
    "softmin": "torch softmin; mlx softmin; tinygrad softmin",
    "logsumexp": "torch logsumexp; keras logsumexp; tensorflow reduce_logsumexp; jax logsumexp; flax logsumexp; "
    "onnx ReduceLogSumExp; scipy logsumexp; mlx logsumexp; tinygrad logsumexp",
    "logmeanexp": "jax logmeanexp",
    "hardmax": "onnx Hardmax",
    "sparsemax": "keras sparsemax; tensorflow_addons sparsemax; entmax sparsemax Sparsemax sparsemax_bisect",
    "entmax15": "entmax entmax15 Entmax15",
    "entmax": "entmax entmax_bisect EntmaxBisect",
    "normmax": "entmax normmax_bisect NormmaxBisect",
    "budget": "entmax budget_bisect BudgetBisect",
    "solu": "x_transformers SoLU",
    "sigsoftmax": "x_transformers sigsoftmax_logits",
}
NAMES |= {
    "heaviside": "torch heaviside; jax heaviside; scipy heaviside; mlx step Step",
    "sign": "torch sign; tensorflow sign; jax sign; onnx Sign; scipy sign; mlx sign; tinygrad sign",
    "absolute": "torch abs; tensorflow abs; jax abs; onnx Abs; scipy abs; mlx abs; tinygrad abs; onednn eltwise_abs",
    "square": "mlx square; tinygrad square; onednn eltwise_square",
    "affine": "onednn eltwise_linear",
    "general_relu": "keras relu ReLU",
    "relu6": "torch relu6 ReLU6; keras relu6; tensorflow relu6; jax relu6; flax relu6; onnx Clip; timm relu6; "
    "transformers relu6; mlx relu6; tinygrad relu6; onednn eltwise_clip",
    "bounded_relu": "torch clamp; keras relu; tensorflow clip_by_value; jax clip; onnx Clip; scipy clip; mlx clip; "
    "tinygrad clip; onednn eltwise_clip eltwise_clip_v2",
    "hard_tanh": "torch hardtanh Hardtanh; keras hard_tanh; jax hard_tanh; flax hard_tanh; onnx Clip; mlx hard_tanh; "
    "tinygrad hardtanh; onednn eltwise_clip",
    "threshold": "torch threshold Threshold; keras threshold",
    "thresholded_relu": "torch threshold; keras relu; onnx ThresholdedRelu",
    "tlu": "tensorflow_addons TLU",
    "hard_shrink": "torch hardshrink Hardshrink; keras hard_shrink; tensorflow_addons hardshrink; onnx Shrink; mlx hard_shrink",
    "soft_shrink": "torch softshrink Softshrink; keras soft_shrink; tensorflow_addons softshrink; onnx Shrink; mlx softshrink",
    "shrink": "onnx Shrink",
    "hard_swish": "torch hardswish Hardswish; keras hard_silu hard_swish; jax hard_silu hard_swish; flax hard_silu hard_swish; "
    "onnx HardSwish; timm hard_swish; transformers hardswish; mlx hardswish; tinygrad hardswish; onednn eltwise_hardswish",
    "hard_mish": "timm hard_mish",
    "relu_squared": "transformers relu2; mlx relu2; x_transformers ReluSquared",
    "srelu": "echo SReLU",
    "frelu": "echo FReLU",
    "smelu": "",
}
NAMES |= {
    "sine": "torch sin; keras sin; tensorflow sin; jax sin; onnx Sin; scipy sin; mlx sin; tinygrad sin; echo Sine",
    "snake": "tensorflow_addons snake; transformers Snake1d; echo Snake",
    "snake_beta": "transformers SnakeBeta",
    "sinc": "torch sinc; jax sinc; scipy sinc",
    "arctan": "torch atan arctan; keras arctan; tensorflow atan; jax arctan atan; onnx Atan; scipy arctan; mlx arctan; "
    "tinygrad atan",
}
NAMES |= {
    "celu": "torch celu CELU; keras celu; jax celu; flax celu; onnx Celu; timm celu; mlx celu; tinygrad celu; echo CELU",
    "erf": "torch erf; keras erf; tensorflow erf; jax erf; onnx Erf; scipy erf; mlx erf; tinygrad erf",
    "exponential": "torch exp; keras exponential exp; tensorflow exp; jax exp; onnx Exp; scipy exp; mlx exp; tinygrad exp; "
    "onednn eltwise_exp",
    "log_sigmoid": "torch logsigmoid LogSigmoid; keras log_sigmoid; tensorflow log_sigmoid; jax log_sigmoid; "
    "flax log_sigmoid; scipy log_expit; mlx log_sigmoid; tinygrad logsigmoid; onednn eltwise_soft_relu",
    "ndtr": "torch ndtr; jax ndtr; scipy ndtr",
    "log_ndtr": "torch log_ndtr; jax log_ndtr; scipy log_ndtr",
    "tanh_shrink": "torch tanhshrink; keras tanh_shrink; tensorflow_addons tanhshrink",
    "squareplus": "keras squareplus; jax squareplus",
    "sparse_plus": "keras sparse_plus; jax sparse_plus",
    "sqrt_softplus": "transformers sqrtsoftplus",
    "quick_gelu": "timm quick_gelu; transformers quick_gelu; mlx gelu_fast_approx GELU; tinygrad quick_gelu",
    "clipped_gelu": "transformers gelu_10",
    "laplace": "transformers laplace",
    "xielu": "transformers xielu",
    "lisht": "tensorflow_addons lisht",
    "derf": "x_transformers Derf",
    "dynamic_tanh": "x_transformers DynamicTanh",
    **{
        name: f"echo {theirs}"
        for name, theirs in (
            *(("aria2", "Aria2"), ("apl", "APL"), ("arelu", "AReLU"), ("dice", "DICE"), ("elish", "Elish")),
            *(("eswish", "Swish"), ("flatten_t_swish", "Swish"), ("hard_elish", "Elish"), ("isru", "ISRU")),
            *(("isrlu", "ISRU"), ("mpelu", "MPeLU"), ("nlrelu", "NLReLU"), ("probact", "ProbAct"), ("slaf", "SLAF")),
            *(("seagull", "Seagull"), ("soft_clipping", "SoftClipping"), ("soft_exponential", "SoftExponential")),
            *(("sqnl", "SQNL"), ("bipolar_relu", "BReLU"), ("eis", "EIS"), ("tanhsoft", "TanhSoft")),
        )
    },
    "rrelu": "torch rrelu RReLU; tensorflow_addons rrelu",
    "crelu": "tensorflow crelu",
    "swiglu_oai": "transformers _apply_gate",
}
# The same where a function is only a part of a layer of some framework, which no lookup finds.
WITHIN_LAYERS = {
    "glu": "torch glu GLU; keras glu; jax glu; flax glu; mlx glu GLU; x_transformers GLU",
    "swiglu": "onnx SwiGLU; transformers Dinov2SwiGLUFFN; x_transformers GLU",
    "geglu": "transformers ModernBertMLP; x_transformers GLU",
    "geglu_tanh": "transformers T5DenseGatedActDense; x_transformers GLU",
    **dict.fromkeys(("bilinear", "reglu", "seglu"), "x_transformers GLU"),
    "softcapped_swiglu": "transformers Inkling2SoftcappedSwiGLU; x_transformers GLU",
    "gumbel_softmax": "torch gumbel_softmax; x_transformers Attend",
    "soft_cap": "transformers Gemma2Config; x_transformers softclamp",
}
# What no framework has under any name.
NOWHERE = {"bent_identity", "cloglog", "elliott", "gaussian", "gtu", "lecun_tanh", "logish", "serf", "smelu", "tanhexp"}
SIXTH = {"slope": 1 / 6, "offset": 0.5}
# What a name or a call means: framework, call, function, parameters.
MEANT: list[tuple[str, str, str, dict[str, Any]]] = [
    ("torch", "leaky_relu", "leaky_relu", {"negative_slope": 0.01}),
    ("torch", "LeakyReLU", "leaky_relu", {"negative_slope": 0.01}),
    ("jax", "leaky_relu", "leaky_relu", {"negative_slope": 0.01}),
    ("flax", "leaky_relu", "leaky_relu", {"negative_slope": 0.01}),
    ("mlx", "leaky_relu", "leaky_relu", {"negative_slope": 0.01}),
    ("tinygrad", "leaky_relu", "leaky_relu", {"negative_slope": 0.01}),
    ("onnx", "LeakyRelu", "leaky_relu", {"negative_slope": 0.01}),
    ("timm", "leaky_relu", "leaky_relu", {"negative_slope": 0.01}),
    ("keras", "leaky_relu", "leaky_relu", {"negative_slope": 0.2}),
    ("keras", "keras.ops.leaky_relu", "leaky_relu", {"negative_slope": 0.2}),
    ("keras", "LeakyReLU", "leaky_relu", {"negative_slope": 0.3}),
    ("keras", "tf.keras.layers.LeakyReLU(alpha=0.1)", "leaky_relu", {"negative_slope": 0.1}),
    ("tensorflow", "leaky_relu", "leaky_relu", {"negative_slope": 0.2}),
    ("onednn", "eltwise_relu", "relu", {}),
    ("onednn", "eltwise_relu(x, 0.5)", "leaky_relu", {"negative_slope": 0.5}),
    ("keras", "relu(negative_slope=0.1)", "leaky_relu", {"negative_slope": 0.1}),
    ("torch", "nn.PReLU", "prelu", {"alpha": 0.25}),
    ("torch", "F.prelu", "prelu", {"alpha": None}),
    ("torch", "F.prelu(x, torch.tensor(0.5))", "prelu", {"alpha": 0.5}),
    ("flax", "PReLU", "prelu", {"alpha": 0.01}),
    ("keras", "PReLU", "prelu", {"alpha": 0.0}),
    ("keras", "PReLU(alpha_initializer=keras.initializers.Constant(0.3))", "prelu", {"alpha": 0.3}),
    ("mlx", "PReLU", "prelu", {"alpha": 0.25}),
    ("timm", "prelu", "prelu", {"alpha": 0.25}),
    ("torch", "gelu", "gelu", {}),
    ("torch", 'nn.GELU("tanh")', "gelu_tanh", {}),
    ("torch", 'F.gelu(x, approximate="tanh")', "gelu_tanh", {}),
    ("keras", "gelu(approximate=True)", "gelu_tanh", {}),
    ("tensorflow", "gelu(x, approximate=True)", "gelu_tanh", {}),
    ("onnx", 'Gelu(approximate="tanh")', "gelu_tanh", {}),
    ("flax", "gelu(x, approximate=False)", "gelu", {}),
    ("tensorflow_addons", "gelu(x, approximate=False)", "gelu", {}),
    ("tinygrad", 'gelu(x, approximate="none")', "gelu", {}),
    ("jax", "gelu", "gelu_tanh", {}),
    ("jax", "jax.nn.gelu(h, approximate=False)", "gelu", {}),
    ("flax", "gelu", "gelu_tanh", {}),
    ("keras", "gelu", "gelu", {}),
    ("keras", "keras.ops.gelu", "gelu_tanh", {}),
    ("tensorflow", "gelu", "gelu", {}),
    ("tensorflow_addons", "gelu", "gelu_tanh", {}),
    ("onnx", "Gelu", "gelu", {}),
    ("timm", "gelu", "gelu", {}),
    ("transformers", "gelu", "gelu", {}),
    ("transformers", 'ACT2FN["gelu_fast"]', "gelu_tanh", {}),
    ("mlx", "gelu", "gelu", {}),
    ("mlx", "GELU('precise')", "gelu_tanh", {}),
    ("tinygrad", "gelu", "gelu_tanh", {}),
    ("x_transformers", "GELU", "gelu", {}),
    ("torch", "hardsigmoid", "hard_sigmoid", SIXTH),
    ("jax", "hard_sigmoid", "hard_sigmoid", SIXTH),
    ("keras", "hard_sigmoid", "hard_sigmoid", SIXTH),
    ("timm", "hard_sigmoid", "hard_sigmoid", SIXTH),
    ("tinygrad", "hardsigmoid", "hard_sigmoid", SIXTH),
    ("onnx", "HardSigmoid", "hard_sigmoid", {"slope": 0.2, "offset": 0.5}),
    ("onnx", "HardSigmoid(alpha=1/6)", "hard_sigmoid", SIXTH),
    ("onednn", "eltwise_hardsigmoid", "hard_sigmoid", {"slope": None, "offset": None}),
    ("torch", "softplus", "softplus", {"beta": 1.0}),
    ("torch", "F.softplus(x, 2.0, threshold=50)", "softplus", {"beta": 2.0}),
    ("tinygrad", "softplus", "softplus", {"beta": 1.0}),
    ("onednn", "eltwise_soft_relu(x, 2.0)", "softplus", {"beta": 2.0}),
    ("torch", "elu", "elu", {"alpha": 1.0}),
    ("torch", "nn.ELU(0.5)", "elu", {"alpha": 0.5}),
    ("tensorflow", "elu", "elu", {"alpha": 1.0}),
    ("tensorflow", "swish", "silu", {}),
    ("tensorflow", "tf.nn.silu(h, beta=2.0)", "swish", {"beta": 2.0}),
    ("onnx", "Swish", "silu", {}),
    ("onnx", "Swish(alpha=1.5)", "swish", {"beta": 1.5}),
    ("onednn", "eltwise_swish", "swish", {"beta": None}),
    ("onednn", "eltwise_swish(x, 1.0)", "silu", {}),
    ("echo", "Swish(swish=True)", "swish", {"beta": None}),
    ("keras", "swish", "silu", {}),
    ("timm", "get_act_fn('swish')", "silu", {}),
    ("scipy", "special.expit", "sigmoid", {}),
    ("scipy", "np.tanh", "tanh", {}),
    ("jax", "softsign", "softsign", {}),
    ("torch", "softmax", "softmax", {"axis": None}),
    ("torch", "nn.LogSoftmax(dim=1)", "log_softmax", {"axis": 1}),
    ("jax", "softmax", "softmax", {"axis": -1}),
    ("keras", "softmax", "softmax", {"axis": -1}),
    ("tensorflow", "softmax", "softmax", {"axis": -1}),
    ("onnx", "Softmax", "softmax", {"axis": -1}),
    ("mlx", "log_softmax", "log_softmax", {"axis": -1}),
    ("scipy", "softmax", "softmax", {"axis": "all"}),
    ("jax", "softmax(x, axis=None)", "softmax", {"axis": "all"}),
    ("torch", "nn.Softmin(dim=1)", "softmin", {"axis": 1}),
    ("torch", "nn.Softmax2d", "softmax", {"axis": -3}),
    ("torch", "torch.logsumexp(x, 0)", "logsumexp", {"axis": 0}),
    ("scipy", "logsumexp", "logsumexp", {"axis": "all"}),
    ("jax", "logsumexp(x, axis=1)", "logsumexp", {"axis": 1}),
    ("jax", "logmeanexp", "logmeanexp", {"axis": "all"}),
    ("tensorflow", "tf.reduce_logsumexp(x, axis=2)", "logsumexp", {"axis": 2}),
    ("onnx", "Hardmax", "hardmax", {"axis": -1}),
    ("keras", "sparsemax", "sparsemax", {"axis": -1}),
    ("tensorflow_addons", "sparsemax", "sparsemax", {"axis": -1}),
    ("entmax", "entmax15(x, dim=0)", "entmax15", {"axis": 0}),
    ("entmax", "entmax_bisect", "entmax", {"alpha": 1.5}),
    ("entmax", "EntmaxBisect(1.2)", "entmax", {"alpha": 1.2}),
    ("entmax", "normmax_bisect", "normmax", {"alpha": 2}),
    ("entmax", "BudgetBisect(3)", "budget", {"budget": 3}),
    ("tensorflow_addons", "Maxout", "maxout", {"group_size": None, "grouping": "strided", "axis": -1}),
    ("echo", "Maxout(4)", "maxout", {"group_size": 4, "grouping": "contiguous", "axis": 1}),
    ("keras", "relu(max_value=6)", "relu6", {}),
    ("keras", "keras.layers.ReLU(6.0)", "relu6", {}),
    ("keras", "relu(max_value=2.5)", "bounded_relu", {"min_value": 0.0, "max_value": 2.5}),
    ("keras", "relu(threshold=1.5)", "thresholded_relu", {"theta": 1.5}),
    (
        "keras",
        "relu(alpha=0.1, threshold=1.5)",
        "general_relu",
        {"negative_slope": 0.1, "max_value": np.inf, "threshold": 1.5},
    ),
    ("keras", "sparse_sigmoid", "hard_sigmoid", {"slope": 0.5, "offset": 0.5}),
    ("jax", "sparse_sigmoid", "hard_sigmoid", {"slope": 0.5, "offset": 0.5}),
    ("torch", "nn.ReLU6", "relu6", {}),
    ("torch", "torch.clamp(x, max=2.0)", "bounded_relu", {"min_value": -np.inf, "max_value": 2.0}),
    ("torch", 'torch.clamp(x, float("-inf"), 2.0)', "bounded_relu", {"min_value": -np.inf, "max_value": 2.0}),
    ("torch", "F.hardtanh(x, -2.0, 2.0)", "hard_tanh", {"min_value": -2.0, "max_value": 2.0}),
    ("torch", "nn.Hardtanh(max_value=3.0)", "hard_tanh", {"min_value": -1.0, "max_value": 3.0}),
    ("onnx", "Clip", "bounded_relu", {"min_value": None, "max_value": None}),
    ("onednn", "eltwise_clip(x, 0.0, 6.0)", "relu6", {}),
    ("onednn", "eltwise_linear(x, 2.0, -1.0)", "affine", {"slope": 2.0, "intercept": -1.0}),
    ("onednn", "eltwise_linear", "identity", {}),
    ("onednn", "eltwise_hardswish", "hard_swish", {}),
    ("torch", "F.threshold(x, 0.5, -1.0)", "threshold", {"threshold": 0.5, "value": -1.0}),
    ("torch", "F.threshold(x, 0.5, 0)", "thresholded_relu", {"theta": 0.5}),
    ("onnx", "ThresholdedRelu", "thresholded_relu", {"theta": 1.0}),
    ("onnx", "Shrink", "hard_shrink", {"lambd": 0.5}),
    ("onnx", "Shrink(bias=0.5)", "soft_shrink", {"lambd": 0.5}),
    ("onnx", "Shrink(bias=0.25)", "shrink", {"bias": 0.25, "lambd": 0.5}),
    ("keras", "soft_shrink(x, 1.0)", "soft_shrink", {"lambd": 1.0}),
    ("tensorflow_addons", "TLU", "tlu", {"tau": 0.0, "alpha": 0.0}),
    ("mlx", "step", "heaviside", {"threshold": 0.0}),
    ("echo", "FReLU", "frelu", {"bias": None}),
    ("echo", "Swish(eswish=True)", "eswish", {"beta": 1.735}),
    ("echo", "Swish(flatten=True)", "flatten_t_swish", {"threshold": -0.2}),
    ("torch", "torch.sin", "sine", {"frequency": 1.0}),
    ("echo", "Sine", "sine", {"frequency": 1.0}),
    ("echo", "Sine(w0=30.0)", "sine", {"frequency": 30.0}),
    ("tensorflow_addons", "snake", "snake", {"alpha": 1}),
    ("tensorflow_addons", "snake(h, frequency=0.5)", "snake", {"alpha": 0.5}),
    ("transformers", "Snake1d(64)", "snake", {"alpha": 1.0}),
    ("transformers", "SnakeBeta(64)", "snake_beta", {"alpha": 1.0, "beta": 1.0}),
    ("echo", "Snake(64)", "snake", {"alpha": None}),
    ("echo", "Snake(64, alpha=0.5)", "snake", {"alpha": 0.5}),
    ("scipy", "np.sinc", "sinc", {}),
    ("onnx", "Atan", "arctan", {}),
    ("actfn", "actfn.leaky_relu(x, negative_slope=0.5)", "leaky_relu", {"negative_slope": 0.5}),
    ("actfn", "expit", "sigmoid", {}),
]
# Where a derivative at a kink is another one than actfn's: framework, call, and the note.
KINKS = [
    ("jax", "leaky_relu", "its derivative at 0 is 1, actfn's 0.01"),
    ("mlx", "leaky_relu", "its derivative at 0 is 1, actfn's 0.01"),
    ("tinygrad", "leaky_relu", "its derivative at 0 is 1, actfn's 0.01"),
    ("flax", "PReLU", "its derivative at 0 is 1, actfn's 0.01"),
    ("keras", 'PReLU(alpha_initializer="ones")', None),
    ("keras", "PReLU(alpha_initializer=Constant(0.25))", "its derivative at 0 is 0, actfn's 0.25"),
    ("mlx", "PReLU", "its derivative at 0 is 1.25, actfn's 0.25"),
    ("tensorflow", "selu", "its derivative at 0 is 1.0507, actfn's 1.7581"),
    ("tinygrad", "selu", "its derivative at 0 is 1.0507, actfn's 1.7581"),
    ("tinygrad", "hardsigmoid", "its derivative at 3 is 1/6, actfn's 0"),
    ("jax", "jnp.abs", "its derivative at 0 is 1, actfn's 0"),
    ("tinygrad", "relu6", "its derivative at 6 is 1, actfn's 0"),
    ("tinygrad", "hardswish", "its derivative at 3 is 1.5, actfn's 1"),
    ("timm", "hard_mish", "its derivative at -2 is -1, actfn's 0"),
    ("onednn", "eltwise_clip(x, 0.0, 6.0)", "its derivative at 6 is 1, actfn's 0"),
    ("onednn", "eltwise_clip_v2(x, 0.0, 6.0)", None),
    ("torch", "hardshrink", None),
    ("torch", "hardswish", None),
    ("torch", "leaky_relu", None),
    ("torch", "selu", None),
    ("jax", "hard_sigmoid", None),
]
# Further left the frameworks' own gelu loses its digits.
X = np.concatenate([np.linspace(-4, 4, 65), [-3.0, 3.0, 0.0, -0.0, 1e-3, -1e-3, 20.5]]).reshape(8, 9)


def last_parts(function: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for framework in FRAMEWORKS:
        names = {entry.signature.parts[-1] for entry in entries(framework) if entry.declaration.name == function}
        if names:
            found[framework] = names
    return found


@pytest.mark.parametrize("function", NAMES)
def test_every_name_in_every_framework_is_declared(function: str) -> None:
    wanted = {}
    for part in NAMES[function].split(";"):
        framework, *names = part.split() or [""]
        wanted[framework] = set(names)
    found = last_parts(function)
    missing = {framework: names - found.get(framework, set()) for framework, names in wanted.items()}
    assert not any(missing.values()), missing
    assert matrix()[function].keys() == found.keys()


@pytest.mark.parametrize("function", WITHIN_LAYERS)
def test_a_layer_that_does_more_is_listed_and_not_looked_up(function: str) -> None:
    wanted = {part.split()[0]: set(part.split()[1:]) for part in WITHIN_LAYERS[function].split(";")}
    listed = {framework: {path.split(".")[-1] for path in paths} for framework, paths in matrix()[function].items()}
    assert listed == wanted
    spelt = catalogue.find(function).names
    for framework, several in spelt.items():
        for spelling in several:
            if spelling.part:
                assert (title(framework), spelling.call, (spelling.part,)) in rows(actfn.get(function))
                assert meant_by(spelling.call, framework) != function


def test_the_names_of_every_function_were_written_by_hand() -> None:
    assert {*NAMES} | {*WITHIN_LAYERS} | NOWHERE >= {*actfn.names()}
    assert not any(matrix()[name] for name in NOWHERE)


@pytest.mark.parametrize("function", NAMES)
def test_every_name_is_looked_up_and_translated(function: str) -> None:
    for part in NAMES[function].split(";"):
        framework, *names = part.split() or ("",)
        for name in names:
            # A name that by default is another function is this one with the arguments of MEANT.
            written = [
                call for where, call, meant, _ in MEANT if (where, meant) == (framework, function) and name in call
            ]
            calls = [call for call in (name, *written) if meant_by(call, framework) == function]
            # By default another function.
            if not calls:
                assert meant_by(name, framework) in NAMES, (framework, name)
                continue
            for target in FRAMEWORKS:
                found = actfn.translate(calls[0], framework, target)
                assert found.meaning.function.name == function
                assert found.code


def meant_by(call: str, framework: str) -> str | None:
    """Return the name of the function that a call is by default, or None if it is none."""
    try:
        return actfn.lookup(call, framework).function.name
    except ValueError:
        return None


def test_the_matrix_has_every_function() -> None:
    assert matrix().keys() == {declaration.name for declaration in catalogue.declarations()}
    assert NAMES.keys() >= set(catalogue.common_names())
    assert set(FRAMEWORKS) == {
        *("torch", "jax", "keras", "onnx", "tensorflow", "flax", "tensorflow_addons", "scipy", "timm", "transformers"),
        *("mlx", "tinygrad", "onednn", "entmax", "x_transformers", "echo"),
    }


@pytest.mark.parametrize(("framework", "call", "function", "parameters"), MEANT)
def test_a_name_means(framework: str, call: str, function: str, parameters: dict[str, Any]) -> None:
    found = actfn.lookup(call, framework)
    assert found.function.name == function
    wanted = {"axis": -1, **parameters} if actfn.get(function).kind != "elementwise" else parameters
    assert dict(found.parameters) == wanted
    assert found.framework == framework
    for name in found.function.parameters:
        if parameters[name] is not None:
            assert found.function.parameters[name].default == parameters[name]


@pytest.mark.parametrize(("framework", "call", "note"), KINKS)
def test_a_derivative_at_a_kink_that_differs_is_noted(framework: str, call: str, note: str | None) -> None:
    said = [text for text in actfn.lookup(call, framework).notes if "its derivative at" in text]
    assert said == ([note] if note else [])


@pytest.mark.parametrize("framework", ["torch", "jax"])
def test_the_kinks_stated_are_those_of_the_framework(framework: str) -> None:
    library = pytest.importorskip(framework)
    tried = 0
    for entry in entries(framework):
        function = entry.declaration.name
        if actfn.get(function).kind != "elementwise" or function in ("logit", "inverse_tanh"):
            continue
        bound = actfn.lookup(entry.signature.path, framework)
        if bound.unknown or bound.function.name != function or not bound.function.kinks:
            continue
        from actfn.frameworks.meaning import slopes

        for x, wanted in slopes(entry, bound.function):
            if framework == "torch":
                called = eval(entry.signature.path, {"torch": library})
                made = called() if entry.signature.layer else called
                tensor = library.tensor(x, requires_grad=True)
                made(tensor).sum().backward()
                slope = float(tensor.grad)
            else:
                slope = float(library.grad(eval(entry.signature.path, {"jax": library}))(float(x)))
            assert slope == pytest.approx(wanted, rel=1e-6, abs=0), (entry.signature.path, x)
            tried += 1
    assert tried >= 5


@pytest.mark.parametrize("framework", ["torch", "jax"])
def test_the_arguments_stated_are_those_of_the_framework(framework: str) -> None:
    import inspect

    library = pytest.importorskip(framework)
    compared = 0
    for entry in entries(framework):
        stated = entry.signature
        called = eval(stated.path, {framework: __import__(framework), "jax": library, "torch": library})
        try:
            taken = dict(inspect.signature(called).parameters)
        except ValueError:
            continue
        for name, default in stated.arguments.items():
            wanted = inspect.Parameter.empty if default is REQUIRED else default
            assert taken[name].default == wanted, stated.path
            compared += 1
        if not stated.layer:
            assert next(iter(taken)) == stated.input, stated.path
    assert compared >= 6


def evaluated(code: str, framework: str) -> np.ndarray:
    """Run code of torch or JAX, and return what it gives."""
    if framework == "torch":
        torch = pytest.importorskip("torch")
        torch.set_default_dtype(torch.float64)
        try:
            found = eval(code, {"torch": torch, "actfn": actfn, "x": torch.tensor(X)})
            found = found if isinstance(found, torch.Tensor) else found(torch.tensor(X))
        finally:
            torch.set_default_dtype(torch.float32)
        return found.detach().numpy()
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        return np.asarray(eval(code, {"jax": jax, "actfn": actfn, "x": jax.numpy.asarray(X)}))


CALLS = [
    *("identity", "sigmoid", "tanh", "softsign", "relu", "selu", "silu", "mish", "gelu", "gelu_tanh"),
    *("leaky_relu", "leaky_relu(negative_slope=-0.5)", "prelu(alpha=0.25)", "elu", "elu(alpha=0.5)", "softplus"),
    *("relu6", "hard_swish", "absolute", "square", "sign", "bounded_relu", "affine(slope=2.0)"),
    *("heaviside(threshold=0.5)", "soft_shrink(lambd=0.25)", "threshold(threshold=0.5, value=-1.0)"),
    *("softplus(beta=2.0)", "swish", "swish(beta=-2.0)", "hard_sigmoid", "softmax", "softmax(axis=0)", "log_softmax"),
    *("sine", "sine(frequency=30.0)", "snake", "snake(alpha=0.5)", "snake_beta(alpha=2.0, beta=0.5)", "arctan"),
    *("maxout(group_size=3)", 'maxout(group_size=3, grouping="strided")'),
]


@pytest.mark.parametrize("framework", ["torch", "jax"])
@pytest.mark.parametrize("call", CALLS)
def test_the_translated_code_gives_the_same_values(call: str, framework: str) -> None:
    translated = actfn.translate(call, "actfn", framework)
    wanted = actfn.lookup(call, "actfn")(X)
    # Softplus of PyTorch is a line past 20, 2e-9 below.
    np.testing.assert_allclose(evaluated(translated.code, framework), wanted, rtol=2e-9, atol=1e-300)
    assert translated.exact
    absent = framework == "jax" and call.startswith(("soft_shrink", "threshold"))
    assert translated.code.startswith("actfn") == absent


@pytest.mark.parametrize("framework", ["torch", "jax"])
def test_every_spelling_of_an_installed_framework_is_what_it_is_said_to_be(framework: str) -> None:
    tried = set()
    for entry in entries(framework):
        # torch.sinc misses its zeros by 4e-17; Softmax2d takes other shapes.
        others = entry.declaration.kind not in PLAIN_KINDS or "Softmax2d" in entry.signature.path
        if others or entry.declaration.name in ("logit", "inverse_tanh", "sinc"):
            continue
        required = {name: value for name, value in entry.spelling.requires.items()}
        optional = {"axis": 1, "dim": 1, "min": -0.5, "max": 2.5}
        needed = {
            "weight": "torch.tensor(0.25)",
            "values": "torch.tensor(1.0)",
            "x2": 1.0,
            "threshold": 1.5,
            "value": -0.25,
        }
        arguments = entry.signature.arguments.items()
        listed = [
            str(needed[name])
            for name, default in arguments
            if default is REQUIRED and name not in {*required, *optional}
        ]
        listed += [f"{name}={value!r}" for name, value in required.items()]
        listed += [f"{name}={optional[name]}" for name, _ in arguments if name in optional]
        path = entry.signature.path
        code = f"{path}({', '.join(listed)})" if entry.signature.layer else f"{path}({', '.join(['x', *listed])})"
        found = actfn.lookup(code, framework) if "weight" not in code else actfn.lookup(f"{path}(x, 0.25)", framework)
        if found.function.name == entry.declaration.name:
            wanted = found(X)
            # The zeros of sinc, which they miss by 1e-17, are for its note.
            kept = wanted != 0 if entry.declaration.name == "sinc" else ...
            got = evaluated(code, framework)[kept]
            np.testing.assert_allclose(got, wanted[kept], rtol=2e-9, atol=1e-300, err_msg=code)
            tried.add(found.function.name)
    plain = {entry.declaration.name for entry in entries(framework) if entry.declaration.kind in PLAIN_KINDS}
    named = plain & {*actfn.names()}
    assert len(named) >= 15 and tried >= named - {"sinc", "snake", "snake_beta", "maxout", "swish", "prelu"}


# Of one array of any shape.
PLAIN_KINDS = ("elementwise", "simplex", "grouped")

TRANSLATED = [
    ("LeakyReLU", "keras", "torch", "torch.nn.LeakyReLU(negative_slope=0.3)"),
    ("leaky_relu", "keras", "torch", "torch.nn.functional.leaky_relu(x, negative_slope=0.2)"),
    ("LeakyReLU(negative_slope=0.1)", "keras", "torch", "torch.nn.LeakyReLU(negative_slope=0.1)"),
    ("LeakyReLU(0.1)(self.dense(h))", "keras", "jax", "jax.nn.leaky_relu(self.dense(h), negative_slope=0.1)"),
    ("gelu", "jax", "torch", 'torch.nn.functional.gelu(x, approximate="tanh")'),
    ("gelu", "torch", "jax", "jax.nn.gelu(x, approximate=False)"),
    ("nn.GELU", "torch", "mlx", 'mlx.nn.GELU(approx="none")'),
    ("gelu", "transformers", "onnx", 'onnx.helper.make_node("Gelu", ["x"], ["y"], approximate="none")'),
    ("hard_sigmoid", "torch", "onnx", 'onnx.helper.make_node("HardSigmoid", ["x"], ["y"], alpha=1/6, beta=0.5)'),
    ("hard_sigmoid", "onnx", "torch", "actfn.torch.hard_sigmoid(x, slope=0.2)"),
    ("hardsigmoid", "torch", "jax", "jax.nn.hard_sigmoid(x)"),
    ("silu", "torch", "tensorflow", "tensorflow.nn.silu(x, beta=1.0)"),
    ("swish(beta=2.0)", "tf", "torch", "x * torch.sigmoid(2.0 * x)"),
    ("swish(beta=2.0)", "tf", "scipy", "actfn.swish(x, beta=2.0)"),
    ("swish", "actfn", "torch", "torch.nn.functional.silu(x)"),
    ("nn.PReLU", "torch", "keras", "keras.layers.PReLU(alpha_initializer=keras.initializers.Constant(0.25))"),
    ("PReLU", "flax", "torch", "torch.nn.PReLU(init=0.01)"),
    ("PReLU", "keras", "keras", 'keras.layers.PReLU(alpha_initializer="zeros")'),
    ("prelu", "torch", "onnx", 'onnx.helper.make_node("PRelu", ["x", "slope"], ["y"])'),
    ("prelu(x, 0.5)", "torch", "mlx", "mlx.nn.prelu(x, mlx.core.array(0.5))"),
    ("nn.Softmax(dim=1)", "torch", "keras", "keras.layers.Softmax(axis=1)"),
    ("softmax", "scipy", "jax", "jax.nn.softmax(x, axis=None)"),
    ("softmax", "scipy", "torch", "actfn.torch.softmax(x.ravel()).reshape(x.shape)"),
    ("softmax", "torch", "jax", "jax.nn.softmax(x, axis=axis)"),
    ("Maxout(3)", "echo", "torch", "actfn.torch.Maxout(group_size=3, axis=1)"),
    ("relu", "torch", "entmax", "actfn.relu(x)"),
    ("elu(h, 0.5)", "torch", "actfn", "actfn.elu(h, alpha=0.5)"),
    (
        "leaky_relu",
        "jax",
        "onednn",
        (
            "dnnl::eltwise_forward::primitive_desc("
            "engine, dnnl::prop_kind::forward, dnnl::algorithm::eltwise_relu, source, destination, 0.01f)"
        ),
    ),
]


@pytest.mark.parametrize(("call", "source", "target", "code"), TRANSLATED)
def test_the_code_is_written_out(call: str, source: str, target: str, code: str) -> None:
    found = actfn.translate(call, source, target)
    assert str(found) == found.code == code


@pytest.mark.slow
def test_every_function_goes_from_every_framework_to_every_other() -> None:
    count = 0
    for source in FRAMEWORKS:
        for entry in entries(source):
            listed = [
                f"{name}={value!r}" for name, value in entry.spelling.requires.items() if isinstance(value, (str, bool))
            ]
            text = f"{entry.signature.path}({', '.join(listed)})"
            for target in FRAMEWORKS:
                found = actfn.translate(text, source, target)
                assert found.code.startswith("actfn.") or found.exact or found.notes, (text, target)
                if found.native and target not in ("onnx", "onednn"):
                    code = found.code
                    allowed = "1" if found.meaning.function.name == "eis" else "2"  # its power is at most 1
                    for name in found.meaning.unknown:
                        code = re.sub(rf"(?<==){name}\b|(?<=\(){name}(?=\))|(?<=, ){name}(?=[,)])", allowed, code)
                    back = actfn.lookup(code, target).function.name
                    assert back == found.meaning.function.name, (text, found.code)
                count += 1
    assert count > 2000


def test_what_disagrees_is_said() -> None:
    found = actfn.translate("leaky_relu", "torch", "jax")
    assert found.notes == ("the derivative at 0 is 0.01 in PyTorch, 1 in JAX",)
    found = actfn.translate("LeakyReLU", "keras", "torch")
    assert found.notes == ("by default torch.nn.LeakyReLU is actfn.leaky_relu(negative_slope=0.01)",)
    assert found.exact and found.native
    found = actfn.translate("selu", "torch", "mlx")
    assert not found.exact and found.native
    assert "MLX: its constants are cut to 1.67326 and 1.0507" in found.notes
    assert actfn.translate("selu", "mlx", "tinygrad").exact
    found = actfn.translate("hard_sigmoid", "onnx", "torch")
    assert not found.native and found.exact
    assert found.notes == (
        "PyTorch has no exact equivalent of actfn.hard_sigmoid(slope=0.2, offset=0.5): this is actfn's own",
    )
    found = actfn.translate("tf.nn.swish(x, 2.0)", target="torch")
    assert "in actfn: actfn.torch.swish(x, beta=2.0)" in found.notes
    assert "keras.ops.gelu is actfn.gelu_tanh" in actfn.lookup("gelu", "keras").notes
    assert actfn.lookup("relu", "torch").notes == ()


def test_a_meaning_is_a_value() -> None:
    found = actfn.lookup("LeakyReLU", "keras")
    assert found == actfn.lookup("tf.keras.layers.LeakyReLU") != actfn.lookup("LeakyReLU(0.2)", "keras")
    assert hash(found) == hash(actfn.lookup("LeakyReLU", "keras"))
    assert pickle.loads(pickle.dumps(found)) == found
    assert repr(found) == "<keras.layers.LeakyReLU is actfn.leaky_relu(negative_slope=0.3)>"
    assert str(found).splitlines()[1] == "  negative_slope is 0.3 by default, 0.01 in actfn"
    np.testing.assert_array_equal(found(X), actfn.leaky_relu(X, negative_slope=0.3))
    assert found.layer and not actfn.lookup("leaky_relu", "keras").layer
    with pytest.raises(AttributeError):
        found.framework = "torch"  # type: ignore[misc]
    whole = actfn.lookup("softmax", "scipy")
    np.testing.assert_allclose(whole(X), actfn.softmax(X.ravel()).reshape(X.shape), rtol=1e-15)
    with pytest.raises(TypeError, match="leaves axis open; give axis="):
        actfn.lookup("softmax", "torch")(X)
    np.testing.assert_array_equal(actfn.lookup("softmax", "torch")(X, axis=0), actfn.softmax(X, axis=0))
    with pytest.raises(TypeError, match="leaves alpha open"):
        actfn.lookup("F.prelu", "torch")(X)


def test_a_name_that_means_the_same_everywhere_needs_no_framework() -> None:
    found = actfn.lookup("mish")
    assert (found.function, found.framework, found.spelling) == (actfn.mish, None, "mish")
    assert "ONNX: from opset 18" in found.notes
    assert actfn.lookup("torch.nn.GELU").framework == "torch"
    assert actfn.translate("tanh", target="scipy").code == "numpy.tanh(x)"
    for name, parts in {
        "gelu": ("actfn.gelu (PyTorch, ", "actfn.gelu_tanh (JAX, ", "keras.ops.gelu"),
        "leaky_relu": ("negative_slope=0.01", "negative_slope=0.2"),
        "hard_sigmoid": ("slope=1/6", "slope=0.2"),
    }.items():
        with pytest.raises(actfn.AmbiguousNameError) as caught:
            actfn.lookup(name)
        assert all(part in str(caught.value) for part in parts)
        assert "\n" not in str(caught.value)
        assert all(isinstance(one, Meaning) for one in caught.value.meanings)
        assert len(caught.value.meanings) > 5
    with pytest.raises(actfn.AmbiguousNameError, match="write it as the framework does"):
        actfn.lookup("Leaky_Relu", "keras")
    listed = {one.spelling: one.parameters["negative_slope"] for one in meanings("leaky_relu")}
    assert listed["keras.layers.LeakyReLU"] == 0.3
    assert listed["tensorflow.nn.leaky_relu"] == 0.2


@pytest.mark.parametrize(
    ("call", "framework", "says"),
    [
        ("gelu", "pytroch", "framework 'pytroch' is unknown; did you mean torch?"),
        ("gelu", "zzz", "known are torch, jax, keras"),
        ("gelo", "torch", "no activation function called 'gelo' in PyTorch; did you mean gelu"),
        (
            "swish",
            "torch",
            "PyTorch has no activation function called 'swish'; the nearest to actfn.swish is torch.nn.functional.silu",
        ),
        ("mish", "tf", "it has no actfn.mish under any name"),
        ("zzzzzz", None, "there is no activation function called 'zzzzzz' in any framework"),
        ("LeakyReLU(slope=0.1)", "torch", "torch.nn.LeakyReLU has no argument 'slope'; it takes negative_slope"),
        ("LeakyReLU(negative_slop=0.1)", "torch", "did you mean negative_slope?"),
        ("leaky_relu(0.1)", "torch", "is its input, not 0.1; write negative_slope=0.1"),
        ("LeakyReLU(0.1, 0.2, 0.3)", "keras", "takes negative_slope, got 3"),
        ("LeakyReLU(0.1, negative_slope=0.2)", "keras", "the argument negative_slope is given twice"),
        ("hardshrink(lower=-1)", "tfa", "hardshrink is no function of actfn with lower=-1"),
        ("GELU(approximate='erf')", "torch", "torch.nn.GELU is no function of actfn with approximate='erf'"),
        ("elu(x, alpha=-1)", "torch", "elu: alpha must be in [0, inf), got -1"),
        ("elu(x, alpha=a)", "torch", "alpha: a is no number or word that could be read without running it"),
        ("elu(x, alpha='big')", "torch", "alpha must be a number, got 'big'"),
        ("elu(x, alpha=1/0)", "torch", "is no number"),
        ("elu(x, alpha=True)", "torch", "alpha must be a number, got True"),
        ("relu(x)(y)", "torch", "torch.nn.functional.relu is a function"),
        ("nn.ReLU()(x, y)", "torch", "a layer is called with its input alone"),
        ("nn.ELU(*a)", "torch", "without stars"),
        ("a b", None, "'a b' is no call of an activation function"),
        ("", None, "'' is no call"),
        ("(" * 5000, None, "is no call"),
        ("x + y", None, "is no call"),
        ("f()()()", None, "is no call"),
        ("relu\0", None, "is no call"),
    ],
)
def test_what_is_wrong_is_one_sentence(call: str, framework: str | None, says: str, capsys: Any) -> None:
    with pytest.raises(ValueError, match=re.escape(says)) as caught:
        actfn.lookup(call, framework)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400
    with pytest.raises(ValueError, match=re.escape(says)):
        actfn.translate(call, framework, "torch")
    assert main(["translate", *(["--from", framework] if framework else []), "--to", "torch", "--", call]) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("\n") == 1 and "Traceback" not in shown.err
    if framework:
        assert main(["lookup", "--framework", framework, "--", call]) == 2
        assert capsys.readouterr().out == ""


def test_what_is_no_text_is_a_type_error() -> None:
    for wrong in (3, None, ["gelu"]):
        with pytest.raises(TypeError, match="string"):
            actfn.lookup(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="string"):
        actfn.lookup("gelu", 3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="did you mean onnx"):
        actfn.translate("relu", "torch", "onx")


def test_nothing_is_run(tmp_path: Any) -> None:
    file = tmp_path / "made"
    for text in (f"open({str(file)!r}, 'w')", f"elu(x, alpha=open({str(file)!r}, 'w'))", "__import__('os').getcwd()"):
        with pytest.raises(ValueError):
            actfn.translate(text, None, "torch")
    kept = actfn.translate(f"F.elu(open({str(file)!r}, 'w'), 1.0)", "torch", "jax").code
    assert kept.startswith("jax.nn.elu(open(")
    assert not file.exists()


def test_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["translate", "--from", "keras", "--to", "torch", "LeakyReLU"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "torch.nn.LeakyReLU(negative_slope=0.3)",
        "# by default torch.nn.LeakyReLU is actfn.leaky_relu(negative_slope=0.01)",
    ]
    assert main(["lookup", "gelu", "--framework", "JAX"]) == 0
    assert capsys.readouterr().out == "jax.nn.gelu is actfn.gelu_tanh\n"
    assert main(["lookup", "gelu"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert ["JAX", "jax.nn.gelu", "actfn.gelu_tanh"] in [line.split() for line in lines]
    assert ["PyTorch", "torch.nn.GELU", "actfn.gelu"] in [line.split() for line in lines]
    assert main(["show", "leaky_relu"]) == 0
    output = capsys.readouterr().out
    assert "keras.layers.LeakyReLU(negative_slope=0.3)" in output
    assert "its derivative at 0 is 1, actfn's 0.01" in output


def test_the_remarks_on_names_are_in_chinese_on_chinese_pages() -> None:
    from actfn.handbook.translations import remark

    kept = {
        "opset",
        "for",
        "axis",
        "dim",
        "num_parameters",
        "shared_axes",
        "num_units",
        "slope",
        "offset",
        "alpha",
        "beta",
        "swish",
        "up_gate",
        "gate_up",
        "interleaved",
        "softmax",
        "softplus",
        "frequency",
        *("activation", "feed_forward_proj", "gumbel_softmax", "tanh", "torch", "version"),
    }
    for name in actfn.names():
        for row in rows(actfn.get(name)):
            for text in row.remarks:
                said = remark(text, "zh")
                assert re.search("[\u4e00-\u9fff]", said), text
                words = set(re.findall(r"(?<![\w.(=\"])[a-z_]{4,}(?![\w(=\"])", said)) - kept
                named = {parameter for name in actfn.names() for parameter in actfn.get(name).parameters}
                assert words <= named | {"actfn", "threshold", "strided", "contiguous", "lower", "upper", "m_ops"}, (
                    text,
                    said,
                )


def test_a_function_of_ones_own_has_names_too() -> None:
    before = dict(catalogue._all())
    try:

        @actfn.elementwise(names={"torch": "mypackage.Plain(scale=2.0)(x)"}, parameters=(PLAIN,))
        class plain:
            """A line."""

            def formula(m: Any, x: Any, scale: Any) -> Any:
                return scale * x

            value = formula

            def first(m: Any, x: Any, scale: Any) -> Any:
                return scale + 0.0 * x

            def second(m: Any, x: Any, scale: Any) -> Any:
                return 0.0 * x

            def partial_scale(m: Any, x: Any, scale: Any) -> Any:
                return x

            def range(scale: float) -> actfn.Interval:
                return actfn.Interval()

        found = actfn.lookup("Plain", "torch")
        assert float(found(2.0)) == 4.0
        assert found.notes == ("scale is 2 by default, 3 in actfn",)
        assert plain.frameworks["PyTorch"] == "mypackage.Plain(scale=2.0)"
        with pytest.raises(ValueError, match="framework 'pytorch' is unknown"):
            actfn.elementwise(names={"pytorch": "f(x)"})(type("other", (), {"__doc__": "Other."}))
    finally:
        catalogue._all().clear()
        catalogue._all().update(before)
        catalogue._keys.cache_clear()


PLAIN = actfn.Parameter("scale", 3.0, actfn.Interval(), "the slope")


def test_every_declared_call_can_be_read() -> None:
    for declaration in catalogue.declarations():
        for framework, spelt in declaration.names.items():
            for spelling in spelt:
                if spelling.recipe or spelling.part:
                    continue
                stated = signature(spelling.call)
                assert set(spelling.means) | set(spelling.requires) | set(spelling.ignores) <= set(stated.arguments)
                assert set(spelling.renamed.values()) <= set(stated.arguments)
                known = {*declaration.parameters, "axis"}
                assert set(spelling.values) <= known, (declaration.name, framework)
                assert len(spelling.kinks) <= 2


def test_the_library_does_not_read_names_before_they_are_asked_for() -> None:
    code = "import sys, actfn; actfn.lookup('gelu', 'jax'); assert not {'sympy', 'torch', 'jax', 'rich'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    code = "import sys, actfn; actfn.relu(1.0); assert 'actfn.frameworks' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
