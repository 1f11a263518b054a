"""The functions that NumPy lacks, as the text a script holds; each only in scripts that call it."""

from __future__ import annotations

_TEXT = '''
def sigmoid(x):
    """1/(1 + exp(-x)), without overflow on either side."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1.0 + small)


def logsigmoid(x):
    """log(sigmoid(x)), without sigmoid reaching 0 first."""
    return -np.logaddexp(0.0, -x)


def softplus(x):
    """log(1 + exp(x)), without overflow."""
    return np.logaddexp(0.0, x)


def elu(x, alpha):
    """x where it is positive, alpha*(exp(x) - 1) elsewhere."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0)))


def selu(x):
    """An elu with the two constants that keep mean 0 and variance 1."""
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


def gelu(x):
    """x times the share of a bell curve below x."""
    return x * 0.5 * erfc(-x * math.sqrt(0.5))


def silu(x):
    """x*sigmoid(x)."""
    return x * sigmoid(x)


def mish(x):
    """x*tanh(softplus(x))."""
    return x * np.tanh(softplus(x))


def erf(x):
    """The error function, entry by entry."""
    return np.vectorize(math.erf, otypes=[float])(x)


def erfc(x):
    """1 - erf(x), without losing digits far out."""
    return np.vectorize(math.erfc, otypes=[float])(x)


def norm(x, axis=None, keepdims=False):
    """The length of a vector, scaled by its largest entry so that no square overflows."""
    scale = np.max(np.abs(x), axis=axis, keepdims=True, initial=0.0)
    scale = np.where((scale == 0) | ~np.isfinite(scale), 1.0, scale)
    length = scale * np.sqrt(np.sum((x / scale) ** 2, axis=axis, keepdims=True))
    return length if keepdims else np.sum(length, axis=axis)


def logsumexp(x, axis=None, keepdims=False):
    """log(sum(exp(x))): the largest entry is taken out first, so that nothing overflows or loses digits."""
    largest = first_largest(x, axis)
    top = np.sum(np.where(largest, x, 0.0), axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    terms = np.exp(x - top)
    others = np.sum(np.where(largest, 0.0, terms), axis=axis, keepdims=True)
    first = np.sum(np.where(largest, terms, 0.0), axis=axis, keepdims=True)
    out = top + np.where(first == 1.0, np.log1p(others), np.log(others + first))
    return out if keepdims else np.sum(out, axis=axis)


def softmax(x, axis=-1):
    """exp(x)/sum(exp(x)), with the largest entry taken off first."""
    terms = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return terms / np.sum(terms, axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    """The logarithm of softmax, without softmax reaching 0 first."""
    away = x - np.max(x, axis=axis, keepdims=True)
    return away - logsumexp(away, axis=axis, keepdims=True)


def first_largest(x, axis):
    """True at the first place of the largest entry, False elsewhere."""
    x = np.asarray(x)
    tied = x == np.max(x, axis=axis, keepdims=True)
    places = np.reshape(np.arange(1.0, x.size + 1), x.shape)
    first = np.min(np.where(tied, places, np.inf), axis=axis, keepdims=True)
    return places == first


def at_largest(x, key, axis=None):
    """x at the place where key is largest."""
    return np.sum(np.where(first_largest(key, axis), x, 0.0), axis=axis, keepdims=True)


def product_of_others(x, axis=None):
    """For each entry the product of all the others, also where an entry is 0."""
    x = np.asarray(x)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    moved = np.moveaxis(x, axes, range(-len(axes), 0))
    flat = moved.reshape(*moved.shape[: x.ndim - len(axes)], -1)
    products = [np.prod(np.delete(flat, i, axis=-1), axis=-1) for i in range(flat.shape[-1])]
    together = np.stack(products, axis=-1).reshape(moved.shape)
    return np.moveaxis(together, range(-len(axes), 0), axes)


def detach(x):
    """The value alone: no gradient passes back."""
    return x + 0.0


def one_hot(classes, count):
    """A row of the identity matrix for each class number."""
    return np.eye(count)[np.asarray(classes).astype(int)]


def cross_entropy(logits, t):
    """The mean over the rows of -sum(t*log(softmax(logits)))."""
    logits = np.asarray(logits)
    terms = np.where(t == 0, 0.0, t * log_softmax(logits))
    return -np.sum(terms) / (logits.size / logits.shape[-1])


def bce(p, t):
    """The mean of -log(p) where t is 1 and of -log(1 - p) where it is 0; a logarithm is never below -100."""
    return -np.mean(t * np.maximum(np.log(p), -100.0) + (1.0 - t) * np.maximum(np.log1p(-p), -100.0))


def scatter_add(values, key, shape):
    """An array of zeros with the values added at the key's places; what meets in one place adds up."""
    out = np.zeros(shape)
    np.add.at(out, key, values)
    return out


def unbroadcast(gradient, shape):
    """The gradient summed over every axis that broadcasting from this shape stretched."""
    gradient = np.sum(gradient, axis=tuple(range(gradient.ndim - len(shape))))
    stretched = tuple(axis for axis, size in enumerate(shape) if size == 1)
    return np.sum(gradient, axis=stretched, keepdims=True)


'''


def functions_of(text: str) -> dict[str, str]:
    """The functions that a text defines, by name, each as its own text."""
    parts = ["def " + part.rstrip() for part in text.strip().removeprefix("def ").split("\n\n\ndef ")]
    return {part[4 : part.index("(")]: part for part in parts}


HELPERS = functions_of(_TEXT)
