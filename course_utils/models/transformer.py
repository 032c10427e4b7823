"""The Transformer, decoder or encoder: embeddings, pre-norm blocks of attention and MLP, and two heads."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jaxtyping import Float, Int

from course_utils.models.sizes import refuse_sizes


@dataclass(frozen=True)
class GPTConfig:
    """The shape of a Transformer.

    Args:
        vocabulary: number of tokens.
        context: longest sequence, in tokens.
        width: numbers per token, $d$.
        layers: blocks.
        heads: attention heads; they share the width, so it must be a multiple of them.
        inner: hidden units of a block's MLP; four widths when None.
        causal: whether a token sees only itself and those before it (a decoder); False makes an encoder.
        tied: whether the head's weights are the token embedding's.
        activation: of the MLP: a named function, since a new lambda compiles anew.
        dropout: probability in [0, 1) of dropping a number after the embedding and after each sublayer.

    Raises:
        ValueError: a size that is not a positive whole number, heads that do not divide the width, dropout
            outside [0, 1).

    >>> GPTConfig(vocabulary=65, context=64, width=128, layers=4, heads=4).inner_units
    512
    >>> GPTConfig(vocabulary=65, context=64, width=128, layers=4, heads=3)
    Traceback (most recent call last):
    ...
    ValueError: 3 heads cannot share a width of 128: choose a width that is a multiple of heads, such as 129.
    """

    vocabulary: int
    context: int
    width: int
    layers: int
    heads: int
    inner: int | None = None
    causal: bool = True
    tied: bool = True
    activation: Callable[[Array], Array] = nnx.gelu
    dropout: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no Transformer."""
        names = ("vocabulary", "context", "width", "layers", "heads")
        refuse_sizes(**{name: getattr(self, name) for name in names}, inner=self.inner_units)
        if self.width % self.heads:
            raise ValueError(
                f"{self.heads} heads cannot share a width of {self.width}: choose a width that is a multiple "
                f"of heads, such as {-(-self.width // self.heads) * self.heads}."
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout is a probability in [0, 1), got {self.dropout}: use 0.0 for none.")

    @property
    def inner_units(self) -> int:
        """Hidden units of a block's MLP."""
        return 4 * self.width if self.inner is None else self.inner


def attention(
    q: Float[Array, "batch time heads size"],
    k: Float[Array, "batch time heads size"],
    v: Float[Array, "batch time heads size"],
    *,
    causal: bool,
) -> Float[Array, "batch time heads size"]:
    """Scaled dot-product attention, each head for itself.

    $$\\mathrm{softmax}\\!\\left(\\frac{q k^\\top}{\\sqrt{s}} + M\\right) v$$ with $s$ = size of a head and
    $M_{ij} = -\\infty$ where $j > i$ when `causal`, else 0.

    Args:
        q: queries.
        k: keys.
        v: values.
        causal: whether position i sees only positions up to i.

    Returns:
        For each position and head the weighted mean of the values.

    >>> x = jnp.arange(6.0).reshape(1, 3, 1, 2)
    >>> attention(x, x, x, causal=True)[0, 0, 0].tolist()  # the first token sees itself alone
    [0.0, 1.0]

    Source: A. Vaswani et al., "Attention Is All You Need", 2017.
    """
    scores = jnp.einsum("bihs,bjhs->bhij", q, k) / jnp.sqrt(q.shape[-1]).astype(q.dtype)
    if causal:
        past = jnp.tril(jnp.ones(scores.shape[-2:], bool))
        scores = jnp.where(past, scores, -jnp.inf)
    return jnp.einsum("bhij,bjhs->bihs", jax.nn.softmax(scores, axis=-1), v)


class Attention(nnx.Module):
    """Multi-head self-attention: one product for queries, keys and values, one to bring the heads together."""

    def __init__(self, config: GPTConfig, *, rngs: nnx.Rngs) -> None:
        """Draw the weights; the shape is described in `GPTConfig`."""
        self.heads, self.causal = config.heads, config.causal
        self.qkv = _linear(config.width, 3 * config.width, 0.02, rngs)
        self.out = _linear(config.width, config.width, 0.02 / (2 * config.layers) ** 0.5, rngs)

    def __call__(self, x: Float[Array, "batch time width"]) -> Float[Array, "batch time width"]:
        """Let each token collect from those it may see."""
        parts = jnp.split(self.qkv(x), 3, axis=-1)
        q, k, v = (part.reshape(*part.shape[:2], self.heads, -1) for part in parts)
        return self.out(attention(q, k, v, causal=self.causal).reshape(x.shape))


class Block(nnx.Module):
    """One pre-norm block: $x \\leftarrow x + A(\\mathrm{LN}(x))$, then $x \\leftarrow x + M(\\mathrm{LN}(x))$."""

    def __init__(self, config: GPTConfig, *, rngs: nnx.Rngs) -> None:
        """Draw the weights; the shape is described in `GPTConfig`."""
        self.norm1 = nnx.LayerNorm(config.width, epsilon=1e-5, rngs=rngs)
        self.attention = Attention(config, rngs=rngs)
        self.norm2 = nnx.LayerNorm(config.width, epsilon=1e-5, rngs=rngs)
        self.up = _linear(config.width, config.inner_units, 0.02, rngs)
        self.down = _linear(config.inner_units, config.width, 0.02 / (2 * config.layers) ** 0.5, rngs)
        self.activation = config.activation
        self.dropout = nnx.Dropout(config.dropout, rngs=rngs) if config.dropout else None

    def __call__(self, x: Float[Array, "batch time width"]) -> Float[Array, "batch time width"]:
        """Add what attention and the MLP have to say to the stream."""
        x = x + self._drop(self.attention(self.norm1(x)))
        return x + self._drop(self.down(self.activation(self.up(self.norm2(x)))))

    def _drop(self, x: Array) -> Array:
        return x if self.dropout is None else self.dropout(x)


class Transformer(nnx.Module):
    """The trunk: token and position embedding, blocks, a last norm.

    $$X_0 = E[\\mathrm{tokens}] + P, \\quad X_l = \\mathrm{block}_l(X_{l-1}), \\quad H = \\mathrm{LN}(X_L)$$
    with $E \\in \\mathbb{R}^{V \\times d}$ and $P \\in \\mathbb{R}^{T \\times d}$. Weights start normal with
    deviation 0.02; those that write into the stream are divided by $\\sqrt{2L}$, as in GPT-2.

    Args:
        config: the shape.
        rngs: streams for the weights (`params`) and, with dropout, for the masks (`dropout`).

    >>> config = GPTConfig(vocabulary=65, context=16, width=32, layers=2, heads=4, causal=False)
    >>> Transformer(config, rngs=nnx.Rngs(0))(jnp.zeros((2, 10), int)).shape
    (2, 10, 32)

    Source: A. Radford et al., "Language Models are Unsupervised Multitask Learners", 2019.
    """

    def __init__(self, config: GPTConfig, *, rngs: nnx.Rngs) -> None:
        """Draw the weights; the arguments are described in the class."""
        normal = nnx.initializers.normal(0.02)
        self.config = config
        self.tokens = nnx.Embed(config.vocabulary, config.width, embedding_init=normal, rngs=rngs)
        self.positions = nnx.Embed(config.context, config.width, embedding_init=normal, rngs=rngs)
        self.blocks = nnx.List(Block(config, rngs=rngs) for _ in range(config.layers))
        self.norm = nnx.LayerNorm(config.width, epsilon=1e-5, rngs=rngs)
        self.dropout = nnx.Dropout(config.dropout, rngs=rngs) if config.dropout else None

    def __call__(self, tokens: Int[Array, "batch time"]) -> Float[Array, "batch time width"]:
        """Return one vector per token."""
        if tokens.ndim != 2 or not jnp.issubdtype(tokens.dtype, jnp.integer):
            raise ValueError(
                f"Expected token numbers int [batch, time], got {tokens.dtype}{list(tokens.shape)}: "
                "add a batch axis to a single sequence with tokens[None]."
            )
        if tokens.shape[1] > self.config.context:
            raise ValueError(
                f"Expected at most {self.config.context} tokens, got {tokens.shape[1]}: "
                "cut the sequence, or build the model with a longer context."
            )
        x = self.tokens(tokens) + self.positions(jnp.arange(tokens.shape[1]))
        if self.dropout is not None:
            x = self.dropout(x)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


class GPT(nnx.Module):
    """A language model: the trunk and, for each position, the logits of the next token.

    With `config.tied` the logits are $H E^\\top$; otherwise the head has weights of its own, without bias.
    With `causal=False` the same model fills in masked tokens.

    Args:
        config: the shape.
        rngs: as for `Transformer`.

    >>> model = GPT(GPTConfig(vocabulary=65, context=16, width=32, layers=2, heads=4), rngs=nnx.Rngs(0))
    >>> model(jnp.zeros((2, 10), int)).shape
    (2, 10, 65)

    Source: A. Radford et al., "Language Models are Unsupervised Multitask Learners", 2019.
    """

    def __init__(self, config: GPTConfig, *, rngs: nnx.Rngs) -> None:
        """Draw the weights; the arguments are described in the class."""
        self.config = config
        self.trunk = Transformer(config, rngs=rngs)
        untied = nnx.initializers.normal(0.02)
        self.head = (
            None
            if config.tied
            else nnx.Linear(config.width, config.vocabulary, use_bias=False, kernel_init=untied, rngs=rngs)
        )

    def __call__(self, tokens: Int[Array, "batch time"]) -> Float[Array, "batch time vocabulary"]:
        """Return the logits at every position."""
        hidden = self.trunk(tokens)
        return self.trunk.tokens.attend(hidden) if self.head is None else self.head(hidden)


class TransformerClassifier(nnx.Module):
    """The trunk, the mean over the sequence, and a linear head: one row of logits per sequence.

    Args:
        config: the shape; `tied` has no meaning here.
        classes: number of logits.
        rngs: as for `Transformer`.

    Raises:
        ValueError: classes is not a positive whole number.

    >>> config = GPTConfig(vocabulary=65, context=16, width=32, layers=2, heads=4, causal=False)
    >>> TransformerClassifier(config, 3, rngs=nnx.Rngs(0))(jnp.zeros((2, 10), int)).shape
    (2, 3)
    """

    def __init__(self, config: GPTConfig, classes: int, *, rngs: nnx.Rngs) -> None:
        """Draw the weights; the arguments are described in the class."""
        refuse_sizes(classes=classes)
        self.trunk = Transformer(config, rngs=rngs)
        self.head = _linear(config.width, classes, 0.02, rngs)

    def __call__(self, tokens: Int[Array, "batch time"]) -> Float[Array, "batch classes"]:
        """Return the logits of a batch of sequences."""
        return self.head(self.trunk(tokens).mean(axis=1))


def _linear(inputs: int, outputs: int, deviation: float, rngs: nnx.Rngs) -> nnx.Linear:
    return nnx.Linear(inputs, outputs, kernel_init=nnx.initializers.normal(deviation), rngs=rngs)
